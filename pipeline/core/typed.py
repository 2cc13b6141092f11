"""Plain values, as JSON and YAML give them, checked against the type hints of dataclasses and made into these."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import MISSING, dataclass
from typing import Annotated, Any, Literal, TypeVar

from pipeline.core.nearest import nearest

T = TypeVar("T")
Keys = tuple[str | int, ...]  # from the outermost mapping inwards
LONGEST_SHOWN = 100
UNKNOWN_SHOWN = 10  # keys that belong to no mapping of this kind: of another kind's, all
NOUNS = {float: "a number", int: "a whole number", str: "text", bool: "true or false", dict: "a mapping", types.NoneType: "null"}


@dataclass(frozen=True)
class Between:
    """The closed range a number must lie in, as part of a hint: Annotated[int, Between(1)]."""

    low: float
    high: float = float("inf")

    def allows(self, value: float) -> bool:
        """Whether a number lies in the range."""
        return self.low <= value <= self.high

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        low, high = _number(self.low), _number(self.high)
        return f"{kind} of at least {low}" if self.high == float("inf") else f"{kind} from {low} to {high}"


@dataclass(frozen=True)
class OneOf:
    """The names that a text must be among, as part of a hint: Annotated[str, OneOf(("a", "b"))]."""

    names: tuple[str, ...]

    def allows(self, value: str) -> bool:
        """Whether a text is one of the names."""
        return value in self.names

    def describe(self, kind: str) -> str:
        """What a value must be."""
        return f"one of: {', '.join(self.names)}"


@dataclass(frozen=True)
class Items:
    """How many items a list may have, as part of a hint."""

    low: int
    high: int

    def allows(self, value: tuple[object, ...]) -> bool:
        """Whether a list has so many."""
        return self.low <= len(value) <= self.high

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return f"{kind} of {self.low:,} to {self.high:,} items"


@dataclass(frozen=True)
class Line:
    """How many characters a text may have, none of them one that a terminal obeys, as part of a hint."""

    high: int

    def allows(self, value: str) -> bool:
        """Whether a text is such a line."""
        return len(value) <= self.high and value.isprintable()

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return f"{kind} of one line and at most {self.high:,} characters"


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
        return {key: _made(arguments[1], item, (*keys, key), mismatches) for key, item in value.items()}
    before = len(mismatches)
    if origin is tuple and isinstance(value, list):
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
    """Keys as people write them.

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
    """A hint in words.

    >>> expected(Annotated[int, Between(1)]), expected(tuple[str, ...]), expected(str | None)
    ('a whole number of at least 1', 'a list of text', 'text or null')
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return str(arguments[1].describe(expected(arguments[0])))
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin is tuple:
        return f"a list of {expected(arguments[0])}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(expected(option) for option in arguments)
    if dataclasses.is_dataclass(hint):
        return "keys " + ", ".join(field.name for field in dataclasses.fields(hint))
    return NOUNS[origin or hint]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _number(bound: float) -> str:
    return f"{bound:,.0f}" if bound % 1 == 0 else f"{bound:g}"


def _is_float(hint: Any) -> bool:
    return hint is float or (typing.get_origin(hint) is Annotated and typing.get_args(hint)[0] is float)


def _advice(hint: Any, value: object) -> str:
    """What to write in the place of a value."""
    if typing.get_origin(hint) is Annotated and isinstance(typing.get_args(hint)[1], OneOf):
        return nearest(str(value), typing.get_args(hint)[1].names)
    return f"it must be {expected(hint)}{_close(hint, value)}{_quotes(hint, value)}"


def _close(hint: Any, value: object) -> str:
    names = [str(item) for item in typing.get_args(hint)] if typing.get_origin(hint) is Literal else []
    suggestion = nearest(str(value), names) if names else ""
    return f"; {suggestion}" if suggestion.startswith("did") else ""


def _quotes(hint: Any, value: object) -> str:
    """YAML takes a revision or an id of digits alone for a number."""
    items = value if isinstance(value, tuple) else (value,)
    as_text = tuple(map(str, items)) if isinstance(value, tuple) else str(value)
    return "; put it in quotes" if any(isinstance(item, int | float) for item in items) and fits(hint, as_text) else ""
