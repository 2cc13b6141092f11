"""Pairs of entities from documents: what a model is trained on, one sentence, two entities and their relation at a time.

A pair's text is the shortest run of sentences that holds both entities: most pairs have one sentence. Head and tail are e1 and e2
in that order, wherever they stand in the text, so that a label without a direction keeps it. Negative pairs are those of a
sentence that have no relation, in documents of which all entities are annotated and whose marked pairs are not all without label,
and that a window of words can hold; which of them are taken depends on their document alone, so that another document added or
edited changes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.labels import parse_label
from pipeline.core.schema import ENTITIES, Mention, Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.excerpts import Excerpt, Excerpts, entity_problem, renamed_type, sentences_of
from pipeline.corpus.formats.row_problems import MOST_CHARACTERS, relation_problem, text_problem
from pipeline.corpus.formats.text_lines import DistinctIds
from pipeline.corpus.negatives import draw, unrelated, within
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.words import Stretches


@dataclass(frozen=True, slots=True)
class AnnotatedPair:
    """A text, two entities in its characters, and the relation between them; None where it is not told."""

    id: str
    source: str  # file:line of the document
    text: str
    e1: Span
    e2: Span
    relation: str | None
    e1_type: str | None = None
    e2_type: str | None = None
    document: str = ""  # the document's id
    words: Stretches | None = field(default=None, compare=False)  # in characters of the text, where they are known
    mentions: tuple[Mention, ...] | None = field(default=None, compare=False)  # all entities of the text, where all are annotated
    is_symmetric: bool = field(default=False, compare=False)  # the relation has no direction, by parse.symmetric or the document


class DocumentPairs(NamedTuple):
    """The pairs of a document, its problems, and what is counted of it, by names of COUNTED."""

    pairs: tuple[AnnotatedPair, ...]
    problems: tuple[Problem, ...]
    counts: Counter[str]


class _Pair(NamedTuple):
    """Two entities in the order of a pair, its label with new names, and the relation as the document has it."""

    relation: Relation
    e1: Entity
    e2: Entity
    label: str | None

    @property
    def cover(self) -> Span:
        """The shortest stretch that holds both entities."""
        one, other = self.e1.cover, self.e2.cover
        return Span(min(one.start, other.start), max(one.end, other.end))

    @property
    def same(self) -> tuple[Span, Span, str | None, str | None]:
        """The key by which pairs are compared: the places and the types of both entities, whatever their ids."""
        return self.e1.cover, self.e2.cover, self.e1.type, self.e2.type


def find_pairs(sentences: Sequence[Span], excerpts: Excerpts, options: PairOptions) -> DocumentPairs:
    """The pairs of a document: one a relation, in their order, then the negative ones in reading order.

    A pair's id is the document's where this has one relation, else DOCUMENT:HEAD-TAIL.

    Args: sentences: as sentences.segment gives them; excerpts: the document's.
    """
    document = excerpts.document
    entities = {entity.id: entity for entity in document.entities}
    symmetric = options.symmetric | {renamed_label(name, options.rename) for name in document.symmetric}
    annotated = _once([_annotated(relation, entities, options.rename, symmetric) for relation in document.relations])
    kept, several = _one_label_a_pair(document, annotated, options.several)
    drawn, n_far_apart = _negatives(excerpts, sentences, annotated, options, symmetric)
    n_kept = len(kept) if options.several == "first" else len(annotated)
    counts = Counter(dropped=len(document.relations) - n_kept, far_apart=n_far_apart)
    problems, pairs, ids = [*several], [], DistinctIds()
    for number, pair in enumerate([*kept, *drawn]):
        is_negative = number >= len(kept)
        is_only = len(document.relations) == 1 and not is_negative
        pair_id = ids.distinct(document.id if is_only else f"{document.id}:{pair.relation.head}-{pair.relation.tail}")
        cover = pair.cover
        run = sentences_of(sentences, cover)
        if problem := _problem(document, pair, options, excerpts.words, run):
            problems.append(problem.at(document.source, row_id=pair_id).or_exclude())
        elif len(run) > 1 and options.across_sentences == "exclude":
            counts["across_sentences"] += 1
            counts["excluded"] += 1
        else:
            part = excerpts.of(Span(run[0].start, run[-1].end), cover)
            pairs.append(_made(document, pair_id, pair, part, options.rename, pair.label in symmetric))
            counts["negatives" if is_negative else "annotated"] += 1
            for change, number_of in _changes(run, pair, options.rename):
                counts[change] += number_of
    return DocumentPairs(tuple(pairs), tuple(problems), counts)


def _annotated(relation: Relation, entities: Mapping[str, Entity], names: Mapping[str, str], symmetric: Set[str]) -> _Pair:
    """The pair of a relation: head and tail, or in reading order where the relation is symmetric."""
    label = relation.label if relation.label is None else renamed_label(relation.label, names)
    e1, e2 = entities[relation.head], entities[relation.tail]
    if symmetric and label is not None and (name := parse_label(label).relation) in symmetric:
        e1, e2 = sorted((e1, e2), key=lambda entity: entity.spans)
        label = name
    return _Pair(relation, e1, e2, label)


def _once(pairs: Sequence[_Pair]) -> list[_Pair]:
    """The pairs without those that say a relation again: a symmetric one in the other order, or another annotator's the same."""
    first: dict[tuple[object, ...], _Pair] = {}
    forward = [
        pair for pair in pairs if first.setdefault((pair.e1.id, pair.e2.id, pair.label), pair).relation.head == pair.relation.head
    ]
    by: dict[tuple[object, ...], str | None] = {}
    return [pair for pair in forward if by.setdefault((*pair.same, pair.label), pair.relation.annotator) == pair.relation.annotator]


