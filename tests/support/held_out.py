"""Held-out predictions made by hand, and a corpus of a few rows to review."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from pipeline.annotation.held_out import ENTITIES, ROWS, HeldOut, HeldOutDescription, place_columns
from pipeline.core import params, storage
from pipeline.core.schema import PARSE, SPLITS, ParseNotes
from pipeline.core.storage import StageOutput
from tests.support.project import ROOT, set_params

RELATIONS = ("Based-In", "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other", "Works-For")
BLOCKS = {
    "train": (
        ("1", "The <e1>rain</e1> caused a <e2>flood</e2>.", "Cause-Effect(e1,e2)"),
        ("2", "The <e1>cough</e1> came from the <e2>smoke</e2>.", "Cause-Effect(e2,e1)"),
        ("3", "The <e1>wind</e1> broke the <e2>mast</e2>.", "Other"),
    ),
    "validation": (("4", "A <e1>cat</e1> sat on a <e2>mat</e2>.", "Other"),),
    "test": (
        ("5", "The <e1>frost</e1> cracked a <e2>pipe</e2>.", "Cause-Effect(e1,e2)"),
        ("6", "A <e1>hat</e1> hung on a <e2>nail</e2>.", "Other"),
    ),
}
DOCUMENT = {
    "id": "d-1",
    "text": "Ann works for Acme. It is based in Oslo.",
    "entities": [
        {"id": "T1", "spans": [[0, 3]], "type": "PER"},
        {"id": "T2", "spans": [[14, 18]], "type": "ORG"},
        {"id": "T3", "spans": [[35, 39]], "type": "LOC"},
    ],
    "relations": [{"head": "T1", "tail": "T2", "label": "Works-For"}, {"head": "T2", "tail": "T3", "label": "Based-In"}],
}


def write_corpus(folder: Path) -> None:
    """Annotations of a few pairs and a document, params.yaml and dvc.yaml."""
    raw = folder / "data/raw"
    raw.mkdir(parents=True)
    for split, blocks in BLOCKS.items():
        lines = (f'{row_id}\t"{sentence}"\n{relation}\n\n' for row_id, sentence, relation in blocks)
        (raw / f"{split}.txt").write_text("".join(lines))
    (raw / "train_documents.jsonl").write_text(json.dumps(DOCUMENT) + "\n")
    (folder / params.FILE).write_text((ROOT / params.FILE).read_text())
    set_params(folder, {"parse": {"negatives": "none"}})
    (folder / "dvc.yaml").write_text((ROOT / "dvc.yaml").read_text())
    experiment = {"cmd": "python -m experiments.held_out doubtful data/positioned data/embedded held_out"}
    (folder / "doubtful.yaml").write_text(yaml.safe_dump({"stages": {"doubtful": experiment}}))


def of_rows(parsed: StageOutput[ParseNotes], relations: Sequence[str], tell: Callable[[str, str], Sequence[float]]) -> HeldOut:
    """Predictions of the rows of train and validation, by `tell` of the id and the label of each; none of entities."""
    parts = []
    for split in SPLITS[:2]:
        rows = parsed.tables[split]
        told = [list(tell(*row)) for row in zip(rows["id"].to_pylist(), rows["relation"].to_pylist(), strict=True)]
        columns = {"relation": rows["relation"], "fold": np.zeros(len(rows), np.int32), "probabilities": told}
        parts.append(pa.table({**place_columns(rows, split), **columns}, ROWS))
    return HeldOut(HeldOutDescription(tuple(relations), "Other", 2, (1, 2)), pa.concat_tables(parts), ENTITIES.empty_table())


def write_held_out(
    folder: Path, probabilities: Mapping[str, Sequence[float]], entities: Sequence[tuple[int, int, str, bool, float]]
) -> None:
    """Predictions of the rows of train and validation of data/parsed.

    Args: probabilities: of RELATIONS by the id of a row; any other row is sure of its label; entities: start, end, type, whether
        annotated and probability, of the first sentence of DOCUMENT.
    """
    parsed = storage.read(folder / "data/parsed", PARSE)
    sure = {label: [float(name == label) for name in RELATIONS] for label in RELATIONS}
    told = of_rows(parsed, RELATIONS, lambda row_id, label: probabilities.get(row_id, sure[label]))
    first = parsed.sentences["train"].slice(0, 1)
    place = {name: column.to_pylist()[0] for name, column in place_columns(first, "train").items()}
    names = ("start", "end", "type", "annotated", "probability")
    found = pa.Table.from_pylist([{**place, **dict(zip(names, entity, strict=True))} for entity in entities], ENTITIES)
    replace(told, entities=found).write(folder / "held_out")
