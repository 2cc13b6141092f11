"""A tf.function as an OpenVINO model: written, and run in many threads without TensorFlow.

The same function gives the same bytes, whatever ran before in the process. It is frozen first, because OpenVINO's direct conversion
of a function gives wrong numbers (a cosine of 0.5 for an encoder, measured).
"""

from __future__ import annotations

import math
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
from pipeline.core.watchdog import GIGABYTE, Limits, watched

Inputs = Sequence[NDArray[Any]] | Mapping[str, NDArray[Any]]  # in the function's order, or by name
# What a model of the largest encoder takes to be compiled and to run on a batch, several times over.
LOADING, RUNNING = Limits(600, 64 * GIGABYTE), Limits(600, 64 * GIGABYTE)
MOST_VALUES = 10**10  # of an array whose size is known before any input is
MOST_XML_BYTES = 10**8
FORM, FIRST_BYTES = re.compile(rb"\s*(<\?xml[^>]*\?>\s*)?<net\b"), 1_000
PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}  # as OpenVINO calls them


@dataclass(frozen=True)
class FrozenModel:
    """A written model that runs on the CPU; threads may share it."""

    workers: int  # threads that should call it at once
    _requests: queue.SimpleQueue[Any]
    _path: Path
    _hint: str
    n_looked_up: int | None  # rows of the table in which an input is looked up, if one is

    @classmethod
    def load(
        cls, path: Path, hint: str, warm_up: Inputs, precision: str = "float32", threads: int | None = None, **settings: int
    ) -> FrozenModel:
        """Compile what `write` wrote.

        Args: hint: what helps where it is no model; warm_up: inputs of any values; precision: of PRECISIONS; threads: all that this
            process may use, if None; settings: OpenVINO's.
        Raises: InputError where the model is missing or damaged, or takes other inputs than those of the warm-up.
        """
        import openvino

        _require_written(path, hint)

        workers = threads or len(os.sched_getaffinity(0))
        # A stream a core, each with a batch of its own, so that cores never wait for each other.
        streams = {"NUM_STREAMS": workers, "INFERENCE_NUM_THREADS": workers, "INFERENCE_PRECISION_HINT": PRECISIONS[precision]}
        if threads:  # a share of the machine: each process would pin its threads to the same first cores
            settings = {**settings, "ENABLE_CPU_PINNING": False}
        with watched(path, LOADING, hint):
            try:
                core = openvino.Core()
                read = core.read_model(path)
                _require_inputs(read, warm_up)
                compiled = core.compile_model(read, "CPU", streams | settings)
            except (RuntimeError, ValueError, TypeError, KeyError, MemoryError, ArithmeticError):
                raise InputError.of(path, _damaged(path), hint) from None
        # Made here, by one thread: a request holds a batch's memory, and no two threads may use one at once.
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(workers):
            requests.put(compiled.create_infer_request())
        model = cls(workers, requests, path, hint, _looked_up(read))
        # The first call sets up the bindings' view of numpy, and two threads in it at once wait for each other for ever (2026.4):
        # one holds Python's lock and wants that of the set-up, the other the reverse. So it is made here, by one.
        model(warm_up)
        return model

    def __call__(self, inputs: Inputs) -> tuple[Floats, ...]:
        """The outputs of one batch, in the function's order.

        Raises: InputError where the model fails on it.
        """
        request = self._requests.get()
        try:
            with watched(self._path, RUNNING, self._hint):
                outputs: tuple[Floats, ...] = request.infer(inputs, share_inputs=True).to_tuple()
        except (RuntimeError, MemoryError) as error:
            reason = " ".join(str(error).split())[-200:]
            raise InputError.of(self._path, f"the frozen {self._path.stem} fails: {reason}", self._hint) from None
        finally:
            self._requests.put(request)
        return outputs


def _damaged(path: Path) -> str:
    return f"the frozen {path.stem} is missing or damaged"


def _require_written(path: Path, hint: str) -> None:
    """Raises: InputError where a file is none of OpenVINO's own form: it reads others, which name more files to be read."""
    try:
        with path.open("rb") as file:
            begins = file.read(FIRST_BYTES)
        size = path.stat().st_size
    except OSError:
        raise InputError.of(path, _damaged(path), hint) from None
    if not FORM.match(begins) or size > MOST_XML_BYTES:
        raise InputError.of(path, _damaged(path), hint)


def _require_inputs(model: Any, warm_up: Inputs) -> None:
    """Raises: ValueError where a model takes other inputs than those of the warm-up, or its arrays are too large for any memory."""
    arrays: dict[Any, NDArray[Any]] = dict(warm_up if isinstance(warm_up, Mapping) else enumerate(warm_up))
    if len(model.inputs) != len(arrays):
        raise ValueError("another number of inputs")
    for place, port in enumerate(model.inputs):
        array, shape = arrays[place] if place in arrays else arrays[port.get_any_name()], port.get_partial_shape()
        if (
            port.get_element_type().to_dtype() != array.dtype
            or shape[0].is_static
            or not shape.compatible(type(shape)(list(array.shape)))
        ):
            raise ValueError("another input")
    for node in model.get_ordered_ops():
        for output in node.outputs():
            shape = output.get_partial_shape()
            if shape.rank.is_static and math.prod(d.get_length() for d in shape if d.is_static) > MOST_VALUES:
                raise ValueError("an array of an absurd size")


def _looked_up(model: Any) -> int | None:
    sources = [[port.get_node() for port in node.input_values()] for node in model.get_ops() if node.get_type_name() == "Gather"]
    tables = [table for table, ids, *_ in sources if (table.get_type_name(), ids.get_type_name()) == ("Constant", "Parameter")]
    return min((int(table.get_output_shape(0)[0]) for table in tables), default=None)


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
