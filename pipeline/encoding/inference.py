"""Encoder inference behind one function: (B, P) int32 piece ids of one length -> (B, P, H) float32 hidden layers.

Batches hold sentences of exactly one length. So nothing is padded or masked, no work is wasted, and a sentence's vectors do not
depend on its neighbours. With OpenVINO they are the same bits in any batch on one machine. TensorFlow sums in an order that depends
on the batch's size, whole blocks of rows or not: in float32 a value differs by less than 1e-5 of the largest, in bfloat16 a vector
keeps a cosine of 0.999. tests/test_vectors.py checks all three.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.encoding.description import HINT, MODEL, Description, weights_sha256
from pipeline.encoding.hub import locate
from pipeline.encoding.pretrained import hidden_layers, layer_indices, load_tensorflow

Ids = NDArray[np.int32]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Inference:
    """An encoder that runs."""

    encode: Callable[[Ids], NDArray[np.float32]]
    workers: int  # threads that should call it at once


_OPENVINO_TYPES = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16"}
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def resolve_precision(backend: str, precision: Precision) -> Precision:
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


def openvino(folder: Path, precision: str) -> Inference:
    """The frozen encoder of models/encoder on the CPU.

    A stream a core, each with a batch of its own, so that cores never wait for each other.
    """
    import openvino as ov

    workers = len(os.sched_getaffinity(0))
    settings = {
        "NUM_STREAMS": workers,
        "INFERENCE_NUM_THREADS": workers,
        "INFERENCE_PRECISION_HINT": _OPENVINO_TYPES[precision],
        "CPU_RUNTIME_CACHE_CAPACITY": 64,  # of kernels, one a layer and batch shape: more costs memory and wins no time
    }
    try:
        compiled = ov.Core().compile_model(folder / MODEL, "CPU", settings)
    except RuntimeError:
        raise InputError.of(folder / MODEL, "the frozen encoder is missing or damaged", HINT) from None
    # Made here, by one thread: a request holds a batch's memory, and no two threads may use one at once.
    free: queue.SimpleQueue[ov.InferRequest] = queue.SimpleQueue()
    for _ in range(workers):
        free.put(compiled.create_infer_request())

    def encode(ids: Ids) -> NDArray[np.float32]:
        request = free.get()
        try:
            output: NDArray[np.float32] = request.infer([ids], share_inputs=True)[0]
        finally:
            free.put(request)
        return output

    # The first call sets up the bindings' view of numpy, and two threads in it at once wait for each other for ever (2026.4):
    # one holds Python's lock and wants that of the set-up, the other the reverse. So it is made here, by one.
    encode(np.zeros((1, 3), np.int32))
    return Inference(encode, workers)


def tensorflow(folder: Path, precision: str) -> Inference:
    """The encoder's own weights in TensorFlow, on a GPU where there is one."""
    description = Description.read(folder)
    source, _ = locate(description.name, description.revision)
    if weights_sha256(source) != description.weights_sha256:
        raise InputError.of(source, f"the weights of {description.name} are not those of models/encoder", HINT)
    model = load_tensorflow(source, description.name, _POLICIES[precision])
    function = hidden_layers(model, layer_indices(description.layers, model.config.num_hidden_layers))

    def encode(ids: Ids) -> NDArray[np.float32]:
        output: NDArray[np.float32] = function(ids).numpy()
        return output

    return Inference(encode, workers=2)  # TensorFlow uses every core itself; one batch is pooled while the next is encoded


BACKENDS: dict[str, Callable[[Path, str], Inference]] = {"openvino": openvino, "tensorflow": tensorflow}
