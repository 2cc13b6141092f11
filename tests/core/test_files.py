"""Single files: whole or not at all, the same bytes for the same values."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.core import files
from pipeline.core.errors import InputError


def test_a_write_that_fails_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    files.write_json(path, {"f1": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"f1": float("nan")})
    with pytest.raises(ZeroDivisionError):
        files.write_lines(path, ({"n": 1 // n} for n in (1, 0)))
    assert path.read_text() == '{\n  "f1": 1.0\n}\n'
    assert os.listdir(tmp_path) == ["metrics.json"]


def test_a_folder_in_the_place_of_a_file_is_refused_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(InputError, match=r"/d: a folder stands where a file belongs\n  hint: name a file"):
        files.write_text(tmp_path / "d", "text")
    assert os.listdir(tmp_path) == ["d"]


def test_rows_are_written_under_the_names_of_their_columns(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "a.csv", [{"class": 'a,"b"', "f1": 0.5}, {"class": "c", "f1": None}])
    assert (tmp_path / "a.csv").read_text() == 'class,f1\n"a,""b""",0.5\nc,\n'


def test_lines_are_json_in_the_characters_of_the_text(tmp_path: Path) -> None:
    files.write_lines(tmp_path / "a.jsonl", [{"text": "Überfall 😀"}, {"text": "b\u2028"}])
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == '{"text": "Überfall 😀"}\n{"text": "b\\u2028"}\n'


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"a": ' + b"[" * 100_000, b'{"a": ' + b"9" * 10_000 + b"}"])
def test_what_is_no_json_object_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json: (damaged|not a JSON object).*\n  hint: run it again"):
        files.read_json(tmp_path / "a.json", "run it again")
