import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import datasets_folder
from tests.support.documents import documents

ENTITIES = (Entity("T1", (Span(0, 3), Span(8, 11)), "Peop"), Entity("T2", (Span(12, 15),)))
RELATIONS = (Relation("T2", "T1", "Met|By", "ann"), Relation("T1", "T2", "Kill"), Relation("T1", "T2", None))
TRAIN = datasets_folder.DATA.format(split="train")
EXAMPLE = Document("7", "f:1", "Ada met Eve Bob", ENTITIES, RELATIONS, meta={"page": [3]})


def rows(folder):
    from datasets import Dataset

    return Dataset.from_parquet(str(folder / TRAIN), cache_dir=str(folder / "cache"), keep_in_memory=True)


def span(pair) -> Span:
    return Span(*pair)


def from_row(row, features) -> Document:
    """A document as a row of the dataset tells it."""
    (types, labels) = (features[name].feature[of] for name, of in (("entities", "type"), ("relations", "label")))
    entities = tuple(
        Entity(entity["id"], tuple(map(span, entity["spans"])), None if entity["type"] is None else types.int2str(entity["type"]))
        for entity in row["entities"]
    )
    relations = tuple(
        Relation(
            entities[relation["head"]].id,
            entities[relation["tail"]].id,
            None if relation["label"] is None else labels.int2str(relation["label"]),
            relation["annotator"],
        )
        for relation in row["relations"]
    )
    words, sentences = (row[name] if row[name] is None else tuple(map(span, row[name])) for name in ("words", "sentences"))
    meta = json.loads(row["meta"])
    return Document(row["id"], row["source"], row["text"], entities, relations, words, sentences, row["complete"], meta)


def test_labels_and_types_are_class_labels_in_the_order_of_names(tmp_path):
    datasets_folder.write([EXAMPLE], tmp_path)
    features = rows(tmp_path).features
    assert features["relations"].feature["label"].names == ["Kill", "Met|By"]
    assert features["entities"].feature["type"].names == ["Peop"]


def test_a_row_tells_all_of_a_document(tmp_path):
    datasets_folder.write([EXAMPLE], tmp_path)
    (row,) = (read := rows(tmp_path))
    assert from_row(row, read.features) == EXAMPLE


def test_the_folder_is_loaded_by_its_name(tmp_path):
    from datasets import load_dataset

    datasets_folder.write([EXAMPLE, replace(EXAMPLE, id="8")], tmp_path / "set")
    loaded = load_dataset(str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["id"][:] == ["7", "8"]
    assert loaded.features["relations"].feature["label"].names == ["Kill", "Met|By"]


def test_documents_of_test_files_are_no_part_of_train(tmp_path):
    from datasets import load_dataset

    kept = [replace(EXAMPLE, id=name) for name in ("train/7", "dev/a/7", "test_documents/7", "TESTSET/8", "more/9", "test-9")]
    datasets_folder.write([*kept, replace(EXAMPLE, id="test/8", relations=RELATIONS[:1])], tmp_path / "set")
    loaded = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {split: own["id"][:] for split, own in loaded.items()} == {
        "train": ["train/7", "more/9", "test-9"],
        "validation": ["dev/a/7"],
        "test": ["test_documents/7", "TESTSET/8", "test/8"],
    }
    assert {tuple(own.features["relations"].feature["label"].names) for own in loaded.values()} == {("Kill", "Met|By")}


def test_the_card_counts_and_escapes(tmp_path):
    datasets_folder.write([EXAMPLE, replace(EXAMPLE, id="8")], tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    _, head, body = card.split("---\n", 2)
    assert yaml.safe_load(head)["configs"][0]["data_files"] == [{"split": "train", "path": "data/train.parquet"}]
    assert "2 documents with 4 entities and 6 relations." in body
    assert "| Kill | 2 |\n| Met\\|By | 2 |" in body
    assert "| Peop | 2 |" in body


def test_no_documents_make_an_empty_dataset(tmp_path):
    datasets_folder.write([], tmp_path)
    assert pq.read_metadata(tmp_path / TRAIN).num_rows == 0  # which `datasets` does not open
    assert "There are none." in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_same_documents_make_the_same_bytes(tmp_path):
    for name in "ab":
        datasets_folder.write(iter([EXAMPLE]), tmp_path / name)
    for name in (TRAIN, "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    "bad", [replace(EXAMPLE, text="\ud83d" + EXAMPLE.text[1:]), replace(EXAMPLE, meta={"share": float("nan")})]
)
def test_what_a_dataset_cannot_hold_is_not_written(tmp_path, bad):
    with pytest.raises(ValueError, match=r"."):
        datasets_folder.write([bad], tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@settings(deadline=None, max_examples=20)
@given(st.lists(documents(datasets_folder.HOLDS), min_size=1, max_size=3))
def test_a_dataset_tells_all_of_its_documents(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("dataset")
    datasets_folder.write(drawn, folder)
    read = rows(folder)
    assert [from_row(row, read.features) for row in read] == drawn
