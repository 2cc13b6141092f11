from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus import excerpts
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.excerpts import Excerpts, find_annotated
from pipeline.corpus.pair_options import COUNTED, PairOptions
from pipeline.corpus.pairs import AnnotatedPair, find_pairs
from pipeline.corpus.sentences import segment, segmenter_of
from pipeline.corpus.words import load_tokenizer
from tests.support.documents import documents

TEXT = "Ada met Eve. She knew Bob well. Bob left."
ADA, EVE, SHE, BOB, BOB_2 = (
    Entity(name, (Span(start, start + 3),), "Per") for name, start in zip("aesbc", (0, 8, 13, 22, 32), strict=True)
)
SPLIT = segmenter_of(load_tokenizer("en", "char"))
SENTENCES = (Span(0, 13), Span(13, 32), Span(32, 41))
ANY = documents(
    frozenset({"text", "words", "sentences", "types", "untyped", "fragments", "many", "free", "empty", "unlabelled", "ids"})
)


def document(*relations, **changed):
    made = Document("7", "f:1", TEXT, (ADA, EVE, SHE, BOB, BOB_2), tuple(Relation(*relation) for relation in relations))
    return replace(made, **changed)


def pairs_of(document, sentences, words=None, **options):
    return find_pairs(sentences, Excerpts(document, words, options.get("rename", {})), PairOptions(**options))


def found(*relations, sentences=SENTENCES, changed=None, **options):
    return pairs_of(document(*relations, **changed or {}), sentences, **options)


def shown(pairs):
    return [(pair.id, pair.text[slice(*pair.e1)], pair.relation, pair.text[slice(*pair.e2)], pair.text) for pair in pairs.pairs]


def test_the_single_relation_of_a_document_is_a_pair_with_its_id():
    result = found(("a", "e", "Met"))
    assert result.pairs == (AnnotatedPair("7", "f:1", "Ada met Eve.", Span(0, 3), Span(8, 11), "Met", "Per", "Per", "7"),)
    assert (result.problems, result.counts) == ((), Counter(annotated=1))


def test_several_relations_have_ids_of_head_and_tail():
    assert [pair.id for pair in found(("a", "e", "Met"), ("s", "b", "Knew")).pairs] == ["7:a-e", "7:s-b"]


def test_head_and_tail_are_e1_and_e2_whatever_their_order_in_the_text():
    assert shown(found(("e", "a", "Met_By"))) == [("7", "Eve", "Met_By", "Ada", "Ada met Eve.")]


def test_the_text_of_a_later_sentence_begins_with_it():
    (pair,) = found(("s", "b", "Knew")).pairs
    assert (pair.text, pair.e1, pair.e2) == ("She knew Bob well.", Span(0, 3), Span(9, 12))


def test_a_pair_across_sentences_gets_the_shortest_run_that_holds_both():
    result = found(("e", "b", "Knows"))
    assert shown(result) == [("7", "Eve", "Knows", "Bob", "Ada met Eve. She knew Bob well.")]
    assert result.counts == Counter(annotated=1, across_sentences=1)


def test_an_entity_that_ends_with_its_sentence_reaches_into_no_other():
    touching = Document("7", "f:1", "a b.c", (Entity("x", (Span(0, 1),)), Entity("y", (Span(2, 4),))), (Relation("x", "y", "X"),))
    result = pairs_of(touching, (Span(0, 4), Span(4, 5)))
    assert ([pair.text for pair in result.pairs], result.counts["across_sentences"]) == (["a b."], 0)


def test_a_pair_across_sentences_may_be_left_out_and_is_counted():
    result = found(("e", "b", "Knows"), ("a", "e", "Met"), across_sentences="exclude")
    assert [pair.id for pair in result.pairs] == ["7:a-e"]
    assert result.counts == Counter(annotated=1, across_sentences=1, excluded=1)


def test_the_text_of_a_pair_format_stays_as_it_is():
    padded = Document("1", "f:1", " a b ", (Entity("e1", (Span(1, 2),)), Entity("e2", (Span(3, 4),))), (Relation("e1", "e2", "X"),))
    (pair,) = pairs_of(replace(padded, complete=False), (Span(0, 5),)).pairs
    assert pair.text == " a b "


