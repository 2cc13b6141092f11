"""Documents made to fit a format: what it cannot hold is said otherwise or left out, and counted.

The rules stand in the order in which they apply: relations and names, words, entities, text, and pairs at last, so that all pairs
of a document have its words. Which of them a format needs follows from its HOLDS, and from LIMITS, which has what HOLDS does
not tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, NoReturn

from pipeline.corpus import mend_entities as entities
from pipeline.corpus import mend_words as words
from pipeline.corpus.document import Document
from pipeline.corpus.formats import brat, brat_meta, brat_said
from pipeline.corpus.formats.label_studio import OWN
from pipeline.corpus.unread import n_unread
from pipeline.corpus.words import Tokenizer

SAYS = {"brat": brat_meta.META, "semeval": frozenset({"symmetric"})}  # keys of meta that formats without meta say in their own way
DIRECTED = frozenset({"semeval", "jsonl"})  # formats whose labels name a direction
TOKENS = frozenset({"wordless", "unsplit", "cut", "borders"})  # of every format whose text is made of its words
LIMITS: dict[str, frozenset[str]] = {  # what a format cannot hold beside what its HOLDS leaves out, by the rules below
    "semeval": frozenset({"padded", "loops", "crossing", "backward", "lines"}),
    "opennre": frozenset({"loops", "cut"}),
    "tacred": frozenset({"loops"}),
    "spert": frozenset({"loops"}),
    "dygie": frozenset({"loops", "twins"}),
    "fewrel": frozenset({"loops", "neighbours"}),
    "brat": frozenset({"spaced", "unsaid", "pathless"}),
    "label_studio": frozenset({"wordless"}),
    "prodigy": frozenset({"wordless", "unsplit", "doubles", "blank"}),
    "doccano": frozenset({"wordless"}),
    "conll": frozenset({"symmetric", "loops", "overlaps", "unfit"}),
    "tsv": frozenset({"symmetric", "loops", "lines"}),
    "spacy": frozenset({"unsplit", "cut", "borders"}),
}


class Rule(NamedTuple):
    """Something that a format may not hold.

    Args: what: what there are several of, for people; becomes: what becomes of it; is_loss: whether the document says less then;
        find: how many a document has; mend: the documents that such a one becomes.
    """

    what: str
    becomes: str
    is_loss: bool
    find: Callable[[Document], int]
    mend: Callable[[Document], Sequence[Document]]


class Adapted(NamedTuple):
    """The documents that one has become, and how many there were of what was changed, by the names of the rules."""

    documents: Sequence[Document]
    changes: Mapping[str, int]


def adapt(document: Document, rules: Mapping[str, Rule]) -> Adapted:
    """The documents that say what a document says, as far as a format can.

    Args: rules: of the format, as `rules_for` gives them.
    Raises: ValueError where an entity has no word.
    """
    documents: list[Document] = [document]
    changes = Counter[str]()
    for name, rule in rules.items():
        counts = [rule.find(each) for each in documents]
        if any(counts):
            changes[name] += sum(counts)
            fit = [rule.mend(each) if count else (each,) for each, count in zip(documents, counts, strict=True)]
            documents = [each for of_one in fit for each in of_one]
    return Adapted(documents, changes)


def rules_for(target: str, holds: frozenset[str], keys: frozenset[str], source: str, tokenize: Tokenizer) -> dict[str, Rule]:
    """The rules of documents that go from one format to another, in order. What a format gave, it can take.

    Args: holds: what the target's HOLDS says; keys: those that meta cannot have there; tokenize: makes words of a text.
    """
    lacks = RULES.keys() & {"unlabelled", "annotators", "types", "untyped", "fragments", "free", "empty", "many"} - holds
    lacks |= set() if "text" in holds else {"text"}
    lacks |= set() if "words" in holds else {"words", "told"}
    lacks |= set() if "sentences" in holds else {"sentences", "single"}
    if source == target:
        lacks -= {"free"}  # FewRel has some: other mentions of its two entities
        lacks |= LIMITS.get(target, frozenset()) & {"unsaid"}  # lines of brat may name what is not there
    else:
        lacks |= LIMITS.get(target, frozenset()) | (set() if "text" in holds else TOKENS)
        lacks |= {"meta"} | (set() if target in DIRECTED else {"directions"})
        lacks |= set() if "meta" in holds and OWN not in keys else {"unread"}
    made = RULES["unsplit"]._replace(mend=lambda document: (words.with_words(tokenize)(document),))
    says = SAYS.get(target, frozenset())
    untold = RULES["words"]._replace(find=words.untold(tokenize))
    own = {"unsplit": made, "words": untold, "meta": _meta(keys.__contains__ if "meta" in holds else lambda key: key not in says)}
    return {name: own.get(name, rule) for name, rule in RULES.items() if name in lacks}


def _rule(what: str, becomes: str, is_loss: bool, find: Callable[[Document], int], mend: Callable[[Document], Document]) -> Rule:
    """A rule by which a document stays one."""
    return Rule(what, becomes, is_loss, find, lambda document: (mend(document),))


def _leave_out(what: str, find: Callable[[Document], int]) -> Rule:
    """A rule by which a document is left out."""
    return Rule(what, "they are left out", True, find, lambda document: ())


def _without(what: str, is_left_out: entities.IsLeftOut) -> Rule:
    """A rule by which relations are left out."""
    return _rule(what, "they are left out", True, entities.n_relations(is_left_out), entities.without_relations(is_left_out))


def _meta(is_lost: Callable[[str], bool]) -> Rule:
    """The rule of what else is said of a document, of which some keys are left out."""

    def mend(document: Document) -> Document:
        return replace(document, meta={key: value for key, value in document.meta.items() if not is_lost(key)})

    return _rule("values of meta", "they are left out", False, lambda document: sum(map(is_lost, document.meta)), mend)


def _by_rules_for(document: Document) -> NoReturn:
    """Raises: NotImplementedError always: `rules_for` knows the tokenizer."""
    raise NotImplementedError(document.id)


RULES: dict[str, Rule] = {
    "unread": _rule("regions of Label Studio that are not read", "they are left out", True, n_unread, entities.without_unread),
    "symmetric": _rule(
        "relations without direction", "it is the one from head to tail", True, entities.n_symmetric, entities.without_symmetric
    ),
    "meta": _meta(lambda key: True),
    "directions": _rule("labels with a direction", "head and tail have it", False, entities.n_directed, entities.turned),
    "unlabelled": _without("relations without label", entities.is_unlabelled),
    "annotators": _rule(
        "relations with an annotator", "they are nobody's", True, entities.n_annotated, entities.without_annotators
    ),
    "types": _rule(
        "entities with a type",
        "they have none",
        True,
        entities.n_entities(lambda entity: entity.type is not None),
        entities.with_entities(partial(replace, type=None)),
    ),
    "untyped": _rule(
        "entities without type",
        f"their type is {entities.TYPE}",
        True,
        entities.n_entities(lambda entity: entity.type is None),
        entities.with_entities(lambda entity: replace(entity, type=entity.type or entities.TYPE)),
    ),
    "spaced": _rule("names with a blank", "it is a _", True, entities.n_spaced, entities.with_closed_names),
    "fragments": _rule(
        "entities of several fragments",
        "they are the stretch that holds these",
        True,
        entities.n_entities(lambda entity: len(entity.spans) > 1),
        entities.with_entities(lambda entity: replace(entity, spans=(entity.cover,))),
    ),
    "padded": _rule("entities with a blank at an end", "it is no part of them", False, words.n_padded, words.trimmed),
    "wordless": _leave_out("documents without a word", words.is_wordless),
    "unsplit": Rule("texts without words", "spaCy's are made", False, words.has_no_words, _by_rules_for),
    "cut": _rule("ends of entities inside a word", "the word is cut there", True, words.n_cut, words.with_words_cut),
    "borders": _rule(
        "entities and sentences with white space around", "it is no part of them", False, words.n_loose, words.tightened
    ),
    "neighbours": _rule("fragments that follow each other", "they are one", False, words.n_neighbours, words.without_neighbours),
    "twins": _rule(
        "entities of the same characters as another",
        "they are one, of the type of the first",
        True,
        entities.n_same(lambda entity: entity.spans),
        entities.merged(lambda entity: entity.spans),
    ),
    "doubles": _rule(
        "entities that are another one again",
        "they are one",
        True,
        entities.n_same(lambda entity: (entity.spans, entity.type)),
        entities.merged(lambda entity: (entity.spans, entity.type)),
    ),
    "loops": _without("relations of the same characters", entities.is_loop),
    "crossing": _without("relations of entities that overlap", entities.is_crossing),
    "backward": _rule(
        "labels without direction with the tail first",
        "the head is first, for they have no direction",
        False,
        entities.n_backward,
        entities.forward,
    ),
    "overlaps": _rule(
        "entities that overlap another",
        "they are left out, with their relations",
        True,
        lambda document: len(entities.overlapping(document)),
        entities.without_overlaps,
    ),
    "free": _rule("entities in no relation", "they are left out", True, entities.n_free, entities.without_free),
    "empty": _leave_out("documents without relation", lambda document: int(not document.relations)),
    "lines": _rule("texts with tabs or line ends", "these are blanks", True, words.n_with_lines, words.without_lines),
    "blank": _rule("words of white space", "they are no words", False, words.n_blank, words.without_blank),
    "unfit": _rule("words with white space", "they are cut there", True, words.n_unfit, words.with_fit_words),
    "text": _rule(
        "texts that are more than their words",
        "they are the words, with a blank between",
        True,
        lambda document: int(not words.is_joined(document)),
        words.joined,
    ),
    "words": _rule(
        "documents with words that their text does not tell",
        "it stands alone",
        True,
        _by_rules_for,
        words.without_words,
    ),
    "told": _rule(
        "documents with words",
        "their text tells them",
        False,
        lambda document: int(document.words is not None),
        words.without_words,
    ),
    "sentences": _rule("sentences", "their borders are left out", True, words.n_sentences, words.without_sentences),
    "single": _rule("documents that are one sentence", "it is not said", False, words.is_single, words.without_sentences),
    "unsaid": _rule(
        "values of meta that brat cannot say",
        "they are left out",
        True,
        brat_said.n_lost,
        lambda document: document,  # brat.write leaves them out
    ),
    "pathless": _rule("ids that are no path", "it is their digest", True, brat.n_pathless, brat.with_path),
    "many": Rule(
        "documents of several relations",
        "they are a document each relation",
        True,
        lambda document: int(len(document.relations) > 1),
        entities.pairs,
    ),
}
