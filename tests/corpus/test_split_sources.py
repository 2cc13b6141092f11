"""Which files of data/raw are of which split and format."""

import os
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.core.params import Splits
from pipeline.corpus.split_names import WORDS, splits_in
from pipeline.corpus.split_sources import find_splits, unused_line

PAIR = "rain\tflood\tCauses\tThe rain led to a flood.\n"
DYGIE = '{"doc_key": "a", "sentences": [["Rain", "fell"]], "ner": [[]], "relations": [[]]}\n'
ANN = "T1\tThing 0 4\tRain\n"


@pytest.fixture
def raw(tmp_path):
    """Make files of data/raw: of names ending in .ann brat's document, of .json DyGIE, else rows of tsv."""
    folder = tmp_path / "raw"
    folder.mkdir()

    def make(*names, **contents):
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ann":
                path.write_text(ANN)
                path.with_suffix(".txt").write_text("Rain fell.")
            else:
                path.write_text(DYGIE if path.suffix == ".json" else PAIR)
        return folder

    return make


def found(folder, splits="auto", format="auto", needs_test=False):
    """The sources of each split as names below the folder, with their format."""
    sources = find_splits(folder, splits, format, needs_test=needs_test).sources
    return {split: [(path.relative_to(folder).as_posix(), name) for path, name in of_split] for split, of_split in sources.items()}


def names(folder, splits="auto", **options):
    return {split: [name for name, _ in of_split] for split, of_split in found(folder, splits, **options).items()}


def problems(folder, splits="auto", **options):
    with pytest.raises(InputError) as error:
        found(folder, splits, **options)
    str(error.value).encode()
    return error.value.problems


def told(folder, splits="auto", **options):
    """Problems as their kind, and their place below the folder."""
    return [(problem.kind, os.path.relpath(problem.source, folder)) for problem in problems(folder, splits, **options)]


@pytest.mark.parametrize(
    ("name", "splits"),
    [
        *((f"x_{word}-1.txt", {split}) for split, words in WORDS.items() for word in words),
        *((name, {"train"}) for name in ("TRAIN_FILE.TXT", "trainData.json", "XMLTrain.txt", "eng.train", "conll04_train.json")),
        *((name, set()) for name in ("latest.json", "contest.txt", "constraint.jsonl", "prétest.txt", "strain", "retrain.txt", "")),
        *((name, {"train", "validation"}) for name in ("train_dev.json", "DevTrain.txt", "val.train")),
        ("train-training.txt", {"train"}),
    ],
)
def test_a_word_tells_a_split_and_a_part_of_a_word_none(name, splits):
    assert splits_in(name) == splits


def test_files_are_of_the_split_of_their_name_and_of_the_format_of_their_content_in_the_order_of_paths(raw):
    folder = raw("b_train.json", "a/TrainSet.txt", "corpus-dev.tsv", "TEST_FILE_FULL.TXT", "valid.txt")
    assert found(folder) == {
        "train": [("a/TrainSet.txt", "tsv"), ("b_train.json", "dygie")],
        "validation": [("corpus-dev.tsv", "tsv"), ("valid.txt", "tsv")],
        "test": [("TEST_FILE_FULL.TXT", "tsv")],
    }


def test_a_name_that_begins_with_a_split_tells_it_whatever_follows(raw):
    assert names(raw("trainset2.txt", "Development2.txt", "testb.txt")) == {
        "train": ["trainset2.txt"],
        "validation": ["Development2.txt"],
        "test": ["testb.txt"],
    }


def test_the_own_name_tells_before_the_nearest_folder_and_that_before_those_above_and_the_beginning_of_the_name(raw):
    folder = raw("train/a.txt", "train/b_test.txt", "train/dev/c.txt", "train/devices.txt", "test/x/y/testing/d.txt")
    assert names(folder) == {
        "train": ["train/a.txt", "train/devices.txt"],
        "validation": ["train/dev/c.txt"],
        "test": ["test/x/y/testing/d.txt", "train/b_test.txt"],
    }


def test_a_folder_above_the_corpus_tells_nothing(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "a.txt").write_text(PAIR)
    assert told(folder) == [("split-missing", ".")]


