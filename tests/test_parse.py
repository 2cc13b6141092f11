import json
import os
import re
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from benchmarks.campaign.rounds import within
from pipeline import parse as stage
from pipeline.core import outputs, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE
from tests.support import in_process
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
        "entities": None,
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
    assert "60 train, 1 validation, 9 test" in line
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
    assert "1 of test whose text is in train" in line


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


def test_a_mistake_in_a_section_of_a_later_stage_is_told_before_any_work(project):
    sections = yaml.safe_load(PARAMS.read_text())
    sections["train"]["epochs"] = "many"
    Path("data/raw").mkdir(parents=True)
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    with pytest.raises(InputError, match=r"train\.epochs is 'many'"):
        stage.main(Path("data/raw"), Path("data/parsed"))


def test_an_empty_file_is_a_problem(project):
    assert problems(project, corpus(3, 3) | {"train2.txt": ""}) == [("train2.txt", "the file is empty")]


def test_an_id_given_twice_in_a_file_names_the_first_place_even_in_a_broken_row(project):
    files = corpus(3, 3)
    files["train.txt"] += block("a1") + block("a2", "<e1>a</e1>", "Other(e1,e2)")
    assert problems(project, files)[-2:] == [
        ("train.txt:13", "id a1 is that of data/raw/train.txt:5"),
        ("train.txt:17", "id a2 is that of data/raw/train.txt:9"),
    ]


def test_ids_that_several_files_have_get_the_file_before_them(project):
    files = corpus()
    files["test.txt"] += block("a1")
    _, parsed = project(files)
    ids = [row_id for table in parsed.tables.values() for row_id in table["id"].to_pylist()]
    assert {"train/a1", "test/a1", "a2"} < set(ids)
    assert len(set(ids)) == len(ids) == 70


def test_either_form_of_an_id_that_several_files_have_can_be_excluded(project):
    files = corpus()
    files["test.txt"] += block("a1")
    for exclude, n_left_out in ((["test/a1"], 1), (["a1"], 2)):
        _, parsed = project(files, exclude=exclude)
        assert parsed.notes.excluded_by == {"id": n_left_out}


def test_a_test_split_without_any_relation_is_read(project):
    unlabelled = '1\t"a <e1>b</e1> <e2>c</e2>"\n\n'
    _, parsed = project(corpus() | {"test.txt": unlabelled})
    assert parsed.tables["test"]["relation"].to_pylist() == [None]


@pytest.mark.parametrize("negatives", ["all", 1])
def test_documents_of_a_test_split_without_any_relation_have_no_negative_pair(project, negatives):
    value = {"text": "Ann met Bob.", "relations": [{"head": "a", "tail": "b", "label": "Met"}]}
    value["entities"] = [{"id": id_, "spans": [[start, start + 3]]} for id_, start in (("a", 0), ("b", 8))]
    unlabelled = value | {"relations": [{"head": "a", "tail": "b"}]}
    files = {f"{split}.jsonl": json.dumps(value | {"id": split}) for split in ("train", "dev")}
    _, parsed = project(files | {"test.jsonl": json.dumps(unlabelled | {"id": "test"})}, negatives=negatives)
    assert parsed.tables["test"]["relation"].to_pylist() == [None]
    assert "Other" in parsed.tables["train"]["relation"].to_pylist()


def test_a_test_split_that_lacks_some_relations_is_a_problem(project):
    files = corpus()
    files["test.txt"] += '1\t"a <e1>b</e1> <e2>c</e2>"\n\n'
    assert problems(project, files) == [("test.txt:37", "the relation is missing")]


def test_train_needs_relations(project):
    files = corpus(3)
    files["train.txt"] += 'x\t"a <e1>b</e1> <e2>c</e2>"\n\n'
    assert problems(project, files) == [("train.txt:13", "the relation is missing")]


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


