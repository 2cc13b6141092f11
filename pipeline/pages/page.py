"""An HTML page as one file: a template, its styles and scripts put into it, and one block of JSON that they draw.

The page loads nothing and runs no other script than these: its content security policy names their hashes. What annotations bring
is in the JSON alone, which the scripts show as text.

Scripts are ES modules that import names of each other by relative paths. They become one module, each behind those that it imports,
so all their top-level names are different.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parent / "templates"
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ", re.MULTILINE)
BLOCK = re.compile(r'(?<=<script type="application/json" id="data">)[^<]*(?=</script>)')
POLICY = (
    "default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def assemble(template: Path, script: Path, styles: Sequence[Path]) -> str:
    """A template with its marks HEAD, of what all pages begin with, STYLE and SCRIPT filled.

    Args: script: the module that imports the others.
    """
    style, code = "".join(path.read_text(encoding="utf-8") for path in styles), bundle(script)
    if "</" in style + code:
        raise ValueError("a style or script that could end its element")
    head = (
        (SHARED / "head.html")
        .read_text(encoding="utf-8")
        .replace("POLICY", POLICY.format(style=_digest(style), script=_digest(code)))
    )
    parts = {"HEAD\n": head, "STYLE": style, "SCRIPT": code}
    return re.sub("|".join(parts), lambda mark: parts[mark[0]], template.read_text(encoding="utf-8"))


def bundle(script: Path) -> str:
    """A module and all that it imports as one."""
    codes: dict[Path, str] = {}
    opened: list[Path] = []

    def add(path: Path) -> None:
        if path in opened:
            raise ValueError(f"{path.name} imports itself by way of others")
        if path in codes:
            return
        opened.append(path)
        code = path.read_text(encoding="utf-8")
        for imported in IMPORT.findall(code):
            add((path.parent / imported).resolve())
        codes[path] = EXPORT.sub("", IMPORT.sub("", code))
        opened.pop()

    add(script.resolve())
    return "\n".join(codes.values())


def with_data(page: str, data: object) -> str:
    """A page with this in the place of its JSON block."""
    block = as_block(data)
    return BLOCK.sub(lambda _: block, page, count=1)


def data_of(page: str) -> Any:
    """What the JSON block of a page holds.

    Raises: ValueError where it has none.
    """
    found = BLOCK.search(page)
    if not found:
        raise ValueError("no block of JSON")
    return json.loads(found[0])


def as_block(data: object) -> str:
    r"""JSON in which no markup begins, for an element that is never read as markup.

    >>> as_block({"text": "</script>"})
    '{"text":"\\u003c/script>"}'
    """
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
