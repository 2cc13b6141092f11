"""A tf.function as an OpenVINO model: written, and run in many threads without TensorFlow.

The same function gives the same bytes, whatever ran before in the process. It is frozen first, because OpenVINO's direct conversion
gives wrong numbers (see encoder.py).
"""

from __future__ import annotations

import os
import queue
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from numpy.typing import NDArray

from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError

Inputs = Sequence[NDArray[Any]] | Mapping[str, NDArray[Any]]  # in the function's order, or by name
PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}  # as OpenVINO calls them


@dataclass(frozen=True)
class FrozenModel:
    """A written model that runs on the CPU; threads may share it."""

    workers: int  # threads that should call it at once
    _requests: queue.SimpleQueue[Any]

    @classmethod
    def load(cls, path: Path, hint: str, warm_up: Inputs, precision: str = "float32", **settings: int) -> FrozenModel:
        """Compile what `write` wrote.

        Args: hint: what helps where it is no model; warm_up: inputs of any values; precision: of PRECISIONS; settings: OpenVINO's.
        Raises: InputError where the model is missing or damaged.
        """
        import openvino

        workers = len(os.sched_getaffinity(0))
        # A stream a core, each with a batch of its own, so that cores never wait for each other.
        streams = {"NUM_STREAMS": workers, "INFERENCE_NUM_THREADS": workers, "INFERENCE_PRECISION_HINT": PRECISIONS[precision]}
        try:
            compiled = openvino.Core().compile_model(path, "CPU", streams | settings)
        except RuntimeError:
            raise InputError.of(path, f"the frozen {path.stem} is missing or damaged", hint) from None
        # Made here, by one thread: a request holds a batch's memory, and no two threads may use one at once.
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(workers):
            requests.put(compiled.create_infer_request())
        model = cls(workers, requests)
        # The first call sets up the bindings' view of numpy, and two threads in it at once wait for each other for ever (2026.4):
        # one holds Python's lock and wants that of the set-up, the other the reverse. So it is made here, by one.
        model(warm_up)
        return model

    def __call__(self, inputs: Inputs) -> tuple[Floats, ...]:
        """The outputs of one batch, in the function's order."""
        request = self._requests.get()
        try:
            outputs: tuple[Floats, ...] = request.infer(inputs, share_inputs=True).to_tuple()
        finally:
            self._requests.put(request)
        return outputs


def write(function: Any, path: Path) -> None:
    """Write a tf.function of one signature as path (.xml) and its weights beside it (.bin)."""
    import openvino
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    # Loops stay loops, which OpenVINO runs as such.
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(), lower_control_flow=False)
    graph = frozen.graph.as_graph_def()
    _sort(graph)
    partial = path.with_suffix(".pb")
    partial.write_bytes(graph.SerializeToString(deterministic=True))
    openvino.save_model(openvino.convert_model(partial), path, compress_to_fp16=False)
    partial.unlink()
    _renumber(path)


def _sort(graph: Any) -> None:
    """Put a GraphDef's nodes in an order of names: freezing leaves them in another one each time, and the conversion keeps it."""
    functions = graph.library.function
    graph.node.sort(key=lambda node: _natural(node.name))
    functions.sort(key=lambda function: _natural(function.signature.name))
    for function in functions:
        function.node_def.sort(key=lambda node: _natural(node.name))


def _natural(name: str) -> list[str | int]:
    """A key that puts while_9 before while_10: the counters in names grow, and so their order stays.

    >>> sorted(["while_10", "while_9"], key=_natural)
    ['while_9', 'while_10']
    """
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _renumber(path: Path) -> None:
    """Number an OpenVINO file's layers, name no outputs: both libraries name them from counters that all of the process shares."""
    tree = ElementTree.parse(path)  # noqa: S314 - OpenVINO has just written it
    for number, layer in enumerate(tree.iter("layer")):
        if layer.get("type") != "Parameter":
            layer.set("name", f"{layer.get('type')}_{number}")
            layer.attrib.pop("output_names", None)
            for port in layer.iter("port"):
                port.attrib.pop("names", None)
    tree.write(path)
