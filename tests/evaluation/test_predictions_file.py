"""The rows of predictions.jsonl, as evaluate writes them and others read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core import files
from pipeline.core.errors import InputError
from pipeline.evaluation import predictions_file
from tests.support import scored
from tests.support.scored import GOLD_TAG_IDS


def test_a_row_tells_of_one_sentence() -> None:
    [row] = predictions_file.rows(scored.split(["R(e1,e2)"], ["Other"], [GOLD_TAG_IDS]))
    assert row == {
        "id": "1",
        "gold": "R(e1,e2)",
        "predicted": "Other",
        "probabilities": {"Other": 0.8, "R(e1,e2)": 0.1, "R(e2,e1)": 0.1},
        "gold_tags": ["O", "B", "I", "O", "B"],
        "predicted_tags": ["O", "B", "I", "O", "B"],
    }


def test_a_sentence_without_a_label_has_a_row_without_gold() -> None:
    rows = predictions_file.rows(scored.split([None], ["R(e1,e2)"]))
    assert [(row["gold"], row["predicted"]) for row in rows] == [(None, "R(e1,e2)")]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = list(predictions_file.rows(scored.split(["R(e1,e2)", None], ["Other", "R(e2,e1)"], [GOLD_TAG_IDS] * 2)))
    files.write_lines(tmp_path / "predictions.jsonl", rows)
    assert list(predictions_file.read(tmp_path / "predictions.jsonl")) == rows


@pytest.mark.parametrize(
    "line", ["", "[1]", '{"id": 3, "gold": null, "predicted": "A"}', '{"id": "3", "gold": 1, "predicted": "A"}', "[" * 9999]
)
def test_what_is_no_prediction_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text(f'{{"id": "1", "gold": null, "predicted": "A"}}\n{line}\n')
    with pytest.raises(InputError, match=r"predictions\.jsonl:2: no row of predictions"):
        list(predictions_file.read(file))
