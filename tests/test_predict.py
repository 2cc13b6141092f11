"""The command line of prediction: what it reads, what it writes, and when."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from pipeline import predict
from pipeline.core import stage
from pipeline.core.errors import InputError
from pipeline.corpus.formats import FORMATS
from pipeline.prediction import streams, targets
from pipeline.prediction.drawing import DRAWINGS
from pipeline.prediction.file_record import Standing
from pipeline.prediction.files import Job
from pipeline.prediction.found_files import Skipped
from pipeline.prediction.readers import READERS
from pipeline.prediction.types import Sentence
from tests.support import tiny
from tests.support.project import ROOT
from tests.support.stand_in import StandIn

JOB = Job("model", "", None, "text", "out", ())
MARKED = ["The <e1>cat</e1> sat on the mats of the <e2>old house</e2>.", "<e1>Rain</e1>-<e2>fall</e2>"]


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line with a stand-in for the model, on a file of these bytes; its exit code and its output."""
    monkeypatch.setattr(predict, "Predictor", lambda model, encoder: StandIn())

    def run(*arguments, stdin=b"", path=None):
        if path is not None:
            path.write_bytes(stdin)
        monkeypatch.setattr(sys, "argv", ["predict", "model", *arguments, *([str(path)] if path else [])])
        with pytest.raises(SystemExit) as ended:
            stage.run(predict.main)
        return ended.value.code, capsys.readouterr().out

    return run


def test_an_answer_is_a_json_line_with_the_number_of_its_line(command):
    [prediction] = StandIn().predict([Sentence.of("<e1>Ann</e1> uses <e2>Bob</e2>")])
    code, out = command("--text", "<e1>Ann</e1> uses <e2>Bob</e2>")
    assert (code, json.loads(out)) == (0, {"line": 1, **prediction.as_json()})


def test_an_answer_has_the_id_of_its_sentence(command, tmp_path):
    _, out = command("--format", "jsonl", stdin=b'{"id": 7, "text": "here Ann"}', path=tmp_path / "lines.jsonl")
    assert json.loads(out)["id"] == "7"


def test_a_sentence_that_comes_twice_is_answered_twice(command, tmp_path):
    _, out = command(stdin=b"here Ann\nmet Bob\nhere Ann\n", path=tmp_path / "lines.txt")
    assert [(said["line"], said["text"]) for said in map(json.loads, out.splitlines())] == [
        (1, "here Ann"),
        (2, "met Bob"),
        (3, "here Ann"),
    ]


def test_bad_lines_stand_in_place_with_their_number_and_the_exit_code_is_1(command, tmp_path):
    lines = b"here Ann\n\n<e1>x</e1> <e2> </e2> <e1>\n\xff\nplease refuse\nBob is last"
    code, out = command(stdin=lines, path=tmp_path / "lines.txt")
    said = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [(one["line"], "error" in one) for one in said] == [(1, False), (3, True), (4, True), (5, True), (6, False)]
    assert "<e1> occurs 2 times" in said[1]["error"]
    assert said[3] == {"line": 5, "error": "a word is refused", "hint": "leave it out"}


def test_a_line_is_answered_before_the_next_one_comes():
    answered = threading.Event()

    def typing():
        yield 1
        assert answered.wait(100)
        yield 2

    batches = streams.as_they_come(typing(), 10)
    assert next(batches) == [1]
    answered.set()
    assert list(batches) == [[2]]


def test_a_large_file_comes_in_batches_of_bounded_size_in_order():
    batches = list(streams.as_they_come(iter(range(1000)), 64))
    assert [item for batch in batches for item in batch] == list(range(1000))
    assert max(map(len, batches)) <= 64


def test_reading_is_never_far_ahead():
    drawn = []
    batches = streams.as_they_come((drawn.append(n) or n for n in range(10_000)), 8)
    next(batches)
    assert len(drawn) < 100


def test_an_error_of_reading_is_raised_after_what_came_before():
    def failing():
        yield 1
        raise InputError.of("x", "broken", "mend it")

    batches = streams.as_they_come(failing(), 10)
    seen = []
    with pytest.raises(InputError, match="broken"):
        seen.extend(item for batch in batches for item in batch)
    assert seen == [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lines.txt", "--text", "Ann"], "give a file or --text, not both"),
        (["--format", "jsonl", "--text", '{"text": "Ann"}'], "give jsonl as a file or standard input"),
        (["--format", "xml"], "'xml' is not one of 'text', 'jsonl', 'semeval', 'auto'"),
        (["--format", "brat"], "--format brat reads a file or a folder, not standard input"),
        (["--to", "brat"], "give --to and --output, or neither"),
        (["--to", "brat", "--output", "x", "--pretty", "html"], "give --to or --pretty, not both"),
        (["docs", "--cluster", "local:2", "--output", "x", "--format", "brat"], "--cluster reads each file by itself"),
        (["docs", "--cluster", "local:0", "--output", "x"], "--cluster is local:1 to local:256"),
        (["docs", "--cluster", "local:2", "--seconds", "nan"], "Invalid value for '--seconds'"),
        (["docs", "--cluster", "local:2", "--seconds", "inf"], "inf is no finite number"),
        (["--pretty", "pdf"], "'pdf' is not one of 'html', 'terminal'"),
    ],
)
def test_a_wrong_command_line_says_why_shows_the_usage_and_ends_with_2(monkeypatch, capsys, arguments, said):
    monkeypatch.setattr(predict.files.Job, "of", lambda *arguments: JOB)
    monkeypatch.setattr(sys, "argv", ["predict", "model", *arguments])
    with pytest.raises(SystemExit) as ended:
        stage.run(predict.main)
    shown = capsys.readouterr()
    assert (ended.value.code, shown.out) == (2, "")
    assert shown.err.startswith("Usage: python -m pipeline.predict [OPTIONS] ")
    assert said in shown.err


