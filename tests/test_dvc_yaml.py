"""dvc.yaml against the code: DVC follows listed files alone, so a stage must list every module it imports and its templates."""

import ast
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import project
from tests.support.project import ROOT, STAGES

EXPERIMENTS = [
    yaml.safe_load(path.read_text().replace("- ../../", "- "))["stages"] for path in sorted(ROOT.glob("experiments/*/dvc.yaml"))
]


@cache
def module_file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def imports(file: Path) -> set[str]:
    """The modules that a file imports anywhere in it, first-party or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def templates(file: Path) -> set[Path]:
    """The templates beside a file that it names."""
    names = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
    return {path for path in file.parent.glob("templates/*") if path.name in names}


@cache
def closure(name: str) -> set[str]:
    """The first-party files that importing a module may run, its packages' __init__ among them, and their templates."""
    found: set[str] = set()
    todo = [name]
    while todo:
        parts = todo.pop().split(".")
        for module in (".".join(parts[:end]) for end in range(1, len(parts) + 1)):
            file = module_file(module)
            if file and (path := file.relative_to(ROOT).as_posix()) not in found:
                found |= {path, *(template.relative_to(ROOT).as_posix() for template in templates(file))}
                todo += imports(file)
    return {path for path in found if path.startswith(("pipeline/", "experiments/"))}


def is_code(dep: str) -> bool:
    in_code = dep.startswith(("pipeline/", "experiments/"))
    return dep.endswith(".py") or (in_code and ("/templates/" in dep or any((ROOT / dep).glob("*.py"))))


@pytest.mark.parametrize("values", [values for stages in (STAGES, *EXPERIMENTS) for values in stages.values()])
def test_a_stage_lists_the_code_it_imports_and_no_other(values: dict[str, Any]) -> None:
    imported = closure(values["cmd"].split()[2])
    listed = set(filter(is_code, values["deps"]))
    folders = {dep for dep in listed if (ROOT / dep).is_dir()}
    in_folders = {file for file in imported if any(file.startswith(f"{folder}/") for folder in folders)}
    assert listed - folders == imported - in_folders
    for folder in folders:  # of a folder that is listed whole, most is imported: an edit of the rest reruns little
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")}
        assert 2 * len(files & imported) >= len(files)


@pytest.mark.parametrize("values", [values for stages in (STAGES, *EXPERIMENTS) for values in stages.values()])
def test_a_stage_lists_the_templates_of_the_code_it_imports(values: dict[str, Any]) -> None:
    modules = [ROOT / file for file in closure(values["cmd"].split()[2])]
    templates = [path for module in modules for path in module.parent.glob(f"{module.stem}.*.jinja")]
    listed = {ROOT / dep for dep in values["deps"]}
    assert [path for path in templates if listed.isdisjoint({path, *path.parents})] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_its_own_params_alone(stage: str) -> None:
    # The card tells what others did; the tags need not be fit for a model without a tagger; a window holds the drawn pairs.
    shared = {"card": ["card", "evaluate", "train"], "tag": ["tag", "train.tasks"], "parse": ["parse", "position.max_length"]}
    own = shared.get(stage, [stage])
    assert STAGES[stage].get("params", []) == own


@pytest.mark.parametrize("stage", STAGES)
def test_a_command_names_the_stages_inputs_and_outputs(stage: str) -> None:
    values = STAGES[stage]
    data = [path for path in values["deps"] if not is_code(path) and Path(path).name != "manifest.json"]
    outs = [next(iter(out)) if isinstance(out, dict) else out for out in values["outs"]]
    folders = [out for out in outs if not any(out.startswith(f"{other}/") for other in outs)]
    assert values["cmd"].split()[:3] == ["python", "-m", f"pipeline.{stage}"]
    assert set(values["cmd"].split()[3:]) == {*data, *folders}


def test_the_stages_are_one_chain() -> None:
    assert list(STAGES) == ["parse", "tag", "position", "encoder", "embed", "train", "evaluate", "card"]


def test_the_reference_has_the_stages_of_the_project_and_caches_nothing() -> None:
    reference = yaml.safe_load((ROOT / "experiments/reference/dvc.yaml").read_text())["stages"]
    assert list(reference) == [stage for stage in STAGES if stage != "card"]
    for stage, values in reference.items():
        assert values["params"] == STAGES[stage]["params"]
        assert [next(iter(out.values()))["cache"] for out in values["outs"]] == [False] * len(STAGES[stage]["outs"])


@pytest.mark.parametrize("path", sorted(ROOT.glob("experiments/*/dvc.yaml")), ids=lambda path: path.parent.name)
def test_what_an_experiment_makes_stays_out_of_the_cache_for_pull_and_checkout_fail_by_what_nobody_has_made(path: Path) -> None:
    for name, values in yaml.safe_load(path.read_text())["stages"].items():
        cached = [out for out in values["outs"] if isinstance(out, str) or next(iter(out.values())).get("cache", True)]
        assert cached == [], name


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project, without the bytecode that its stages left."""
    return shutil.copytree(finished, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_bytecode_that_a_stage_leaves_reruns_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    assert project.stages_run(project.dvc(folder, "repro", "--force", "--single-item", "parse")) == ["parse"]
    assert list((folder / "pipeline/core/__pycache__").glob("*.pyc"))
    assert project.stages_run(project.dvc(folder, "repro")) == []


def test_what_python_editors_and_file_managers_leave_beside_code_and_data_reruns_no_stage(folder: Path) -> None:
    packages = [path.parent for path in (folder / "pipeline").rglob("__init__.py")]
    for beside in (*packages, folder / "data/raw"):
        for name in ("__pycache__/x.pyc", ".DS_Store", ".parse.py.swp"):
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_text("x")
    assert project.stages_run(project.dvc(folder, "repro")) == []


def test_an_edit_of_the_code_reruns_its_stage(folder: Path) -> None:
    with (folder / "pipeline/tag.py").open("a") as file:
        file.write("# an edit\n")
    assert project.stages_run(project.dvc(folder, "repro"))[0] == "tag"


PIPELINES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "dvc.yaml", *ROOT.glob("experiments/*/dvc.yaml")))


@pytest.mark.parametrize("path", PIPELINES)
def test_dvcs_own_schema_accepts_the_file(path: str) -> None:
    from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA

    COMPILED_MULTI_STAGE_SCHEMA(yaml.safe_load((ROOT / path).read_text()))


def test_the_artifact_is_the_output_of_a_stage() -> None:
    artifacts = yaml.safe_load((ROOT / "dvc.yaml").read_text())["artifacts"]
    assert {artifact["path"] for artifact in artifacts.values()} <= {str(out) for stage in STAGES.values() for out in stage["outs"]}
