"""A text of JSON, decoded value by value while it is read in blocks."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

from pipeline.core.errors import Problem

BLOCK = 1 << 16  # characters
LONGEST = 1 << 28  # characters of a value, all of which are in memory
LOOK_AHEAD = 1 << 20  # characters in which the end of a broken value is looked for
JSON_HINT = "write it with a JSON library"
NOT_UTF8 = Problem("not UTF-8", "save the file as UTF-8: it may be cp1252 (Windows) or Latin-1", "file-not-utf8")
PYTHON = Problem("Python's own form in single quotes, not JSON", "write the file with json.dumps", "file-not-json")
HALF_PAIR = Problem("a text has half of a surrogate pair", "write whole characters", "value-malformed")
TOO_DEEP = Problem("not JSON that can be read: brackets nest a thousand deep", JSON_HINT, "json-malformed")
TOO_MANY_DIGITS = Problem("a number has thousands of digits", JSON_HINT, "json-malformed")

_BLANKS = " \t\ufeff"
_BETWEEN = re.compile("[ \t\n\ufeff,]*")  # values; commas are not looked at, for a missing one loses nothing
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|([{\[])|([}\]])')
_UNDECODED = re.compile("[\udc80-\udcff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_PYTHON = re.compile(r"[{\[]\s*'|\{\s*\w+\s*:\s*'")
_LITERAL = 16  # characters: a literal or an escape that the end of the buffer cuts is told at most so far before it


class JsonText:
    r"""A place in a text, that moves on from value to value.

    Args: file: gives "\n" for every end of a line, and surrogates for bytes that it can't decode.

    >>> import io
    >>> text = JsonText(io.StringIO('{"a": 1} \n {"a": 2}'))
    >>> text.peek(), text.value(), text.peek(), text.line, text.value()
    ('{', ({'a': 1}, []), '{', 2, ({'a': 2}, []))
    """

    def __init__(self, file: TextIO) -> None:
        self.line = 1
        self.offset = 0  # of the place, in characters of the text
        self.faulty = ""  # of the last value that has problems, its text; of one that is broken, its first line
        self.gave_up = False  # the end of a broken value was not found, so that the rest of the text is skipped
        self._file = file
        self._buffer = ""
        self._at = 0
        self._column = 0  # characters of the line before the place
        self._indent = ""  # blanks that the line begins with
        self._is_shared = False  # the line holds more than blanks before the place
        self._ended = False
        self._problems: list[Problem] = []  # of the value being decoded
        self._decoder = json.JSONDecoder(object_pairs_hook=self._unique, parse_constant=self._no_number, parse_float=self._finite)

    def peek(self) -> str:
        """The first character of the next value, or what stands in its place; "" at the end of the text."""
        while True:
            match = _BETWEEN.match(self._buffer, self._at)
            self._move(match.end() if match else self._at)
            if self._at < len(self._buffer) or self._ended:
                return self._buffer[self._at : self._at + 1]
            self._read()

    def take(self) -> None:
        """Move past the character that `peek` gave."""
        self._move(self._at + 1)

    def value(self) -> tuple[Any, list[Problem]]:
        """The value that begins at the place, and all that is wrong with it, without places; moves on to the next one."""
        while True:
            self._problems = []
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if not self._is_cut(error):
                    return None, [self._skip(self._malformed(error))]
                if len(self._buffer) - self._at > LONGEST:
                    return None, [self._skip(Problem(f"a value of more than {LONGEST:,} characters", JSON_HINT, "json-malformed"))]
            except RecursionError:
                return None, [self._skip(TOO_DEEP)]
            except ValueError:  # of int()
                return None, [self._skip(TOO_MANY_DIGITS)]
            else:
                if end < len(self._buffer) or self._ended:  # else it may be a number that goes on
                    problems = [*self._unicode_problems(value, end), *self._problems]
                    self.faulty = self._buffer[self._at : end] if problems else ""
                    self._move(end)
                    return value, problems
            self._read()

    def _read(self) -> None:
        """One more block; as much again as there is of the value, so that a long one isn't decoded from its start too often."""
        rest = self._buffer[self._at :]
        block = self._file.read(max(BLOCK, len(rest)))
        self._buffer, self._at, self._ended = rest + block, 0, not block

    def _move(self, to: int) -> None:
        passed = self._buffer[self._at : to]
        before, newline, last = passed.rpartition("\n")
        if newline:
            self.line += before.count("\n") + 1
            self._column, self._indent, self._is_shared = 0, "", False
        self._column += len(last)
        if not self._is_shared:
            more = last.lstrip(_BLANKS)
            self._indent += last.removesuffix(more).replace("\ufeff", "")
            self._is_shared = bool(more)
        self.offset += to - self._at
        self._at = to

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the value may go on where the buffer ends."""
        near_end = len(self._buffer) - error.pos < _LITERAL or error.msg.startswith("Unterminated string")
        return near_end and not self._ended

    def _malformed(self, error: json.JSONDecodeError) -> Problem:
        if _PYTHON.match(self._buffer, self._at):
            return PYTHON
        newline = self._buffer.rfind("\n", self._at, error.pos)
        if newline < 0:
            place = f"character {self._column + error.pos - self._at + 1}"
        else:
            place = f"character {error.pos - newline} of line {self.line + self._buffer.count(chr(10), self._at, error.pos)}"
        return Problem(f"not JSON: {error.msg} at {place}", JSON_HINT, "json-malformed")

    def _unicode_problems(self, value: object, end: int) -> Iterator[Problem]:
        if _UNDECODED.search(self._buffer, self._at, end):
            yield NOT_UTF8
        elif _ESCAPED_HALF.search(self._buffer, self._at, end):
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                yield HALF_PAIR

    def _skip(self, problem: Problem) -> Problem:
        """Move past a broken value; the problem, with the lines that are skipped for it."""
        first, is_shared, self.faulty = self.line, self._is_shared, self._first_line()
        self.gave_up = not (self._skip_brackets() if is_shared else self._skip_to_line())
        last = self.line if self._is_shared else self.line - 1
        if problem is PYTHON or (last <= first and not (self.gave_up and is_shared)):
            return problem
        if self.gave_up:
            return replace(problem, found=f"{problem.found}; the rest of the file is skipped", kind="file-cut-short")
        return replace(problem, found=f"{problem.found}; lines {first} to {last} are skipped")

    def _first_line(self) -> str:
        """The first line of a broken value, which says what it is; nothing where it shares the line or this is a bracket alone."""
        if self._is_shared:
            return ""
        while (end := self._buffer.find("\n", self._at)) < 0 and len(self._buffer) - self._at < LOOK_AHEAD and not self._ended:
            self._read()
        line = self._buffer[self._at : self._at + LOOK_AHEAD if end < 0 else end]
        return "" if line.strip() in ("{", "[") else line

    def _skip_to_line(self) -> bool:
        """Move to the next line that begins as the broken value did, with a bracket after the same blanks."""
        begins = _beginning(indent := self._indent)
        while not (match := begins.search(self._buffer, self._at)):
            line_start = self._buffer.rfind("\n", max(self._at, len(self._buffer) - len(indent) - 2))
            self._move(len(self._buffer) if self._ended or line_start < 0 else line_start)
            if self._ended:
                return False
            self._read()
        self._move(match.end())
        return True

    def _skip_brackets(self) -> bool:
        """Move past the bracket that closes the broken value, where it opens none to the next one, or to a line that begins anew.

        A line begins anew with a bracket after the same blanks as the line of the broken value.
        """
        while len(self._buffer) - self._at < LOOK_AHEAD and not self._ended:
            self._read()
        line = _beginning(self._indent).search(self._buffer, self._at)
        depth = 0
        for match in _BRACKET.finditer(self._buffer, self._at, line.start() if line else len(self._buffer)):
            if match.start() > self._at and depth == 0 and (match[1] or match[2]):
                self._move(match.start())
                return True
            depth += bool(match[1]) - bool(match[2])
            if depth == 0 and match[2]:
                self._move(match.end())
                return True
        if line:
            self._move(line.end())
            return True
        self._move(len(self._buffer))
        while not self._ended:
            self._read()
            self._move(len(self._buffer))
        return False

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object of its pairs, of which a dict silently keeps the last where a key is given twice."""
        value = dict(pairs)
        if len(value) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = ", ".join(f"{key!r} {keys.count(key)} times" for key in value if keys.count(key) > 1)
            self._problems.append(Problem(f"one object has the key {repeated}", "give every key once", "key-repeated"))
        return value

    def _no_number(self, constant: str) -> None:
        self._problems.append(Problem(f"{constant} is no number of JSON", "write null, or leave the key out", "json-malformed"))

    def _finite(self, digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            self._problems.append(Problem(f"the number {digits[:30]} is too large", JSON_HINT, "json-malformed"))
        return number


def _beginning(indent: str) -> re.Pattern[str]:
    """A line's end and the blanks that another one begins with, before its bracket."""
    return re.compile(rf"\n\ufeff?{indent}(?=[{{\[])")