def test_an_unlabelled_pair_has_no_relation():
    assert [pair.relation for pair in found(("a", "e", None)).pairs] == [None]


@pytest.mark.parametrize("ends", ["ae", "ea"])
@pytest.mark.parametrize("label", ["Met", "Met(e2,e1)"])
def test_a_symmetric_relation_has_no_direction(ends, label):
    assert shown(found((*ends, label), symmetric=frozenset({"Met"}))) == [("7", "Ada", "Met", "Eve", "Ada met Eve.")]


def test_a_relation_is_renamed_with_its_direction_and_types_are_too():
    result = found(("a", "e", "Met(e2,e1)"), rename={"Met": "Saw", "Per": "Person"})
    assert [(pair.relation, pair.e1_type, pair.e2_type) for pair in result.pairs] == [("Saw(e2,e1)", "Person", "Person")]
    assert result.counts == Counter(annotated=1, renamed=3)


def test_a_renamed_relation_may_be_symmetric():
    assert shown(found(("e", "a", "Met"), rename={"Met": "Saw"}, symmetric=frozenset({"Saw"})))[0][1:4] == ("Ada", "Saw", "Eve")


def test_fragments_become_the_stretch_that_holds_them():
    torn = replace(ADA, spans=(Span(0, 3), Span(8, 11)))
    result = found(("a", "s", "X"), changed={"entities": (torn, SHE)})
    assert shown(result)[0][1] == "Ada met Eve"
    assert result.counts == Counter(annotated=1, across_sentences=1, covered=1)


def test_fragments_may_be_a_problem():
    torn = replace(ADA, spans=(Span(0, 3), Span(8, 11)))
    result = found(("a", "s", "X"), changed={"entities": (torn, SHE)}, fragments="error")
    (problem,) = result.problems
    assert (problem.found, problem.kind, problem.row_id) == ("entity a has 2 fragments", "entity-fragmented", "7")
    assert result.pairs == ()


TWICE = (("a", "e", "Met"), ("a", "e", "Saw"), ("s", "b", "Knew"))


def test_several_labels_of_a_pair_are_one_problem():
    result = found(*TWICE)
    (problem,) = result.problems
    assert (problem.found, problem.kind, problem.row_id) == (
        "the pair a-e has the relations Met, Saw: 'Ada' and 'Eve'",
        "relations-several",
        "7:a-e",
    )
    assert [pair.id for pair in result.pairs] == ["7:s-b"]


def test_the_first_of_several_labels_may_be_kept_and_the_others_are_counted():
    result = found(*TWICE, several="first")
    assert [pair.relation for pair in result.pairs] == ["Met", "Knew"]
    assert result.counts == Counter(annotated=2, dropped=1)


def test_several_labels_may_be_pairs_of_their_own():
    result = found(*TWICE, several="rows")
    assert [(pair.id, pair.relation) for pair in result.pairs] == [("7:a-e", "Met"), ("7:a-e~2", "Saw"), ("7:s-b", "Knew")]


def test_annotators_who_label_a_pair_otherwise_give_it_several_labels_whatever_the_ids_of_their_entities():
    twice = {"entities": (ADA, EVE, replace(ADA, id="x"), replace(EVE, id="y"))}
    relations = (("a", "e", "Met"), ("x", "y", "Saw"))
    (problem,) = found(*relations, changed=twice).problems
    assert (problem.found, problem.row_id) == ("the pair a-e has the relations Met, Saw: 'Ada' and 'Eve'", "7:a-e")
    assert [pair.id for pair in found(*relations, changed=twice, several="first").pairs] == ["7:a-e"]
    other_type = {"entities": (*twice["entities"][:2], replace(ADA, id="x", type="Role"), replace(EVE, id="y"))}
    assert len(found(*relations, changed=other_type).pairs) == 2


def test_a_pair_that_annotators_label_otherwise_is_told_as_theirs():
    (problem,) = found(("a", "e", "Met", "ann"), ("a", "e", "Saw", "bob")).problems
    assert problem.found == "the pair a-e has the relations Met, Saw by several annotators: 'Ada' and 'Eve'"


