r"""The standoff format of brat (Stenetorp et al. 2012, brat.nlplab.org/standoff.html): a folder, a .txt and a .ann a document.

    heat.txt    Thin field theory (TFT) describes heat.

    heat.ann    T1<TAB>Theory 0 4;11 17<TAB>Thin theory
                T2<TAB>Theory 19 22<TAB>TFT
                T3<TAB>Quantity 34 38<TAB>heat
                R1<TAB>Describes Arg1:T1 Arg2:T3
                *<TAB>Synonym-of T1 T2

Offsets count the code points of the .txt as it is, so that a line break of Windows is two; a byte order mark counts where the
quoted texts say so. Ids restart in every document. A `*` line is a relation for each pair of its entities, and stands whole in
meta["equivalences"]; events, attributes, normalisations and notes stand in meta["lines"], and the ids that these may name in
meta["relation_ids"] and, with the characters of the entities, for formats that have no such ids, in meta["entity_ids"]; arguments
that are not called Arg1 and Arg2 stand in meta["roles"]; the relations of `*` lines, and those that an annotation.conf, in the
document's folder or above it, calls symmetric, in meta["symmetric"]. A document's id is its path below the folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError, Problem
from pipeline.corpus.document import Document, Skipped, problems_of, require_held
from pipeline.corpus.formats.brat_conf import CONF, Configuration, symmetric_in
from pipeline.corpus.formats.brat_lines import BEGINS, Annotations, Found, Line, read_lines, split_lines
from pipeline.corpus.formats.brat_said import Said, say
from pipeline.corpus.formats.text_lines import HEAD_BYTES, MARK, UTF8_HINT, begins_utf16, content_id

HOLDS = frozenset({"text", "types", "fragments", "many", "free", "empty", "ids"})
SUFFIXES = (".ann", ".txt")
TEXT, ANNOTATIONS, FOLDER = 1, 2, 4  # what stands under a name
OTHERS = frozenset({".json", ".jsonl", ".tsv", ".csv", ".conll"})
LOOKED_AT = 5  # files that tell a folder of brat
LONGEST_NAME = 200  # bytes, of the 255 that file systems allow


def recognises(path: Path) -> bool:
    """Whether a path is a folder whose first .ann files have a .txt beside them and lines of annotation.

    A folder that has files of other formats too is none: reading it as brat would leave these out.
    """
    if not path.is_dir() or any(file.suffix in OTHERS for file in path.rglob("*")):
        return False
    seen = 0
    for ann in nsmallest(LOOKED_AT, (file for file in path.rglob("*.ann") if file.name[0] != "." and file.is_file())):
        with ann.open("rb") as file:
            start = file.read(HEAD_BYTES).decode(errors="replace").lstrip(MARK)
        if not ann.with_suffix(".txt").is_file() or (start.strip() and not BEGINS.match(start)):
            return False
        seen += 1
    return seen > 0


def read(path: Path) -> Iterator[Document | Skipped | Problem]:
    """Documents and problems of a folder and the folders below it, by path."""
    yield from _read_folder(path, "", [], [path.parent, path])  # the conf of a split's folder may lie in its collection's


def _read_folder(folder: Path, above: str, symmetric: list[str], with_conf: list[Path]) -> Iterator[Document | Skipped | Problem]:
    """What a folder and those below it hold.

    Args: above: what the ids of its documents begin with; symmetric: the relations that the nearest annotation.conf above calls so;
        with_conf: the folders of which one has to be read, the nearest last.
    """
    for file in (each / CONF for each in with_conf):
        text = _read_text(file) if file.is_file() else None
        if isinstance(text, Problem):
            yield replace(text, kind="file-not-utf8").at(f"{file}:1")  # of no document
        elif text is not None:
            symmetric = symmetric_in(text)
    found = _names(folder)
    is_annotated = any(what & ANNOTATIONS for what in found.values())
    for name in sorted(found):
        stem, row_id = f"{folder}/{name}", f"{above}{name}"
        txt, ann = f"{stem}.txt", f"{stem}.ann"
        has_text, has_annotations = found[name] & TEXT, found[name] & ANNOTATIONS
        if has_text and has_annotations:
            yield from _read_document(txt, ann, row_id, symmetric)
        elif has_text and not is_annotated:
            yield Skipped(f"{txt}:1", row_id, "no .ann in its folder", _unannotated(txt, _read_text(txt), row_id))
        elif has_text or has_annotations:
            here, missing = (txt, f"{name}.ann") if has_text else (ann, f"{name}.txt")
            hint = f"add it, an empty one where nothing is annotated, or move {name}{here[-4:]} elsewhere"
            alone = Problem(f"there is no {missing}", hint, "file-alone")
            text = _read_text(txt) if has_text else alone
            yield from problems_of(f"{here}:1", row_id, [alone], _unannotated(txt, text, row_id))
        if found[name] & FOLDER:
            below = folder / name
            yield from _read_folder(below, f"{row_id}/", symmetric, [below])


def _names(folder: Path) -> dict[str, int]:
    """What stands in a folder under each name, without suffixes; numbers, for a folder may hold many."""
    found: dict[str, int] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                found[name] = found.get(name, 0) | FOLDER
            elif name[0] != "." and name.endswith(SUFFIXES) and entry.is_file():
                found[name[:-4]] = found.get(name[:-4], 0) | (TEXT if name.endswith(".txt") else ANNOTATIONS)
    return found


def _read_text(path: Path | str) -> str | Problem:
    """A file's text with all its characters, or its problem where it is not UTF-8."""
    with open(path, "rb", buffering=0) as file:  # all at once: a buffer would take a tenth of reading small files
        raw = file.readall()
    if begins_utf16(raw):
        return Problem("the file is UTF-16", UTF8_HINT, "not-utf8")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        place = f"character {len(before) - before.rfind(chr(10))} of line {before.count(chr(10)) + 1}"
        return Problem(f"byte 0x{raw[error.start]:02x} at {place} is not UTF-8", UTF8_HINT, "not-utf8")


