"""What the variants change in the train section."""

import dataclasses

from experiments.runs import REFERENCE_PARAMS, Experiment
from experiments.variants import OPTIONS, VARIANTS, train_section
from pipeline.core import params
from tests.support.project import ROOT

BASE = params.read(params.Train, ROOT / REFERENCE_PARAMS)
EXPERIMENT = Experiment(corpus="", seeds=(1,), epochs=8)


def test_every_variant_has_the_same_budget() -> None:
    assert {train_section(variant, 25, BASE, EXPERIMENT).epochs for variant in VARIANTS} == {16}


def test_no_variant_is_stopped_early() -> None:
    assert train_section("hard", 100, BASE, EXPERIMENT).patience == 8


def test_no_option_is_that_of_the_reference() -> None:
    assert all(dataclasses.replace(BASE, **changes) != BASE for changes in OPTIONS.values())
