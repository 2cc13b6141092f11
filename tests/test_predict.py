"""The command line of prediction: what it reads, what it writes, and when. The model is a stand-in."""

import io
import json
import re
import sys
import threading

import pytest

from pipeline import predict
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats.annotation import decode
from pipeline.prediction.readers import READERS, Request
from pipeline.prediction.types import Prediction, Relation, Sentence, entities, entity

SEMEVAL = b'8\t"The <e1>cat</e1> sat on <e2>mats</e2>."\r\nOther\r\nComment: none\r\n\r\n9\t"No <e1>label</e1> <e2>here</e2>"\r\n'


class Words:
    """A predictor that knows blanks alone; where nothing is marked it finds the capitalised words."""

    def predict(self, sentences):
        return [self._answer(sentence) for sentence in sentences]

    def _answer(self, sentence):
        words = sentence.text.split()
        starts = [sum(len(word) + 1 for word in words[:n]) for n in range(len(words))]
        characters = [Span(start, start + len(word)) for start, word in zip(starts, words, strict=True)]
        tags = tuple("B" if word.istitle() else "O" for word in words)
        if "refuse" in words:
            return Problem("a word is refused", "leave it out", source="sentence")
        found = tuple(entities(sentence.text, characters, tags))
        pairs = [(a, b) for a in found for b in found if a != b]
        if sentence.entities:
            spans = [
                [n for n, span in enumerate(characters) if span.start < e.end and e.start < span.end] for e in sentence.entities
            ]
            pairs = [tuple(entity(sentence.text, characters, Span(ids[0], ids[-1] + 1)) for ids in spans)]
        said = tuple(Relation(*pair, {"Other": 0.25, "Uses(e2,e1)": 0.75}) for pair in pairs)
        return Prediction(sentence, tuple(words), tags, found, said)


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line on bytes of standard input; its exit code and its output."""
    monkeypatch.setattr(predict, "Predictor", lambda model, encoder: Words())

    def run(*arguments, stdin=b"", path=None):
        if path is not None:
            path.write_bytes(stdin)
        code = predict.main(["model", *arguments, *([str(path)] if path else [])])
        return code, capsys.readouterr().out

    return run


def read(kind, content):
    return list(READERS[kind](decode(content.splitlines(keepends=True))))


def test_a_marked_sentence_gets_its_relation_direction_and_spans(command):
    code, out = command("--text", "The <e1>Cat</e1> uses <e2>a mat</e2>")
    said = json.loads(out)
    assert code == 0
    assert (said["relation"], said["direction"], said["probability"]) == ("Uses(e2,e1)", "e2,e1", 0.75)
    assert said["probabilities"] == {"Other": 0.25, "Uses(e2,e1)": 0.75}
    assert said["e2"] == {"text": "a mat", "words": [3, 5], "characters": [13, 18]}
    assert said["tags"] == ["B", "B", "O", "O", "O"]
    assert said["entities"][1] == {"text": "Cat", "words": [1, 2], "characters": [4, 7]}


def test_an_unmarked_sentence_gets_a_list_of_relations(command):
    said = json.loads(command("--text", "here Ann met Bob")[1])
    assert [(r["e1"]["text"], r["e2"]["text"]) for r in said["relations"]] == [("Ann", "Bob"), ("Bob", "Ann")]
    assert said["message"] is None


def test_no_pair_found_is_said(command):
    assert json.loads(command("--text", "only Ann")[1])["message"] == "no pair found: the tagger found 1 entity"


def test_bad_lines_stand_in_place_with_their_number_and_the_exit_code_is_1(command, tmp_path):
    lines = b"here Ann\n\n<e1>x</e1> <e2> </e2> <e1>\n\xff\nplease refuse\nBob is last"
    code, out = command(stdin=lines, path=tmp_path / "lines.txt")
    said = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [(one["line"], "error" in one) for one in said] == [(1, False), (3, True), (4, True), (5, True), (6, False)]
    assert "<e1> occurs 2 times" in said[1]["error"]
    assert said[3] == {"line": 5, "error": "a word is refused", "hint": "leave it out"}


def test_json_lines_may_mark_by_offsets_by_marks_or_not_at_all():
    lines = [{"id": 7, "text": "a b c", "e1": [0, 1], "e2": [4, 5]}, {"text": "<e1>a</e1> b <e2>c</e2>"}, {"text": "a b c"}]
    asked = read("jsonl", "\n".join(map(json.dumps, lines)).encode())
    marked = Sentence("a b c", (Span(0, 1), Span(4, 5)))
    assert asked == [Request(1, "7", marked), Request(2, None, marked), Request(3, None, Sentence("a b c"))]


def test_json_lines_may_have_other_keys_and_null_for_nothing_whether_marked_or_not():
    rest = {"relation": "no such (thing)", "e1_type": 7, "comment": [None]}
    marked, plain = {"text": "a b", "e1": [0, 1], "e2": [2, 3], "id": None}, {"text": "a b", "e1": None, "e2": None}
    asked = read("jsonl", "\n".join(json.dumps(line | rest) for line in (marked, plain)).encode())
    assert asked == [Request(1, None, Sentence("a b", (Span(0, 1), Span(2, 3)))), Request(2, None, Sentence("a b"))]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("text", "<e2>a</e2> <e1>b</e1>"),
        ("jsonl", '{"text": "<e2>a</e2> <e1>b</e1>"}'),
        ("jsonl", '{"text": "a b", "e1": [2, 3], "e2": [0, 1]}'),
        ("semeval", '1\t"<e2>a</e2> <e1>b</e1>"'),
    ],
)
def test_e2_may_stand_before_e1(kind, line):
    [asked] = read(kind, line.encode())
    assert asked.content == Sentence("a b", (Span(2, 3), Span(0, 1)))


def test_an_empty_entity_is_named_whichever_stands_first():
    [asked] = read("text", b"<e2> </e2> <e1>b</e1>")
    assert [problem.found for problem in asked.content] == ["e2 is empty"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{", "not JSON"),
        ('{"text": "a b", "text": "c d"}', "'text' 2 times"),
        ('{"text": "a b", "e1": [0, 1]}', "e1 is given alone"),
        ('{"text": "a b", "e1": [0, 1], "e2": null}', "e1 is given alone"),
        ('{"text": "a b", "e_1": [0, 1], "E2": [2, 3]}', "there is no e"),
        ('{"text": "<e1>a</e1> <e2>b</e2>", "e1": [0, 1], "e2": [2, 3]}', "the text has the mark <e1>"),
        ('{"text": "a <E2>b", "e1": [0, 1], "e2": [2, 3]}', "the text has the mark <E2>"),
        ('{"text": "<E1>a</E1> <E2>b</E2>"}', "<E1> is no mark"),
        ('{"text": "a b", "id": {}}', "id is {}"),
        ('{"text": "a b", "id": NaN, "e1": [0, 1], "e2": [2, 3]}', "id is NaN"),
        ('{"text": ["a b"], "e1": [0, 1], "e2": [2, 3]}', "no text"),
        ('{"text": "a \\ud800", "e1": [0, 1], "e2": [2, 3]}', "half of a pair"),
        ('{"text": "a b", "e1": [0, 1], "e2": [2, 9]}', "the text has 3 characters"),
        ('{"words": []}', "no text"),
        ('{"text": " "}', "blank"),
        ('{"text": "a \\ud800"}', "half of a pair"),
    ],
)
def test_a_bad_json_line_says_what_is_wrong(line, found):
    [asked] = read("jsonl", line.encode())
    assert found in asked.content[0].found


def test_semeval_blocks_need_no_relation():
    asked = read("semeval", SEMEVAL)
    assert [(one.line, one.id, one.content.text) for one in asked] == [(1, "8", "The cat sat on mats."), (5, "9", "No label here")]


def test_a_bad_semeval_block_does_not_end_the_reading():
    asked = read("semeval", b'1\t"no marks"\nOther\n\n' + SEMEVAL)
    assert [isinstance(one.content, Sentence) for one in asked] == [False, True, True]


def test_a_line_is_answered_before_the_next_one_comes():
    answered = threading.Event()

    def typing():
        yield 1
        assert answered.wait(10)
        yield 2

    batches = predict.as_they_come(typing(), 10)
    assert next(batches) == [1]
    answered.set()
    assert list(batches) == [[2]]


def test_a_large_file_comes_in_batches_of_bounded_size_in_order():
    batches = list(predict.as_they_come(iter(range(1000)), 64))
    assert [item for batch in batches for item in batch] == list(range(1000))
    assert max(map(len, batches)) <= 64


def test_reading_is_never_far_ahead():
    drawn = []
    batches = predict.as_they_come((drawn.append(n) or n for n in range(10_000)), 8)
    next(batches)
    assert len(drawn) < 100


def test_an_error_of_reading_is_raised_after_what_came_before():
    def failing():
        yield 1
        raise InputError.of("x", "broken", "mend it")

    batches = predict.as_they_come(failing(), 10)
    seen = []
    with pytest.raises(InputError, match="broken"):
        seen.extend(item for batch in batches for item in batch)
    assert seen == [1]


def test_a_missing_file_is_an_error(command):
    with pytest.raises(FileNotFoundError):
        command("nowhere.txt")


def test_a_file_and_a_text_together_are_refused(command):
    with pytest.raises(SystemExit):
        command("lines.txt", "--text", "Ann")


def test_a_text_of_another_format_is_refused(command):
    with pytest.raises(SystemExit):
        command("--format", "jsonl", "--text", '{"text": "Ann"}')


def test_html_is_one_page_that_escapes_its_text(command, tmp_path):
    lines = b"<e1>Ann</e1> uses <b> <e2>Bob</e2>\nrefuse\n"
    code, out = command("--pretty", "html", stdin=lines, path=tmp_path / "lines.txt")
    assert (code, out.count("<html"), out.count("</html>"), out.count("<mark")) == (1, 1, 1, 2)
    assert "&lt;b&gt;" in out
    assert "Ann, Bob: Uses(e2,e1) 75%, Other 25%" in out
    assert "line 2: a word is refused" in out


def test_a_terminal_shows_colours_and_a_pipe_does_not(command, monkeypatch):
    arguments = ("--pretty", "terminal", "--text", "<e1>Ann</e1> uses <e2>Bob</e2>")
    assert command(*arguments)[1].startswith("Ann uses Bob\n  Ann, Bob: Uses(e2,e1) 75%")
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    predict.main(["model", *arguments])
    assert "\x1b[" in terminal.getvalue()


@pytest.mark.parametrize("pretty", ["terminal", "html"])
def test_control_characters_of_a_text_are_shown_not_obeyed(command, pretty):
    text = "<e1>Ann</e1> \x1b]0;title\x07 \x9b2J uses <e2>Bo\x1bb</e2>"
    _, out = command("--pretty", pretty, "--text", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)
    assert "\N{REPLACEMENT CHARACTER}]0;title" in out
    assert "Ann, Bo\N{REPLACEMENT CHARACTER}b: Uses" in out


def test_control_characters_do_not_move_the_colours(command, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    predict.main(["model", "--pretty", "terminal", "--text", "\x07\x08 x <e1>Ann</e1> uses <e2>Bob</e2>"])
    assert re.search("\x1b\\[[0-9;]*mAnn\x1b", terminal.getvalue())


def test_entities_that_overlap_are_coloured_once(command, tmp_path):
    line = json.dumps({"text": "old cat", "e1": [0, 7], "e2": [4, 7]}).encode()
    _, out = command("--pretty", "html", "--format", "jsonl", stdin=line, path=tmp_path / "x.jsonl")
    assert out.count("<mark") == 1
