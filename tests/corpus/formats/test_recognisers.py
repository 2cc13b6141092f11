"""Whether what a format writes is taken for its own, and for no other's."""

import importlib
from dataclasses import replace

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.adapt import adapt, rules_for
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import RECOGNISERS
from pipeline.corpus.formats.detection import ALIKE, another_format, detect
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.words import lazy_tokenizer

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


WITH_EMPTY = sorted(name for name, module in FORMATS.items() if "empty" in module.HOLDS)


def without_annotation(number: int, name: str) -> Document:
    return replace(document(name), id=f"empty{number}", entities=(), relations=())


@pytest.mark.parametrize("name", WITH_EMPTY)
@pytest.mark.parametrize("n_empty", [1, 100])
def test_a_corpus_whose_first_documents_are_empty_is_told_by_itself_and_by_name(tmp_path, name, n_empty):
    path = tmp_path / "corpus"
    empty = (without_annotation(number, name) for number in range(n_empty))
    FORMATS[name].write([*empty, replace(document(name), id="free", relations=()), document(name)], path)
    assert detect(path, RECOGNISERS) == name
    assert another_format(path, name, RECOGNISERS) is None


@pytest.mark.parametrize("name", WITH_EMPTY)
def test_a_corpus_of_empty_documents_alone_can_be_read_by_itself_and_by_name(tmp_path, name):
    path, empty = tmp_path / "corpus", [without_annotation(number, name) for number in range(3)]
    FORMATS[name].write(empty, path)
    assert another_format(path, name, RECOGNISERS) is None
    read = list(FORMATS[detect(path, RECOGNISERS)].read(path))
    assert [(each.id, each.text, each.entities, each.relations) for each in read] == [
        (each.id, each.text, (), ()) for each in empty
    ]


TOOLS = {  # what each tool writes beside annotation, which is read as meta
    "semeval": {"comment": "none", "wordnet": 'WordNet(e1) = "n/a"'},
    "jsonl": {"page": 3, "entities": {"1": {"link": 3}}, "relations": {"1": {"sure": True}}},
    "opennre": {"h": {"id": "Q1", "name": "ann"}, "t": {"id": "Q2", "name": "acme"}},
    "tacred": {"docid": "d", "stanford_pos": ["NN"], "stanford_ner": ["O"], "stanford_head": [0], "stanford_deprel": ["ROOT"]},
    "spert": {"ltokens": ["a"], "rtokens": ["b"], "pos": ["NN"], "dep": ["ROOT"]},
    "dygie": {"clusters": [[[0, 0]]], "events": [[]], "dataset": "d", "predicted_ner": [[]], "_sentence_start": [0]},
    "fewrel": {"h": {"name": "ann", "id": "Q1"}, "t": {"name": "acme", "id": "Q2"}},
    "brat": {"lines": ["#1\tNote T1\ta"], "relation_ids": ["R1"], "equivalences": [["Same", "T1", "T2"]], "symmetric": ["Uses"]},
    "label_studio": {"label_studio": {"predictions": [{}], "drafts": [{}], "cancelled": 1}, "title": "News"},
    "prodigy": {"_input_hash": 1, "_task_hash": 2, "_view_id": "rel", "_timestamp": 3, "meta": {"source": "a"}, "options": []},
    "doccano": {"Comments": [], "cats": [], "username": "ann"},
    "conll": {"pos": ["NN"]},
    "tsv": {"note": "a"},
}


@pytest.mark.parametrize("source", TOOLS)
@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("n_relations", [0, 1])
def test_what_a_tool_says_beside_annotation_does_not_make_another_format_that_of_the_tool(tmp_path, source, target, n_relations):
    path, holds = tmp_path / "corpus", FORMATS[target].HOLDS
    if n_relations == 0 and "empty" not in holds:
        return
    given = replace(document(source), meta=TOOLS[source])
    if "text" in FORMATS[source].HOLDS:  # else the text is the words with a blank between
        given = replace(given, text="Ann founded Acme.", words=given.words and (*WORDS[:3], Span(16, 17)))
    given = given if n_relations else replace(given, entities=(), relations=())
    form = TARGETS[target]
    rules = rules_for(target, form.holds, form.keys, source, lazy_tokenizer("en", "char"))
    form.write(adapt(given, rules).documents, path)
    found = detect(path, RECOGNISERS)
    assert found == target or {found, target} == set(ALIKE)
