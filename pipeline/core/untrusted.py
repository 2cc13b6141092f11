r"""Text from annotations, params and models on its way to where some of it would be obeyed: one function a target.

    shown           terminals: escape sequences, and marks that turn the direction of writing
    json_text       JSON that people look at in a terminal: the same characters, escaped, so that the value stays what it is
    cell            CSV cells: formulas of spreadsheets, and markup in the pages that `dvc plots` makes of them
    markdown        Markdown: its own marks, and HTML
    code            the same between backticks

HTML is escaped by Jinja (pipeline/pages/render.py).
"""

from __future__ import annotations

import json
import re

# C0 and C1 control characters, delete, line and paragraph separators; and what turns the direction of writing (Unicode TR 9).
CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
DIRECTIONS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
SURROGATES = range(0xD800, 0xE000)  # halves of a character, which UTF-8 cannot hold
_UNSEEN = {code: "\N{REPLACEMENT CHARACTER}" for code in (*CONTROLS, *DIRECTIONS) if chr(code) not in "\t\n"}
# JSON escapes C0 itself.
_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *DIRECTIONS, *SURROGATES)}
_FORMULA = re.compile(r"[=+\-@\t\r]")
_TAGS = str.maketrans("<>", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}")
# Underscores inside a word are no marks.
_MARKS = re.compile(r"[\\`*<>\[\]|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|^#|^[+-](?=\s)|(?<=^\d)[.)](?=\s)")


def shown(text: str) -> str:
    r"""A text of as many characters for a terminal.

    >>> shown("a\x1b[2Jb\u202e\n")
    'a�[2Jb�\n'
    """
    return text.translate(_UNSEEN)


def json_text(value: object, indent: int | None = None) -> str:
    r"""A value as JSON, in the characters of its texts but for those that a terminal obeys or UTF-8 cannot hold.

    >>> json_text({"text": "é\x9b\u202e"})
    '{"text": "é\\u009b\\u202e"}'
    """
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False).translate(_ESCAPED)


def cell(value: object) -> object:
    """A value for a cell of a CSV file; numbers stay as they are.

    >>> cell("=HYPERLINK(1)"), cell("</script>"), cell("Cause-Effect(e1,e2)"), cell(-1.5)
    ("'=HYPERLINK(1)", '‹/script›', 'Cause-Effect(e1,e2)', -1.5)
    """
    if not isinstance(value, str):
        return value
    plain = shown(value).replace("\n", " ").translate(_TAGS)
    return f"'{plain}" if _FORMULA.match(plain) else plain


def markdown(text: str) -> str:
    r"""A text as a piece of a line of Markdown.

    >>> markdown("per:title_of|<b>\n# A [link](x)"), markdown("snake_case")
    ('per:title_of\\|\\<b\\> # A \\[link\\](x)', 'snake_case')
    """
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", shown(text).replace("\n", " ").replace("\t", " "))


def code(text: str) -> str:
    r"""A text between backticks of Markdown.

    >>> print(code("a`b|c"))
    `a'b\|c`
    """
    plain = shown(text).replace("\n", " ").replace("`", "'").replace("|", "\\|")
    return f"`{plain}`"
