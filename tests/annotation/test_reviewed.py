"""The list of what was reviewed."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.annotation import reviewed
from pipeline.core.errors import InputError
from pipeline.corpus.document import Document

RAIN = Document("7", "data/raw/train.txt:25", "Rain caused a flood.", (), ())


def test_a_document_that_was_added_is_known_until_its_text_changes(tmp_path: Path) -> None:
    path = reviewed.beside(tmp_path / "raw")
    assert reviewed.add(path, [RAIN]) == 1
    assert reviewed.key(replace(RAIN, source="data/raw/train.txt:99")) in reviewed.read(path)
    assert reviewed.key(replace(RAIN, text="Rain caused floods.")) not in reviewed.read(path)


def test_lines_are_only_added_and_none_twice(tmp_path: Path) -> None:
    path = tmp_path / reviewed.FILE
    reviewed.add(path, [RAIN])
    before = path.read_text()
    assert reviewed.add(path, [RAIN, RAIN, replace(RAIN, id="8")]) == 1
    assert path.read_text().startswith(before)
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(("before", "end"), [(b'{"document": "a"}', b"\n"), (b'{"document": "a"}\r\n{"document": "b"}', b"\r\n")])
def test_every_byte_that_was_there_stays_and_lines_end_as_they_do(tmp_path: Path, before: bytes, end: bytes) -> None:
    path = tmp_path / reviewed.FILE
    path.write_bytes(before)
    known = reviewed.read(path)
    reviewed.add(path, [RAIN])
    reviewed.add(path, [replace(RAIN, id="8")])
    assert path.read_bytes().startswith(before + end)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(end) == len(known) + 2
    assert reviewed.read(path) == known | {reviewed.key(RAIN), reviewed.key(replace(RAIN, id="8"))}


def test_a_list_that_is_not_there_knows_nothing(tmp_path: Path) -> None:
    assert reviewed.read(tmp_path / reviewed.FILE) == frozenset()


def test_a_line_of_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / reviewed.FILE
    path.write_text('{"id": "7", "document": "a"}\n{"id": "8"}\n')
    with pytest.raises(InputError, match=r"reviewed\.jsonl:2: there is no document"):
        reviewed.read(path)