def line_of(text):
    return next(number for number, line in enumerate(Path("params.yaml").read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"language": "xx9"}, "xx9"),
        ({"exclude": ["nope"]}, "nope"),
        ({"exclude": [{"kind": "entity-empty"}]}, "entity-empty"),
        ({"rename": {"Cause-Efect": "Causes"}}, "Cause-Efect"),
        ({"splits": {"train": ["train.txt", "trian.txt"], "test": ["test.txt"]}}, "trian.txt"),
        ({"symmetric": ["Cause-Effect", "Cause-Efect"]}, "- Cause-Efect"),
    ],
)
def test_what_parse_finds_wrong_with_a_parameter_has_its_line(project, changes, text):
    with pytest.raises(InputError) as error:
        project(corpus(), **changes)
    assert [problem.source for problem in error.value.problems] == [f"params.yaml:{line_of(text)}"]


def test_a_fraction_that_holds_no_row_out_is_an_error(project):
    assert problems(project, corpus(), validation_fraction=0.001) == [
        (f"params.yaml:{line_of('validation_fraction')}", "parse.validation_fraction 0.001 holds none of 60 train rows out")
    ]


def test_a_fraction_of_0_leaves_validation_without_rows(project):
    line, parsed = project(corpus(), validation_fraction=0)
    assert line.startswith("parse: 60 train, 0 validation, 9 test")
    assert (len(parsed.tables["train"]), len(parsed.tables["validation"])) == (60, 0)


@pytest.mark.parametrize("fraction", [0, 0.1])
def test_validation_files_without_a_row_that_is_kept_are_an_error(project, fraction):
    files = corpus() | {"dev.txt": block("9001", "<e1>cat</e1> and <e2>dog</e2>", "Other")}
    [(source, found)] = problems(project, files, exclude=["9001"], validation_fraction=fraction)
    assert (source, found) == ("dev.txt", "the validation files have no pair that is kept")


@pytest.mark.parametrize("fraction", [0, 0.1])
@pytest.mark.parametrize("empty", [("train", "test"), ("train",), ("test",)])
def test_files_of_documents_without_a_pair_are_an_error_of_each_split(project, empty, fraction):
    alone = {"id": "1", "text": "Ann left.", "entities": [{"id": "T1", "spans": [[0, 3]], "type": "P"}], "relations": []}
    row = {"id": "2", "text": "Ann met Bob.", "e1": [0, 3], "e2": [8, 11]}  # of no relation, which a test split may be
    rows = {"train": {**row, "relation": "Other"}, "test": row} | dict.fromkeys(empty, alone)
    files = {f"{split}.jsonl": json.dumps(each) + "\n" for split, each in rows.items()}
    found = problems(project, files, negatives="none", validation_fraction=fraction)
    assert found == [(f"{split}.jsonl", f"the {split} files have no pair that is kept") for split in empty]


