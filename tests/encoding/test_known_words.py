"""Which words an encoder does not know, with tokenizers of every kind that has a piece for the unknown or none."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from pipeline.core.errors import InputError
from pipeline.encoding import known_words, unknown_words
from pipeline.encoding.known_words import KnownWords
from pipeline.encoding.unknown_words import count_words

UNKNOWN = "<unk>"
VOCABULARY = {UNKNOWN: 0, "a": 1, "b": 2, "##b": 3}
KINDS = {
    "WordPiece": models.WordPiece(VOCABULARY, unk_token=UNKNOWN),
    "WordLevel": models.WordLevel(VOCABULARY, unk_token=UNKNOWN),
    "BPE": models.BPE(VOCABULARY, [], unk_token=UNKNOWN),
    "Unigram": models.Unigram([(piece, -1.0) for piece in VOCABULARY], unk_id=0),
}


def tokenizer_of(model: models.Model) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Punctuation()
    return tokenizer


def sentences(*words: list[str]) -> list[pa.ListArray]:
    return [pa.array([sentence], pa.list_(pa.string())) for sentence in words]


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_nothing_but_unknown_pieces_are_counted_as_often_as_they_are_there(kind: str) -> None:
    told = count_words(tokenizer_of(KINDS[kind]), sentences(["a", "zz", "a.", "b"], ["zz", "..", "", "y"]))
    assert told == KnownWords(8, 4, ("zz", "..", "y"))


def test_a_tokenizer_without_a_piece_for_the_unknown_knows_all() -> None:
    assert count_words(tokenizer_of(models.BPE(VOCABULARY, [])), sentences(["a", "zz"])) == KnownWords(2, 0, ())


@given(st.lists(st.lists(st.text("abz.", max_size=3), max_size=5), max_size=4))
def test_the_count_is_that_of_one_word_after_the_other(words: list[list[str]]) -> None:
    tokenizer = tokenizer_of(KINDS["WordPiece"])
    pieces = [set(tokenizer.encode([word], is_pretokenized=True).ids) for sentence in words for word in sentence]
    told = count_words(tokenizer, sentences(*words))
    assert (told.words, told.unknown) == (len(pieces), sum(ids == {0} for ids in pieces))


def test_a_word_is_found_in_whichever_batch_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown_words, "BATCH_SENTENCES", 2)
    monkeypatch.setattr(unknown_words, "SENTENCE_WORDS", 3)
    words = [f"z{number}" if number % 4 == 0 else "a" + "b" * number for number in range(20)]
    found = unknown_words.unknown_words(tokenizer_of(KINDS["WordPiece"]), words)
    assert list(found) == [word for word in words if word.startswith("z")]


def test_many_unknown_words_are_a_finding() -> None:
    assert KnownWords(100, 5, ("z",)).findings() == KnownWords(0, 0, ()).findings() == ()
    [finding] = KnownWords(100, 6, ("z", "y")).findings()
    assert (finding.check, finding.count) == ("words-unknown", 6)
    assert "6.0% of the words" in finding.found
    assert "z, y" in finding.found


def test_counts_come_back_from_the_store_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    known_words.write(tmp_path, KnownWords(10, 1, ("z",)))
    assert known_words.read(tmp_path) == KnownWords(10, 1, ("z",))
    (tmp_path / known_words.NAME).write_text("{}")
    with pytest.raises(InputError, match=r"known_words\.json: damaged"):
        known_words.read(tmp_path)
    known_words.write(tmp_path, KnownWords(10, 1, ("z",)))
    (tmp_path / known_words.NAME).write_text((tmp_path / known_words.NAME).read_text().replace("10", "90"))
    with pytest.raises(InputError, match=r"known_words\.json: damaged or changed"):
        known_words.read(tmp_path)
    (tmp_path / known_words.NAME).unlink()
    with pytest.raises(InputError, match="dvc repro embed"):
        known_words.read(tmp_path)