def test_what_lies_beside_annotations_is_none(raw):
    folder = raw("train.txt", "train.txt.dvc", ".gitignore", ".cache/test.txt", "README", "readme-train.txt", "LICENSE.txt")
    raw("notes.md", "docs/paper.md", "annotation.conf", "a/visual.conf", "readmes_test.txt")
    assert names(folder) == {"train": ["train.txt"], "validation": [], "test": ["readmes_test.txt"]}


def test_markdown_with_the_word_of_a_split_is_not_passed_over(raw):
    assert names(raw("train.md", "notes.md"))["train"] == ["train.md"]


@pytest.mark.parametrize(
    ("files", "train"),
    [
        (["train/a.ann", "train/b.ann"], ["train"]),
        (["corpus/train/a.ann", "corpus/test/a.ann"], ["corpus/train"]),
        (["corpus/train/x/a.ann", "corpus/train/y/a.ann"], ["corpus/train"]),
        (["train/x/a.ann", "train/y.json"], ["train/x", "train/y.json"]),
        (["train/x/a.ann", "train/test/a.ann"], ["train/x"]),
        (["train/test_17.ann", "train/dev.ann"], ["train"]),
        (["my-train/a.ann", "train.json"], ["my-train", "train.json"]),
    ],
)
def test_documents_of_brat_are_read_by_the_folder_that_tells_their_split(raw, files, train):
    assert names(raw(*files))["train"] == train


def test_another_split_beside_it_does_not_change_which_folder_of_brat_is_read(raw):
    folder = raw("train/x/a.ann", "train/y/a.ann")
    assert found(folder)["train"] == [("train", "brat")]
    raw("dev/a.ann", "test.json")
    assert found(folder) == {"train": [("train", "brat")], "validation": [("dev", "brat")], "test": [("test.json", "dygie")]}


def test_a_folder_of_brat_that_holds_another_source_is_a_problem_as_it_would_be_read_twice(raw):
    [nested] = problems(raw("train/a.ann", "train/test/b.ann"))
    assert nested.kind == "format-ambiguous"
    assert nested.found.startswith("test lies in this folder of brat")
    assert problems(raw("train/other.txt.tsv"))[0].kind == "format-ambiguous"


def test_no_name_that_tells_a_split_is_one_problem_with_the_params_to_write(raw):
    [problem] = problems(raw("a.txt", "b.txt", "c.json", "d/e.ann"), needs_test=True)
    assert (problem.kind, problem.found) == ("split-missing", "no name tells a split: a.txt, b.txt, c.json and 1 more")
    assert 'parse.splits: {train: ["*"]}' in problem.hint
    assert "parse.test_fraction: 0.2" in problem.hint


def test_files_and_folders_of_no_split_and_missing_splits_are_all_reported(raw):
    folder = raw("dev.txt", "types.json", "b/x.ann", "b/y.ann")
    assert told(folder, needs_test=True) == [
        ("file-unexpected", "b"),
        ("file-unexpected", "types.json"),
        ("split-missing", "."),
        ("split-missing", "."),
    ]
    said = problems(folder, needs_test=True)
    assert said[1].hint.endswith('parse.splits: {train: ["types.json"], validation: ["dev.txt"]}')
    assert [problem.found for problem in said[2:]] == ["there is no train file", "there is no test file"]
    assert "parse.test_fraction" in said[3].hint


def test_the_hint_of_a_file_of_no_split_says_how_to_leave_it_out(raw):
    [problem] = problems(raw("my_train.json", "dev/a.ann", "types.json"))
    assert problem.hint.endswith('parse.splits: {train: ["my_train.json"], validation: ["dev"]}')
    folder = raw(*(f"train/{number}.txt" for number in range(50)))
    assert problems(folder)[0].hint.endswith("parse.splits: {train: [...], validation: [...], test: [...]}")


def test_a_test_split_is_asked_for_only_where_it_is_needed(raw):
    assert names(raw("train.txt"))["test"] == []
    assert told(raw("train.txt"), needs_test=True) == [("split-missing", ".")]
    assert told(raw(), Splits(train=("train.txt",)), needs_test=True) == [("split-missing", ".")]


def test_an_empty_folder_has_no_split(raw):
    assert [problem.found for problem in problems(raw(), needs_test=True)] == ["there is no train file", "there is no test file"]


