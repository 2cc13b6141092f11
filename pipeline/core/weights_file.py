"""A safetensors file that anybody may have written: what it holds is known from its header, before a weight is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError

MOST_HEADER_BYTES = 10**7  # hundreds of thousands of tensors
LENGTH_BYTES = 8  # of the number at the file's beginning that tells the header's


class Tensor(NamedTuple):
    """What a header states of a tensor."""

    dtype: str  # as safetensors names it, such as F32
    shape: tuple[int, ...]


def read_header(path: Path, hint: str) -> dict[str, Tensor]:
    """The tensors of a file by name.

    Raises: InputError where the file is missing, or its header is none, or is not true of the file.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError.of(path, "there is no such file", hint)
    with path.open("rb") as file:
        n_bytes = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if n_bytes > MOST_HEADER_BYTES:
        raise InputError.of(path, f"damaged (a header of {n_bytes:,} bytes)", hint)
    try:
        with safe_open(path, framework="numpy") as weights:
            slices = {name: weights.get_slice(name) for name in weights.keys()}  # noqa: SIM118 - it is no mapping
            return {name: Tensor(part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()}
    except SafetensorError as error:
        raise InputError.of(path, f"damaged ({error})", hint) from None


def read_floats(path: Path, shapes: dict[str, tuple[int, ...]], hint: str) -> dict[str, Floats]:
    """Some tensors of a file, by name.

    Raises: InputError where one is not there in this shape and in float32, or has values that are no numbers.
    """
    from safetensors import safe_open

    stated = read_header(path, hint)
    for name, shape in shapes.items():
        if stated.get(name) != Tensor("F32", shape):
            found = f"the weights do not fit the network of the manifest: {name} is {_shown(stated.get(name))}"
            raise InputError.of(path, f"{found}, not {_shown(Tensor('F32', shape))}", hint)
    with safe_open(path, framework="numpy") as weights:
        read: dict[str, Any] = {name: weights.get_tensor(name) for name in shapes}
    for name, values in read.items():
        if not np.isfinite(values).all():
            raise InputError.of(path, f"{name} holds values that are infinite or no numbers", hint)
    return read


def _shown(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"