def renamed_label(label: str, names: Mapping[str, str]) -> str:
    """A label with the new name of its relation; its direction stays.

    >>> renamed_label("Cause-Effect(e2,e1)", {"Cause-Effect": "Causes"})
    'Causes(e2,e1)'
    """
    if not names or label in names:
        return names.get(label, label)
    relation, direction = parse_label(label)
    return f"{names[relation]}({direction})" if relation in names and direction else label


def _one_label_a_pair(
    document: Document, pairs: Sequence[_Pair], several: Literal["error", "first", "rows"]
) -> tuple[list[_Pair], list[Problem]]:
    """The pairs that are kept of those that have different labels, and the problems that these are; a label said again is kept.

    Entities of the same characters and type are one, whatever their ids: annotators mark them apart.
    """
    if several == "rows" or len(pairs) < 2:
        return list(pairs), []
    same: dict[tuple[Span, Span, str | None, str | None], list[_Pair]] = {}
    for pair in pairs:
        same.setdefault(pair.same, []).append(pair)
    if several == "first":
        return [pair for pair in pairs if pair.label == same[pair.same][0].label], []
    differ = {key: alike for key, alike in same.items() if len({pair.label for pair in alike}) > 1}
    return [pair for pair in pairs if pair.same not in differ], [_several_problem(document, alike) for alike in differ.values()]


def _several_problem(document: Document, pairs: Sequence[_Pair]) -> Problem:
    both = (pairs[0].e1, pairs[0].e2)
    ends = "-".join(entity.id for entity in both)
    labels = ", ".join(dict.fromkeys(pair.label or "none" for pair in pairs))
    by = " by several annotators" if len({pair.relation.annotator for pair in pairs}) > 1 else ""
    texts = " and ".join(repr(document.text[slice(*entity.cover)]) for entity in both)
    hint = "keep one of them, or set parse.several to first or to rows"
    problem = Problem(f"the pair {ends} has the relations {labels}{by}: {texts}", hint, "relations-several")
    return problem.at(document.source, row_id=f"{document.id}:{ends}").or_exclude()


