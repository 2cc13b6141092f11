"""The package as somebody installs it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.project import ROOT

BUILD = "import setuptools.build_meta as backend; print(backend.build_wheel('dist'))"


def test_the_wheel_has_every_file_of_the_package(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    subprocess.run([sys.executable, "-c", BUILD], cwd=tmp_path, check=True, capture_output=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    files = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "pipeline").rglob("*") if path.is_file()}
    assert {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("pipeline/")} == files