def test_the_hint_of_a_row_that_cannot_be_read_says_how_to_leave_it_out(project):
    files = corpus()
    files["train.txt"] += block("bad", "<e1>dog</e1> and cat", "Other")
    with pytest.raises(InputError) as error:
        project(files)
    assert [problem.hint.rpartition(", or ")[2] for problem in error.value.problems] == [
        'list id "bad" under parse.exclude in params.yaml'
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


@pytest.mark.parametrize("is_wrong", [False, True])
def test_a_check_writes_nothing_and_locks_nothing(project, monkeypatch, is_wrong):
    files = corpus()
    project(files)
    if is_wrong:
        Path("data/raw/train.txt").write_text(files["train.txt"].replace("</e1>", "", 1))
    Path("data/parsed.problems.jsonl").write_text("of the run before")
    before = sorted(Path().rglob("*"))
    monkeypatch.setattr(outputs, "locked", lambda folder: pytest.fail(f"it locks {folder}"))
    ended = in_process.run(stage.main, "data/raw", "data/parsed", "--check")
    assert (ended.returncode, "69 rows checked, nothing written" in ended.stdout) == (int(is_wrong), not is_wrong)
    assert sorted(Path().rglob("*")) == before
    assert Path("data/parsed.problems.jsonl").read_text() == "of the run before"


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


def listed(parsed_folder="data/parsed"):
    return [json.loads(line) for line in Path(parsed_folder, "excluded.jsonl").read_text().splitlines()]


def test_rows_that_share_an_excluded_id_are_each_counted_and_told(project, capsys):
    files = corpus()
    files["train.txt"] += block("a1", "<e1>dog</e1> and <e2>cat</e2>") + block("a1", "no entity")
    line, parsed = project(files, exclude=["a1", "a2"])
    assert (parsed.notes.excluded, parsed.notes.excluded_by) == (4, {"id": 4})
    assert "4 excluded" in line
    told = "data/raw/train.txt:5, data/raw/train.txt:241, data/raw/train.txt:245"
    assert f"parse: excluded id a1 is that of 3 rows: {told}\n" in capsys.readouterr().err


def test_rows_with_a_problem_of_an_excluded_kind_are_left_out_and_counted_by_reason(project):
    files = corpus()
    files["train.txt"] += block("bad", "a <e1></e1> <e2>b</e2>", "Other(e1,e9)") + block("worse", "<e1> </e1> <e2>b</e2>")
    _, parsed = project(files, exclude=["a1", {"kind": "entity-empty"}])
    assert parsed.notes.excluded_by == {"entity-empty": 2, "id": 1}
    assert len(parsed.tables["train"]) + len(parsed.tables["validation"]) == 59


def test_rows_left_out_are_listed_in_the_order_of_the_files(project):
    files = corpus()
    files["train.txt"] += block("bad", "a <e1></e1> <e2>b</e2>")
    project(files, exclude=["b1", {"kind": "entity-empty"}, "a1"])
    assert [(row["file"], row["line"], row["id"], row["kind"]) for row in listed()] == [
        ("data/raw/train.txt", 5, "a1", "id"),
        ("data/raw/train.txt", 241, "bad", "entity-empty"),
        ("data/raw/test.txt", 5, "b1", "id"),
    ]
    assert listed()[1]["found"] == "e1 is empty"


def test_nothing_is_listed_where_nothing_is_left_out(project):
    project(corpus())
    assert not Path("data/parsed/excluded.jsonl").exists()


@pytest.mark.parametrize(
    ("kind", "row", "where"),
    [
        ("id-repeated", block("a1", "<e1>dog</e1> <e2>cat</e2>"), "train"),
        ("relation-unknown", block("x", relation="Zebra"), "test"),
        ("direction-missing", block("x", relation="Cause-Effect"), "train"),
    ],
)
def test_a_row_whose_problem_shows_only_beside_other_rows_can_be_left_out_by_its_kind(project, kind, row, where):
    files = corpus()
    files[f"{where}.txt"] += row
    _, parsed = project(files, exclude=[{"kind": kind}])
    assert parsed.notes.excluded_by == {kind: 1}
    assert sum(map(len, parsed.tables.values())) == 69


def test_a_row_left_out_for_one_of_its_problems_takes_the_others_along(project):
    files = corpus()
    files["train.txt"] += block("a1", "<e1>dog <e2>cat</e2>")  # an id that is another's, and a marker too few
    for kind in ("id-repeated", "marker-missing"):
        _, parsed = project(files, exclude=[{"kind": kind}])
        assert parsed.notes.excluded_by == {kind: 1}


def test_rows_whose_offsets_overlap_can_be_left_out_by_their_kind(project):
    good = {"text": "The cat sat.", "e1": [4, 7], "e2": [8, 11], "relation": "Other"}
    rows = json.dumps(good) + "\n" + json.dumps(good | {"e2": [4, 11]}) + "\n"
    files = {f"{split}.x": rows for split in ("train", "dev", "test")}
    _, parsed = project(files, format="jsonl", exclude=[{"kind": "entities-overlap"}])
    assert parsed.notes.excluded_by == {"entities-overlap": 3}
    assert [len(table) for table in parsed.tables.values()] == [1, 1, 1]


def test_names_changed_in_a_format_of_one_pair_a_row_are_told(project, capsys):
    project(corpus(), rename={"Cause-Effect": "Causes"})
    assert "69 documents, 69 annotated pairs, 46 names changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "found", "hint"),
    [
        (
            {"rename": {"Cause-Efect": "Causes"}},
            "parse.rename has Cause-Efect, which is the name of no relation and no type",
            "did you mean Cause-Effect?",
        ),
        (
            {"symmetric": ["Cause-Efect"]},
            "parse.symmetric lists Cause-Efect, which is the name of no relation",
            "did you mean Cause-Effect?",
        ),
        (
            {"symmetric": ["Cause-Effect"], "rename": {"Cause-Effect": "Leads"}},
            "parse.symmetric lists Cause-Effect, which is the name of no relation once it is renamed",
            "list its new name, Leads",
        ),
        (
            {"symmetric": ["Near"]},
            "parse.symmetric lists Near, which is the name of no relation",
            "use one of: Cause-Effect, Other",
        ),
    ],
)
def test_a_name_to_change_that_nothing_has_is_a_problem(project, changes, found, hint):
    with pytest.raises(InputError) as error:
        project(corpus(), **changes)
    assert [(one.kind, one.found, one.hint) for one in error.value.problems] == [("name-unknown", found, hint)]


