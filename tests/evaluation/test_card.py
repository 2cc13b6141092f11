"""The model card: it states the model's scores and limits, and nothing that is not so."""

import dataclasses
import re

import pytest

from pipeline.core import params
from pipeline.evaluation import card
from pipeline.model.manifest import ModelDescription
from tests.support import tiny

SCORES = {name: value for key in ("f1", *card.SCORES) for name, value in ((key, 50.5), (f"{key}_low", 40), (f"{key}_high", 60))}


ABOUT = params.Card(license="cc0-1.0", dataset="a corpus: of ours")


def render(
    directed=True,
    relations=tiny.RELATIONS,
    labelled=True,
    negative_label="Other",
    found=None,
    about=ABOUT,
    n_validation=9,
    no_relation=False,
    **changes,
):
    relation = {**SCORES, "direction_flips": 4, "calibration_error": 1.25}
    relation |= {} if directed else {"official_macro_f1": None, "official_micro_f1": None}
    splits = {split: {"rows": 9, "relation": relation, "tags": SCORES, **(found or {})} for split in ("validation", "test")}
    splits["validation"]["rows"] = n_validation
    splits["test"]["relation"] = dict(relation) if labelled else dict.fromkeys(relation)
    splits["test"]["relation"] |= {name: None for name in relation if no_relation and "_f1" in name}
    metrics = {"data": {"excluded": 1, "windowed": 2, "overlap": 3, "untagged": 0}, "train": {"rows": 77}, **splits}
    config = dataclasses.replace(tiny.config(**changes), relations=relations, negative_label=negative_label)
    return card.render(ModelDescription.of(config, tiny.NOTES, tiny.VECTORS), 0.9, metrics, "models/relation", about)


@pytest.mark.parametrize("changes", [{}, {"tasks": ("relation",)}, {"positions": "none"}], ids=str)
def test_a_card_is_known_by_its_head_that_of_an_earlier_version_too(changes):
    text = render(**changes)
    assert card.is_card(text)
    assert card.is_card(text.split("---\n", 2)[2])  # which had none of the hubs' metadata


def test_scores_stand_with_their_intervals():
    assert "| official macro-F1 | 50.5 (40 to 60) | 50.5 (40 to 60) |" in render()
    assert "with their intervals (90%)" in render()


def test_micro_f1_stands_beside_macro_f1():
    assert "| official micro-F1 | 50.5 (40 to 60) | 50.5 (40 to 60) |" in render()


def test_it_names_the_negative_label():
    text = render(negative_label="NA", relations=("A", "NA"))
    assert "micro-F1 are without `NA`" in text
    assert "`NA` stands for all others" in text
    assert "always names one" in render(negative_label="NA", relations=("A", "Other"))


def test_where_test_has_no_labels_it_says_so_and_shows_the_scores_of_validation():
    text = render(labelled=False)
    assert "The test pairs have no labels" in text
    assert "| official macro-F1 | 50.5 (40 to 60) | \N{EN DASH} |" in text
    assert "| expected calibration error | 1.25 | \N{EN DASH} |" in text
    assert "no labels" not in render()


def test_without_validation_rows_it_has_no_scores_of_them():
    text = render(n_validation=0)
    assert "| official macro-F1 | 50.5 (40 to 60) |\n" in text
    assert "No rows were held out for validation: the last epoch was kept." in text
    assert "chosen on validation" in render()


def test_of_too_few_rows_the_card_says_so():
    scores = {"micro_f1": None, "micro_f1_low": None, "macro_f1": 61.5, "macro_f1_low": None, "macro_f1_high": None}
    text = render(found={"entities": scores, "end_to_end": {}})
    assert "| entities found, micro-F1, span and type right | too few rows to say | too few rows to say |" in text
    assert "| entities found, macro-F1 over types | 61.5 (too few rows to say) | 61.5 (too few rows to say) |" in text


def test_what_has_nothing_to_find_in_gold_has_no_score_in_the_card() -> None:
    text = render(found={"entities": {"micro_f1": 61.5}, "end_to_end": {"strict_f1": None, "boundaries_f1": None, "gold": 0}})
    assert "| relations found, micro-F1, types right as well | \N{EN DASH} | \N{EN DASH} |" in text


def test_where_gold_has_no_relation_the_card_says_so_and_not_that_rows_are_few() -> None:
    text = render(no_relation=True)
    assert "| official macro-F1 | 50.5 (40 to 60) | no relation to find |" in text
    assert "too few" not in text


def test_where_gold_has_no_types_the_card_says_so() -> None:
    text = render(found={"entities": {"micro_f1": 61.5}, "end_to_end": {"strict_f1": None, "boundaries_f1": 40, "gold": 7}})
    assert "| relations found, micro-F1, types right as well | no types to find | no types to find |" in text


