"""Every sample corpus read as an independent reader has it, and through every target and back: `make samples SHARED=folder`.

    python -m benchmarks.samples FOLDER     # make samples SHARED=... names FOLDER/data

A line a sample and one a target, with documents, entities and relations in and out; exit code 1 where a reading differs from the
independent one, or what is read back from what was written.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.samples.readers import SAMPLES, Said
from pipeline.core.errors import InputError
from pipeline.corpus.adapt import adapt, rules_for
from pipeline.corpus.conversion import Conversion, Counts
from pipeline.corpus.document import Document
from pipeline.corpus.formats import FORMATS, reader
from pipeline.corpus.formats.sources import Source, find_sources
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.words import load_tokenizer
from tests.support.documents import said

TOKENIZE = load_tokenizer("en", "char")


def as_said(document: Document) -> Said:
    """A document in the form of the independent readers."""
    spans = {entity.id: tuple(map(tuple, entity.spans)) for entity in document.entities}
    entities = [(spans[entity.id], entity.type) for entity in document.entities]
    return document.text, entities, [(spans[each.head], spans[each.tail], each.label) for each in document.relations]


def in_order(document: Said) -> tuple[object, ...]:
    """What a document says, whatever the order of its entities and relations."""
    text, entities, relations = document
    return text, sorted(entities, key=str), sorted(relations, key=str)


def back(target: str, path: Path) -> Counts:
    """How much a written corpus holds, by a reader of its own."""
    if target == "datasets":
        rows = pq.read_table(path / "data/train.parquet").to_pylist()
        return Counts(len(rows), sum(len(row["entities"]) for row in rows), sum(len(row["relations"]) for row in rows))
    if target == "spacy":
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab

        docs = list(DocBin().from_disk(path).get_docs(Vocab()))
        return Counts(
            len(docs), sum(len(doc.spans["entities"]) for doc in docs), sum(len(doc.user_data["relations"]) for doc in docs)
        )
    return Counts().plus(each for each in FORMATS[target].read(path) if isinstance(each, Document))


def differences(source: Source, documents: Sequence[Document], target: str, folder: Path) -> Iterator[str]:
    """What goes otherwise on the way into a target and back than the rules of adapting say, and a line of counts."""
    to = TARGETS[target]
    conversion, path = Conversion(to, TOKENIZE, "nearest", lossy=True), folder / f"corpus{to.suffix}"
    began = time.perf_counter()
    try:
        conversion.write(path, [source])
        conversion.require_whole()
    except InputError as error:
        yield f"{target}: {error}"
        return
    speed = len(documents) / (time.perf_counter() - began)
    changes = ", ".join(f"{name} {count:,}" for name, count in conversion.changes.items())
    print(f"    {target:13}{conversion.written}; {speed:,.0f} documents/s; {changes or 'nothing changed'}")
    if conversion.read != Counts().plus(documents) or back(target, path) != conversion.written:
        yield f"{target}: counts of {back(target, path)} in the file"
    if target in FORMATS:
        rules = rules_for(target, to.holds, to.keys, source.format, TOKENIZE)
        fitted = sorted((said(each, to.holds) for document in documents for each in adapt(document, rules).documents), key=str)
        again = sorted((said(each, to.holds) for each in FORMATS[target].read(path) if isinstance(each, Document)), key=str)
        unequal = [pair for pair in zip(fitted, again, strict=False) if pair[0] != pair[1]]
        if len(fitted) != len(again) or unequal:
            yield f"{target}: {len(unequal)} documents are read otherwise, first {unequal[:1]}"


def wrong(folder: Path) -> Iterator[str]:
    """Every difference, a line a sample said before."""
    for name, pattern, independent in SAMPLES:
        for path in sorted((folder / name).glob(pattern)):
            (source,) = find_sources(path)
            documents = [each for each in reader(source.format, "nearest")(path) if isinstance(each, Document)]
            print(f"{path.relative_to(folder)}: {source.format}, {Counts().plus(documents)}", flush=True)
            if [*map(in_order, map(as_said, documents))] != [*map(in_order, independent(path))]:
                yield f"{path}: read otherwise than by the independent reader"
            for target in TARGETS:
                with tempfile.TemporaryDirectory() as scratch:
                    yield from (f"{path}: {each}" for each in differences(source, documents, target, Path(scratch)))


def main(folder: Path) -> int:
    """Check all samples; the exit code."""
    n_wrong = 0
    for line in wrong(folder):
        print(f"    WRONG {line}", flush=True)
        n_wrong += 1
    print(f"{n_wrong} differences" if n_wrong else "every sample is read as it should be, and goes through every target and back")
    return int(n_wrong > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
