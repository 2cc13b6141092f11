"""The tunables of params.yaml: a frozen dataclass a section, a stage a section."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

from pipeline.core import removed, typed, typed_yaml
from pipeline.core.constraints import Address, Between, EachOnce, Line, Name, OneOf, Pattern
from pipeline.core.errors import ROW_KINDS, InputError, Problem, for_all
from pipeline.core.nearest import KnownNames
from pipeline.core.schema import OTHER, Backend, ChineseSegmenter, Commit, EncoderName, Layers, PiecePooling, Precision

FILE = Path("params.yaml")
FormatName = Literal[  # the modules of pipeline/corpus/formats that read
    "semeval", "jsonl", "opennre", "tacred", "spert", "dygie", "fewrel",
    "brat", "label_studio", "prodigy", "doccano", "conll", "tsv",
]  # fmt: skip
FORMATS: tuple[str, ...] = get_args(FormatName)
Section = TypeVar("Section")

# What training, drawing and any machine can take; typos go further.
Share = Annotated[float, Between(0, 0.99)]
Seed = Annotated[int, Between(0, 2**32 - 1)]
Weight = Annotated[float, Between(0, 1e6)]
Units = Annotated[int, Between(1, 16_384)]
Words = Annotated[int, Between(1, 100_000)]
Rounds = Annotated[int, Between(1, 100_000)]
Batch = Annotated[int, Between(1, 1_000_000)]
RelationName = Annotated[str, Name()]
FilePatterns = tuple[Annotated[str, Pattern()], ...]


@dataclass(frozen=True)
class Exclusion:
    """Rows that are left out because they have a problem of this kind."""

    kind: Annotated[str, OneOf(tuple(ROW_KINDS))]


@dataclass(frozen=True)
class Splits:
    """Which files of data/raw are of which split: glob patterns, relative to it, of files and folders."""

    train: FilePatterns
    validation: FilePatterns = ()
    test: FilePatterns = ()


@dataclass(frozen=True, kw_only=True)
class Parse:
    """How annotation files become rows. What has a default is newer than the first release."""

    format: Annotated[str, OneOf(("auto", *FORMATS))] = "auto"
    splits: Literal["auto"] | Splits = "auto"
    language: str
    segmenter: ChineseSegmenter
    directed: bool
    symmetric: tuple[RelationName, ...] = ()  # relations without direction
    rename: dict[Annotated[str, Line(1_000, 1)], RelationName] = field(default_factory=dict)  # relations and types
    negatives: Literal["none", "all"] | Annotated[float, Between(0, 1_000)] = "none"  # a number: for each positive pair
    negative_label: RelationName = OTHER
    across_sentences: Literal["keep", "exclude"] = "keep"
    fragments: Literal["cover", "error"] = "cover"
    several: Literal["error", "first", "rows"] = "error"  # labels of one pair
    ambiguous: Literal["error", "nearest"] = "error"  # names that are in their sentence more than once
    validation_fraction: Share
    test_fraction: Share = 0.0
    seed: Seed
    strict: bool = False  # warnings of the annotations are errors
    exclude: tuple[str | Exclusion, ...]  # the id of rows, or what is wrong with them


@dataclass(frozen=True)
class Tag:
    """Which classes the BIO tags name, and what becomes of entities that share a word."""

    labels: Literal["auto", "entity", "role", "type"]
    entities: Literal["auto", "pair", "all"] = "pair"  # all: of sentences of which all are annotated
    overlap: Literal["error", "outer", "first"] = "error"


@dataclass(frozen=True)
class Position:
    """The window of a sentence and the reach of relative positions, both in words."""

    max_length: Words
    max_distance: Words


@dataclass(frozen=True)
class Encoder:
    """Which pretrained encoder, and which of its hidden layers (counted as transformers does, -1 the last)."""

    name: EncoderName
    revision: Commit | None
    layers: Layers


@dataclass(frozen=True)
class Embed:
    """How word vectors are computed and kept."""

    backend: Backend
    precision: Literal["auto", Precision]
    pooling: PiecePooling
    batch_pieces: Batch
    shard_words: Annotated[int, Between(1, 100_000_000)]
    max_stale: Annotated[float, Between(0, 1)]


@dataclass(frozen=True)
class Cluster:
    """Where sentences are embedded; no stage depends on it, for the vectors are the same."""

    address: Annotated[str, Address()] | None = None
    window_seconds: Annotated[float, Between(1, 1e6)] = 600.0


@dataclass(frozen=True)
class LossWeights:
    """The weight of each output's loss."""

    relation: Weight
    tags: Weight


