"""Annotation files with some of their documents changed, in the files' own formats: what has not changed keeps its bytes.

A changed record says what its document has become with as few other characters as it can, and is read back before it is believed;
so is the whole file, in which every other document must be what it was.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem
from pipeline.corpus.formats import Reader
from pipeline.corpus.rewriting import brat_records, conll_records, json_records, semeval_records, tsv_records
from pipeline.corpus.rewriting.edits import Edit, Probe, numbered, says
from pipeline.corpus.rewriting.losses import Loss

__all__ = ["Edit", "Loss", "Rewritten", "numbered", "rewritten"]

Rewrite = Callable[[Path, str, Sequence[Edit], Probe], Mapping[Path, bytes]]
OTHERS: dict[str, Rewrite] = {  # than those of JSON
    "semeval": semeval_records.rewrite,
    "tsv": tsv_records.rewrite,
    "conll": conll_records.rewrite,
    "brat": brat_records.rewrite,
}
HINT = "change it by hand, or correct it in the tool"


class Rewritten(NamedTuple):
    """What becomes of files, and what they do not say any more of what was taken out."""

    files: Mapping[Path, bytes]
    losses: Sequence[Loss]


def rewritten(path: Path, name: str, edits: Sequence[Edit], read: Reader) -> Rewritten:
    """The bytes of a file, or of the changed files of a folder of brat, with edits made; nothing is written.

    Args: name: of the format; read: its reader.
    Raises: InputError with every document that the format cannot hold as it has become.
    """
    with tempfile.TemporaryDirectory() as scratch:
        probe = Probe(read, Path(scratch), path.suffix)
        written = OTHERS.get(name, json_records.rewrite)(path, name, edits, probe)
        if probe.problems:
            raise InputError(probe.problems)
        if path in written and not says(read(path), edits, probe.read_again(written[path])):
            found = f"with {len(edits):,} documents changed, the file would say something else of others"
            raise InputError([Problem(found, HINT, "format-narrow").at(str(path))])
    return Rewritten(written, probe.losses)
