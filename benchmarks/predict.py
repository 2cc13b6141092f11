"""Speed of prediction: in bulk beside the embed stage's inference, one sentence in memory, and a cold command. Prints JSON.

The sentences are the test split of a project that ran to the end, repeated with words of their own so that none is known twice.
Bulk and embed take turns, so that a noisy machine troubles both alike, and do the same work but for the network: both split
sentences into pieces and encode them; predict also finds words, reads and writes JSON lines.

    python -m benchmarks.predict PROJECT [--sentences 2000] [--rounds 3] [--singles 50] [--colds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pyarrow as pa

from benchmarks.measure import seconds
from pipeline.core import storage
from pipeline.core.schema import POSITION
from pipeline.corpus.formats.text_lines import decode
from pipeline.encoding import pieces
from pipeline.encoding.windows import chunks
from pipeline.encoding.word_vectors import word_vectors
from pipeline.model.manifest import SavedModel
from pipeline.prediction import streams, trained_encoder
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS
from pipeline.prediction.types import Sentence
from tests.support.project import ROOT

SENTENCE = "The <e1>rain</e1> that fell all night caused a terrible <e2>flood</e2> in the lower valley of the town."


def wall(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    return float(seconds(work)[0])


def corpus(project: Path, n_sentences: int) -> tuple[list[str], pa.ListArray]:
    """Marked sentences as JSON lines, and the same as words."""
    table = storage.read(project / "data/positioned", POSITION).tables["test"]
    rows = table.select(["text", "words", "starts", "e1_start", "e1_end", "e2_start", "e2_end"]).to_pylist()
    lines, words = [], []
    for number in range(n_sentences):
        row = rows[number % len(rows)]
        last = [start + len(word) for start, word in zip(row["starts"], row["words"], strict=True)]
        spans = {e: [row["starts"][row[f"{e}_start"]], last[row[f"{e}_end"] - 1]] for e in ("e1", "e2")}
        lines.append(json.dumps({"text": f"{row['text']} {number}", **spans}))
        words.append([*row["words"], str(number)])
    return lines, pa.array(words)


def embed_all(model: Path, encoder: Path, words: pa.ListArray) -> Callable[[], None]:
    """Word vectors of all sentences, as the embed stage computes them; the encoder is loaded already."""
    word_encoder = trained_encoder.load(encoder, SavedModel.open(model))
    tokenizer = pieces.load_tokenizer(encoder)

    def work() -> None:
        for _ in word_vectors(word_encoder, chunks(words, tokenizer)):
            pass

    return work


def predict_all(predictor: Predictor, file: Path) -> Callable[[], None]:
    """JSON lines of all sentences of a file, as the command makes them; the model is loaded already."""

    def work() -> None:
        with file.open("rb") as stream:
            for batch in streams.predicted(predictor, READERS["jsonl"](decode(stream))):
                for asked, answer in batch:
                    streams.as_line(asked, answer)

    return work


def bulk(model: Path, encoder: Path, predictor: Predictor, project: Path, sizes: argparse.Namespace) -> dict[str, float]:
    """Sentences a second of predict and of embed, and how the two compare; the first round is left out."""
    lines, words = corpus(project, sizes.sentences)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sentences.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        embedded, predicted = embed_all(model, encoder, words), predict_all(predictor, file)
        rounds = [(wall(embedded), wall(predicted)) for _ in range(sizes.rounds + 1)][1:]
    embed_seconds, predict_seconds = (median(column) for column in zip(*rounds, strict=True))
    return {
        "sentences": sizes.sentences,
        "embed_sentences_per_second": round(sizes.sentences / embed_seconds),
        "predict_sentences_per_second": round(sizes.sentences / predict_seconds),
        "predict_to_embed": round(median(e / p for e, p in rounds), 2),
    }


def cold(model: Path, encoder: Path) -> None:
    """The command on one sentence, in a process of its own."""
    command = [sys.executable, "-m", "pipeline.predict", str(model), "--encoder", str(encoder), "--text", "<e1>a</e1> <e2>b</e2>"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    for name, default in (("sentences", 2000), ("rounds", 3), ("singles", 50), ("colds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    project = options.project.resolve()
    model, encoder = project / "models/relation", project / "models/encoder"
    predictor, sentence = Predictor(model, encoder), Sentence.of(SENTENCE)
    in_bulk = bulk(model, encoder, predictor, project, options)
    singles = [wall(lambda: predictor.predict([sentence])) for _ in range(options.singles)]
    colds = [wall(lambda: cold(model, encoder)) for _ in range(options.colds)]
    figures = {
        **in_bulk,
        "one_sentence_ms_median": round(1e3 * median(singles), 1),
        "one_sentence_ms_best": round(1e3 * min(singles), 1),
        "cold_seconds_median": round(median(colds), 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_average": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
