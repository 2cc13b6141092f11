"""The command convert: files and folders of any format to any other, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import get_args

import pytest

from pipeline import convert
from pipeline.core import params
from pipeline.corpus.document import Document
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.targets import SUFFIXES, TARGETS
from tests.support import in_process

PUB = {
    "tokens": ["Ann", "and", "Bob", "own", "a", "pub", "."],
    "entities": [
        {"type": "Peop", "start": 0, "end": 1},
        {"type": "Peop", "start": 2, "end": 3},
        {"type": "Org", "start": 4, "end": 6},
    ],
    "relations": [{"type": "Owns", "head": 0, "tail": 2}, {"type": "Owns", "head": 1, "tail": 2}],
    "orig_id": 7,
}
HEAT = (
    "Thin field theory describes heat.",
    "T1\tTheory 0 4;11 17\tThin theory\nT2\tQuantity 28 32\theat\nR1\tDescribes Arg1:T1 Arg2:T2\n",
)


@pytest.fixture
def spert(tmp_path: Path) -> Path:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([PUB]))
    return path


@pytest.fixture
def brat(tmp_path: Path) -> Path:
    folder = tmp_path / "heat"
    folder.mkdir()
    for suffix, text in zip((".txt", ".ann"), HEAT, strict=True):
        (folder / f"doc{suffix}").write_text(text)
    return folder


def ran(*arguments: object) -> CompletedProcess[str]:
    return in_process.run(convert.main, *arguments)


def documents(name: str, path: Path) -> list[Document]:
    return [each for each in FORMATS[name].read(path) if isinstance(each, Document)]


def test_the_names_of_the_command_line_are_those_of_the_tables() -> None:
    assert tuple(FORMATS) == params.FORMATS
    assert set(get_args(convert.Written)) == set(TARGETS) == set(SUFFIXES)


def test_a_file_becomes_a_folder_of_brat_and_comes_back(spert: Path, tmp_path: Path) -> None:
    there = ran(spert, tmp_path / "brat", "--to", "brat")
    assert there.stdout.startswith(
        "convert: 1 document, 3 entities, 2 relations -> 1 document, 3 entities, 2 relations of brat, "
    ), there.stderr
    assert (tmp_path / "brat/7.txt").read_text() == "Ann and Bob own a pub ."
    assert ran(tmp_path / "brat", tmp_path / "again.json", "--to", "spert", "--lossy").returncode == 0
    assert json.loads((tmp_path / "again.json").read_text()) == [PUB]


def test_what_cannot_be_held_is_an_error_that_lists_it_and_writes_nothing(brat: Path, tmp_path: Path) -> None:
    ended = ran(brat, tmp_path / "out.json", "--to", "spert")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "doc.txt:1: spert cannot hold 1 entities of several fragments, the first in doc.txt:1\n" in ended.stderr
    assert "hint: with --lossy, they are the stretch that holds these\n" in ended.stderr
    assert "2 problems found, nothing written\n" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heat", "out.json.problems.jsonl"]


def test_with_lossy_it_is_changed_and_counted(brat: Path, tmp_path: Path) -> None:
    ended = ran(brat, tmp_path / "out.json", "--to", "spert", "--lossy")
    assert "convert: lost: 1 entities of several fragments: they are the stretch that holds these (the first: " in ended.stderr
    (document,) = documents("spert", tmp_path / "out.json")
    assert [document.text[slice(*entity.cover)] for entity in document.entities] == ["Thin field theory", "heat"]


def test_an_id_that_is_no_path_of_brat_is_a_loss_that_is_told(spert: Path, tmp_path: Path) -> None:
    spert.write_text(json.dumps([PUB, PUB | {"orig_id": "https://law.example/rs/12"}]))
    ended = ran(spert, tmp_path / "brat", "--to", "brat")
    assert "train.json:1: brat cannot hold 1 ids that are no path, the first in train.json:1\n" in ended.stderr
    assert ran(spert, tmp_path / "brat", "--to", "brat", "--lossy").returncode == 0
    assert len(documents("brat", tmp_path / "brat")) == 2


def test_settings_of_brat_that_are_not_converted_are_told(brat: Path, tmp_path: Path) -> None:
    for name in ("annotation.conf", "visual.conf", "kb_shortcuts.conf"):
        (brat / name).write_text("[labels]\n")
    ended = ran(brat, tmp_path / "out.jsonl", "--to", "jsonl")
    assert "convert: not converted: kb_shortcuts.conf, visual.conf of brat\n" in ended.stderr


def test_relations_of_brat_without_direction_come_home_from_jsonl(brat: Path, tmp_path: Path) -> None:
    (brat / "doc.ann").write_text(HEAT[1] + "*\tAlias T1 T2\n#1\tAnnotatorNotes R1\tsure?\n")
    (brat / "annotation.conf").write_text("[relations]\nDescribes\tArg1:A, Arg2:A, <REL-TYPE>:symmetric\n")
    assert ran(brat, tmp_path / "out.jsonl", "--to", "jsonl").returncode == 0
    ended = ran(tmp_path / "out.jsonl", tmp_path / "home", "--to", "brat")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "home/doc.ann").read_text() == (brat / "doc.ann").read_text()
    assert documents("brat", tmp_path / "home")[0].symmetric == {"Describes", "Alias"}


def test_a_folder_becomes_a_folder_with_a_file_for_each(spert: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "dev").mkdir(parents=True)
    spert.rename(corpus / "train.json")
    (corpus / "README.md").write_text("What this is.")
    (corpus / "dev/pairs.tsv").write_text("Ann\tBob\tKnows\tAnn sees Bob.\n")
    ended = ran(corpus, tmp_path / "out", "--to", "doccano", "--lossy")
    assert "2 documents, 5 entities, 3 relations -> 2 documents, 5 entities, 3 relations of doccano" in ended.stdout, ended.stderr
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert files == ["dev/pairs.jsonl", "train.jsonl"]


def test_a_file_of_any_name_is_read_and_one_of_no_format_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("a.jsonl", "b.ndjson", "c.jsonlines", "noext"):
        (tmp_path / "corpus" / name).write_text('{"text": "Ann met Bob.", "e1": [0, 3], "e2": [8, 11], "relation": "Met"}\n')
    assert ran(tmp_path / "corpus", tmp_path / "out", "--to", "jsonl").stdout.startswith("convert: 4 documents, ")
    (tmp_path / "corpus/notes.pdf").write_text("%PDF")
    ended = ran(tmp_path / "corpus", tmp_path / "other", "--to", "jsonl")
    assert "notes.pdf: this is no format that we know: its first line is %PDF\n  hint: name its format with --from" in ended.stderr
    assert "how to come from others: docs/formats.md" in ended.stderr


def test_a_file_that_a_folder_of_brat_would_hide_is_a_problem(brat: Path, tmp_path: Path) -> None:
    (brat / "more.ndjson").write_text("{}")
    ended = ran(brat, tmp_path / "out", "--to", "jsonl")
    assert "more.ndjson: a file in a folder of brat\n  hint: put it beside the folder" in ended.stderr


@pytest.mark.parametrize("asked", ["brat", "spert"])
def test_a_format_of_files_is_none_of_a_folder(brat: Path, spert: Path, tmp_path: Path, asked: str) -> None:
    (brat / "doc.ann").write_text("what?")
    ended = ran(spert if asked == "brat" else brat, tmp_path / "out", "--to", "jsonl", "--from", asked)
    assert "this is spert, not brat" in ended.stderr or "this is a folder of .ann files, and brat is" in ended.stderr


def test_folders_and_files_that_differ_behind_a_dot_have_ids_of_their_own(brat: Path, spert: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for name in ("v.1", "v.2"):
        shutil.copytree(brat, corpus / name)
    for name in ("a.json", "a.jsonl", "b.json"):
        (corpus / name).write_bytes(spert.read_bytes())
    assert ran(corpus, tmp_path / "out", "--to", "brat").returncode == 0
    ids = [document.id for document in documents("brat", tmp_path / "out")]
    assert ids == ["a.json/7", "a.jsonl/7", "b/7", "v.1/doc", "v.2/doc"]


def test_a_folder_becomes_one_folder_of_brat(spert: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("train.json", "test.json"):
        (tmp_path / "corpus" / name).write_bytes(spert.read_bytes())
    assert ran(tmp_path / "corpus", tmp_path / "out", "--to", "brat").returncode == 0
    assert [document.id for document in documents("brat", tmp_path / "out")] == ["test/7", "train/7"]


def test_two_files_of_one_target_are_a_problem(spert: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("train.json", "train.jsonl"):
        (tmp_path / "corpus" / name).write_bytes(spert.read_bytes())
    ended = ran(tmp_path / "corpus", tmp_path / "out", "--to", "conll")
    assert "train.json and train.jsonl would both be train.conll" in ended.stderr


def test_problems_of_the_source_are_all_told_and_nothing_is_written(spert: Path, tmp_path: Path) -> None:
    bad = [{**PUB, "relations": [{"type": "Owns", "head": 0, "tail": 9}]}, PUB, {**PUB, "tokens": 3}]
    spert.write_text("\n".join(map(json.dumps, bad)))
    ended = ran(spert, tmp_path / "out.jsonl", "--to", "doccano")
    assert ended.returncode == 1
    assert f"{spert}:1: the tail of relation 0 is 9, there are 3 entities" in ended.stderr
    assert f"{spert}:3: tokens is 3" in ended.stderr
    assert "params.yaml" not in ended.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_what_is_there_is_not_replaced(spert: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("mine")
    ended = ran(spert, tmp_path / "mine.jsonl", "--to", "doccano")
    assert "mine.jsonl: there is something already" in ended.stderr
    assert (tmp_path / "mine.jsonl").read_text() == "mine"


def test_a_target_inside_the_source_is_refused(brat: Path) -> None:
    ended = ran(brat, brat / "out.json", "--to", "spert")
    assert "the output is, holds or lies in the input" in ended.stderr


def test_another_format_than_the_one_named_is_said_once(spert: Path, tmp_path: Path) -> None:
    ended = ran(spert, tmp_path / "out.jsonl", "--to", "doccano", "--from", "tacred")
    assert "this is spert, not tacred\n  hint: name that format with --from" in ended.stderr


def test_a_file_of_no_format_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/notes.txt").write_text("Dear all,\n")
    ended = ran(tmp_path / "corpus", tmp_path / "out", "--to", "doccano")
    assert "this is no format that we know: its first line is Dear all," in ended.stderr


def test_a_folder_without_annotations_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    assert "the folder has no annotations" in ran(tmp_path / "corpus", tmp_path / "out", "--to", "tsv").stderr


def test_what_no_rule_knows_of_is_told_with_its_place(spert: Path, tmp_path: Path) -> None:
    marked = {**PUB, "tokens": ["\ufeffAnn", "and", "Bob", "own", "a", "pub", "."]}
    spert.write_text("\n".join(map(json.dumps, [PUB, marked, {**PUB, "tokens": 3}])))
    ended = ran(spert, tmp_path / "out", "--to", "brat")
    assert f"{spert}:2: brat cannot hold a document: " in ended.stderr
    assert f"{spert}:3: tokens is 3" in ended.stderr
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("out", ".out"))] == ["out.problems.jsonl"]


def test_what_an_annotator_skipped_is_counted(tmp_path: Path) -> None:
    row = {"text": "Ann left.", "spans": [{"start": 0, "end": 3, "label": "P"}], "relations": [], "answer": "accept"}
    (tmp_path / "answers.jsonl").write_text("\n".join(json.dumps({**row, "answer": answer}) for answer in ("accept", "reject")))
    ended = ran(tmp_path / "answers.jsonl", tmp_path / "out.jsonl", "--to", "doccano")
    assert "convert: left out by its annotator: 1 document, " in ended.stderr
    assert ended.stdout.startswith("convert: 1 document, 1 entity, 0 relations -> 1 document, 1 entity, 0 relations")


def test_a_name_that_stands_twice_may_be_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("Ann\tBob\tKnows\tAnn and Ann see Bob.\n")
    arguments = (tmp_path / "pairs.tsv", tmp_path / "out.jsonl", "--to", "prodigy")
    assert "the head 'Ann' stands at 2 places: 0, 8" in ran(*arguments).stderr
    assert ran(*arguments, "--ambiguous", "nearest").returncode == 0
    (document,) = documents("prodigy", tmp_path / "out.jsonl")
    assert document.entities[0].cover.start == 8


def test_regions_of_label_studio_that_are_not_read_are_a_loss_that_is_counted(tmp_path: Path) -> None:
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3, "hypertextlabels": ["Per"]}
    result = [{"id": "h", "type": "hypertextlabels", "from_name": "label", "to_name": "text", "value": value}]
    task = {"id": 1, "data": {"text": "Ann left."}, "annotations": [{"id": 2, "result": result}]}
    (tmp_path / "export.json").write_text(json.dumps([task]))
    ended = ran(tmp_path / "export.json", tmp_path / "out", "--to", "brat")
    assert ended.returncode == 1
    assert "export.json:1: brat cannot hold 1 regions of Label Studio that are not read" in ended.stderr
    ended = ran(tmp_path / "export.json", tmp_path / "out", "--to", "brat", "--lossy")
    assert "lost: 1 regions of Label Studio that are not read: they are left out" in ended.stderr
