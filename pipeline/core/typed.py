"""Plain values, as JSON and YAML give them, checked against the type hints of dataclasses and made into these."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from dataclasses import MISSING, dataclass
from typing import Annotated, Any, Literal, TypeVar

from pipeline.core.constraints import OneOf
from pipeline.core.nearest import nearest

T = TypeVar("T")
Keys = tuple[str | int, ...]  # from the outermost mapping inwards
LONGEST_SHOWN = 100
UNKNOWN_SHOWN = 10  # unknown keys of a mapping that are told: one of quite another kind has many
NOUNS = {float: "a number", int: "a whole number", str: "text", bool: "true or false", dict: "a mapping", types.NoneType: "null"}


@dataclass(frozen=True)
class Mismatch:
    """A value that does not fit: where it stands, what was found there, and what to do."""

    keys: Keys
    found: str
    hint: str


class MismatchError(Exception):
    """A value does not fit; carries all its mismatches."""

    def __init__(self, mismatches: typing.Sequence[Mismatch]) -> None:
        self.mismatches = tuple(mismatches)
        super().__init__("; ".join(f"{mismatch.found} ({mismatch.hint})" for mismatch in self.mismatches))


def build(kind: type[T], value: object, keys: Keys = ()) -> T:
    """A dataclass from a mapping: lists become tuples, whole numbers floats, inner mappings dataclasses, as the type hints ask.

    Args: keys: where the value stands, for the messages. A field with a default may be missing.
    Raises: MismatchError with every key that is unknown, missing or of another type.

    >>> @dataclass
    ... class Point:
    ...     x: float
    ...     tags: tuple[str, ...] = ()
    >>> build(Point, {"x": 1, "tags": ["a"]})
    Point(x=1.0, tags=('a',))
    >>> build(Point, {"y": 1}, keys=("point",))
    Traceback (most recent call last):
    pipeline.core.typed.MismatchError: unknown key point.y (use one of: x, tags); key point.x is missing (add x: a number)
    """
    mismatches: list[Mismatch] = []
    try:
        made = _made(kind, value, keys, mismatches)
    except RecursionError:
        raise MismatchError([Mismatch(keys, f"{dotted(keys)} holds lists in lists without end", "write it flat")]) from None
    if mismatches:
        raise MismatchError(mismatches)
    return typing.cast(T, made)


def _made(hint: Any, value: object, keys: Keys, mismatches: list[Mismatch]) -> Any:
    """The value as the hint wants it; what does not fit is added to mismatches."""
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, keys, mismatches)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union) and isinstance(value, dict):
        inner = next((option for option in arguments if dataclasses.is_dataclass(option)), None)
        if inner:
            return _dataclass(inner, value, keys, mismatches)
    if origin is dict and isinstance(value, dict):
        for key in [key for key in value if not fits(arguments[0], key)]:
            mismatches.append(Mismatch((*keys, key), f"{dotted(keys)} has the key {_brief(key)}", _advice(arguments[0], key)))
        return {key: _made(arguments[1], item, (*keys, key), mismatches) for key, item in value.items()}
    before = len(mismatches)
    if origin is tuple and isinstance(value, list | tuple):
        items = enumerate(value)
        value = [_made(arguments[0], item, (*keys, n), mismatches) if isinstance(item, dict) else item for n, item in items]
    plain = _as_tuples(value)
    if len(mismatches) > before:
        return plain
    if not fits(hint, plain):
        mismatches.append(Mismatch(keys, f"{dotted(keys)} is {_brief(value)}", _advice(hint, plain)))
    return float(plain) if _is_float(hint) and isinstance(plain, int) else plain


def _as_tuples(value: object) -> object:
    """A list and the lists in it as tuples."""
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _dataclass(kind: Any, value: object, keys: Keys, mismatches: list[Mismatch]) -> Any:
    if not isinstance(value, dict):
        mismatches.append(Mismatch(keys, f"{dotted(keys)} is not a mapping", f"write {dotted(keys)}: with indented keys below it"))
        return None
    hints = typing.get_type_hints(kind, include_extras=True)
    required = {field.name for field in dataclasses.fields(kind) if field.default is MISSING and field.default_factory is MISSING}
    before = len(mismatches)
    for key in [key for key in value if key not in hints][:UNKNOWN_SHOWN]:
        mismatches.append(Mismatch((*keys, key), f"unknown key {dotted((*keys, key))}", nearest(str(key)[:LONGEST_SHOWN], hints)))
    for key, hint in hints.items():
        if key in required and key not in value:
            mismatches.append(Mismatch(keys, f"key {dotted((*keys, key))} is missing", f"add {key}: {expected(hint)}"))
    made = {key: _made(hint, value[key], (*keys, key), mismatches) for key, hint in hints.items() if key in value}
    return kind(**made) if len(mismatches) == before else None


def dotted(keys: Keys) -> str:
    """Keys as people write them, with dots between.

    >>> dotted(("train", "loss_weights", "tags"))
    'train.loss_weights.tags'
    """
    return ".".join(str(key)[:LONGEST_SHOWN] if str(key).isprintable() else _brief(key) for key in keys) or "the file"


def fits(hint: Any, value: object) -> bool:
    """Whether a value is what a hint says: a whole number passes for a float, a boolean for neither."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return fits(arguments[0], value) and bool(arguments[1].allows(value))
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(arguments[0], item) for item in value)
    if origin in (types.UnionType, typing.Union):
        return any(fits(option, value) for option in arguments)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return hint is Any or isinstance(value, origin or hint)