def _read_document(txt: str, ann: str, row_id: str, symmetric: list[str]) -> Iterator[Document | Problem]:
    """The document of two files, or its problems in the order of lines."""
    row = f"{txt}:1"
    text, annotations = _read_text(txt), _read_text(ann)
    if isinstance(text, Problem) or isinstance(annotations, Problem):
        found = [content.at(f"{file}:1") for file, content in ((txt, text), (ann, annotations)) if isinstance(content, Problem)]
        yield from problems_of(row, row_id, found, _unannotated(txt, text, row_id))
        return
    said = _said(split_lines(annotations), text)
    if isinstance(said, Annotations):
        yield Document(row_id, row, text.removeprefix(MARK), said.entities, said.relations, meta=_meta(said, text, symmetric))
    else:
        found = [problem.at(f"{ann}:{number}") for number, problem in said]
        yield from problems_of(row, row_id, found, _unannotated(txt, text, row_id))


def _meta(said: Annotations, text: str, symmetric: list[str]) -> dict[str, list[Any]]:
    """What else brat says of a document; ids of entities and relations where something may name them."""
    plain = text.removeprefix(MARK)
    named = said.entities if said.kept or said.equivalences else ()
    meta: dict[str, list[Any]] = {
        "entity_ids": [[entity.id, " ".join(plain[slice(*entity.cover)].split())] for entity in named],
        "equivalences": said.equivalences,
        "lines": said.kept,
        "relation_ids": said.relation_ids if said.kept else [],
        "roles": said.roles,
        "symmetric": list(dict.fromkeys([*symmetric, *(label for label, *_ in said.equivalences)])),
    }
    return {key: value for key, value in meta.items() if value}


def _unannotated(txt: str, text: str | Problem, row_id: str) -> Document | None:
    return None if isinstance(text, Problem) else Document(row_id, f"{txt}:1", text.removeprefix(MARK), (), ())


def _said(lines: Sequence[Line], text: str) -> Annotations | list[Found]:
    """What lines say of a text: brat counts a byte order mark as a character, other tools do not."""
    plain = text.removeprefix(MARK)
    shifts = [0] if plain == text else [1, 0]
    said = [read_lines(lines, plain, shift) for shift in shifts]
    return next((one for one in said if isinstance(one, Annotations)), said[0])


def write(documents: Iterable[Document], path: Path) -> None:
    """Write a folder of two files a document, a document of the id `a/b` into its folder `a`, and what relations are symmetric.

    Ids of entities that are not brat's become T1, T2, ... in order; an id that is no path becomes its digest.
    Raises: InputError where there are files already; ValueError for a document that the format cannot hold, or has met.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError.of(path, "there is something already", "name a folder that is not there")
    scratch = path.with_name(f".{path.name}.{os.getpid()}.partial")
    configuration = Configuration(scratch)
    try:
        scratch.mkdir(parents=True)
        for document in documents:
            stem = scratch / file_name(document.id)
            said = _write_document(document, stem)
            configuration.add(stem.parent, document, said.equal, said.kept, said.roles)
        configuration.write()
        scratch.replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_document(document: Document, stem: Path) -> Said:
    """Write the two files of a document; its lines of annotation."""
    require_held(document, HOLDS)
    if document.text.startswith(MARK):
        raise ValueError(f"{document.source}: document {document.id} begins with a byte order mark, which brat counts")
    said = say(document)
    lines = [*said.entities, *said.relations, *said.kept]
    stem.parent.mkdir(parents=True, exist_ok=True)
    for suffix, text in ((".txt", document.text), (".ann", "".join(f"{line}\n" for line in lines))):
        try:
            with stem.with_name(stem.name + suffix).open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            raise ValueError(f"{document.source}: a second document has the id {document.id}") from None
    return said


def file_name(row_id: str) -> str:
    """The path of a document's files below the folder, without suffix, from its id."""
    parts = row_id.split("/")
    plain = all(part and part[0] != "." and part.isprintable() and len(part.encode()) <= LONGEST_NAME for part in parts)
    return row_id if plain else content_id([row_id])


def n_pathless(document: Document) -> int:
    """1 where the id of a document is no path that its files could have."""
    return int(file_name(document.id) != document.id)


def with_path(document: Document) -> Document:
    """The document with the path of its files as its id."""
    return replace(document, id=file_name(document.id))