@pytest.mark.parametrize(
    "changes",
    [
        {"rename": {"Cause-Effect(e1,e2)": "Causes", "Cause-Effect(e2,e1)": "Effect"}, "symmetric": ["Effect"]},
        {"rename": {"Cause-Effect": "Leads"}, "symmetric": ["Leads"], "directed": False},
        {"symmetric": ["NA", "Other"], "rename": {"NA": "None"}, "negative_label": "NA"},
    ],
)
def test_the_names_that_rows_have_before_and_after_they_are_changed_are_known(project, changes):
    assert project(corpus(), **changes)[1].notes.excluded == 0


def test_the_types_of_entities_that_no_relation_has_are_known(project):
    value = {"text": "Ann met Bob in Bern.", "relations": [{"head": "a", "tail": "b", "label": "Met"}]}
    value["entities"] = [
        {"id": "a", "spans": [[0, 3]], "type": "Per"},
        {"id": "b", "spans": [[8, 11]], "type": "Per"},
        {"id": "c", "spans": [[15, 19]], "type": "Loc"},
    ]
    files = {f"{split}.x": json.dumps(value | {"id": split}) for split in ("train", "dev", "test")}
    _, parsed = project(files, negatives="none", rename={"Loc": "Place"})
    assert [mention["type"] for mention in parsed.tables["train"]["entities"][0].as_py()] == ["Per", "Per", "Place"]


def test_of_a_name_that_a_row_may_have_that_cannot_be_read_nothing_is_said(project):
    files = corpus()
    files["train.txt"] += block("x", "a <e1>cat", "Near")
    assert [found for _, found in problems(project, files, symmetric=["Near"])] == [
        "<e1> opens at character 6 and never closes",
        "e2 is not marked",
    ]


def test_no_negative_pair_is_made_that_the_position_stage_would_refuse(project, capsys):
    value = {"text": f"Ann saw Eve,{' a' * 120} Bob.", "relations": [{"head": "1", "tail": "2", "label": "Met"}]}
    value["entities"] = [{"id": id_, "spans": [[start, start + 3]]} for id_, start in (("1", 0), ("2", 8), ("3", 253))]
    files = {f"{split}.x": json.dumps(value | {"id": split}) for split in ("train", "dev", "test")}
    _, parsed = project(files, negatives="all")
    assert parsed.tables["train"]["id"].to_pylist() == ["train", "train:2-1"]
    assert parsed.notes.counts["far_apart"] == 12
    assert "3 pairs without relation, 12 more left out as further apart than position.max_length words" in capsys.readouterr().err


