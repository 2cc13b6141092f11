"""Speed of prediction: in bulk beside the embed stage's inference, one sentence in memory, and a cold command. Prints JSON.

The sentences are the test split of a project that ran to the end, repeated with words of their own so that none is known twice.
Bulk and embed take turns, so that a noisy machine troubles both alike, and do the same work but for the network: both split
sentences into pieces and encode them; predict also finds words, reads and writes JSON lines.

    python benchmarks/predict.py PROJECT [--sentences 2000] [--rounds 3] [--singles 50] [--colds 3]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))
from pipeline import predict
from pipeline.core import storage
from pipeline.core.schema import CONTRACTS
from pipeline.encoding import pieces
from pipeline.encoding.windows import chunks
from pipeline.encoding.word_vectors import word_vectors
from pipeline.model.manifest import Manifest
from pipeline.prediction import trained_encoder
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Sentence

SENTENCE = "The <e1>rain</e1> that fell all night caused a terrible <e2>flood</e2> in the lower valley of the old town."


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def corpus(project: Path, n_sentences: int) -> tuple[list[str], pa.ListArray]:
    """Marked sentences as JSON lines, and the same as words."""
    table = storage.read(project / "data/positioned", CONTRACTS["position"]).tables["test"]
    rows = table.select(["text", "words", "starts", "e1_start", "e1_end", "e2_start", "e2_end"]).to_pylist()
    lines, words = [], []
    for number in range(n_sentences):
        row = rows[number % len(rows)]
        last = [start + len(word) for start, word in zip(row["starts"], row["words"], strict=True)]
        spans = {e: [row["starts"][row[f"{e}_start"]], last[row[f"{e}_end"] - 1]] for e in ("e1", "e2")}
        lines.append(json.dumps({"text": f"{row['text']} {number}", **spans}))
        words.append([*row["words"], str(number)])
    return lines, pa.array(words)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    for name, default in (("sentences", 2000), ("rounds", 3), ("singles", 50), ("colds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    model, encoder_folder = options.project / "models/relation", options.project / "models/encoder"
    lines, words = corpus(options.project, options.sentences)
    encoder = trained_encoder.load(encoder_folder, Manifest.read(model))
    tokenizer = pieces.load_tokenizer(encoder_folder)
    predictor = Predictor(model, encoder_folder)
    predict.Predictor = lambda *_: predictor  # type: ignore[assignment, misc]  # loaded once: bulk is measured without loading

    def embedded() -> None:
        for _ in word_vectors(encoder, chunks(words, tokenizer)):
            pass

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(lines))
        file.flush()

        def predicted() -> None:
            with redirect_stdout(io.StringIO()):
                predict.main([str(model), "--format", "jsonl", file.name])

        rounds = [(seconds(embedded), seconds(predicted)) for _ in range(options.rounds + 1)][1:]
    sentence = Sentence.of(
        "The <e1>rain</e1> that fell all night caused a terrible <e2>flood</e2> in the lower valley of the town."
    )
    singles = [seconds(lambda: predictor.predict([sentence])) for _ in range(options.singles)]
    command = [
        sys.executable,
        "-m",
        "pipeline.predict",
        str(model),
        "--encoder",
        str(encoder_folder),
        "--text",
        "<e1>a</e1> <e2>b</e2>",
    ]
    root = Path(__file__).parents[1]
    colds = [
        seconds(lambda: subprocess.run(command, check=True, cwd=root, stdout=subprocess.DEVNULL)) for _ in range(options.colds)
    ]
    embed_seconds, predict_seconds = (median(column) for column in zip(*rounds, strict=True))
    figures = {
        "sentences": options.sentences,
        "embed_sentences_per_second": round(options.sentences / embed_seconds),
        "predict_sentences_per_second": round(options.sentences / predict_seconds),
        "predict_to_embed": round(median(e / p for e, p in rounds), 2),
        "one_sentence_ms_median": round(1e3 * median(singles), 1),
        "one_sentence_ms_best": round(1e3 * min(singles), 1),
        "cold_seconds_median": round(median(colds), 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_average": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