@pytest.mark.parametrize("several", ["error", "first", "rows"])
@pytest.mark.parametrize("entity_id", ["a", "a2"])
def test_a_relation_that_several_annotators_said_is_one_pair(several, entity_id):
    twice = {"entities": (ADA, EVE, SHE, BOB, replace(ADA, id="a2"))}
    relations = (("a", "e", "Met", "ann"), (entity_id, "e", "Met", "bob"), ("s", "b", "Knew", "bob"))
    result = found(*relations, changed=twice, several=several)
    assert [(pair.id, pair.relation) for pair in result.pairs] == [("7:a-e", "Met"), ("7:s-b", "Knew")]
    assert result.counts == Counter(annotated=2, dropped=1)


@pytest.mark.parametrize("annotator", [None, "ann"])
def test_a_relation_that_one_annotator_said_twice_stays_two_pairs(annotator):
    assert len(found(("a", "e", "Met", annotator), ("a", "e", "Met", annotator)).pairs) == 2


def test_a_symmetric_relation_given_in_both_orders_is_one_pair():
    both = (("a", "e", "Met"), ("e", "a", "Met"))
    result = found(*both, symmetric=frozenset({"Met"}))
    assert ([pair.id for pair in result.pairs], result.counts) == (["7:a-e"], Counter(annotated=1, dropped=1))
    assert len(found(*both).pairs) == 2
    assert len(found(both[0], both[0], symmetric=frozenset({"Met"})).pairs) == 2


def test_labels_that_a_new_name_makes_one_are_not_several():
    result = found(*TWICE, rename={"Saw": "Met"})
    assert ([pair.relation for pair in result.pairs], result.problems) == (["Met", "Met", "Knew"], ())


def test_a_symmetric_relation_against_its_order_is_of_the_same_pair():
    (problem,) = found(("e", "a", "Met"), ("a", "e", "Saw"), symmetric=frozenset({"Met"})).problems
    assert problem.found == "the pair a-e has the relations Met, Saw: 'Ada' and 'Eve'"


def test_opposite_directions_are_two_pairs():
    assert found(("e", "a", "Met"), ("a", "e", "Saw")).problems == ()


