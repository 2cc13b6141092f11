"""Predictions drawn for people: an HTML page, in which entities are marked and relations are arcs, or colours on a terminal.

The page draws its sentences as the report does (pipeline/pages/templates/sentence.js); without JavaScript it has the texts and the
relations in words.
"""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from pipeline.core.labels import parse_label, undirected
from pipeline.core.schema import Span
from pipeline.core.untrusted import shown
from pipeline.pages import page
from pipeline.prediction.answers import Answer
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Prediction, Relation

ENTITY = "ENTITY"  # the label of one without a type
STYLES = {"E1": "black on light_sky_blue1", "E2": "black on navajo_white1", ENTITY: "black on grey85"}
N_SHOWN = 3  # probabilities of a relation
TEMPLATES = Path(__file__).parent / "templates"
PAGE = page.assemble(TEMPLATES / "page.html", TEMPLATES / "page.js", (page.SHARED / "page.css", TEMPLATES / "page.css"))
PAGE_HEAD, PAGE_TAIL = PAGE.split("<!-- sentences -->\n")


@dataclass(frozen=True)
class Drawing:
    """What stands before all predictions, how each is drawn, and what stands after."""

    head: str
    show: Callable[[Request, Answer], str]
    tail: str


def labelled_entities(answer: Prediction | Extraction) -> list[tuple[Span, str]]:
    """The characters of the entities to colour, in reading order and apart, each with its label."""
    if isinstance(answer, Extraction):
        labelled = [(entity.span, entity.type or ENTITY) for entity in answer.entities]
    else:
        [relation] = answer.relations
        labelled = [(relation.e1.characters, "E1"), (relation.e2.characters, "E2")]
    labelled.sort(key=lambda pair: pair[0])
    # Annotations in JSON may overlap; a text can be coloured once.
    apart = [right for left, right in itertools.pairwise(labelled) if left[0].end <= right[0].start]
    return labelled[:1] + apart


def verdict(relation: Relation) -> str:
    """A relation in words: its pair and the most probable relations.

    >>> from pipeline.core.schema import Span
    >>> from pipeline.prediction.types import Entity
    >>> rain, flood = Entity("rain", Span(0, 1), Span(0, 4)), Entity("flood", Span(2, 3), Span(9, 14))
    >>> verdict(Relation(rain, flood, {"Other": 0.2, "Cause-Effect(e1,e2)": 0.8}))
    'rain, flood: Cause-Effect(e1,e2) 80%, Other 20%'
    """
    likely = sorted(relation.probabilities.items(), key=lambda item: -item[1])[:N_SHOWN]
    return f"{relation.e1.text}, {relation.e2.text}: " + ", ".join(f"{name} {share:.0%}" for name, share in likely)


def remarks(answer: Prediction | Extraction) -> list[str]:
    """What is said of a text in words, a line each: shown below it."""
    if isinstance(answer, Extraction):
        lines = found_relations(answer)
        return lines + ([answer.message] if answer.message else [])
    lines = [verdict(relation) for relation in answer.relations]
    if answer.entities is not None:
        lines.append(f"tagged as entities: {', '.join(entity.text for entity in answer.entities) or 'none'}")
    return lines + ([answer.message] if answer.message else [])


def found_relations(answer: Extraction) -> list[str]:
    """The relations of a document in words."""
    words = {entity.id: answer.document.text[slice(*entity.span)] for entity in answer.entities}
    return [
        f"{words[head]}, {words[tail]}: {undirected(label)} {probability:.0%}"
        for head, tail, label, probability in answer.relations
    ]


def text_of(answer: Prediction | Extraction) -> str:
    """The text that an answer is about."""
    return answer.document.text if isinstance(answer, Extraction) else answer.sentence.text


def as_html(asked: Request, answer: Answer) -> str:
    """A sentence as a part of the page."""
    if not isinstance(answer, Prediction | Extraction):
        lines = [f"line {asked.line}: {problem.found} ({problem.hint})" for problem in answer]
        return "".join(f"<p class='error'>{escape(shown(line))}</p>\n" for line in lines)
    text = shown(text_of(answer))
    arcs = page.as_block({"text": text, **(found_arcs(answer) if isinstance(answer, Extraction) else marked_arc(answer))})
    said = "".join(f"<p>{escape(shown(line))}</p>\n" for line in remarks(answer))
    drawn = f'<p class="sentence-text">{escape(text)}</p>\n<script type="application/json">{arcs}</script>\n'
    return f"<article>\n{drawn}{said}</article>\n"


def marked_arc(answer: Prediction) -> dict[str, Any]:
    """The spans and arcs of a sentence with two marked entities: the relation, and what the tagger found."""
    [relation] = answer.relations
    pair = [_span(entity.characters, look, look) for entity, look in ((relation.e1, "e1"), (relation.e2, "e2"))]
    tagged = [_span(entity.characters, "tagged", entity.type) for entity in answer.entities or ()]
    name, direction = parse_label(relation.name)
    ends = (1, 0) if direction == "e2,e1" else (0, 1)
    is_none = relation.name == answer.negative_label
    return {"spans": pair + tagged, "arcs": [_arc(ends, name, "predicted none" if is_none else "predicted", direction is not None)]}


def found_arcs(answer: Extraction) -> dict[str, Any]:
    """The spans and arcs of a document: the entities and the relations that were found."""
    number = {entity.id: n for n, entity in enumerate(answer.entities)}
    spans = [_span(entity.span, "entity", entity.type) for entity in answer.entities]
    arcs = [
        _arc((number[head], number[tail]), undirected(label), "predicted", parse_label(label).direction is not None)
        for head, tail, label, _ in answer.relations
    ]
    return {"spans": spans, "arcs": arcs}


def _span(characters: Span, marks: str, label: str | None) -> dict[str, Any]:
    return {"start": characters.start, "end": characters.end, "marks": marks, "label": shown(label or "")}


def _arc(ends: tuple[int, int], label: str, look: str, directed: bool) -> dict[str, Any]:
    return {"from": ends[0], "to": ends[1], "label": shown(label), "look": look, "below": False, "directed": directed}


def as_colours(asked: Request, answer: Answer) -> str:
    """A sentence with its entities coloured, where standard output is a terminal."""
    from rich.console import Console
    from rich.text import Text

    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=sys.stdout.isatty(), highlight=False, soft_wrap=True)
    if isinstance(answer, Prediction | Extraction):
        text = Text(shown(text_of(answer)))
        for span, label in labelled_entities(answer):
            text.stylize(STYLES.get(label, STYLES[ENTITY]), *span)
        lines = [text, *(Text(shown(f"  {line}"), style="bold" if n == 0 else "dim") for n, line in enumerate(remarks(answer)))]
    else:
        messages = [f"line {asked.line}: {problem.found}\n  hint: {problem.hint}" for problem in answer]
        lines = [Text(shown(message), style="red") for message in messages]
    for line in lines:
        console.print(line)
    return drawn.getvalue()


DRAWINGS = {"html": Drawing(PAGE_HEAD, as_html, PAGE_TAIL), "terminal": Drawing("", as_colours, "")}
