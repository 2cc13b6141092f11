"""A folder of tiny models of each kind that predicts in its own way, and sentences for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from pipeline.core import manifests, outputs, params
from pipeline.encoding import freeze
from pipeline.encoding.sentences import describe_vectors
from pipeline.model import frozen
from pipeline.model.manifest import MODEL, ModelDescription
from pipeline.model.relation_model import RelationModel
from tests.support import encoders, tiny

MAX_LENGTH = 9
EMBED = params.Embed("openvino", "float32", "mean", batch_pieces=2_048, shard_words=1_000, max_stale=0.5)
MARKED = [
    "The <e1>cat</e1> sat on the mats of the <e2>old house</e2>.",
    "<e1>Rain</e1>-<e2>fall</e2>",
    "Well before the war, they say, the <e1>smith</e1> made his <e2>sword</e2> of iron, and he sold it at the fair.",
    "the <e1>re</e1>builder's <e2>house</e2>",
]
PLAIN = ["One two three four five, six seven.", "Is it not so, says the man of the house?"]
KINDS: dict[str, dict[str, Any]] = {
    "shared": {},
    "none": {"positions": "none", "pooling": "max+entities"},
    "blind": {"positions": "none"},
    "untagged": {"tasks": ("relation",)},
}


def make(folder: Path) -> dict[str, RelationModel]:
    """Write a tiny encoder and, beside it, a model of each kind of KINDS; the Keras models by kind."""
    settings = params.Encoder(str(encoders.make_bert(folder / "tiny")), None, (-1,))
    encoder, _ = freeze.build(settings, folder / "encoder")
    vectors = describe_vectors(encoder, EMBED)
    notes = dataclasses.replace(tiny.NOTES, max_length=MAX_LENGTH)
    models = {}
    for kind, changes in KINDS.items():
        models[kind] = RelationModel(tiny.config(vectors, lstm_units=8, **changes))
        with outputs.made_whole(folder / kind) as scratch:
            models[kind].save(scratch)
            frozen.freeze(models[kind], scratch)
            manifests.seal(scratch, MODEL, ModelDescription.of(models[kind].config, notes, vectors))
    return models
