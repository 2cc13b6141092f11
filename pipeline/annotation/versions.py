"""A version of the project: a folder, `.` the present one, or a git revision of the repository around the present folder.

Of a revision what is asked for is brought into a scratch folder: what git has by git, the rest by DVC, from its cache or its
default remote. Paths are those of the version's own dvc.yaml.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.annotation import git
from pipeline.core import manifests, schema, typed_yaml
from pipeline.core.errors import InputError
from pipeline.core.stage import find_stage

FILES = ("dvc.yaml", "params.yaml")
RAW, REPORTS = ("pipeline.parse", 0, "data/raw"), ("pipeline.evaluate", -1, "reports")


@dataclass(frozen=True)
class Version:
    """A version by the name that a person gave it.

    Args: folder: of the project, a scratch one for a revision; commit: the revision's; reports: what evaluate wrote, where it is
        other than dvc.yaml tells.
    """

    name: str
    folder: Path
    commit: str | None = None
    reports: Path | None = None

    def raw(self) -> Path:
        """Its annotation files, fetched where it is a revision.

        Raises: InputError where DVC has them and cannot give them.
        """
        name = self._path(*RAW)
        found = self.folder / name
        if self.commit:
            git.check_out(self.commit, [name, f"{name}.dvc"], self.folder)
            if not found.exists() or any(found.rglob("*.dvc")):
                self._from_dvc(name)
        return found

    def report(self, file: str) -> Path:
        """A file that its evaluate stage wrote, fetched where it is a revision; there may be none.

        Reports of an older release have no manifest, and are taken as they are.
        Raises: InputError where DVC has it and cannot give it, or it is damaged.
        """
        folder = self.reports or self._path(*REPORTS)
        manifest, path = (self._fetched(f"{folder}/{name}") for name in (manifests.MANIFEST, file))
        return manifests.verified(path, schema.REPORTS) if manifest.exists() and path.exists() else path

    def _fetched(self, name: str) -> Path:
        """A file of it; there may be none.

        Raises: InputError where DVC has it and cannot give it.
        """
        found = self.folder / name
        if self.commit and not found.exists():
            git.check_out(self.commit, [name], self.folder)
            if not found.exists():
                self._from_dvc(name)
        return found

    def _path(self, module: str, place: int, otherwise: str) -> str:
        """A path of the command line of a stage in dvc.yaml.

        Raises: InputError where it leads out of the project.
        """
        file = self.folder / "dvc.yaml"
        paths = find_stage(module, typed_yaml.load(file).value) if file.is_file() else None
        path = PurePosixPath(paths[place] if paths else otherwise)
        if self.commit and (path.is_absolute() or ".." in path.parts):
            raise InputError.of(file, f"{path} leads out of the project", "compare folders instead")
        return str(path)

    def _from_dvc(self, name: str) -> None:
        """Bring a file or a folder that DVC has into the scratch folder; nothing where it has none.

        Raises: InputError where it cannot be had.
        """
        from dvc.exceptions import DvcException, NotDvcRepoError
        from dvc_data.index.index import DataIndexDirError

        target = self.folder / name
        pointers = ["dvc.lock", f"{name}.dvc", f"{PurePosixPath(name).parent}.dvc"]
        git.check_out(str(self.commit), pointers, self.folder)
        if not target.exists() and not any((self.folder / pointer).exists() for pointer in pointers):
            return  # DVC has nothing of it, and takes seconds to say so
        try:
            try:
                files = _dvc_files(self.commit)
                is_folder = files.info(name)["type"] == "directory"
            except (FileNotFoundError, NotDvcRepoError):  # it is none of this commit's
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            files.get(name, str(target), recursive=is_folder)
        except (DvcException, DataIndexDirError, FileNotFoundError):
            found = "DVC knows of it, and it is neither in its cache nor in its remote"
            raise InputError.of(
                target, found, "dvc push it from where it is, or check the revision out and run dvc repro"
            ) from None

    def place_of(self, source: str) -> str:
        """A place in the version as a person finds it: of a revision, as it is called there.

        >>> Version("HEAD~1", Path("/scratch/x"), "5e0c").place_of("/scratch/x/data/raw/train.txt:3")
        'data/raw/train.txt:3'
        """
        return source.removeprefix(f"{self.folder}/") if self.commit else source

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Within the block problems of a revision are told with its name, not with the scratch folder that it lies in.

        Raises: InputError with these names, where the block raises one.
        """
        try:
            yield
        except InputError as error:
            if not self.commit:
                raise
            raise InputError(replace(one, source=f"{self.name}:{self.place_of(one.source)}") for one in error.problems) from None


@cache
def _dvc_files(commit: str | None) -> Any:
    """The files of a commit as DVC has them."""
    from dvc.api import DVCFileSystem

    logging.getLogger("dvc").setLevel(logging.ERROR)  # it logs to standard output, where the comparison goes
    return DVCFileSystem(".", rev=commit)


@contextlib.contextmanager
def opened(name: str) -> Iterator[Version]:
    """A version by its name; the scratch folder that a revision is brought into is there for the block alone.

    Raises: InputError where the name is neither the folder of a project nor a revision.
    """
    folder = Path(name)
    if name and (folder / FILES[1]).is_file():
        yield Version(name, folder)
        return
    commit = git.commit_of(name) if name else None
    if commit is None:
        found = f"neither a folder with {FILES[1]} nor a git revision of the repository here"
        raise InputError.of(name or '""', found, "name a branch, a tag or a commit, or a project's folder: . is the present one")
    with tempfile.TemporaryDirectory(prefix="compare-") as scratch:
        git.check_out(commit, FILES, Path(scratch))
        if not (Path(scratch) / FILES[1]).is_file():
            found = f"this revision has no {FILES[1]} in what is the present folder"
            raise InputError.of(name, found, "name a revision of when the project was here: git log -- params.yaml lists some")
        yield Version(name, Path(scratch), commit)
