"""Tiny encoders with random weights and vocabularies of their own, as `save_pretrained` writes them."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

from pipeline.core import params
from pipeline.core.schema import EncoderDescription
from pipeline.core.stage import quiet
from pipeline.encoding import freeze

WORDS = [
    "the",
    "engine",
    "of",
    "a",
    "car",
    "cause",
    "##s",
    "##ing",
    "fire",
    "box",
    "hold",
    "is",
    "in",
    "from",
    "##es",
    ".",
    ",",
    "'",
]
CHINESE = [
    *"中国的人在机器里有一个大火车和水发动。昨夜给山谷带来了场暴雨雪雷电地震洪灾害这次是造成！停工把装到上轮窗户门船老师说，旁边对吗？图书馆学校站医院北京公园河据《》２０４年第期报道：病毒会引起３９℃高烧（约占％）"
]
LETTERS = [*string.ascii_lowercase, *string.digits, *string.punctuation]
WORDPIECE = list(dict.fromkeys([*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), *CHINESE]))
SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
NAMES = {"bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert", "electra": "Electra", "mpnet": "MPNet"}  # of classes
KINDS = tuple(NAMES)


def make_bert(folder: Path) -> Path:
    """Write a tiny BERT whose WordPiece vocabulary spells any ASCII word and the Chinese of tests/test_chinese.py."""
    return make("bert", folder)


def make(kind: str, folder: Path, max_positions: int = 64, seed: int = 0, **shape: Any) -> Path:
    """Write a tiny encoder of a kind of KINDS; max_positions as the model's config counts them, shape as BERT's config names it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = {"roberta": _byte_pairs, "mpnet": _mpnet}.get(kind, _word_pieces)(folder, kind)
    save_random(kind, folder, tokenizer, max_positions, seed, **{**SHAPE, **shape})
    return folder


def save_random(kind: str, folder: Path, tokenizer: Any, max_positions: int, seed: int = 0, **shape: Any) -> Any:
    """Write an encoder of random weights for a tokenizer's vocabulary, which is not written; the model."""
    quiet()
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    import transformers

    config = getattr(transformers, f"{NAMES[kind]}Config")(
        vocab_size=len(tokenizer),
        max_position_embeddings=max_positions,
        pad_token_id=tokenizer.pad_token_id,
        **_shape_of(kind, shape),
    )
    model = getattr(transformers, f"TF{NAMES[kind]}Model")(config)
    model(tf.constant([[3, 4, 5]]))
    # Random weights near zero make all words alike; wide ones tell one from another.
    weights = zip(model.get_weights(), model.weights, strict=True)
    model.set_weights([weight * 10 if "embeddings" in variable.name else weight for weight, variable in weights])
    model.save_pretrained(folder, safe_serialization=True)
    return model


def build(saved: Path, layers: tuple[int, ...] = (-1,)) -> EncoderDescription:
    """What the encoder stage says of a saved encoder, frozen beside it."""
    return freeze.build(params.Encoder(str(saved), None, layers), saved.parent / "built")[0]


def _shape_of(kind: str, shape: dict[str, Any]) -> dict[str, Any]:
    """A shape of BERT's in the words of another kind's config."""
    if kind == "distilbert":
        return {
            "dim": shape["hidden_size"],
            "n_layers": shape["num_hidden_layers"],
            "n_heads": shape["num_attention_heads"],
            "hidden_dim": shape["intermediate_size"],
        }
    return {**shape, "embedding_size": 8} if kind == "electra" else shape


def _word_pieces(folder: Path, kind: str) -> Any:
    import transformers

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *WORDPIECE]) + "\n", encoding="utf-8")
    tokenizer = getattr(transformers, f"{NAMES[kind]}TokenizerFast")(str(folder / "vocab.txt"), model_max_length=512)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _mpnet(folder: Path, kind: str) -> Any:
    import transformers

    special = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]
    (folder / "vocab.txt").write_text("\n".join([*special, *WORDPIECE]) + "\n", encoding="utf-8")
    tokenizer = transformers.MPNetTokenizerFast(str(folder / "vocab.txt"), model_max_length=512)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _byte_pairs(folder: Path, kind: str) -> Any:
    import transformers
    from tokenizers.pre_tokenizers import ByteLevel

    alphabet = sorted(ByteLevel.alphabet())
    pairs = ["t h", "th e", "Ġ the", "i n", "e n", "c a", "Ġ a"]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet, *(pair.replace(" ", "") for pair in pairs)]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs]) + "\n", encoding="utf-8")
    tokenizer = transformers.RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=512)
    tokenizer.save_pretrained(folder)
    return tokenizer
