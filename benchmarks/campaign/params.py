"""Mutated params.yaml: checked in bounded time, and no error but InputError, whatever a person, a tool or an attacker has written.

What is accepted is what the file says: read by another YAML library, DVC's own, the file has these values.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from ruamel.yaml import YAML

from benchmarks.campaign.mutations import flip_bytes, insert_character, insert_not_utf8, replace_byte, truncate
from benchmarks.campaign.rounds import Draw, Finished, Round, require, within
from pipeline.core import params
from pipeline.core.errors import InputError
from tests.support.project import ROOT

MOST = 3  # mutations of one file
MOST_SECONDS = 2
SCALARS = [
    *("null", "~", "", "Null", "true", "TRUE", "yes", "on", "off", "n", "False"),
    *("0", "-0", "+1", "1_000", "007", "0o17", "0x1F", "0b11", "1:30", "9" * 400, "-1", "12e03", "1e5", "1E-3", "1e400", "-1e400"),
    *("1.", ".5", "-.5", "1.5e+3", ".inf", "-.INF", ".nan", "1e-3", "0.001", "1,5", "1.0.0", "5e-05", "1e-05"),
    *(
        "'text'",
        '"1"',
        "'1'",
        '"\\x41"',
        "'it''s'",
        "|\n    text",
        ">\n    text",
        '"\\ud800"',
        '"\\U00110000"',
        "'",
        '"',
        "text: more",
    ),
    *("2020-01-01", "2020-01-01T00:00:00Z", "=", "<<", "!", "&", "*", "%", "@", "`", "- 1", "? a", "a: b", "[", "]", "{", "}", ","),
    *("[]", "{}", "[1, 2]", "[[1]]", "[a, [b, c]]", "{a: 1}", "{a: {b: c}}", "[null]", "{1: 2}", "{[1]: 2}", "{? a}", "[1,, 2]"),
    *("hard", "balanced", "type", "jsonl", "openvino", "max", "[tags]", "[relation, relation]", "{relation: 1, tags: 1}"),
    *("{train: ['*']}", "{train: [a/**], test: []}"),
    *(
        "!!str 1",
        "!!int '3'",
        "!!float 1",
        "!!python/object/apply:os.system [id]",
        "!!binary aGk=",
        "!!set {a}",
        "!foo bar",
        "!!null x",
    ),
    *(
        "&anchor 1",
        "*anchor",
        "&a [*a]",
        "&a {b: *a}",
        "# comment",
        "1 # comment",
        "1#no",
        "\ttab",
        "'\t'",
        "😀",
        "\u202e",
        "\x00",
        "é" * 500,
    ),
    *("[" * 200, "{a: " * 200, "[" * 5_000, "- " * 1_000, "a" * 100_000, "[" + "1," * 30_000 + "]"),
]
PLACE = re.compile(r"(?m)^( *)([\w-]+):( *)([^#\n]*)")
LINE = re.compile(r"(?m)^.*\n")


def prepare(_: Finished) -> Round:
    """The round of this campaign."""
    shipped = (ROOT / params.FILE).read_text(encoding="utf-8")

    def play_round(draw: Draw) -> None:
        content = mutate(draw.rng, shipped)
        path = draw.folder / params.FILE
        path.write_bytes(content)
        with within(MOST_SECONDS):
            accepted = is_accepted(path)
        if accepted:
            check_values(path)

    return play_round


def is_accepted(path: Path) -> bool:
    """Whether the pipeline takes a file.

    Raises: WrongError where it tells of a problem that is not in the file.
    """
    try:
        params.check(path)
    except InputError as error:
        require(all(problem.source.startswith(str(path)) for problem in error.problems), f"a problem elsewhere: {error}")
        return False
    return True


def check_values(path: Path) -> None:
    """Raises: WrongError where the pipeline reads other values than DVC does, or a text that no file can hold."""
    sections = YAML(typ="safe", pure=True).load(path)
    for name in params.SECTIONS.keys() & sections.keys():  # one of defaults alone may be left out
        read = json.loads(json.dumps(dataclasses.asdict(params.read(params.SECTIONS[name], path)), ensure_ascii=False).encode())
        said = _at_keys_of(sections[name], read)
        require(said == sections[name], f"{name} is read as {said}, by DVC as {sections[name]}")


def _at_keys_of(written: object, read: object) -> object:
    """What is read, without the keys that are not written and so have their default."""
    if not isinstance(written, dict) or not isinstance(read, dict):
        return read
    return {key: _at_keys_of(value, read.get(key)) for key, value in written.items()}


def mutate(rng: Random, shipped: str) -> bytes:
    """The shipped file, changed in some ways, most of them YAML still."""
    text = shipped
    for _ in range(rng.randint(1, MOST)):
        text = rng.choice(TEXT)(rng, text)
    content = text.encode()
    return rng.choice(BYTES)(rng, content) if rng.random() < 0.2 else content


def replace_value(rng: Random, text: str) -> str:
    """Write another scalar, list or mapping at a key."""
    return _at_place(rng, text, lambda match: f"{match[1]}{match[2]}:{match[3] or ' '}{rng.choice(SCALARS)}")


def replace_key(rng: Random, text: str) -> str:
    """Write a key otherwise: misspelt, of another type, quoted, or another section's."""
    names = [match[2] for match in PLACE.finditer(text)] or ["a"]
    keys = ["1", "null", "true", '"a b"', "[1]", "? a", "<<", "-", "!!str a", "é", "''", *names]

    def rewritten(match: re.Match[str]) -> str:
        name = rng.choice([match[2] + "s", match[2][1:] or "x", match[2].upper(), rng.choice(keys)])
        return f"{match[1]}{name}:{match[3]}{match[4]}"

    return _at_place(rng, text, rewritten)