BAD = {
    "one entity twice": (("a", "a", "Met"), {}, "entities a and a are the same characters", "entities-identical"),
    "a malformed label": (("a", "e", "Met(e1,e3)"), {}, "'Met(e1,e3)' is no relation", "relation-malformed"),
    "a blank entity": (("x", "e", "Met"), {"entities": (Entity("x", (Span(3, 4),)), EVE)}, "entity x is blank", "entity-empty"),
    "no relation in a direction": (("a", "e", "Other(e1,e2)"), {}, "'Other(e1,e2)' has a direction", "direction-unexpected"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_pair_is_a_problem_of_its_document(case):
    relation, changed, text, kind = BAD[case]
    result = found(relation, changed=changed)
    (problem,) = result.problems
    assert (problem.found, problem.kind, problem.source, problem.row_id, result.pairs) == (text, kind, "f:1", "7", ())


def test_all_ordered_pairs_of_a_sentence_without_relation_become_negative():
    result = found(("a", "e", "Met"), negatives="all", negative_label="NA")
    assert [(pair.id, pair.relation) for pair in result.pairs] == [("7", "Met"), ("7:e-a", "NA"), ("7:s-b", "NA"), ("7:b-s", "NA")]
    assert result.counts == Counter(annotated=1, negatives=3)


def test_entities_of_the_same_characters_are_no_negative_pair_and_share_their_relations():
    twin = replace(ADA, id="twin", type="First")
    result = found(("a", "e", "Met"), changed={"entities": (ADA, twin, EVE)}, negatives="all")
    assert [pair.id for pair in result.pairs] == ["7", "7:e-a"]


def test_entities_that_two_annotators_marked_alike_are_one_mention():
    twice = document(entities=(ADA, replace(ADA, id="twin"), EVE))
    words = segment(twice, SPLIT).words
    assert [mention[:2] for mention in Excerpts(twice, words, {}).of_run(Span(0, 41)).mentions] == [(0, 1), (2, 3)]


def test_the_reverse_of_a_symmetric_relation_is_not_negative():
    result = found(("e", "a", "Met"), negatives="all", symmetric=frozenset({"Met"}))
    assert [pair.id for pair in result.pairs] == ["7", "7:s-b", "7:b-s"]


def window_of(max_length, *relations):
    drawn = document(*relations)
    words = segment(drawn, SPLIT).words
    return pairs_of(drawn, (Span(0, 41),), words, negatives="all", max_length=max_length)


def test_negative_pairs_further_apart_than_a_window_are_left_out_and_counted():
    two_words = window_of(3)  # Ada met Eve . She knew Bob well . Bob left .
    assert {pair.id for pair in two_words.pairs} == {"7:a-e", "7:e-a", "7:e-s", "7:s-e", "7:s-b", "7:b-s"}
    assert (two_words.counts["negatives"], two_words.counts["far_apart"]) == (6, 14)
    assert window_of(10).counts == Counter(negatives=20)


def test_annotated_pairs_further_apart_than_a_window_stay_for_the_position_stage_to_tell():
    assert [pair.id for pair in window_of(1, ("a", "c", "Met")).pairs] == ["7"]


def test_a_ratio_of_negatives_is_drawn_of_the_pairs_that_a_window_can_hold():
    drawn = [replace(document(("a", "e", "Met")), id=str(number)) for number in range(20)]
    words = segment(drawn[0], SPLIT).words
    pairs = [pairs_of(one, (Span(0, 41),), words, negatives=1.0, max_length=3).pairs for one in drawn]
    ids = {negative.id.partition(":")[2] for _, negative in pairs}
    assert ids <= {"e-a", "e-s", "s-e", "s-b", "b-s"}


def test_a_document_of_one_pair_alone_has_no_negatives():
    assert found(("a", "e", "Met"), negatives="all", changed={"complete": False}).counts == Counter(annotated=1)


def test_pairs_left_out_or_refused_are_not_negative_either():
    assert "7:a-e" not in [pair.id for pair in found(*TWICE, negatives="all").pairs]


def test_a_ratio_of_negatives_is_of_the_positives():
    two = (("a", "e", "Met"), ("s", "b", "Other"))
    assert found(*two, negatives=1.0).counts["negatives"] == 1
    assert found(*two, negatives=2.0).counts["negatives"] == 2
    assert found(*two, negatives=9.0).counts["negatives"] == 2
    assert found(negatives=1.0).counts["negatives"] == 0


def test_a_part_of_a_negative_is_one_as_often_as_the_part_is_large():
    drawn = [found(("a", "e", "Met"), negatives=0.3, changed={"id": str(number)}).counts["negatives"] for number in range(1000)]
    assert set(drawn) == {0, 1}
    assert 250 < sum(drawn) < 350


def test_the_seed_draws_and_the_same_seed_draws_the_same():
    draws = [[pair.id for pair in found(("a", "e", "Met"), negatives=1.0, seed=seed).pairs] for seed in [*range(20), *range(20)]]
    assert draws[:20] == draws[20:]
    assert len({*map(tuple, draws)}) == 3


@given(ANY)
def test_every_relation_gives_exactly_one_pair(drawn):
    result = pairs_of(drawn, drawn.sentences)
    assert result.problems == ()
    assert Counter(pair.relation for pair in result.pairs) == Counter(relation.label for relation in drawn.relations)
    assert len({pair.id for pair in result.pairs}) == len(drawn.relations) == result.counts["annotated"]


@given(ANY)
def test_the_text_of_an_entity_is_that_of_the_document(drawn):
    for relation, pair in zip(drawn.relations, pairs_of(drawn, drawn.sentences).pairs, strict=True):
        covers = [drawn.entity(end).cover for end in (relation.head, relation.tail)]
        assert [pair.text[slice(*span)] for span in (pair.e1, pair.e2)] == [drawn.text[slice(*cover)] for cover in covers]
        assert pair.text in drawn.text


@given(ANY)
def test_annotated_and_negative_pairs_are_all_ordered_pairs_of_a_sentence(drawn):
    assume(not drawn.relations or any(relation.label is not None for relation in drawn.relations))  # else no pair is negative
    result = pairs_of(drawn, drawn.sentences, negatives="all")
    inside = {
        (e1.cover, e2.cover)
        for e1, e2 in permutations(drawn.entities, 2)
        if any(
            span.start <= min(e1.cover.start, e2.cover.start) and max(e1.cover.end, e2.cover.end) <= span.end
            for span in drawn.sentences
        )
    }
    related = {(drawn.entity(relation.head).cover, drawn.entity(relation.tail).cover) for relation in drawn.relations}
    assert result.counts["negatives"] == len({(one, other) for one, other in inside - related if one != other})
    assert len(result.pairs) == len(drawn.relations) + result.counts["negatives"]


@given(ANY, st.sampled_from(["keep", "exclude"]))
def test_counts_add_up(drawn, across):
    result = pairs_of(drawn, drawn.sentences, across_sentences=across)
    assert result.counts["annotated"] + result.counts["excluded"] == len(drawn.relations)
    assert result.counts.keys() <= COUNTED.keys()


def test_a_sentence_longer_than_the_limit_is_refused_whether_or_not_it_has_a_pair() -> None:
    long = "a " * 50_001
    alone = Document("d", "a:1", long, (Entity("t", (Span(0, 1),)),), ())
    found = find_annotated((Span(0, len(long)),), Excerpts(alone, [(0, 1), (2, 3)], {}))
    assert (found.sentences, [(problem.kind, problem.row_id) for problem in found.problems]) == ((), [("text-too-long", "d")])


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("He left. She met Bob \n", Span(17, 21)),
        ("She joined Yahoo! He left.", Span(11, 18)),
        ("He left.\nAnn came.", Span(8, 12)),
        ("\u3000Ann came. He left.", Span(0, 4)),
    ],
)
def test_white_space_at_the_ends_of_an_entity_takes_it_out_of_no_sentence(text: str, entity: Span) -> None:
    segmented = segment(whole := Document("d", "f:1", text, (Entity("a", (entity,)),), ()), SPLIT)
    annotated = find_annotated(segmented.sentences, Excerpts(whole, segmented.words, {}))
    parts = [sentence.excerpt for sentence in annotated.sentences]
    mentions = [[part.words[mention.start : mention.end] for mention in part.mentions] for part in parts]
    marked = [part.text[held[0][0] : held[-1][1]] for part, of_part in zip(parts, mentions, strict=True) for held in of_part]
    assert marked == [text[slice(*entity)].strip()]
    assert annotated.n_across == 0


