"""The documents against the tree: links, paths, commands, parameters and names in them are those that exist."""

from __future__ import annotations

import ast
import importlib
import json
import re
import textwrap
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml

from pipeline.core import params, storage
from pipeline.core.schema import POSITION, SPLITS
from tests.support.project import ROOT, git
from tests.support.rows import POSITION_NOTES, positioned

TRACKED = git(ROOT, "ls-files").splitlines()
DOCUMENTS = sorted(path for path in TRACKED if path.endswith(".md"))
PIPELINES = [path for path in TRACKED if Path(path).name == "dvc.yaml"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
OURS = re.compile(r"\.?[\w-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:py|md|yaml|toml|lock)|Makefile|LICENSE")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
README_LINES = 150


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """A document without its indented blocks."""
    return re.sub(r"(?m)^ {4,}.*$", "", read(document))


def anchors(text: str) -> set[str]:
    """The names by which GitHub lets headings be linked."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


@cache
def made() -> set[str]:
    """What the stages of every dvc.yaml write, of a matrix the folder, and where DVC pushes it inside the clone."""
    stages = [stage for pipeline in PIPELINES for stage in yaml.safe_load(read(pipeline))["stages"].values()]
    outs = [next(iter(out)) if isinstance(out, dict) else out for stage in stages for out in stage["outs"]]
    remotes = re.findall(r"url = (\S+)", read(".dvc/config"))
    return {Path(out).parent.as_posix() if "${" in out else out for out in outs} | {f".dvc/{remote}" for remote in remotes}


def exists(path: str) -> bool:
    """Whether a path is tracked, a folder of something tracked, written by a stage or pushed to."""
    path = path.removesuffix("/")
    tracked = any(file == path or file.startswith(f"{path}/") for file in TRACKED)
    return tracked or any(path == out or path.startswith(f"{out}/") for out in made())


def is_ours(path: str) -> bool:
    """Whether a path in backticks claims to be a file or folder of the project: a hub id looks like one too."""
    folders = {file.split("/")[0] for file in TRACKED if "/" in file} | {out.split("/")[0] for out in made()}
    return bool(OURS.fullmatch(path)) and ("/" not in path or path.split("/")[0] in folders)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    for target in LINK.findall(prose(document)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (ROOT / document).parent / path if path else ROOT / document
        assert linked.exists(), target
        assert exists(linked.resolve().relative_to(ROOT).as_posix()), f"{target} is not tracked"
        assert not anchor or anchor in anchors(linked.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_of_ours_in_backticks_exists(document: str) -> None:
    beside = Path(document).parent
    missing = {path for path in CODE.findall(prose(document)) if is_ours(path) and not exists(path)}
    assert {path for path in missing if not exists((beside / path).as_posix())} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_a_document_runs_exists(document: str) -> None:
    modules = set(re.findall(r"python -m ((?:pipeline|benchmarks|experiments)[\w.]*)", read(document)))
    files = {name: [f"{name.replace('.', '/')}{end}" for end in (".py", "/__main__.py")] for name in modules}
    assert [name for name, paths in files.items() if set(paths).isdisjoint(TRACKED)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_that_a_document_names_exists(document: str) -> None:
    [phony] = re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)
    assert set(re.findall(r"(?:`|^ {4})make ([a-z]+)", read(document), re.MULTILINE)) <= set(phony.split())


def params_page() -> dict[str, dict[str, str]]:
    """The rows of every section's table, by parameter."""
    parts = re.split(r"(?m)^## (\w+)$", read("docs/params.md"))
    sections = {name: re.split(r"(?m)^## ", text)[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {name: dict(re.findall(r"(?m)^\| `(\w+)` \|(.*)", text)) for name, text in sections.items()}


def test_the_params_page_has_every_section() -> None:
    assert list(params_page()) == list(params.SECTIONS)


@pytest.mark.parametrize("name", params.SECTIONS)
def test_the_params_page_has_every_parameter_of_a_section_in_its_order_and_says_which_have_a_default(name: str) -> None:
    rows = params_page()[name]
    newer = {field.name: (field.default, field.default_factory) != (MISSING, MISSING) for field in fields(params.SECTIONS[name])}
    assert list(rows) == list(newer)
    assert {key: "(default" in row for key, row in rows.items()} == newer


def test_the_shipped_params_are_in_the_order_of_the_page() -> None:
    page = params_page()
    for name, values in yaml.safe_load(read("params.yaml")).items():
        assert list(values) == [key for key in page[name] if key in values]


def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) <= README_LINES


def test_the_python_of_the_readme_imports_what_exists() -> None:
    [block] = re.findall(r"(?m)(^    from pathlib import Path\n(?:(?:    .*)?\n)+)", read("README.md"))
    for node in ast.walk(ast.parse(textwrap.dedent(block))):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names), node.module


def test_what_the_readme_shows_as_found_in_plain_text_is_in_that_text() -> None:
    [(text, shown)] = re.findall(r'(?m)--text "([^"<]+)"\n\n((?: {4}.+\n)+)', read("README.md"))
    found = json.loads(shown)
    assert found["text"] == text
    assert [text[one["start"] : one["end"]] for one in found["entities"]] == [one["text"] for one in found["entities"]]
    assert {one[end] for one in found["relations"] for end in ("head", "tail")} <= {one["id"] for one in found["entities"]}
    documents = map(json.loads, read("data/raw/train_documents.jsonl").splitlines())
    labels = {relation["label"] for document in documents for relation in document["relations"]}
    assert found["relations"]
    assert {one["relation"] for one in found["relations"]} <= labels


def test_the_recommended_setting_is_one_that_the_stages_accept(tmp_path: Path) -> None:
    section = read("docs/findings.md").split("## The recommended setting\n")[1].split("\n## ")[0]
    [block] = re.findall(r"(?m)((?:^    .+\n)+)", section)
    recommended, shipped = yaml.safe_load(block), yaml.safe_load(read("params.yaml"))
    assert {section: values.keys() - shipped[section].keys() for section, values in recommended.items()} == {
        "encoder": set(),
        "train": set(),
    }
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({section: {**values, **recommended.get(section, {})} for section, values in shipped.items()}))
    assert params.read(params.Train, path).pooling == "max+entities+attention"
    assert params.read(params.Encoder, path).layers == (0, 1, 2, 3, 4, 5, 6)


def test_the_rows_become_a_parquet_corpus_with_class_labels_by_the_lines_of_the_architecture_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    lines = text[text.index("    from datasets import ClassLabel") : text.index("## The store")]
    tables = {
        split: [positioned("[e1 a] x [e2 b]", relation=label)] for split, label in zip(SPLITS, ("R", "Other", None), strict=True)
    }
    storage.write(tmp_path / "data/positioned", POSITION, tables, POSITION_NOTES)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    values: dict[str, Any] = {}
    try:
        exec(textwrap.dedent(lines), values)  # noqa: S102
    finally:
        datasets.enable_caching()
    assert values["corpus"]["train"].features["relation"] == datasets.ClassLabel(names=["Other", "R"])
    assert [values["corpus"][split][0]["relation"] for split in SPLITS] == [1, 0, None]
    assert {path: path.read_bytes() for path in before} == before
    assert {path for path in (tmp_path / "data").rglob("*") if path.is_file()} == set(before)
