"""What changed between two folders: each kind of change, its place, and the numbers of labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.annotation.data_changes import DataChanges, compare_data, label_changes
from pipeline.annotation.versions import Version
from pipeline.core.errors import InputError
from tests.support.versions import SENTENCES, Sentences, make, without


def compared(tmp_path: Path, new: Sentences, most: int | None = None, **others: Sentences) -> DataChanges:
    sides = [make(tmp_path / "old"), make(tmp_path / "new", new, **others)]
    return compare_data(*(Version(str(folder), folder) for folder in sides), most)


def told(changes: DataChanges) -> list[tuple[str, str, str]]:
    return [(change.kind, change.id, Path(change.source).name) for change in changes.changes]


def test_the_same_annotations_have_no_change(tmp_path: Path) -> None:
    changes = compared(tmp_path, SENTENCES)
    assert (changes.changed, told(changes), list(label_changes(changes))) == (0, [], [])


def test_another_label_is_told_with_its_line_and_counted(tmp_path: Path) -> None:
    changes = compared(tmp_path, {**SENTENCES, "2": (SENTENCES["2"][0], "Other")})
    assert told(changes) == [("relabelled", "2", "train.txt:5")]
    assert changes.relabelled == {("Component-Whole(e1,e2)", "Other"): 1}
    assert list(label_changes(changes)) == [("train", "Component-Whole(e1,e2)", 1, 0), ("train", "Other", 1, 2)]


def test_a_row_that_came_and_one_that_went_are_told_where_they_are(tmp_path: Path) -> None:
    changes = compared(tmp_path, {**without("1"), "5": ("A <e1>dog</e1> guards the <e2>gate</e2>.", "Other")})
    assert told(changes) == [("removed", "1", "train.txt:1"), ("added", "5", "train.txt:13")]
    assert [Path(change.source).parts[-4] for change in changes.changes] == ["old", "new"]


def test_a_row_in_another_split_has_moved(tmp_path: Path) -> None:
    changes = compared(tmp_path, without("3"), test={"3": SENTENCES["3"]})
    assert told(changes) == [("moved", "3", "test.txt:1")]
    assert changes.moved == {("train", "test"): 1}
    assert list(label_changes(changes)) == [("train", "Other", 1, 0), ("test", "Other", 0, 1)]


def test_a_row_that_moved_and_was_relabelled_is_one_document_and_two_changes(tmp_path: Path) -> None:
    changes = compared(tmp_path, without("2"), test={"2": (SENTENCES["2"][0], "Other")})
    assert (changes.changed, [kind for kind, *_ in told(changes)]) == (1, ["moved", "relabelled"])


def test_a_text_that_was_edited_is_no_new_row(tmp_path: Path) -> None:
    changes = compared(tmp_path, {**SENTENCES, "3": ("The old <e1>baker</e1> sold us some <e2>bread</e2>.", "Other")})
    assert told(changes) == [("edited", "3", "train.txt:9")]


def test_a_mark_at_another_place_is_an_entity_that_moved(tmp_path: Path) -> None:
    changes = compared(tmp_path, {**SENTENCES, "3": ("The <e1>baker</e1> sold us <e2>some bread</e2>.", "Other")})
    assert told(changes) == [("entity_moved", "3", "train.txt:9")]


def test_rows_with_other_numbers_are_counted_and_no_change(tmp_path: Path) -> None:
    changes = compared(tmp_path, {f"10{row_id}": sentence for row_id, sentence in SENTENCES.items()})
    assert (changes.changed, changes.renamed) == (0, 4)


def test_a_file_with_another_name_is_told_and_no_change(tmp_path: Path) -> None:
    sides = [Version(name, make(tmp_path / name)) for name in ("old", "new")]
    (tmp_path / "new/data/raw/train.txt").rename(tmp_path / "new/data/raw/train_new.txt")
    changes = compare_data(*sides, None)
    assert (changes.changed, changes.files) == (0, {("train.txt", "train_new.txt"): 4})


def test_of_each_kind_no_more_changes_are_kept_than_asked(tmp_path: Path) -> None:
    changes = compared(tmp_path, {row_id: (text, "Other") for row_id, (text, _) in SENTENCES.items()}, most=2)
    assert (len(changes.changes), changes.kinds["relabelled"]) == (2, 3)


def test_a_row_that_cannot_be_read_is_counted_with_its_place(tmp_path: Path) -> None:
    changes = compared(tmp_path, {**SENTENCES, "2": ("A <e1>wheel came off the old <e2>cart</e2>.", "Other")})
    assert changes.new.unread == 1
    assert "train.txt:5: " in changes.new.first_unread
    assert told(changes) == [("removed", "2", "train.txt:5")]


def test_the_same_annotations_in_another_format_have_no_change(tmp_path: Path) -> None:
    from pipeline import convert

    old, new = make(tmp_path / "old"), make(tmp_path / "new")
    (new / "data/raw/train.txt").unlink()
    convert.main(old / "data/raw/train.txt", new / "data/raw/train.jsonl", to="jsonl")
    changes = compare_data(Version("old", old), Version("new", new), None)
    assert (changes.changed, changes.files) == (0, {("train.txt", "train.jsonl"): 4})


def test_a_folder_without_annotations_is_told(tmp_path: Path) -> None:
    old = make(tmp_path / "old")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/params.yaml").write_bytes((old / "params.yaml").read_bytes())
    with pytest.raises(InputError, match="new/data/raw: there is no such folder"):
        compare_data(Version("old", old), Version("new", tmp_path / "new"), None)
