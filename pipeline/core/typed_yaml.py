"""A YAML file as plain values, each with the line it stands on. Scalars are those of YAML 1.2, as DVC reads and writes them.

The file is untrusted: it is read in time bounded by its size, aliases included. A key given twice is an error, and so is what DVC
would read otherwise: a tag, and a line break of YAML 1.1 alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.core.errors import InputError
from pipeline.core.typed import LONGEST_SHOWN, Keys, dotted

MOST_BYTES = 200_000
MOST_VALUES = 20_000  # once aliases are followed
DEEPEST = 30
BREAKS = re.compile("[\x85\u2028\u2029]")  # of YAML 1.1, and so of PyYAML: what DVC takes for a comment, it may take for a key
RESOLVER = yaml.resolver.Resolver()
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
class YamlFile:
    """The values of a file, and the line of each."""

    path: Path
    value: Any = None
    lines: dict[Keys, int] = field(default_factory=dict)

    def place(self, keys: Keys) -> str:
        """file:line of a value, or of the innermost mapping around it that is there."""
        known = next((keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), None)
        return str(self.path) if known is None else f"{self.path}:{self.lines[known]}"


def load(path: Path) -> YamlFile:
    """Read a file.

    Raises: InputError where it is missing, no YAML, too large, or gives a key twice.
    """
    file = YamlFile(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", f"run from the folder that holds {path.name}") from None
    if len(content) > MOST_BYTES:
        raise InputError.of(path, f"the file has {len(content):,} bytes", f"keep it below {MOST_BYTES:,}")
    try:
        text = content.decode("utf-8")
        _require_breaks(text, path)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no UTF-8, or an escaped character that there is not
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        found = "too deeply nested" if isinstance(error, RecursionError) else str(getattr(error, "problem", None) or error)
        raise InputError.of(
            f"{path}:{line}", f"not YAML: {found}", "mend the line; text with : # * & ! [ or { needs quotes"
        ) from None
    file.value = None if root is None else _plain(root, (), file)
    return file


def load_or_empty(path: Path) -> YamlFile:
    """Read a file to name the lines of its values; one that cannot be read, as where a model is used elsewhere, has none."""
    try:
        return load(path)
    except InputError:
        return YamlFile(path)


def _require_breaks(text: str, path: Path) -> None:
    """Raises: InputError where a text has a line break that YAML 1.2 does not have."""
    if found := BREAKS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        hint = "end lines with LF or CRLF; in a string in double quotes write it as an escape"
        raise InputError.of(f"{path}:{line}", f"the character U+{ord(found[0]):04X}, which ends a line in old YAML alone", hint)


def _plain(node: yaml.Node, keys: Keys, file: YamlFile) -> Any:
    """A node's value; its line and those of all below it go into file.lines."""
    line = node.start_mark.line + 1
    if len(file.lines) >= MOST_VALUES or len(keys) > DEEPEST:
        found = f"more than {MOST_VALUES:,} values, or more than {DEEPEST} levels of them"
        raise InputError.of(f"{file.path}:{line}", found, "write plain values: aliases count at each of their places")
    file.lines[keys] = line
    _require_plain(node, f"{file.path}:{line}")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*keys, index), file) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, keys, file)
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    if getattr(node, "style", None) is not None:
        return str(node.value)
    return next((make(node.value) for pattern, make in SCALARS if pattern.fullmatch(node.value)), node.value)


def _require_plain(node: yaml.Node, place: str) -> None:
    """Raises: InputError where a node has a tag that changes what it is, or is text that no file can hold."""
    text = node.value if isinstance(node, yaml.ScalarNode) else None
    is_quoted = text is not None and node.style is not None  # type: ignore[attr-defined]
    if node.tag != RESOLVER.resolve(type(node), text, (not is_quoted, is_quoted)):  # type: ignore[no-untyped-call]
        raise InputError.of(place, f"the tag {node.tag}", "write the value alone: text in quotes, numbers without")
    if text and not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError.of(place, "an escape of half a character, \\ud800 to \\udfff", "write the character itself")


def _mapping(node: yaml.MappingNode, keys: Keys, file: YamlFile) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = f"{file.path}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError.of(place, "a key that is a list or a mapping", "write a name before the colon")
        _require_plain(key_node, place)
        key = key_node.value
        if not isinstance(_scalar(key_node), str):
            raise InputError.of(place, f"the key {key[:LONGEST_SHOWN] or 'of no name'}, which is no text", "put it in quotes")
        if key in values:
            raise InputError.of(place, f"{dotted((*keys, key))} stands here a second time", "keep one of the two")
        values[key] = _plain(value_node, (*keys, key), file)
        file.lines[(*keys, key)] = key_node.start_mark.line + 1
    return values
