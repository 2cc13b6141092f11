"""Annotation files of any format as rows of words: data/raw -> data/parsed.

Which rows are validation, and whether the corpus has problems, shows only when all is read. Until then the rows wait in a
scratch folder, so that no more than a batch of them is ever in memory.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import outputs, params, ragged, storage
from pipeline.core.arrays import Bools
from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import undirected
from pipeline.core.params import Exclusion
from pipeline.core.schema import MENTIONS, PARSE, PARSED, SENTENCES, SPLITS, Mention, ParseNotes
from pipeline.core.stage import Check, Input, Output, log, run
from pipeline.core.storage import BATCH_ROWS
from pipeline.core.wording import counted
from pipeline.corpus import bio, findings, position_columns
from pipeline.corpus.checks import CheckedCorpus, check_corpus
from pipeline.corpus.excerpts import AnnotatedSentence
from pipeline.corpus.formats import reader
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.mention_tags import find_mention_problems, which_entities
from pipeline.corpus.pair_options import COUNTED, PairOptions
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.reading import Readings, read_files
from pipeline.corpus.sentences import segmenter_of
from pipeline.corpus.split_sources import find_splits, unused_line
from pipeline.corpus.summary import SplitSummary, merge, n_shared, summarize
from pipeline.corpus.waiting import WaitingRows, of_sentences, writers
from pipeline.corpus.words import Tokenizer, find_words, load_tokenizer

EXCLUDED = "excluded.jsonl"  # the rows that parse.exclude leaves out, in the folder of those that stay


def parse(pairs: Sequence[AnnotatedPair], tokenize: Tokenizer, directed: bool) -> pa.Table:
    """A table of PARSED, one row a pair."""
    entities = np.array([[*pair.e1, *pair.e2] for pair in pairs], np.int64)
    given = [pair.words for pair in pairs]
    words, starts, counts, spans = find_words([pair.text for pair in pairs], entities, tokenize, given)
    columns = {
        "id": [pair.id for pair in pairs],
        "source": [pair.source for pair in pairs],
        "text": [pair.text for pair in pairs],
        "words": pa.ListArray.from_arrays(pa.array(ragged.offsets(counts), pa.int32()), pa.array(words, pa.string())),
        "starts": ragged.lists(starts.astype(np.int32), counts),
        **dict(zip(("e1_start", "e1_end", "e2_start", "e2_end"), spans.T, strict=True)),
        "e1_type": [pair.e1_type for pair in pairs],
        "e2_type": [pair.e2_type for pair in pairs],
        "relation": [pair.relation if directed or pair.relation is None else undirected(pair.relation) for pair in pairs],
        "entities": pa.array([mentions_as_rows(pair.mentions) for pair in pairs], MENTIONS),
    }
    return pa.table(columns, PARSED)


def parse_sentences(sentences: Sequence[AnnotatedSentence]) -> pa.Table:
    """A table of SENTENCES, one row a sentence."""
    parts = [sentence.excerpt for sentence in sentences]
    spans = [[] if part.words is None else part.words for part in parts]
    columns = {
        "id": [sentence.id for sentence in sentences],
        "source": [sentence.source for sentence in sentences],
        "text": [part.text for part in parts],
        "words": [[part.text[start:end] for start, end in words] for part, words in zip(parts, spans, strict=True)],
        "starts": [[start for start, _ in words] for words in spans],
        "entities": [mentions_as_rows(part.mentions) for part in parts],
    }
    return pa.table(columns, SENTENCES)


def mentions_as_rows(mentions: Sequence[Mention] | None) -> list[dict[str, object]] | None:
    """The entities of a text as the column `entities` has them."""
    return None if mentions is None else [mention._asdict() for mention in mentions]


def main(raw: Input, parsed: Output, check: Check = False) -> str:
    """Parse annotation files into rows of words."""
    began = time.perf_counter()
    params.check()
    settings = params.read(params.Parse)
    found = find_splits(raw, settings.splits, settings.format, needs_test=not settings.test_fraction)
    sources = found.sources
    with outputs.scratch_folder(None if check else parsed) as scratch:
        corpus = _read(scratch, raw, sources, settings)
        if corpus.problems:
            raise InputError([*corpus.problems, *_later_problems(scratch, corpus)])
        rows, sentences = _splits(scratch, corpus, sources, settings)
        notes = _notes(corpus, rows, settings)
        for line in [*_told(sources, unused_line(raw, found.unused), notes), *corpus.shared_ids(), *findings.lines(notes.findings)]:
            log(f"parse: {line}")
        if check:
            return f"parse: {counted(sum(int(part.mask.sum()) for part in rows.values()), 'row')} checked, nothing written"
        lists = {EXCLUDED: corpus.left_out} if corpus.left_out else {}
        corpus.summaries.clear()  # its memory grows with the corpus, and writing needs some of its own
        counts = storage.write(parsed, PARSE, _tables(rows), notes, lists, _tables(sentences))
    return _closing_line(counts, notes, sources, time.perf_counter() - began)


def _tables(parts: Mapping[str, WaitingRows]) -> dict[str, Iterator[pa.Table]]:
    return {split: part.tables() for split, part in parts.items()}


def _closing_line(counts: dict[str, int], notes: ParseNotes, sources: Mapping[str, list[Source]], seconds: float) -> str:
    rows = ", ".join(f"{n:,} {split}{' (from train)' if n and not sources[split] else ''}" for split, n in counts.items())
    return f"parse: {rows}, {notes.excluded} excluded, {notes.overlap} of test whose text is in train, {seconds:.1f} s"


def _told(sources: Mapping[str, list[Source]], unused: str | None, notes: ParseNotes) -> Iterator[str]:
    """Lines that tell which formats were seen, which files are in no split, and what became of the documents."""
    seen = Counter(source.format for of_split in sources.values() for source in of_split)
    yield "read " + ", ".join(f"{counted(count, 'source')} of {name}" for name, count in seen.items())
    if unused:
        yield unused
    counts = notes.counts
    if counts.keys() > {"documents", "annotated"} or counts.get("documents") != counts.get("annotated"):
        yield ", ".join(counted(number, *COUNTED[name]) for name, number in counts.items())


def _read(scratch: Path, raw: Path, sources: Mapping[str, list[Source]], settings: params.Parse) -> CheckedCorpus:
    """Read the files of all splits into the scratch folder, and check what they hold."""
    tokenize = load_tokenizer(settings.language, settings.segmenter)
    to_table = partial(parse, tokenize=tokenize, directed=settings.directed)
    segmenter, options = segmenter_of(tokenize), PairOptions.of(settings, params.read(params.Position))
    summaries = {}
    for split, of_split in sources.items():
        files = ((source.path, reader(source.format, settings.ambiguous)) for source in of_split)
        batches = read_files(files, segmenter, options, BATCH_ROWS)
        summaries[split] = _spill(scratch / split, batches, settings, to_table)
    return check_corpus(summaries, settings, raw)


def _spill(
    path: Path, batches: Iterable[Readings], settings: params.Parse, to_table: Callable[[list[AnnotatedPair]], pa.Table]
) -> SplitSummary:
    """Write the rows of a split to an Arrow file, and return the summary of the split."""
    summaries = []
    seeks_overlaps = Exclusion("entities-overlap") in settings.exclude  # offsets may give them, which only the tag stage refuses
    with writers(path) as (rows, sentences):
        for readings, counts, names in batches:
            summary = summarize(readings, counts, names, settings.seed)
            if pairs := [reading for reading in readings if isinstance(reading, AnnotatedPair)]:
                table = to_table(pairs)
                rows.write_table(table)
                if seeks_overlaps:
                    summary = replace(summary, problems=(*summary.problems, *bio.find_overlaps(table)))
            if annotated := [reading for reading in readings if isinstance(reading, AnnotatedSentence)]:
                sentences.write_table(parse_sentences(annotated))
            summaries.append(summary)
    return merge(summaries)


def _later_problems(scratch: Path, corpus: CheckedCorpus) -> Iterator[Problem]:
    """What the next stages would refuse of the rows that could be read, so that one run tells all."""
    tag, max_length = params.read(params.Tag), params.read(params.Position).max_length
    tagger, label = "tags" in params.read(params.Train).tasks, params.read(params.Parse).negative_label
    entities = which_entities(tag.entities, bool(len(corpus.summaries["train"].sentences)))
    for split, summary in corpus.summaries.items():
        for table in WaitingRows(scratch / split, summary.is_kept).tables():
            if entities == "pair" and tagger:
                yield from bio.find_problems(table, tag.labels, tag.overlap)
            yield from position_columns.find_problems(table, max_length)
        if entities == "all" and tagger:
            for table in WaitingRows(of_sentences(scratch / split), summary.whole_sentences(label)).tables():
                yield from find_mention_problems(table, tag.labels, tag.overlap)


def _splits(
    scratch: Path, corpus: CheckedCorpus, sources: Mapping[str, list[Source]], settings: params.Parse
) -> tuple[dict[str, WaitingRows], dict[str, WaitingRows]]:
    """The rows and the sentences of every split, without those left out; of one that has no files, those held out of train.

    Raises: InputError with every split whose files give no row, or where none can be held out.
    """
    train = corpus.summaries["train"]
    files = {split: split if sources[split] else "train" for split in SPLITS}
    rows = {split: summary.is_kept for split, summary in corpus.summaries.items()}
    if empty := [split for split in SPLITS if sources[split] and not rows[split].any()]:
        raise InputError([_without_pairs(split, sources[split]) for split in empty])
    sentences = {split: summary.whole_sentences(settings.negative_label) for split, summary in corpus.summaries.items()}
    left, left_sentences = np.ones(int(rows["train"].sum()), bool), sentences["train"].copy()
    for split in ("test", "validation"):
        if not sources[split]:
            held, sentences[split] = _hold_out(train, left, left_sentences, split, settings)
            rows[split] = _within(rows["train"], held)
            left, left_sentences = left & ~held, left_sentences & ~sentences[split]
    rows["train"], sentences["train"] = _within(rows["train"], left), left_sentences
    ids = {split: summary.changed_ids for split, summary in corpus.summaries.items()}
    return (
        {split: WaitingRows(scratch / files[split], rows[split], ids[files[split]]) for split in SPLITS},
        {split: WaitingRows(of_sentences(scratch / files[split]), sentences[split]) for split in SPLITS},
    )


def _without_pairs(split: str, sources: Sequence[Source]) -> Problem:
    hint = "annotate some" if split == "train" else "annotate some, or remove them"
    return Problem(f"the {split} files have no pair that is kept", hint).at(str(sources[0].path))


def _within(mask: Bools, chosen: Bools) -> Bools:
    """(N,) the true places of a mask that are chosen."""
    within = mask.copy()
    within[mask] = chosen
    return within


def _hold_out(train: SplitSummary, rows: Bools, sentences: Bools, split: str, settings: params.Parse) -> tuple[Bools, Bools]:
    """Which rows and sentences of train become those of another split, among those that are left.

    Raises: InputError where the fraction is so small that no row does; of validation it may be 0, as training can do without.
    """
    fraction = getattr(settings, f"{split}_fraction")
    held_rows, held_sentences = train.held_out(rows, sentences, fraction)
    if not held_rows.any() and (split == "test" or fraction):
        found = f"parse.{split}_fraction {fraction:g} holds none of {rows.sum()} train rows out"
        hint = f"raise it, or put a {split} file into data/raw; rows of one document or one text stay together"
        raise InputError.of(params.place("parse", f"{split}_fraction"), found, hint)
    return held_rows, held_sentences


def _notes(corpus: CheckedCorpus, rows: Mapping[str, WaitingRows], settings: params.Parse) -> ParseNotes:
    """What the stage tells beside its rows.

    Raises: InputError where the checks of the annotations find errors, or anything under parse.strict.
    """
    tables = ((split, table) for split, part in rows.items() for table in part.tables())
    found = findings.find(tables, settings.negative_label)
    if errors := [finding for finding in found if settings.strict or finding.severity == "error"]:
        raise InputError(findings.as_problems(errors))
    keys = {split: corpus.summaries[part.path.name].rows("text_key").filter(pa.array(part.mask)) for split, part in rows.items()}
    seen = [key for split, part in rows.items() if split != "test" and part.path.name == "train" for key in keys[split].chunks]
    overlap = n_shared(keys["test"], pa.chunked_array(seen))
    counts = sum((each.counts for each in corpus.summaries.values()), Counter())
    about = (settings.language, settings.segmenter, corpus.excluded_by, overlap, settings.negative_label)
    symmetric = tuple(dict.fromkeys([*settings.symmetric, *corpus.symmetric]))
    return ParseNotes(*about, symmetric, {name: counts[name] for name in COUNTED if counts[name]}, found)


if __name__ == "__main__":
    run(main)
