"""Made-up reports and predictions for the browser to open, a folder each, made in the project's own environment.

python -m tests.support.browser_pages .venv-browser/pages
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import files, schema
from pipeline.core.arrays import Floats, Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import SCORED_SPLITS, Finding
from pipeline.evaluation import predictions_file, report, tables
from pipeline.evaluation.report import Results
from pipeline.pages import page
from pipeline.position import position
from pipeline.prediction.drawing import DRAWINGS
from pipeline.prediction.extractions import extract
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Sentence
from pipeline.tag import tag
from tests.support import reports, rows
from tests.support.stand_in import StandIn

WORDS = ["the", "old", "cat", "saw", "a", "red", "mat", "near", "quiet", "river", "bank", "while", "rain", "fell", "on", "every"]
RELATIONS = ("Cause-Effect", "Component-Whole", "Content-Container", "Entity-Origin", "Member-Collection", "Message-Topic")
DIRECTED = tuple(f"{name}({direction})" for name in RELATIONS for direction in ("e1,e2", "e2,e1"))
HOSTILE = (
    "<img src=x onerror=alert(1)> [e1 </script><script>alert(2)</script>] & [e2 &lt;b&gt;] said",
    "an \N{GRINNING FACE} [e1 \N{FAMILY}\N{GRINNING FACE}] after [e2 e\N{COMBINING ACUTE ACCENT}t] \U0001f469",
    f"[e1 كتاب] على {' '.join(['المدرسة' * 2] * 12)} [e2 الطاولة] الكبيرة",
    'a "quoted" [e1 {{ braces }}] and [e2 ${dollars}] \\ <!-- comment',
)


def drawn_rows(labels: Sequence[str], n_rows: int, seed: int) -> tuple[pa.Table, list[str], np.random.Generator]:
    """Position rows of drawn words, entities and labels; the labels; and the generator."""
    generator = np.random.default_rng(seed)
    gold = [labels[n] for n in generator.integers(0, len(labels), n_rows)]
    made = []
    for number, label in enumerate(gold):
        words = list(generator.choice(WORDS, generator.integers(6, 45)))
        first, second = sorted(generator.choice(np.arange(0, len(words) - 1, 2), 2, replace=False).tolist())
        [row] = rows.parsed("[e1 a] [e2 b]", relation=label, first_id=number + 1).to_pylist()
        ends = (first + int(generator.integers(1, 3)), second + 1)
        spans = [(first, ends[0]), (second, ends[1])] if generator.random() < 0.7 else [(second, ends[1]), (first, ends[0])]
        starts = [len(" ".join([*words[:index], ""])) for index in range(len(words))]
        row |= {"text": " ".join(words), "words": words, "starts": starts, "source": f"data/raw/test.txt:{4 * number + 1}"}
        row |= {f"{e}_{edge}": spans[i][j] for i, e in enumerate(("e1", "e2")) for j, edge in enumerate(("start", "end"))}
        made.append(row)
    return as_positioned(pa.Table.from_pylist(made, schema=schema.PARSED)), gold, generator


def as_positioned(parsed: pa.Table) -> pa.Table:
    """Parsed rows as the position stage gives them."""
    return position(tag(parsed, "entity", [], "outer"), rows.MAX_LENGTH, rows.MAX_DISTANCE)


def guesses(gold: Sequence[str], labels: Sequence[str], generator: np.random.Generator, sharpness: float = 3.0) -> Floats:
    """(N, R) probabilities of a model that is often right."""
    logits = generator.normal(size=(len(gold), len(labels)))
    logits[np.arange(len(gold)), [labels.index(label) for label in gold]] += sharpness
    weights = np.exp(1.2 * logits)
    told: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return told


def slips(table: pa.Table, generator: np.random.Generator) -> list[Ints]:
    """The gold tags of each row, an entity of every fifth missed."""
    tags = [np.array(ids) for ids in table["tag_ids"].to_pylist()]
    return [np.where(ids == 1, 0, ids) * 0 if generator.random() < 0.2 else ids for ids in tags]


def usual() -> Results:
    """A directed corpus with everything that a report can tell."""
    labels = (*DIRECTED, "Other")
    table, gold, generator = drawn_rows(labels, 400, seed=1)
    notes = reports.noted(excluded_by={"id": 2, "entity-empty": 3}, overlap=4, counts={"documents": 400})
    findings = (
        Finding("rows-repeated", "warning", 2, "2 rows are there twice", "leave one out", ("data/raw/test.txt:5", "train.txt:9")),
        Finding("label-rare", "warning", 1, "1 label with few rows in train", "annotate more", ("train.txt:3",)),
    )
    told = guesses(gold, labels, generator)
    return reports.results(table, told, labels, tag_ids=slips(table, generator), notes=notes, findings=findings)


def unlabelled() -> Results:
    """Test rows without labels."""
    labels = ("Other", "R(e1,e2)", "R(e2,e1)")
    table, gold, generator = drawn_rows(labels, 30, seed=2)
    bare = rows.with_column(table, "relation", [None] * len(table))
    return reports.results(bare, guesses(gold, labels, generator), labels, train=table)


def hostile() -> Results:
    """Texts and labels that would be obeyed as markup, and what has several code units or writes from right to left."""
    labels = ("__proto__", "<b>bold</b>", "constructor", "a&b=c?d#e", "NA")
    table = pa.concat_tables([rows.positioned(text, relation=labels[n], first_id=n) for n, text in enumerate(HOSTILE)])
    notes = reports.noted(negative_label="NA")
    told = reports.sure(["<b>bold</b>", "<b>bold</b>", "NA", "constructor"], list(labels))
    finding = Finding("labels-alike", "warning", 1, "<script>alert(3)</script>", "<i>mend</i>", ("</script>.txt:1",))
    return reports.results(table, told, labels, notes=notes, findings=(finding,))


def many() -> Results:
    """More classes than a heat map can show, two networks averaged, no tagger."""
    labels = (*(f"per:relation-{n}" for n in range(149)), f"per:{'a-name-without-a-space-' * 4}")
    table, gold, generator = drawn_rows(labels, 900, seed=3)
    curves = [{**reports.CURVES[0], "best_epoch": best} for best in (1, 2)]
    return reports.results(table, guesses(gold, labels, generator, 2.0), labels, curves=curves)


def perfect() -> Results:
    """A model of one epoch without a mistake."""
    labels = ("Other", "R(e1,e2)", "R(e2,e1)")
    table, gold, _ = drawn_rows(labels, 30, seed=4)
    curves = {"loss": [2.0], "validation_loss": [2.1], "validation_score": [100.0]}
    return reports.results(table, reports.sure(gold, labels), labels, curves=[{"curves": curves, "best_epoch": 1}])


def unrelated() -> Results:
    """Test rows that all have the negative label: gold has no relation to find."""
    labels = ("Other", "R(e1,e2)", "R(e2,e1)")
    table, gold, _ = drawn_rows(labels[:1], 30, seed=4)
    return reports.results(table, reports.sure(["R(e1,e2)", *gold[1:]], labels), labels)


def few() -> Results:
    """Rows that are too few: no interval can be told, nor the scores of one class and of validation."""
    results = perfect()
    bounds = {f"{name}_{end}" for name in (*report.RELATION_TITLES, "f1", "precision", "recall") for end in ("low", "high")}
    without = {name: {**results.metrics[name]["relation"], **dict.fromkeys(bounds)} for name in SCORED_SPLITS}
    without["validation"] |= dict.fromkeys(report.RELATION_TITLES)
    metrics = {name: {**results.metrics[name], "relation": relation} for name, relation in without.items()}
    rows = {name: [{**row, **dict.fromkeys(bounds & row.keys())} for row in table] for name, table in results.files.items()}
    for row in rows["per_class"]:
        row |= dict.fromkeys(("precision", "recall", "f1")) if row["class"] == "R" else {}
    for row in rows["slices"]:
        row |= {"accuracy": None} if row["n"] < tables.MINIMUM_ROWS else {}
    return replace(results, metrics={**results.metrics, **metrics}, files=rows)


def compared() -> dict[str, object]:
    """What a copy of the usual report has more: a commit, and an older version with other predictions."""
    test = usual().test
    names = [*test.labels, "Gone"]
    told = zip(test.gold_ids.tolist(), test.predicted_ids.tolist(), strict=True)
    label = [(len(DIRECTED), gold, own)[row % 3] for row, (gold, own) in enumerate(told)]
    label[:2] = [len(names) - 1, -1]
    kinds = Counter(
        "broken" if was == gold else "fixed" if now == gold else "other"
        for was, now, gold in zip(label, test.predicted_ids.tolist(), test.gold_ids.tolist(), strict=True)
        if was not in (-1, now)
    )
    paired = {"name": "accuracy", "old": 60.0, "new": 66.5, "difference": 6.5, "low": 2.25, "high": 11.0, "p_value": 0.004}
    scores = {"metrics": [["test.rows", 399, 400]], "n_rows": 399, "n_relabelled": 1, "paired": [paired]}
    change = {"kind": "edited", "id": "7", "file": "<a>.txt", "line": 7, "about": "", "old": "<b>", "new": "<i>"}
    against = {
        "old": "main",
        "new": ".",
        "documents": {"train": {"old": 399, "new": 400}},
        "counts": {"edited": 1},
        "titles": {"edited": "texts edited"},
        "labels": [{"split": "train", "label": "Other", "old": 9, "new": 10}],
        "scores": scores,
        "no_scores": None,
        "changes": [change],
    }
    doubt = {"place": "<a>.txt:9", "why": '"cat" - "mat": Other has the held-out probability', "text": "the <b>cat</b> saw a mat"}
    doubtful = {"n": 120, "n_changed": 2, "rows": [{**doubt, "id": str(n), "probability": n / 100} for n in range(40)]}
    before = {"names": names, "label": label, "counts": kinds}
    return {"commit": "0" * 40, "changed": True, "doubtful": doubtful, "against": against, "before": before}


PAGES: dict[str, Callable[[], Results]] = {
    "usual": usual,
    "unlabelled": unlabelled,
    "hostile": hostile,
    "many": many,
    "perfect": perfect,
    "few": few,
    "unrelated": unrelated,
}


def write_predictions(folder: Path) -> None:
    """The page of predictions of a marked sentence, a document of two sentences, one without entities and a mistake."""
    folder.mkdir(parents=True, exist_ok=True)
    drawing, parts = DRAWINGS["html"], []
    for number, text in enumerate(("<e1>Ann</e1> uses <b> <e2>Bob</e2>", "Ann and Bob. Eve met Joe.", "nobody here"), start=1):
        asked = Request(number, None, Sentence.of(text))
        [answer] = StandIn().predict([Sentence.of(text)]) if "<e1>" in text else extract(StandIn(), [asked.document])
        parts.append(drawing.show(asked, (answer,) if isinstance(answer, Problem) else answer))
    problem = Problem("<E1> is no mark", "write <e1>", source="sentence")
    parts.append(drawing.show(Request(4, None, (problem,)), (problem,)))
    files.write_text(folder / "page.html", drawing.head + "".join(parts) + drawing.tail)


def write(results: Results, folder: Path, copy: Mapping[str, object] | None = None) -> None:
    """The report of results, or a copy of it, and beside it what its numbers are checked against."""
    folder.mkdir(parents=True, exist_ok=True)
    told = report.render(results)
    files.write_text(folder / "report.html", page.with_data(told, {**page.data_of(told), "copy": copy}) if copy else told)
    files.write_lines(folder / "predictions.jsonl", predictions_file.rows(results.test))
    numbers = {
        cut: {name: [results.test.row_ids[row] for row in own] for name, own in of.items()} for cut, of in results.cuts.items()
    }
    files.write_json(folder / "slices.json", numbers)


def main(folder: Path) -> None:
    """Make all pages."""
    for name, make in PAGES.items():
        write(make(), folder / name)
    write(usual(), folder / "copy", compared())
    write_predictions(folder / "predicted")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
