"""A YAML file as plain values, each with the line it stands on. Scalars are those of YAML 1.2, as DVC reads and writes them.

The file is untrusted: it is read in time bounded by its size, aliases included, and a key given twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.core.errors import InputError
from pipeline.core.typed import Keys, shown

MOST_BYTES = 300_000
MOST_VALUES = 20_000  # once aliases are followed
DEEPEST = 30
# The core schema of YAML 1.2.2, section 10.3.2: what a scalar without quotes means. Anything else is text.
SCALARS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,300}"), int),
    (re.compile(r"0o[0-7]{1,300}"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,300}"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda text: float("nan")),
)


@dataclass
class Document:
    """The values of a file, and the line of each."""

    path: Path
    value: Any = None
    lines: dict[Keys, int] = field(default_factory=dict)

    def place(self, keys: Keys) -> str:
        """file:line of a value, or of the innermost mapping around it that is there."""
        known = next((keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), None)
        return str(self.path) if known is None else f"{self.path}:{self.lines[known]}"


def load(path: Path) -> Document:
    """Read a file.

    Raises: InputError where it is missing, no YAML, too large, or gives a key twice.
    """
    document = Document(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", f"run from the folder that holds {path.name}") from None
    if len(content) > MOST_BYTES:
        raise InputError.of(path, f"the file has {len(content):,} bytes", f"keep it below {MOST_BYTES:,}")
    try:
        root = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        found = "too deeply nested" if isinstance(error, RecursionError) else str(getattr(error, "problem", None) or error)
        raise InputError.of(f"{path}:{line}", f"not YAML: {found}", "mend the line; strings with : or # need quotes") from None
    document.value = None if root is None else _plain(root, (), document)
    return document


def _plain(node: yaml.Node, keys: Keys, document: Document) -> Any:
    """A node's value; its line and those of all below it go into the document."""
    line = node.start_mark.line + 1
    if len(document.lines) >= MOST_VALUES or len(keys) > DEEPEST:
        found = f"more than {MOST_VALUES:,} values, or more than {DEEPEST} levels of them"
        raise InputError.of(f"{document.path}:{line}", found, "write plain values: aliases count at each of their places")
    document.lines[keys] = line
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*keys, index), document) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, keys, document)
    if getattr(node, "style", None) is not None or node.tag == "tag:yaml.org,2002:binary":
        return str(node.value)
    return next((make(node.value) for pattern, make in SCALARS if pattern.fullmatch(node.value)), node.value)


def _mapping(node: yaml.MappingNode, keys: Keys, document: Document) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = f"{document.path}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError.of(place, "a key that is a list or a mapping", "write a name before the colon")
        key = key_node.value
        if key in values:
            raise InputError.of(place, f"{shown((*keys, key))} stands here a second time", "keep one of the two")
        values[key] = _plain(value_node, (*keys, key), document)
        document.lines[(*keys, key)] = key_node.start_mark.line + 1
    return values