def test_a_name_of_two_splits_is_a_problem_that_names_both_and_what_to_write(raw):
    [problem] = problems(raw("train_dev[1].txt", "test.txt"))
    assert (problem.kind, problem.found) == ("split-ambiguous", "train_dev[1].txt says train and validation")
    assert '{train: ["train_dev[[]1].txt"]} or {validation: ["train_dev[[]1].txt"]}' in problem.hint
    assert problems(raw("train-dev/a.txt"))[0].found == "train-dev says train and validation"


def test_what_the_hints_say_to_write_is_taken(raw):
    folder = raw("train_dev[1].txt", "b/x.ann")
    assert names(folder, Splits(train=("train_dev[[]1].txt", "b")))["train"] == ["b", "train_dev[1].txt"]
    assert names(folder, Splits(train=("*",)))["train"] == ["b", "train_dev[1].txt"]


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (Splits(("a/*.json",), test=("b.txt",)), {"train": ["a/x.json", "a/y.json"], "validation": [], "test": ["b.txt"]}),
        (Splits(("a",), ("c",)), {"train": ["a/x.json", "a/y.json"], "validation": ["c/train", "c/z.txt"], "test": []}),
        (Splits(("**/*.json",), test=("c/train/",)), {"train": ["a/x.json", "a/y.json"], "validation": [], "test": ["c/train"]}),
        (Splits(("**",)), {"train": ["a/x.json", "a/y.json", "b.txt", "c/train", "c/z.txt"], "validation": [], "test": []}),
        (Splits(("c/train/*.ann", "b.txt")), {"train": ["b.txt", "c/train"], "validation": [], "test": []}),
        (Splits(("c/train/*",)), {"train": ["c/train"], "validation": [], "test": []}),
    ],
)
def test_patterns_match_files_and_folders_whatever_their_names_say(raw, splits, expected):
    assert names(raw("a/x.json", "a/y.json", "b.txt", "c/train/1.ann", "c/train/2.ann", "c/z.txt"), splits) == expected


def test_a_folder_that_a_pattern_matches_is_read_as_one_where_all_of_it_is_brats(raw):
    assert names(raw("a/x/1.ann", "a/y/1.ann"), Splits(("a",)))["train"] == ["a"]
    assert names(raw("a/x/1.ann", "a/y/1.ann"), Splits(("a/*",)))["train"] == ["a/x", "a/y"]


def test_documents_right_in_the_folder_of_the_corpus_are_read_where_a_pattern_says_so(raw):
    assert found(raw("a.ann", "b.ann"), Splits(("*",)))["train"] == [(".", "brat")]


@pytest.mark.parametrize(
    ("splits", "place"),
    [
        (Splits(("a.txt",), test=("*.txt",)), "a.txt"),
        (Splits(("d/1.ann",), test=("d/2.ann",)), "d"),
        (Splits(("d/1.*", "a.txt")), "d"),
    ],
)
def test_a_file_or_a_folder_of_brat_is_of_one_split(raw, splits, place):
    assert told(raw("a.txt", "d/1.ann", "d/2.ann"), splits) == [("split-ambiguous", place)]


def test_a_pattern_that_matches_nothing_is_a_problem_with_the_nearest_name(raw):
    folder = raw("corpus/part1.json", ".hidden/x.json")
    [problem, other] = problems(folder, Splits(("corpus/prat1.json",), test=(".hidden/*",)))
    assert (problem.source.partition(":")[0], problem.hint) == ("params.yaml", "did you mean corpus/part1.json?")
    assert problem.found == f"parse.splits.train has corpus/prat1.json, which no file of {folder} matches"
    assert ".hidden/*" in other.found


def test_files_that_no_pattern_matches_are_told_in_a_line(raw):
    folder = raw("a.txt", "b/1.ann", "b/notes.pdf", "types.json", "README.md", "c/2.ann")

    def line(*patterns):
        return unused_line(folder, find_splits(folder, Splits(patterns), "auto", needs_test=False).unused)

    assert line("a.txt", "b/*.ann") == f"4 files of {folder} in no split: b/notes.pdf, c/2.ann, c/2.txt and 1 more"
    assert line("a.txt", "types.json", "b/*.ann", "c") == f"1 file of {folder} in no split: b/notes.pdf"
    (folder / "b/notes.pdf").unlink()
    assert line("a.txt", "types.json", "b/*.ann", "c") is None


