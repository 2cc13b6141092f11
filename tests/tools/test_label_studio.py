"""A review on a real Label Studio and home again: pushed, corrected through its API and in its page, pulled and adopted."""

from __future__ import annotations

import copy
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.tools import studio
from tests.tools.studio import ROOT, Studio

PYTHON = ROOT / ".venv/bin/python"
TRAIN = (
    '1\t"The <e1>author</e1> uses a <e2>keygen</e2>."\nUses(e1,e2)\nComment: one\n\n'
    '2\t"A 😀 <e1>ring</e1> lies in a <e2>box</e2>."\nOther\nComment:\n\n'
    '3\t"<e1>Rain</e1> makes <e2>floods</e2>."\nCause(e2,e1)\nComment:\n\n'
    '4\t"<e1>Snow</e1> makes <e2>slides</e2>."\nCause(e1,e2)\nComment:\n\n'
)
ROW = (
    '{"id": "d1", "text": "Ann 😀 of Acme left Bonn.", "by": "me", "entities": [{"id": "T1", "spans": [[0, 3]], "type": "Person"},'
    ' {"id": "T2", "spans": [[9, 13]], "type": "Company"}], "relations": [{"head": "T1", "tail": "T2", "label": "works at"}]}\n'
)
OTHER = ROW.replace("d1", "d2").replace("Acme", "Lion").replace("Company", "City")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with studio.running(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A parsed project under git."""
    raw = tmp_path / "data/raw"
    raw.mkdir(parents=True)
    (raw / "train.txt").write_text(TRAIN)
    (raw / "train_documents.jsonl").write_text(ROW + OTHER)
    (raw / "validation.txt").write_text('5\t"<e1>Wind</e1> makes <e2>waves</e2>."\nCause(e1,e2)\nComment:\n')
    (raw / "test.txt").write_text('6\t"<e1>Fire</e1> makes <e2>smoke</e2>."\nCause(e1,e2)\nComment:\n')
    (tmp_path / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["parse"]["negatives"] = "none"
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    assert "6 train" in (said := ran(tmp_path, "parse", "data/raw", "data/parsed")), said
    for arguments in (["init", "-q"], ["add", "data/raw"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "raw"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return tmp_path


def ran(project: Path, module: str, *arguments: str, token: str = studio.TOKEN) -> str:
    """What a command of the pipeline says."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LABEL_STUDIO_API_KEY": token}
    command = [str(PYTHON), "-m", f"pipeline.{module}", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


def pushed(project: Path, server: Studio) -> str:
    """The number of the project that a review of all rows is."""
    said = ran(project, "review", "review.json", "--pick", "random", "--count", "9", "--to", "label_studio", "--push", server.url)
    match = re.search(rf"the project is {server.url}/projects/(\d+);", said)
    assert match, said
    return match[1]


def adopted(project: Path, server: Studio, number: str) -> str:
    url = f"{server.url}/projects/{number}"
    return ran(project, "adopt", "--pull", url, "--sent", "review.json.sent.jsonl", "--write")


def difference(project: Path) -> list[str]:
    """The lines that git sees as changed in data/raw."""
    command = ["git", "diff", "--unified=0", "data/raw"]
    said = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]


def test_an_untouched_project_changes_nothing(project: Path, server: Studio) -> None:
    said = adopted(project, server, pushed(project, server))
    assert "adopt: 7 items: 7 untouched; written" in said
    assert difference(project) == []


def test_what_was_corrected_through_the_api_comes_home(project: Path, server: Studio) -> None:
    number = pushed(project, server)
    tasks = server.tasks(number)
    results = {item: copy.deepcopy(task["predictions"][0]["result"]) for item, task in tasks.items()}
    results["1"][-1]["labels"] = ["Makes"]
    results["2"][0]["value"] |= {"start": 2, "end": 8, "text": "😀 ring"}
    results["d1"][1]["value"] |= {"start": 6, "end": 13, "text": "of Acme"}
    for item in ("1", "2", "3", "d1"):
        server.annotate(tasks[item], results[item])
    server.annotate(tasks["4"], None)
    said = adopted(project, server, number)
    assert "adopt: 7 items: 3 changed, 1 confirmed as they are, 1 skipped, 2 untouched" in said
    assert difference(project) == [
        "-Uses(e1,e2)",
        "+Makes(e1,e2)",
        '-2\t"A 😀 <e1>ring</e1> lies in a <e2>box</e2>."',
        '+2\t"A <e1>😀 ring</e1> lies in a <e2>box</e2>."',
        f"-{ROW.strip()}",
        f"+{ROW.strip().replace('[[9, 13]]', '[[6, 13]]')}",
    ]


@pytest.mark.skipif(not studio.CHROMIUM, reason="there is no chromium")
def test_what_was_marked_in_the_page_behind_an_emoji_comes_home(project: Path, server: Studio) -> None:
    number = pushed(project, server)
    task = server.tasks(number)["d1"]
    with server.page(number, task) as page:
        studio.select(page, "Bonn", hotkey="1")  # the types in their order: City, Company, Person
        page.click("button:has-text('Submit')")
        page.wait_for_selector("button:has-text('Update')")
    said = adopted(project, server, number)
    assert "train_documents.jsonl:1: entity added: Bonn [19:23] (City)" in said
    assert difference(project) == [
        f"-{ROW.strip()}",
        "+" + ROW.strip().replace('"Company"}]', '"Company"}, {"id": "T3", "spans": [[19, 23]], "type": "City"}]'),
    ]


def test_a_wrong_token_is_told_and_leaves_nothing(project: Path, server: Studio) -> None:
    command = ("review", "review.json", "--pick", "random", "--to", "label_studio", "--push", server.url)
    said = ran(project, *command, token="f" * 40)
    assert "the server refuses (401)" in said
    assert [path.name for path in project.glob("review*")] == ["review.json.problems.jsonl"]
