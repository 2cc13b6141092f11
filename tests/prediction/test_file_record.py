"""Which files are done by the record of an output, and what is refused, kept and removed there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.prediction import file_record, found_files
from pipeline.prediction.file_record import RECORD, Standing

HEAD = {"model": "m"}
OUT = Path("out")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the process, with A/a.txt, A/b.txt and A/sub/a.txt."""
    monkeypatch.chdir(tmp_path)
    for name in ("A/a.txt", "A/b.txt", "A/sub/a.txt"):
        write(name)
    return tmp_path


def write(name: str, text: str | None = None) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or name)
    return path


def standing(given: str) -> Standing:
    return file_record.standing(HEAD, OUT.resolve(), found_files.find(given, OUT))


def predict(given: str, **row: Any) -> list[str]:
    """Predict what is not done; its names."""
    waiting = standing(given).waiting
    for file in waiting:
        written = write(f"out/{file.output}", f"of {file.source}")
        whole = {"file": file.name, "source": file_record.source(file, OUT.resolve()), "read": checksum(Path(file.path))}
        with (OUT / RECORD).open("a") as record:
            record.write(json.dumps({**whole, "written": checksum(written), "texts": 3, "unusable": 0, **row}) + "\n")
    return [file.name for file in waiting]


def files() -> list[str]:
    return sorted(path.relative_to(OUT).as_posix() for path in OUT.rglob("*") if path.is_file() and path.name != RECORD)


def test_predictions_of_another_file_of_the_same_name_are_not_replaced() -> None:
    predict("A")
    write("B/a.txt")
    with pytest.raises(InputError, match=r"B/a.txt: a.txt.jsonl in .* has the predictions of another file, ../A/a.txt from there"):
        standing("B")
    assert (OUT / "a.txt.jsonl").read_text().endswith("A/a.txt")


def test_a_file_does_not_get_predictions_under_two_names() -> None:
    predict("A/sub")
    with pytest.raises(InputError, match=r"A/sub/a.txt: its predictions are in .* under the name a.txt.jsonl"):
        standing("A/*/*.txt")


def test_a_file_by_two_names_because_of_a_link_has_predictions_under_both() -> None:
    Path("A/link.txt").symlink_to("a.txt")
    assert "link.txt" in predict("A")
    assert predict("A") == []


def test_a_project_that_is_moved_has_its_predictions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = folder / "project"
    inside.mkdir()
    Path("A").rename(inside / "A")
    monkeypatch.chdir(inside)
    predict("A")
    monkeypatch.chdir(folder)
    inside.rename("moved")
    monkeypatch.chdir(folder / "moved")
    assert predict(str(Path("A").absolute())) == []


def test_texts_that_are_moved_have_their_predictions_as_long_as_they_are_the_same() -> None:
    predict("A")
    Path("A").rename("B")
    assert predict("B") == []
    write("B/a.txt", "changed")
    assert predict("B") == ["a.txt"]


def test_a_narrower_run_forgets_nothing() -> None:
    assert len(predict("A")) == 3
    assert predict("A/a*") == []
    assert predict("A") == []


def test_texts_that_could_not_be_used_are_told_each_time() -> None:
    predict("A/a.txt", unusable=2)
    [line] = standing("A/a.txt").unusable
    assert line.endswith("A/a.txt: 2 of 3 texts could not be used")


def test_predictions_of_what_a_file_no_longer_says_go() -> None:
    predict("A")
    write("A/a.txt", "changed")
    assert [file.name for file in standing("A").waiting] == ["a.txt"]
    assert files() == ["b.txt.jsonl", "sub/a.txt.jsonl"]


def test_predictions_whose_file_is_gone_are_named() -> None:
    predict("A")
    Path("A/b.txt").unlink()
    assert standing("A").left == ["b.txt.jsonl"]
    assert "b.txt.jsonl" in files()


def test_a_file_that_cannot_be_read_waits() -> None:
    predict("A")
    Path("A/a.txt").unlink()
    Path("A/a.txt").symlink_to("nowhere")
    assert [file.name for file in standing("A").waiting] == ["a.txt"]


def test_what_a_killed_run_left_goes_and_nothing_else_that_has_such_a_name() -> None:
    left = ["0123456789abcdef" * 2 + ".partial", "." + "0" * 32 + ".partial", f".{RECORD}.7.partial"]
    write("A/x.partial/a.txt")
    predict("A")
    for name in (*left, "mine.partial"):
        write(f"out/{name}")
    assert predict("A") == []
    assert files() == ["a.txt.jsonl", "b.txt.jsonl", "mine.partial", "sub/a.txt.jsonl", "x.partial/a.txt.jsonl"]


@pytest.mark.parametrize(("before", "then"), [("A/c.jsonl/d", "B/c"), ("B/c", "A/c.jsonl/d")])
def test_a_file_whose_predictions_have_the_name_of_a_folder_of_others_is_refused(before: str, then: str) -> None:
    write(before)
    predict(before.split("/")[0])
    write(then)
    with pytest.raises(InputError, match="cannot be written beside"):
        standing(f"{then.split('/')[0]}/**/{then.split('/')[-1]}")
