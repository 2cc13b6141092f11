"""What the sections tag and train ask of each other."""

from __future__ import annotations

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.params import Train


def require_blind_tagger(entities: str, train: Train) -> None:
    """Refuse a tagger that sees the positions of a pair where it is to find all entities.

    Args: entities: as in the section tag.
    Raises: InputError.
    """
    if entities == "all" and "tags" in train.tasks and train.positions == "shared":
        found = (
            "tag.entities: all asks for all entities of a sentence, and train.positions: shared shows the tagger those of a pair"
        )
        hint = "write positions: relation or positions: none under train, or entities: pair under tag"
        raise InputError.of(params.FILE, found, hint)
