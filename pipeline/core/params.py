"""The tunables of params.yaml: a frozen dataclass a section; unknown, missing and mistyped keys are errors with their line."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml

from pipeline.core.errors import InputError, Problem, nearest

FILE = Path("params.yaml")
Params = TypeVar("Params")


@dataclass(frozen=True)
class Between:
    """The closed range a number must lie in."""

    low: float
    high: float = float("inf")


Share = Annotated[float, Between(0, 1)]
Count = Annotated[int, Between(1)]
NonNegative = Annotated[float, Between(0)]


@dataclass(frozen=True)
class Parse:
    """How annotation files become rows."""

    format: Literal["semeval", "jsonl"]
    language: str
    segmenter: Literal["char", "jieba", "pkuseg"]
    directed: bool
    validation_fraction: Share
    seed: int
    exclude: tuple[str, ...]


@dataclass(frozen=True)
class Tag:
    """Which classes the BIO tags name."""

    labels: Literal["entity", "role", "type"]


@dataclass(frozen=True)
class Position:
    """The window of a sentence and the reach of relative positions, both in words."""

    max_length: Count
    max_distance: Count


@dataclass(frozen=True)
class Encoder:
    """Which pretrained encoder, and which of its hidden layers (counted as transformers does, -1 the last)."""

    name: str
    revision: str | None
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Embed:
    """How word vectors are computed and kept."""

    backend: Literal["openvino", "tensorflow"]
    precision: Literal["auto", "float32", "bfloat16", "float16"]
    pooling: Literal["mean", "first"]
    batch_pieces: Count
    shard_words: Count
    max_stale: Share


@dataclass(frozen=True)
class LossWeights:
    """The weight of each output's loss."""

    relation: NonNegative
    tags: NonNegative


@dataclass(frozen=True)
class Train:
    """The network and its training."""

    tasks: tuple[Literal["relation", "tags"], ...]
    sharing: Literal["hard", "soft"]
    sharing_distance: Literal["l1", "l2"]
    sharing_weight: NonNegative
    positions: Literal["shared", "relation", "none"]
    position_width: Count
    pooling: Literal["max", "max+entities", "max+entities+attention"]
    layer_mix: Literal["concatenate", "scalar"]
    projection_width: Annotated[int, Between(0)]
    lstm_units: Count
    dense_units: Count
    input_dropout: Share
    dropout: Share
    loss_weights: LossWeights | Literal["learned"]
    class_weights: Literal["none", "balanced"]
    label_smoothing: Share
    learning_rate: Annotated[float, Between(1e-8, 10)]
    weight_decay: NonNegative
    schedule: Literal["constant", "cosine"]
    weight_averaging: Share
    batch_size: Count
    epochs: Count
    patience: Count
    seed: int


@dataclass(frozen=True)
class Evaluate:
    """The bootstrap of the reported intervals."""

    resamples: Count
    confidence: Annotated[float, Between(0.5, 0.999)]
    seed: int


SECTIONS: dict[type, str] = {kind: kind.__name__.lower() for kind in (Parse, Tag, Position, Encoder, Embed, Train, Evaluate)}


def read(section: type[Params], path: Path = FILE) -> Params:
    """Read one section of params.yaml.

    Raises: InputError with every unknown, missing and mistyped key of the section, each with its line.
    """
    name = section.__name__.lower()
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", "run from the folder that holds params.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        found = str(getattr(error, "problem", None) or error)
        raise InputError.of(f"{path}:{line}", f"not YAML: {found}", "mend the line; strings with : or # need quotes") from None
    sections = _entries(root)
    if name not in sections:
        raise InputError.of(path, f"section {name} is missing", _missing_hint(name, sections))
    problems: list[Problem] = []
    value = _mapping(section, sections[name][1], name, path, problems)
    if problems:
        raise InputError(problems)
    return typing.cast(Params, value)


def _missing_hint(name: str, present: typing.Iterable[str]) -> str:
    unknown = [key for key in present if key not in SECTIONS.values() and nearest(key, [name]).startswith("did")]
    return f"rename {unknown[0]} to {name}" if unknown else f"add a section {name}:"


def _entries(node: yaml.Node | None) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    return {key.value: (key, value) for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _mapping(kind: type, node: yaml.Node, name: str, path: Path, problems: list[Problem]) -> object:
    """A dataclass from a YAML mapping; appends what is wrong to problems."""
    place = f"{path}:{node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        problems.append(Problem(f"{name} is not a mapping", f"write {name}: with indented keys below it", source=place))
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    entries = _entries(node)
    for key, (key_node, _) in entries.items():
        if key not in hints:
            where = f"{path}:{key_node.start_mark.line + 1}"
            problems.append(Problem(f"unknown parameter {name}.{key}", nearest(key, hints), source=where))
    for key in hints.keys() - entries.keys():
        problems.append(Problem(f"parameter {name}.{key} is missing", f"add {key}: {_expected(hints[key])}", source=place))
    values = {key: _value(hint, entries[key][1], f"{name}.{key}", path, problems) for key, hint in hints.items() if key in entries}
    return kind(**values) if values.keys() == hints.keys() else None


def _value(hint: Any, node: yaml.Node, name: str, path: Path, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        for option in typing.get_args(hint) or (hint,):
            if dataclasses.is_dataclass(option):
                return _mapping(typing.cast(type, option), node, name, path, problems)
    try:
        value = yaml.SafeLoader("").construct_object(node, deep=True)
    except yaml.YAMLError:
        value = node.value
    if isinstance(value, list):
        value = tuple(value)
    if not _fits(hint, value):
        place = f"{path}:{node.start_mark.line + 1}"
        shown = list(value) if isinstance(value, tuple) else value
        wanted = f"it must be {_expected(hint)}{_close(hint, value)}{_quotes(hint, value)}"
        problems.append(Problem(f"{name} is {shown!r}", wanted, source=place))
    return float(value) if _is_float(hint) and isinstance(value, int) else value


def _is_float(hint: Any) -> bool:
    return hint is float or (typing.get_origin(hint) is Annotated and typing.get_args(hint)[0] is float)


def _fits(hint: Any, value: object) -> bool:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        low, high = args[1].low, args[1].high
        return _fits(args[0], value) and low <= typing.cast(float, value) <= high
    if origin is Literal:
        return value in args and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(args[0], item) for item in value)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(option, value) for option in args)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _expected(hint: Any) -> str:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        low, high = args[1].low, args[1].high
        return f"{_expected(args[0])} {f'from {low:g} to {high:g}' if high != float('inf') else f'of at least {low:g}'}"
    if origin is Literal:
        return " or ".join(map(str, args))
    if origin is tuple:
        return f"a list of {_expected(args[0])}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_expected(option) for option in args)
    if dataclasses.is_dataclass(hint):
        return "keys " + ", ".join(field.name for field in dataclasses.fields(hint))
    return {float: "a number", int: "a whole number", str: "text", bool: "true or false", types.NoneType: "null"}[hint]


def _close(hint: Any, value: object) -> str:
    names = [str(item) for item in typing.get_args(hint)] if typing.get_origin(hint) is Literal else []
    suggestion = nearest(str(value), names) if names else ""
    return f"; {suggestion}" if suggestion.startswith("did") else ""


def _quotes(hint: Any, value: object) -> str:
    """YAML takes a revision or an id of digits alone for a number."""
    items = value if isinstance(value, tuple) else (value,)
    as_text = tuple(map(str, items)) if isinstance(value, tuple) else str(value)
    return "; put it in quotes" if any(isinstance(item, int | float) for item in items) and _fits(hint, as_text) else ""
