"""What networks that never saw a row say of it: out-of-fold predictions, as experiments/held_out.py writes them.

rows.arrow        ROWS: each labelled pair with the probability of every relation
entities.arrow    ENTITIES: the entities of the sentences of which all are annotated, those annotated and those found
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.core import manifests, outputs
from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError
from pipeline.core.manifests import Kind
from pipeline.core.stage import stage_paths

EXPERIMENT = Path("experiments/doubtful/dvc.yaml")  # what make doubtful runs
PLACE = [("split", pa.string()), ("id", pa.string()), ("source", pa.string()), ("text_key", pa.uint64())]
ROWS = pa.schema([*PLACE, ("relation", pa.string()), ("fold", pa.int32()), ("probabilities", pa.list_(pa.float32()))])
ENTITIES = pa.schema(
    [
        *PLACE,  # of the sentence
        ("start", pa.int32()),  # in characters of the sentence, half-open
        ("end", pa.int32()),
        ("type", pa.string()),  # "" where tags have none
        ("annotated", pa.bool_()),
        ("probability", pa.float32()),  # of just these words and this type
    ]
)
FILES = {"rows": ROWS, "entities": ENTITIES}


@dataclass(frozen=True)
class HeldOutDescription:
    """What the manifest of held-out predictions tells."""

    relations: tuple[str, ...]  # R, in the order of probabilities
    negative_label: str
    n_folds: int
    seeds: tuple[int, ...]  # whose probabilities are averaged


HELD_OUT = Kind("held-out", 1, HeldOutDescription, "run make doubtful")


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions: N rows of ROWS and M of ENTITIES."""

    about: HeldOutDescription
    rows: pa.Table
    entities: pa.Table

    @property
    def probabilities(self) -> Floats:
        """(N, R) the probability of every relation of each row."""
        flat: Floats = pc.list_flatten(self.rows["probabilities"]).to_numpy()
        return flat.reshape(len(self.rows), len(self.about.relations))

    def write(self, folder: Path) -> None:
        """Write the folder, whole or not at all."""
        with outputs.made_whole(folder) as scratch:
            for name, table in (("rows", self.rows), ("entities", self.entities)):
                with pa.OSFile(str(scratch / f"{name}.arrow"), "wb") as file, pa.ipc.new_file(file, FILES[name]) as writer:
                    writer.write_table(table.cast(FILES[name]))
            manifests.seal(scratch, HELD_OUT, self.about)

    @classmethod
    def read(cls, folder: Path) -> HeldOut:
        """Read the folder.

        Raises: InputError where it is missing, damaged or another version's.
        """
        about, files = manifests.open_sealed(folder, HELD_OUT)
        tables = {path.stem: _read(path) for path in files if path.stem in FILES}
        for name, schema in FILES.items():
            if name not in tables or tables[name].schema != schema:
                raise InputError.of(folder / f"{name}.arrow", "it is not there, or has other columns", HELD_OUT.remake)
        held_out = cls(about, tables["rows"], tables["entities"])
        counts = pc.list_value_length(held_out.rows["probabilities"]).to_numpy()
        if (counts != len(about.relations)).any():
            raise InputError.of(folder, "a row has not one probability a relation", HELD_OUT.remake)
        return held_out


def folder() -> Path:
    """Where make doubtful writes, which need not be there yet.

    Raises: InputError where the experiment is not there.
    """
    return Path(stage_paths("experiments.held_out", EXPERIMENT)[-1])


def _read(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        table: pa.Table = pa.ipc.open_file(file).read_all()
    return table


def text_hash(text: str) -> int:
    """A 64-bit hash, by which a text is recognised."""
    return xxhash.xxh3_64_intdigest(text.encode())


def place_columns(table: pa.Table, split: str) -> dict[str, pa.Array | pa.ChunkedArray]:
    """The columns of PLACE of the rows or sentences of a split."""
    splits = pa.array(np.full(len(table), split))
    keys = pa.array(map(text_hash, table["text"].to_pylist()), pa.uint64())
    return {"split": splits, "id": table["id"], "source": table["source"], "text_key": keys}
