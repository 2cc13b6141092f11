"""Agreement of annotators, by hand: what is a unit, what is missing, what is confused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import convert
from pipeline.annotation.agreement import agree
from pipeline.annotation.annotators import by_annotator, common_texts, find_units, read_annotations, without_direction
from pipeline.annotation.coefficients import MISSING
from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from tests.support.versions import SENTENCES, write_split

SETTINGS = params.Evaluate(resamples=100, confidence=0.95, seed=7)
TEXT = "Ann Lee founded Acme in Oslo."
PLACES = {"ann": Span(0, 7), "acme": Span(16, 20), "oslo": Span(24, 28)}
TYPES = {"ann": "PER", "acme": "ORG", "oslo": "LOC"}


def document(*relations: tuple[str, str, str | None], without: str = "", text: str = TEXT, **types: str) -> Document:
    """The text with its three entities, but for one; ids are of no account."""
    entities = tuple(Entity(name[::-1], (PLACES[name],), (TYPES | types)[name]) for name in PLACES if name != without)
    return Document("", "", text, entities, tuple(Relation(head[::-1], tail[::-1], label) for head, tail, label in relations))


FOUNDED, IN = ("ann", "acme", "founded"), ("acme", "oslo", "in")


def said(*documents: Document) -> list[list[str]]:
    """The labels of each unit, by annotator."""
    annotations = by_annotator((str(number), one) for number, one in enumerate(documents))
    values, _, labels = find_units(annotations, common_texts(annotations), "Other", without_direction(annotations, "Other", ()))
    return [["missing" if label == MISSING else labels[label] for label in unit] for unit in values]


def test_a_pair_that_one_annotator_related_has_no_relation_for_the_other() -> None:
    assert said(document(FOUNDED, IN), document(FOUNDED)) == [["founded", "founded"], ["in", "Other"]]


def test_who_lacks_an_entity_of_a_pair_has_not_labelled_it() -> None:
    assert said(document(FOUNDED), document(without="acme"), document()) == [["founded", "missing", "Other"]]


def test_who_has_not_the_text_has_not_labelled_it() -> None:
    assert said(document(FOUNDED), document(FOUNDED), document(text="It rained.")) == [["founded", "founded", "missing"]]


def test_a_pair_the_other_way_round_is_the_same_unit_with_a_turned_label() -> None:
    assert said(document(FOUNDED), document(("acme", "ann", "founded"))) == [["founded", "founded(e2,e1)"]]


def test_a_direction_in_the_label_and_one_of_head_and_tail_are_the_same() -> None:
    turned = document(("acme", "ann", "founded(e2,e1)"))
    assert said(document(("ann", "acme", "founded(e1,e2)")), turned) == [["founded", "founded"]]


def test_a_direction_is_one_of_the_text_whoever_comes_first() -> None:
    backward = document(("acme", "ann", "founded"))
    assert said(backward, document(FOUNDED)) == [["founded(e2,e1)", "founded"]]


def test_a_symmetric_relation_has_no_other_way_round() -> None:
    annotations = by_annotator([("a", document(FOUNDED)), ("b", document(("acme", "ann", "founded")))])
    undirected = without_direction(annotations, "Other", ["founded"])
    assert find_units(annotations, [TEXT], "Other", undirected).values.tolist() == [[0, 0]]


def test_what_one_format_says_is_symmetric_is_so_for_all() -> None:
    brat = replace(document(FOUNDED), meta={"symmetric": ["founded"]})
    swapped = document(("acme", "ann", "founded"))
    assert said(swapped, brat) == [["founded", "founded"]]
    assert table(swapped, brat)["relations"]["f1"]["value"] == 1.0


def test_several_labels_of_a_pair_are_one_value() -> None:
    assert said(document(FOUNDED, ("ann", "acme", "owns")), document(FOUNDED)) == [["founded + owns", "founded"]]


def test_who_related_a_pair_without_a_label_has_not_labelled_it() -> None:
    assert said(document(("ann", "acme", None)), document(FOUNDED)) == [["missing", "founded"]]
    assert said(document(("acme", "ann", None)), document(FOUNDED)) == [["missing", "founded"]]


def test_a_pair_that_nobody_labelled_is_no_unit() -> None:
    assert said(document(("ann", "acme", None)), document()) == []


def table(*documents: Document, symmetric: Sequence[str] = ()) -> dict[str, Any]:
    return agree(by_annotator((str(number), one) for number, one in enumerate(documents)), "Other", SETTINGS, symmetric)


def test_entities_are_compared_in_place_and_type() -> None:
    entities = table(document(), document(oslo="ORG", without="ann"))["entities"]
    assert entities["f1"]["value"] == round(2 * 1 / (3 + 2), 4)
    assert entities["places_f1"]["value"] == round(2 * 2 / (3 + 2), 4)
    assert entities["confused"] == [{"classes": ["LOC", "ORG"], "count": 1}]
    by_type = {row["label"]: (row["given"], row["value"]) for row in entities["classes"]}
    assert by_type == {"LOC": (1, 0.0), "ORG": (3, 0.6667), "PER": (1, 0.0)}


def test_relations_are_compared_in_both_ends_and_label() -> None:
    relations = table(document(FOUNDED, IN), document(FOUNDED, ("acme", "oslo", "near")))["relations"]
    assert (relations["f1"]["value"], relations["places_f1"]["value"]) == (0.5, 1.0)


def test_a_relation_is_found_by_both_whether_its_label_or_its_ends_have_the_direction() -> None:
    relations = table(document(("ann", "acme", "founded(e2,e1)")), document(("acme", "ann", "founded")))["relations"]
    assert relations["f1"]["value"] == 1.0


def test_a_symmetric_relation_with_its_ends_swapped_is_found_by_both() -> None:
    sides = document(FOUNDED), document(("acme", "ann", "founded"))
    assert [table(*sides, symmetric=names)["relations"]["f1"]["value"] for names in ((), ("founded",))] == [0.0, 1.0]


def test_labels_that_differ_are_counted_as_confused() -> None:
    labels = table(document(FOUNDED, IN), document(("ann", "acme", "owns"), IN))["labels"]
    assert labels["confused"] == [{"classes": ["founded", "owns"], "count": 1}]


def test_annotators_who_always_agree_on_one_label_have_no_kappa() -> None:
    labels = table(document(FOUNDED), document(FOUNDED))["labels"]
    assert {labels[name]["value"] for name in ("krippendorff_alpha", "fleiss_kappa")} == {None}


def test_few_texts_have_no_interval_and_many_have_one_around_the_value() -> None:
    texts = [f"{TEXT} {number}" for number in range(20)]
    ones = [("a", document(FOUNDED, IN, text=text)) for text in texts]
    others = [("b", document(FOUNDED if number % 4 else ("ann", "acme", "in"), IN, text=text)) for number, text in enumerate(texts)]
    few, many = (
        agree(by_annotator([*ones[:n], *others[:n]]), "Other", SETTINGS, ())["labels"]["krippendorff_alpha"] for n in (9, 20)
    )
    assert (few["low"], few["high"]) == (None, None)
    assert many["low"] < many["value"] < many["high"]


def test_a_score_that_no_resample_defines_has_no_interval() -> None:
    """Of a dozen texts one alone has another label, without which there is no kappa."""
    texts = [f"{TEXT} {number}" for number in range(12)]
    ones = [("a", document(FOUNDED, text=text)) for text in texts]
    others = [("b", document(FOUNDED if number else ("ann", "acme", "in"), text=text)) for number, text in enumerate(texts)]
    settings = [params.Evaluate(resamples=1, confidence=0.95, seed=seed) for seed in range(6)]
    found = [agree(by_annotator([*ones, *others]), "Other", each, ())["labels"]["fleiss_kappa"] for each in settings]
    assert {(score["low"] is None, score["high"] is None) for score in found} == {(True, True), (False, False)}


def test_one_annotator_is_no_agreement() -> None:
    with pytest.raises(InputError, match="one annotator alone, 0"):
        table(document())


def test_annotators_without_a_common_text_are_no_agreement() -> None:
    with pytest.raises(InputError, match="no text has been annotated by two of 0, 1"):
        table(document(), document(text="It rained."))


def task(task_id: int, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"id": task_id, "data": {"text": TEXT}, "annotations": list(annotations)}


def annotation(who: int, label: str | None, when: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    regions = [
        {"id": name, "type": "labels", "to_name": "text", "value": {"start": start, "end": end, "labels": [TYPES[name]]}}
        for name, (start, end) in PLACES.items()
    ]
    relation = {"type": "relation", "from_id": "ann", "to_id": "acme", "labels": [label]}
    return {"completed_by": who, "updated_at": when, "result": [*regions, *([relation] if label else [])], **more}


def read(*paths: Path) -> dict[str, list[set[str]]]:
    return {
        name: [set().union(*one.labels.values()) for one in of.values()]
        for name, of in by_annotator(read_annotations(paths)).items()
    }


def test_an_export_of_label_studio_tells_its_annotators(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    cancelled = annotation(3, "owns", was_cancelled=True)
    file.write_text(json.dumps([task(1, annotation(1, "founded"), annotation(2, None), cancelled)]))
    assert read(file) == {"1": [{"founded"}], "2": [set()]}


def test_a_file_and_its_own_export_of_label_studio_agree_wholly(tmp_path: Path) -> None:
    write_split(tmp_path, "train", SENTENCES)
    train, export = tmp_path / "data/raw/train.txt", tmp_path / "export.json"
    convert.main(train, export, to="label_studio", lossy=True)
    values = agree(by_annotator(read_annotations([train, export])), "Other", SETTINGS, ())
    assert values["labels"]["confused"] == []
    assert [values[part]["f1"]["value"] for part in ("relations", "entities")] == [1.0, 1.0]


def test_of_two_annotations_by_one_annotator_the_newer_counts(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    twice = [annotation(1, "owns", "2026-01-02"), annotation(1, "founded", "2026-01-01")]
    file.write_text(json.dumps([task(1, *twice, annotation(2, "founded"))]))
    assert read(file) == {"1": [{"owns"}], "2": [{"founded"}]}


def test_several_folders_are_an_annotator_each_whatever_their_files(tmp_path: Path) -> None:
    for name, label in (("ann", "founded"), ("bob", "owns")):
        (tmp_path / name).mkdir()
        FORMATS["jsonl"].write([document(("ann", "acme", label))], tmp_path / name / "train.jsonl")
        FORMATS["jsonl"].write([document(IN, text=f"{TEXT} No.")], tmp_path / name / "test.jsonl")
    found = read(tmp_path / "ann", tmp_path / "bob")
    assert found == {str(tmp_path / "ann"): [{"in"}, {"founded"}], str(tmp_path / "bob"): [{"in"}, {"owns"}]}


def test_where_relations_alone_have_annotators_entities_are_nobodys(tmp_path: Path) -> None:
    relations = (Relation("nna", "emca", "founded", "ann"), Relation("nna", "emca", "owns", "bob"))
    one = Document("1", "", TEXT, document().entities, relations)
    FORMATS["jsonl"].write([one], tmp_path / "both.jsonl")
    annotations = by_annotator(read_annotations([tmp_path / "both.jsonl"]))
    values = agree(annotations, "Other", SETTINGS, ())
    assert values["labels"]["confused"] == [{"classes": ["founded", "owns"], "count": 1}]
    assert values["entities"]["f1"]["value"] is None
