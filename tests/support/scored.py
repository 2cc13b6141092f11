"""A scored split small enough to score in one's head: rows of one sentence, and predictions of one probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.evaluation import scored_split
from pipeline.evaluation.scored_split import ScoredSplit
from tests.support import rows

LABELS = ("Other", "R(e1,e2)", "R(e2,e1)")
NEGATIVE = "Other"
TAGS = ("O", "B", "I")
GOLD_TAG_IDS = [0, 1, 2, 0, 1]  # of the sentence


def table(*relations: str | None) -> pa.Table:
    """Rows of "the [e1 old cat] saw [e2 <mats>]", a relation each or none, ids from 1."""
    made = [
        rows.positioned("the [e1 old cat] saw [e2 <mats>]", relation=relation, first_id=n)
        for n, relation in enumerate(relations, start=1)
    ]
    return pa.concat_tables(made).combine_chunks()


def split(gold: Sequence[str | None], predicted: Sequence[str], tag_ids: Sequence[list[int]] | None = None) -> ScoredSplit:
    """Rows of gold relations whose predicted ones have a probability of 0.8 and the others 0.1.

    Args: tag_ids: a list a row; None as of a model without the tags head.
    """
    certain = np.eye(3)[[LABELS.index(label) for label in predicted]]
    probabilities = (0.7 * certain + 0.1).astype(np.float32)
    tag_arrays = None if tag_ids is None else [np.array(ids) for ids in tag_ids]
    return scored_split.join_predictions(table(*gold), probabilities, tag_arrays, LABELS, TAGS, NEGATIVE)
