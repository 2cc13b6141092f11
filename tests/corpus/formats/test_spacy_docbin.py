from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words
from pipeline.corpus.formats import spacy_docbin
from pipeline.corpus.formats.spacy_docbin import with_spaces
from tests.support.documents import documents

TEXT = "Ada Byron, of London.  Eve-Mary left."
ADA, LONDON, EVE = (
    Entity("T1", (Span(0, 9),), "Peop"),
    Entity("T2", (Span(14, 20),), "Loc"),
    Entity("T3", (Span(23, 26),)),
)
RELATIONS = (Relation("T1", "T2", "Live_In", "ann"), Relation("T3", "T2", None))


def document(**changed: object) -> Document:
    return replace(Document("7", "f:1", TEXT, (ADA, LONDON, EVE), RELATIONS, meta={"page": 3}), **changed)


@pytest.fixture
def written(tmp_path):
    def written(*documents):
        spacy_docbin.write(documents, tmp_path / "train.spacy")
        return read(tmp_path / "train.spacy")

    return written


def read(path):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    return list(DocBin().from_disk(path).get_docs(Vocab()))


def from_doc(doc) -> Document:
    """A document as far as a spaCy document tells it."""
    entities = tuple(
        Entity(span.id_, (Span(span.start_char, span.end_char),), span.label_ or None) for span in doc.spans["entities"]
    )
    relations = tuple(
        Relation(entities[head].id, entities[tail].id, label, annotator)
        for head, tail, label, annotator in doc.user_data["relations"]
    )
    words = tuple(Span(token.idx, token.idx + len(token)) for token in doc if not token.text.isspace())
    sentences = tuple(sentence.start_char for sentence in doc.sents) if doc.has_annotation("SENT_START") else None
    return Document(
        doc.user_data["id"], doc.user_data["source"], doc.text, entities, relations, words, sentences, meta=doc.user_data["meta"]
    )


def test_entities_are_a_span_group_and_relations_an_extension(written):
    (doc,) = written(document())
    assert [(span.text, span.label_, span.id_) for span in doc.spans["entities"]] == [
        ("Ada Byron", "Peop", "T1"),
        ("London", "Loc", "T2"),
        ("Eve", "", "T3"),
    ]
    assert doc._.rel == {(0, 4): {"Live_In": 1.0}}
    assert [tuple(relation) for relation in doc.user_data["relations"]] == [(0, 1, "Live_In", "ann"), (2, 1, None, None)]
    assert (doc.user_data["id"], doc.user_data["meta"]) == ("7", {"page": 3})


def test_the_text_stays_and_tokens_are_cut_where_entities_end(written):
    (doc,) = written(document(entities=(replace(ADA, spans=(Span(0, 7),)),), relations=()))
    assert doc.text == TEXT
    assert [token.text for token in doc][:4] == ["Ada", "Byr", "on", ","]


def test_typed_entities_that_do_not_overlap_are_spacy_s_entities(written):
    (doc,) = written(document(entities=(ADA, LONDON, EVE, Entity("T4", (Span(0, 3),), "First"))))
    assert [(entity.text, entity.label_) for entity in doc.ents] == [("Ada Byron", "Peop"), ("London", "Loc")]
    assert len(doc.spans["entities"]) == 4


def test_given_words_are_the_tokens(written):
    text, words = join_words(["Ada-Byron", "left", "New York"])
    (doc,) = written(Document("7", "", text, (), (), words))
    assert [token.text for token in doc] == ["Ada-Byron", "left", "New York"]


def test_given_sentences_begin_with_their_first_tokens(written):
    (doc,) = written(document(sentences=(Span(0, 22), Span(22, 37))))
    assert [sentence.text for sentence in doc.sents] == ["Ada Byron, of London.", " Eve-Mary left."]


def test_sentences_that_are_not_given_stay_unknown(written):
    (doc,) = written(document())
    assert not doc.has_annotation("SENT_START")


def test_an_empty_text_is_written(written):
    (doc,) = written(Document("7", "", "", (), ()))
    assert (doc.text, len(doc.spans["entities"])) == ("", 0)


def test_the_same_documents_make_the_same_bytes(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        spacy_docbin.write(iter([document(), document(id="8")]), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


REFUSED = {
    "fragments": document(entities=(replace(ADA, spans=(Span(0, 3), Span(14, 20))), LONDON, EVE)),
    "a part of a given word": document(words=(Span(0, 13), Span(14, 20), Span(23, 31))),
    "words that overlap": document(words=(Span(0, 9), Span(8, 20))),
    "an empty word": document(words=(Span(0, 9), Span(9, 9))),
    "a sentence inside a given word": document(
        words=(Span(0, 37),), sentences=(Span(0, 5), Span(5, 37)), entities=(), relations=()
    ),
    "half a surrogate pair": document(text="\ud83d" + TEXT[1:]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_docbin_cannot_hold_is_not_written(tmp_path, case):
    with pytest.raises(ValueError, match=r"."):
        spacy_docbin.write([REFUSED[case]], tmp_path / "train.spacy")
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(st.lists(documents(spacy_docbin.HOLDS), min_size=1, max_size=3))
def test_a_docbin_tells_all_of_a_document(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("spacy") / "train.spacy"
    spacy_docbin.write(drawn, path)
    for doc, document in zip(read(path), drawn, strict=True):
        sentences = tuple(min(word.start for word in document.words if word.start >= start) for start, _ in document.sentences)
        told = from_doc(doc)
        first_words = tuple(min(word.start for word in document.words if word.start >= start) for start in told.sentences)
        assert (replace(told, sentences=None), first_words) == (replace(document, sentences=None), sentences)


@given(st.text("ab  \n", max_size=12))
def test_tokens_and_spaces_make_the_text(text):
    words = [Span(start, start + 1) for start, character in enumerate(text) if not character.isspace()]
    tokens, spaces = with_spaces(text, words)
    assert "".join(text[slice(*token)] + " " * space for token, space in zip(tokens, spaces, strict=True)) == text