@dataclass(frozen=True)
class Train:
    """The network and its training."""

    tasks: Annotated[tuple[Literal["relation", "tags"], ...], EachOnce("relation")]
    sharing: Literal["hard", "soft", "stacked"]
    sharing_distance: Literal["l1", "l2"]
    sharing_weight: Weight
    positions: Literal["shared", "relation", "none"]
    position_width: Units
    pooling: Literal["max", "max+entities", "max+entities+attention", "pieces+entities", "pieces+entities+attention"]
    layer_mix: Literal["concatenate", "normalised"]
    projection_width: Annotated[int, Between(0, 16_384)]
    lstm_units: Units
    dense_units: Units
    input_dropout: Share
    dropout: Share
    loss_weights: LossWeights
    class_weights: Literal["none", "balanced"]
    label_smoothing: Share
    learning_rate: Annotated[float, Between(1e-8, 10)]
    weight_decay: Annotated[float, Between(0, 10)]
    weight_averaging: Annotated[float, Between(0, 0.999999)]
    batch_size: Batch
    epochs: Rounds
    patience: Rounds
    seed: Seed
    members: Annotated[int, Between(1, 100)] = 1  # newer than the first release, as what follows
    type_pairs: Literal["all", "seen"] = "all"  # of entities found, those asked about
    shape_width: Annotated[int, Between(0, 16_384)] = 0


@dataclass(frozen=True)
class Evaluate:
    """The bootstrap of the reported intervals."""

    resamples: Rounds
    confidence: Annotated[float, Between(0.5, 0.999)]
    seed: Seed


@dataclass(frozen=True)
class Card:
    """What the model card tells that no stage can know."""

    license: Annotated[str, Line(100)] | None = None
    dataset: Annotated[str, Line(100)] | None = None


SECTIONS: dict[str, type] = {
    kind.__name__.lower(): kind for kind in (Parse, Tag, Position, Encoder, Embed, Cluster, Train, Evaluate, Card)
}


def read(section: type[Section], path: Path = FILE) -> Section:
    """Read one section of params.yaml.

    Raises: InputError with every unknown, missing and mistyped key of the section, each with its line.
    """
    return _section(section, typed_yaml.load(path))


def place(*keys: str) -> str:
    """file:line of a key of params.yaml, its section first; the file alone where it cannot be read."""
    return typed_yaml.load_or_empty(FILE).place(keys)


def check(path: Path = FILE) -> None:
    """Check every section, so that the first stage to start tells what only the last one would read.

    Raises: InputError with the problems of all sections.
    """
    file = typed_yaml.load(path)
    for_all(lambda section: _section(section, file), SECTIONS.values())
    require_fit(_section(Tag, file), _section(Train, file), path)


def require_fit(tag: Tag, train: Train, path: Path = FILE) -> None:
    """Raises: InputError where the network cannot learn from the tags, as far as `auto` is settled, which the rows do."""
    mismatches = []
    if (tag.labels, tag.entities) == ("role", "all"):
        found = "tag.labels: role marks e1 and e2, and tag.entities: all marks every entity"
        mismatches.append(typed.Mismatch(("tag", "labels"), found, "write labels: type or labels: entity, or entities: pair"))
    if (tag.entities, train.positions) == ("all", "shared") and "tags" in train.tasks:
        found = "tag.entities: all asks the tagger for all entities, and train.positions: shared shows it those of a pair"
        hint = "write positions: relation or positions: none under train, or entities: pair under tag"
        mismatches.append(typed.Mismatch(("train", "positions"), found, hint))
    if train.type_pairs == "seen" and (tag.entities == "pair" or tag.labels in ("entity", "role")):
        found = "train.type_pairs: seen chooses among the entities found by their types, which the tags do not tell"
        hint = "write entities: all and labels: type under tag, or type_pairs: all under train"
        mismatches.append(typed.Mismatch(("train", "type_pairs"), found, hint))
    if mismatches:
        raise _told(mismatches, typed_yaml.load(path))


def _section(section: type[Section], file: typed_yaml.YamlFile) -> Section:
    name = section.__name__.lower()
    sections = file.value if isinstance(file.value, dict) else {}
    if name not in sections:
        _require_no_misspelt(name, sections, file)
        if all(field.default is not dataclasses.MISSING for field in dataclasses.fields(section)):  # type: ignore[arg-type]
            return section()
        raise InputError.of(file.path, f"section {name} is missing", f"add a section {name}:")
    try:
        return typed.build(section, removed.passed_over(sections[name], name), (name,))
    except typed.MismatchError as error:
        raise _told([removed.explained(mismatch, file.value) for mismatch in error.mismatches], file) from None


def _told(mismatches: Iterable[typed.Mismatch], file: typed_yaml.YamlFile) -> InputError:
    return InputError(Problem(one.found, one.hint, source=file.place(one.keys)) for one in mismatches)


def _require_no_misspelt(name: str, present: Collection[str], file: typed_yaml.YamlFile) -> None:
    """Raises: InputError where a section is named almost as this one, which is not there; any other is somebody's own."""
    absent = KnownNames(one for one in (name, *SECTIONS) if one not in present)
    for key in present:
        if key not in SECTIONS and absent.closest(key.lower()) == name:
            hint = f"rename it to {name}, or if it is a section of your own, write {name}: {{}} beside it"
            raise InputError.of(file.place((key,)), f"unknown section {typed.dotted((key,))}", hint)
