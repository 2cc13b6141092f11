"""The command line that all stages and commands share."""

from __future__ import annotations

import errno
import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core import stage
from pipeline.core.errors import InputError, Problem
from pipeline.core.stage import Input, Output
from tests.support.project import ROOT
from tests.test_dvc_yaml import EXPERIMENTS, STAGES

COMMANDS = {values["cmd"].split()[2]: values["cmd"].split()[3:] for stages in (STAGES, *EXPERIMENTS) for values in stages.values()}


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def program(main: str) -> str:
    return f"from pathlib import Path\nfrom pipeline.core.stage import Input, Output, log, run\n{main}\nrun(main)\n"


@pytest.mark.parametrize("module", COMMANDS)
def test_a_command_without_its_arguments_says_how_to_call_it(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [module])
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    said = capsys.readouterr()
    usage = said.err.partition("\nTry ")[0]
    assert (ended.value.code, said.out) == (2, "")
    assert usage.startswith(f"Usage: python -m {module} [OPTIONS] ")
    assert len(re.findall(r"{\w+}|\w+\.\.\.", usage.removeprefix("Usage: "))) == len(COMMANDS[module])
    assert "\nError: Missing argument" in said.err


@pytest.mark.parametrize("module", ["pipeline.parse", "pipeline.embed"])
def test_help_tells_what_a_command_does_and_its_arguments(module: str) -> None:
    ended = python("-m", module, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(r"^  [A-Z].*\.$", ended.stdout, re.M)
    assert "what is written, whole or not at all" in ended.stdout


def exits(main: Callable[..., object], *arguments: object, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        stage.run(main)  # type: ignore[arg-type]
    return ended.value.code


def test_a_closing_line_is_printed_and_a_code_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exits(lambda: "done, 2 rows", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == "done, 2 rows\n"
    assert exits(lambda: 3, monkeypatch=monkeypatch) == 3


def test_a_file_that_cannot_be_used_is_named_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    said = exits(lambda: (tmp_path / "taken/x").read_text(), monkeypatch=monkeypatch)
    assert re.search(r"taken/x: Not a directory\n  hint: check", str(said))


def test_a_full_disk_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data/parsed")

    assert "data/parsed: the disk is full" in str(exits(main, monkeypatch=monkeypatch))


def test_an_interrupted_command_ends_with_a_line_where_it_writes_and_else_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def writes(target: Output) -> str:
        raise KeyboardInterrupt

    def reads() -> str:
        raise KeyboardInterrupt

    assert exits(writes, tmp_path / "out", monkeypatch=monkeypatch) == stage.INTERRUPTED
    assert capsys.readouterr().err.startswith("interrupted: ")
    assert exits(reads, monkeypatch=monkeypatch) == stage.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    code = program("def main() -> str:\n    return 'x\\n' * 10**6")
    command = f"{shlex.join([sys.executable, '-c', code])} | head -1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("x\n", "")


@pytest.mark.parametrize(("given", "output"), [("raw", "raw"), ("raw", "raw/parsed"), ("raw/inner", "raw")])
def test_an_output_in_the_place_of_an_input_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, output: str
) -> None:
    worked = []

    def main(raw: Input, parsed: Output) -> str:
        worked.append(raw)
        return ""

    (tmp_path / "raw/inner").mkdir(parents=True)
    assert "is, holds or lies in the input" in str(exits(main, tmp_path / given, tmp_path / output, monkeypatch=monkeypatch))
    assert not worked


WAITING = program("def main(target: Output) -> str:\n    log('under way')\n    import time; time.sleep(60); return ''")


def test_two_runs_of_one_output_never_mix(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WAITING, str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr
        assert first.stderr.readline() == "under way\n"
        second = python(*command[1:])
        first.kill()
    assert second.returncode == 1
    assert f"out: it is being written by process {first.pid} (" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("shell", ["dash", "bash", None])
def test_a_stage_ends_with_the_dvc_that_started_it(tmp_path: Path, shell: str | None) -> None:
    child = [sys.executable, "-c", WAITING, str(tmp_path / "out")]
    started = [shell, "-c", shlex.join(child)] if shell else child
    starter = f"import os, subprocess; subprocess.run({started!r}, env={{**os.environ, 'DVC_STAGE': 'parse'}})"
    with subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT, stderr=subprocess.PIPE, text=True) as dvc:
        assert dvc.stderr
        assert dvc.stderr.readline() == "under way\n"
        dvc.send_signal(signal.SIGKILL)
        dvc.wait()
        assert dvc.stderr.read() in {"", "Terminated\n"}  # to its end: whoever held it is gone
    lock = tmp_path / ".out.lock"
    process = int(lock.read_text().split()[1])
    until = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2]:
        assert time.monotonic() < until, "the stage lives on"
        time.sleep(0.05)


@pytest.mark.parametrize("library", ["numpy", "tensorflow"])
def test_ctrl_c_while_modules_are_imported_ends_a_command_without_a_traceback(library: str, tmp_path: Path) -> None:
    def heed_interrupts() -> None:  # which a test run in a script's background ignores, and its children with it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    command = [sys.executable, "-m", "pipeline.train", *(str(tmp_path / name) for name in ("a", "b", "c"))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts) as process:
        while f"/{library}/" not in Path(f"/proc/{process.pid}/maps").read_text():  # Python's own start is not ours
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    assert output == ""
    assert "Traceback" not in errors
    assert process.returncode == stage.INTERRUPTED


def refuse(n_problems: int, found: str = "e1 is empty") -> Callable[..., str]:
    def main(target: Output) -> str:
        raise InputError(
            Problem(found, "put a word there", "entity-empty").at(f"train.txt:{line}", row_id=str(line))
            for line in range(1, n_problems + 1)
        )

    return main


def test_all_problems_of_a_command_that_writes_are_listed_beside_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = str(exits(refuse(1_000), tmp_path / "out", monkeypatch=monkeypatch))
    listing = tmp_path / "out.problems.jsonl"
    rows = [json.loads(line) for line in listing.read_text().splitlines()]
    assert len(rows) == 1_000
    assert rows[-1] == {
        "file": "train.txt",
        "line": 1_000,
        "id": "1000",
        "kind": "entity-empty",
        "found": "e1 is empty",
        "hint": "put a word there",
    }
    assert said.endswith(f"... and 997 more\n1,000 problems found, nothing written\nlisted in {listing}")


def test_a_list_of_problems_holds_text_that_is_no_unicode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exits(refuse(1, found="e1 is \udce9"), tmp_path / "out", monkeypatch=monkeypatch)
    assert json.loads((tmp_path / "out.problems.jsonl").read_text())["found"] == "e1 is \udce9"


def test_the_list_of_problems_is_gone_with_the_next_run_that_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def main(target: Output) -> str:
        return "done"

    exits(refuse(1), tmp_path / "out", monkeypatch=monkeypatch)
    assert exits(main, tmp_path / "out", monkeypatch=monkeypatch) == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ['{"text": "Ann left."}\n', '{"file": "a", "line": 1}\n', "[]", "notes"])