def set_on_command_line(rng: Random, text: str) -> str:
    """A number as people type it, or as `dvc exp run -S` writes it again."""
    number = rng.choice([rng.uniform(-10, 10), 10 ** rng.uniform(-320, 308), float(rng.randint(0, 10**18)), rng.random()])
    form = rng.choice(["{:g}", "{!r}", "{:e}", "{:.0f}", "{:.3E}", "+{!r}", "{:,.2f}", "{!r}f"])
    return _at_place(rng, text, lambda match: f"{match[1]}{match[2]}: {form.format(number)}")


def indent(rng: Random, text: str) -> str:
    """Shift a line in or out."""
    return _at_line(rng, text, lambda line: rng.choice([" ", "  ", "\t"]) + line if rng.random() < 0.5 else line.lstrip())


def repeat(rng: Random, text: str) -> str:
    """Write a line twice, here or at the end."""
    if rng.random() < 0.5:
        return _at_line(rng, text, lambda line: line + line)
    return text + rng.choice([match[0] for match in LINE.finditer(text)] or [""])


def remove(rng: Random, text: str) -> str:
    """Take a line out."""
    return _at_line(rng, text, lambda line: "")


def lines_around(rng: Random, text: str) -> str:
    """A line of YAML's own: documents, directives, merges, aliases that grow."""
    grown = "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" if n else "x0: &x0 [a, a]\n" for n in range(rng.randint(2, 12))
    )
    pieces = [
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "<<: {a: 1}\n",
        "x: &x {y: 1}\nz:\n  <<: *x\n",
        grown,
        "\ufeff",
        "- a\n",
        "a\n",
    ]
    return _at_line(rng, text, lambda line: rng.choice(pieces) + line)


def line_ends(rng: Random, text: str) -> str:
    """End all lines otherwise."""
    return text.replace("\n", rng.choice(["\r\n", "\r", "\x85", "\u2028", "\n\n"]))


def nothing_left(rng: Random, text: str) -> str:
    """A file of almost nothing."""
    return rng.choice(
        ["", "\n", "null", "[]", "{}", "parse", "parse:", "a: b", "# only a comment\n", "---\n---\n", "\t", "x" * 400_000]
    )


def _at_place(rng: Random, text: str, change: Callable[[re.Match[str]], str]) -> str:
    return _replaced(text, rng, list(PLACE.finditer(text)), change)


def _at_line(rng: Random, text: str, change: Callable[[str], str]) -> str:
    return _replaced(text, rng, list(LINE.finditer(text)), lambda match: change(match[0]))


def _replaced(text: str, rng: Random, matches: Sequence[re.Match[str]], change: Callable[[re.Match[str]], str]) -> str:
    if not matches:
        return text
    match = rng.choice(matches)
    return text[: match.start()] + change(match) + text[match.end() :]


TEXT: list[Callable[[Random, str], str]] = [
    *[replace_value] * 6,
    *[set_on_command_line] * 2,
    *(replace_key, indent, repeat, remove, lines_around),
    *(line_ends, nothing_left),
]
BYTES = [flip_bytes, replace_byte, truncate, insert_character, insert_not_utf8]
