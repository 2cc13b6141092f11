"""Changes of a document: each kind by hand, and drawn documents against themselves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from pipeline.annotation.difference import Change, document_changes
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from tests.support.documents import documents

TEXT = "Ann Lee founded Acme in Oslo."
ANN, ACME, OSLO = Entity("a", (Span(0, 7),), "PER"), Entity("b", (Span(16, 20),), "ORG"), Entity("c", (Span(24, 28),), "LOC")
FOUNDED = Relation("a", "b", "founded")
ALL = frozenset({"text", "types", "untyped", "fragments", "free", "many", "empty", "unlabelled", "ids", "meta"})


def document(*parts: Entity | Relation, text: str = TEXT, source: str = "new:1") -> Document:
    entities = tuple(part for part in parts if isinstance(part, Entity))
    return Document("d", source, text, entities, tuple(part for part in parts if isinstance(part, Relation)))


def told(old: Document, new: Document) -> list[tuple[str, str, str, str]]:
    changes = document_changes(replace(old, source="old:1"), new)
    assert {(change.id, change.source) for change in changes} <= {("d", "new:1")}
    return [(change.kind, change.old, change.new, change.about) for change in changes]


BEFORE = document(ANN, ACME, OSLO, FOUNDED)


@given(documents(ALL))
def test_a_document_has_no_change_against_itself(drawn: Document) -> None:
    assert document_changes(drawn, drawn) == []


@given(documents(ALL))
def test_other_ids_and_another_order_are_no_change(drawn: Document) -> None:
    names = {entity.id: f"other {entity.id}" for entity in drawn.entities}
    entities = [replace(entity, id=names[entity.id]) for entity in reversed(drawn.entities)]
    relations = [replace(one, head=names[one.head], tail=names[one.tail]) for one in reversed(drawn.relations)]
    assert document_changes(drawn, replace(drawn, entities=tuple(entities), relations=tuple(relations))) == []


def test_another_label_is_told_with_its_pair() -> None:
    after = document(ANN, ACME, OSLO, Relation("a", "b", "left"))
    assert told(BEFORE, after) == [("relabelled", "founded", "left", "Ann Lee - Acme")]


def test_a_relation_whose_ends_were_swapped_is_relabelled() -> None:
    after = document(ANN, ACME, OSLO, Relation("b", "a", "founded"))
    assert told(BEFORE, after) == [("relabelled", "founded", "founded (head and tail swapped)", "Acme - Ann Lee")]


def test_a_label_that_a_pair_has_beside_another_is_added() -> None:
    after = document(ANN, ACME, OSLO, Relation("a", "b", "left"), FOUNDED)
    assert told(BEFORE, after) == [("relation_added", "", "left", "Ann Lee - Acme")]


def test_an_entity_that_goes_takes_its_relation_along() -> None:
    assert told(BEFORE, document(ANN, OSLO)) == [
        ("entity_removed", "Acme [16:20]", "", "ORG"),
        ("relation_removed", "founded", "", "Ann Lee - Acme"),
    ]


def test_an_entity_that_comes_is_added() -> None:
    assert told(document(ANN, ACME, FOUNDED), BEFORE) == [("entity_added", "", "Oslo [24:28]", "LOC")]


def test_another_type_is_told_with_the_entity() -> None:
    after = document(ANN, replace(ACME, type="LOC"), OSLO, FOUNDED)
    assert told(BEFORE, after) == [("retyped", "ORG", "LOC", "Acme")]


def test_an_entity_with_its_id_at_another_place_has_moved_and_keeps_its_relation() -> None:
    after = document(ANN, replace(ACME, spans=(Span(8, 15),)), OSLO, FOUNDED)
    assert told(BEFORE, after) == [("entity_moved", "Acme [16:20]", "founded [8:15]", "ORG")]


def test_an_entity_without_a_lasting_id_has_moved_where_it_overlaps() -> None:
    after = document(Entity("x", (Span(0, 3),), "PER"), ACME, OSLO, Relation("x", "b", "founded"))
    assert told(BEFORE, after) == [("entity_moved", "Ann Lee [0:7]", "Ann [0:3]", "PER")]


def test_ids_that_count_may_shift() -> None:
    counted = document(*(replace(one, id=str(number)) for number, one in enumerate([ANN, ACME, OSLO])))
    after = document(*(replace(one, id=str(number)) for number, one in enumerate([ACME, OSLO])))
    assert told(counted, after) == [("entity_removed", "Ann Lee [0:7]", "", "PER")]


def test_entities_of_an_edited_text_have_moved_with_their_words() -> None:
    text = "In 1990 Ann Leigh founded Acme in Oslo."
    spans = [(replace(ANN, spans=(Span(8, 17),))), replace(ACME, spans=(Span(26, 30),)), replace(OSLO, spans=(Span(34, 38),))]
    assert told(BEFORE, document(*spans, FOUNDED, text=text)) == [("edited", TEXT, text, "")]


def test_an_entity_whose_words_the_edit_took_has_gone() -> None:
    after = document(ANN, ACME, FOUNDED, text="Ann Lee founded Acme.")
    assert [kind for kind, *_ in told(BEFORE, after)] == ["edited", "entity_removed"]


def test_a_pair_whose_relation_is_told_now_is_relabelled_from_nothing() -> None:
    before = document(ANN, ACME, OSLO, Relation("a", "b", None))
    assert document_changes(before, BEFORE) == [Change("relabelled", "d", "new:1", "", "founded", "Ann Lee - Acme")]
