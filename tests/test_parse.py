import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from pipeline import parse as stage
from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE
from tests.support.project import ROOT

PARAMS = ROOT / "params.yaml"
RELATIONS = ("Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other")


def block(name, text="The <e1>cat</e1> sat on the <e2>mat</e2>.", relation="Other"):
    return f'{name}\t"{text}"\n{relation}\nComment:\n\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that writes files into data/raw, runs the stage there, and gives its closing line and output."""
    monkeypatch.chdir(tmp_path)

    def run(files, **changes):
        Path("data/raw").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            Path("data/raw", name).write_text(content, encoding="utf-8")
        sections = yaml.safe_load(PARAMS.read_text())
        sections["parse"] |= changes
        Path("params.yaml").write_text(yaml.safe_dump(sections))
        line = stage.main(Path("data/raw"), Path("data/parsed"))
        parsed = storage.read(Path("data/parsed"), PARSE)
        assert list(parsed.tables) == ["train", "validation", "test"]  # mapped now, before another run replaces the files
        return line, parsed

    return run


def corpus(n_train=60, n_test=9):
    def rows(prefix, n):
        return "".join(block(f"{prefix}{i}", f"<e1>cat</e1> {prefix}{i} <e2>mats</e2>", RELATIONS[i % 3]) for i in range(n))

    return {"train.txt": rows("a", n_train), "test.txt": rows("b", n_test)}


def problems(project, files, **changes):
    with pytest.raises(InputError) as error:
        project(files, **changes)
    assert sorted(path.name for path in Path("data").iterdir()) == ["raw"]
    return [(problem.source.removeprefix("data/raw/"), problem.found) for problem in error.value.problems]


def test_rows_become_words_with_the_spans_of_both_entities(project):
    _, parsed = project({"train.txt": block("1"), "dev.txt": block("3"), "test.txt": block("2", "A<e1>b c</e1><e2>d</e2>")})
    (train,), (test,) = parsed.tables["train"].to_pylist(), parsed.tables["test"].to_pylist()
    assert train == {
        "id": "1",
        "source": "data/raw/train.txt:1",
        "text": "The cat sat on the mat.",
        "words": ["The", "cat", "sat", "on", "the", "mat", "."],
        "starts": [0, 4, 8, 12, 15, 19, 22],
        **{"e1_start": 1, "e1_end": 2, "e2_start": 5, "e2_end": 6},
        **{"e1_type": None, "e2_type": None},
        "relation": "Other",
    }
    assert (test["words"], test["e1_start"], test["e1_end"], test["e2_end"]) == (["A", "b", "c", "d"], 1, 3, 4)


def test_validation_is_held_out_of_train_by_relation_in_the_order_of_the_file(project):
    line, parsed = project(corpus(), validation_fraction=0.1)
    assert line.startswith("parse: 54 train, 6 validation (from train), 9 test")
    ids = {split: [int(name[1:]) for name in table["id"].to_pylist()] for split, table in parsed.tables.items()}
    assert sorted(ids["train"] + ids["validation"]) == list(range(60))
    assert ids["train"] == sorted(ids["train"])
    assert sorted(i % 3 for i in ids["validation"]) == [0, 0, 1, 1, 2, 2]


def test_the_held_out_rows_are_right_across_batches(project, monkeypatch):
    _, whole = project(corpus())
    ids = {split: table["id"].to_pylist() for split, table in whole.tables.items()}
    monkeypatch.setattr(stage, "BATCH_ROWS", 7)
    _, parsed = project({})
    assert {split: table["id"].to_pylist() for split, table in parsed.tables.items()} == ids


def test_a_validation_file_leaves_train_whole(project):
    line, parsed = project(corpus() | {"DEV.txt": block("c")})
    assert "60 train, 1 validation (from its own files)" in line
    assert parsed.tables["validation"]["id"].to_pylist() == ["c"]


def test_undirected_relations_lose_their_direction_and_the_split_stays(project):
    _, directed = project(corpus())
    _, undirected = project({}, directed=False)
    assert set(directed.tables["train"]["relation"].to_pylist()) == set(RELATIONS)
    assert set(undirected.tables["train"]["relation"].to_pylist()) == {"Cause-Effect", "Other"}
    assert undirected.tables["validation"]["id"] == directed.tables["validation"]["id"]


def test_json_lines_give_the_same_rows_as_semeval_blocks(project):
    row = {"text": "The cat sat.", "e1": [4, 7], "e2": [8, 11], "relation": "Other", "id": "1"}
    text = "The <e1>cat</e1> <e2>sat</e2>."
    _, lines = project({f"{split}.x": json.dumps(row | {"id": split}) for split in ("train", "dev", "test")}, format="jsonl")
    _, blocks = project({f"{split}.x": block(split, text) for split in ("train", "dev", "test")})
    assert lines.tables["train"].equals(blocks.tables["train"])


def test_test_rows_whose_text_is_in_train_are_counted(project):
    line, parsed = project(corpus() | {"test2.txt": block("x", "<e1>cat a1</e1> <e2>mats</e2>") + block("y") + block("z")})
    assert parsed.notes.overlap == 1
    assert "1 of test have their text in train" in line