def test_texts_of_files_that_are_done_and_folders_that_cannot_be_read_end_with_1_too(tmp_path, monkeypatch, capsys):
    def code(unusable=(), left=(), links=(), unreadable=()):
        monkeypatch.setattr(predict.files, "standing", lambda job, found: Standing([], list(unusable), list(left)))
        monkeypatch.setattr(predict.found_files, "skipped", lambda given: Skipped(list(links), list(unreadable)))
        return predict.predict_files(replace(JOB, output=str(tmp_path / "out")), str(ROOT / "docs/*.md"), "local:1", 60)

    assert code() == 0
    assert code(left=["b.txt.jsonl"], links=["docs/link"]) == 0
    assert code(unusable=["a.txt: 1 of 2 texts could not be used"]) == 1
    assert code(unreadable=["docs/closed"]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in ("b.txt.jsonl", "docs/link", "a.txt: 1 of 2", "docs/closed"))


def test_what_could_not_be_used_is_told_as_it_comes(tmp_path, monkeypatch, capsys):
    def predicted(job, waiting, where, seconds):
        yield "a.txt: 1 of 2 texts could not be used"
        raise InputError.of("cluster", "the scheduler is gone", "start it")

    monkeypatch.setattr(predict.files, "predict", predicted)
    with pytest.raises(InputError):
        predict.predict_files(replace(JOB, output=str(tmp_path / "out")), str(ROOT / "docs/*.md"), "local:1", 60)
    assert "a.txt: 1 of 2 texts could not be used" in capsys.readouterr().err


def test_the_formats_and_drawings_of_the_command_line_are_those_there_are():
    assert get_args(predict.Format) == tuple(dict.fromkeys([*READERS, "auto", *FORMATS]))
    assert get_args(predict.Written) == targets.NAMES
    assert get_args(predict.Pretty) == tuple(DRAWINGS)


def test_a_drawing_is_one_page_and_the_exit_code_of_a_broken_line_is_1(command, tmp_path):
    lines = b"<e1>Ann</e1> uses <e2>Bob</e2>\nrefuse\n"
    code, out = command("--pretty", "html", stdin=lines, path=tmp_path / "lines.txt")
    assert (code, out.count("<html"), out.count("</html>")) == (1, 1, 1)
    assert "Ann uses Bob" in out
    assert "line 2: a word is refused" in out


def start(*arguments, **options):
    """The command in a process of its own, with pipes."""
    command = [sys.executable, "-m", "pipeline.predict", *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, **{**pipes, **options})


def test_standard_input_is_answered_line_by_line_in_order(models):
    with start(models[0] / "shared", "--format", "jsonl", "-") as process:
        for number, text in enumerate([MARKED[0], "<e1>broken", MARKED[1]], start=1):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())  # before the next line is written
            assert (said["line"], "error" in said) == (number, number == 2)
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 1


def test_a_socket_can_stand_in_for_standard_input(models):
    ours, theirs = socket.socketpair()
    with ours, theirs, start(models[0] / "shared", stdin=theirs) as process:
        ours.sendall(MARKED[0].encode())
        ours.shutdown(socket.SHUT_WR)
        assert json.loads(process.stdout.read())["relation"] in tiny.RELATIONS


def test_answers_are_utf_8_in_any_locale(models):
    text = "<e1>猫</e1> sat on <e2>mats</e2>"
    with start(models[0] / "shared", "--text", text, env={**os.environ, "PYTHONIOENCODING": "ascii"}) as process:
        assert json.loads(process.stdout.read().decode())["e1"]["text"] == "猫"


def test_an_interrupt_ends_without_a_traceback(models):
    def heed_interrupts():  # which a test run in a script's background ignores, and its children with it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with start(models[0] / "shared", preexec_fn=heed_interrupts) as process:
        process.stdin.write(MARKED[0].encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(100) == stage.INTERRUPTED
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("file", "options", "said"),
    [
        (".", {}, ".: this is a folder, and text is read from a file"),
        ("nowhere.txt", {}, "nowhere.txt: No such file or directory"),
        ("README.md", {"stdout": "/dev/full"}, "the output: the disk is full"),
    ],
)
def test_what_cannot_be_read_or_written_is_one_line_and_its_hint(models, file, options, said):
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context(Path(path).open("wb")) for name, path in options.items()}
        process = stack.enter_context(start(models[0] / "shared", file, **files))
        lines = process.communicate()[1].decode().splitlines()
    assert (process.returncode, lines[0], len(lines)) == (1, said, 2)
    assert lines[1].startswith("  hint: ")


