"""Time, memory and bytes of evaluate's scores, tables and page on a made-up test set, without the model. Prints a JSON line.

    python -m benchmarks.report --rows 100000 --relations 1500

Peak memory counts the inputs, which the model would give: the probabilities, a number a row and relation, and two tables of rows.
predictions.jsonl has a number a row and relation too, and is measured on its first rows.
"""

from __future__ import annotations

import argparse
import json
import resource
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.measure import seconds
from pipeline.core import files, params, ragged
from pipeline.core.arrays import Floats, Ints
from pipeline.core.labels import label_ids
from pipeline.core.schema import POSITIONED
from pipeline.evaluation import predictions_file, report
from pipeline.evaluation.report import Results
from tests.support import reports

FIELDS = [(field.name, field.type) for field in POSITIONED]
SHARE_RIGHT = 0.7
VOCABULARY = 20_000
ROWS_AT_ONCE = 10_000  # whose probabilities are drawn
PREDICTED_ROWS = 200  # of predictions.jsonl
SETTINGS = params.Evaluate(resamples=1000, confidence=0.95, seed=7)


def made_up(n_rows: int, relations: list[str], seed: int) -> pa.Table:
    """Rows of the position stage: sentences of 10 to 39 drawn words, two entities of one word."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(10, 40, n_rows)
    names = np.array([f"word{n}" for n in range(VOCABULARY)], object)
    drawn = names[(VOCABULARY * draw.random(int(lengths.sum())) ** 3).astype(np.int64)]
    words = [part.tolist() for part in np.split(drawn, ragged.offsets(lengths)[1:-1])]
    starts = [np.concatenate([[0], np.cumsum([len(word) + 1 for word in own[:-1]])]).tolist() for own in words]
    e1 = draw.integers(lengths - 1)
    e2 = draw.integers(e1 + 1, lengths)
    marked = zip(e1.tolist(), e2.tolist(), lengths.tolist(), strict=True)
    values = {
        "id": [str(row) for row in range(n_rows)],
        "source": [f"data/raw/test.txt:{4 * row + 1}" for row in range(n_rows)],
        "text": [" ".join(own) for own in words],
        "relation": [relations[n] for n in draw.integers(len(relations), size=n_rows)],
        "words": words,
        "starts": starts,
        "tag_ids": [[int(n in pair) for n in range(length)] for *pair, length in marked],
        **{f"e1_{edge}": e1 + n for n, edge in enumerate(("start", "end"))},
        **{f"e2_{edge}": e2 + n for n, edge in enumerate(("start", "end"))},
        "window_start": np.zeros(n_rows, np.int32),
        "window_end": lengths,
        **{f"{e}_position_ids": [[1] * length for length in lengths.tolist()] for e in ("e1", "e2")},
    }
    columns = [pa.array(values[name], kind) if name in values else pa.nulls(n_rows, kind) for name, kind in FIELDS]
    return pa.table(columns, POSITIONED)


def guesses(gold: Ints, n_relations: int, seed: int) -> Floats:
    """(N, R) probabilities whose most probable relation is often the gold one."""
    draw = np.random.default_rng(seed)
    told = np.empty((len(gold), n_relations), np.float32)
    for start in range(0, len(gold), ROWS_AT_ONCE):
        part = draw.random((len(gold[start : start + ROWS_AT_ONCE]), n_relations), np.float32)
        right = np.flatnonzero(draw.random(len(part)) < SHARE_RIGHT)
        part[right, gold[start + right]] = 2
        told[start : start + ROWS_AT_ONCE] = part / part.sum(axis=1, keepdims=True)
    return told


def main() -> None:
    """Measure one size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--relations", type=int, default=1_500)
    options = parser.parse_args()
    relations = sorted(["Other", *(f"relation-{n // 2}({'e1,e2' if n % 2 else 'e2,e1'})" for n in range(options.relations - 1))])
    test, train = (made_up(options.rows, relations, seed) for seed in (1, 2))
    told = guesses(label_ids(test["relation"], relations), len(relations), seed=3)
    tag_ids = [np.array(ids) for ids in test["tag_ids"].to_pylist()]
    inputs_mb = peak_mb()
    made: list[Results] = []
    scores = seconds(lambda: made.append(reports.results(test, told, relations, tag_ids=tag_ids, train=train, settings=SETTINGS)))
    with TemporaryDirectory() as folder:
        page, lines = Path(folder, "report.html"), Path(folder, "predictions.jsonl")
        drawn = seconds(lambda: files.write_text(page, report.render(made[0])))
        peak = peak_mb()
        written = seconds(lambda: files.write_lines(lines, islice(predictions_file.rows(made[0].test), PREDICTED_ROWS)))
        figures = {
            "rows": options.rows,
            "relations": options.relations,
            "scores_seconds, wall and CPU": scores.round(1).tolist(),
            "page_seconds, wall and CPU": drawn.round(1).tolist(),
            "page_mb": round(page.stat().st_size / 1e6, 2),
            "inputs_mb": inputs_mb,
            "peak_mb": peak,
            "predictions_ms_a_row": round(1000 * written[0] / PREDICTED_ROWS, 2),
            "predictions_kb_a_row": round(lines.stat().st_size / PREDICTED_ROWS / 1000, 1),
        }
    print(json.dumps(figures))


def peak_mb() -> int:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
