"""Documents adapted to every format: what is written of them is what was promised, and what is lost is told."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.adapt import RULES, adapt, rules_for
from pipeline.corpus.document import Document, Entity, Relation, join_words, needs
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.words import load_tokenizer
from tests.support.documents import documents, said

TOKENIZE = load_tokenizer("en", "char")
NEEDS = ("text", "words", "sentences", "types", "untyped", "fragments", "many", "free", "empty", "unlabelled", "annotators", "meta")
ANN = Document(
    "7",
    "notes.txt:3",
    "Ann and Bob own a pub.",
    (Entity("T1", (Span(0, 3),), "Peop"), Entity("T2", (Span(8, 11),), "Peop"), Entity("T3", (Span(16, 21),), "Org")),
    (Relation("T1", "T3", "Owns"), Relation("T2", "T3", "Owns")),
)


def fit(document: Document, target: str, source: str = "elsewhere"):
    to = TARGETS[target]
    return adapt(document, rules_for(to.name, to.holds, to.keys, source, TOKENIZE))


def one(document: Document, target: str) -> Document:
    """The one document that a document becomes."""
    (fitted,) = fit(document, target).documents
    return fitted


@st.composite
def any_documents(draw: st.DrawFn) -> Document:
    """A document that some format has: of any properties, with entities in the place of others, and a label with a blank."""
    holds = frozenset(draw(st.sets(st.sampled_from(NEEDS)))) | {"ids"}
    holds = holds | {"many", "free"} if draw(st.booleans()) else holds - {"many", "free", "fragments"}  # else a pair
    document = draw(documents(holds))
    spaced = document.text.translate(dict(zip(map(ord, "XY"), "\t\n", strict=True)))
    if draw(st.booleans()):
        document = replace(document, text=spaced)
    if document.entities and draw(st.booleans()):
        like = draw(st.sampled_from(document.entities))
        spans = draw(st.sampled_from([like.spans, (Span(like.cover.start, len(document.text)),), (Span(0, like.cover.end),)]))
        twin = Entity("twin", spans, draw(st.sampled_from([like.type, None, "A type"])))
        relation = Relation(like.id, draw(st.sampled_from([like.id, "twin"])), "per:title of")
        document = replace(document, entities=(*document.entities, twin), relations=(*document.relations, relation))
    return (
        document
        if all(document.text[slice(*span)].strip() for each in document.entities for span in each.spans)
        else replace(document, entities=(), relations=())
    )


def written(target: str, fitted: list[Document], path: Path) -> list[Document]:
    """Documents as their file has them."""
    if path.is_dir():
        shutil.rmtree(path)
    TARGETS[target].write(fitted, path)
    return list(FORMATS[target].read(path))  # type: ignore[arg-type]


@pytest.mark.parametrize("target", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=any_documents())
def test_what_is_adapted_is_written_and_read_again_as_it_was(tmp_path: Path, target: str, document: Document) -> None:
    fitted = list(fit(document, target).documents)
    holds = TARGETS[target].holds
    again = written(target, fitted, tmp_path / "corpus")
    assert {each.id: said(each, holds) for each in again} == {each.id: said(each, holds) for each in fitted}
    assert len(again) == len(fitted)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=any_documents())
def test_what_is_adapted_is_a_dataset_and_a_docbin_of_as_many_entities_and_relations(tmp_path: Path, document: Document) -> None:
    (of_datasets,), (of_spacy,) = (fit(document, target).documents for target in ("datasets", "spacy"))
    TARGETS["datasets"].write([of_datasets], tmp_path / "dataset")
    (row,) = pq.read_table(tmp_path / "dataset/data/train.parquet").to_pylist()
    assert (len(row["entities"]), len(row["relations"])) == (len(document.entities), len(document.relations))
    TARGETS["spacy"].write([of_spacy], tmp_path / "docs.spacy")
    (doc,) = read_docbin(tmp_path / "docs.spacy")
    assert (len(doc.spans["entities"]), len(doc.user_data["relations"])) == (len(document.entities), len(document.relations))


def read_docbin(path: Path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    return list(DocBin().from_disk(path).get_docs(Vocab()))


@given(document=any_documents())
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_cannot_hold_is_a_loss_that_is_told(target: str, document: Document) -> None:
    changes = fit(document, target).changes
    lost = needs(document) - TARGETS[target].holds - {"words", "sentences", "text"}
    told = {name for name in changes if RULES[name].is_loss}
    assert {name for name in lost if not told & {name, "free", "empty", "wordless", "unlabelled", "loops", "crossing"}} <= set()
    assert all(count > 0 for count in changes.values())


@pytest.mark.parametrize("name", FORMATS)
def test_a_rule_of_every_name_is_there(name: str) -> None:
    rules = rules_for(name, frozenset(), frozenset(), "elsewhere", TOKENIZE)
    assert list(rules) == [each for each in RULES if each in rules]


def test_a_direction_of_a_label_becomes_that_of_the_relation() -> None:
    document = replace(ANN, relations=(Relation("T1", "T3", "Owns(e2,e1)"), Relation("T2", "T3", "Owns(e1,e2)")))
    fitted = fit(document, "brat")
    assert fitted.documents[0].relations == (Relation("T3", "T1", "Owns"), Relation("T2", "T3", "Owns"))
    assert fitted.changes == {"directions": 2}
    assert not RULES["directions"].is_loss


def test_fragments_become_the_stretch_that_holds_them() -> None:
    document = replace(ANN, entities=(replace(ANN.entities[0], spans=(Span(0, 3), Span(8, 11))), *ANN.entities[1:]))
    fitted = fit(document, "doccano")
    assert fitted.documents[0].entities[0].spans == (Span(0, 11),)
    assert fitted.changes == {"fragments": 1}


def test_a_format_of_pairs_gets_a_document_a_relation() -> None:
    fitted = fit(replace(ANN, entities=(*ANN.entities, Entity("T4", (Span(12, 15),), "Verb"))), "tsv")
    assert [each.id for each in fitted.documents] == ["7:T1-T3", "7:T2-T3"]
    assert [[entity.id for entity in each.entities] for each in fitted.documents] == [["T1", "T3"], ["T2", "T3"]]
    assert fitted.changes == {"free": 1, "many": 1}


def test_two_relations_of_a_pair_are_documents_of_different_ids() -> None:
    fitted = fit(replace(ANN, relations=(Relation("T1", "T3", "Owns"), Relation("T1", "T3", "Runs"))), "tsv")
    assert [each.id for each in fitted.documents] == ["7:T1-T3", "7:T1-T3~2"]


def test_a_document_without_relation_is_left_out_of_pairs() -> None:
    fitted = fit(replace(ANN, relations=()), "opennre")
    assert fitted.documents == []
    assert fitted.changes == {"free": 3, "empty": 1}


def test_words_are_made_and_cut_where_entities_end() -> None:
    text = "Ann's half-brother left."
    document = Document("1", "", text, (Entity("a", (Span(0, 3),), "P"), Entity("b", (Span(11, 18),), "P")), ())
    fitted = fit(document, "spert")
    assert fitted.documents[0].text == "Ann 's half - brother left ."
    assert [fitted.documents[0].text[slice(*entity.cover)] for entity in fitted.documents[0].entities] == ["Ann", "brother"]
    assert fitted.changes == {"unsplit": 1, "text": 1}


def test_a_text_without_words_gets_some_for_prodigy_whose_relations_join_tokens() -> None:
    fitted = fit(ANN, "prodigy")
    assert [ANN.text[slice(*word)] for word in fitted.documents[0].words or ()] == ["Ann", "and", "Bob", "own", "a", "pub", "."]
    assert fitted.changes == {"unsplit": 1}


def test_words_that_the_text_tells_are_no_loss_and_others_are() -> None:
    text, words = join_words(["Ann", "'s", "pub"])
    of_spacy, others = (Span(0, 3), Span(3, 5), Span(6, 9)), (Span(0, 2), Span(2, 5), Span(6, 9))
    assert set(fit(Document("1", "", text, (), (), words), "doccano").changes) == {"told"}
    assert set(fit(Document("1", "", "Ann's pub", (), (), of_spacy), "doccano").changes) == {"told"}
    assert set(fit(Document("1", "", "Ann's pub", (), (), others), "doccano").changes) == {"words"}
    assert (RULES["told"].is_loss, RULES["words"].is_loss) == (False, True)


def test_the_borders_of_sentences_stay_where_the_text_is_joined() -> None:
    document = replace(ANN, text="Ann left.\nBob stayed.", entities=(), relations=(), sentences=(Span(0, 10), Span(10, 21)))
    fitted = one(document, "dygie")
    assert [fitted.text[slice(*sentence)] for sentence in fitted.sentences or ()] == ["Ann left .", "Bob stayed ."]


def test_meta_stays_but_for_keys_that_the_format_has_itself() -> None:
    fitted = fit(replace(ANN, meta={"from": "a test", "tokens": 3, "orig_id": 8}), "spert")
    assert (fitted.documents[0].meta, fitted.changes["meta"]) == ({"from": "a test"}, 2)
    assert fit(replace(ANN, meta={"from": "a test"}), "brat").changes == {"meta": 1}
    assert not RULES["meta"].is_loss


def test_names_of_brat_have_no_blank() -> None:
    fitted = fit(replace(ANN, relations=(Relation("T1", "T3", "part owner of"),)), "brat")
    assert fitted.documents[0].relations[0].label == "part_owner_of"
    assert fitted.changes == {"spaced": 1}


def test_of_entities_that_overlap_those_of_relations_stay() -> None:
    inner, outer = Entity("T4", (Span(0, 11),), "Group"), Entity("T5", (Span(18, 21),), "Place")
    fitted = one(replace(ANN, entities=(inner, outer, *ANN.entities)), "conll")
    assert [entity.id for entity in fitted.entities] == ["T1", "T2", "T3"]


def test_no_relation_has_no_direction_in_semeval() -> None:
    document = replace(ANN, entities=ANN.entities[::2], relations=(Relation("T3", "T1", "Other"),))
    fitted = fit(document, "semeval")
    assert fitted.documents[0].relations == (Relation("T1", "T3", "Other"),)
    assert fitted.changes == {"types": 2, "backward": 1}
    assert "backward" not in fit(replace(document, relations=(Relation("T3", "T1", "Owned-By"),)), "semeval").changes


def test_words_with_white_space_do_not_go_into_columns() -> None:
    text, words = join_words(["Ann", " ", "a\tb", "5 1/2"])
    fitted = fit(Document("1", "", text, (), (), words), "conll")
    assert fitted.documents[0].text == "Ann a b 5 1/2"
    assert fitted.changes == {"unfit": 2, "text": 1}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_a_format_gave_goes_back_into_it_unchanged(name: str, data: st.DataObject) -> None:
    document = data.draw(documents(FORMATS[name].holds))
    to = TARGETS[name]
    fitted = adapt(document, rules_for(name, to.holds, to.keys, name, TOKENIZE))
    assert (fitted.documents, fitted.changes) == ([document], {})


REGIONS = [{"id": "h", "type": "hypertextlabels"}, {"id": "c", "type": "choices"}]


@pytest.mark.parametrize("target", ["brat", "prodigy"])
def test_regions_that_are_not_read_are_lost_where_no_meta_holds_them(target: str) -> None:
    document = replace(ANN, meta={"label_studio": {"regions": [*REGIONS, REGIONS[0] | {"type": "paragraphlabels"}]}})
    documents, changes = fit(document, target)
    lost = {"unread": 2, "meta": 1} if target == "brat" else {}
    assert {name: n for name, n in changes.items() if name in ("unread", "meta")} == lost
    assert RULES["unread"].is_loss
    assert documents[0].meta == ({} if target == "brat" else document.meta)


def test_regions_that_are_not_read_alone_are_counted_once() -> None:
    document = replace(ANN, meta={"label_studio": {"regions": REGIONS[:1]}})
    assert {name: n for name, n in fit(document, "brat").changes.items() if name in ("unread", "meta")} == {"unread": 1}


@pytest.mark.parametrize("own", [7, {"regions": 7}, {"regions": [7]}])
def test_what_only_looks_like_regions_of_label_studio_is_meta(own: object) -> None:
    changes = fit(replace(ANN, meta={"label_studio": own}), "brat").changes
    assert {name: n for name, n in changes.items() if name in ("unread", "meta")} == {"meta": 1}
