"""The command agreement: every form of its output, and what is said of annotators by their names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import agreement
from pipeline.annotation.annotators import CONVERT
from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from tests.support import documented
from tests.support.project import ROOT

TEXT = "Ann Lee founded Acme."
ENTITIES = (Entity("a", (Span(0, 7),), "PER"), Entity("b", (Span(16, 20),), "ORG"))
LABELS = {"ann": "founded", "bob": "founded", "cy": "<b>owns</b>\x1b[2J|"}


def document(row: int, label: str) -> Document:
    return Document(str(row), "", f"{TEXT} {row}", ENTITIES, (Relation("a", "b", label),))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three annotators' files and folders, and one export of all of them; the present folder."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    tasks: list[Any] = []
    for number, (name, label) in enumerate(LABELS.items(), 1):
        documents = [document(row, label if row else "founded") for row in range(3)]
        (tmp_path / name).mkdir()
        for place in (tmp_path / name / "train.jsonl", tmp_path / f"{name}.jsonl"):
            FORMATS["jsonl"].write(documents, place)
        FORMATS["label_studio"].write(documents, tmp_path / "export.json")
        theirs = json.loads((tmp_path / "export.json").read_text())
        tasks = tasks or [{**task, "annotations": []} for task in theirs]
        for task, one in zip(tasks, theirs, strict=True):
            task["annotations"].append({**one["annotations"][0], "completed_by": number})
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", documented.commands("docs/annotation.md", "pipeline.agreement"))
def test_a_command_that_the_page_shows_runs(command: str) -> None:
    assert "founded" in documented.run(agreement.main, command)


def test_an_export_and_a_file_for_each_annotator_give_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    sides = []
    for paths in ([Path("export.json")], [Path(name) for name in LABELS]):
        agreement.main(paths, "json")
        values = json.loads(capsys.readouterr().out)
        sides.append([values["labels"][name] for name in ("units", "krippendorff_alpha", "fleiss_kappa", "classes", "confused")])
    assert sides[0] == sides[1]
    assert sides[0][0] == 3


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_labels_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str], format: agreement.Form) -> None:
    agreement.main([Path(name) for name in LABELS], format)
    page = capsys.readouterr().out
    assert "owns" in page
    assert "\x1b" not in page
    if format == "markdown":
        assert all(line.count("<b>") == line.count("`<b>") for line in page.splitlines())


def test_names_are_those_of_parse(capsys: pytest.CaptureFixture[str]) -> None:
    """One who has not related a pair says of it what another says by a label that is renamed to the negative one."""
    params = Path("params.yaml").read_text()
    renames = "  rename: {Rest: Other, met: knows}\n  symmetric: [knows]\n"
    Path("params.yaml").write_text(params.replace("parse:\n", f"parse:\n{renames}", 1))
    pairs = {
        "a": [("a", "b", "Rest"), ("a", "b", "met"), ("a", "b", "met(e1,e2)")],
        "b": [(), ("b", "a", "knows"), ("b", "a", "met")],
    }
    for name, relations in pairs.items():
        documents = [
            Document(str(row), "", f"{TEXT} {row}", ENTITIES, (Relation(*one),) if one else ()) for row, one in enumerate(relations)
        ]
        FORMATS["jsonl"].write(documents, Path(f"{name}.jsonl"))
    agreement.main([Path("a.jsonl"), Path("b.jsonl")], "json")
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert {each["label"]: each["given"] for each in labels["classes"]} == {"Other": 2, "knows": 4}
    assert labels["krippendorff_alpha"]["value"] == 1


def test_a_folder_without_params_has_the_defaults_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [Path(name) for name in LABELS]
    agreement.main(paths, "json")
    with_params = capsys.readouterr().out
    Path("params.yaml").unlink()
    agreement.main(paths, "json")
    out, err = capsys.readouterr()
    assert out == with_params
    assert "no params.yaml here: " in err


def test_the_hint_of_a_file_of_no_format_names_no_option_that_there_is_not() -> None:
    Path("empty.jsonl").write_text("")
    with pytest.raises(InputError, match=r"empty.jsonl") as error:
        agreement.main([Path("ann.jsonl"), Path("empty.jsonl")])
    assert [problem.hint for problem in error.value.problems] == [CONVERT]
