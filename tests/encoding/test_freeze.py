"""Freezing: the same files every time, and a proof that a wrong conversion fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.encoding import freeze


def test_an_encoder_gives_the_same_files_whatever_ran_before_and_in_another_process(
    saved: Path, frozen: Path, tmp_path: Path
) -> None:
    code = "\n".join(
        (
            "import sys",
            "from pathlib import Path",
            "from pipeline.core import params",
            "from pipeline.encoding import freeze",
            "freeze.build(params.Encoder(sys.argv[1], None, (-1, 0)), Path(sys.argv[2]))",
        )
    )
    subprocess.run([sys.executable, "-c", code, str(saved), str(tmp_path / "elsewhere")], check=True, capture_output=True)
    freeze.build(params.Encoder(str(saved), None, (-1, 0)), tmp_path / "again")
    for path in (tmp_path / "elsewhere").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes() == (frozen / path.name).read_bytes()


def test_a_frozen_encoder_holds_no_layer_above_the_highest_asked_for(saved: Path, tmp_path: Path) -> None:
    def n_bytes(layers: tuple[int, ...]) -> int:
        folder = tmp_path / "-".join(map(str, layers))
        freeze.build(params.Encoder(str(saved), None, layers), folder)
        return (folder / "encoder.bin").stat().st_size

    of_a_layer = n_bytes((1,)) - n_bytes((0,))
    assert of_a_layer > 4 * 16 * 16 * 4  # bytes of the attention's four matrices
    assert n_bytes((0, 1)) == n_bytes((1,)) == pytest.approx(n_bytes((-1,)) - of_a_layer, rel=0.01)


def test_a_conversion_that_gives_wrong_numbers_is_an_error(frozen: Path) -> None:
    def wrong(ids: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(numpy=lambda: np.random.default_rng(0).normal(size=(*ids.shape, 32)).astype(np.float32))

    with pytest.raises(InputError, match="differs from TensorFlow"):
        freeze.prove(wrong, frozen, 50, 64)


def test_cosines_are_taken_vector_by_vector() -> None:
    ours = np.array([[1, 0], [3, 4]], np.float32)
    theirs = np.array([[2, 0], [4, 3]], np.float32)
    assert freeze.lowest_cosine(ours, theirs) == pytest.approx(24 / 25)
