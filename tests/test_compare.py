"""The command compare: every form of its output, from folders and revisions, whatever the annotations hold."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from pipeline import compare
from pipeline.annotation.comparison import TITLES
from pipeline.annotation.difference import Kind
from pipeline.core import manifests
from pipeline.core.schema import REPORTS, ReportsDescription
from tests.support import documented, project
from tests.support.versions import SENTENCES, Sentences, make, without, write_split

HOSTILE = "The <e1>@everyone</e1> <script>alert(1)</script> \x1b[2J `x` | <e2>bread</e2>."


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project `old`; `new` is to be made."""
    make(tmp_path / "old")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], new: Sentences, format: compare.Form, most: int = 10, **others: Sentences) -> str:
    make(Path("new"), new, **others)
    compare.main("old", "new", format, most)
    return capsys.readouterr().out


CHANGED = {**without("1"), "2": (SENTENCES["2"][0], "Other"), "3": ("The old <e1>baker</e1> sold us some <e2>bread</e2>.", "Other")}


def test_text_tells_every_change_with_its_place(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, CHANGED, "text")
    assert "new/data/raw/train.txt:1 (2) wheel - cart: Component-Whole(e1,e2) -> Other" in text
    assert "new/data/raw/train.txt:5 (3) The baker sold us some bread. -> The old baker sold us some bread." in text
    assert "old/data/raw/train.txt:1 (1) train: The storm caused damage in the port." in text
    assert "no scores compared: old has no metrics.json" in text


def test_json_has_every_change_whatever_is_listed(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(output(capsys, CHANGED, "json", most=0))
    assert values["counts"] == {"removed": 1, "edited": 1, "relabelled": 1}
    assert [(row["kind"], row["id"], row["line"]) for row in values["changes"]] == [
        ("relabelled", "2", 1),
        ("edited", "3", 5),
        ("removed", "1", 1),
    ]
    assert values["tables"]["relabelled"] == [{"from": "Component-Whole(e1,e2)", "to": "Other", "count": 1}]


def test_more_changes_than_are_listed_are_counted(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = {row_id: (text, "Other") for row_id, (text, _) in SENTENCES.items()}
    text = output(capsys, others, "text", most=1)
    assert "  and 2 more" in text.splitlines()


def test_no_change_is_said(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No annotation has changed." in output(capsys, SENTENCES, "markdown")


@pytest.mark.parametrize("format", ["markdown", "html", "text"])
def test_what_a_text_holds_is_shown_and_not_obeyed(sides: Path, capsys: pytest.CaptureFixture[str], format: compare.Form) -> None:
    page = output(capsys, {**SENTENCES, "9": (HOSTILE, "Other")}, format)
    assert "everyone" in page
    assert "\x1b" not in page
    if format == "html":
        assert "<script>" not in page
    if format == "markdown":
        outside = re.sub(r"`[^`\n]*`", "", page)
        assert not re.search("@everyone|script|alert", outside)


def test_a_comment_of_many_changes_is_no_longer_than_github_takes(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label = "Label-" + "x" * 180
    many = {str(n): (f"A <e1>wheel</e1> number {n} {'came off ' * 50} the <e2>cart</e2>.", f"{label}{n}") for n in range(300)}
    changed = {row_id: (f"{text} Then it rained {row_id} days.", f"{label[:-1]}{row_id}") for row_id, (text, label) in many.items()}
    write_split(sides / "old", "train", many)
    page = output(capsys, changed, "markdown", most=300)
    assert 20_000 < len(page) <= 65_536
    assert re.search(r"and 2\d\d more", page)


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_why_no_predictions_are_compared_is_said(sides: Path, capsys: pytest.CaptureFixture[str], format: compare.Form) -> None:
    for side in ("old", "new"):
        (sides / side / "reports").mkdir(parents=True)
        (sides / side / "reports/metrics.json").write_text("{}")
        (sides / side / "reports/predictions.jsonl").write_text('{"id": "9", "gold": "Other", "predicted": "Other"}\n')
    page = output(capsys, SENTENCES, format)
    assert "1 of 1 test rows of predictions.jsonl are not as old has them: run dvc repro evaluate" in page


def test_every_kind_of_change_has_a_title() -> None:
    assert TITLES.keys() == set(Kind.__args__)  # type: ignore[attr-defined]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two commits, the present folder."""
    folder = make(tmp_path / "a project")
    project.git(folder, "init", "--quiet")
    project.commit(folder, "v1")
    write_split(folder, "train", CHANGED)
    project.commit(folder, "v2")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("command", documented.commands("docs/annotation.md", "pipeline.compare"))
def test_a_command_that_the_page_shows_runs(repository: Path, command: str) -> None:
    output = documented.run(compare.main, command)
    assert ("Component-Whole" in output) == ("HEAD~1" in command)


def test_two_revisions_are_compared_where_they_are(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare.main("HEAD~1", "HEAD", "text", 10)
    first = capsys.readouterr().out
    assert "  data/raw/train.txt:1 (2) wheel - cart: Component-Whole(e1,e2) -> Other" in first.splitlines()
    compare.main("HEAD~1", ".", "text", 10)
    assert capsys.readouterr().out == first.replace("HEAD~1 -> HEAD", "HEAD~1 -> .")


def test_scores_of_a_revision_come_from_dvc_and_those_of_the_folder_as_they_lie_there(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a project"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("models", "embedded"))
    predictions = folder / "reports/predictions.jsonl"
    rows = [json.loads(line) for line in predictions.read_text().splitlines()]
    predictions.unlink()  # it may be a link into DVC's cache
    predictions.write_text("".join(json.dumps({**row, "predicted": row["gold"]}) + "\n" for row in rows))
    manifests.seal(folder / "reports", REPORTS, ReportsDescription(len(rows)))
    monkeypatch.chdir(folder)
    compare.main("HEAD", ".", "json")
    values = json.loads(capsys.readouterr().out)
    assert values["documents_changed"] == 0
    assert values["scores"]["n_rows"] == project.N_ROWS["test"]
    assert {row["new"] for row in values["scores"]["paired"]} == {100.0}
    assert all(row["low"] > 0 for row in values["scores"]["paired"])
