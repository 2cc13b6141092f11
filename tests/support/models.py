"""A folder of tiny models of each kind that predicts in its own way, and sentences for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pipeline.core import params
from pipeline.encoding import freeze
from pipeline.model import frozen, network
from pipeline.model.manifest import Manifest
from tests.support import encoders, tiny

MAX_LENGTH = 9
MARKED = [
    "The <e1>cat</e1> sat on the mats of the <e2>old house</e2>.",
    "<e1>Rain</e1>-<e2>fall</e2>",
    "Well before the war, they say, the <e1>smith</e1> made his <e2>sword</e2> of iron, and he sold it at the fair.",
    "the <e1>re</e1>builder's <e2>house</e2>",
]
PLAIN = ["One two three four five, six seven.", "Is it not so, says the man of the house?"]
KINDS: dict[str, dict[str, object]] = {
    "shared": {},
    "none": {"positions": "none", "pooling": "max+entities"},
    "blind": {"positions": "none"},
    "untagged": {"tasks": ("relation",)},
}


def make(folder: Path) -> dict[str, network.Model]:
    """Write a tiny encoder and, beside it, a model of each kind of KINDS; the Keras models by kind."""
    settings = params.Encoder(str(encoders.make_bert(folder / "tiny")), None, (-1,))
    description, _ = freeze.build(settings, folder / "encoder")
    embedding = {"encoder": dataclasses.asdict(description), "backend": "openvino", "precision": "float32", "pooling": "mean"}
    notes = {"language": "en", "segmenter": "char", "max_length": MAX_LENGTH}
    models = {}
    for kind, changes in KINDS.items():
        config = dataclasses.replace(tiny.config(lstm_units=8, **changes), width=description.width, n_layers=1)
        models[kind] = network.Model(config)
        (folder / kind).mkdir()
        network.save(models[kind], folder / kind)
        frozen.freeze(models[kind], folder / kind)
        Manifest.of(folder / kind, notes, embedding).write(folder / kind)
    return models
