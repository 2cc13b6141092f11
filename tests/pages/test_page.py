"""Pages as one file: modules put together, a policy that names them, a block of JSON that cannot end its element."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.evaluation import report
from pipeline.pages import page
from pipeline.prediction import drawing
from tests.support.project import ROOT
from tests.test_structure import FUNCTION_LINES, MODULE_LINES

LINE = 132
SCRIPTS = sorted((ROOT / "pipeline").rglob("templates/**/*.js"))
ENTRIES = {"report": report.TEMPLATES / "main.js", "predictions": drawing.TEMPLATES / "page.js"}
TOP = re.compile(r"^(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)


def write(folder: Path, **modules: str) -> Path:
    for name, code in modules.items():
        (folder / f"{name}.js").write_text(code)
    return folder


def test_a_module_stands_behind_those_that_it_imports_each_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import { b } from "./b.js";\nimport {\n  a,\n} from "./a.js";\nb(a);\n',
        b='import { a } from "./a.js";\nexport function b() { return a; }\n',
        a="export const a = 1;\n",
    )
    assert page.bundle(tmp_path / "main.js") == "const a = 1;\n\nfunction b() { return a; }\n\nb(a);\n"


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match=r"a\.js imports itself by way of others"):
        page.bundle(tmp_path / "a.js")


def test_the_policy_names_the_hashes_of_the_style_and_the_script(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('HEAD\n<style>STYLE</style><script type="module">SCRIPT</script>')
    (tmp_path / "page.css").write_text("p { color: red; }")
    write(tmp_path, main="let SCRIPT = 1;\n")
    told = page.assemble(tmp_path / "page.html", tmp_path / "main.js", [tmp_path / "page.css"])
    for text in ("p { color: red; }", "let SCRIPT = 1;\n"):
        assert f">{text}</" in told
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in told
    assert "default-src 'none'" in told


def test_a_script_that_could_end_its_element_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("SCRIPT")
    write(tmp_path, main='const end = "</script>";\n')
    with pytest.raises(ValueError, match="could end its element"):
        page.assemble(tmp_path / "page.html", tmp_path / "main.js", [])


def test_data_comes_back_from_the_page_it_was_put_into() -> None:
    empty = '<script type="application/json" id="data">null</script>'
    data = {"text": "</script><!-- \\1 \n é", "n": [1, None]}
    filled = page.with_data(empty, data)
    assert filled.count("</script>") == 1
    assert page.data_of(filled) == data
    assert page.data_of(page.with_data(filled, 2)) == 2


def test_a_page_without_data_says_so() -> None:
    with pytest.raises(ValueError, match="no block of JSON"):
        page.data_of("<html>")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_modules_and_functions_of_javascript_are_short(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if re.match(r"(export )?(async )?function", line)]
    lengths = {lines[start]: lines.index("}", start) - start + 1 for start in starts}
    assert len(lines) <= MODULE_LINES
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES} == {}
    assert [line for line in lines if len(line) > LINE] == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_top_level_names_of_a_bundle_are_different(entry: str) -> None:
    names = Counter(TOP.findall(page.bundle(ENTRIES[entry])))
    assert len(names) > 5
    assert [name for name, n in names.items() if n > 1] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_text_or_asks_for_anything(script: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|fetch\(|XMLHttpRequest|import\("
    assert re.findall(forbidden, script.read_text(encoding="utf-8")) == []


def test_every_module_is_part_of_a_page() -> None:
    bundles = "".join(page.bundle(entry) for entry in ENTRIES.values())
    assert [script.name for script in SCRIPTS if script.read_text(encoding="utf-8").splitlines()[0] not in bundles] == []
