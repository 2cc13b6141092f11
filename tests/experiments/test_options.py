"""The options' pipeline and its page."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from experiments.options import report
from experiments.variants import OPTIONS
from pipeline.core.errors import InputError
from tests.support.project import ROOT
from tests.support.runs import GOLD, SETTINGS, made, wrong_every

EXPERIMENT = {"corpus": "", "seeds": [1, 2], "epochs": 8, "patience": 8}


@pytest.fixture
def two_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to run in, two options to compare, and the runs of the reference and of the worse option."""
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"evaluate": dataclasses.asdict(SETTINGS)}))
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump({"experiment": EXPERIMENT}))
    monkeypatch.setattr(report, "PARAMS", tmp_path / "experiment.yaml")
    monkeypatch.setattr(report, "REFERENCE_PARAMS", tmp_path / "params.yaml")
    monkeypatch.setattr(report, "OPTIONS", {name: OPTIONS[name] for name in ("balanced", "light-tags")})
    monkeypatch.chdir(tmp_path)
    made("hard", (wrong_every(8),) * 2).write(Path("hard-100.json"))
    made("balanced", (wrong_every(4),) * 2).write(Path("runs/balanced-100.json"))


def test_the_options_are_run_and_compared_with_the_reference() -> None:
    stages = yaml.safe_load((ROOT / "experiments/options/dvc.yaml").read_text())["stages"]
    assert stages["option"]["matrix"]["name"] == list(OPTIONS)
    waits_for = [path for path in stages["option-report"]["deps"] if path.endswith(".json")]
    assert waits_for == ["experiments/claim/runs/hard-100.json", *(f"experiments/options/runs/{name}-100.json" for name in OPTIONS)]


@pytest.mark.usefixtures("two_options")
def test_a_missing_run_is_an_error() -> None:
    with pytest.raises(InputError, match="there is no run of light-tags"):
        report.main(Path("runs"), Path("hard-100.json"), Path("report"))


@pytest.mark.usefixtures("two_options")
def test_the_options_stand_in_the_order_of_what_they_are_worth() -> None:
    made("light-tags", (wrong_every(20),) * 2).write(Path("runs/light-tags-100.json"))
    line = report.main(Path("runs"), Path("hard-100.json"), Path("report"))
    assert line.startswith("options: 2 compared, best loss_weights: {relation: 1.0")
    lines = [line for line in Path("report/README.md").read_text().splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == ["loss_weights: {relation: 1.0, tags: 0.1}", "class_weights: balanced"]
    assert "| +" in lines[0]
    assert "| -" in lines[1]


@pytest.mark.usefixtures("two_options")
def test_on_few_test_sentences_the_page_has_no_intervals() -> None:
    few = {"gold_ids": GOLD[:9]}
    made("hard", (GOLD[:9],) * 2, **few).write(Path("hard-100.json"))
    for name in ("balanced", "light-tags"):
        made(name, ((2,) * 9,) * 2, **few).write(Path(f"runs/{name}-100.json"))
    report.main(Path("runs"), Path("hard-100.json"), Path("report"))
    lines = [line for line in Path("report/README.md").read_text().splitlines() if line.startswith("| `")]
    assert [line.partition("| -100.0")[2] for line in lines] == [" | too few test sentences |  |"] * 2
