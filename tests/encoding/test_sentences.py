"""The sentences to embed and their keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.encoding.sentences import Corpus, missing_sentences
from tests.support.drawn_store import WORDS, keys, opened, write
from tests.support.embedding import DESCRIPTION, SENTENCES, words_of, write_encoder, write_positioned

SETTINGS = params.Embed(backend="openvino", precision="float32", pooling="mean", batch_pieces=64, shard_words=100, max_stale=1.0)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    write_positioned(tmp_path, SENTENCES)
    write_encoder(tmp_path, DESCRIPTION)
    return Corpus.open(tmp_path / "data/positioned", tmp_path / "models/encoder", SETTINGS)


def test_the_sentences_of_every_split_are_read_in_order(corpus: Corpus) -> None:
    expected = [words_of(sentence) for sentence in SENTENCES]
    assert [words for batch in corpus.words() for words in batch.to_pylist()] == expected
    assert corpus.lengths.tolist() == [len(words) for words in expected]


def test_sentences_that_change_while_they_are_read_are_an_error(corpus: Corpus, tmp_path: Path) -> None:
    write_positioned(tmp_path, SENTENCES[::-1])
    with pytest.raises(InputError, match="changed while they were read"):
        list(corpus.words())


def test_of_sentences_that_the_store_lacks_the_first_of_each_is_missing(tmp_path: Path) -> None:
    write(tmp_path, WORDS[1])
    wanted = keys(WORDS[0], WORDS[1], WORDS[2], WORDS[0], WORDS[1], WORDS[3])
    assert missing_sentences(opened(tmp_path), wanted).tolist() == [0, 2, 5]