def test_rows_are_called_pairs_of_which_a_sentence_may_hold_several():
    text = render()
    assert "| | validation (9 pairs) | test (9 pairs) |" in text
    assert "- pairs trained on: 77" in text
    assert "- test pairs whose text is also in training: 3" in text


def test_every_parameter_of_training_is_listed():
    text = render()
    assert "| train.loss_weights | relation 1.0, tags 1.0 |" in text
    assert all(f"| train.{field.name} |" in text for field in dataclasses.fields(params.Train))


def test_without_directed_labels_there_is_no_official_score():
    assert "official" not in render(directed=False)


@pytest.mark.parametrize(("positions", "said"), [("shared", "saw the entities' positions"), ("none", "did not see")])
def test_an_entity_score_says_whether_positions_were_seen(positions, said):
    assert said in render(positions=positions)


@pytest.mark.parametrize(("changes", "needs"), [({}, True), ({"positions": "none"}, False), ({"tasks": ("relation",)}, True)])
def test_it_says_whether_unmarked_text_can_be_used(changes, needs):
    assert ("It needs the marks" in render(**changes)) == needs


def test_a_model_without_a_tagger_has_no_entity_score_and_no_count_of_what_was_not_tagged():
    assert "entity F1" not in render(tasks=("relation",))
    assert "no tag marks" not in render(tasks=("relation",))
    assert "no tag marks, since they share a word with the other one or have no type: 0" in render()


@pytest.mark.parametrize(("relations", "said"), [(tiny.RELATIONS, "for all others"), (("A", "B"), "always names one")])
def test_it_says_what_the_model_makes_of_an_unknown_relation(relations, said):
    assert said in render(relations=relations)


@pytest.mark.parametrize(
    ("changes", "blind"),
    [({}, False), ({"positions": "none"}, True), ({"positions": "none", "pooling": "max+entities"}, False)],
)
def test_it_says_when_the_relation_is_that_of_the_whole_sentence(changes, blind):
    assert ("does not see which words are the entities" in render(**changes)) == blind


def test_tables_have_as_many_cells_in_every_row():
    for table in re.findall(r"(?:^\|.*\n)+", render(), flags=re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_what_is_found_in_plain_sentences_stands_beside_the_scores_of_given_entities():
    found = {"entities": dict.fromkeys(("micro_f1", "macro_f1"), 61.5), "end_to_end": {"boundaries_f1": 40, "strict_f1": None}}
    text = render(positions="none", found=found)
    assert "| entities found, micro-F1, span and type right | 61.5 | 61.5 |" in text
    assert "| relations found, micro-F1, types right as well | too few rows to say | too few rows to say |" in text
    assert "entity F1, strict" not in text
    assert "plain sentences" not in render(positions="none")


def test_hugging_face_reads_the_head_of_the_card():
    from huggingface_hub import ModelCard

    data = ModelCard(render(), ignore_metadata_errors=False).data
    assert (data.language, data.license, data.datasets) == ("en", "cc0-1.0", ["a corpus: of ours"])
    assert data.metrics == ["accuracy", "f1"]
    scores = {(score.dataset_split, score.metric_name): score.metric_value for score in data.eval_results}
    assert scores["test", "official macro-F1 of marked pairs"] == 50.5
    assert [score.task_type for score in data.eval_results] == ["text-classification"] * 3


def test_the_scores_of_plain_sentences_stand_in_the_head_too():
    from huggingface_hub import ModelCard

    found = {"entities": {"micro_f1": 81.5}, "end_to_end": {"strict_f1": 33.25, "boundaries_f1": 34.0}}
    told = {score.metric_name: score for score in ModelCard(render(found=found, positions="none")).data.eval_results}
    assert told["micro-F1 of relations found"].metric_value == 33.25
    assert told["micro-F1 of relations found"].task_type == "token-classification"


def test_a_card_of_no_licence_no_dataset_and_no_scores_is_read_too():
    from huggingface_hub import ModelCard

    data = ModelCard(render(labelled=False, about=params.Card()), ignore_metadata_errors=False).data
    assert (data.license, data.datasets, data.eval_results, data.metrics) == (None, None, None, None)


def test_what_a_name_brings_stays_in_its_line_of_the_head():
    from huggingface_hub import ModelCard

    about = params.Card(dataset="--- license: mit # {{ 7 * 7 }}")
    data = ModelCard(render(about=about), ignore_metadata_errors=False).data
    assert (data.datasets, data.license) == ([about.dataset], None)
