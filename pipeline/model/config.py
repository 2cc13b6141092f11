"""What decides a network: the labels and widths of its data, and the train section that asks for it. Needs no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pipeline.core.constraints import Between, Items, Line
from pipeline.core.params import Train
from pipeline.core.schema import PositionNotes, VectorsDescription

Size = Annotated[int, Between(1, 1_000_000)]
Label = Annotated[str, Line(1_000)]
Labels = Annotated[tuple[Label, ...], Items(1, 10_000)]
POSITION_IDS, SHAPE_IDS = ("e1_position_ids", "e2_position_ids"), "shape_ids"


@dataclass(frozen=True)
class Pooling:
    """How the states of a sentence's words are pooled into one vector."""

    pieces: bool  # a maximum before, between and behind the entities, else one over all words
    entities: bool  # beside it, the mean states over e1 and over e2
    attention: bool  # a mean that the entities ask for


POOLINGS = {  # by train.pooling
    "max": Pooling(pieces=False, entities=False, attention=False),
    "max+entities": Pooling(pieces=False, entities=True, attention=False),
    "max+entities+attention": Pooling(pieces=False, entities=True, attention=True),
    "pieces+entities": Pooling(pieces=True, entities=True, attention=False),
    "pieces+entities+attention": Pooling(pieces=True, entities=True, attention=True),
}


@dataclass(frozen=True)
class Config:
    """Everything that decides the network, and the names behind its outputs."""

    relations: Labels  # R, in id order
    negative_label: Label  # the one that stands for no relation, if it is among them
    tags: Labels  # K, in id order
    width: Size  # H of a word vector as the store has it
    n_layers: Size  # encoder layers concatenated in it
    max_distance: Size  # of a word from an entity, in words
    train: Train

    @classmethod
    def of(cls, train: Train, relations: tuple[str, ...], notes: PositionNotes, vectors: VectorsDescription) -> Config:
        """The network that the train section asks for on rows of these relations and notes, and on these word vectors."""
        return cls(
            relations,
            notes.negative_label,
            notes.tags,
            vectors.encoder.width,
            len(vectors.encoder.layers),
            notes.max_distance,
            train,
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what the network reads of a batch."""
        return ("words", *POSITION_IDS, *((SHAPE_IDS,) if self.train.shape_width else ()))

    @property
    def members(self) -> tuple[Config, ...]:
        """The networks whose outputs are averaged, each trained from a seed of its own."""
        seeds = [(self.train.seed + number) % 2**32 for number in range(self.train.members)]
        return tuple(replace(self, train=replace(self.train, seed=seed, members=1)) for seed in seeds)

    @property
    def weight_prefixes(self) -> tuple[str, ...]:
        """What the names of each member's weights begin with: nothing where there is one."""
        several = self.train.members > 1
        return tuple(f"member_{number}/" if several else "" for number in range(1, self.train.members + 1))

    @property
    def pooling(self) -> Pooling:
        """What the relation head makes of a sentence's states."""
        return POOLINGS[self.train.pooling]

    @property
    def relation_sees_entities(self) -> bool:
        """Whether the relation head knows which words are the entities."""
        return self.train.positions != "none" or self.pooling.entities

    @property
    def tagger_sees_positions(self) -> bool:
        """Whether the tags can be read off the tagger's inputs, so that its score says nothing of finding entities."""
        return self.train.positions == "shared"
