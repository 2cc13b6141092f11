"""How the modules of pipeline/ hang together, read from their files: who imports whom, and how long they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from tests.support.project import ROOT

# What takes a good part of a second or hundreds of megabytes to import, or is of an extra, and so may wait inside a function.
HEAVY = {
    "datasets",
    "dvclive",
    "fastapi",
    "huggingface_hub",
    "openvino",
    "spacy",
    "tensorflow",
    "tensorflow_addons",
    "transformers",
}
MODULE_LINES, FUNCTION_LINES = 250, 40
# The modules ("core/x.py") and functions ("core/x.py: f") that are longer, and why that reads better than parts of them would.
LONGER: dict[str, str] = {}
OURS = ("pipeline", "tests", "experiments", "benchmarks")


When = Literal["import", "call", "never"]  # with the module's import, when a function is called, for type checkers alone


class Import(NamedTuple):
    """A module, or a name of one, that a module imports."""

    name: str
    place: str  # file:line
    when: When


def read_may_import() -> dict[str, set[str]]:
    """The packages that each package may import beside itself, by the table of the architecture page.

    The modules at the top, stages and commands, may import all of these and none of their own kind.
    """
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.split("## The packages\n")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| `(\w+)` \|[^|]+\|([^|]*)\|$", table)
    return {name: set(re.findall(r"\w+", allowed)) for name, allowed in rows}


MAY_IMPORT = read_may_import()


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in files(*OURS)}
PIPELINE = [name for name in MODULES if name.split(".")[0] == "pipeline"]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> list[Import]:
    """All that a module imports, the names it takes from modules as `module.name`."""
    found = []
    for node, when in import_statements(tree(module), "import"):
        place = f"{MODULES[module].relative_to(ROOT)}:{node.lineno}"
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{place}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found += [Import(name, place, when) for name in names]
    return found


def import_statements(node: ast.AST, when: When) -> Iterator[tuple[ast.Import | ast.ImportFrom, When]]:
    """The import statements below a node, and when each runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, when
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from import_statements(child, "call")
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from import_statements(child, "never")
        else:
            yield from import_statements(child, when)


def module_of(name: str) -> str:
    """The module of ours that an imported name is or is taken from."""
    return name if name in MODULES else name.rpartition(".")[0]


def is_ours(name: str) -> bool:
    return name.split(".")[0] in OURS


def heavy_libraries(module: str) -> set[str]:
    """The heavy libraries that importing a module of ours imports."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = [module]
    while todo:
        here = todo.pop()
        if here in MODULES and here not in seen:
            seen.add(here)
            names = [one.name for one in imports(here) if one.when == "import"]
            found |= {name.split(".")[0] for name in names} & HEAVY
            todo += [here.rpartition(".")[0], *map(module_of, names)]
    return found


def circle(edges: Mapping[str, set[str]]) -> list[str]:
    """The names that no order can put after all that they lead to: those on a circle, and those that lead to one."""
    left = dict(edges)
    while free := [name for name, leads_to in left.items() if not leads_to & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def package(module: str) -> str:
    """The folder of a module in pipeline/, the module's own name at the top."""
    return module.split(".")[1]


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    edges = {module: {module_of(one.name) for one in imports(module)} & set(PIPELINE) for module in PIPELINE}
    assert circle({module: leads_to - {module} for module, leads_to in edges.items()}) == []


def test_every_package_has_its_place() -> None:
    assert {path.parent.name for path in (ROOT / "pipeline").glob("*/__init__.py")} == MAY_IMPORT.keys()


def test_no_arrow_of_the_table_points_back() -> None:
    assert circle(MAY_IMPORT) == []


@pytest.mark.parametrize("module", [name for name in PIPELINE if name != "pipeline"])
def test_a_module_imports_what_its_package_may_alone(module: str) -> None:
    allowed = MAY_IMPORT.get(package(module), MAY_IMPORT.keys()) | {package(module)}
    ours = [one for one in imports(module) if is_ours(one.name)]
    assert [one for one in ours if not one.name.startswith("pipeline.") or package(one.name) not in allowed] == []


@pytest.mark.parametrize("module", PIPELINE)
def test_an_import_inside_a_function_keeps_a_heavy_library_out(module: str) -> None:
    inner = [one for one in imports(module) if one.when == "call" and is_ours(one.name)]
    assert [one for one in inner if not heavy_libraries(module_of(one.name)) - heavy_libraries(module)] == []


@cache
def names_in(module: str) -> set[str]:
    """The names that a module defines or imports anywhere in it, and so at least those of its top level."""
    nodes = list(ast.walk(tree(module)))
    names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}


def exists(name: str) -> bool:
    """Whether a name is a module of ours or defined in one."""
    module, _, last = name.rpartition(".")
    return name in MODULES or (module in MODULES and last in names_in(module))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_exists(module: str) -> None:
    assert [one for one in imports(module) if is_ours(one.name) and not exists(one.name)] == []


def texts() -> list[Path]:
    """What names modules to a reader: prose, and code with its comments and docstrings."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *files(*OURS), ROOT / "Makefile", ROOT / "dvc.yaml"]


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_that_a_text_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(rf"\b(?:{'|'.join(OURS)})/[\w/]+\.py\b", text)
    run = re.findall(rf"\bpython -m ((?:{'|'.join(OURS)})[\w.]*\w)", text)
    imported = [
        f"{module}.{name}"
        for module, names in re.findall(r"^ +from (pipeline[\w.]*) import (.+)$", text, re.M)
        for name in names.split(", ")
    ]
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert [name for name in run + imported if not exists(name)] == []


def lengths() -> Iterator[tuple[str, int, int]]:
    """Every module and function of pipeline/, its lines, and the lines it may have."""
    for module in PIPELINE:
        name = MODULES[module].relative_to(ROOT / "pipeline").as_posix()
        yield name, len(MODULES[module].read_text(encoding="utf-8").splitlines()), MODULE_LINES
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}: {node.name}", (node.end_lineno or 0) - node.lineno + 1, FUNCTION_LINES


def test_modules_and_functions_are_short_but_for_those_with_a_reason() -> None:
    assert {name: n_lines for name, n_lines, limit in lengths() if n_lines > limit and name not in LONGER} == {}


def test_a_reason_to_be_longer_is_given_for_what_is_longer() -> None:
    assert LONGER.keys() <= {name for name, n_lines, limit in lengths() if n_lines > limit}
    assert all(LONGER.values())
