"""The curves of training as dvclive leaves them."""

from __future__ import annotations

from pathlib import Path

from pipeline.evaluation import curves


def write(folder: Path, name: str, *values: str) -> None:
    place = folder / "plots/metrics" / f"{name}.tsv"
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"step\t{Path(name).name}", *(f"{step}\t{value}" for step, value in enumerate(values))]
    place.write_text("\n".join(lines) + "\n")


def test_the_best_epoch_is_the_first_with_the_highest_score(tmp_path: Path) -> None:
    write(tmp_path, "loss", "2.5", "1.25", "nan", "1")
    write(tmp_path, "validation_score", "10.0", "30.0", "30.0", "20.0")
    [network] = curves.read(tmp_path)
    assert network["curves"] == {"loss": [2.5, 1.25, None, 1.0], "validation_score": [10.0, 30.0, 30.0, 20.0]}
    assert network["best_epoch"] == 2


def test_without_validation_the_last_epoch_is_the_one_that_was_kept(tmp_path: Path) -> None:
    write(tmp_path, "loss", "2.5", "1.25", "1.5")
    assert [network["best_epoch"] for network in curves.read(tmp_path)] == [3]


def test_members_stand_in_the_order_of_their_numbers_without_their_means(tmp_path: Path) -> None:
    write(tmp_path, "loss", "2.5")
    for member in (1, 2, 10):
        write(tmp_path, f"member_{member}/loss", "2.5")
        write(tmp_path, f"member_{member}/validation_score", str(member))
    assert [network["curves"]["validation_score"] for network in curves.read(tmp_path)] == [[1.0], [2.0], [10.0]]


def test_a_model_without_curves_has_none(tmp_path: Path) -> None:
    assert curves.read(tmp_path) == []
