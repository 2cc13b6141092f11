"""The lines of brat's .ann files, and what stands in each; see pipeline/corpus/formats/brat.py for the format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Entity, Relation
from pipeline.corpus.formats.text_lines import MARK

BEGINS = re.compile(r"(?:[A-Za-z]+|#[A-Za-z]*)[0-9]+\S*\t|\*\t")
TEXTBOUND = re.compile(r"(\S+) +([0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})*) *\t(.*)", re.DOTALL)
BINARY = re.compile(r"(\S+) +([^\s:]+):(\S+) +([^\s:]+):(\S+)\s*")
EQUIVALENCE = re.compile(r"(\S+)((?: +\S+){2,})\s*")
ARGUMENTS = ("Arg1", "Arg2")  # head and tail
KEPT = frozenset("EAMN#")  # events, attributes, their older form, normalisations, notes
CUT = "the line may be cut short"
ENTITY = f"an entity is T1<TAB>Type start end<TAB>text, its fragments start end;start end: {CUT}"
UNITS = "offsets count the code points of the .txt as it is, a line break of Windows is two, and the end is exclusive"


class Line(NamedTuple):
    """A line of annotation, and the lines up to the next, over which a quoted text may run."""

    number: int
    id: str
    body: str
    more: tuple[str, ...]


class Found(NamedTuple):
    """A problem, and the line of the file at which it is."""

    number: int
    problem: Problem


class Annotations(NamedTuple):
    """What the lines of a document say."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    relation_ids: list[str]  # of the line of each relation
    equivalences: list[list[str]]  # label and entities of each `*` line
    kept: list[str]  # the lines that are no entity and no relation
    roles: list[list[str]]  # label and names of arguments, of relations that call these not Arg1 and Arg2


