import dataclasses
import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import dygie
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import assert_a_problem_then_the_good_row, read_rows, written_and_read

ROW = {
    "doc_key": "d1",
    "sentences": [["Ada", "Byron", "wrote", "."], ["She", "lived", "in", "London", "."]],
    "ner": [[[0, 1, "Peop"]], [[7, 7, "Loc"]]],
    "relations": [[], [[0, 1, 7, 7, "Lived_In"]]],
    "clusters": [[[0, 1], [4, 4]]],
}


def test_indices_count_from_the_documents_start_and_ends_are_inclusive(tmp_path):
    (document,) = read_rows(dygie.read, tmp_path, [ROW])
    text = "Ada Byron wrote . She lived in London ."
    assert document == Document(
        "d1",
        f"{tmp_path / 'corpus.json'}:1",
        text,
        (Entity("0", (Span(0, 9),), "Peop"), Entity("1", (Span(31, 37),), "Loc")),
        (Relation("0", "1", "Lived_In"),),
        document.words,
        (Span(0, 17), Span(18, 39)),
        meta={"clusters": [[[0, 1], [4, 4]]]},
    )
    assert [text[slice(*word)] for word in document.words] == [token for sentence in ROW["sentences"] for token in sentence]


def test_lists_may_be_missing_or_empty(tmp_path):
    row = {"doc_key": "d1", "sentences": ROW["sentences"]}
    missing, empty = read_rows(dygie.read, tmp_path, [row, row | {"ner": [[], []], "relations": [[], []]}])
    assert dataclasses.replace(empty, source=missing.source) == missing
    assert (missing.entities, missing.relations) == ((), ())


def test_a_sentence_without_tokens_keeps_its_place(tmp_path):
    row = {"sentences": [[], ["Ada"], [], ["left"]], "ner": [[], [[0, 0, "Peop"]], [], []], "relations": [[], [], [], []]}
    (document,) = read_rows(dygie.read, tmp_path, [row])
    assert document.sentences == (Span(0, 0), Span(0, 3), Span(3, 3), Span(4, 8))
    (read,) = written_and_read(dygie, tmp_path, [document])
    assert read == dataclasses.replace(document, source="")


BAD = {
    "no sentences": ({"doc_key": "d1"}, "key 'sentences' is missing"),
    "a text for a sentence": (ROW | {"sentences": ["Ada wrote.", "She"]}, 'sentences is ["Ada wrote.", "She"]'),
    "no token": (ROW | {"sentences": [[], []]}, "sentences holds no word"),
    "a list too few": (ROW | {"ner": [[]]}, "ner has 1 lists, there are 2 sentences"),
    "an object for relations": (ROW | {"relations": {}}, "relations is {}"),
    "indices from the sentence's start": (
        ROW | {"ner": [[[0, 1, "Peop"]], [[3, 3, "Loc"]]]}, "an entity of it is [3, 3], sentence 1 has the tokens 4 to 8"
    ),
    "an end past the document": (ROW | {"ner": [[], [[8, 9, "Loc"]]]}, "an entity of sentence 1 is [8, 9], there are 9 tokens"),
    "an entity without type": (ROW | {"ner": [[[0, 1]], []]}, "an entity of sentence 0 is [0, 1]"),
    "a relation of what is no entity": (
        ROW | {"relations": [[[0, 0, 7, 7, "x"]], []]}, "the head of a relation, [0, 0], is no entity"
    ),
    "a relation of a text": (ROW | {"relations": [[[0, "1", 7, 7, "x"]], []]}, 'the head of a relation is [0, "1"]'),
    "a relation without label": (ROW | {"relations": [[[0, 1, 7, 7]], []]}, "a relation of sentence 0 is [0, 1, 7, 7]"),
    "one entity twice": (ROW | {"relations": [[[0, 1, 0, 1, "x"]], []]}, "both entities of a relation are the same words"),
    "a relation of one of two": (
        ROW | {"ner": [[[0, 1, "Peop"], [0, 1, "Name"]], [[7, 7, "Loc"]]]},
        "the head of a relation, [0, 1], is 2 entities (Peop, Name)",
    ),
    "a list for an id": (ROW | {"doc_key": []}, "doc_key is []"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_document_is_a_problem_and_the_next_is_read(tmp_path, case):
    bad, found = BAD[case]
    assert_a_problem_then_the_good_row(dygie, tmp_path, bad, ROW, found)


def test_its_own_files_are_recognised_and_no_others(tmp_path):
    path = tmp_path / "any"
    for content, is_dygie in ((json.dumps(ROW), True), (json.dumps(ROW | {"sentences": ["A text."]}), False), ("Ada", False)):
        path.write_text(content, encoding="utf-8")
        assert dygie.recognises(path) == is_dygie


@given(document=documents(dygie.HOLDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path, document):
    (read,) = written_and_read(dygie, tmp_path, [document])
    words = document.words
    bounds = [0, *(sentence.end for sentence in document.sentences)]
    sentences = tuple(Span(min(word.start for word in words if word.start >= start), end) for start, end in pairwise(bounds))
    assert read == dataclasses.replace(document, sentences=sentences)


@pytest.mark.parametrize(
    "change",
    [
        {"sentences": (Span(0, 17),)},
        {"entities": (Entity("0", (Span(0, 9),), "A"), Entity("1", (Span(0, 9),), "B"))},
        {"entities": (Entity("0", (Span(0, 9),)), Entity("1", (Span(31, 37),)))},
    ],
)
def test_what_it_cannot_hold_is_refused(tmp_path, change):
    (document,) = read_rows(dygie.read, tmp_path, [ROW])
    with pytest.raises(ValueError, match="d1"):
        dygie.write([dataclasses.replace(document, **change)], tmp_path / "out.json")


def test_a_file_is_read_in_flat_memory(tmp_path):
    row = json.dumps(ROW | {"sentences": [ROW["sentences"][0], [*ROW["sentences"][1], *["word" * 50] * 100]]})
    assert_read_in_flat_memory(dygie.read, tmp_path, lambda path, n: path.write_text("\n".join([row] * n), encoding="utf-8"))
