import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, Skipped
from pipeline.corpus.formats import prodigy
from tests.support.documents import assert_read_in_flat_memory, documents

TEXT = "Ann founded Acme."
WORDS = (Span(0, 3), Span(4, 11), Span(12, 16), Span(16, 17))
SPANS = [
    {"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"},
    {"start": 12, "end": 16, "token_start": 2, "token_end": 2, "label": "ORG"},
]
ROW = {
    "text": TEXT,
    "tokens": [{"text": TEXT[start:end], "start": start, "end": end, "id": index} for index, (start, end) in enumerate(WORDS)],
    "spans": SPANS,
    "relations": [{"head": 0, "child": 2, "label": "founded", "head_span": SPANS[0], "child_span": SPANS[1]}],
    "answer": "accept",
    "_annotator_id": "rel-ann",
}
ENTITIES = (Entity("0", (Span(0, 3),), "PER"), Entity("1", (Span(12, 16),), "ORG"))


@pytest.fixture
def reading(tmp_path):
    def reading(*values):
        path = tmp_path / "train.jsonl"
        path.write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
        return list(prodigy.read(path))

    return reading


def with_span(**changes):
    return ROW | {"spans": [SPANS[0], SPANS[1] | changes], "relations": []}


def with_relation(*left_out, **changes):
    relation = {key: value for key, value in ROW["relations"][0].items() if key not in left_out}
    return ROW | {"relations": [relation | changes]}


def test_the_example_is_read(reading):
    (document,) = reading(ROW)
    relations = (Relation("0", "1", "founded", "rel-ann"),)
    assert document == Document(document.id, document.source, TEXT, ENTITIES, relations, words=WORDS)
    assert document.source.endswith("train.jsonl:1")


def test_characters_count_where_indices_of_tokens_are_wrong(reading):
    span = SPANS[1] | {"token_start": 3, "token_end": 3}
    (document,) = reading(with_relation(child=3, child_span=span) | {"spans": [SPANS[0], span]})
    assert document.entities == ENTITIES
    assert document.relations[0].tail == "1"


def test_without_spans_of_its_own_a_relation_joins_the_spans_that_end_with_its_tokens(reading):
    spans = [{"start": 0, "end": 11, "label": "PER"}, SPANS[1]]
    (document,) = reading(with_relation("head_span", "child_span", head=1) | {"spans": spans})
    assert [(one.head, one.tail) for one in document.relations] == [("0", "1")]


def test_tokens_that_are_no_span_are_entities_of_no_type(reading):
    (document,) = reading(with_relation("head_span", head=1))
    assert document.entities == (*ENTITIES, Entity("2", (Span(4, 11),), None))
    assert document.relations[0].head == "2"


def test_the_span_of_a_relation_that_is_none_of_the_spans_is_an_entity(reading):
    (document,) = reading(ROW | {"spans": [SPANS[1]]})
    assert document.entities == (replace(ENTITIES[1], id="0"), replace(ENTITIES[0], id="1"))


def test_a_span_of_a_relation_without_a_label_is_the_span_at_its_place(reading):
    (document,) = reading(with_relation(head_span={"start": 0, "end": 3}))
    assert document.entities == ENTITIES


def test_a_pair_may_have_several_relations(reading):
    relations = [ROW["relations"][0], ROW["relations"][0] | {"label": "owns"}]
    (document,) = reading(ROW | {"relations": relations})
    assert [one.label for one in document.relations] == ["founded", "owns"]


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_an_answer_that_is_not_accept_is_left_out_and_said(reading, answer):
    skipped, document = reading(ROW | {"answer": answer}, ROW)
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.source.rpartition(":")[2]) == (f'the answer is "{answer}"', "1")
    assert isinstance(document, Document)


@pytest.mark.parametrize("unanswered", [{}, {"answer": None}])
def test_a_task_without_an_answer_is_left_out_and_said(reading, unanswered):
    task = {key: value for key, value in ROW.items() if key != "answer"} | unanswered
    skipped, document = reading(task, ROW)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "it has no answer"
    assert skipped.document.text == TEXT
    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("given", "annotator"),
    [({"_session_id": "s-bob"}, "s-bob"), ({"_session_id": None}, None), ({"_session_id": "s-bob", "_annotator_id": "bob"}, "bob")],
)
def test_the_annotator_is_that_of_the_session_unless_it_is_told(reading, given, annotator):
    (document,) = reading({key: value for key, value in ROW.items() if key != "_annotator_id"} | given)
    assert document.relations[0].annotator == annotator


