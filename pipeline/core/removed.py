"""What params.yaml may no longer ask for: keys and choices that a release has taken away, and what to write in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pipeline.core import typed
from pipeline.core.typed import Mismatch


@dataclass(frozen=True)
class Removed:
    """A key, or one choice of it."""

    key: str  # with its section
    choice: object  # None: all of them
    release: str
    hint: str
    kept: object = None  # what is now always so: a file that still says it is right


REMOVED = (
    Removed(
        "train.schedule",
        choice=None,
        release="0.1.0",
        hint="remove the line: the learning rate is constant, and weight_averaging does what a schedule is for",
        kept="constant",
    ),
    Removed("train.layer_mix", choice="scalar", release="0.1.0", hint="write concatenate, with projection_width: 256 to narrow it"),
    Removed("train.loss_weights", choice="learned", release="0.1.0", hint="write loss_weights: {relation: 1.0, tags: 0.1}"),
)


def passed_over(values: object, section: str) -> object:
    """The values of a section without removed keys that ask for what is now always so."""
    kept = {one.key: one.kept for one in REMOVED if one.kept is not None}
    if not isinstance(values, dict):
        return values
    return {key: value for key, value in values.items() if (name := f"{section}.{key}") not in kept or value != kept[name]}


def explained(mismatch: Mismatch, document: Any) -> Mismatch:
    """A mismatch of a file's values, told as a removal where it is one."""
    key, value = typed.dotted(mismatch.keys), _at(document, mismatch.keys)
    for one in REMOVED:
        if one.key == key and (one.choice is None or one.choice == value):
            what = key if one.choice is None else f"{key}: {one.choice}"
            return replace(mismatch, found=f"{what} was removed in {one.release}", hint=one.hint)
    return mismatch


def _at(value: Any, keys: typed.Keys) -> Any:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value