def test_a_relation_that_an_excluded_row_alone_has_in_train_is_unknown(project):
    files = corpus()
    files["train.txt"] += block("x", "<e1></e1> <e2>b</e2>", "Zebra")
    files["test.txt"] += block("y", relation="Zebra")
    assert problems(project, files, exclude=[{"kind": "entity-empty"}]) == [
        ("test.txt:37", "relation Zebra of test is not in train")
    ]


def test_an_excluded_kind_that_no_row_has_is_a_problem(project):
    with pytest.raises(InputError) as error:
        project(corpus(), exclude=[{"kind": "entity-empty"}])
    (problem,) = error.value.problems
    assert (problem.kind, problem.found) == ("exclude-unknown", "parse.exclude lists kind entity-empty, which no row has")


def test_a_run_that_fails_tells_what_the_next_stages_would_refuse_of_the_other_rows(project):
    files = {
        split: json.dumps({"text": "The cat sat.", "e1": [4, 7], "e2": e2, "relation": "Other"}) + "\n" + bad
        for split, e2, bad in (("train.x", [4, 11], "{}"), ("test.x", [8, 11], ""))
    }
    files["dev.x"] = json.dumps({"text": f"cat{' a' * 120} mat", "e1": [0, 3], "e2": [244, 247], "relation": "Other"})
    with pytest.raises(InputError) as error:
        project(files, format="jsonl")
    kinds = [(Path(problem.source).name, problem.kind) for problem in error.value.problems]
    assert [kind for kind in kinds if kind[1] != "key-missing"] == [
        ("train.x:1", "entities-overlap"),
        ("dev.x:1", "entities-far-apart"),
    ]


def test_what_the_next_stages_refuse_alone_is_left_to_them(project):
    row = json.dumps({"text": "The cat sat.", "e1": [4, 7], "e2": [4, 11], "relation": "Other"})
    _, parsed = project({f"{split}.x": row for split in ("train", "dev", "test")}, format="jsonl")
    assert len(parsed.tables["train"]) == 1


def test_a_file_whose_name_is_not_utf8_is_one_clear_problem(project):
    files = corpus()
    Path("data/raw").mkdir(parents=True)
    Path("data/raw", os.fsdecode(b"train\xe9.txt")).write_text(files["train.txt"])
    assert problems(project, files) == [(r"train\xe9.txt", "the name of the file is not UTF-8")]


def test_thousands_of_rows_of_an_unknown_relation_take_seconds(project):
    files = corpus()
    files["test.txt"] += "".join(block(f"c{number}", relation=f"Zebra {number % 500}") for number in range(20_000))
    with within(20):
        assert len(problems(project, files)) == 20_000


def test_a_run_that_fails_tells_of_the_entities_of_documents_where_these_are_tagged(project):
    document = {
        "id": "d",
        "text": "Ann met Bob.",
        "entities": [{"id": "a", "spans": [[0, 3]], "type": "Per"}, {"id": "b", "spans": [[8, 11]]}],
        "relations": [{"head": "a", "tail": "b", "label": "Met"}],
    }
    line = json.dumps(document)
    sections = yaml.safe_load(PARAMS.read_text())
    sections["tag"] |= {"entities": "all", "labels": "type"}
    sections["train"] |= {"positions": "relation"}
    files = {"train.jsonl": line + "\n{}\n", "test.txt": block("1", relation="Met")}
    Path("data/raw").mkdir(parents=True)
    for name, content in files.items():
        Path("data/raw", name).write_text(content, encoding="utf-8")
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    with pytest.raises(InputError) as error:
        stage.main(Path("data/raw"), Path("data/parsed"))
    later = [(problem.source, problem.kind) for problem in error.value.problems if problem.kind == "type-missing"]
    assert later == [("data/raw/train.jsonl:1", "type-missing")]  # the sentence, once, and no row of a pair format


