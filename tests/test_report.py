"""The command report: a copy with the commit and a comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import parse, report
from pipeline.annotation import asked_rows, score_changes
from pipeline.annotation.asked_rows import Asked
from pipeline.annotation.versions import Version
from pipeline.core import files, manifests, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE, REPORTS, ReportsDescription
from pipeline.evaluation import predictions_file
from pipeline.evaluation.report import render
from pipeline.pages import page
from tests.support import held_out as made_up
from tests.support import project, reports, scored
from tests.support.scored import LABELS
from tests.support.versions import SENTENCES, make, without, write_split

OTHER, THERE, BACK = LABELS
TEST = {str(row): (f"The <e1>old cat</e1> saw {row} <e2>mats</e2>.", label) for row, label in enumerate((THERE, THERE, OTHER), 1)}


def evaluated(folder: Path, *predicted: str) -> Path:
    """A project whose reports are of three test rows with these predictions."""
    results = reports.results(scored.table(THERE, THERE, OTHER), reports.sure(predicted, LABELS), LABELS)
    written = make(folder, test=TEST) / "reports"
    written.mkdir()
    files.write_text(written / "report.html", render(results))
    files.write_json(written / "metrics.json", results.metrics["test"]["relation"])
    files.write_lines(written / "predictions.jsonl", predictions_file.rows(results.test))
    manifests.seal(written, REPORTS, ReportsDescription(3))
    return folder


@pytest.fixture
def present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, a committed project with reports."""
    folder = evaluated(tmp_path / "present", THERE, BACK, THERE)
    project.git(tmp_path, "init", "--quiet", str(folder))
    project.commit(folder, "A project")
    monkeypatch.chdir(folder)
    return folder


def told(file: Path) -> dict[str, Any]:
    copy: dict[str, Any] = page.data_of(file.read_text(encoding="utf-8"))["copy"]
    return copy


def test_a_copy_tells_the_commit_and_is_the_report_otherwise(present: Path) -> None:
    report.main(Path("copy.html"))
    assert told(present / "copy.html") == {"commit": project.git(present, "rev-parse", "HEAD").strip(), "changed": False}
    original = (present / "reports/report.html").read_text(encoding="utf-8")
    copied = (present / "copy.html").read_text(encoding="utf-8")
    assert page.with_data(copied, None) == page.with_data(original, None)


def test_changes_that_are_not_committed_are_told(present: Path) -> None:
    with (present / "params.yaml").open("a") as file:
        file.write("# an edit\n")
    report.main(Path("copy.html"))
    assert told(present / "copy.html")["changed"] is True


def test_a_comparison_tells_what_became_of_each_sentence(present: Path, tmp_path: Path) -> None:
    evaluated(tmp_path / "old", OTHER, THERE, THERE)
    report.main(Path("copy.html"), against=str(tmp_path / "old"))
    copy = told(present / "copy.html")
    assert copy["before"]["counts"] == {"fixed": 1, "broken": 1, "other": 0}
    assert [copy["before"]["names"][label] for label in copy["before"]["label"]] == [OTHER, THERE, THERE]
    assert copy["against"]["scores"]["n_rows"] == 3


