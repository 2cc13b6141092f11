"""Encoder inference behind one function: (B, P) int32 piece ids of one length -> (B, P, H) float32 hidden layers.

Batches hold sentences of exactly one length. So nothing is padded or masked, no work is wasted, and a sentence's vectors do not
depend on its neighbours: on one machine they are the same bits in any batch (tests/test_embed.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError

Pieces = NDArray[np.int32]
Encode = Callable[[Pieces], NDArray[np.float32]]

_OPENVINO_TYPES = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16"}
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def resolve_precision(backend: str, precision: str) -> str:
    """What `auto` means here: bfloat16 where the processor has it, float32 elsewhere.

    Raises: InputError where the processor lacks a precision asked for.
    """
    if backend == "tensorflow":
        return "float32" if precision == "auto" else precision
    import openvino

    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "auto":
        return "bfloat16" if "BF16" in capabilities else "float32"
    if _CAPABILITIES[precision] not in capabilities:
        raise InputError.of("params.yaml", f"this processor computes no {precision}", "set embed.precision to auto or float32")
    return precision


def openvino(folder: Path, precision: str) -> Encode:
    """The frozen encoder of models/encoder on the CPU."""
    import openvino as ov

    core = ov.Core()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,  # one batch on all cores: as fast as a stream a core, in half the memory (benchmarks/embed.py)
        "INFERENCE_PRECISION_HINT": _OPENVINO_TYPES[precision],
        "CPU_RUNTIME_CACHE_CAPACITY": 1024,  # a kernel a batch shape
    }
    try:
        request = core.compile_model(folder / "encoder.xml", "CPU", settings).create_infer_request()
    except RuntimeError:
        raise InputError.of(folder / "encoder.xml", "the frozen encoder is missing or damaged", "run dvc repro encoder") from None

    def encode(ids: Pieces) -> NDArray[np.float32]:
        output: NDArray[np.float32] = request.infer([ids], share_inputs=True)[0].copy()
        return output

    return encode


def tensorflow(folder: Path, precision: str) -> Encode:
    """The encoder's own weights in TensorFlow, on a GPU where there is one."""
    from pipeline import encoder
    from pipeline.hub import locate

    description = encoder.Description.read(folder)
    source, _ = locate(description.name, description.revision)
    if encoder.weights_sha256(source) != description.weights_sha256:
        raise InputError.of(source, f"the weights of {description.name} are not those of models/encoder", "run dvc repro encoder")
    model = encoder.load_tensorflow(source, description.name, _POLICIES[precision])
    function = encoder.hidden_layers(model, encoder.layer_indices(description.layers, model.config.num_hidden_layers))

    def encode(ids: Pieces) -> NDArray[np.float32]:
        output: NDArray[np.float32] = function(ids).numpy()
        return output

    return encode


BACKENDS: dict[str, Callable[[Path, str], Any]] = {"openvino": openvino, "tensorflow": tensorflow}
