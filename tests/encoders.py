"""Tiny encoders with random weights, as `save_pretrained` would write them."""

from __future__ import annotations

import json
import string
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_bert(folder: Path, extra: str = "", max_pieces: int = 64) -> Path:
    """A BERT of two layers, 16-d, whose WordPiece vocabulary spells any ASCII word and the characters of `extra`."""
    from pipeline.stage import quiet

    quiet()
    import tensorflow as tf

    assert tf.keras.layers.Layer  # before transformers, which cannot import Keras otherwise
    from transformers import BertConfig, BertTokenizerFast, TFBertModel

    folder.mkdir(parents=True, exist_ok=True)
    letters = string.ascii_lowercase + string.digits + string.punctuation + extra
    vocabulary = [*SPECIAL, "the", "of", "##ing", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=max_pieces)
    tokenizer.save_pretrained(str(folder))
    tf.keras.utils.set_random_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=max_pieces,
    )
    model = TFBertModel(config)
    model(tf.constant([[2, 3]]))
    model.save_pretrained(str(folder), safe_serialization=True)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "bert"
    return folder
