"""Arrow folders: rows and notes come back as they were written, what is no output of the stage is refused."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow as pa
import pytest

from pipeline.core import outputs, storage
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST
from pipeline.core.schema import PARSE, POSITION, TAG, TAGGED, Contract, Finding, ParseNotes
from pipeline.tag import tag
from tests.support.project import ROOT
from tests.support.rows import PARSE_NOTES, POSITION_NOTES, TAG_NOTES, parsed, positioned, with_column

NOTES = ParseNotes(
    language="de",
    segmenter="char",
    excluded_by={"id": 3},
    overlap=1,
    negative_label="Other",
    symmetric=(),
    counts={},
    findings=(Finding("label-rare", "warning", 2, "2 labels", "annotate more", ("a.txt:1", "a.txt:2")),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    splits = {
        "train": [parsed("[e1 a] b [e2 c]"), parsed("[e1 d] [e2 e]", first_id=2)],
        "test": [parsed("[e1 f] g [e2 h i]", first_id=3)],
    }
    storage.write(tmp_path / "parsed", PARSE, splits, NOTES)
    return tmp_path / "parsed"


def test_what_is_written_is_read_back(folder: Path) -> None:
    read = storage.read(folder, PARSE)
    assert read.tables["train"]["words"].to_pylist() == [["a", "b", "c"], ["d", "e"]]
    assert read.notes == NOTES


@pytest.mark.parametrize(
    ("contract", "table", "notes"),
    [
        (PARSE, parsed("[e1 a] [e2 b]"), PARSE_NOTES),
        (TAG, tag(parsed("[e1 a] [e2 b]"), "entity", [], "outer"), TAG_NOTES),
        (POSITION, positioned("[e1 a] [e2 b]"), POSITION_NOTES),
    ],
    ids=["parse", "tag", "position"],
)
def test_a_stages_rows_and_notes_come_back(tmp_path: Path, contract: Contract[Any], table: pa.Table, notes: Any) -> None:
    n_rows = storage.write(tmp_path / "output", contract, {"test": [table, table], "train": [table]}, notes)
    assert n_rows == {"test": 2, "train": 1}
    read = storage.read(tmp_path / "output", contract)
    assert read.notes == notes
    assert list(read.tables) == ["train", "test"]
    assert read.tables["test"].equals(pa.concat_tables([table, table]))


def test_the_folder_opens_with_datasets(folder: Path) -> None:
    loaded = datasets.load_from_disk(str(folder))
    assert loaded["test"]["words"][0] == ["f", "g", "h", "i"]
    assert (loaded["train"].num_rows, loaded["train"].split) == (2, "train")


def test_another_content_has_another_fingerprint(folder: Path, tmp_path: Path) -> None:
    """By which `datasets` caches what users map."""
    before = datasets.load_from_disk(str(folder))
    test = storage.read(folder, PARSE).batches("test")
    storage.write(tmp_path / "other", PARSE, {"train": [parsed("[e1 x] [e2 y]")], "test": test}, NOTES)
    after = datasets.load_from_disk(str(tmp_path / "other"))
    assert before["train"]._fingerprint != after["train"]._fingerprint
    assert before["test"]._fingerprint == after["test"]._fingerprint


def test_batches_are_the_rows_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BATCH_ROWS", 1)
    read = storage.read(folder, PARSE)
    assert [batch["id"].to_pylist() for batch in read.batches("train")] == [["1"], ["2"]]
    assert [batch["id"].to_pylist() for batch in read.batches()] == [["1"], ["2"], ["3"]]
    assert [batch.column_names for batch in read.batches("test", columns=["words"])] == [["words"]]
    monkeypatch.setattr(storage, "BATCH_ROWS", 3)
    assert [batch["id"].to_pylist() for batch in read.batches()] == [["1", "2"], ["3"]]


def test_files_that_others_left_beside_the_rows_are_not_read(folder: Path) -> None:
    rows = next(folder.rglob("test/*.arrow"))
    rows.with_name("cache-0123.arrow").write_bytes(rows.read_bytes())
    assert len(storage.read(folder, PARSE).tables["test"]) == 1


def test_the_same_rows_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    tables = storage.read(folder, PARSE).tables
    for name in ("again", "third"):
        storage.write(tmp_path / name, PARSE, {split: [table] for split, table in tables.items()}, NOTES)
    files = sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file())
    assert len(files) > 5
    assert all((tmp_path / "again" / name).read_bytes() == (tmp_path / "third" / name).read_bytes() for name in files)


def test_a_split_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="split test has no rows"):
        storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 a] [e2 b]")], "test": []}, NOTES)


def test_validation_may_have_no_rows(tmp_path: Path) -> None:
    rows = [parsed("[e1 a] [e2 b]")]
    storage.write(tmp_path / "parsed", PARSE, {"train": rows, "validation": [], "test": rows}, NOTES)
    validation = storage.read(tmp_path / "parsed", PARSE).tables["validation"]
    assert (len(validation), validation.schema) == (0, PARSE.schema)
    assert datasets.load_from_disk(str(tmp_path / "parsed"))["validation"].num_rows == 0


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = next(folder.rglob("train/*.arrow"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"train/data-.*: missing, damaged or changed"):
        storage.read(folder, PARSE)


def test_a_missing_folder_is_named_with_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dvc repro parse"):
        storage.read(tmp_path / "none", PARSE)


def test_another_version_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(InputError, match=r"written as version 99 of 'parse'; version \d+ of 'parse' is wanted\n.*dvc repro parse"):
        storage.read(folder, PARSE)


def test_another_stages_output_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"written as version \d+ of 'parse'; version \d+ of 'tag' is wanted\n.*dvc repro tag"):
        storage.read(folder, TAG)


def test_other_columns_than_the_contracts_are_refused(tmp_path: Path) -> None:
    """As of a version whose number nobody raised."""
    table = tag(parsed("[e1 a] [e2 b]"), "entity", [], "outer")
    storage.write(tmp_path / "parsed", Contract(PARSE.kind, TAGGED, PARSE.sentences), {"train": [table]}, NOTES)
    with pytest.raises(InputError, match=r"train/data-.*: columns \[.*'tag_ids'\], not .*\n.*dvc repro parse"):
        storage.read(tmp_path / "parsed", PARSE)


def test_a_failed_write_leaves_the_old_output_and_no_trace(folder: Path) -> None:
    before = storage.read(folder, PARSE).tables["train"].to_pylist()

    def broken() -> Iterator[pa.Table]:
        yield parsed("[e1 x] [e2 y]")
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        storage.write(folder, PARSE, {"train": broken()}, NOTES)
    assert storage.read(folder, PARSE).tables["train"].to_pylist() == before
    assert [path.name for path in folder.parent.iterdir()] == ["parsed"]


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("words", [None], "words is empty"),
        ("starts", [[0]], "starts has not one entry a word"),
        ("e1_end", [0], r"\[e1_start, e1_end\) is no span"),
        ("e2_end", [9], r"\[e2_start, e2_end\) is no span"),
        ("e1_position_ids", [[1]], "e1_position_ids has not one entry a word"),
        ("window_end", [1], "the window leaves e2 out"),
    ],
)
def test_a_row_that_breaks_the_contract_is_not_written(tmp_path: Path, column: str, value: list[object], found: str) -> None:
    broken = with_column(positioned("[e1 a] b [e2 c]"), column, value)
    with pytest.raises(InputError, match=found):
        storage.write(tmp_path / "positioned", POSITION, {"train": [broken]}, POSITION_NOTES)


def test_rows_of_other_columns_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"parse output: columns \[.*\n.*the contract has \[.*'text'"):
        storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 a] [e2 b]").drop_columns(["text"])]}, NOTES)
    assert not list(tmp_path.iterdir())


def python(code: str, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, str(output)], cwd=ROOT, capture_output=True, text=True, check=False)


# A stage whose rows end early; what stands for %s runs in their place.
STAGE = """
import errno, os, signal
from pipeline.core import storage
from pipeline.core.schema import PARSE
from pipeline.core.stage import Output, run
from tests.support.rows import PARSE_NOTES, parsed
def main(output: Output) -> str:
    def rows():
        yield parsed("[e1 a] [e2 b]")
        %s
    storage.write(output, PARSE, {"train": rows()}, PARSE_NOTES)
    return ""
