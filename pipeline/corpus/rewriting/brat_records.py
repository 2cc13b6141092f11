"""brat's .ann files with lines changed, added or taken out; the texts beside them stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats.brat_lines import KEPT, TEXTBOUND, Line, read_relations, split_lines
from pipeline.corpus.formats.brat_meta import targets
from pipeline.corpus.formats.text_lines import MARK
from pipeline.corpus.rewriting.edits import Edit, Probe, first_right
from pipeline.corpus.rewriting.losses import Loss
from pipeline.corpus.rewriting.text_lines import Extent, Lines

ARGUMENT = re.compile(r"(?<=:)\S+")


def rewrite(path: Path, name: str, edits: Sequence[Edit], probe: Probe) -> Mapping[Path, bytes]:
    """The bytes of the .ann files of documents, each by its path.

    Raises: ValueError where brat cannot hold what a document has become, or it is taken out.
    """
    written = {}
    for edit in edits:
        with probe.editing(edit):
            if len(edit.new) != 1:
                raise ValueError("a document of brat is two files: remove or copy them by hand")
            txt = Path(edit.old.source.rpartition(":")[0])
            ann = txt.with_suffix(".ann")
            written[ann], losses = _revised(Lines(ann), edit.old, edit.new[0])
            probe.losses += [Loss(f"{ann}:{line.number}", " ".join(f"{line.id} {line.body}".split())) for line in losses]
            first_right([("", probe.beside(txt, written[ann].decode(errors="surrogateescape")))], edit.new[0])
    return written


def _revised(lines: Lines, old: Document, new: Document) -> tuple[bytes, list[Line]]:
    """The file of annotation with other lines in the place of those that the document no longer has as they are.

    Returns: its bytes, and the lines that go since they name what went.
    """
    found = split_lines("".join(lines.raw))
    shift = _shift(found, old)
    entities = {entity.id: entity for entity in new.entities}
    left = list(new.relations)
    gone = {entity.id for entity in old.entities} - entities.keys()
    changed: dict[Extent, list[list[str]]] = {}
    for line in found:
        extent = Extent(line.number - 1, line.number + len(line.more) - _n_blank(line))
        text = f"{line.id}\t{line.body}"
        becomes = _line(line, text, old, entities, left, shift, new.text)
        if becomes is None and line.id[:1] == "R":
            gone.add(line.id)
        if becomes != text:
            changed[extent] = [[becomes]] if becomes is not None else []
    losses = _naming(found, gone)
    changed |= {Extent(line.number - 1, line.number): [] for line in losses}
    return lines.joined(changed, more=list(_added(found, old, new, left, shift))), losses


def _naming(found: Sequence[Line], gone: set[str]) -> list[Line]:
    """The attributes, normalisations and notes of what has gone, and the notes of these.

    Raises: ValueError where events name it.
    """
    named = [(line, targets(f"{line.id}\t{line.body}")) for line in found if line.id[:1] in KEPT]
    events = {line.id: sorted(gone.intersection(ids)) for line, ids in named if line.id.startswith("E")}
    if told := [f"the event {event} names {', '.join(ends)}" for event, ends in events.items() if ends]:
        raise ValueError("; ".join(told))
    losses: list[Line] = []
    while more := [line for line, ids in named if not gone.isdisjoint(ids) and line not in losses]:
        losses += more
        gone = {line.id for line in more}
    return sorted(losses)


def _n_blank(line: Line) -> int:
    """The blank lines at the end of those that belong to a line."""
    return next((number for number, more in enumerate(reversed(line.more)) if more.strip()), len(line.more))


def _line(
    line: Line, text: str, old: Document, entities: Mapping[str, Entity], left: list[Relation], shift: int, of: str
) -> str | None:
    """What becomes of a line; None where it goes. Takes the relations that it says out of those that are left."""
    if line.id.startswith("T"):
        if line.id not in entities:
            return None
        return text if entities[line.id] == old.entity(line.id) else _entity(entities[line.id], shift, of)
    if line.id[:1] not in ("R", "*"):
        return text
    said = read_relations(line)
    if not isinstance(said, list):
        return text
    if all(relation in left for relation in said):
        for relation in said:
            left.remove(relation)
        return text
    if line.id == "*":
        return _equivalence(line, left)
    (relation,) = said
    other = _instead(relation, old, left)
    if other is None:
        return None
    left.remove(other)
    ends = {relation.head: other.head, relation.tail: other.tail}
    arguments = ARGUMENT.sub(lambda match: ends.get(match[0], match[0]), line.body[len(line.body.split()[0]) :])
    return f"{line.id}\t{other.label}{arguments}"


def _instead(relation: Relation, old: Document, left: Sequence[Relation]) -> Relation | None:
    """The new relation that has taken the place of one, and so its id: of the same entities, or with head and tail swapped."""
    new = {(each.head, each.tail): each for each in reversed(left) if each not in old.relations}
    is_taken = any((each.tail, each.head) == (relation.head, relation.tail) for each in old.relations)
    return new.get((relation.head, relation.tail)) or (None if is_taken else new.get((relation.tail, relation.head)))


def _equivalence(line: Line, left: list[Relation]) -> str | None:
    """A `*` line with the entities that are still equal; None where these are fewer than two."""
    label, *members = line.body.split()
    for size in range(len(members) - 1, 1, -1):
        for some in combinations(members, size):
            pairs = [Relation(one, other, label) for one, other in combinations(some, 2)]
            if all(pair in left for pair in pairs):
                for pair in pairs:
                    left.remove(pair)
                return f"*\t{label} {' '.join(some)}"
    return None


def _entity(entity: Entity, shift: int, text: str) -> str:
    offsets = ";".join(f"{start + shift} {end + shift}" for start, end in entity.spans)
    if not entity.type or any(map(str.isspace, entity.type)):
        raise ValueError(f"brat has no type {entity.type!r}")
    return f"{entity.id}\t{entity.type} {offsets}\t{' '.join(' '.join(text[start:end].split()) for start, end in entity.spans)}"


def _shift(found: Sequence[Line], old: Document) -> int:
    """How many characters the offsets count before the text: one where they count its byte order mark."""
    starts = {entity.id: entity.cover.start for entity in old.entities}
    for line in found:
        match = TEXTBOUND.fullmatch(line.body)
        if line.id in starts and match:
            return min(int(part.split()[0]) for part in match[2].split(";")) - starts[line.id]
    txt = Path(old.source.rpartition(":")[0])
    return int(txt.read_bytes().startswith(MARK.encode()))


def _added(found: Sequence[Line], old: Document, new: Document, left: Sequence[Relation], shift: int) -> Iterator[str]:
    """The lines of what the document has more, with ids of their own."""
    ids = {line.id for line in found}
    known = {entity.id for entity in old.entities}
    yield from (_entity(entity, shift, new.text) for entity in new.entities if entity.id not in known)
    number = max((int(each[1:]) for each in ids if re.fullmatch("R[0-9]+", each)), default=0)
    for place, relation in enumerate(left, number + 1):
        if not relation.label or any(map(str.isspace, relation.label)):
            raise ValueError(f"brat has no relation {relation.label!r}")
        yield f"R{place}\t{relation.label} Arg1:{relation.head} Arg2:{relation.tail}"
