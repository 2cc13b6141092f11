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

from benchmarks.campaign.corpus_oracle import FORMATS, check_rows
from benchmarks.campaign.mutations import mutate
from benchmarks.campaign.rounds import Draw, Finished, Round, require, within
from pipeline import parse
from pipeline.core import schema
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import PARSE
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus.formats import reader
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.reading import read_files
from pipeline.corpus.sentences import segmenter_of
from pipeline.corpus.words import Tokenizer, load_tokenizer
from tests.support.project import ROOT, blocks

MOST_ROWS = 20
MOST_SECONDS = 20  # of a round, on a busy machine
WHOLE_EVERY = 25  # rounds: the stage as a whole takes as long as many readings
N_TEST = 10


def prepare(_: Finished) -> Round:
    """The round of this campaign."""
    annotations = {split: tuple(blocks(ROOT / f"data/raw/{split}.txt")) for split in ("train", "test")}

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
            check_table(accepted)
            if draw.number % WHOLE_EVERY == 0:
                check_stage(draw.folder, name, problems)

    return play_round


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer of the shipped corpus."""
    return load_tokenizer("en", "char")


def read(path: Path, name: str) -> tuple[list[AnnotatedPair], list[Problem]]:
    """The rows of a train file that the parse stage accepts, and what it says of the others."""
    batches = read_files([(path, reader(name))], segmenter_of(tokenizer()), PairOptions(), BATCH_ROWS)
    readings = [reading for of_batch, *_ in batches for reading in of_batch]
    pairs = [reading for reading in readings if isinstance(reading, AnnotatedPair)]
    problems = [reading for reading in readings if isinstance(reading, Problem)]
    require(len(pairs) + len(problems) == len(readings), "something is neither a pair nor a problem")
    missing = [pair for pair in pairs if pair.relation is None]
    problems += [
        Problem("the relation is missing", "annotate it", "relation-missing").at(pair.source, row_id=pair.id) for pair in missing
    ]
    return [pair for pair in pairs if pair.relation is not None], problems


def check_table(accepted: list[AnnotatedPair]) -> None:
    """Raises: WrongError where an entity's words are not the entity; InputError where a row breaks the contract."""
    if not accepted:
        return
    table = parse.parse(accepted, tokenizer(), directed=True)
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
