"""Which files a name, a folder or a pattern means, and which can have predictions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.prediction import found_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the process, with texts/0/0.txt, 0/2.txt, 1/1.txt and 1/3.txt."""
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        write(f"texts/{number % 2}/{number}.txt")
    return tmp_path


def write(name: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text\n")


def names(given: str, output: str = "out") -> list[str]:
    return [file.name for file in found_files.find(given, Path(output))]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("texts", ["0/0.txt", "0/2.txt", "1/1.txt", "1/3.txt"]),
        ("texts/*/[12].txt", ["0/2.txt", "1/1.txt"]),
        ("texts/1/**/*", ["1.txt", "3.txt"]),
        ("texts/0/2.txt", ["2.txt"]),
    ],
)
def test_a_file_has_the_name_below_its_folder_or_before_the_pattern(folder: Path, given: str, found: list[str]) -> None:
    assert names(given) == found


@pytest.mark.parametrize("name", ["a[1].txt", "D[2]/a.txt", "D[2]/x*y/a.txt"])
def test_a_name_with_brackets_that_is_there_is_no_pattern(folder: Path, name: str) -> None:
    write(name)
    assert names(name) == [Path(name).name]


def test_a_folder_with_brackets_may_stand_before_a_pattern(folder: Path) -> None:
    write("D[2]/a.txt")
    assert names("D[2]/*.txt") == ["a.txt"]


@pytest.mark.parametrize("given", ["texts/**.txt", "texts/a\0", "texts/*\0", "texts/none*", "none"])
def test_what_is_no_pattern_or_matches_nothing_is_an_error_of_the_input(folder: Path, given: str) -> None:
    with pytest.raises(InputError, match="hint: "):
        names(given)


@pytest.mark.parametrize("given", ["texts/.predicted", "texts", "texts/*"])
def test_a_hidden_file_is_none_and_that_is_told_where_there_is_no_other(folder: Path, given: str) -> None:
    for path in Path("texts").rglob("*.txt"):
        path.unlink()
    write("texts/.predicted")
    with pytest.raises(InputError, match=r"begins with a dot|no such file"):
        names(given)


@pytest.mark.parametrize(
    ("given", "output"),
    [
        ("texts", "texts/out"),
        ("texts/0", "texts"),
        ("texts/*/*.txt", "texts/0"),
        ("texts/*/*", "texts/out"),
        ("texts/**/*.txt", "texts/0/out"),
        ("*/*/*.txt", "out"),
        ("texts/0/0.txt", "texts/0"),
        ("texts/*/0.txt", "texts"),
    ],
)
def test_an_output_that_a_later_run_would_read_is_refused_by_the_first(folder: Path, given: str, output: str) -> None:
    with pytest.raises(InputError, match="output"):
        names(given, output)


@pytest.mark.parametrize(("given", "output"), [("texts/0/*.txt", "texts/0/out"), ("texts/[01]/*.txt", "texts/out")])
def test_an_output_where_no_match_can_be_may_lie_below_what_stands_before_the_pattern(
    folder: Path, given: str, output: str
) -> None:
    assert names(given, output)


def test_files_that_cannot_have_predictions_are_all_told(folder: Path) -> None:
    write("texts/0/" + "n" * 250)
    write("texts/0/0.txt.jsonl/a.txt")
    with pytest.raises(InputError) as raised:
        names("texts")
    assert sorted(Path(problem.source).name for problem in raised.value.problems) == ["0.txt", "n" * 250]


def test_a_name_of_249_bytes_has_room_for_its_ending(folder: Path) -> None:
    write("texts/0/" + "n" * 249)
    assert len(names("texts")) == 5


def test_a_link_that_leads_nowhere_is_found_for_its_fault_is_told_when_it_is_read(folder: Path) -> None:
    Path("texts/a").symlink_to("nowhere")
    assert "a" in names("texts")


def test_what_is_no_regular_file_is_not_found(folder: Path) -> None:
    os.mkfifo("texts/pipe")
    assert "pipe" not in names("texts")


@pytest.mark.parametrize(
    ("given", "links"), [("texts", ["texts/link"]), ("texts/**/*.txt", ["texts/link"]), ("texts/*/*.txt", []), ("texts/0/**/*", [])]
)
def test_linked_folders_that_are_not_followed_are_named(folder: Path, given: str, links: list[str]) -> None:
    Path("texts/link").symlink_to("1")
    assert found_files.skipped(given).links == links
    assert any(name.startswith("link/") for name in names(given)) == (given == "texts/*/*.txt")


@pytest.mark.parametrize(("given", "n_unreadable"), [("texts", 1), ("texts/*/*", 1), ("texts/[1]/*", 0), ("texts/0/0.txt", 0)])
def test_folders_that_may_not_be_read_are_named(
    folder: Path, given: str, n_unreadable: int, unreadable: Callable[..., None]
) -> None:
    unreadable("0")
    assert found_files.skipped(given).unreadable == ["texts/0"] * n_unreadable
