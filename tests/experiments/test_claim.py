"""The claim's experiment at tiny size: what a run takes and keeps, and what the report makes of runs."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import yaml

from experiments.claim import report
from experiments.claim import run as claim_run
from experiments.claim.settings import COMPARISONS, OPTIONS, VARIANTS, Claim, Run
from experiments.options import report as options_report
from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.train import Trainer
from tests.support import tiny
from tests.support.project import ROOT

SETTINGS = params.Evaluate(resamples=200, confidence=0.95, seed=1)
LABELS = ["A(e1,e2)", "A(e2,e1)", "Other"]
GOLD = [0, 1, 2] * 40


def one_run(variant: str, predicted_ids: list[list[int]], percent: int = 100, **changes) -> Run:
    values = {
        "variant": variant,
        "percent": percent,
        "n_rows": 9,
        "relations": LABELS,
        "gold_ids": GOLD,
        "seeds": [1, 2],
        "predicted_ids": predicted_ids,
        "entities": None,
        "positions_visible": True,
        "best_epochs": [1, 1],
        "validation": [50.0, 50.0],
    }
    return Run(**{**values, **changes})


def wrong_every(n: int) -> list[int]:
    return [2 if row % n == 0 else label for row, label in enumerate(GOLD)]


def different(copies: int) -> pa.Table:
    """The tiny rows several times over, no two of the same text."""
    table = tiny.table(copies)
    names = pa.array([f"text {row}" for row in range(len(table))])
    for column in ("id", "text"):
        table = table.set_column(table.column_names.index(column), column, names)
    return table


def test_a_smaller_share_is_part_of_a_larger_one_and_lacks_no_relation():
    table = different(20)
    tenth, half = (set(claim_run.share_of(table, share, seed=3)["id"].to_pylist()) for share in (0.1, 0.5))
    assert tenth < half < set(table["id"].to_pylist())
    assert len(half) == pytest.approx(len(table) / 2, abs=3)
    kept = claim_run.share_of(table, 0.01, seed=3)["relation"].to_pylist()
    assert set(kept) == set(table["relation"].to_pylist())


def test_all_rows_are_a_share_of_one():
    assert claim_run.share_of(different(3), 1.0, seed=1).equals(different(3))


def test_shuffled_tags_are_the_sentences_own_in_another_order():
    table = tiny.table(10)
    shuffled, again = (claim_run.shuffle_tags(table, seed=5) for _ in range(2))
    assert shuffled.equals(again)
    assert shuffled.drop(["tag_ids"]).equals(table.drop(["tag_ids"]))
    before, after = (rows["tag_ids"].to_pylist() for rows in (table, shuffled))
    assert [sorted(ids) for ids in before] == [sorted(ids) for ids in after]
    assert before != after


def test_every_variant_has_the_same_budget():
    claim = Claim(corpus="", seeds=(1,), epochs=8)
    base = params.read(params.Train, ROOT / "params.yaml")
    assert {claim_run.options_of(variant, 25, base, claim).epochs for variant in VARIANTS} == {16}
    assert claim_run.options_of("hard", 100, base, claim).patience == 8


def test_no_option_is_that_of_params() -> None:
    base = params.read(params.Train, ROOT / "params.yaml")
    assert all(dataclasses.replace(base, **changes) != base for changes in OPTIONS.values())


def test_the_options_are_run_and_compared_with_the_reference():
    stages = yaml.safe_load((ROOT / "experiments/options/dvc.yaml").read_text())["stages"]
    assert stages["option"]["matrix"]["name"] == list(OPTIONS)
    waits_for = [path for path in stages["option-report"]["deps"] if path.endswith(".json")]
    assert waits_for == ["experiments/claim/runs/hard-100.json", *(f"experiments/options/runs/{name}-100.json" for name in OPTIONS)]


def test_the_options_stand_in_the_order_of_what_they_are_worth(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"evaluate": dataclasses.asdict(SETTINGS)}))
    (tmp_path / "claim.yaml").write_text(yaml.safe_dump({"claim": {"corpus": "", "seeds": [1, 2], "epochs": 8}}))
    monkeypatch.setattr(options_report, "PARAMS", tmp_path / "claim.yaml")
    monkeypatch.setattr(options_report, "OPTIONS", {name: OPTIONS[name] for name in ("cosine", "light-tags")})
    monkeypatch.chdir(tmp_path)
    one_run("hard", [wrong_every(8)] * 2).write(Path("hard-100.json"))
    one_run("cosine", [wrong_every(4)] * 2).write(Path("runs/cosine-100.json"))
    with pytest.raises(InputError, match="there is no run of light-tags"):
        options_report.main(["runs", "hard-100.json", "report"])
    one_run("light-tags", [wrong_every(20)] * 2).write(Path("runs/light-tags-100.json"))
    assert options_report.main(["runs", "hard-100.json", "report"]).startswith(
        "options: 2 compared, best loss_weights: {relation: 1.0"
    )
    lines = [line for line in Path("report/README.md").read_text().splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == ["loss_weights: {relation: 1.0, tags: 0.1}", "schedule: cosine"]
    assert "| +" in lines[0]
    assert "| -" in lines[1]


def test_the_matrices_run_every_variant_and_the_report_waits_for_every_run():
    stages = yaml.safe_load((ROOT / "experiments/claim/dvc.yaml").read_text())["stages"]
    matrix = stages["all-rows"]["matrix"]["variant"]
    assert matrix == list(VARIANTS)
    part = stages["part-of-rows"]["matrix"]
    names = [f"{variant}-100" for variant in matrix] + [f"{v}-{p}" for v in part["variant"] for p in part["percent"]]
    runs = [path for path in stages["report"]["deps"] if path.endswith(".json")]
    assert sorted(runs) == sorted(f"experiments/claim/runs/{name}.json" for name in names)
    assert {variant for pair in COMPARISONS for variant in pair} <= set(VARIANTS)


def test_a_planted_difference_is_supported_and_none_is_not():
    good, bad = [wrong_every(20)] * 2, [wrong_every(4)] * 2
    runs = {(name, 100): one_run(name, ids) for name, ids in (("hard", good), ("single", bad), ("soft", bad))}
    hard, soft = report.comparisons(runs, COMPARISONS, SETTINGS)
    assert (hard["ours"], soft["ours"]) == ("hard", "soft")
    assert hard["verdict"].startswith("supported: +")
    assert hard["difference_low"] > 0
    assert (soft["difference"], soft["p_value"]) == (0, 1)
    assert soft["verdict"] == "not supported: 0.0, 95% interval 0.0 to 0.0, p = 1"


def test_the_claimed_size_is_judged_by_the_interval():
    row = {"difference_low": -0.5, "difference_high": 1.9}
    assert report.claimed_verdict(row) == "ruled out by the interval"
    assert report.claimed_verdict({**row, "difference_high": 2.5}) == "within the interval (so is no gain at all)"
    assert report.claimed_verdict({"difference_low": 0.5, "difference_high": 2.5}) == "within the interval"
    assert report.claimed_verdict({"difference_low": 2.5, "difference_high": 4.0}) == "exceeded by the whole interval"


def test_scores_are_means_over_seeds_and_entities_say_whether_positions_were_seen():
    perfect, half = GOLD, [label if label != 1 else 2 for label in GOLD]
    runs = {("hard", 100): one_run("hard", [perfect, half], entities=[[8, 10, 8], [4, 4, 8]], positions_visible=False)}
    [row] = report.scores(runs)
    assert row["mean"] == pytest.approx(50 * (1 + 2 / 3), abs=0.01)  # the second seed finds half of A's rows: F1 2/3
    assert row["entity_f1"] == pytest.approx(50 * (16 / 18 + 8 / 12), abs=0.01)
    assert row["positions_visible"] is False


@pytest.mark.parametrize("changes", [{"gold_ids": GOLD[::-1]}, {"seeds": [1, 3]}], ids=str)
def test_runs_that_cannot_be_compared_are_an_error(changes, tmp_path):
    one_run("hard", [GOLD] * 2).write(tmp_path / "hard-100.json")
    one_run("single", [GOLD] * 2, **changes).write(tmp_path / "single-100.json")
    with pytest.raises(InputError, match="different data or seeds"):
        report.read_runs(sorted(tmp_path.glob("*.json")))


def spied(monkeypatch):
    """What the trainer is given: its seeds, and each training's tags, row by row."""
    seen = SimpleNamespace(seeds=[], tags=[])
    reset, fit = Trainer.reset, Trainer.train

    def spy_reset(self, seed):
        seen.seeds.append(seed)
        reset(self, seed)

    def spy_train(self, training, *others, **options):
        seen.tags.append(training.targets(np.arange(len(training)))["tags"])
        return fit(self, training, *others, **options)

    monkeypatch.setattr(Trainer, "reset", spy_reset)
    monkeypatch.setattr(Trainer, "train", spy_train)
    return seen


