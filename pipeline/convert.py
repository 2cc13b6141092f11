"""Convert annotations from any format to any other: a file or a folder of them in, a file or a folder out, whole or not at all.

    python -m pipeline.convert annotations.jsonl corpus.json --to spert
    python -m pipeline.convert brat_folder corpus.json --to spert --lossy

A file, or a folder of brat, becomes a file; a folder of files becomes a folder with a file for each. brat and datasets are one
folder for all. Without --lossy, what the target cannot hold is an error that lists it; with it,
a counted change (pipeline/corpus/adapt.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.core.errors import InputError, Problem
from pipeline.core.outputs import made_new
from pipeline.core.params import FormatName
from pipeline.core.schema import ChineseSegmenter
from pipeline.core.stage import Input, Output, log, run
from pipeline.corpus.conversion import Conversion
from pipeline.corpus.formats.brat_conf import CONF
from pipeline.corpus.formats.sources import Source, find_sources
from pipeline.corpus.formats.targets import FOLDER, TARGETS, Target
from pipeline.corpus.formats.tsv import Ambiguous
from pipeline.corpus.words import lazy_tokenizer

HERE = Path()  # the target itself
Written = Literal[FormatName, "spacy", "datasets"]  # the keys of TARGETS


def plan(root: Path, sources: Sequence[Source], target: Target) -> dict[Path, list[Source]]:
    """The sources of every file to write, by its path below the target.

    Args: root: what the sources lie in, or the only one.
    Raises: InputError where two would be one file.
    """
    if target.suffix == FOLDER or [source.path for source in sources] == [root]:
        return {HERE: list(sources)}
    files: dict[Path, list[Source]] = {}
    for source in sources:
        name = source.path.name if source.path.is_dir() else source.path.stem
        files.setdefault(source.path.relative_to(root).with_name(name + target.suffix), []).append(source)
    if clashes := {file: of_file for file, of_file in files.items() if len(of_file) > 1}:
        raise InputError(
            Problem(
                f"{' and '.join(each.path.name for each in of_file)} would both be {file}", "rename one of them", source=str(root)
            )
            for file, of_file in clashes.items()
        )
    return files


def _settings(files: Iterable[Sequence[Source]]) -> Iterator[str]:
    """What is said of the settings of brat that lie beside documents: these say how it shows them."""
    folders = [source.path for sources in files for source in sources if source.format == "brat"]
    if names := {path.name for folder in folders for path in folder.rglob("*.conf")} - {CONF}:
        yield f"not converted: {', '.join(sorted(names))} of brat"


def main(
    source: Input,
    target: Output,
    to: Annotated[Written, typer.Option(help="the format to write", show_default=False)],
    from_: Annotated[
        FormatName | None, typer.Option("--from", help="the format of the source (default: told by its content)")
    ] = None,
    lossy: Annotated[bool, typer.Option("--lossy", help="change or leave out what the target cannot hold, and count it")] = False,
    ambiguous: Annotated[Ambiguous, typer.Option(help="tsv: a name that is in its sentence more than once")] = "error",
    language: Annotated[str, typer.Option(help="of the words that are made where the target needs some")] = "en",
    segmenter: Annotated[ChineseSegmenter, typer.Option(help="of Chinese words")] = "char",
) -> str:
    """Convert annotations from any format to any other."""
    began = time.perf_counter()
    tokenize = lazy_tokenizer(language, segmenter)
    form = TARGETS[to]
    conversion = Conversion(form, tokenize, ambiguous, lossy=lossy)
    files = plan(source, find_sources(source, from_), form)
    with made_new(target) as scratch:
        for relative, sources in files.items():
            place = scratch / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            conversion.write(place, sources, source if relative == HERE and len(sources) > 1 else None)
        conversion.require_whole()
    for line in [*conversion.notes(), *_settings(files.values())]:
        log(f"convert: {line}")
    return f"convert: {conversion.read} -> {conversion.written} of {to}, {time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    run(main)