def test_relations_that_a_document_calls_symmetric_are_so_for_the_stages_behind_too(project):
    conf = "[relations]\nAlias\tArg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric\nNear\tArg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric\n"
    ann = "T1\tP 0 3\tAnn\nT2\tP 8 11\tBob\nR1\tAlias Arg1:T2 Arg2:T1\n"
    files = {
        f"{split}/{end}": text for split in ("train", "dev", "test") for end, text in (("a.txt", "Ann met Bob."), ("a.ann", ann))
    }
    for split in ("train", "dev", "test"):
        Path("data/raw", split).mkdir(parents=True)
    _, parsed = project(files | {"annotation.conf": conf}, symmetric=["Near"], rename={"Alias": "Also"}, negatives="none")
    assert parsed.tables["train"].select(["relation", "e1_start"]).to_pylist() == [{"relation": "Also", "e1_start": 0}]
    assert parsed.notes.symmetric == ("Near", "Also")


def test_events_and_attributes_of_brat_which_are_not_read_are_counted(project, capsys):
    ann = "T1\tP 0 3\tAnn\nT2\tP 8 11\tBob\nT3\tMeet 4 7\tmet\nR1\tKnows Arg1:T1 Arg2:T2\nE1\tMeet:T3 Who:T1\nA1\tPast E1\n"
    for split in ("train", "dev", "test"):
        Path("data/raw", split).mkdir(parents=True)
    files = {
        f"{split}/{end}": text for split in ("train", "dev", "test") for end, text in (("a.txt", "Ann met Bob."), ("a.ann", ann))
    }
    _, parsed = project(files, negatives="none")
    assert "3 events of brat, whose triggers are entities and whose arguments are not read, 3 attributes" in capsys.readouterr().err
    assert {name: parsed.notes.counts.get(name) for name in ("unread_events", "unread_attributes", "unread_regions")} == {
        "unread_events": 3,
        "unread_attributes": 3,
        "unread_regions": None,
    }


def test_regions_of_label_studio_which_are_not_read_are_counted(project, capsys):
    def region(name, start, end, kind):
        label = {"start": start, "end": end, kind: ["P"]}
        return {"id": name, "type": kind, "from_name": "label", "to_name": "text", "value": label}

    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["Knows"]}
    result = [region("a", 0, 3, "labels"), region("b", 8, 11, "labels"), region("c", 4, 7, "hypertextlabels"), relation]
    task = {"id": 1, "data": {"text": "Ann met Bob."}, "annotations": [{"id": 1, "result": result}]}
    project({f"{split}.json": json.dumps([task]) for split in ("train", "dev", "test")}, negatives="none")
    assert "3 regions of Label Studio that are not read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("exclude", "texts"),
    [
        (["d:a-b"], ["Ann met Bob, not Eve.", "Eve left."]),
        (["d:a-b", "d:a-c"], ["Eve left."]),
        ([], ["Ann met Bob, not Eve.", "Eve left."]),
    ],
)
def test_a_sentence_all_of_whose_relations_are_excluded_trains_and_tests_no_tagger(project, exclude, texts):
    spans = {"a": (0, 3), "b": (8, 11), "c": (17, 20), "d": (22, 25)}
    entities = [{"id": name, "spans": [span], "type": "Per"} for name, span in spans.items()]
    relations = [{"head": "a", "tail": tail, "label": label} for tail, label in (("b", "Met"), ("c", "Missed"))]
    document = {"id": "d", "text": "Ann met Bob, not Eve. Eve left.", "entities": entities, "relations": relations}
    others = [{**document, "id": f"{name}"} for name in ("t", "v")]
    files = {"test.jsonl": document, "train.jsonl": others[0], "dev.jsonl": others[1]}
    _, parsed = project({name: json.dumps(each) for name, each in files.items()}, exclude=exclude, negatives="all")
    assert parsed.sentences["test"]["text"].to_pylist() == texts
    assert len(parsed.sentences["train"]) == 2
