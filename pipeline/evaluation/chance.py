"""What a score is to be held against: labels guessed without a look at the sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from pipeline.core.arrays import Doubles
from pipeline.core.labels import UNLABELLED_ID, label_ids
from pipeline.evaluation import scorer, tables
from pipeline.evaluation.scored_split import ScoredSplit


def scores(test: ScoredSplit, train: pa.Table) -> Mapping[str, float]:
    """Accuracy and macro-F1 in percent of a guess that draws each label as often as training has it, from the counts it expects.

    Args: test: the rows that have a label; train: rows of the position stage.
    """
    if not test.row_ids:
        return {}
    share = _shares(train, test.labels)
    n_gold = np.bincount(test.gold_ids, minlength=len(test.labels)).astype(np.float64)
    mode = test.main_mode
    names, ids = scorer.classes(test.labels, mode), scorer.class_ids(test.labels, mode)
    correct, predicted, gold = (np.bincount(ids, counts, len(names)) for counts in (n_gold * share, n_gold.sum() * share, n_gold))
    macro_f1 = scorer.macro_f1(np.stack([correct, predicted, gold]), names, test.negative_label)
    accuracy = (n_gold * share).sum() / n_gold.sum()
    return {f"{mode}_macro_f1": tables.percent(float(macro_f1)), "accuracy": tables.percent(float(accuracy))}


def _shares(train: pa.Table, labels: Sequence[str]) -> Doubles:
    """(R,) the share of each label among the training rows that have one."""
    ids = label_ids(train["relation"], labels)
    counts = np.bincount(ids[ids != UNLABELLED_ID], minlength=len(labels)).astype(np.float64)
    shares: Doubles = counts / max(1.0, counts.sum())
    return shares
