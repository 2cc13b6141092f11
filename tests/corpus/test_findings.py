"""Checks of annotations: each finds what it is for on few rows, and not what is nearly so."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import FINDING_KINDS, KINDS
from pipeline.core.schema import PARSED, SPLITS, Finding
from pipeline.corpus import findings, survey
from pipeline.corpus.label_findings import FEW, _yaml

TEXT = "the cat saw the dog"


def row(
    text: str = TEXT,
    e1: tuple[int, int] = (4, 7),
    e2: tuple[int, int] = (16, 19),
    relation: str | None = "Sees",
    types: tuple[str | None, str | None] = (None, None),
    source: str = "",
) -> dict[str, object]:
    """A row whose words are the entities and what is between; spans are characters."""
    edges = sorted({0, *e1, *e2, len(text)})
    spans = list(itertools.pairwise(edges))
    firsts = {start: index for index, (start, _) in enumerate(spans)}
    return {
        "text": text,
        "words": [text[start:end] for start, end in spans],
        "starts": [start for start, _ in spans],
        "e1_start": firsts[e1[0]],
        "e1_end": firsts[e1[0]] + 1,
        "e2_start": firsts[e2[0]],
        "e2_end": firsts[e2[0]] + 1,
        "e1_type": types[0],
        "e2_type": types[1],
        "relation": relation,
        "source": source,
    }


def table(rows: list[dict[str, object]], split: str) -> pa.Table:
    placed = [
        {**each, "id": f"{split}{number}", "source": each["source"] or f"{split}.txt:{number}"}
        for number, each in enumerate(rows, start=1)
    ]
    return pa.Table.from_pylist(placed, PARSED)


def find(splits: Mapping[str, list[dict[str, object]]], negative_label: str = "Other") -> dict[str, Finding]:
    tables = [(split, table(rows, split)) for split, rows in splits.items()]
    return {finding.check: finding for finding in findings.find(tables, negative_label)}


def train(*rows: dict[str, object], negative_label: str = "Other") -> dict[str, Finding]:
    return find({"train": list(rows)}, negative_label)


def of_entity(text: str, start: int, end: int, **others: object) -> dict[str, object]:
    """A row whose e1 is some characters of a text, before its e2, which is the word "end" that is added."""
    return row(f"{text} end", (start, end), (len(text) + 1, len(text) + 4), **others)  # type: ignore[arg-type]


def test_no_rows_have_no_findings() -> None:
    assert findings.find([], "Other") == ()
    assert findings.find([("train", PARSED.empty_table())], "Other") == ()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("the cats saw", 4, 7), ("a doormat", 6, 9), ("caf\u00e9s", 0, 4), ("cafe\u0301", 0, 4), ("in 1987", 3, 6)],
)
def test_an_entity_that_begins_or_ends_inside_a_word_is_found(text: str, start: int, end: int) -> None:
    found = train(of_entity(text, start, end))["entity-inside-word"]
    assert (found.severity, found.count, found.places) == ("warning", 1, ("train.txt:1",))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("crow-like", 0, 4),
        ("Ann's", 0, 3),
        ("20km", 2, 4),
        ("我在北京住", 2, 4),
        ("서울에서", 0, 2),
        ("snake_case", 0, 5),
        ("cat", 0, 3),
    ],
)
def test_the_edge_of_a_word_or_of_a_part_in_scripts_that_join_words_is_none_inside(text: str, start: int, end: int) -> None:
    assert "entity-inside-word" not in train(of_entity(text, start, end))


def test_an_entity_of_several_pairs_counts_once() -> None:
    assert train(of_entity("the cats", 4, 7), of_entity("the cats", 4, 7, relation="Other"))["entity-inside-word"].count == 1


def reason(*rows: dict[str, object]) -> str:
    return train(*rows)["entity-inside-word"].found


def test_ends_one_character_early_in_most_entities_of_a_file_are_said_to_be_inclusive() -> None:
    early = [row("the cat saw the dog" + end, (4, 6), (16, 18)) for end in ("", " .", " !")]
    good = [row(source=f"other.txt:{number}") for number in range(9)]
    assert "one character early" in reason(*early, *good)
    assert "one character early" not in reason(*early, *(row(TEXT + "!" * number) for number in range(5, 15)))


def test_ends_two_characters_early_are_not_said_to_be_inclusive() -> None:
    assert "early" not in reason(*(row(TEXT + end, (4, 5), (16, 17)) for end in ("", " .", " !")))


def test_offsets_in_utf_16_units_or_in_bytes_are_told() -> None:
    assert "UTF-16" in reason(of_entity("\U0001f600\U0001f600 black cats are here", 5, 10))  # black is 3 to 8
    assert "bytes" in reason(of_entity("é é black cats are here", 6, 11))  # black is 4 to 9
    assert "explain" not in reason(of_entity("\U0001f600 black cats are here", 9, 11))


def test_an_entity_of_invisible_characters_alone_is_an_error_and_comes_first() -> None:
    rows = [of_entity("cats", 0, 3), of_entity("a \u200b\u2060 b", 2, 4)]
    first, *_ = findings.find([("train", table(rows, "train"))], "Other")
    assert (first.check, first.severity, first.count, first.places) == ("entity-invisible", "error", 1, ("train.txt:2",))
    assert "entity-invisible" not in train(of_entity("a \u200bc b", 2, 4))


def test_one_pair_with_different_labels_is_found_across_splits() -> None:
    found = find({"train": [row()], "test": [row(relation="Hears")]})["labels-contradict"]
    assert (found.count, found.places) == (1, ("train.txt:1", "test.txt:1"))


@pytest.mark.parametrize(
    "other", [row(), row(relation=None), row(e1=(16, 19), e2=(4, 7), relation="Hears"), row(TEXT + ".", relation="Hears")]
)
def test_one_label_no_label_another_pair_and_another_text_contradict_nothing(other: dict[str, object]) -> None:
    assert "labels-contradict" not in train(row(), other)


def test_labels_given_together_contradict_nothing() -> None:
    assert "labels-contradict" not in train(row(source="a.json:1"), row(relation="Hears", source="a.json:1"))


def test_rows_repeated_within_a_split_are_counted_but_for_the_first() -> None:
    found = find({"train": [row(), row(), row()], "test": [row()]})
    assert (found["rows-repeated"].count, found["rows-repeated"].places) == (2, ("train.txt:2", "train.txt:3"))
    assert "rows-repeated" not in train(row(), row(relation="Hears"))


@pytest.mark.parametrize(("split", "other"), [("train", "test"), ("train", "validation"), ("validation", "test")])
def test_a_row_of_a_later_split_that_is_in_an_earlier_one_is_found(split: str, other: str) -> None:
    found = find({split: [row()], other: [row(relation=None)]})["rows-shared"]
    assert (found.count, found.places) == (1, (f"{other}.txt:1",))
    assert "rows-shared" not in find({split: [row()], other: [row(e1=(0, 3))]})


@pytest.mark.parametrize(
    ("name", "difference", "shown"),
    [
        ("sees", "case", '"sees"'),
        ("S ees", "blanks", '"S ees"'),
        ("Se\u200bes", "invisible characters", '"Se<U+200B>es"'),
        ("\uff33ees", "Unicode form", '"<U+FF33>ees"'),
    ],
)
def test_names_that_look_alike_are_told_apart(name: str, difference: str, shown: str) -> None:
    found = train(row(), row(), row(relation=f"{name}(e1,e2)"))["labels-alike"]
    assert (found.count, found.places) == (1, ("train.txt:3",))
    assert f'differ by {difference} alone: "Sees" (2) and {shown} (1)' in found.found
    typed = train(row(types=("Sees", None)), row(types=("Sees", name)))["types-alike"]
    assert f"{shown} (1)" in typed.found


def test_names_that_differ_by_a_letter_or_a_direction_do_not_look_alike() -> None:
    rows = [row(relation="Sees(e1,e2)"), row(relation="Sees(e2,e1)"), row(relation="See"), row(types=("sees", "See"))]
    assert not {"labels-alike", "types-alike"} & train(*rows).keys()


@pytest.mark.parametrize(("name", "line"), [("no_relation", "no_relation"), ("N/A", '"N/A"'), ("None", "None"), ("no", '"no"')])
def test_a_label_that_looks_like_the_negative_one_is_told_with_the_line_to_write(name: str, line: str) -> None:
    found = train(row(), row(relation=name))["negative-unnamed"]
    assert (found.count, found.places) == (1, ("train.txt:2",))
    assert f"parse.negative_label: {line} in" in found.hint
    assert "negative-unnamed" not in train(row(), row(relation=name), negative_label=name)


def test_a_relation_that_begins_like_a_negative_label_is_none() -> None:
    assert "negative-unnamed" not in train(row(), row(relation="Nationality"), row(relation="Other-Kin"))


def test_a_name_in_a_line_to_write_is_read_as_text() -> None:
    for name in (
        "no",
        "N",
        "N/A",
        "a\u200b",
        "null",
        "1",
        "x: y",
        "born in",
        "Ursache",
        "no_relation",
        "\U0001f600",
        "e\u0301",
        'a"b',
    ):
        assert yaml.safe_load(_yaml(name)) == name


def test_one_label_alone_is_found() -> None:
    assert train(row(), row(TEXT + "."))["label-alone"].count == 2
    assert "label-alone" not in train(row(), row(relation="Other"))


def many(relation: str, count: int, **others: object) -> list[dict[str, object]]:
    return [row(f"{TEXT} {relation} {number}", relation=relation, **others) for number in range(count)]  # type: ignore[arg-type]


def test_a_label_of_few_rows_in_train_is_found() -> None:
    found = find({"train": [*many("Sees", FEW), *many("Hears", FEW - 1)], "test": many("Sees", 1)})["label-rare"]
    assert (found.count, "Hears (4)" in found.found, found.places[0]) == (1, True, "train.txt:6")


def test_a_label_that_a_split_lacks_is_found() -> None:
    found = find({"train": [row(), row(relation="Hears")], "test": [row()]})["label-absent"]
    assert (found.count, found.places) == (1, ("train.txt:2",))
    assert "in test: Hears" in found.found
    assert "in train: Hears" in find({"train": [row()], "test": [row(), row(relation="Hears")]})["label-absent"].found


def test_a_split_without_labels_lacks_none() -> None:
    assert "label-absent" not in find({"train": [row(), row(relation="Hears")], "test": [row(relation=None)]})


def test_types_that_a_frequent_relation_joins_once_are_found_whatever_its_direction() -> None:
    usual = [*many("Sees(e1,e2)", 15, types=("Animal", "Place")), *many("Sees(e2,e1)", 5, types=("Place", "Animal"))]
    odd = row(relation="Sees(e2,e1)", types=("Animal", "Place"))
    found = train(*usual, odd)["types-unusual"]
    assert (found.count, found.places, "Sees of Place and Animal" in found.found) == (1, ("train.txt:21",), True)
    assert "types-unusual" not in train(*usual)
    assert "types-unusual" not in train(*usual[:18], odd)
    assert "types-unusual" not in train(*usual, row(relation="Other", types=("Animal", "Animal")))


def test_an_entity_of_train_whose_string_has_another_type_more_often_is_found() -> None:
    usual = [row(TEXT + end, types=("Animal", "Animal")) for end in ("", ".")]
    odd = row(TEXT + "!", types=("Person", "Animal"))
    found = train(odd, *usual)["types-differ"]
    assert (found.count, found.places, "Person, elsewhere Animal (1)" in found.found) == (1, ("train.txt:1",), True)
    assert "types-differ" not in train(*usual, row("The Cat saw the dog", types=("Person", "Animal")))
    assert "types-differ" not in find({"train": usual, "test": [odd]})
    assert "types-differ" in find({"train": [odd], "test": usual})


def test_html_entities_are_found_once_a_text() -> None:
    found = train(row(TEXT + " &amp; &#39;"), row(TEXT + " &amp; &#39;", relation="Other"))["text-escaped"]
    assert (found.count, found.places) == (1, ("train.txt:1",))
    assert "&amp; (2)" in found.found
    assert "text-escaped" not in train(row(TEXT + " R&D; AT&T &amp &foo;"))


def test_rows_of_one_line_are_told_by_their_ids() -> None:
    found = train(row(source="a.json:1"), row(source="a.json:1"), row(source="a.json:1"))["rows-repeated"]
    assert found.places == ("a.json:1 id train2", "a.json:1 id train3")


def finding(check: str = "label-rare", places: tuple[str, ...] = ("a.txt:1", "a.txt:2")) -> Finding:
    return Finding(check, "warning", 3, "3 labels with few rows", "annotate more", places)


def test_a_finding_is_one_line_and_of_many_the_others_are_counted() -> None:
    assert findings.lines([finding()]) == ["warning: 3 labels with few rows (a.txt:1, a.txt:2): annotate more"]
    assert len(findings.lines([finding()] * 12)) == 12
    told = findings.lines([finding()] * 15)
    assert (len(told), told[-1]) == (12, "and 4 findings more: label-rare")


def test_a_finding_as_a_problem_stands_at_its_first_place() -> None:
    [problem] = findings.as_problems([finding(places=("a.txt:1 id 7", "a.txt:2"))])
    assert (problem.source, problem.row_id, problem.kind) == ("a.txt:1", "7", "label-rare")
    assert problem.found == "3 labels with few rows (also a.txt:2)"


def test_the_kinds_of_findings_are_kinds_of_problems() -> None:
    assert FINDING_KINDS.items() <= KINDS.items()


TEXTS = st.sampled_from(["ab cd", "ab cde", "x ab cd"])
ROWS = st.builds(
    lambda text, e1, e2, relation: row(text, e1, e2, relation),
    TEXTS,
    st.sampled_from([(0, 1), (0, 2)]),
    st.sampled_from([(3, 4), (3, 5)]),
    st.sampled_from(["R", "S", None]),
)


@given(st.fixed_dictionaries({split: st.lists(ROWS, max_size=8) for split in SPLITS}))
def test_counts_are_those_of_a_naive_count(splits: dict[str, list[dict[str, object]]]) -> None:
    def key(each: dict[str, object]) -> tuple[object, ...]:
        return tuple(str(each[name]) for name in ("text", "starts", "e1_start", "e1_end", "e2_start", "e2_end", "words"))

    found = find({split: rows for split, rows in splits.items() if rows})
    count = {check: each.count for check, each in found.items()}
    with_label = [Counter((key(each), each["relation"]) for each in rows) for rows in splits.values()]
    assert count.get("rows-repeated", 0) == sum(n - 1 for rows in with_label for n in rows.values())
    seen: set[tuple[object, ...]] = set()
    n_shared = 0
    for split in SPLITS:
        keys = [key(each) for each in splits[split]]
        n_shared += sum(one in seen for one in keys)
        seen.update(keys)
    assert count.get("rows-shared", 0) == n_shared
    labels: dict[tuple[object, ...], set[object]] = {}
    for rows in splits.values():
        for each in rows:
            labels.setdefault(key(each), set()).add(each["relation"])
    assert count.get("labels-contradict", 0) == sum(len(names - {None}) > 1 for names in labels.values())


def test_a_survey_in_batches_is_that_of_all_rows_at_once() -> None:
    rows = [row(), row(relation=None, types=("A", None)), row(TEXT + " &lt;", relation="Other", types=("B", "A"))]
    whole = table(rows, "train")
    at_once, in_batches = survey.survey([("train", whole)]), survey.survey([("train", whole.slice(n, 1)) for n in range(3)])
    assert at_once is not None
    assert in_batches is not None
    for name, values in vars(at_once).items():
        other = getattr(in_batches, name)
        if isinstance(values, pa.ChunkedArray):
            values, other = values.to_pylist(), other.to_pylist()
        assert values == other if isinstance(values, list | Counter) else (values == other).all()