def test_a_report_without_the_articles_comparison_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    one_run("soft", [GOLD] * 2).write(tmp_path / "runs/soft-100.json")
    one_run("single", [GOLD] * 2).write(tmp_path / "runs/single-100.json")
    with pytest.raises(InputError, match="hard and single on the same share"):
        report.main([str(tmp_path / "runs"), str(tmp_path / "report")])


def test_one_seed_has_no_deviation_and_late_best_epochs_are_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for variant, best in (("hard", 8), ("single", 3)):
        one_run(variant, [GOLD], seeds=[1], best_epochs=[best], validation=[50.0]).write(tmp_path / f"runs/{variant}-100.json")
    report.main([str(tmp_path / "runs"), str(tmp_path / "report")])
    page = (tmp_path / "report/README.md").read_text()
    assert "| one seed |" in page
    assert "in 1 of 2 runs the last was the best" in page
    assert "not corrected for the 1 comparison." in page


@pytest.mark.usefixtures("eager")
def test_runs_train_and_the_report_is_the_same_each_time(tmp_path, monkeypatch):
    trained = spied(monkeypatch)
    monkeypatch.setattr(report, "PARAMS", tmp_path / "claim.yaml")
    monkeypatch.setattr(claim_run, "PARAMS", tmp_path / "claim.yaml")
    monkeypatch.setattr(claim_run.Store, "open", lambda folder: tiny.FakeStore())
    monkeypatch.chdir(tmp_path)
    tiny.write_project(tmp_path, tiny.options(epochs=1), copies=4, evaluate=dataclasses.asdict(SETTINGS))
    Path("claim.yaml").write_text(yaml.safe_dump({"claim": {"corpus": "", "seeds": [1, 2], "epochs": 1}}))
    for variant in ("single", "shuffled", "hard"):
        line = claim_run.main([variant, "50", "positioned", "embedded", f"runs/{variant}-50.json"])
        assert line.startswith(f"claim: {variant}, 50% of the rows, 2 seeds")
    assert trained.seeds == [1, 2] * 3
    single_tags, shuffled_tags, hard_tags = trained.tags[::2]  # of the first seed
    assert (single_tags == hard_tags).all()
    assert (shuffled_tags != hard_tags).any()
    assert (np.sort(shuffled_tags) == np.sort(hard_tags)).all()
    hard, single = (Run.read(Path(f"runs/{variant}-50.json")) for variant in ("hard", "single"))
    assert np.array(hard.predicted_ids).shape == (2, len(hard.gold_ids))
    assert hard.entities is not None
    assert single.entities is None
    for output in ("one", "two"):
        report.main(["runs", output])
    files = [{path.name: path.read_bytes() for path in Path(output).iterdir()} for output in ("one", "two")]
    assert files[0] == files[1]
    assert set(files[0]) == {"comparisons.csv", "scores.csv", "differences.svg", "README.md"}
    assert "multi-task (hard sharing) beats single-task" in files[0]["README.md"].decode()