def split_lines(text: str) -> list[Line]:
    r"""The lines of annotation of a file; those before the first one are of an annotation without id.

    >>> split_lines("T1\tTask 0 7\tfield\ntheory\nR1\tUses Arg1:T1 Arg2:T2\n")[0]
    Line(number=1, id='T1', body='Task 0 7\tfield', more=('theory',))
    """
    raw = [line.lstrip(MARK) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    begins = [index for index, line in enumerate(raw) if BEGINS.match(line)]
    lines = [Line(1, "", "", tuple(raw[: begins[0] if begins else None]))]
    for begin, end in pairwise([*begins, len(raw)]):
        line_id, _, body = raw[begin].partition("\t")
        lines.append(Line(begin + 1, line_id, body, tuple(raw[begin + 1 : end])))
    return lines if any(map(str.strip, lines[0].more)) else lines[1:]


def read_lines(lines: Sequence[Line], text: str, shift: int) -> Annotations | list[Found]:
    """What lines say of a text, or all that is wrong with them.

    Args: shift: how many characters the offsets count before the text.
    """
    entities, found = _entities(lines, text, shift)
    bad = {line.id for line in lines} - entities.keys()  # these have a problem of their own
    relations: list[Relation] = []
    relation_ids: list[str] = []
    equivalences: list[list[str]] = []
    for line in lines:
        found += _strays(line, text, entities.get(line.id))
        if line.id[:1] not in ("R", "*"):
            continue
        pairs = read_relations(line)
        unknown = pairs if isinstance(pairs, Problem) else _unknown(pairs, entities, bad)
        if unknown:
            found.append(Found(line.number, unknown))
        elif not isinstance(pairs, Problem):
            relations += pairs
            relation_ids += [line.id] * len(pairs)
            equivalences += [line.body.split()] if line.id == "*" else []
    kept = [f"{line.id}\t{line.body}" for line in lines if line.id[:1] in KEPT]
    if found:
        return sorted(found, key=lambda one: one.number)
    return Annotations(tuple(entities.values()), tuple(relations), relation_ids, equivalences, kept, _roles(lines))


def _roles(lines: Sequence[Line]) -> list[list[str]]:
    """All names that arguments have, by the label of their relation, where these are not Arg1 and Arg2 alone."""
    bodies = [line.body for line in lines if line.id.startswith("R")]
    if all(f" {name}:" in body for body in bodies for name in ARGUMENTS):  # most files: matching again would take longer
        return []
    matches = [match for match in map(BINARY.fullmatch, bodies) if match]
    found = dict.fromkeys(
        (match[1], ARGUMENTS if {match[2], match[4]} == {*ARGUMENTS} else (match[2], match[4])) for match in matches
    )
    others = {label for label, names in found if names != ARGUMENTS}
    return [[label, *names] for label, names in found if label in others]


def _entities(lines: Sequence[Line], text: str, shift: int) -> tuple[dict[str, Entity], list[Found]]:
    """The entities of T lines by id, and what is wrong with the others."""
    entities: dict[str, Entity] = {}
    found: list[Found] = []
    for line in (line for line in lines if line.id.startswith("T")):
        entity = read_entity(line, text, shift)
        if isinstance(entity, Problem):
            found.append(Found(line.number, entity))
        elif line.id in entities:
            found.append(Found(line.number, Problem(f"{line.id} is given twice", "give every line its own id", "entity-repeated")))
        else:
            entities[line.id] = entity
    return entities, found


def read_entity(line: Line, text: str, shift: int) -> Entity | Problem:
    r"""The entity of a T line, or what is wrong with it.

    >>> read_entity(Line(1, "T1", "Task 0 5;12 18\tfield theory", ()), "field of a theory", 0).found
    'T1 is 12 18, the text has 17 characters'
    """
    match = TEXTBOUND.fullmatch(line.body)
    if not match:
        return Problem(f"no entity: {_cut(line)}", ENTITY, "line-malformed")
    entity_type, offsets, quoted = match.groups()
    spans = []
    for fragment in offsets.split(";"):
        start, end = map(int, fragment.split())
        if not shift <= start < end <= len(text) + shift:
            found = f"{line.id} is {fragment}, the text has {len(text) + shift} characters"
            return Problem(found, UNITS, "span-impossible")
        spans.append(Span(start - shift, end - shift))
    words = " ".join(text[start:end] for start, end in spans)
    if not words.strip():
        return Problem(f"{line.id} is blank: {words!r}", UNITS, "entity-empty")
    if words != quoted and joined(words) not in (joined(quoted), joined("".join([quoted, *line.more]))):
        return Problem(f"{line.id} quotes {quoted!r}, and its offsets {offsets} hold {words!r}", UNITS, "entity-text-differs")
    spans.sort()
    if any(before.end > after.start for before, after in pairwise(spans)):
        return Problem(f"{line.id} has fragments {offsets}", "fragments of an entity share no character", "fragments-overlap")
    return Entity(line.id, tuple(spans), entity_type)


def read_relations(line: Line) -> list[Relation] | Problem:
    r"""The relation of an R line, or one for each pair of a `*` line, in its order.

    >>> [(one.head, one.tail) for one in read_relations(Line(1, "*", "Synonym-of T2 T1 T5", ()))]
    [('T2', 'T1'), ('T2', 'T5'), ('T1', 'T5')]
    """
    if line.id == "*":
        equal = EQUIVALENCE.fullmatch(line.body)
        members = equal[2].split() if equal else []
        if not equal or len(set(members)) < len(members):
            return Problem(f"no equivalence: {_cut(line)}", f"it is *<TAB>Label T1 T2, each entity once: {CUT}", "line-malformed")
        return [Relation(one, other, equal[1]) for one, other in combinations(members, 2)]
    match = BINARY.fullmatch(line.body)
    if not match or match[2] == match[4]:
        return Problem(f"no relation: {_cut(line)}", f"it is R1<TAB>Label Arg1:T1 Arg2:T2: {CUT}", "line-malformed")
    label, first, one, second, other = match.groups()
    head, tail = (other, one) if (second, first) == ARGUMENTS else (one, other)
    return [Relation(head, tail, label)]


def _unknown(pairs: Sequence[Relation], entities: dict[str, Entity], bad: set[str]) -> Problem | None:
    """What is wrong with the arguments of relations; an entity that has a problem of its own is not told again."""
    arguments = dict.fromkeys(entity_id for pair in pairs for entity_id in (pair.head, pair.tail))
    missing = [entity_id for entity_id in arguments if entity_id not in entities]
    told = [entity_id for entity_id in missing if not (entity_id in bad and entity_id.startswith("T"))]
    if not missing or not told:
        return None
    hint = "a relation joins T lines of its own file; in place of an event name the T line that it stands on"
    return Problem(f"{pairs[0].label} names {', '.join(told)}, which is no entity here", hint, "entity-unknown")


def _strays(line: Line, text: str, entity: Entity | None) -> Iterator[Found]:
    """The lines, of this one and up to the next, that belong to no annotation."""
    if line.id and line.id[0] not in "TR*" and line.id[0] not in KEPT:
        hint = "a line begins with T, R, *, E, A, M, N or #"
        yield Found(line.number, Problem(f"a line of a kind that brat does not have: {_cut(line)}", hint, "line-unexpected"))
    if not any(map(str.strip, line.more)):
        return
    if line.id.startswith("T") and (entity is None or joined(line.body.split("\t", 1)[1]) != joined(_words(entity, text))):
        return  # they are what the text of the entity goes on with, or cannot be told from it
    for number, more in enumerate(line.more, line.number + bool(line.id)):
        if more.strip():
            yield Found(
                number, Problem(f"a line of no annotation: {more[:60]!r}", "begin it with an id and a tab", "line-unexpected")
            )


def _words(entity: Entity, text: str) -> str:
    return " ".join(text[start:end] for start, end in entity.spans)


def joined(text: str) -> str:
    """A text without its blanks: tools write a line break and the gap between fragments as they like."""
    return "".join(text.split())


def _cut(line: Line) -> str:
    return repr(f"{line.id}\t{line.body}"[:60])