def test_what_else_an_object_holds_is_kept(reading):
    (document,) = reading(ROW | {"meta": {"source": "news"}, "_task_hash": -5})
    assert document.meta == {"meta": {"source": "news"}, "_task_hash": -5}


def test_blank_tokens_are_no_words(reading):
    text = "Ann  founded"
    tokens = [{"start": 0, "end": 3}, {"start": 4, "end": 5}, {"start": 5, "end": 12}]
    (document,) = reading({"text": text, "tokens": tokens, "answer": "accept"})
    assert document.words == (Span(0, 3), Span(5, 12))


def test_an_object_without_tokens_has_no_words(reading):
    (document,) = reading({key: value for key, value in ROW.items() if key != "tokens"})
    assert document.words is None


def test_the_id_does_not_change_with_a_line_above_or_a_corrected_relation(reading):
    (before,) = reading(ROW)
    _, after = reading(with_span(label="GPE"), with_relation(label="owns"))
    assert after.id == before.id


def test_the_same_text_of_two_annotators_is_two_documents(reading):
    first, second = reading(ROW, ROW | {"_annotator_id": "rel-bob"})
    assert second.id == f"{first.id}~2"


BAD = {
    "no text": ({"spans": [], "answer": "accept"}, "text is null", "value-malformed"),
    "another answer": (ROW | {"answer": "yes"}, 'answer is "yes"', "value-malformed"),
    "a boolean id": (ROW | {"id": True}, "id is true", "id-malformed"),
    "a span past the text": (with_span(end=99), "a span is [12, 99], the text has 17 characters", "span-impossible"),
    "a span without a start": (with_span(start=None), "a span is [null, 16]", "span-malformed"),
    "a blank span": (with_span(start=11, end=12), "a span is blank", "entity-empty"),
    "a span that quotes another text": (
        with_span(text="Apex"),
        "a span quotes 'Apex', and its offsets hold 'Acme'",
        "entity-text-differs",
    ),
    "a numeric label": (with_span(label=3), "the label of a span is 3", "value-malformed"),
    "a span given twice": (ROW | {"spans": [*SPANS, SPANS[0]]}, "two spans are [0, 3] with the label PER", "entity-repeated"),
    "spans that are no list": (ROW | {"spans": 3}, "spans is 3", "value-malformed"),
    "tokens that overlap": (
        ROW | {"tokens": [{"start": 0, "end": 3}, {"start": 2, "end": 4}]},
        "token 1 is [2, 4]",
        "span-impossible",
    ),
    "a token that quotes another text": (
        ROW | {"tokens": [ROW["tokens"][0] | {"text": "Bob"}, *ROW["tokens"][1:]]},
        "token 0 quotes 'Bob', and its offsets hold 'Ann'",
        "entity-text-differs",
    ),
    "a child_span that is no object": (with_relation(child_span=[12, 16]), "child_span is [12, 16]", "relation-malformed"),
    "tokens that are no list": (ROW | {"tokens": "Ann"}, 'tokens is "Ann"', "value-malformed"),
    "relations that are no list": (ROW | {"relations": "all"}, 'relations is "all"', "value-malformed"),
    "a head past the tokens": (with_relation("head_span", head=4), "head is 4, of 4 tokens", "span-impossible"),
    "a negative head": (with_relation("head_span", head=-1), "head is -1, of 4 tokens", "span-impossible"),
    "no head": (with_relation("head_span", "head"), "head is null, of 4 tokens", "span-impossible"),
    "a head_span past the text": (with_relation(head_span={"start": 0, "end": 99}), "a head_span is [0, 99]", "span-impossible"),
    "no label": (with_relation("label"), "the label of a relation is null", "relation-malformed"),
    "a head that ends two spans": (
        with_relation("child_span") | {"spans": [*SPANS, {"start": 4, "end": 16, "label": "EVENT"}]},
        "child may be [12, 16] and [4, 16]",
        "entity-ambiguous",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_object_is_a_problem_and_the_next_one_is_read(reading, case):
    value, found, kind = BAD[case]
    problem, good = reading(value, ROW)
    assert isinstance(problem, Problem)
    assert problem.found.startswith(found)
    assert problem.kind == kind
    assert problem.source.endswith("train.jsonl:1")
    assert isinstance(good, Document)


def test_a_line_that_is_no_json_is_a_problem_and_the_next_one_is_read(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('{"text": \n' + json.dumps(ROW))
    problem, document = prodigy.read(path)
    assert problem.kind == "json-malformed"
    assert document.text == TEXT


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_one_problem_of_the_file(tmp_path, encoding):
    path = tmp_path / "train.jsonl"
    path.write_bytes("\n".join([json.dumps(ROW | {"text": "Ann in caf\xe9."}, ensure_ascii=False)] * 3).encode(encoding))
    assert [problem.kind for problem in prodigy.read(path)] == ["file-not-utf8"]


@pytest.mark.parametrize("value", [ROW, ROW | {"relations": []}, {"text": TEXT, "_task_hash": 5, "spans": []}])
def test_a_file_of_prodigy_is_recognised(tmp_path, value):
    path = tmp_path / "a"
    path.write_text(json.dumps(value))
    assert prodigy.recognises(path)


@pytest.mark.parametrize(
    "value",
    [
        {"text": "A b.", "e1": [0, 1], "e2": [2, 3], "relation": "Other"},
        {"text": "A b.", "relations": [{"head": "a", "tail": "b", "label": "x"}]},
        {"text": "A b.", "entities": [], "relations": [{"from_id": 1, "to_id": 2, "type": "x"}]},
        {"tokens": ["A"], "relations": [{"head": 0, "tail": 1, "type": "x"}]},
        [3],
    ],
)
def test_other_files_are_not_recognised(tmp_path, value):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(value))
    assert not prodigy.recognises(path)
    assert not prodigy.recognises(tmp_path)


def numbered(document):
    """The document with its entities numbered in their order, as they are read."""
    ids = {entity.id: str(number) for number, entity in enumerate(document.entities)}
    entities = tuple(replace(entity, id=ids[entity.id]) for entity in document.entities)
    relations = tuple(replace(one, head=ids[one.head], tail=ids[one.tail]) for one in document.relations)
    return replace(document, entities=entities, relations=relations)


@pytest.mark.parametrize("holds", [prodigy.HOLDS, prodigy.HOLDS - {"words"}], ids=["tokens", "no tokens"])
def test_documents_written_are_read_again(tmp_path_factory, holds):
    @settings(deadline=None, max_examples=40)
    @given(written=st.lists(documents(holds), min_size=1, max_size=3, unique_by=lambda document: document.id))
    def round_trip(written):
        path = tmp_path_factory.mktemp("prodigy") / "out.jsonl"
        prodigy.write(written, path)
        assert [replace(document, source="") for document in prodigy.read(path)] == list(map(numbered, written))

    round_trip()


def document(**changes):
    relations = (Relation("0", "1", "founded", "ann"),)
    return replace(Document("1", "a:1", TEXT, ENTITIES, relations, words=WORDS), **changes)


def test_an_entity_is_written_with_the_tokens_that_it_shares_characters_with(tmp_path):
    entities = (Entity("0", (Span(2, 11),), "PER"), ENTITIES[1])
    prodigy.write([document(entities=entities)], tmp_path / "out.jsonl")
    (relation,) = json.loads((tmp_path / "out.jsonl").read_text())["relations"]
    assert (relation["head"], relation["child"]) == (1, 2)
    assert (relation["head_span"]["token_start"], relation["head_span"]["token_end"]) == (0, 1)


def test_one_annotator_of_all_relations_stands_at_the_object(tmp_path):
    prodigy.write([document()], tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text())["_annotator_id"] == "ann"


REFUSED = {
    "fragments": {"entities": (replace(ENTITIES[0], spans=(Span(0, 1), Span(2, 3))), ENTITIES[1])},
    "a relation without label": {"relations": (Relation("0", "1", None),)},
    "sentences": {"sentences": (Span(0, 17),)},
    "two entities that are alike": {"entities": (*ENTITIES, replace(ENTITIES[0], id="2"))},
    "a meta that would take the text's place": {"meta": {"text": "Other."}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_prodigy_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    with pytest.raises(ValueError):  # noqa: PT011
        prodigy.write([document(**REFUSED[case])], tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_large_file_is_read_in_flat_memory(tmp_path):
    def write(path, n):
        prodigy.write((document(id=str(number), text=TEXT * 500) for number in range(n)), path)

    assert_read_in_flat_memory(prodigy.read, tmp_path, write)
