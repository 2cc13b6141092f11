"""Predictions drawn for people: an HTML page by displaCy, or colours on a terminal."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.untrusted import shown
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Entity, Prediction, Relation

Answer = Prediction | Sequence[Problem]
COLORS = {"E1": "#cfe3ff", "E2": "#ffe1b8", "ENTITY": "#dddddd"}
STYLES = {"E1": "black on light_sky_blue1", "E2": "black on navajo_white1", "ENTITY": "black on grey85"}
N_SHOWN = 3  # probabilities of a relation
PAGE = (Path(__file__).parent / "templates" / "page.html").read_text(encoding="utf-8")
PAGE_HEAD, PAGE_TAIL = PAGE.split("<!-- sentences -->\n")


@dataclass(frozen=True)
class Drawing:
    """What stands before all predictions, how each is drawn, and what stands after."""

    head: str
    show: Callable[[Request, Answer], str]
    tail: str


def labelled_entities(answer: Prediction) -> list[tuple[Entity, str]]:
    """The entities to colour, in reading order and apart, each with its label."""
    if answer.sentence.entities:
        [relation] = answer.relations
        labelled = [(relation.e1, "E1"), (relation.e2, "E2")]
    else:
        labelled = [(entity, "ENTITY") for entity in answer.entities or ()]
    labelled.sort(key=lambda pair: pair[0].characters)
    # Annotations in JSON may overlap; a text can be coloured once.
    apart = [right for left, right in itertools.pairwise(labelled) if left[0].characters.end <= right[0].characters.start]
    return labelled[:1] + apart


def verdict(relation: Relation) -> str:
    """A relation in words: its pair and the most probable relations.

    >>> from pipeline.core.schema import Span
    >>> rain, flood = Entity("rain", Span(0, 1), Span(0, 4)), Entity("flood", Span(2, 3), Span(9, 14))
    >>> verdict(Relation(rain, flood, {"Other": 0.2, "Cause-Effect(e1,e2)": 0.8}))
    'rain, flood: Cause-Effect(e1,e2) 80%, Other 20%'
    """
    likely = sorted(relation.probabilities.items(), key=lambda item: -item[1])[:N_SHOWN]
    return f"{relation.e1.text}, {relation.e2.text}: " + ", ".join(f"{name} {share:.0%}" for name, share in likely)


def remarks(answer: Prediction) -> list[str]:
    """The lines below a sentence."""
    lines = [verdict(relation) for relation in answer.relations]
    if answer.sentence.entities and answer.entities is not None:
        lines.append(f"tagged as entities: {', '.join(entity.text for entity in answer.entities) or 'none'}")
    return lines + ([answer.message] if answer.message else [])


def as_html(asked: Request, answer: Answer) -> str:
    """A sentence as a part of the page."""
    from spacy import displacy

    if not isinstance(answer, Prediction):
        lines = [f"line {asked.line}: {problem.found} ({problem.hint})" for problem in answer]
        return "".join(f"<p class='error'>{escape(shown(line))}</p>\n" for line in lines)
    entities = [
        {"start": entity.characters.start, "end": entity.characters.end, "label": label}
        for entity, label in labelled_entities(answer)
    ]
    document = {"text": shown(answer.sentence.text), "ents": entities, "title": None}
    drawn: str = displacy.render(document, style="ent", manual=True, jupyter=False, options={"colors": COLORS})
    return drawn + "".join(f"<p>{escape(shown(line))}</p>\n" for line in remarks(answer))


def as_colours(asked: Request, answer: Answer) -> str:
    """A sentence with its entities coloured, where standard output is a terminal."""
    from rich.console import Console
    from rich.text import Text

    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=sys.stdout.isatty(), highlight=False, soft_wrap=True)
    if isinstance(answer, Prediction):
        text = Text(shown(answer.sentence.text))
        for entity, label in labelled_entities(answer):
            text.stylize(STYLES[label], *entity.characters)
        lines = [text, *(Text(shown(f"  {line}"), style="bold" if n == 0 else "dim") for n, line in enumerate(remarks(answer)))]
    else:
        messages = [f"line {asked.line}: {problem.found}\n  hint: {problem.hint}" for problem in answer]
        lines = [Text(shown(message), style="red") for message in messages]
    for line in lines:
        console.print(line)
    return drawn.getvalue()


DRAWINGS = {"html": Drawing(PAGE_HEAD, as_html, PAGE_TAIL), "terminal": Drawing("", as_colours, "")}
