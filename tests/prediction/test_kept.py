"""What is kept of the relations of a text's pairs."""

from pipeline.core.schema import Span
from pipeline.prediction.kept import Kept
from pipeline.prediction.types import Entity, Relation

UNSURE, NONE, NEAR = {"Other": 0.55, "Near": 0.45}, {"Other": 0.9, "Near": 0.1}, {"Other": 0.2, "Near": 0.8}


def relations_of(*probabilities: dict[str, float]) -> list[Relation]:
    entities = [Entity(str(n), Span(n, n + 1), Span(n, n + 1)) for n in range(len(probabilities))]
    return [Relation(entity, entity, each) for entity, each in zip(entities, probabilities, strict=True)]


def kept_of(relations: list[Relation], negative_label: str | None = "Other") -> Kept:
    kept = Kept(negative_label)
    for relation in relations:
        kept.add(relation)
    return kept


def test_relations_and_the_least_sure_pair_are_kept_in_order() -> None:
    given = relations_of(NEAR, NONE, UNSURE, NONE, NEAR)
    assert kept_of(given).relations == (given[0], given[2], given[4])


def test_the_least_sure_pair_is_the_first_of_several_and_is_kept_once() -> None:
    given = relations_of(NONE, UNSURE, NONE, UNSURE)
    assert kept_of(given).relations == (given[1],)
    near = relations_of(NEAR, NONE)
    assert kept_of(near).relations == (near[0],)


def test_every_pair_is_counted() -> None:
    assert kept_of(relations_of(NONE, NONE, NEAR)).n_pairs == 3


def test_without_a_negative_label_all_are_kept() -> None:
    given = relations_of(NONE, NEAR)
    assert kept_of(given, None).relations == tuple(given)


def test_of_no_pairs_nothing_is_kept() -> None:
    assert kept_of([]).relations == ()
