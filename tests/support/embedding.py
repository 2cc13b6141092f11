"""A small corpus to embed, a real tokenizer, and a stand-in for the encoder that needs no TensorFlow.

The stand-in mixes every piece with its neighbours, so that a wrong piece, order or sentence shows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import BertWordPieceTokenizer

from pipeline.core import manifests, outputs, storage
from pipeline.core.arrays import Floats
from pipeline.core.schema import ENCODER, POSITION, EncoderDescription
from pipeline.encoding.description import TOKENIZER
from pipeline.encoding.inference import Ids, Inference
from tests.support import rows

WIDTH = 4
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
DESCRIPTION = EncoderDescription(
    name="tiny",
    revision=None,
    weights_sha256="0" * 64,
    layers=(-1,),
    width=WIDTH,
    max_pieces=16,
    prefix_ids=(2,),
    suffix_ids=(3,),
    fingerprint="f" * 64,
)
NOUNS = ["cat", "engine", "box", "city", "wheel", "song", "glass"]
SENTENCES = [
    " ".join(["the"] * (index % 5) + [f"[e1 {NOUNS[index % 7]}{index}] of", f"[e2 {NOUNS[index % 4]}]"] + ["so"] * (index % 11))
    for index in range(60)
]


def stand_in(folder: Path, precision: str, threads: int | None = None) -> Inference:
    table = np.random.default_rng(0).normal(size=(100, WIDTH)).astype(np.float32)

    def encode(ids: Ids) -> Floats:
        hidden: Floats = table[ids]
        hidden[:, 1:] += hidden[:, :-1] / 2
        return hidden

    return Inference(encode, workers=2)


def write_encoder(folder: Path, description: EncoderDescription) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    tokenizer = BertWordPieceTokenizer({piece: index for index, piece in enumerate(vocabulary)})
    with outputs.made_whole(folder / "models/encoder") as scratch:
        tokenizer.save(str(scratch / TOKENIZER))
        manifests.seal(scratch, ENCODER, description)


def write_positioned(
    folder: Path, sentences: list[str], n_train: int | None = None, relation: str = "Other", first_id: int = 1
) -> None:
    n_train = n_train or len(sentences) - 2
    parts = {"train": sentences[:n_train], "validation": sentences[n_train:-1], "test": sentences[-1:]}
    splits = {split: [rows.positioned(*part, relation=relation, first_id=first_id)] for split, part in parts.items() if part}
    storage.write(folder / "data/positioned", POSITION, splits, rows.POSITION_NOTES)


def words_of(sentence: str) -> list[str]:
    return [piece.removesuffix("]") for piece in sentence.split() if piece not in {"[e1", "[e2"}]
