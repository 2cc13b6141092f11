"""What a guess would score, against a guess that is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation import chance, scorer
from tests.support import scored
from tests.support.scored import LABELS

GOLD = ["Other"] * 40 + ["R(e1,e2)"] * 20 + ["R(e2,e1)"] * 20
TRAIN = ["Other"] * 2 + ["R(e1,e2)"] * 6 + ["R(e2,e1)"] * 2


def test_it_is_about_what_drawn_labels_score() -> None:
    test = scored.split(GOLD, GOLD)
    told = chance.scores(test, scored.table(*TRAIN))
    generator = np.random.default_rng(0)
    f1, accuracy = [], []
    for _ in range(300):
        drawn = generator.choice(3, len(GOLD), p=[0.2, 0.6, 0.2])
        counts = scorer.relation_counts(test.gold_ids, drawn, LABELS, "official").total()
        f1.append(float(scorer.macro_f1(counts, scorer.classes(LABELS, "official"), "Other")))
        accuracy.append(float((drawn == test.gold_ids).mean()))
    assert told["official_macro_f1"] == pytest.approx(100 * np.mean(f1), abs=0.7)
    assert told["accuracy"] == pytest.approx(100 * np.mean(accuracy), abs=0.7)


def test_training_rows_without_a_label_are_no_label() -> None:
    test = scored.split(["Other"], ["Other"])
    assert chance.scores(test, scored.table("Other", None))["accuracy"] == 100


def test_without_labels_there_is_none() -> None:
    assert chance.scores(scored.split([None], ["Other"]).labelled, scored.table("Other")) == {}
