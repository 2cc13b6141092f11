"""What a stage says of a wrong command line."""

import shlex
import subprocess
import sys

import pytest

from pipeline.core import stage
from tests.support.project import ROOT
from tests.test_dvc_yaml import EXPERIMENTS, STAGES

COMMANDS = {values["cmd"].split()[2]: values["cmd"].split()[3:] for stages in (STAGES, *EXPERIMENTS) for values in stages.values()}


@pytest.mark.parametrize("module", COMMANDS)
def test_a_stage_without_its_arguments_gives_a_usage_line_and_no_traceback(module):
    command = [sys.executable, "-m", module]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"usage: {' '.join(command)} ")
    asked = line.removeprefix(f"usage: {' '.join(command)} ")  # the path of Python may hold blanks
    shown = [word for word in asked.split() if not word.startswith("[")]
    assert (ended.returncode, ended.stdout, len(shown)) == (1, "", len(COMMANDS[module]))


@pytest.mark.parametrize("argv", [["raw"], ["raw", "parsed", "more"], ["--help", "parsed"]])
def test_arguments_that_a_usage_does_not_ask_for_are_refused(argv):
    with pytest.raises(SystemExit, match=r" \[--stats\] raw parsed$"):
        stage.arguments(argv, "[--stats] raw parsed")
    assert stage.arguments(["data/raw", "data/parsed"], "[--stats] raw parsed") == ["data/raw", "data/parsed"]


def fail_with(error):
    def main(argv):
        raise error

    return main


def test_a_file_that_cannot_be_used_is_named_with_a_hint(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(SystemExit, match=r"taken/x: Not a directory\n  hint: check") as ended:
        stage.run(lambda argv: (tmp_path / "taken/x").read_text())
    assert isinstance(ended.value.code, str)  # which Python prints before it exits with 1


def test_an_interrupted_stage_ends_with_a_line(capsys):
    with pytest.raises(SystemExit) as ended:
        stage.run(fail_with(KeyboardInterrupt()))
    assert ended.value.code == stage.INTERRUPTED
    assert capsys.readouterr().err.startswith("interrupted: ")


def test_a_reader_that_leaves_early_gets_no_traceback():
    code = "from pipeline.core.stage import run\nrun(lambda argv: 'x\\n' * 10**6)"
    command = f"{shlex.join([sys.executable, '-c', code])} | head -1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("x\n", "")
