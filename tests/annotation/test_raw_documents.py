"""The documents that rows come from, of several on one line too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import parse
from pipeline.annotation.corpus_items import _relation_scores
from pipeline.annotation.raw_documents import RawDocuments, ends_of
from pipeline.core import storage
from pipeline.core.schema import PARSE
from pipeline.corpus.document import Document, Entity, Relation
from tests.test_adopt import DVC, set_params

TEXT = "Ann met Bob and Cy in Rome"
PAIRS = {"1": ([0, 3], [8, 11]), "10": ([0, 3], [16, 18]), "2": ([8, 11], [22, 26])}


def rows_of(split: str) -> str:
    """A file of one line, whose ids other files have too."""
    own = [
        {"id": row_id, "text": f"{TEXT} {split}.", "e1": e1, "e2": e2, "relation": "Met(e1,e2)"}
        for row_id, (e1, e2) in PAIRS.items()
    ]
    return json.dumps(own)


@pytest.fixture
def _corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(DVC)
    set_params()
    for split in ("train", "validation", "test"):
        path = Path(f"data/raw/part/{split}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rows_of(split))
    parse.main(Path("data/raw"), Path("data/parsed"))


@pytest.mark.usefixtures("_corpus")
def test_rows_whose_ids_several_files_have_find_their_own_documents_on_one_line():
    parsed = storage.read(Path("data/parsed"), PARSE)
    rows = [row for table in parsed.tables.values() for row in table.to_pylist()]
    raw = RawDocuments(Path("data/raw"), {row["source"] for row in rows})
    found = [(row, raw.of_row(row["id"], row["source"], row["text"])) for row in rows]
    assert {row["id"] for row in rows} >= {"part/train/1", "part/train/10", "part/test/2"}
    assert [document.id for _, document in found] == [row["id"].rpartition("/")[2] for row in rows]
    assert all(ends_of(row["id"], document) is not None for row, document in found)


def test_the_pair_of_a_row_is_told_behind_its_file():
    entities = tuple(Entity(name, ()) for name in ("T1", "T2", "T3"))
    document = Document("7", "data/raw/part/train.json:1", TEXT, entities, (Relation("T1", "T2", "A"), Relation("T3", "T1", "B")))
    assert ends_of("part/train/7:T3-T1~2", document) == ("T3", "T1")
    scores = {"part/train/7:T1-T2": 0.25, "part/train/7:T3-T1": 0.5, "part/train/70:T1-T2": 0.75}
    assert _relation_scores(document, scores) == [0.25, 0.5]


def test_the_row_of_another_document_whose_id_begins_alike_scores_no_relation():
    document = Document("7", "data/raw/train.json:1", TEXT, (Entity("T1", ()), Entity("T2", ())), (Relation("T1", "T2", "A"),))
    assert _relation_scores(document, {"7": 0.25, "70": 0.5, "7~2": 0.75}) == [0.25]
