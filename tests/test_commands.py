"""The commands under their one name, relation-pipeline."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import COMMANDS, app
from tests.support.project import ROOT, STAGES


def test_every_module_that_is_no_stage_is_a_command() -> None:
    modules = {path.stem for path in (ROOT / "pipeline").glob("*.py") if not path.stem.startswith("__")}
    assert set(COMMANDS) == modules - set(STAGES)


def test_help_lists_the_commands_without_loading_them() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    assert [line.split()[0] for line in said.partition("Commands:")[2].split("\n") if line.strip()] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_tells_of_itself(command: str) -> None:
    ended = CliRunner().invoke(app, [command, "--help"])
    assert ended.exit_code == 0
    assert f" {command} " in ended.output


def test_the_shell_completes_commands_and_their_options() -> None:
    def completed(*words: str) -> str:
        asked = {"COMP_WORDS": " ".join(["relation-pipeline", *words]), "COMP_CWORD": str(len(words))}
        return subprocess.run(
            [sys.executable, "-m", "pipeline"],
            env={**os.environ, **asked, "_RELATION_PIPELINE_COMPLETE": "complete_bash"},
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout

    assert completed("pre").split() == ["predict"]
    assert completed("convert", "--fro").split() == ["--from"]


def test_a_command_does_what_its_module_does(tmp_path: Path) -> None:
    source, target = ROOT / "data/raw/test.txt", tmp_path / "test.jsonl"
    ended = CliRunner().invoke(app, ["convert", str(source), str(target), "--to", "jsonl", "--lossy"])
    assert ended.exit_code == 0, ended.output
    assert target.is_file()


def test_the_package_installs_the_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"relation-pipeline": "pipeline.__main__:main"}