def expected(hint: Any) -> str:
    """What a type hint asks for, in words.

    >>> from pipeline.core.constraints import Between
    >>> expected(Annotated[int, Between(1)]), expected(tuple[str, ...]), expected(str | None)
    ('a whole number of at least 1', 'a list of text', 'text or null')
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return str(arguments[1].describe(expected(arguments[0])))
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin is tuple:
        item = expected(arguments[0])
        return f"a list, each {item}" if item.startswith("a ") else f"a list of {item}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(expected(option) for option in arguments)
    if dataclasses.is_dataclass(hint):
        return "keys " + ", ".join(field.name for field in dataclasses.fields(hint))
    return NOUNS[origin or hint]


def _brief(value: object) -> str:
    text = {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _is_float(hint: Any) -> bool:
    return hint is float or (typing.get_origin(hint) is Annotated and typing.get_args(hint)[0] is float)


def _advice(hint: Any, value: object) -> str:
    """What to write in the place of a value."""
    if typing.get_origin(hint) is Annotated and isinstance(typing.get_args(hint)[1], OneOf):
        return nearest(str(value), typing.get_args(hint)[1].names)
    return f"it must be {expected(hint)}{_close(hint, value)}{_form(hint, value)}"


def _close(hint: Any, value: object) -> str:
    options = typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    names = [str(item) for option in options if typing.get_origin(option) is Literal for item in typing.get_args(option)]
    suggestion = nearest(str(value)[:LONGEST_SHOWN], names) if names else ""
    return f"; {suggestion}" if suggestion.startswith("did") else ""


def _form(hint: Any, value: object) -> str:
    """How a value would fit that is written otherwise: YAML takes an id of digits, a name like null or true, for no text."""
    items = value if isinstance(value, tuple) else (value,)
    as_text = tuple(map(str, items)) if isinstance(value, tuple) else str(value)
    if any(isinstance(item, int | float | None) for item in items) and fits(hint, as_text):
        return "; put it in quotes"
    if not isinstance(value, tuple) and fits(hint, (value,)):
        return "; put it in square brackets"
    return "; take it out of its quotes" if isinstance(value, str) and _is_number(value) and fits(hint, float(value)) else ""


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[0-9]{1,9}(\.[0-9]{0,9})?", text))