run(main)
"""


def test_a_full_disk_ends_a_stage_with_a_hint_and_no_traceback(tmp_path: Path) -> None:
    ended = python(STAGE % "raise OSError(errno.ENOSPC, 'No space left on device', str(output))", tmp_path / "out")
    assert ended.returncode == 1
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_any_error_on_a_full_disk_says_that_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write() -> None:
        with outputs.made_whole(tmp_path / "model"):
            raise RuntimeError("basic_ios::clear: iostream error")  # OpenVINO's words

    with pytest.raises(RuntimeError):
        write()
    monkeypatch.setattr(outputs.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(OSError, match=str(tmp_path / "model")) as full:
        write()
    assert full.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_a_folder_that_no_stage_wrote_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"the folder holds thesis\.txt, and no manifest\.json of this pipeline"):
        storage.write(tmp_path, PARSE, {"train": [parsed("[e1 a] [e2 b]")]}, NOTES)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_killed_write_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    ended = python(STAGE % "os.kill(os.getpid(), signal.SIGKILL)", tmp_path / "parsed")
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "parsed").exists()
    storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 a] [e2 b]")]}, NOTES)
    assert os.listdir(tmp_path) == ["parsed"]


def test_what_a_stage_lists_beside_its_rows_is_sealed_with_them(tmp_path: Path) -> None:
    splits = {"train": [parsed("[e1 a] [e2 b]")]}
    storage.write(tmp_path / "parsed", PARSE, splits, NOTES, {"excluded.jsonl": [{"id": "7"}]})
    assert (tmp_path / "parsed/excluded.jsonl").read_text() == '{"id": "7"}\n'
    assert len(storage.read(tmp_path / "parsed", PARSE).tables["train"]) == 1
    (tmp_path / "parsed/excluded.jsonl").write_text("")
    with pytest.raises(InputError, match=r"excluded\.jsonl: missing, damaged or changed"):
        storage.read(tmp_path / "parsed", PARSE)
