import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import datasets
import pytest

from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.schema import CONTRACTS
from tests.support.rows import parsed, positioned, with_column

PARSE = CONTRACTS["parse"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    splits = {
        "train": [parsed("[e1 a] b [e2 c]"), parsed("[e1 d] [e2 e]", first_id=2)],
        "test": [parsed("[e1 f] g [e2 h i]", first_id=3)],
    }
    storage.write(tmp_path / "parsed", PARSE, splits, labels={"x": ["y"]}, notes={"excluded": 0})
    return tmp_path / "parsed"


def test_what_is_written_is_read_back(folder: Path) -> None:
    read = storage.read(folder, PARSE)
    assert read.tables["train"]["words"].to_pylist() == [["a", "b", "c"], ["d", "e"]]
    assert read.labels == {"x": ["y"]}
    assert read.notes == {"excluded": 0}


def test_the_folder_opens_with_datasets(folder: Path) -> None:
    loaded = datasets.load_from_disk(str(folder))
    assert loaded["test"]["words"][0] == ["f", "g", "h", "i"]
    assert (loaded["train"].num_rows, loaded["train"].split) == (2, "train")


def test_another_content_has_another_fingerprint(folder: Path, tmp_path: Path) -> None:
    """By which `datasets` caches what users map."""
    before = datasets.load_from_disk(str(folder))
    storage.write(
        tmp_path / "other", PARSE, {"train": [parsed("[e1 x] [e2 y]")], "test": storage.read(folder, PARSE).batches("test")}
    )
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
    storage.write(
        tmp_path / "again", PARSE, {split: [table] for split, table in tables.items()}, labels={"x": ["y"]}, notes={"excluded": 0}
    )
    storage.write(
        tmp_path / "third", PARSE, {split: [table] for split, table in tables.items()}, labels={"x": ["y"]}, notes={"excluded": 0}
    )
    files = sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file())
    assert len(files) > 5
    assert all((tmp_path / "again" / name).read_bytes() == (tmp_path / "third" / name).read_bytes() for name in files)


def test_a_split_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="split test has no rows"):
        storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 a] [e2 b]")], "test": []})


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = next(folder.rglob("train/*.arrow"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"train/data-.*truncated"):
        storage.read(folder, PARSE)


def test_a_missing_folder_is_named_with_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dvc repro parse"):
        storage.read(tmp_path / "none", PARSE)


def test_another_version_is_refused(folder: Path) -> None:
    promise = json.loads((folder / "contract.json").read_text())
    (folder / "contract.json").write_text(json.dumps({**promise, "version": 99}))
    with pytest.raises(InputError, match=r"written by version 99 of the parse stage; version \d+ of the parse stage is wanted"):
        storage.read(folder, PARSE)


def test_another_stages_output_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="of the parse stage"):
        storage.read(folder, CONTRACTS["tag"])


def test_a_failed_write_leaves_the_old_output_and_no_trace(folder: Path) -> None:
    before = storage.read(folder, PARSE).tables["train"].to_pylist()

    def broken():  # type: ignore[no-untyped-def]
        yield parsed("[e1 x] [e2 y]")
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        storage.write(folder, PARSE, {"train": broken()})
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
        storage.write(tmp_path / "positioned", CONTRACTS["position"], {"train": [broken]})


def test_a_full_disk_ends_a_stage_with_a_hint_and_no_traceback(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from pipeline.core import storage\nfrom pipeline.core.schema import CONTRACTS\n"
        "from pipeline.core.stage import run\nfrom tests.support.rows import parsed\n"
        "import errno\n"
        "def main(argv):\n"
        "    def full():\n"
        "        yield parsed('[e1 a] [e2 b]')\n"
        "        raise OSError(errno.ENOSPC, 'No space left on device', argv[0])\n"
        "    storage.write(Path(argv[0]), CONTRACTS['parse'], {'train': full()})\n"
        "run(main)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_any_error_on_a_full_disk_says_that_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write() -> None:
        with storage.atomic_folder(tmp_path / "model"):
            raise RuntimeError("basic_ios::clear: iostream error")  # OpenVINO's words

    with pytest.raises(RuntimeError):
        write()
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(OSError, match=str(tmp_path / "model")) as full:
        write()
    assert full.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_a_folder_that_no_stage_wrote_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="no stage wrote"):
        storage.write(tmp_path, PARSE, {"train": [parsed("[e1 a] [e2 b]")]})
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_killed_write_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.core import storage\nfrom pipeline.core.schema import CONTRACTS\nfrom tests.support.rows import parsed\n"
        "def killed():\n"
        "    yield parsed('[e1 a] [e2 b]')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "storage.write(Path(sys.argv[1]), CONTRACTS['parse'], {'train': killed()})\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "parsed")], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "parsed").exists()
    storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 a] [e2 b]")]})
    assert os.listdir(tmp_path) == ["parsed"]