def test_two_runs_write_the_same_bytes(project):
    def written():
        project(corpus())
        return {path.name: path.read_bytes() for path in Path("data/parsed").rglob("*") if path.is_file()}

    assert written() == written()


def test_excluded_rows_may_be_broken_and_are_counted(project):
    files = corpus()
    files["train.txt"] += block("bad", "no entity", "Other(e1,e9)") + block("good")
    line, parsed = project(files, exclude=["bad", "good"])
    assert parsed.notes.excluded == 2
    assert "60" not in parsed.tables["train"]["id"].to_pylist()
    assert "54 train, 6 validation" in line
    assert "2 excluded" in line


def test_all_problems_of_all_files_are_reported_in_one_run(project):
    files = corpus(3, 3)
    files["train.txt"] += block("x", "<e1>a</e1> b") + block("y", relation="Cause(e1")
    files["test.txt"] += block("z", "<e1>a</e1> <e2></e2>")
    assert problems(project, files) == [
        ("train.txt:13", "e2 is not marked"),
        ("train.txt:18", "'Cause(e1' is no relation"),
        ("test.txt:13", "e2 is empty"),
    ]


def test_an_empty_file_is_a_problem(project):
    assert problems(project, corpus(3, 3) | {"train2.txt": ""}) == [("train2.txt", "the file is empty")]


def test_an_id_given_twice_names_the_first_place_even_in_another_file_or_a_broken_row(project):
    files = corpus(3, 3)
    files["test.txt"] += block("a1") + block("a2", "<e1>a</e1>", "Other(e1,e2)")
    assert problems(project, files)[-2:] == [
        ("test.txt:13", "id a1 is that of data/raw/train.txt:5"),
        ("test.txt:17", "id a2 is that of data/raw/train.txt:9"),
    ]


def test_a_relation_that_train_does_not_have_is_a_problem_with_the_nearest_name(project):
    files = corpus(3, 3)
    files["test.txt"] += block("x", relation="Cause-Efect(e1,e2)")
    with pytest.raises(InputError, match=r"did you mean Cause-Effect\?") as error:
        project(files)
    assert [problem.source for problem in error.value.problems] == ["data/raw/test.txt:13"]


def test_a_direction_that_train_does_not_have_is_none(project):
    files = {f"{split}.txt": block(split, relation="A-B(e1,e2)") for split in ("train", "dev")}
    _, parsed = project(files | {"test.txt": block("2", relation="A-B(e2,e1)")})
    assert parsed.tables["test"]["relation"].to_pylist() == ["A-B(e2,e1)"]


def test_a_lost_direction_is_a_problem_unless_directions_are_dropped(project):
    files = corpus(30, 3)
    files["train.txt"] += block("x", relation="Cause-Effect")
    assert problems(project, files) == [("train.txt:121", "relation Cause-Effect has no direction, other rows of it have")]
    _, parsed = project(files, directed=False)
    assert set(parsed.tables["train"]["relation"].to_pylist()) == {"Cause-Effect", "Other"}


def test_a_fraction_that_holds_no_row_out_is_an_error(project):
    assert problems(project, corpus(), validation_fraction=0) == [
        ("params.yaml", "parse.validation_fraction 0 holds none of 60 train rows out")
    ]


def test_excluding_an_id_given_twice_leaves_both_rows_out(project):
    files = corpus()
    files["train.txt"] += block("a1", "<e1>dog</e1> and <e2>cat</e2>", "Other")
    _, parsed = project(files, exclude=["a1"])
    assert "a1" not in parsed.tables["train"]["id"].to_pylist() + parsed.tables["validation"]["id"].to_pylist()


def test_an_excluded_id_of_no_row_is_a_problem_with_the_nearest_id(project):
    with pytest.raises(InputError, match=r"did you mean a10\?") as error:
        project(corpus(), exclude=["a10x"])
    assert error.value.problems[0].found == "parse.exclude lists a10x, which is the id of no row"


def test_leftovers_of_a_killed_run_are_cleared(project):
    for left in ("data/.parsed.7.scratch", "data/.parsed.7.partial"):
        Path(left).mkdir(parents=True)
        Path(left, "junk").touch()
    Path("data/.parsed.lock").touch()
    project(corpus())
    assert sorted(path.name for path in Path("data").iterdir()) == ["parsed", "raw"]


def test_entity_texts_of_the_shipped_corpus_are_exact_against_its_files(project):
    shipped = ROOT / "data/raw"
    files = {path.name: path.read_text(encoding="utf-8") for path in shipped.glob("*.txt")}
    if not files:
        pytest.skip("the corpus is not there yet")
    _, parsed = project(files)
    rows = {row["id"]: row for row in pa.concat_tables(parsed.tables.values()).to_pylist()}
    marked = {name: text for content in files.values() for name, text in re.findall(r'(?m)^(\S+)\t"(.*)"$', content)}
    assert rows.keys() == marked.keys()
    for name, row in rows.items():
        for entity in ("e1", "e2"):
            first, last = row[f"{entity}_start"], row[f"{entity}_end"] - 1
            found = row["text"][row["starts"][first] : row["starts"][last] + len(row["words"][last])]
            assert f"<{entity}>{found}</{entity}>" in marked[name]
