"""Encoder inference behind one function: (B, P) int32 piece ids of one length -> (B, P, H) float32 hidden layers.

Batches hold sentences of exactly one length. So nothing is padded or masked, no work is wasted, and a sentence's vectors do not
depend on its neighbours. With OpenVINO they are the same bits in any batch on one machine. TensorFlow sums in an order that depends
on the batch's size, whole blocks of rows or not: in float32 a value differs by less than 1e-5 of the largest, in bfloat16 a vector
keeps a cosine of 0.999. tests/encoding/test_word_vectors.py checks all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core import manifests, params
from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError
from pipeline.core.openvino_model import FrozenModel
from pipeline.core.schema import ENCODER, Precision
from pipeline.encoding.description import MODEL, fingerprint, weights_sha256
from pipeline.encoding.hub import locate
from pipeline.encoding.pretrained import hidden_layers, layer_indices, load_tensorflow

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Inference:
    """An encoder that is loaded and ready to run."""

    encode: Callable[[Ids], Floats]
    workers: int  # threads that should call it at once
    vocabulary: int | None = None  # pieces that it has vectors of, where that is known


_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "float16": "FP16"}
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def resolve_precision(backend: str, precision: Precision | Literal["auto"]) -> Precision:
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
        place = params.place("embed", "precision")
        raise InputError.of(place, f"this processor computes no {precision}", "set embed.precision to auto or float32")
    return precision


def openvino(folder: Path, precision: str, threads: int | None = None) -> Inference:
    """The frozen encoder of models/encoder on the CPU.

    Raises: InputError where it is missing or damaged.
    """
    model = FrozenModel.load(
        folder / MODEL,
        ENCODER.remake,
        warm_up=[np.zeros((1, 3), np.int32)],
        precision=precision,
        threads=threads,
        CPU_RUNTIME_CACHE_CAPACITY=64,  # of kernels, one a layer and batch shape: more costs memory and wins no time
    )
    return Inference(lambda ids: model([ids])[0], model.workers, model.n_looked_up)


def tensorflow(folder: Path, precision: str, threads: int | None = None) -> Inference:
    """The encoder's own weights in TensorFlow, on a GPU where there is one.

    Raises: InputError where the weights or the config are no longer those that models/encoder was made of.
    """
    description, _ = manifests.read_manifest(folder, ENCODER)
    source, _ = locate(description.name, description.revision)
    present = replace(description, weights_sha256=weights_sha256(source))
    if fingerprint(present, source, folder) != description.fingerprint:
        raise InputError.of(source, f"its weights or its config are not those of {folder}", ENCODER.remake)
    if threads:
        from pipeline.core.tensorflow import tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
    model = load_tensorflow(source, description.name, _POLICIES[precision])
    function = hidden_layers(model, layer_indices(description.layers, model.config.num_hidden_layers))

    def encode(ids: Ids) -> Floats:
        output: Floats = function(ids).numpy()
        return output

    return Inference(
        encode, 2, int(model.config.vocab_size)
    )  # TensorFlow uses every core itself; one batch is pooled while the next is encoded


BACKENDS: dict[str, Callable[[Path, str, int | None], Inference]] = {"openvino": openvino, "tensorflow": tensorflow}
