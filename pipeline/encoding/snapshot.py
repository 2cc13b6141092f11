"""A snapshot of a repository of the Hugging Face hub, whose answers are not trusted.

huggingface_hub links to each file from a folder named by the commit. So what the hub lists is checked before the library writes by
it: a commit has 40 hexadecimal digits, a name lies below the folder, and sizes are those of encoders (of single answers: guard.py).
Then every file is compared with the hash that names it in the cache.
"""

from __future__ import annotations

import hashlib
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from huggingface_hub import configure_http_backend, constants, errors, hf_hub_download, model_info, snapshot_download
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils._http import _default_backend_factory
from huggingface_hub.utils._paths import filter_repo_objects
from requests import Session, exceptions

from pipeline.core.errors import InputError
from pipeline.core.watchdog import GIGABYTE, Limits, watched
from pipeline.encoding.guard import COMMIT, DIGEST, Guard, UntrustedAnswerError, brief

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
# The most bytes of a file, by the first pattern that its name fits; and of all files of an encoder, and of the list of them.
MOST_BYTES = {"config.json": 10**6, "*.safetensors": 20 * GIGABYTE, "*": 10**8}
MOST_BYTES_TOGETHER = 20 * GIGABYTE
MOST_BYTES_OF_ERROR = 10**6  # in the place of a file that may be smaller
# The largest list comes in a second; the slowest download worth waiting for has 20,000 bytes a second.
ANSWER_SECONDS = 120
SLOWEST_BYTES_A_SECOND = 20_000
FAILURES = 500  # HTTP statuses from here on say that the hub itself is at fault
LATER = "run again: what has arrived is kept and resumed; or set encoder.name to a folder"


def fetch(name: str, revision: str | None) -> Path:
    """The folder of a snapshot, fetched as far as the cache lacks it; of the cache alone where the hub cannot say what it has.

    Raises: OSError or ValueError where the hub does not give it, UntrustedAnswerError among them; InputError where a file is not
        what the hub stated.
    """
    guard = Guard()
    constants.HF_HUB_DISABLE_XET = True  # that protocol's library takes its word from the hub, and asks past the guard
    configure_http_backend(partial(_session, guard))
    try:
        folder = _fetch(name, revision or constants.DEFAULT_REVISION, guard)
    finally:
        configure_http_backend()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        verify(path, folder.parents[1] / "blobs")
    return folder


def _session(guard: Guard) -> Session:
    session: Session = _default_backend_factory()
    if not constants.HF_HUB_OFFLINE:
        session.mount("http://", guard)
        session.mount("https://", guard)
    return session


def _fetch(name: str, revision: str, guard: Guard) -> Path:
    try:
        commit, sizes = _listed(name, revision)
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
    place = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=name, repo_type="model"))
    folder = place / "snapshots" / commit
    for file, size in sizes.items():
        guard.most_bytes = max(size, MOST_BYTES_OF_ERROR)
        with watched(f"{name}: {file}", Limits(ANSWER_SECONDS + size / SLOWEST_BYTES_A_SECOND), LATER):
            path = Path(hf_hub_download(name, file, revision=commit, etag_timeout=constants.HF_HUB_ETAG_TIMEOUT))
        if path != folder / file:
            raise UntrustedAnswerError(f"it gives {file} of another commit than it lists")
    if revision != commit:  # so that the cache knows the branch when the hub is away
        ref = place / "refs" / revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit, encoding="ascii")
    return folder


def _listed(name: str, revision: str) -> tuple[str, dict[str, int]]:
    """The commit of a revision, and the most bytes of each of its files that are wanted, in order.

    Raises: UntrustedAnswerError where a hub lists none such.
    """
    try:
        with watched(f"encoder {name}", Limits(ANSWER_SECONDS), LATER):
            info = model_info(name, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT, files_metadata=True)
    except (errors.HFValidationError, exceptions.RequestException, OSError):
        raise
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError, OverflowError):
        raise UntrustedAnswerError("what it tells of the repository is not of the form that a hub's answer has") from None
    if not isinstance(info.sha, str) or not COMMIT.fullmatch(info.sha):
        raise UntrustedAnswerError(f"it states the commit {brief(info.sha)}")
    if COMMIT.fullmatch(revision) and info.sha != revision:
        raise UntrustedAnswerError(f"it was asked for commit {revision} and gives {info.sha}")
    stated = {file.rfilename: file.size for file in info.siblings or ()}
    for file in stated:
        _require_below(file)
    wanted = sorted(filter_repo_objects(stated, allow_patterns=FILES))
    if not wanted:
        raise UntrustedAnswerError("the repository has no file of an encoder")
    return info.sha, _bounded({file: stated[file] for file in wanted})


def _require_below(file: object) -> None:
    """Raises: UntrustedAnswerError where a file's name is no path below a folder."""
    parts = file.split("/") if isinstance(file, str) and file.isprintable() and "\\" not in file else [""]
    if {"", ".", ".."} & set(parts) or max(map(len, parts)) > 200:
        raise UntrustedAnswerError(f"it lists a file {brief(file)}, which is no path below the repository")


def _bounded(stated: dict[str, object]) -> dict[str, int]:
    """The most bytes of each file: what is stated of it, or where nothing is, what a file of its name may have.

    Raises: UntrustedAnswerError where a size is none, or more than files of encoders have.
    """
    sizes = {}
    for file, size in stated.items():
        most = next(n_bytes for pattern, n_bytes in MOST_BYTES.items() if fnmatch(file, pattern))
        if size is not None and (not isinstance(size, int) or not 0 <= size <= most):
            raise UntrustedAnswerError(f"{file} has {brief(size)} bytes, of at most {most:,} that one of its name has")
        sizes[file] = most if size is None else int(size)
    together = sum(size for size in stated.values() if isinstance(size, int))
    if together > MOST_BYTES_TOGETHER:
        raise UntrustedAnswerError(f"its files have {together:,} bytes, of at most {MOST_BYTES_TOGETHER:,} that an encoder has")
    return sizes


def _is_down(error: OSError) -> bool:
    """Whether the hub gave no answer, or only that it fails."""
    answer = getattr(error, "response", None)
    failed = answer is not None and answer.status_code >= FAILURES
    return failed or isinstance(error, exceptions.ConnectionError | exceptions.Timeout | errors.OfflineModeIsEnabled)


def verify(path: Path, blobs: Path) -> None:
    """Check a file of a snapshot against the hash that names it in the cache.

    Raises: InputError where it cannot be checked, or differs; a file that differs is removed, so that the next run fetches it.
    """
    blob = path.resolve()
    if blob.parent != blobs.resolve() or not DIGEST.fullmatch(blob.name):
        found = "it is no link to a file of the cache that is named by its hash, and so cannot be checked"
        raise InputError.of(path, found, "remove it and run again, with HF_HOME in a file system that has links")
    sha256 = len(blob.name) == hashlib.sha256().digest_size * 2
    head = b"blob %d\0" % blob.stat().st_size
    with blob.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256" if sha256 else lambda: hashlib.sha1(head, usedforsecurity=False)).hexdigest()
    if digest != blob.name:
        blob.unlink()
        path.unlink()
        found = f"its hash is {digest[:12]}…, but the hub states {blob.name[:12]}…"
        raise InputError.of(path, found, "the file is removed: run again to fetch it anew")
