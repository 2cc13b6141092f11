"""What goes with an annotation that is taken out: it is told, each with its place, and nothing else is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.targets import SUFFIXES
from pipeline.corpus.rewriting import Edit, rewritten
from tests.corpus.rewriting.test_rewriting import corrected, moved
from tests.support.documents import documents

TEXT = "Ann of Acme left Bonn."
MARKS = {"P": (0, 3), "O": (7, 11), "L": (17, 21)}


def without(document: Document, *ids: str) -> Document:
    """A document without some entities, and so without their relations."""
    relations = tuple(each for each in document.relations if not {each.head, each.tail} & {*ids})
    return replace(document, entities=tuple(each for each in document.entities if each.id not in ids), relations=relations)


def losses(path: Path, name: str, new: Document) -> list[str]:
    """What goes when the first document of a file becomes another one, each by the end of its place and what was said."""
    old = next(iter(FORMATS[name].read(path)))
    assert isinstance(old, Document), old
    found = rewritten(path, name, [Edit(old, (new,))], FORMATS[name].read).losses
    return [f"{source.rpartition('/')[2]} {said}" for source, said in found]


def first(path: Path, name: str, text: str) -> Document:
    path.write_text(text, encoding="utf-8")
    found = next(iter(FORMATS[name].read(path)))
    assert isinstance(found, Document), found
    return found


def brat(folder: Path, *lines: str) -> tuple[Path, Document]:
    path = folder / "train"
    path.mkdir()
    (path / "a.txt").write_text(TEXT)
    marks = [f"T{number}\t{kind} {start} {end}\t{TEXT[start:end]}" for number, (kind, (start, end)) in enumerate(MARKS.items(), 1)]
    (path / "a.ann").write_text("".join(line + "\n" for line in (*marks, "R1\tat Arg1:T1 Arg2:T2", *lines)))
    (document,) = FORMATS["brat"].read(path)
    assert isinstance(document, Document), document
    return path, document


def test_attributes_and_notes_of_brat_go_with_what_they_name_and_are_told(tmp_path):
    told = ("A1\tSure R1", "N1\tReference T1 Wikipedia:1\tAnn", "#1\tAnnotatorNotes T1\tshe", "#2\tAnnotatorNotes A1\tvery")
    kept = ("A2\tSure T2", "#3\tAnnotatorNotes T2\tsee T1 and R1")
    path, old = brat(tmp_path, *told, *kept)
    places = [f"a.ann:{number} {' '.join(line.split())}" for number, line in enumerate(told, 5)]
    assert losses(path, "brat", without(old, "T1")) == places
    assert losses(path, "brat", replace(old, relations=())) == [places[0], places[3]]
    after = rewritten(path, "brat", [Edit(old, (without(old, "T1"),))], FORMATS["brat"].read).files[path / "a.ann"].decode()
    assert after.splitlines()[2:] == list(kept)


def test_every_event_that_names_what_went_is_told(tmp_path):
    path, old = brat(tmp_path, "E1\tLeave:T3 Who:T1", "E2\tStay:T3 Who:T1 Of:T2", "E3\tGo:T3")
    with pytest.raises(InputError, match="the event E1 names T1; the event E2 names T1, T2"):
        losses(path, "brat", without(old, "T1", "T2"))


def label_studio() -> str:
    regions = []
    for kind, (start, end) in MARKS.items():
        value = {"start": start, "end": end, "text": TEXT[start:end]}
        names = {"id": kind, "to_name": "text", "origin": "manual"}
        offsets = {"globalOffsets": {"start": start, "end": end}}
        regions += [
            {
                **names,
                "type": "labels",
                "from_name": "label",
                "value": {**value, "labels": [kind], **offsets},
                "meta": {"text": ["?"]},
            },
            {**names, "type": "choices", "from_name": "sure", "value": {**value, "choices": ["yes"]}},
            {**names, "type": "rating", "from_name": "stars", "value": {**value, "rating": 4}},
            {**names, "type": "textarea", "from_name": "note", "value": {**value, "text": ["ah"]}},
        ]
    arrow = {"type": "relation", "from_id": "P", "to_id": "O", "direction": "right", "labels": ["at"], "meta": {"by": 3}}
    return json.dumps([{"id": 1, "data": {"text": TEXT}, "annotations": [{"id": 4, "result": [*regions, arrow]}]}])


def test_what_label_studio_says_of_a_region_or_an_arrow_that_went_is_told(tmp_path):
    path = tmp_path / "train.json"
    old = first(path, "label_studio", label_studio())
    of_region = ['meta: {"text": ["?"]}', 'choices: ["yes"]', "rating: 4", 'text: ["ah"]']
    assert losses(path, "label_studio", without(old, "L")) == [f"train.json:1 {each}" for each in of_region]
    assert losses(path, "label_studio", replace(old, relations=())) == ['train.json:1 meta: {"by": 3}']


ARROW = {"head": 0, "child": 2, "label": "at", "color": "#fff", "sure": 1.1}
SPANS = [{"start": start, "end": end, "label": kind, "token_start": 0, "by": kind} for kind, (start, end) in MARKS.items()]
TASK = {"text": TEXT, "spans": SPANS, "relations": [{**ARROW, "head_span": SPANS[0], "child_span": SPANS[1]}], "answer": "accept"}
ENTITIES = [{"id": n, "spans": [place], "type": kind, "by": {"who": kind}} for n, (kind, place) in enumerate(MARKS.items())]
RELATIONS = [{"head": 0, "tail": 1, "label": "at", "sure": 1.1}]


def test_other_keys_of_a_span_and_an_arrow_of_prodigy_that_went_are_told_and_its_colour_is_not(tmp_path):
    path = tmp_path / "train.jsonl"
    old = first(path, "prodigy", "\n" + json.dumps(TASK))
    assert losses(path, "prodigy", without(old, "2")) == ['train.jsonl:2 by: "L"']
    of_arrow = ['by: "P"', 'by: "O"', "sure: 1.1"]
    assert sorted(losses(path, "prodigy", replace(old, relations=()))) == sorted(f"train.jsonl:2 {each}" for each in of_arrow)


def test_other_keys_of_an_entity_and_a_relation_that_went_are_told(tmp_path):
    path = tmp_path / "train.jsonl"
    old = first(path, "jsonl", json.dumps({"text": TEXT, "entities": ENTITIES, "relations": RELATIONS, "by": 1}))
    assert losses(path, "jsonl", without(old, "0")) == ['train.jsonl:1 by: {"who": "P"}', "train.jsonl:1 sure: 1.1"]


def test_nothing_is_told_where_nothing_is_lost(tmp_path):
    path = tmp_path / "train.jsonl"
    old = first(path, "jsonl", json.dumps({"text": TEXT, "entities": ENTITIES, "relations": RELATIONS, "by": 1}))
    new = replace(moved(old, "0", Span(0, 6)), entities=(*old.entities, Entity("9", (Span(12, 16),), "V")))
    assert losses(path, "jsonl", new) == []


ORIGINAL = (
    "7\tPeop\t0\tO\tNNP/NNP\tAda/Byron\tO\tO\tx\n7\tO\t1\tO\tIN\tof\tO\tO\ty\n"
    "7\tLoc\t2\tO\tNNP/NNP\tNew/York\tO\tO\tz\n\n0\t2\tLive_In\n"
)


def test_rows_of_the_original_conll_keep_the_columns_of_their_words(tmp_path):
    path = tmp_path / "train.conll"
    old = first(path, "conll", ORIGINAL)
    (written,) = rewritten(path, "conll", [Edit(old, (moved(old, "1", Span(13, 16)),))], FORMATS["conll"].read).files.values()
    assert re.findall(r"\tO\t(\w)\n", written.decode()) == ["x", "y", "z", "z"]


def test_columns_of_rows_that_become_one_are_told(tmp_path):
    path = tmp_path / "train.conll"
    old = first(path, "conll", ORIGINAL)
    assert losses(path, "conll", moved(old, "0", Span(0, 12))) == ["train.conll:1 y"]


JSON = ("jsonl", "opennre", "tacred", "spert", "dygie", "fewrel", "label_studio", "prodigy", "doccano")
SPELLINGS = ("1e5", "1.10", "-0.0", "123456789012345678901234567890", r'"\u00e9\/"', '[1.0,  {"a":2}]', '{"b" :\t[]}')
BRACES = re.compile(r'"(?:[^"\\]|\\.)*"|\{(?!\})')
COMMAS = re.compile(r'("(?:[^"\\]|\\.)*")|, *')


def adorned(data: st.DataObject, text: str) -> str:
    """A text of JSON whose objects have a key more each, which no format knows, with values in all spellings."""
    numbers = iter(range(len(text)))
    spelling = st.sampled_from(SPELLINGS)

    def with_key(match: re.Match[str]) -> str:
        return match[0] if match[0] != "{" else f'{{"k{next(numbers)}":  {data.draw(spelling)}, '

    return BRACES.sub(with_key, text)


@pytest.mark.parametrize("name", JSON)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_no_format_knows_stays_in_its_own_spelling_or_is_told(tmp_path, name, data):
    holds = FORMATS[name].holds
    path = tmp_path / f"train{SUFFIXES[name]}"
    try:
        FORMATS[name].write(data.draw(st.lists(documents(holds), min_size=1, max_size=3)), path)
    except ValueError:
        return  # a pair that overlaps
    text = path.read_text(encoding="utf-8")
    text = "{" + adorned(data, text[1:]) if name == "fewrel" else adorned(data, text)
    if data.draw(st.booleans()):
        text = text.replace("}\n{", "} {")  # several documents on a line
    if data.draw(st.booleans()):
        text = COMMAS.sub(lambda match: match[1] or ",\r\n    ", text).rstrip("\n")  # and no last line end
    path.write_bytes(text.encode())
    read = [each for each in FORMATS[name].read(path) if isinstance(each, Document)]
    place = data.draw(st.integers(0, len(read) - 1))
    new = corrected(data, read[place], holds)
    number = sum(each.source == read[place].source for each in read[:place])
    try:
        files, told = rewritten(path, name, [Edit(read[place], (new,), number)], FORMATS[name].read)
    except InputError:
        return  # it cannot be said; test_rewriting.py tells when
    key = re.compile(r'"(k\d+)":  ')
    written = files[path].decode()
    kept, gone = set(key.findall(written)), {said.partition(":")[0] for _, said in told}
    assert kept | gone == set(key.findall(text))
    assert not kept & gone
    spelled = {match[1]: match[0] for match in re.finditer(rf'"(k\d+)":  (?:{"|".join(map(re.escape, SPELLINGS))}),', text)}
    assert [each for own, each in spelled.items() if own in kept and each not in written] == []
