"""Readers of the sample corpora that share nothing with those of the pipeline: a few lines of plain Python a folder.

Each yields what every document says: its text, its entities (fragments, type) and its relations (head, tail, label), the head and
the tail as the fragments of their entities. They take files to be as they should be, and fail on others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

Fragments = tuple[tuple[int, int], ...]
Said = tuple[str, list[Any], list[Any]]  # text, entities (fragments, type), relations (fragments of head and tail, label)


def of_tokens(
    tokens: Sequence[str], entities: Sequence[tuple[Sequence[int], str | None]], relations: Sequence[tuple[int, int, str]]
) -> Said:
    """A document of tokens: entities by the indices of theirs, relations by the indices of entities."""
    places, here = [], 0
    for token in tokens:
        places.append((here, here + len(token)))
        here += len(token) + 1
    spans = []
    for indices, _ in entities:
        runs: list[list[int]] = []
        for index in indices:
            if runs and runs[-1][-1] == index - 1:
                runs[-1].append(index)
            else:
                runs.append([index])
        spans.append(tuple((places[run[0]][0], places[run[-1]][1]) for run in runs))
    kinds = [kind for _, kind in entities]
    return (
        " ".join(tokens),
        list(zip(spans, kinds, strict=True)),
        [(spans[head], spans[tail], name) for head, tail, name in relations],
    )


def spert(path: Path) -> Iterator[Said]:
    """CoNLL04, its entities as BILOU tags or as objects."""
    for row in json.loads(path.read_text()):
        entities: list[tuple[list[int], str | None]] = []
        for entity in row.get("entities", []):
            entities.append((list(range(entity["start"], entity["end"])), entity["type"]))
        for index, tag in enumerate(row["tags"] if "entities" not in row else []):
            if tag[0] in "BU":
                entities.append(([], tag[2:]))
            if tag != "O":
                entities[-1][0].append(index)
        yield of_tokens(row["tokens"], entities, [(each["head"], each["tail"], each["type"]) for each in row["relations"]])


def doccano(path: Path) -> Iterator[Said]:
    """One object, on one line or on several."""
    row = json.loads(path.read_text())
    spans = {each["id"]: ((each["start_offset"], each["end_offset"]),) for each in row["entities"]}
    entities = [(spans[each["id"]], each["label"]) for each in row["entities"]]
    yield row["text"], entities, [(spans[each["from_id"]], spans[each["to_id"]], each["type"]) for each in row["relations"]]


def fewrel(path: Path) -> Iterator[Said]:
    """All mentions are entities, the first of each is in the relation."""
    for label, rows in json.loads(path.read_text()).items():
        for row in rows:
            firsts, others = [row[key][2][0] for key in "ht"], [each for key in "ht" for each in row[key][2][1:]]
            yield of_tokens(row["tokens"], [(each, None) for each in firsts + others], [(0, 1, label)])


def tsv(path: Path) -> Iterator[Said]:
    """FinRE: the two places of the names with the fewest characters between them, the first of equals."""
    for line in filter(None, path.read_text().split("\n")):
        head, tail, label, text = line.split("\t")
        of_head, of_tail = ([match.start() for match in re.finditer(f"(?={re.escape(name)})", text)] for name in (head, tail))
        pairs = [((a, a + len(head)), (b, b + len(tail))) for a in of_head for b in of_tail]
        apart = [(max(b[0] - a[1], a[0] - b[1]), a, b) for a, b in pairs if a[1] <= b[0] or b[1] <= a[0]]
        one, other = min(apart)[1:] if apart else next(pair for pair in pairs if pair[0] != pair[1])
        yield text, [((one,), None), ((other,), None)], [((one,), (other,), label)]


def label_studio(path: Path) -> Iterator[Said]:
    """Tasks with annotations that were not cancelled; a region that all of several annotators have is one entity."""
    for task in json.loads(path.read_text()):
        done = [each["result"] for each in task["annotations"] if not each["was_cancelled"]]
        if not done:
            continue
        regions, relations = [], []
        for number, result in enumerate(done):
            spans = {}
            for each in (each for each in result if each["type"] == "labels"):
                spans[each["id"]] = ((each["value"]["start"], each["value"]["end"]),)
                regions.append((number, each["id"], spans[each["id"]], each["value"]["labels"][0]))
            for each in (each for each in result if each["type"] == "relation"):
                ends = (spans[each["from_id"]], spans[each["to_id"]])
                ways = {"right": [ends], "left": [ends[::-1]], "bi": [ends, ends[::-1]]}[each["direction"]]
                relations += [(*way, label) for label in each["labels"] or [None] for way in ways]
        alike = {each[1:] for each in regions if sum(other[1:] == each[1:] for other in regions) == len(done)}
        entities = [each[2:] for each in regions if each[1:] not in alike] + [each[1:] for each in alike]
        yield task["data"]["text"], entities, relations


def prodigy(path: Path) -> Iterator[Said]:
    """Spans and relations by their characters."""
    for row in map(json.loads, path.read_text().splitlines()):
        places = [(((each["start"], each["end"]),), each["label"]) for each in row["spans"]]
        ends = [[((each[key]["start"], each[key]["end"]),) for key in ("head_span", "child_span")] for each in row["relations"]]
        yield row["text"], places, [(*pair, each["label"]) for pair, each in zip(ends, row["relations"], strict=True)]


def brat(folder: Path) -> Iterator[Said]:
    """T and R lines, and a relation for each pair of a * line."""
    for ann in sorted(folder.glob("*.ann")):
        entities: dict[str, tuple[Fragments, str | None]] = {}
        relations: list[tuple[str, str, str]] = []
        for name, rest in (line.split("\t")[:2] for line in ann.read_text().splitlines()):
            kind, *words = rest.split(" ", 1)[0], *rest.split(" ")[1:]
            if name[0] == "T":
                places = rest.split(" ", 1)[1].split(";")
                entities[name] = tuple((int(place.split()[0]), int(place.split()[1])) for place in places), kind
            elif name[0] == "R":
                relations.append((words[0].removeprefix("Arg1:"), words[1].removeprefix("Arg2:"), kind))
            else:
                relations += [(*pair, kind) for pair in combinations(words, 2)]
        ends = [(entities[head][0], entities[tail][0], label) for head, tail, label in relations]
        yield ann.with_suffix(".txt").read_bytes().decode(), list(entities.values()), list(ends)


def dygie(path: Path) -> Iterator[Said]:
    """Inclusive indices of the document."""
    for row in map(json.loads, path.read_text().splitlines()):
        tokens = [token for sentence in row["sentences"] for token in sentence]
        entities = [(range(start, last + 1), kind) for of_one in row["ner"] for start, last, kind in of_one]
        index = {(indices[0], indices[-1]): number for number, (indices, _) in reversed([*enumerate(entities)])}
        relations = [(index[a, b], index[c, d], label) for of_one in row["relations"] for a, b, c, d, label in of_one]
        yield of_tokens(tokens, entities, relations)


def semeval(path: Path) -> Iterator[Said]:
    """Blocks of a sentence and its relation."""
    for sentence, label in re.findall(r'^\d+\t"(.*)"\r?\n(\S+)', path.read_text(), re.MULTILINE):
        before, one, between, other, after = re.split("</?e[12]>", sentence)
        start, second = len(before), len(before + one + between)
        spans: list[Fragments] = [((start, start + len(one)),), ((second, second + len(other)),)]
        yield before + one + between + other + after, [(span, None) for span in spans], [(spans[0], spans[1], label)]


def opennre(path: Path) -> Iterator[Said]:
    """Tokens, exclusive ends."""
    for row in map(json.loads, path.read_text().splitlines()):
        yield of_tokens(row["token"], [(range(*row[key]["pos"]), None) for key in "ht"], [(0, 1, row["relation"])])


def tacred(path: Path) -> Iterator[Said]:
    """Tokens, inclusive ends."""
    for row in json.loads(path.read_text()):
        entities = [(range(row[f"{each}_start"], row[f"{each}_end"] + 1), row.get(f"{each}_type")) for each in ("subj", "obj")]
        yield of_tokens(row["token"], entities, [(0, 1, row["relation"])])


SAMPLES: list[tuple[str, str, Callable[[Path], Iterator[Any]]]] = [  # folder, glob of its files, reader
    ("conll04_spert", "*_train.json", spert),
    ("conll04_spert", "*_dev.json", spert),
    ("conll04_spert", "*_test.json", spert),
    ("doccano", "*.jsonl", doccano),
    ("fewrel", "val_*.json", fewrel),
    ("finre", "valid.txt", tsv),
    ("label_studio", "export_json.json", label_studio),
    ("prodigy_rel", "*.jsonl", prodigy),
    ("scienceie_brat", "dev", brat),
    ("scierc_dygie", "*.json", dygie),
    ("semeval2010_task8", "TRAIN_FILE.TXT", semeval),
    ("semeval2010_task8", "TEST_FILE_FULL.TXT", semeval),
    ("semeval_opennre", "[td]*.txt", opennre),
    ("tacred_json", "*.json", tacred),
]
"""The files that are annotations; beside them the folders hold lists of labels, and an export of Label Studio without relations."""
