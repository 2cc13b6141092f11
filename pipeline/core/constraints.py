"""What type hints ask of a value beside its type, as the second part of an Annotated: whether it is allowed, and that in words."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pipeline.core.labels import LONGEST, is_label, parse_label

MOST_LOCAL = 256  # worker processes of one machine


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
class Address:
    """Where a cluster is, as part of a hint."""

    def allows(self, value: str) -> bool:
        """Whether a text is the address of a scheduler or a number of local workers."""
        if local := re.fullmatch(r"local:([1-9]\d{0,2})", value, re.ASCII):
            return int(local[1]) <= MOST_LOCAL
        try:
            parts = urlsplit(value)
            host, port = parts.hostname or "", parts.port or 0
        except ValueError:
            return False
        written = f"[{host}]" if ":" in host else host
        plain = parts.scheme in ("tcp", "tls") and parts.netloc.lower() == f"{written}:{port}" and port > 0
        return plain and _is_host(host) and value == f"{parts.scheme}://{parts.netloc}"

    def describe(self, kind: str) -> str:
        """What a value must be."""
        return f"local:1 to local:{MOST_LOCAL}, tcp://host:8786 or tls://host:8786"


@dataclass(frozen=True)
class Name:
    """The form of a relation's or a type's name, as part of a hint."""

    def allows(self, value: str) -> bool:
        """Whether a text is a name without a direction."""
        return is_label(value) and parse_label(value).direction is None

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return f"a name without direction, brackets and quotes, of 1 to {LONGEST} characters"


@dataclass(frozen=True)
class Revision:
    """The name of a commit, a branch or a tag, which leads out of no folder, as part of a hint."""

    def allows(self, value: str) -> bool:
        """Whether a text is such a name."""
        return re.fullmatch(r"(?!.*\.\.)\w[\w.+/-]{0,199}", value) is not None

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return f"{kind} that is a commit, a branch or a tag"


@dataclass(frozen=True)
class Pattern:
    """A glob pattern that stays below its folder, as part of a hint."""

    def allows(self, value: str) -> bool:
        """Whether a text is such a pattern."""
        path = PurePosixPath(value)
        leaves = path.is_absolute() or not path.parts or ".." in path.parts
        return value.isprintable() and not leaves and not any("**" in part and part != "**" for part in path.parts)

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return 'a path or pattern of files below data/raw, such as "train/*.json"'


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
        return f"{kind}, of {self.low:,} to {self.high:,} items"


@dataclass(frozen=True)
class EachOnce:
    """A list without the same name twice that has one name always, as part of a hint."""

    always: str

    def allows(self, value: tuple[str, ...]) -> bool:
        """Whether a list is such a one."""
        return self.always in value and len(set(value)) == len(value)

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        return f"{kind}, each once and {self.always} among them"


@dataclass(frozen=True)
class Line:
    """How many characters a text may have, none of them one that a terminal obeys, as part of a hint."""

    high: int
    low: int = 0

    def allows(self, value: str) -> bool:
        """Whether a text is such a line."""
        return self.low <= len(value) <= self.high and value.isprintable()

    def describe(self, kind: str) -> str:
        """What a value of this kind must be."""
        number = f"{self.low:,} to {self.high:,}" if self.low else f"at most {self.high:,}"
        return f"{kind} of one line and {number} characters"


def _number(bound: float) -> str:
    return f"{bound:,.0f}" if bound % 1 == 0 else f"{bound:g}"


def _is_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host) is not None
    except ValueError:
        return re.fullmatch(r"[a-z0-9]([\w.-]*[a-z0-9])?", host, re.ASCII) is not None
