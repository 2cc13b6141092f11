"""Predictions drawn for people: an HTML page by displaCy, or colours on a terminal."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pipeline.core.labels import undirected
from pipeline.core.schema import Span
from pipeline.core.untrusted import shown
from pipeline.prediction.answers import Answer
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Prediction, Relation

ENTITY = "ENTITY"  # the label of one without a type
COLORS = {"E1": "#cfe3ff", "E2": "#ffe1b8", ENTITY: "#dddddd"}
STYLES = {"E1": "black on light_sky_blue1", "E2": "black on navajo_white1", ENTITY: "black on grey85"}
N_SHOWN = 3  # probabilities of a relation
PAGE = (Path(__file__).parent / "templates" / "page.html").read_text(encoding="utf-8")
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
    """The lines below a text."""
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
    from spacy import displacy

    if not isinstance(answer, Prediction | Extraction):
        lines = [f"line {asked.line}: {problem.found} ({problem.hint})" for problem in answer]
        return "".join(f"<p class='error'>{escape(shown(line))}</p>\n" for line in lines)
    entities = [{"start": span.start, "end": span.end, "label": label} for span, label in labelled_entities(answer)]
    document = {"text": shown(text_of(answer)), "ents": entities, "title": None}
    drawn: str = displacy.render(document, style="ent", manual=True, jupyter=False, options={"colors": COLORS})
    return drawn + "".join(f"<p>{escape(shown(line))}</p>\n" for line in remarks(answer))


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
