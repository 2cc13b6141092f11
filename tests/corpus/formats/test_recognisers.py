"""Whether what a format writes is taken for its own, and for no other's."""

import importlib
from dataclasses import replace

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation

TOKENS, TEXT = ("conll", "dygie", "fewrel", "spert", "tacred"), ("brat", "doccano", "jsonl", "label_studio", "semeval", "tsv")
EITHER = ("opennre", "prodigy")
FORMATS = {name: importlib.import_module(f"pipeline.corpus.formats.{name}") for name in (*TOKENS, *TEXT, *EITHER)}
WORDS = (Span(0, 3), Span(4, 11), Span(12, 16), Span(17, 18))


def document(name: str) -> Document:
    """A document of one pair that a format can hold."""
    type_ = "Thing" if "types" in FORMATS[name].HOLDS else None
    ends = ("e1", "e2") if name != "dygie" else ("0", "1")
    entities = tuple(Entity(end, (span,), type_) for end, span in zip(ends, WORDS[::2], strict=False))
    read = Document("7", "a:1", "Ann founded Acme .", entities, (Relation(*ends, "Uses"),), WORDS)
    return read if name in (*TOKENS, *EITHER) else replace(read, words=None)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_taken_for_that_of_the_format_that_wrote_it_alone(tmp_path, name):
    path = tmp_path / "corpus"
    FORMATS[name].write([document(name)], path)
    assert [other for other, module in FORMATS.items() if module.recognises(path)] == [name]
