"""The short form of every campaign, and that a campaign finds what is wrong and keeps what shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.campaign import corpora, damage, hostile, kills, params, rounds, together
from benchmarks.campaign.corpus_oracle import FORMATS, check_rows
from benchmarks.campaign.mutations import mutate
from benchmarks.campaign.rounds import FAILURE, Draw, Prepare, WrongError
from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.pairs import AnnotatedPair
from tests.support.project import ROOT, blocks

QUICK: dict[str, tuple[Prepare, int]] = {"corpora": (corpora.prepare, 300), "params": (params.prepare, 150)}
OF_PROJECTS: dict[str, tuple[Prepare, range]] = {
    "kills": (partial(kills.prepare, changes=("resamples",)), range(1)),  # what reruns the least
    "damage": (damage.prepare, range(25)),
    "hostile": (hostile.prepare, range(25, 33)),  # sizes, languages and types of the model's manifest
    "together": (together.prepare, range(2)),
}
SEED = 1
ThreeRows = Callable[[str], tuple[list[AnnotatedPair], bytes]]


def no_project() -> NoReturn:
    raise AssertionError("this campaign needs no project")


def why(failed: tuple[Path, ...]) -> str:
    return "\n\n".join((folder / FAILURE).read_text(encoding="utf-8") for folder in failed)


@pytest.mark.parametrize("name", QUICK)
def test_a_short_campaign_in_process_finds_nothing(name: str, tmp_path: Path) -> None:
    prepare, count = QUICK[name]
    result = rounds.play(name, prepare(no_project), count, SEED, tmp_path)
    assert not result.failed, why(result.failed)


@pytest.mark.parametrize("name", OF_PROJECTS)
def test_a_short_campaign_on_a_project_finds_nothing(name: str, finished: Path, tmp_path: Path) -> None:
    prepare, numbers = OF_PROJECTS[name]
    result = rounds.play(name, prepare(lambda: finished), len(numbers), SEED, tmp_path, numbers.start)
    assert not result.failed, why(result.failed)


def test_a_failed_round_keeps_its_folder_with_the_command_that_plays_it_again(tmp_path: Path) -> None:
    def fail(draw: Draw) -> None:
        (draw.folder / "drawn.txt").write_text(str(draw.rng.random()))
        rounds.require(draw.number != 1, "one is wrong")

    [folder] = rounds.play("corpora", fail, 3, SEED, tmp_path).failed
    assert sorted(path.name for path in folder.iterdir()) == ["drawn.txt", FAILURE]
    assert "--count 1 --first 1 --seed 1" in (folder / FAILURE).read_text()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_round_is_the_same_whichever_came_before(tmp_path: Path) -> None:
    drawn: dict[int, list[float]] = {}

    def note(draw: Draw) -> None:
        drawn.setdefault(draw.number, []).append(draw.rng.random())

    rounds.play("corpora", note, 3, SEED, tmp_path)
    rounds.play("corpora", note, 1, SEED, tmp_path, first=2)
    assert drawn[2][0] == drawn[2][1]


def test_a_block_that_takes_too_long_is_ended() -> None:
    code = "from benchmarks.campaign import rounds\nwith rounds.within(0.05):\n    while True:\n        pass\n"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert "WrongError: it takes more than 0.05 s of a processor" in ended.stderr


@pytest.fixture
def three_rows(tmp_path: Path) -> ThreeRows:
    """Some of the shipped rows, as they are read of a file of a format, and that file's content."""

    def of_format(name: str) -> tuple[list[AnnotatedPair], bytes]:
        path = tmp_path / f"train.{FORMATS[name].ending}"
        path.write_bytes(FORMATS[name].write(blocks(ROOT / "data/raw/train.txt")[:3]))
        accepted, problems = corpora.read(path, name)
        assert (len(accepted), problems) == (3, [])
        return accepted, path.read_bytes()

    return of_format


@pytest.mark.parametrize("name", FORMATS)
def test_most_mutated_corpora_are_spoiled_and_some_rows_are_left(name: str, tmp_path: Path) -> None:
    def spoil(draw: Draw) -> None:
        path = draw.folder / f"train.{FORMATS[name].ending}"
        whole = FORMATS[name].write(blocks(ROOT / "data/raw/train.txt")[:5])
        path.write_bytes(mutate(draw.rng, whole, name))
        n_accepted, n_problems = map(len, corpora.read(path, name))
        rounds.require(not (n_accepted and n_problems), "both")

    both = rounds.play("corpora", spoil, 100, SEED, tmp_path).failed
    assert 20 < len(both) < 90


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("place", range(3))
def test_a_reader_that_lets_a_row_vanish_is_found(name: str, place: int, three_rows: ThreeRows) -> None:
    accepted, content = three_rows(name)
    check_rows(accepted, [], content, FORMATS[name])
    del accepted[place]
    with pytest.raises(WrongError, match=r"3 rows in the file, 2 accepted, 0 with problems|line \d has 1 values, 0 of them"):
        check_rows(accepted, [], content, FORMATS[name])


@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_that_moves_an_entity_is_found(name: str, three_rows: ThreeRows) -> None:
    (first, *others), content = three_rows(name)
    moved = replace(first, e1=Span(first.e1.start, first.e1.end - 1))
    with pytest.raises(WrongError, match="but it says"):
        check_rows([moved, *others], [], content, FORMATS[name])


@pytest.mark.parametrize("name", FORMATS)
def test_a_problem_of_no_row_that_stands_for_one_is_found(name: str, three_rows: ThreeRows) -> None:
    accepted, content = three_rows(name)
    problem = Problem("the file is empty", "", "file-empty").at(accepted.pop().source)
    with pytest.raises(WrongError):
        check_rows(accepted, [problem], content, FORMATS[name])


def test_a_second_run_that_is_not_refused_by_name_is_found() -> None:
    with pytest.raises(WrongError, match="exit code 1: no such file"):
        together.check([(0, ""), (1, "no such file")])


def test_a_command_that_ends_in_a_traceback_is_found() -> None:
    with pytest.raises(WrongError, match="a traceback"):
        hostile.check(hostile.Ended(1, "Traceback (most recent call last):\nValueError\n", 1, 1, 100))


@pytest.mark.parametrize("name", ["cluster", "card"])
def test_params_without_an_optional_section_are_as_the_file_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(rf"(?ms)^{name}:.*?(?=^\S|\Z)", "", (ROOT / "params.yaml").read_text()))
    assert f"\n{name}:" not in path.read_text()
    assert params.is_accepted(path)
    params.check_values(path)
