"""The tunables of params.yaml: a frozen dataclass a section, a stage a section."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pipeline.core import typed, typed_yaml
from pipeline.core.errors import InputError, Problem, nearest
from pipeline.core.typed import Between

FILE = Path("params.yaml")
Section = TypeVar("Section")

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


SECTIONS: dict[str, type] = {kind.__name__.lower(): kind for kind in (Parse, Tag, Position, Encoder, Embed, Train, Evaluate)}


def read(section: type[Section], path: Path = FILE) -> Section:
    """Read one section of params.yaml.

    Raises: InputError with every unknown, missing and mistyped key of the section, each with its line.
    """
    document = typed_yaml.load(path)
    name = section.__name__.lower()
    sections = document.value if isinstance(document.value, dict) else {}
    if name not in sections:
        raise InputError.of(path, f"section {name} is missing", _missing_hint(name, sections))
    try:
        return typed.build(section, sections[name], (name,))
    except typed.MismatchError as error:
        problems = [Problem(mismatch.found, mismatch.hint, source=document.place(mismatch.keys)) for mismatch in error.mismatches]
        raise InputError(problems) from None


def _missing_hint(name: str, present: Iterable[str]) -> str:
    unknown = [key for key in present if key not in SECTIONS and nearest(key, [name]).startswith("did")]
    return f"rename {unknown[0]} to {name}" if unknown else f"add a section {name}:"
