"""The claim's pipeline and its page."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.claim import report
from experiments.variants import VARIANTS
from pipeline.core.errors import InputError
from tests.support.project import ROOT
from tests.support.runs import GOLD, made, wrong_every


@pytest.fixture(autouse=True)
def _shipped_params(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def write(folder: Path, variant: str, predicted_ids: tuple[tuple[int, ...], ...], **changes: Any) -> None:
    made(variant, predicted_ids, **changes).write(folder / f"runs/{variant}-100.json")


def test_the_matrices_run_every_variant_and_the_report_waits_for_every_run() -> None:
    stages = yaml.safe_load((ROOT / "experiments/claim/dvc.yaml").read_text())["stages"]
    matrix = stages["all-rows"]["matrix"]["variant"]
    assert matrix == list(VARIANTS)
    part = stages["part-of-rows"]["matrix"]
    names = [f"{variant}-100" for variant in matrix] + [f"{v}-{p}" for v in part["variant"] for p in part["percent"]]
    runs = [path for path in stages["report"]["deps"] if path.endswith(".json")]
    assert sorted(runs) == sorted(f"experiments/claim/runs/{name}.json" for name in names)


def test_what_is_compared_is_run() -> None:
    assert {variant for pair in report.COMPARISONS for variant in pair} <= set(VARIANTS)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.5, 1.9, "ruled out by the interval"),
        (-0.5, 2.5, "within the interval (so is no gain at all)"),
        (0.5, 2.5, "within the interval"),
        (2.5, 4.0, "exceeded by the whole interval"),
    ],
)
def test_the_claimed_size_is_judged_by_the_interval(low: float, high: float, verdict: str) -> None:
    assert report.claimed_verdict({"difference_low": low, "difference_high": high}) == verdict


def test_a_report_without_the_articles_comparison_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "soft", (GOLD,) * 2)
    write(tmp_path, "single", (GOLD,) * 2)
    with pytest.raises(InputError, match="hard and single on the same share"):
        report.main(tmp_path / "runs", tmp_path / "report")


def test_one_seed_has_no_deviation_and_late_best_epochs_are_counted(tmp_path: Path) -> None:
    for variant, best in (("hard", 40), ("single", 3)):
        write(tmp_path, variant, (GOLD,), seeds=(1,), best_epochs=(best,), validation=(50.0,))
    report.main(tmp_path / "runs", tmp_path / "report")
    page = (tmp_path / "report/README.md").read_text()
    assert "| one seed |" in page
    assert "in 1 of 2 runs the last of all was the best" in page
    assert "corrected" not in page


def test_the_report_is_the_same_each_time(tmp_path: Path) -> None:
    for variant, step in (("hard", 8), ("single", 4), ("shuffled", 3)):
        write(tmp_path, variant, (wrong_every(step),) * 2)
    for output in ("one", "two"):
        report.main(tmp_path / "runs", tmp_path / output)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / output).iterdir()} for output in ("one", "two"))
    assert one == two
    assert set(one) == {"comparisons.csv", "scores.csv", "differences.svg", "README.md", "manifest.json"}
    assert "multi-task (hard sharing) beats single-task" in one["README.md"].decode()


def test_the_claim_is_not_judged_on_few_test_sentences(tmp_path: Path) -> None:
    few = GOLD[:9]
    for variant, ids in (("hard", few), ("single", (2,) * 9)):
        write(tmp_path, variant, (ids,) * 2, gold_ids=few)
    line = report.main(tmp_path / "runs", tmp_path / "report")
    assert line.endswith("not supported: +100.0, on too few test rows for an interval")
    assert "at this budget not to be judged on so few test sentences." in (tmp_path / "report/README.md").read_text()