def test_the_test_annotations_of_a_version_are_read_once_for_scores(
    present: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def find_asked(version: Version, golds: Mapping[str, str | None]) -> dict[str, Asked]:
        read.append(version.name)
        return asked_rows.find_asked(version, golds)

    monkeypatch.setattr(score_changes, "find_asked", find_asked)
    evaluated(tmp_path / "old", OTHER, THERE, THERE)
    report.main(Path("copy.html"), against=str(tmp_path / "old"))
    assert read == [str(tmp_path / "old"), "."]


def test_reports_that_lie_elsewhere_are_those_that_are_compared(present: Path, tmp_path: Path) -> None:
    elsewhere = evaluated(tmp_path / "elsewhere", THERE, THERE, OTHER) / "reports"
    evaluated(tmp_path / "old", THERE, BACK, THERE)
    report.main(Path("copy.html"), against=str(tmp_path / "old"), reports=elsewhere)
    copy = told(present / "copy.html")
    assert copy["before"]["counts"] == {"fixed": 2, "broken": 0, "other": 0}
    assert [score["new"] for score in copy["against"]["scores"]["paired"] if score["name"] == "accuracy"] == [100]


def test_annotations_that_changed_are_listed(present: Path, tmp_path: Path) -> None:
    make(tmp_path / "old", without("1"), test=TEST)
    report.main(Path("copy.html"), against=str(tmp_path / "old"), most=5)
    against = told(present / "copy.html")["against"]
    assert against["counts"] == {"added": 1}
    assert against["titles"]["added"] == "documents added"
    assert [change["id"] for change in against["changes"]] == ["1"]


def test_a_version_without_reports_is_compared_by_its_annotations(present: Path, tmp_path: Path) -> None:
    make(tmp_path / "old")
    report.main(Path("copy.html"), against=str(tmp_path / "old"))
    copy = told(present / "copy.html")
    assert "before" not in copy
    assert "no metrics.json" in copy["against"]["no_scores"]


def test_predictions_of_an_older_version_that_are_damaged_are_not_compared(present: Path, tmp_path: Path) -> None:
    predictions = evaluated(tmp_path / "old", OTHER, THERE, THERE) / "reports/predictions.jsonl"
    predictions.write_text(predictions.read_text().splitlines(keepends=True)[0])
    report.main(Path("copy.html"), against=str(tmp_path / "old"))
    copy = told(present / "copy.html")
    assert "before" not in copy
    assert "predictions.jsonl: missing, damaged or changed since manifest.json was written" in copy["against"]["no_scores"]


@pytest.fixture
def doubted(present: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder once parse and make doubtful have run: networks doubt the label of the row 1 of train."""
    (present / "dvc.yaml").write_text((project.ROOT / "dvc.yaml").read_text())
    experiment = {"cmd": "python -m experiments.held_out doubtful data/positioned data/embedded held_out"}
    (present / "doubtful.yaml").write_text(yaml.safe_dump({"stages": {"doubtful": experiment}}))
    monkeypatch.setattr(report.held_out, "EXPERIMENT", Path("doubtful.yaml"))
    for split in ("validation", "test"):
        write_split(present, split, {f"{split}-{row_id}": sentence for row_id, sentence in SENTENCES.items()})
    parse.main(Path("data/raw"), Path("data/parsed"))
    parsed = storage.read(Path("data/parsed"), PARSE)
    names = sorted({name for table in parsed.tables.values() for name in table["relation"].to_pylist()})
    tell = {label: [float(name == label) for name in names] for label in names}
    doubt = {"1": [0.1, *[0.0] * (len(names) - 2), 0.9]}
    made_up.of_rows(parsed, names, lambda row_id, label: doubt.get(row_id, tell[label])).write(Path("held_out"))
    return present


def test_doubtful_labels_are_told_where_make_doubtful_has_run(doubted: Path) -> None:
    report.main(Path("copy.html"))
    told_of = told(doubted / "copy.html")["doubtful"]
    assert (told_of["n"], told_of["n_changed"]) == (1, 0)
    [row] = told_of["rows"]
    assert (row["id"], row["probability"], row["place"]) == ("1", 0.1, "data/raw/train.txt:1")
    assert '"storm" - "damage": Cause-Effect(e1,e2) has the held-out probability 0.10, Other 0.90' in row["why"]


def test_doubtful_labels_are_counted_where_not_all_are_listed(doubted: Path) -> None:
    report.main(Path("copy.html"), most=0)
    assert told(doubted / "copy.html")["doubtful"] == {"n": 1, "n_changed": 0, "rows": []}


def test_held_out_predictions_that_are_damaged_are_an_error(doubted: Path) -> None:
    (doubted / "held_out/rows.arrow").write_bytes(b"")
    with pytest.raises(InputError, match=r"rows\.arrow"):
        report.main(Path("copy.html"))
    assert not (doubted / "copy.html").exists()


def test_a_file_that_is_there_is_not_replaced(present: Path) -> None:
    (present / "copy.html").write_text("mine")
    with pytest.raises(InputError, match="there is something already"):
        report.main(Path("copy.html"))
    assert (present / "copy.html").read_text() == "mine"


def test_a_report_that_was_changed_is_refused(present: Path) -> None:
    (present / "reports/report.html").write_text("<html>")
    with pytest.raises(InputError, match=r"report\.html"):
        report.main(Path("copy.html"))


def test_a_report_of_an_older_release_is_refused(present: Path) -> None:
    (present / "reports/report.html").write_text("<html>")
    manifests.seal(present / "reports", REPORTS, ReportsDescription(3))
    with pytest.raises(InputError, match="no report of this version"):
        report.main(Path("copy.html"))


def test_a_folder_without_a_commit_is_refused(present: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = evaluated(tmp_path / "alone", THERE, THERE, OTHER)
    monkeypatch.chdir(alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(InputError, match="no commit to name"):
        report.main(Path("copy.html"))


def test_the_block_of_a_copy_is_json(present: Path) -> None:
    report.main(Path("copy.html"))
    found = page.BLOCK.search((present / "copy.html").read_text(encoding="utf-8"))
    assert found
    assert json.loads(found[0])["copy"]
