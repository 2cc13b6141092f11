"""Which documents of two versions are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotation.matching import Placed, match
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation

TEXTS = ("Ann Lee founded Acme in Oslo.", "It rained on the harbour all day.", "Grandmother keeps bees behind the mill.")


def sentence(row_id: str, text: str, label: str = "A", starts: tuple[int, int] = (0, 4), split: str = "train") -> Placed:
    """One pair of entities of three characters."""
    entities = tuple(Entity(f"e{n}", (Span(start, start + 3),)) for n, start in enumerate(starts, 1))
    return Placed(split, "a.txt", Document(row_id, "a.txt:1", text, entities, (Relation("e1", "e2", label),), complete=False))


def matched(old: Sequence[Placed], new: Sequence[Placed]) -> list[tuple[str, str]]:
    """The ids of each pair, empty where there is none."""
    sides = [{split: [one for one in side if one.split == split] for split in ("train", "test")} for side in (old, new)]
    return [(one.document.id if one else "", other.document.id if other else "") for one, other in match(*sides)]


THREE = [sentence(str(number), text) for number, text in enumerate(TEXTS)]


def renumbered(documents: Sequence[Placed], first: int) -> list[Placed]:
    return [one._replace(document=replace(one.document, id=str(number))) for number, one in enumerate(documents, first)]


@given(st.permutations(THREE))
def test_the_order_of_documents_is_no_change(order: list[Placed]) -> None:
    assert matched(THREE, order) == []


def test_another_label_is_that_of_the_same_document() -> None:
    assert matched(THREE, [THREE[0], sentence("1", TEXTS[1], "B"), THREE[2]]) == [("1", "1")]


def test_a_document_that_comes_first_moves_no_other() -> None:
    assert matched(THREE, [sentence("9", "New snow fell at night."), *THREE]) == [("", "9")]


def test_documents_that_were_numbered_anew_are_known_by_what_they_say() -> None:
    new = [sentence("0", "New snow fell at night."), *renumbered(THREE, 1)]
    assert sorted(matched(THREE, new)) == [("", "0"), ("0", "1"), ("1", "2"), ("2", "3")]


def test_a_document_in_another_split_has_moved() -> None:
    assert matched(THREE, [THREE[0], THREE[1], THREE[2]._replace(split="test")]) == [("2", "2")]


def test_of_two_documents_of_one_text_the_pair_tells_which_is_which() -> None:
    pairs = [
        sentence("1", TEXTS[0], starts=(0, 4)),
        sentence("2", TEXTS[0], starts=(0, 16)),
        sentence("3", TEXTS[0], starts=(4, 16)),
    ]
    assert matched(pairs, renumbered(pairs[1:], 1)) == [("2", "1"), ("3", "2"), ("1", "")]


def test_an_edited_text_is_known_by_its_id() -> None:
    assert matched(THREE, [THREE[0], sentence("1", "It rained on the old harbour all day."), THREE[2]]) == [("1", "1")]


def test_an_id_that_another_text_has_taken_is_no_edit() -> None:
    assert matched(THREE[:1], [sentence("0", TEXTS[1])]) == [("0", ""), ("", "0")]


def test_a_text_written_anew_is_known_by_an_id_that_others_have_kept() -> None:
    rewritten = sentence("1", "Snow closed all passes of these mountains.", "B")
    assert matched(THREE, [THREE[0], rewritten, THREE[2]]) == [("1", "1")]


def test_a_text_written_anew_is_known_by_its_id_in_a_file_with_another_name() -> None:
    new = [THREE[0], sentence("1", "Snow closed all passes of these mountains."), THREE[2]]
    assert matched(THREE, [one._replace(file="b.txt") for one in new]) == [("0", "0"), ("2", "2"), ("1", "1")]


def test_an_id_that_was_numbered_anew_is_that_of_no_text_written_anew() -> None:
    new = [sentence("0", "Snow closed all passes of these mountains."), *renumbered(THREE[1:], 3)]
    assert matched(THREE, new) == [("1", "3"), ("2", "4"), ("0", ""), ("", "0")]


def test_an_id_of_another_file_is_no_proof_that_a_text_was_written_anew() -> None:
    other = sentence("0", "Snow closed all passes of these mountains.")._replace(file="b.txt")
    assert matched(THREE, [*THREE[1:], other]) == [("0", ""), ("", "0")]


def test_an_id_that_two_left_over_have_is_that_of_neither() -> None:
    twice = [sentence("0", "Snow closed all passes."), sentence("0", "Mice ran over roofs.")]
    assert matched(THREE, [*THREE[1:], *twice]) == [("0", ""), ("", "0"), ("", "0")]


def test_an_edited_text_is_that_of_the_most_alike_where_ids_were_numbered_anew() -> None:
    old = [*THREE, sentence("3", "Ann Lee founded Acme in Rome."), sentence("4", "Ann Lee founded Acme in Bern.")]
    new = [*renumbered(THREE, 10), sentence("3", "Ann Lee founded Acme in Bern!"), sentence("4", "Ann Lee founded Acme in Rome!")]
    assert sorted(matched(old, new))[3:] == [("3", "4"), ("4", "3")]


def test_an_edited_text_is_known_where_its_id_is_made_of_it() -> None:
    assert matched([sentence("5e0c", TEXTS[1])], [sentence("77ab", "It rained on the harbour all week.")]) == [("5e0c", "77ab")]


def test_a_copy_in_another_split_stays_where_it_is() -> None:
    copies = [THREE[0], THREE[0]._replace(split="test")]
    assert matched(copies, copies[1:]) == [("0", "")]


def test_a_file_with_another_name_is_told_for_each_of_its_documents() -> None:
    assert matched(THREE, [one._replace(file="b.txt") for one in THREE]) == [("0", "0"), ("1", "1"), ("2", "2")]


def test_the_same_id_in_two_files_is_two_documents() -> None:
    old = [sentence("1", TEXTS[0]), sentence("1", TEXTS[1])._replace(file="b.txt")]
    new = [sentence("1", TEXTS[0], "B"), sentence("1", TEXTS[1])._replace(file="b.txt")]
    assert matched(old, new) == [("1", "1")]


EDITED = "Ann Lee founded Acme in old Oslo."


def test_of_one_sentence_a_pair_that_went_and_another_that_came_are_two_documents() -> None:
    assert matched([sentence("1", TEXTS[0], starts=(0, 4))], [sentence("2", TEXTS[0], starts=(16, 24))]) == [("1", ""), ("", "2")]


def test_pairs_that_have_one_entity_in_common_are_two_documents() -> None:
    assert matched([sentence("1", TEXTS[0], starts=(0, 4))], [sentence("2", TEXTS[0], starts=(0, 16))]) == [("1", ""), ("", "2")]


def test_a_mark_that_is_a_little_elsewhere_is_that_of_the_same_pair_whatever_its_id() -> None:
    assert matched([sentence("1", TEXTS[0], starts=(0, 16))], [sentence("2", TEXTS[0], starts=(0, 17))]) == [("1", "2")]


def test_a_pair_whose_head_and_tail_were_swapped_is_the_same_whatever_its_id() -> None:
    assert matched([sentence("1", TEXTS[0], starts=(0, 16))], [sentence("2", TEXTS[0], starts=(16, 0))]) == [("1", "2")]


def test_a_pair_that_keeps_its_id_is_the_same_wherever_its_marks_are() -> None:
    assert matched([sentence("1", TEXTS[0], starts=(0, 4))], [sentence("1", TEXTS[0], starts=(16, 24))]) == [("1", "1")]


def test_an_id_that_was_numbered_anew_is_no_proof_that_a_pair_is_the_same() -> None:
    old = [*THREE[1:], sentence("7", TEXTS[0], starts=(0, 4))]
    new = [*renumbered(THREE[1:], 3), sentence("7", TEXTS[0], starts=(16, 24))]
    assert matched(old, new) == [("1", "3"), ("2", "4"), ("7", ""), ("", "7")]


def test_an_edited_text_with_another_pair_is_another_document() -> None:
    old = [sentence("1", TEXTS[0], starts=(0, 4)), sentence("2", TEXTS[0], starts=(0, 16))]
    new = [sentence("3", EDITED, starts=(16, 28)), sentence("4", EDITED, starts=(0, 16))]
    assert matched(old, new) == [("2", "4"), ("1", ""), ("", "3")]


def test_an_entity_whose_words_were_written_anew_with_others_may_be_any() -> None:
    old, new = "Ann Lee sold bread to our harbour.", "Grandmother sold bread to our harbour."
    assert matched([sentence("1", old, starts=(4, 26))], [sentence("2", new, starts=(0, 30))]) == [("1", "2")]


def test_an_entity_that_may_be_any_is_no_proof_of_the_other_one() -> None:
    old, new = "Ann Lee sold bread to our harbour.", "Grandmother sold bread to our harbour."
    assert matched([sentence("1", old, starts=(4, 26))], [sentence("2", new, starts=(0, 17))]) == [("1", ""), ("", "2")]
