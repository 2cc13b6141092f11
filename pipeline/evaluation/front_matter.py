"""The head of the model card that model hubs read: Hugging Face's metadata, with the test scores as its model-index.

https://huggingface.co/docs/hub/model-cards#model-card-metadata
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.core import params

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

METRICS = {  # of scores.json: the part and the name; what the hub calls it, and its own name
    ("relation", "official_macro_f1"): ("f1", "official macro-F1 of marked pairs"),
    ("relation", "undirected_macro_f1"): ("f1", "undirected macro-F1 of marked pairs"),
    ("relation", "accuracy"): ("accuracy", "accuracy of marked pairs"),
    ("entities", "micro_f1"): ("f1", "micro-F1 of entities found"),
    ("end_to_end", "strict_f1"): ("f1", "micro-F1 of relations found"),
}
UNNAMED = "the test split of its corpus"
TAGS = ("relation-extraction", "relation-classification")
FINDING_TAGS = ("named-entity-recognition", "token-classification")


def front_matter(metrics: Mapping[str, Any], language: str, tagger: bool, about: params.Card) -> str:
    """The YAML between the two lines of three dashes, with a line break at its end.

    Args: metrics: the tree of scores.json, its scores in percent; language: the code of parse.language; tagger: whether the model
        tags entities; about: what no stage can know.
    """
    from huggingface_hub import ModelCardData

    scores = list(results(metrics["test"], about))
    data = ModelCardData(
        language="multilingual" if language == "xx" else language,
        license=about.license,
        datasets=None if about.dataset is None else [about.dataset],
        tags=[*TAGS, *(FINDING_TAGS if tagger else ())],
        metrics=sorted({score.metric_type for score in scores}) or None,
        model_name="relation" if scores else None,
        eval_results=scores or None,
    )
    return f"{data.to_yaml(line_break=chr(10))}\n"


def results(test: Mapping[str, Any], about: params.Card) -> list[EvalResult]:
    """The test scores that there are."""
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type="text-classification" if part == "relation" else "token-classification",
            task_name="relation classification" if part == "relation" else "relation extraction",
            dataset_type=about.dataset or "other",
            dataset_name=about.dataset or UNNAMED,
            dataset_split="test",
            metric_type=kind,
            metric_name=title,
            metric_value=test[part][name],
        )
        for (part, name), (kind, title) in METRICS.items()
        if test.get(part, {}).get(name) is not None
    ]
