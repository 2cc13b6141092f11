"""docs/formats.md: its examples are read and known as it says, and its tables are those of the code."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from pipeline.core import params
from pipeline.corpus.adapt import LIMITS, RULES
from pipeline.corpus.document import Document
from pipeline.corpus.formats import FORMATS, RECOGNISERS, reader
from pipeline.corpus.formats.detection import detect
from pipeline.corpus.formats.targets import TARGETS
from tests.support.project import ROOT

PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
UNTYPED = {"semeval", "opennre", "fewrel", "tsv"}  # the examples without types


def table(first_column: str) -> list[list[str]]:
    """The rows of a table, its head first, each as its cells."""
    lines = re.search(rf"^\| {first_column} \|.*\n(?:\|.*\n)+", PAGE, re.MULTILINE)
    assert lines
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()]
    return [rows[0], *rows[2:]]


def example(name: str, folder: Path) -> Path:
    """The example of a format as a file, or as a folder of brat."""
    blocks = re.findall(r"(?:^`([\w.]+)`:\n\n)?((?:^    .*\n)+)", SECTIONS[name], re.MULTILINE)
    path = folder / "example"
    for file, block in blocks:
        place = path / file if file else path
        place.parent.mkdir(exist_ok=True)
        place.write_text(textwrap.dedent(block) if not file.endswith(".txt") else block.strip(), encoding="utf-8")
    return path


def test_every_format_has_a_section_in_the_order_of_the_params() -> None:
    assert list(SECTIONS) == [*params.FORMATS, "Convert"]
    assert tuple(FORMATS) == params.FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_of_a_format_is_known_and_read(name: str, tmp_path: Path) -> None:
    path = example(name, tmp_path)
    assert detect(path, RECOGNISERS) == name
    (document,) = reader(name)(path)
    assert isinstance(document, Document)
    told = {document.text[slice(*entity.cover)]: entity.type for entity in document.entities}
    assert told == {"Ann Lee": None if name in UNTYPED else "Person", "Acme": None if name in UNTYPED else "Company"}
    (relation,) = document.relations
    head, tail = (document.text[slice(*document.entity(end).cover)] for end in (relation.head, relation.tail))
    assert (head, tail, (relation.label or "").removesuffix("(e1,e2)")) == ("Ann Lee", "Acme", "Founded")
    assert document.text in ("Ann Lee founded Acme in Rome.", "Ann Lee founded Acme in Rome .")


def test_the_table_of_what_formats_hold_is_that_of_the_code() -> None:
    (_, *properties), *rows = table("format")
    assert [name for name, *_ in rows] == list(TARGETS)
    assert {name: {each for each, cell in zip(properties, cells, strict=True) if cell} for name, *cells in rows} == {
        name: set(target.holds) for name, target in TARGETS.items()
    }


def test_the_table_of_what_is_changed_is_that_of_the_code() -> None:
    of = {name: ", ".join(target for target, limits in LIMITS.items() if name in limits) for name in RULES}
    rules = [[rule.what, rule.becomes, "yes" if rule.is_loss else "no", of[name]] for name, rule in RULES.items()]
    assert table("what")[1:] == rules
