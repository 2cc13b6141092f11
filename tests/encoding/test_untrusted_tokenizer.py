"""Tokenizers that are made to hurt: one line, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.encoding import pieces
from tests.support.project import ROOT

WORDS = {"a": 0, "b": 1, "[UNK]": 2}
DOUBLE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
RUN = """
import sys
from pathlib import Path
from pipeline.core.errors import InputError
from pipeline.core.watchdog import Limits
from pipeline.encoding import pieces, untrusted_tokenizer
untrusted_tokenizer.LIMITS = Limits(float(sys.argv[2]), int(float(sys.argv[3])))
untrusted_tokenizer.MOST_GROWTH = int(float(sys.argv[4]))
try:
    pieces.split_words(pieces.load_tokenizer(Path(sys.argv[1]), 3), [["a" * 200 + "c"]] * int(sys.argv[5]))
except InputError as error:
    sys.exit(str(error))
"""


def write(folder: Path, **changes: Any) -> None:
    parts = ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")
    model = {"type": "WordLevel", "vocab": WORDS, "unk_token": "[UNK]"}
    content = {"version": "1.0", **dict.fromkeys(parts), "added_tokens": [], "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(content | changes))


def refused(folder: Path, seconds: float = 30, grown: float = 1e9, growth: float = 1_000, n_sentences: int = 1_000) -> str:
    """What a process says of the tokenizer of a folder, which is two lines, in bounded time."""
    arguments = [str(folder), str(seconds), str(grown), str(growth), str(n_sentences)]
    command = [sys.executable, "-c", RUN, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert ended.returncode == 1, ended.stdout
    assert len(ended.stderr.strip().splitlines()) == 2, ended.stderr
    return ended.stderr


def test_rules_that_make_gigabytes_of_a_word_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, normalizer={"type": "Sequence", "normalizers": [DOUBLE] * 40})
    assert "make more than 1,000 characters of one" in refused(tmp_path)


def test_rules_are_counted_wherever_they_stand(tmp_path: Path) -> None:
    inner = {"type": "Sequence", "normalizers": [DOUBLE] * 40}
    write(tmp_path, normalizer={"type": "Sequence", "normalizers": [inner]})
    assert "make more than 1,000 characters of one" in refused(tmp_path)


def test_a_run_that_takes_too_much_memory_ends_the_process(tmp_path: Path) -> None:
    write(tmp_path, normalizer={"type": "Sequence", "normalizers": [DOUBLE] * 14})
    assert "takes more than 0 GB of memory" in refused(tmp_path, seconds=180, grown=3e8, growth=1e30)


def test_a_run_that_takes_too_long_ends_the_process(tmp_path: Path) -> None:
    write(tmp_path, normalizer={"type": "Sequence", "normalizers": [DOUBLE] * 14})
    assert "has not come to an end within 0 seconds" in refused(tmp_path, seconds=0.3, grown=1e12, growth=1e30)


def test_a_pattern_that_the_library_gives_up_is_an_error_without_the_library_s_own_report(tmp_path: Path) -> None:
    pattern = {"type": "Split", "pattern": {"Regex": "(a|aa)+$|(a+)+b"}, "behavior": "Isolated", "invert": False}
    write(tmp_path, pre_tokenizer=pattern)
    assert "fails on a sentence" in refused(tmp_path, n_sentences=1)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, '{"a":' * 100_000, '{"normalizer": 7}', "\x00"])
def test_a_file_that_is_no_tokenizer_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match="missing or damaged"):
        pieces.load_tokenizer(tmp_path)


def test_a_file_too_large_is_an_error(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError, match="more than 100,000,000 bytes"):
        pieces.load_tokenizer(tmp_path)


def test_pieces_past_the_encoders_vocabulary_are_an_error(tmp_path: Path) -> None:
    write(tmp_path)
    assert pieces.load_tokenizer(tmp_path, 3)
    with pytest.raises(InputError, match="piece ids up to 2, but the encoder 2 pieces"):
        pieces.load_tokenizer(tmp_path, 2)


def test_what_a_file_says_of_padding_and_cutting_is_not_obeyed(tmp_path: Path) -> None:
    cut = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    pad = {"strategy": {"Fixed": 10**6}, "direction": "Right", "pad_to_multiple_of": None}
    write(tmp_path, truncation=cut, padding=pad | {"pad_id": 0, "pad_type_id": 0, "pad_token": "a"})
    assert pieces.split_words(pieces.load_tokenizer(tmp_path), [["a", "b"]]).ids.tolist() == [0, 1]
