"""Checks of a pretrained encoder's folder before transformers builds anything of it: sizes, links, and code that it asks for."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.weights_file import read_header

CONFIG, WEIGHTS, INDEX = "config.json", "*.safetensors", "*.safetensors.index.json"
MOST_CONFIG_BYTES = 10**6
MOST_LAYERS = 200
SIZE = re.compile(r".*(size|dim|d_model|layers|heads|positions|position_embeddings|buckets|groups)")
LAYERS = re.compile(r".*layers")
# Two sizes of one table of weights each, in the words of several kinds of encoders.
TABLES = [
    ("vocab_size", ("embedding_size", "hidden_size", "dim", "d_model")),
    ("intermediate_size", ("hidden_size",)),
    ("hidden_dim", ("dim",)),
]
HINT = "take the folder as save_pretrained wrote it, of a BERT-like encoder"


def check(folder: Path, name: str) -> None:
    """Raises: InputError where a link leads out of the folder, or config.json asks for code or for more than the weights hold."""
    # A snapshot in the hub's cache links to files of the cache.
    root = (folder.parents[1] if folder.resolve().parent.name == "snapshots" else folder).resolve()
    for path in sorted(folder.iterdir()):
        if not path.resolve().is_relative_to(root):
            raise InputError.of(path, f"encoder {name} has a link that leads out of its folder", "put the file itself there")
    path = folder / CONFIG
    if path.is_file() and path.stat().st_size > MOST_CONFIG_BYTES:
        raise InputError.of(path, f"a config of more than {MOST_CONFIG_BYTES:,} bytes", HINT)
    config = read_json(path, HINT)
    if isinstance(config.get("auto_map"), dict) and {"AutoConfig", "AutoModel"} & config["auto_map"].keys():
        raise InputError.of(path, f"encoder {name} asks for code of its own, which is never run", HINT)
    for index in folder.glob(INDEX):
        _check_index(index)
    try:
        headers = [read_header(file, HINT) for file in sorted(folder.glob(WEIGHTS))]
    except InputError as error:
        raise InputError.of(folder, f"encoder {name} does not load: weights {error.problems[0].found}", HINT) from None
    _check_sizes(path, config, [tensor.shape for header in headers for tensor in header.values()])


def _check_index(path: Path) -> None:
    """Raises: InputError where the list of a model's files names one that lies elsewhere."""
    files = read_json(path, HINT).get("weight_map")
    if not isinstance(files, dict) or not all(isinstance(file, str) and Path(file).name == file for file in files.values()):
        raise InputError.of(path, "its weight_map names files that are not in its folder", HINT)


def _check_sizes(path: Path, config: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    """Raises: InputError where a config asks for more than its weights can hold; memory for it would be taken otherwise."""
    n_values = sum(map(math.prod, shapes))
    for key, value in config.items():
        if not SIZE.fullmatch(key) or value is None or isinstance(value, list | dict | bool):
            continue
        most = min(MOST_LAYERS, len(shapes)) if LAYERS.fullmatch(key) else n_values
        if not isinstance(value, int) or not 0 <= value <= most:
            raise InputError.of(path, f"{key[:80]} is {repr(value)[:80]}, and the weights have room for {most:,}", HINT)
    for rows, columns in TABLES:
        sizes = [config[key] for key in (rows, *columns) if isinstance(config.get(key), int)][:2]
        if rows in config and math.prod(sizes) > n_values:
            found = f"{rows} {config[rows]:,} asks for a table of {math.prod(sizes):,} values, and the weights have {n_values:,}"
            raise InputError.of(path, found, HINT)