def _problem(document: Document, pair: _Pair, options: PairOptions, words: Stretches | None, run: Sequence[Span]) -> Problem | None:
    """Why two entities are no pair of a model, if they are none."""
    if run[-1].end - run[0].start > MOST_CHARACTERS:
        return text_problem(document.text[run[0].start : run[-1].end])
    return _entity_problem(document, pair, options, words) or _label_problem(pair.label, options.negative_label)


def _entity_problem(document: Document, pair: _Pair, options: PairOptions, words: Stretches | None) -> Problem | None:
    """What is wrong with the entities of a pair, if anything."""
    for name, entity in zip(ENTITIES, (pair.e1, pair.e2), strict=True):
        if len(entity.spans) > 1 and options.fragments == "error":
            hint = "annotate one stretch, or set parse.fragments to cover, which takes all from the first fragment to the last"
            return Problem(f"entity {entity.id} has {len(entity.spans)} fragments", hint, "entity-fragmented")
        if problem := entity_problem(document, entity, name, words):
            return problem
    if pair.e1.cover == pair.e2.cover:
        found = f"entities {pair.e1.id} and {pair.e2.id} are the same characters"
        return Problem(found, "relate two entities", "entities-identical")
    return None


def _label_problem(label: str | None, negative_label: str) -> Problem | None:
    """What is wrong with the label of a pair, if anything."""
    if label is None:
        return None
    if problem := relation_problem(label):
        return problem
    if label != negative_label == parse_label(label).relation:
        hint = f"write {negative_label} alone: it stands for no relation"
        return Problem(f"{label!r} has a direction", hint, "direction-unexpected")
    return None


def _made(
    document: Document, pair_id: str, pair: _Pair, part: Excerpt, names: Mapping[str, str], is_symmetric: bool
) -> AnnotatedPair:
    """A pair with the text of its run."""
    one, other, start = pair.e1.cover, pair.e2.cover, part.start
    e1, e2 = Span(one.start - start, one.end - start), Span(other.start - start, other.end - start)
    e1_type, e2_type = (renamed_type(entity, names) for entity in (pair.e1, pair.e2))
    about = (pair.label, e1_type, e2_type, document.id, part.words, part.mentions, is_symmetric)
    return AnnotatedPair(pair_id, document.source, part.text, e1, e2, *about)


def _changes(run: Sequence[Span], pair: _Pair, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """What is to be counted of a pair."""
    if len(run) > 1:
        yield "across_sentences", 1
    if len(pair.e1.spans) > 1 or len(pair.e2.spans) > 1:
        yield "covered", 1
    if names:
        label = pair.relation.label
        is_renamed = label is not None and renamed_label(label, names) != label
        yield "renamed", is_renamed + sum(entity.type in names for entity in (pair.e1, pair.e2))


def _negatives(
    excerpts: Excerpts, sentences: Sequence[Span], annotated: Sequence[_Pair], options: PairOptions, symmetric: Set[str]
) -> tuple[list[_Pair], int]:
    """The pairs without relation that are wanted of a document, and how many no window of words can hold."""
    document, words = excerpts.document, excerpts.words
    untold = bool(annotated) and all(pair.label is None for pair in annotated)  # nor is it told which pairs have no relation
    if options.negatives == "none" or not document.complete or untold:
        return [], 0
    related = {(pair.e1.cover, pair.e2.cover) for pair in annotated}
    related |= {(pair.e2.cover, pair.e1.cover) for pair in annotated if pair.label in symmetric}
    entities = [entity for entity in document.entities if len(entity.spans) == 1 or options.fragments == "cover"]
    pairs = unrelated(entities, sentences, related)
    n_pairs = len(pairs)
    if words is not None and options.max_length is not None:
        pairs = within(pairs, words, options.max_length)
    n_far_apart = n_pairs - len(pairs)
    if options.negatives != "all":
        n_positives = sum(pair.label not in (None, options.negative_label) for pair in annotated)
        pairs = draw(pairs, options.negatives * n_positives, f"{options.seed}:{document.id}")
    label = options.negative_label
    return [_Pair(Relation(e1.id, e2.id, label), e1, e2, label) for e1, e2 in pairs], n_far_apart