def test_a_file_that_stands_where_problems_are_listed_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "out.problems.jsonl").write_text(content)
    for main in (refuse(1), lambda target: pytest.fail("it works")):
        main.__annotations__["target"] = Output
        said = str(exits(main, tmp_path / "out", monkeypatch=monkeypatch))
        assert "out.problems.jsonl: something that this pipeline did not write stands where the problems" in said
    assert (tmp_path / "out.problems.jsonl").read_text() == content
    assert len(list(tmp_path.iterdir())) == 1


def test_an_input_that_stands_where_problems_are_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def main(source: Input, target: Output) -> str:
        return "done"

    (tmp_path / "out.problems.jsonl").touch()
    said = str(exits(main, tmp_path / "out.problems.jsonl", tmp_path / "out", monkeypatch=monkeypatch))
    assert "out.problems.jsonl: the output is, holds or lies in the input" in said
    assert (tmp_path / "out.problems.jsonl").exists()


def test_a_list_of_problems_is_no_part_of_the_project() -> None:
    listing = "data/parsed.problems.jsonl"
    ignored = subprocess.run(["git", "check-ignore", listing], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.strip() == listing
    assert "*.problems.jsonl" in (ROOT / ".dvcignore").read_text().splitlines()


@pytest.mark.parametrize("pipeline", [None, [], {"stages": ["parse"]}, {"stages": {"a": "b", "c": {"cmd": ["ls"]}}}])
def test_a_stage_is_looked_for_in_a_dvc_yaml_of_any_form(pipeline: object) -> None:
    assert stage.find_stage("pipeline.parse", pipeline) is None


def test_a_dvc_yaml_without_the_stage_says_where_to_be(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("stages: {}")
    with pytest.raises(InputError, match="no stage runs"):
        stage.stage_paths("pipeline.parse", tmp_path / "dvc.yaml")


def test_with_standard_error_closed_nothing_that_is_said_comes_to_standard_output() -> None:
    main = "def main(what: str) -> str:\n    log(f'{what}, a line')\n    print('a result')\n    return 'done'"
    command = f'"{sys.executable}" -c {shlex.quote(program(main))} text 2>&-'
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "a result\ndone\n")
