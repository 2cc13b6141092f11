"""What looking at the most doubtful labels is worth: scores with wrong labels, with those mended that were seen, and with none.

Looked at are as many labels as are wrong, the most doubtful ones; those of them that are wrong get the true label.

    python -m experiments.annotation.mended network data/positioned data/embedded .../noisy/random-10 .../held_out/random-10
        .../mended/network-random-10
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pyarrow as pa

from experiments.annotation.learning_curve import LEARNERS, Annotating, Corpus
from experiments.annotation.noise import read_wrong
from experiments.annotation.rankings import put_first
from experiments.comparison import comparisons, scores
from experiments.runs import EXPERIMENT_REPORT, PARAMS, ReportDescription, Run, require_labels
from pipeline.annotation.held_out import HeldOut
from pipeline.annotation.selection import doubtful
from pipeline.core import files, manifests, outputs, params, storage
from pipeline.core.schema import POSITION
from pipeline.core.stage import Input, Output, log, run
from pipeline.encoding.store import Store

COMPARISONS = {
    ("mended", "noisy"): "mending the doubtful labels that are wrong helps",
    ("clean", "mended"): "labels that were not among the doubtful cost",
}


def with_labels(train: pa.Table, labels: Mapping[str, str]) -> pa.Table:
    """Rows with other labels of some of them, by id."""
    names = [
        labels.get(row_id, name) for row_id, name in zip(*(train[each].to_pylist() for each in ("id", "relation")), strict=True)
    ]
    return train.set_column(train.column_names.index("relation"), train.schema.field("relation"), pa.array(names))


def trained(learner: Literal["kernel", "network"], variant: str, percent: int, corpus: Corpus, section: Annotating) -> Run:
    """What models trained on all rows of train, one a seed, say of those of test."""
    n_rows, labels = len(corpus.train), corpus.labels
    said: list[tuple[int, ...]] = []
    for seed in section.seeds:
        told = LEARNERS[learner](corpus, section, seed)(np.arange(len(labels)) < n_rows)
        said.append(tuple(told[n_rows:].argmax(axis=1).tolist()))
        log(f"{learner}, {variant}, seed {seed}: accuracy {(np.array(said[-1]) == labels[n_rows:]).mean():.3f}")
    test = (corpus.relations, corpus.data.notes.negative_label, tuple(labels[n_rows:].tolist()))
    unknown = (0,) * len(said)
    return Run(variant, percent, n_rows, *test, section.seeds, tuple(said), None, False, unknown, unknown)


def main(
    learner: Literal["kernel", "network"], positioned: Input, embedded: Input, noisy: Input, held_out: Input, mended: Output
) -> str:
    """Compare scores with wrong labels, with those mended that are among the most doubtful, and with none."""
    data, store, section = storage.read(positioned, POSITION), Store.open(embedded), params.read(Annotating, PARAMS)
    require_labels(positioned, data.tables["test"])
    wrongly = storage.read(noisy, POSITION).tables["train"]
    true = read_wrong(noisy)
    seen = set(put_first(HeldOut.read(held_out), doubtful, len(true)))
    found = {row_id: relation for row_id, relation in true.items() if row_id in seen}
    variants = {"noisy": wrongly, "mended": with_labels(wrongly, found), "clean": data.tables["train"]}
    percent = int(noisy.name.rpartition("-")[2])
    runs = {
        (name, percent): trained(learner, name, percent, Corpus(data, train, store), section) for name, train in variants.items()
    }
    compared = comparisons(runs, COMPARISONS, params.read(params.Evaluate))
    with outputs.made_whole(mended) as scratch:
        files.write_csv(scratch / "comparisons.csv", compared)
        files.write_csv(scratch / "scores.csv", scores(runs))
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(len(runs)))
    return f"annotation: {len(found):,} of {len(true):,} wrong labels mended, {learner}: {compared[0]['verdict']}"


if __name__ == "__main__":
    run(main)