def test_no_sentence_looks_at_the_entities_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(excerpts, "stripped", lambda text, span: looked_at.append(span) or span)
    monkeypatch.setattr(excerpts, "renamed_type", lambda entity, names: looked_at.append(entity) and None)
    n_sentences = 50
    ends = [Span(5 * number, 5 * number + 5) for number in range(n_sentences)]
    entities = tuple(Entity(str(end.start), (Span(end.start, end.start + 3),)) for end in ends)
    words = [(end.start, end.start + 3) for end in ends]
    found = find_annotated(ends, Excerpts(Document("d", "a:1", "Ann. " * n_sentences, entities, ()), words, {}))
    assert [part.excerpt.mentions for part in found.sentences] == [((0, 1, None),)] * n_sentences
    assert len(looked_at) == 2 * n_sentences


@given(st.lists(st.sampled_from(["Ann ", "left", ".", ". ", "! ", "\n", " ", "\u3000", "a "]), min_size=1, max_size=12), st.data())
def test_every_entity_of_one_sentence_that_holds_a_word_is_a_mention_of_it(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    edges = data.draw(st.lists(st.tuples(*[st.integers(0, len(text))] * 2).filter(lambda edge: edge[0] < edge[1]), max_size=4))
    entities = tuple(Entity(str(number), (Span(*edge),)) for number, edge in enumerate(edges))
    segmented = segment(whole := Document("d", "f:1", text, entities, ()), SPLIT)
    sentences = find_annotated(segmented.sentences, Excerpts(whole, segmented.words, {})).sentences
    found = {
        (part.start + part.words[first][0], part.start + part.words[after - 1][1])
        for part in (sentence.excerpt for sentence in sentences)
        for first, after, _ in part.mentions
    }
    words = {cover: [word for word in segmented.words if cover[0] <= word[0] < cover[1]] for cover in edges}
    assert found == {(held[0][0], held[-1][1]) for held in words.values() if held}
