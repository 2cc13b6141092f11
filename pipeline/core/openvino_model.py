"""Write a tf.function as an OpenVINO model: the same bytes for the same function, whatever ran before in the process.

The function is frozen first, because OpenVINO's direct conversion gives wrong numbers (see encoder.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


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
