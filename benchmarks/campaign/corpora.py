"""Mutated corpora: no row is lost, none is let in with other entities than those marked, and no error but InputError.

A round draws some of the shipped annotations, writes them as SemEval blocks or JSON lines, spoils the bytes in several ways, and
reads them as the parse stage does. What must come of it is told by benchmarks/campaign/corpus_oracle.py, which shares no code with
the readers.
"""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

import yaml

from benchmarks.campaign.corpus_oracle import FORMATS, Format, check_accepted
from benchmarks.campaign.mutations import mutate
from benchmarks.campaign.rounds import Draw, Finished, Round, require, within
from pipeline import parse
from pipeline.core import schema
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import PARSE
from pipeline.corpus.formats import READERS, Annotation
from pipeline.corpus.words import Tokenizer, load_tokenizer
from tests.support.project import ROOT, blocks

MOST_ROWS = 20
MOST_SECONDS = 20  # of a round, on a busy machine
WHOLE_EVERY = 25  # rounds: the stage as a whole takes as long as many readings
N_TEST = 10


def prepare(_: Finished) -> Round:
    """The round of this campaign."""
    annotations = {split: tuple(blocks(ROOT / f"data/raw/{split}.txt")) for split in ("train", "test")}
    tokenize = cache(load_tokenizer)("en", "char")

    def play_round(draw: Draw) -> None:
        name = draw.rng.choice(sorted(FORMATS))
        chosen = draw.rng.sample(annotations["train"], draw.rng.randint(1, MOST_ROWS))
        content = mutate(draw.rng, FORMATS[name].write(chosen), name)
        path = draw.folder / "raw" / f"train.{FORMATS[name].ending}"
        path.parent.mkdir()
        path.write_bytes(content)
        path.with_name(f"test.{FORMATS[name].ending}").write_bytes(FORMATS[name].write(annotations["test"][:N_TEST]))
        with within(MOST_SECONDS):
            accepted, problems = read(path, name)
            check_rows(accepted, problems, content, FORMATS[name])
            check_table(accepted, tokenize)
            if draw.number % WHOLE_EVERY == 0:
                check_stage(draw.folder, name, problems)

    return play_round


def read(path: Path, name: str) -> tuple[list[Annotation], list[Problem]]:
    """The rows that the reader of a format accepts, and its problems."""
    readings = list(READERS[name](path))
    return (
        [reading for reading in readings if isinstance(reading, Annotation)],
        [reading for reading in readings if isinstance(reading, Problem)],
    )


def check_rows(accepted: list[Annotation], problems: list[Problem], content: bytes, form: Format) -> None:
    """Raises: WrongError where a row is lost, or an accepted one is not what the file says."""
    good, bad = {row.source for row in accepted}, {problem.row for problem in problems}
    require(len(good) == len(accepted), "two accepted rows are of one place")
    require(not good & bad, f"rows both accepted and refused: {sorted(good & bad)}")
    n_rows = form.count(content)
    require(len(good) + len(bad) == n_rows, f"{n_rows} rows in the file, {len(good)} accepted, {len(bad)} with problems")
    for row in accepted:
        check_accepted(row, content, form)


def check_table(accepted: list[Annotation], tokenize: Tokenizer) -> None:
    """Raises: WrongError where an entity's words are not the entity; InputError where a row breaks the contract."""
    if not accepted:
        return
    table = parse.parse(accepted, tokenize, directed=True)
    schema.check(table, PARSE.schema, "parse")
    for row, parsed in zip(accepted, table.to_pylist(), strict=True):
        for entity, marked in (("e1", row.e1), ("e2", row.e2)):
            first, last = parsed[f"{entity}_start"], parsed[f"{entity}_end"] - 1
            end = parsed["starts"][last] + len(parsed["words"][last])
            words, wanted = row.text[parsed["starts"][first] : end], row.text[marked.start : marked.end]
            require(words.strip() == wanted.strip(), f"{row.source}: {entity} is {wanted!r}, its words {words!r}")


def check_stage(folder: Path, name: str, problems: list[Problem]) -> None:
    """Raises: WrongError where the whole stage takes a corpus with problems; what is no InputError where it fails otherwise."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    values["parse"] |= {"format": name, "validation_fraction": 0.3}
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    told = _told(folder)
    require(told is not None or not problems, "the stage took rows that have problems")
    lost = {(problem.source, problem.found) for problem in problems} - {(problem.source, problem.found) for problem in told or ()}
    require(not lost or told is None, f"the stage does not tell {sorted(lost)[:3]}")


def _told(folder: Path) -> tuple[Problem, ...] | None:
    """The problems that the stage tells of a folder; none where it takes it."""
    with contextlib.chdir(folder):
        try:
            parse.main(Path("raw").resolve(), Path("parsed").resolve())
        except InputError as error:
            return error.problems
    return None
