"""A Hugging Face dataset of documents, for going on with `datasets`; written, not read.

    data/train.parquet     a row a document; those of validation and test in files of their own
    README.md              the dataset card: what the columns are, and how often each relation and type is there

    >>> from datasets import load_dataset  # doctest: +SKIP
    >>> load_dataset("folder", split="train").features["relations"]  # doctest: +SKIP
    List({'head': Value('int64'), 'tail': Value('int64'), 'label': ClassLabel(names=['Kill', 'Live_In']), ...})

Labels of relations and types of entities are ClassLabel, the same in all splits, their names in the order of their code points, and
null where there is none. Head and tail are places in the list of entities. Spans are [start, end) in characters of the text. The
documents are kept in memory until the last is there, since the names of a ClassLabel stand before the first row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline.core.files import Row, write_text, written_whole
from pipeline.core.schema import SPLITS, Span
from pipeline.core.untrusted import markdown
from pipeline.corpus.document import Document
from pipeline.corpus.split_names import split_of_beginning, splits_in

HOLDS = frozenset(
    {
        *("text", "words", "sentences", "types", "untyped", "fragments"),
        *("many", "free", "empty", "unlabelled", "annotators", "meta", "ids"),
    }
)
DATA = "data/{split}.parquet"
BATCH_ROWS = 1000
CARD = """\
---
configs:
- config_name: default
  data_files:
{files}
task_categories:
- token-classification
tags:
- relation-extraction
---

# Relations between entities

{documents:,} documents with {entities:,} entities and {relations:,} relations.

| column | what it holds |
|---|---|
| id, source | the document's id, and the file and line that it comes from |
| text | the text; all spans are [start, end) in its Unicode characters |
| words, sentences | their spans, null where they are not given |
| entities | id, type (null without one), and a span for each fragment |
| relations | head and tail as places in the list of entities, label (null where it is not told), annotator |
| complete | whether all entities of the text are annotated, not those of one pair alone |
| meta | a JSON object of what else is known |

## Relations

{labels}

## Types of entities

{types}
"""


def write(documents: Iterable[Document], path: Path) -> None:
    """Write documents as a dataset folder with its card; what else is in the folder stays.

    Raises: ValueError where a text has half of a surrogate pair, or meta is no JSON.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = list(documents)
    labels = Counter(relation.label for document in kept for relation in document.relations if relation.label is not None)
    types = Counter(entity.type for document in kept for entity in document.entities if entity.type is not None)
    schema = features(sorted(labels), sorted(types)).arrow_schema  # with what `datasets` wants to know, in its metadata
    label_ids, type_ids = ({name: index for index, name in enumerate(sorted(names))} for names in (labels, types))
    (path / DATA).parent.mkdir(parents=True, exist_ok=True)
    splits = _by_split(kept)
    for split, own in splits.items():
        with written_whole(path / DATA.format(split=split)) as scratch, pq.ParquetWriter(scratch, schema) as writer:
            for start in range(0, len(own), BATCH_ROWS):
                rows = [_row(document, label_ids, type_ids) for document in own[start : start + BATCH_ROWS]]
                writer.write_table(pa.Table.from_pylist(rows, schema))
    write_text(path / "README.md", _card(kept, splits, labels, types))


def split_of(document_id: str) -> str:
    """The split that the path tells with which an id begins, as parse tells that of a file; train where it tells none, or two.

    >>> split_of("test_documents/7"), split_of("dev/part-1/7"), split_of("test-7")
    ('test', 'validation', 'train')
    """
    folders = document_id.split("/")[:-1]
    told = next((splits for folder in reversed(folders) if (splits := splits_in(folder))), frozenset())
    if len(told) == 1:
        return min(told)
    beginning = split_of_beginning(folders[-1]) if folders and not told else None
    return beginning or "train"


def _by_split(documents: Sequence[Document]) -> dict[str, list[Document]]:
    """The documents of each split that has some; train where there are none at all."""
    splits: dict[str, list[Document]] = {split: [] for split in SPLITS}
    for document in documents:
        splits[split_of(document.id)].append(document)
    return {split: own for split, own in splits.items() if own} or {"train": []}


def features(labels: Sequence[str], types: Sequence[str]) -> Any:
    """The columns of the dataset, as a datasets.Features."""
    from datasets import ClassLabel, Features, List, Value

    span = List(Value("int64"))
    return Features(
        {
            "id": Value("string"),
            "source": Value("string"),
            "text": Value("string"),
            "words": List(span),
            "sentences": List(span),
            "entities": List({"id": Value("string"), "type": ClassLabel(names=list(types)), "spans": List(span)}),
            "relations": List(
                {
                    "head": Value("int64"),
                    "tail": Value("int64"),
                    "label": ClassLabel(names=list(labels)),
                    "annotator": Value("string"),
                }
            ),
            "complete": Value("bool"),
            "meta": Value("string"),
        }
    )


def _row(document: Document, label_ids: dict[str, int], type_ids: dict[str, int]) -> Row:
    """A document as a row."""
    index = {entity.id: place for place, entity in enumerate(document.entities)}
    return {
        "id": document.id,
        "source": document.source,
        "text": document.text,
        "words": _spans(document.words),
        "sentences": _spans(document.sentences),
        "entities": [
            {"id": entity.id, "type": None if entity.type is None else type_ids[entity.type], "spans": _spans(entity.spans)}
            for entity in document.entities
        ],
        "relations": [
            {
                "head": index[relation.head],
                "tail": index[relation.tail],
                "label": None if relation.label is None else label_ids[relation.label],
                "annotator": relation.annotator,
            }
            for relation in document.relations
        ],
        "complete": document.complete,
        "meta": json.dumps(dict(document.meta), ensure_ascii=False, allow_nan=False),
    }


def _spans(spans: Sequence[Span] | None) -> list[list[int]] | None:
    return None if spans is None else [list(span) for span in spans]


def _card(documents: Sequence[Document], splits: Iterable[str], labels: Counter[str], types: Counter[str]) -> str:
    """The dataset card."""
    return CARD.format(
        files="\n".join(f"  - split: {split}\n    path: {DATA.format(split=split)}" for split in splits),
        documents=len(documents),
        entities=sum(len(document.entities) for document in documents),
        relations=sum(len(document.relations) for document in documents),
        labels=_table(labels),
        types=_table(types),
    )


def _table(counts: Counter[str]) -> str:
    """Names and how often each is there, as a table of Markdown."""
    rows = [f"| {markdown(name)} | {counts[name]:,} |" for name in sorted(counts)]
    return "\n".join(["| name | number |", "|---|---:|", *rows]) if rows else "There are none."