def test_a_closed_standard_output_is_one_line_and_its_hint(models):
    with start(models[0] / "shared", "--text", MARKED[0], preexec_fn=lambda: os.close(1), stdout=None) as process:
        lines = process.communicate()[1].decode().splitlines()
    assert (process.returncode, lines[0], len(lines)) == (1, "standard output is closed", 2)


def test_plain_text_gives_entities_and_relations_by_id(command):
    code, out = command("--text", "Ann met Bob . Nobody left .")
    said = json.loads(out)
    assert (code, list(said)) == (0, ["line", "text", "entities", "relations", "message"])
    assert [(entity["text"], entity["start"]) for entity in said["entities"]] == [("Ann", 0), ("Bob", 8), ("Nobody", 14)]
    assert [(each["head"], each["tail"]) for each in said["relations"]] == [("T2", "T1"), ("T1", "T2")]


@pytest.mark.parametrize("format", ["auto", "brat"])
def test_a_folder_of_documents_is_answered_a_line_a_document(command, tmp_path, format):
    (tmp_path / "papers").mkdir()
    for name, text in {"1.txt": "Ann met Bob .", "1.ann": "T1\tX 0 3\tAnn\n", "2.txt": "here Ann", "2.ann": ""}.items():
        (tmp_path / "papers" / name).write_text(text)
    _, out = command("--format", format, str(tmp_path / "papers"))
    assert [(said["id"], len(said["entities"])) for said in map(json.loads, out.splitlines())] == [("1", 2), ("2", 1)]


def test_auto_reads_marks_where_a_format_has_them(command, tmp_path):
    lines = b'{"text": "Ann uses Bob", "e1": [0, 3], "e2": [9, 12], "relation": "Uses"}\n'
    _, out = command("--format", "auto", stdin=lines, path=tmp_path / "pairs.jsonl")
    assert json.loads(out)["e2"]["text"] == "Bob"


def test_predictions_are_written_as_documents_and_what_is_wrong_is_told(command, tmp_path):
    target = tmp_path / "tasks.json"
    lines = b"Ann met Bob .\nrefuse\n<e1>Ann</e1> uses <e2>Bob</e2>\n"
    code, out = command("--to", "label_studio", "--output", str(target), stdin=lines, path=tmp_path / "lines.txt")
    assert (code, [json.loads(line)["line"] for line in out.splitlines()]) == (1, [2])
    tasks = json.loads(target.read_text())
    assert [(task["id"], len(task["predictions"][0]["result"])) for task in tasks] == [(1, 4), (3, 3)]


def test_a_line_whose_number_is_the_id_of_another_is_written_too(command, tmp_path):
    lines = b'{"id": "2", "text": "here Ann"}\n{"text": "here Bob"}\n'
    code, _ = command(
        "--format", "jsonl", "--to", "brat", "--output", str(tmp_path / "out"), stdin=lines, path=tmp_path / "x.jsonl"
    )
    assert (code, len(list((tmp_path / "out").glob("*.txt")))) == (0, 2)


def test_a_document_that_the_format_cannot_hold_is_an_error_line(command, tmp_path, monkeypatch):
    def narrow(documents, path):
        lines = [document.text for document in documents]
        if "met Bob" in lines:
            raise ValueError("no Bob")
        path.write_text("\n".join(lines))

    monkeypatch.setitem(targets.TARGETS, "jsonl", targets.TARGETS["jsonl"]._replace(write=narrow))
    target = tmp_path / "out.jsonl"
    lines = b"here Ann\nmet Bob\nhere Eve\n"
    code, out = command("--to", "jsonl", "--output", str(target), stdin=lines, path=tmp_path / "lines.txt")
    assert (code, target.read_text()) == (1, "here Ann\nhere Eve")
    [said] = map(json.loads, out.splitlines())
    assert (said["line"], said["error"]) == (2, "jsonl cannot hold the document: no Bob")


def test_what_is_there_is_not_replaced(command, tmp_path):
    target = tmp_path / "there.jsonl"
    target.write_text("mine")
    code, _ = command("--to", "jsonl", "--output", str(target), "--text", "Ann")
    assert "there is something already" in code
    assert target.read_text() == "mine"


def test_an_output_is_no_input(command, tmp_path):
    path = tmp_path / "lines.txt"
    code, _ = command("--to", "jsonl", "--output", str(path), stdin=b"Ann\n", path=path)
    assert "the output is, holds or lies in the input" in code
    assert path.read_bytes() == b"Ann\n"


def test_batches_are_bounded_by_what_their_items_weigh():
    batches = list(streams.as_they_come([30, 30, 500, 30, 30], 60, lambda item: item))
    assert [item for batch in batches for item in batch] == [30, 30, 500, 30, 30]
    assert all(len(batch) == 1 or sum(batch) <= 60 for batch in batches)
