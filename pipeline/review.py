"""Send what is worth a person's look to an annotation tool: the corpus' most doubtful labels, or the texts to annotate next.

    python -m pipeline.review tasks.json --pick doubtful --count 50 --to label_studio
    python -m pipeline.review tasks.jsonl --pick mistakes --split validation --to prodigy
    python -m pipeline.review next --pick uncertain --pool new_texts.txt --to brat

doubtful    labels of train and validation that networks which never saw them contradict (`make doubtful` trains these first), and
            entities, where all of them are annotated
mistakes    labels of a split that the model contradicts, its test set by default
uncertain   texts of a pool with a pair of which the model is least sure
diverse     texts of a pool that are far from what is annotated and from each other
random      documents of train and validation, or texts of a pool

Each item has the present annotation, or the model's where there is none, why it was picked and what is probable; beside TARGET
stands TARGET.sent.jsonl, so that corrections find their way home. Documents that were reviewed (data/reviewed.jsonl) are not picked
unless --again. Paths are those of dvc.yaml.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import pyarrow as pa
import typer

from pipeline.annotation import held_out, label_studio, pool_items, reviewed
from pipeline.annotation.corpus_items import Wanted, doubts, drawn_items, items, pair_doubts
from pipeline.annotation.held_out import HeldOut
from pipeline.annotation.item import Item
from pipeline.annotation.judged import Parsed, by_held_out, by_model, by_predictions
from pipeline.annotation.review_file import PRESENT, Tool, sent_beside, write_review
from pipeline.annotation.selection import drawn
from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE, POSITION
from pipeline.core.stage import Output, log, run, stage_paths
from pipeline.core.wording import counted
from pipeline.corpus.words import lazy_tokenizer
from pipeline.encoding.store import Store
from pipeline.prediction.predictor import Predictor

Pick = Literal["doubtful", "mistakes", "uncertain", "diverse", "random"]
Split = Literal["train", "validation", "test"]
OF_POOL: tuple[Pick, ...] = ("uncertain", "diverse")
OWN_SPLITS = ("train", "validation")  # that are drawn from


class Places(NamedTuple):
    """The paths of dvc.yaml that a review reads."""

    raw: Path
    parsed: Path
    positioned: Path
    embedded: Path
    model: Path
    reports: Path

    @classmethod
    def of_stages(cls) -> Places:
        """Raises: InputError where there is no dvc.yaml with these stages."""
        model, positioned, embedded, reports = map(Path, stage_paths("pipeline.evaluate"))
        raw, parsed = map(Path, stage_paths("pipeline.parse"))
        return cls(raw, parsed, positioned, embedded, model, reports)


def main(
    target: Output,
    pick: Annotated[Pick, typer.Option(help="what is worth a look", show_default=False)],
    to: Annotated[Tool, typer.Option(help="the format to write", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="how many items at most")] = 50,
    pool: Annotated[Path | None, typer.Option(help="texts without annotation, a file or a folder in any format")] = None,
    split: Annotated[Split, typer.Option(help="mistakes: of which rows")] = "test",
    seed: Annotated[int, typer.Option(help="random: of the draw")] = 1,
    again: Annotated[bool, typer.Option("--again", help="pick documents that were reviewed too")] = False,
    push: Annotated[str | None, typer.Option(help="label_studio: make a project on the server of this address")] = None,
) -> str:
    """Send what is worth a person's look to an annotation tool."""
    if push is not None and to != "label_studio":
        raise typer.BadParameter("--push is of label_studio: the others take files")
    token = label_studio.token_of_environment() if push is not None else ""
    if (pick in OF_POOL) > (pool is not None):
        raise typer.BadParameter(f"--pick {pick} chooses among texts without annotation: give --pool")
    if pool is not None and pick in ("doubtful", "mistakes"):
        raise typer.BadParameter(f"--pick {pick} is of the corpus: leave --pool out")
    places = Places.of_stages()
    settings = params.read(params.Parse)
    seen = frozenset() if again else reviewed.read(reviewed.beside(places.raw))
    if pool is None:
        picked, version = of_corpus(places, Wanted(pick, count, places.raw, seen), split, seed), PRESENT
    else:
        picked, version = of_pool(places, pick, pool, seen, count, seed)
    if not picked:
        return f"review: nothing to review ({pick}), and nothing written"
    n_written = write_review(picked, target, to, lazy_tokenizer(settings.language, settings.segmenter), version)
    said = f"review: {counted(n_written, 'item')}, {pick}, in {target}; what was sent stands in {sent_beside(target)}"
    return said if push is None else f"{said}\n{pushed(places, target, push, token)}"


def pushed(places: Places, target: Path, url: str, token: str) -> str:
    """Where the project of a review is now, for people; without a project there is no review."""
    parsed = storage.read(places.parsed, PARSE)
    names = label_studio.names_of_corpus([*parsed.tables.values(), *parsed.sentences.values()])
    try:
        tasks = json.loads(target.read_text(encoding="utf-8"))
        project = label_studio.push(tasks, target.stem, names, url, token)
    except InputError:
        target.unlink()
        sent_beside(target).unlink()
        raise
    return f"review: the project is {project}; it comes home with pipeline.adopt --pull {project} --sent {sent_beside(target)}"


def of_corpus(places: Places, wanted: Wanted, split: Split, seed: int) -> list[Item]:
    """Items of the corpus, as annotated."""
    parsed = storage.read(places.parsed, PARSE)
    if wanted.pick == "random":
        rows = pa.concat_tables(parsed.tables[name] for name in OWN_SPLITS if name in parsed.tables)
        return drawn_items(rows, drawn(len(rows), len(rows), seed).tolist(), wanted)
    if wanted.pick == "mistakes":
        return mistakes(places, parsed, wanted, split)
    held = HeldOut.read(held_out.folder())
    judged, n_changed = by_held_out(held, parsed)
    if n_changed:
        log(f"review: {counted(n_changed, 'row has', 'rows have')} changed since make doubtful, not looked at")
    return items(doubts(judged, held.entities, parsed), judged, wanted)


def mistakes(places: Places, parsed: Parsed, wanted: Wanted, split: Split) -> list[Item]:
    """Items of a split that the model contradicts: of test as its report has it, else as the model says now."""
    if split == "test":
        judged = by_predictions(places.reports, parsed)
    else:
        judged, n_unknown = by_model(Predictor(places.model), parsed.tables[split])
        if n_unknown:
            log(f"review: {counted(n_unknown, 'row has a label', 'rows have labels')} that the model does not know, not looked at")
    return items(pair_doubts(judged), judged, wanted)


def of_pool(places: Places, pick: Pick, path: Path, seen: frozenset[str], count: int, seed: int) -> tuple[list[Item], str]:
    """Items of a pool, as the model annotates them, and the model's version."""
    pool = pool_items.Pool.read(path, seen)
    predictor = Predictor(places.model)
    if pick == "uncertain":
        return pool_items.uncertain_items(predictor, pool, count), predictor.version
    if pick == "random":
        return pool_items.drawn_items(predictor, pool, count, seed), predictor.version
    data, store = storage.read(places.positioned, POSITION), Store.open(places.embedded)
    if store.description.fingerprint != predictor.vectors.fingerprint:
        raise InputError.of(places.model, "the model has the vectors of another encoder than the corpus", "run dvc repro")
    tables = [data.tables[name] for name in OWN_SPLITS if name in data.tables]
    known = store.means(pa.concat_tables(tables)["words"])
    return pool_items.diverse_items(predictor, pool, known, count), predictor.version


if __name__ == "__main__":
    run(main)
