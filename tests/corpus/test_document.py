from dataclasses import replace

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words, needs, require_held

TEXT, WORDS = join_words(["Ann", "founded", "Acme"])
ENTITIES = (Entity("1", (WORDS[0],), "PER"), Entity("2", (WORDS[2],), "ORG"))
DOCUMENT = Document("a", "a:1", TEXT, ENTITIES, (Relation("1", "2", "founded"),), words=WORDS)

NEEDS = {
    "text": {"text": TEXT.replace(" ", "  ")},
    "sentences": {"sentences": (Span(0, len(TEXT)),)},
    "untyped": {"entities": (ENTITIES[0], replace(ENTITIES[1], type=None))},
    "fragments": {"entities": (ENTITIES[0], replace(ENTITIES[1], spans=(Span(12, 13), Span(14, 16))))},
    "free": {"entities": (*ENTITIES, Entity("3", (WORDS[1],), "ACT"))},
    "many": {"relations": (Relation("1", "2", "founded"), Relation("1", "2", "owns"))},
    "unlabelled": {"relations": (Relation("1", "2", None),)},
    "annotators": {"relations": (Relation("1", "2", "founded", "ann"),)},
}


@pytest.mark.parametrize("word", NEEDS)
def test_a_document_needs_what_it_has(word):
    assert needs(replace(DOCUMENT, **NEEDS[word])) == {"words", "types", word}


def test_a_document_without_words_needs_a_format_of_any_text():
    assert needs(replace(DOCUMENT, words=None)) == {"text", "types"}


def test_a_document_without_relations_needs_a_format_of_free_entities():
    assert needs(replace(DOCUMENT, relations=())) == {"words", "types", "empty", "free"}


def test_meta_never_stands_in_the_way():
    require_held(replace(DOCUMENT, meta={"from": "a test"}), frozenset({"words", "types"}))


def test_what_a_format_lacks_is_named():
    with pytest.raises(ValueError, match=r"a:1: the format cannot hold types, words of document a"):
        require_held(DOCUMENT, frozenset())


@pytest.mark.parametrize("changes", [{"entities": (*ENTITIES, ENTITIES[0])}, {"entities": ENTITIES[:1]}])
def test_ids_must_tell_entities_apart_and_name_those_that_are_there(changes):
    with pytest.raises(ValueError, match="has an id for two entities, or a relation of one it lacks"):
        require_held(replace(DOCUMENT, **changes), frozenset({"words", "types", "free"}))
