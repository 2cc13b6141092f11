"""The review command: each pick from probabilities made by hand or by a tiny model, and what stands in the tool's file."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from pipeline import parse, review
from pipeline.annotation import reviewed
from pipeline.annotation.corpus_items import pair_doubts
from pipeline.annotation.held_out import HeldOut
from pipeline.annotation.judged import by_held_out
from pipeline.annotation.review_file import read_sent, sent_beside
from pipeline.core import stage, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE
from tests.support import held_out
from tests.support.project import ROOT
from tests.support.rows import with_column

WRONG = {  # the label of row 3 has 0.02, that of row 1 has 0.3, that of d-1's second pair 0.1
    "3": (0.0, 0.97, 0.01, 0.02, 0.0),
    "1": (0.0, 0.3, 0.6, 0.1, 0.0),
    "d-1:T2-T3": (0.1, 0.0, 0.0, 0.9, 0.0),
}
ANN, ACME = (0, 3, "PER", True, 0.99), (14, 18, "ORG", True, 0.05)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parsed corpus of a few rows with held-out predictions; copy nothing, write elsewhere."""
    folder = tmp_path_factory.mktemp("corpus")
    held_out.write_corpus(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        parse.main(Path("data/raw"), Path("data/parsed"))
    held_out.write_held_out(folder, WRONG, [ANN, ACME])
    return folder


@pytest.fixture
def here(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The corpus as the folder to run in."""
    monkeypatch.chdir(corpus)
    monkeypatch.setattr(review.held_out, "EXPERIMENT", Path("doubtful.yaml"))
    return corpus


def sent(target: Path, pick: review.Pick, count: int = 50, **options: Any) -> list[Any]:
    """The items that a review sends as JSON lines."""
    review.main(target, pick, options.pop("to", "jsonl"), count, **options)
    return [each.item for each in read_sent(sent_beside(target))]


@pytest.mark.usefixtures("here")
def test_the_most_doubtful_labels_come_first_each_with_why_and_where(tmp_path: Path) -> None:
    items = sent(tmp_path / "out", "doubtful")
    assert [item.document.id for item in items] == ["3", "d-1", "1"]
    assert items[0].document.source == "data/raw/train.txt:7"
    assert items[0].reasons[0].probability == 0.02
    assert items[0].why == '"wind" - "mast": Other has the held-out probability 0.02, Cause-Effect(e1,e2) 0.97'


@pytest.mark.usefixtures("here")
def test_a_document_is_one_item_with_all_that_is_doubted_of_it(tmp_path: Path) -> None:
    [_, document] = sent(tmp_path / "out", "doubtful", 2)
    assert document.why.split("; ") == [
        '"Acme" ORG is annotated, the held-out probability that it is an entity is 0.05',
        '"Acme" - "Oslo": Based-In has the held-out probability 0.10, Other 0.90',
    ]
    assert len(document.document.entities) == 3


@pytest.mark.usefixtures("here")
def test_label_studio_sorts_by_the_probability_of_the_least_probable_relation(tmp_path: Path) -> None:
    sent(tmp_path / "out", "doubtful", to="label_studio")
    tasks = json.loads((tmp_path / "out").read_text())
    assert [task["predictions"][0]["score"] for task in tasks] == [0.02, 0.1, 0.3]


def test_what_was_reviewed_returns_only_when_asked(here: Path, tmp_path: Path) -> None:
    path = reviewed.beside(here / "data/raw")
    try:
        [first] = sent(tmp_path / "one", "doubtful", 1)
        reviewed.add(path, [first.document])
        assert [item.document.id for item in sent(tmp_path / "two", "doubtful", 1)] == ["d-1"]
        assert [item.document.id for item in sent(tmp_path / "three", "doubtful", 1, again=True)] == ["3"]
    finally:
        path.unlink()


def test_a_row_whose_label_was_corrected_since_is_not_doubted(here: Path) -> None:
    told, parsed = HeldOut.read(here / "held_out"), storage.read(here / "data/parsed", PARSE)
    labels = [
        "Cause-Effect(e2,e1)" if row_id == "3" else label for row_id, label in zip(*_columns(told, "id", "relation"), strict=True)
    ]
    judged, n_changed = by_held_out(replace(told, rows=with_column(told.rows, "relation", labels)), parsed)
    assert n_changed == 1
    assert judged.rows["id"].to_pylist() == ["1", "2", "d-1:T1-T2", "d-1:T2-T3", "4"]
    assert [doubt.row.id for doubt in pair_doubts(judged)] == ["d-1:T2-T3", "1"]


def _columns(told: HeldOut, *names: str) -> list[list[Any]]:
    return [told.rows[name].to_pylist() for name in names]


def test_a_corpus_that_changed_since_it_was_parsed_is_an_error(here: Path, tmp_path: Path) -> None:
    path = here / "data/raw/train.txt"
    before = path.read_text()
    try:
        path.write_text(f"\n{before}")
        with pytest.raises(InputError, match=r"row 3 is no longer there: data/raw has changed since it was parsed"):
            sent(tmp_path / "out", "doubtful")
    finally:
        path.write_text(before)
    assert list(tmp_path.iterdir()) == []


def test_without_held_out_predictions_the_error_says_what_to_run(
    tmp_path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "doubtful.yaml").write_text((here / "doubtful.yaml").read_text().replace("held_out\n", "nowhere\n"))
    monkeypatch.setattr(review.held_out, "EXPERIMENT", tmp_path / "doubtful.yaml")
    with pytest.raises(InputError, match="run make doubtful"):
        sent(tmp_path / "out", "doubtful")


@pytest.mark.usefixtures("here")
def test_the_same_review_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        sent(tmp_path / name, "doubtful", to="doccano")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sent_beside(tmp_path / "one").read_bytes() == sent_beside(tmp_path / "two").read_bytes()


@pytest.mark.usefixtures("here")
def test_documents_of_the_corpus_are_drawn_by_the_seed(tmp_path: Path) -> None:
    drawn = [[item.document.id for item in sent(tmp_path / f"{seed}", "random", seed=seed)] for seed in (1, 2)]
    assert sorted(drawn[0]) == sorted(drawn[1]) == ["1", "2", "3", "4", "d-1"]
    assert drawn[0] != drawn[1]


@pytest.mark.usefixtures("here")
def test_a_pool_is_asked_for_where_one_is_needed_and_refused_where_none_is(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="give --pool"):
        sent(tmp_path / "out", "uncertain")
    with pytest.raises(typer.BadParameter, match="leave --pool out"):
        sent(tmp_path / "out", "doubtful", pool=Path("pool.txt"))


def test_the_shipped_pipeline_tells_where_held_out_predictions_stand() -> None:
    assert review.stage_paths("experiments.held_out", ROOT / review.held_out.EXPERIMENT)[-1] == "experiments/doubtful/held_out"


def test_mistakes_of_test_are_those_of_the_report_and_of_other_splits_those_of_the_model(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    for split in ("test", "validation"):
        items = sent(tmp_path / split, "mistakes", 5, split=split)
        scores = [round(item.reasons[0].probability, 2) for item in items]
        assert scores == sorted(scores)
        assert all(max(item.reasons[0].probabilities.values()) > item.reasons[0].probability for item in items)
        files = "test" if split == "test" else "train"
        assert all(item.document.source.startswith(f"data/raw/{files}") for item in items)


@pytest.mark.parametrize("pick", ["uncertain", "diverse", "random"])
def test_texts_of_a_pool_are_sent_with_what_the_model_finds(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pick: review.Pick
) -> None:
    pool = tmp_path / "pool.txt"
    pool.write_text(
        "The <e1>rain</e1> caused a <e2>flood</e2>.\n\nA <e1>box</e1> of <e2>nails</e2> fell.\nThe <e1>cat</e1> <e2>sat</e2>.\n"
    )
    monkeypatch.chdir(finished)
    items = sent(tmp_path / "out", pick, 2, pool=pool)
    assert len({item.document.text for item in items}) == 2
    assert all(item.document.source.startswith(f"{pool}:") for item in items)
    assert [len(item.document.relations) for item in items] == [1, 1]


def test_a_text_of_a_pool_that_the_model_cannot_answer_is_an_error(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = tmp_path / "pool.txt"
    pool.write_text("The <e1>rain</e1> caused a <e2>flood</e2>.\nAn <e1>open mark.\n")
    monkeypatch.chdir(finished)
    with pytest.raises(InputError, match=r"pool\.txt:2: <e1> opens"):
        sent(tmp_path / "out", "uncertain", pool=pool)
    assert [path.name for path in tmp_path.iterdir()] == ["pool.txt"]


def commands() -> list[list[str]]:
    """The arguments of every review that the page runs."""
    section = (ROOT / "docs/annotation.md").read_text().split("## Review\n")[1].split("\n## ")[0]
    return [shlex.split(line)[3:] for line in section.splitlines() if line.startswith("    python -m pipeline.review ")]


def test_the_commands_of_the_page_run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = shutil.copytree(finished, tmp_path / "project", ignore=shutil.ignore_patterns(".git", "cache", "pipeline"))
    parsed = storage.read(project / "data/parsed", PARSE)
    relations = sorted(
        set(parsed.tables["train"]["relation"].to_pylist()) | set(parsed.tables["validation"]["relation"].to_pylist())
    )
    uniform = [1 / len(relations)] * len(relations)
    uniform[0] *= 2
    held_out.of_rows(parsed, relations, lambda row_id, label: uniform).write(project / "experiments/doubtful/held_out")
    shutil.copy(ROOT / review.held_out.EXPERIMENT, project / review.held_out.EXPERIMENT)
    (project / "new_texts.txt").write_text("The <e1>rain</e1> caused a <e2>flood</e2>.\n")
    monkeypatch.chdir(project)
    for arguments in commands():
        monkeypatch.setattr(sys, "argv", ["review", *arguments])
        with pytest.raises(SystemExit) as ended:
            stage.run(review.main)
        assert ended.value.code == 0
        assert read_sent(sent_beside(Path(arguments[0])))
    assert {arguments[arguments.index("--pick") + 1] for arguments in commands()} == set(get_args(review.Pick))
    assert {arguments[arguments.index("--to") + 1] for arguments in commands()} == set(get_args(review.Tool))