def test_a_link_to_a_file_is_read_as_dvc_makes_such_and_one_to_a_folder_is_a_problem(raw, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.txt").write_text(PAIR)
    (raw() / "train.txt").symlink_to(tmp_path / "elsewhere/x.txt")
    assert names(raw())["train"] == ["train.txt"]
    (raw() / "test").symlink_to(tmp_path / "elsewhere")
    (raw() / "dev.txt").symlink_to(tmp_path / "gone")
    os.mkfifo(raw() / "test.pipe")
    assert told(raw()) == [("file-unexpected", name) for name in ("dev.txt", "test", "test.pipe")]
    kind, place = told(raw(), Splits(("test/*.txt",)))[-1]
    assert (kind, place.partition(":")[0]) == ("pattern-unmatched", os.path.relpath("params.yaml", raw()))


def test_a_folder_that_may_not_be_read_is_a_problem_whatever_else_is_there(raw, unreadable):
    folder = raw("train.txt", "test.txt", "train/more/a.txt", "dev/b.txt")
    unreadable("more", "dev")
    assert told(folder) == [("folder-unreadable", "dev"), ("folder-unreadable", "train/more")]
    assert told(folder, Splits(("train.txt",)))[:2] == [("folder-unreadable", "dev"), ("folder-unreadable", "train/more")]


def test_a_split_whose_folder_may_not_be_read_is_not_called_missing(raw, unreadable):
    unreadable("test")
    assert told(raw("train.txt", "test/a.txt"), needs_test=True) == [("folder-unreadable", "test")]


def test_another_format_than_the_one_set_is_said_once_a_file(raw):
    folder = raw("train.json", "dev.txt", "test/a.ann")
    said = problems(folder, format="tsv")
    assert [problem.found for problem in said] == ["this is brat, not tsv", "this is dygie, not tsv"]
    assert {problem.kind for problem in said} == {"format-unexpected"}


def test_a_format_that_is_set_is_taken_where_no_other_is_seen(raw):
    folder = raw()
    (folder / "train.txt").write_text("Dear all\n")
    assert found(folder, format="tsv")["train"] == [("train.txt", "tsv")]
    assert told(folder) == [("format-unknown", "train.txt")]


def test_brat_is_a_folder_and_no_other_format_is_one(raw):
    folder = raw("train/a.ann", "train/b.ann")
    (folder / "train/a.txt").unlink()
    assert told(folder) == [("format-unknown", "train")]
    assert told(folder, format="tsv") == [("format-unexpected", "train")]
    assert found(folder, format="brat")["train"] == [("train", "brat")]
    (folder / "test.txt").write_text("Dear all\n")
    assert told(folder, format="brat") == [("format-unexpected", "test.txt")]


def test_problems_of_splits_and_of_formats_are_told_together(raw):
    folder = raw("train.txt", "notes.txt")
    (folder / "test.txt").write_text("Dear all\n")
    assert told(folder) == [("file-unexpected", "notes.txt"), ("format-unknown", "test.txt")]


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_annotations_is_empty(raw, content):
    folder = raw("train.txt")
    (folder / "test.txt").write_text(content)
    [problem] = problems(folder)
    assert (problem.kind, problem.found, Path(problem.source).name) == ("file-empty", "the file is empty", "test.txt")


def test_a_missing_folder_is_a_problem(tmp_path):
    assert told(tmp_path / "raw") == [("folder-missing", ".")]


def test_names_that_are_not_utf8_are_a_problem_each(raw):
    folder = raw("test.txt")
    for name in (b"train\xe9.txt", b"notes\xe9.md"):
        (folder / os.fsdecode(name)).touch()
    (folder / os.fsdecode(b"dev\xe9")).mkdir()
    (folder / os.fsdecode(b"dev\xe9") / "a.txt").touch()
    assert told(folder) == [("file-name", name) for name in ("dev\\xe9", "notes\\xe9.md", "train\\xe9.txt")]


def test_a_folder_whose_name_is_not_utf8_is_a_problem(tmp_path):
    [problem] = problems(tmp_path / os.fsdecode(b"raw\xe9"))
    assert problem.kind == "file-name"
