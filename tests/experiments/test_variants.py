"""What the variants change in the train section."""

import dataclasses

from experiments.runs import REFERENCE_PARAMS, Experiment
from experiments.variants import OPTIONS, VARIANTS, train_section
from pipeline.core import params
from tests.support.project import ROOT

BASE = params.read(params.Train, ROOT / REFERENCE_PARAMS)
EXPERIMENT = Experiment(corpus="", seeds=(1,), epochs=8, patience=4)


def test_every_variant_has_the_same_budget_and_patience_more_on_a_share() -> None:
    sections = [train_section(variant, 25, BASE, EXPERIMENT) for variant in VARIANTS]

    assert {(section.epochs, section.patience) for section in sections} == {(16, 8)}


def test_no_option_is_that_of_the_reference() -> None:
    assert all(dataclasses.replace(BASE, **changes) != BASE for changes in OPTIONS.values())
