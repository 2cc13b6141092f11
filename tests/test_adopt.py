"""Corrections on their way home: an export compared with what was sent, and written into data/raw."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipeline import adopt, parse, review
from pipeline.annotation import label_studio as label_studio_server
from pipeline.annotation import reviewed
from pipeline.annotation.corpus_files import all_sources
from pipeline.annotation.item import Item, Reason
from pipeline.annotation.review_file import read_sent, sent_beside, write_review
from pipeline.core import outputs, params, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE, Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS, brat, doccano, jsonl, label_studio, prodigy
from pipeline.corpus.words import lazy_tokenizer
from tests.support import documented, held_out
from tests.support.project import ROOT, environment

TOKENIZE = lazy_tokenizer("en", "char")
TOOLS = {
    "label_studio": "review.json",
    "prodigy": "review.jsonl",
    "doccano": "review.jsonl",
    "brat": "review",
    "jsonl": "review.jsonl",
}
SEMEVAL = (
    '1\t"The <e1>author</e1> 😀 uses a <e2>keygen</e2> here."\r\nUses(e1,e2)\r\nComment: one\r\n\r\n'
    '2\t"A <e1>ring</e1> lies in a <e2>box</e2>."\r\nOther\r\n\r\n'
    '3\t"<e1>Rain</e1> makes <e2>floods</e2>."\r\nCause(e2,e1)\r\n\r\n'
)
DOCUMENTS = (
    '{"id": "d1", "text": "Ann 😀 of Acme left Bonn.", "by": "me", "entities": [{"id": "T1", "spans": [[0, 3]], "type": "Person"},'
    ' {"id": "T2", "spans": [[9, 13]], "type": "Company"}], "relations": [{"head": "T1", "tail": "T2", "label": "works at"}]}\n'
    '{"id": "d2", "text": "Bob sang.", "entities": [], "relations": []}\n'
)
DVC = "stages:\n  parse:\n    cmd: python -m pipeline.parse data/raw data/parsed\n"


def set_params(**parse: object) -> None:
    """The params of this folder: the shipped ones, but for some of parse."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    Path("params.yaml").write_text(yaml.safe_dump({**values, "parse": {**values["parse"], **parse}}))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a corpus of SemEval's blocks and one of whole documents; the present folder."""
    monkeypatch.chdir(tmp_path)
    raw = Path("data/raw")
    raw.mkdir(parents=True)
    (tmp_path / "dvc.yaml").write_text(DVC)
    set_params(test_fraction=0.2)
    (raw / "train.txt").write_bytes(SEMEVAL.encode())
    (raw / "train_documents.jsonl").write_bytes(DOCUMENTS.encode())
    return tmp_path


def documents(*files: str) -> list[Document]:
    """The documents of files of data/raw, of all where none is named."""
    readers = {"train.txt": "semeval", "train_documents.jsonl": "jsonl"}
    found = [each for file in files or readers for each in FORMATS[readers[file]].read(Path("data/raw") / file)]
    return [each for each in found if isinstance(each, Document)]


def send(tool: str, *own: Document) -> Path:
    target = Path(TOOLS[tool])
    write_review([Item(each, "random", (Reason(each.id, "drawn"),)) for each in own or documents()], target, tool, TOKENIZE)
    return target


Correct = Callable[[Document], Document]


def corrected(tool: str, target: Path, corrections: dict[str, Correct], annotator: str | None = None) -> Path:
    """What a tool exports when a person has confirmed all items of a review, some of them corrected."""
    if tool == "label_studio":
        tasks = json.loads(target.read_text())
        for task in tasks:
            task["annotations"] = [{"result": task["predictions"][0]["result"], "completed_by": 1}]
        (Path("export.json")).write_text(json.dumps(tasks))
        found = list(label_studio.read(Path("export.json")))
    else:
        found = list(FORMATS[tool].read(accepted(target) if tool == "prodigy" else target))
    sent = {each.id: each for each in read_sent(sent_beside(target))}
    new = [corrections.get(sent[each.id].item.document.id, lambda document: document)(each) for each in found]
    new = [replace(each, relations=tuple(replace(one, annotator=annotator) for one in each.relations)) for each in new]
    export = Path("export").with_suffix(target.suffix)
    {"label_studio": label_studio, "prodigy": prodigy, "doccano": doccano, "brat": brat, "jsonl": jsonl}[tool].write(new, export)
    sent_beside(export).write_bytes(sent_beside(target).read_bytes())
    return export


def accepted(tasks: Path) -> Path:
    """Tasks of Prodigy, all of them accepted."""
    rows = [json.loads(line) | {"answer": "accept"} for line in tasks.read_text().splitlines()]
    answered = Path("answered") / tasks.name
    answered.parent.mkdir(exist_ok=True)
    answered.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return answered


def relabelled(label: str) -> Correct:
    return lambda document: replace(document, relations=(replace(document.relations[0], label=label),))


def moved(was: Span, now: Span) -> Correct:
    def correct(document: Document) -> Document:
        entities = tuple(replace(each, spans=(now,)) if each.spans == (was,) else each for each in document.entities)
        assert entities != document.entities
        return replace(document, entities=entities)

    return correct


def file(name: str) -> str:
    return (Path("data/raw") / name).read_bytes().decode()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_label_and_a_place_corrected_in_a_tool_change_these_alone(project, tool):
    export = corrected(tool, send(tool), {"1": relabelled("Makes"), "d1": moved(Span(9, 13), Span(6, 13))})
    said = adopt.main(export, write=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Makes(e1,e2)")
    assert file("train_documents.jsonl") == DOCUMENTS.replace("[[9, 13]]", "[[6, 13]]")
    assert said.splitlines()[:2] == [
        "data/raw/train.txt:1: relabelled: Uses(e1,e2) -> Makes(e1,e2) (author - keygen)",
        "data/raw/train_documents.jsonl:1: entity moved: Acme [9:13] -> of Acme [6:13] (Company)",
    ]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_review_that_nobody_touched_changes_nothing(project, tool):
    said = adopt.main(send(tool), write=True)
    assert (file("train.txt"), file("train_documents.jsonl")) == (SEMEVAL, DOCUMENTS)
    assert said == f"adopt: 5 items: 5 {'untouched' if tool in ('label_studio', 'prodigy') else 'as they were sent'}; written"
    assert reviewed.read(Path("data/reviewed.jsonl")) == frozenset()


def test_a_relation_and_a_type_that_the_corpus_did_not_have_are_warned_of(project):
    def retyped(document: Document) -> Document:
        return replace(document, entities=tuple(replace(each, type="Persn") for each in document.entities))

    said = adopt.main(corrected("jsonl", send("jsonl"), {"1": relabelled("Makes"), "3": relabelled("Uses"), "d1": retyped}))
    assert [line for line in said.splitlines() if "warning" in line] == [
        "data/raw/train.txt:1: warning: no other marked pair has the relation Makes: it becomes a class of its own",
        "data/raw/train_documents.jsonl:1: warning: no other document has the type Persn: it becomes a class of its own",
    ]


def test_nothing_is_written_without_being_asked(project):
    export = corrected("jsonl", send("jsonl"), {"1": relabelled("Makes")})
    assert adopt.main(export).endswith("1 changed, 4 as they were sent (1 relabelled); nothing written, --write does")
    assert file("train.txt") == SEMEVAL
    assert not Path("data/reviewed.jsonl").exists()


def test_what_is_adopted_twice_is_adopted_once(project):
    export = corrected("prodigy", send("prodigy"), {"1": relabelled("Makes"), "d1": moved(Span(9, 13), Span(6, 13))})
    adopt.main(export, write=True)
    once = file("train.txt"), file("train_documents.jsonl")
    assert adopt.main(export, write=True) == "adopt: 5 items: 5 confirmed as they are; written"
    assert (file("train.txt"), file("train_documents.jsonl")) == once


@pytest.mark.parametrize("moment", ["read_raw", "write_all"])
def test_who_adopts_while_somebody_else_does_is_refused_and_loses_nothing(project, monkeypatch, moment):
    target = send("jsonl")
    theirs = corrected("jsonl", target, {"3": relabelled("Makes")}).rename("theirs.jsonl")
    ours = corrected("jsonl", target, {"1": relabelled("Makes")})
    command = [sys.executable, "-m", "pipeline.adopt", str(theirs), "--sent", str(sent_beside(target)), "--write"]
    step, refused = getattr(adopt, moment), []

    def meanwhile(*arguments):
        done = step(*arguments)
        refused.append(subprocess.run(command, capture_output=True, text=True, env=environment(), check=False))
        return done

    monkeypatch.setattr(adopt, moment, meanwhile)
    adopt.main(ours, write=True)
    assert [ended.returncode for ended in refused] == [1]
    assert f"data/raw: it is being written by process {os.getpid()} (" in refused[0].stderr
    assert not list(Path("data").glob(".*"))
    subprocess.run(command, env=environment(), check=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Makes(e1,e2)").replace("Cause(e2,e1)", "Makes(e1,e2)")
    assert len(reviewed.read(reviewed.beside(Path("data/raw")))) == 2


def test_who_only_looks_is_not_refused(project):
    export = corrected("jsonl", send("jsonl"), {"1": relabelled("Makes")})
    look = [sys.executable, "-m", "pipeline.adopt", str(export)]
    with outputs.locked(Path("data/raw")):
        said = subprocess.run(look, capture_output=True, text=True, env=environment(), check=True).stdout
    assert "1 changed" in said


def test_confirmed_documents_are_reviewed_and_do_not_return(project):
    adopt.main(corrected("prodigy", send("prodigy"), {"1": relabelled("Makes")}), write=True)
    seen = reviewed.read(Path("data/reviewed.jsonl"))
    assert {reviewed.key(each) for each in documents()} <= seen


@pytest.mark.parametrize("label", ["Cause", "Other"])
def test_an_arrow_that_was_turned_turns_the_direction(project, label):
    def turned(document: Document) -> Document:
        (relation,) = document.relations
        return replace(document, relations=(Relation(relation.tail, relation.head, label),))

    adopt.main(corrected("label_studio", send("label_studio"), {"3": turned}), write=True)
    assert file("train.txt") == SEMEVAL.replace("Cause(e2,e1)", "Cause(e1,e2)" if label == "Cause" else "Other")


def test_a_relation_that_is_taken_out_of_a_pair_leaves_the_negative_label(project):
    adopt.main(corrected("doccano", send("doccano"), {"1": lambda document: replace(document, relations=())}), write=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Other")


@pytest.mark.parametrize(("rename", "negative"), [({"Other": "nothing"}, "nothing"), ({"Other": "x", "Rest": "Other"}, "Other")])
def test_the_negative_label_is_written_as_the_corpus_names_it(project, rename, negative):
    set_params(test_fraction=0.2, negative_label=negative, rename=rename)
    raw = SEMEVAL if negative == "nothing" else SEMEVAL.replace("Other", "Rest")
    path = project / "data/raw/train.txt"
    path.write_bytes(raw.encode())
    adopt.main(corrected("doccano", send("doccano"), {"1": lambda document: replace(document, relations=())}), write=True)
    assert file("train.txt") == raw.replace("Uses(e1,e2)", "Other" if negative == "nothing" else "Rest")


def test_a_turned_pair_that_gets_a_renamed_negative_label_keeps_its_order(project):
    set_params(test_fraction=0.2, negative_label="nothing", rename={"Rest": "nothing"})
    path = project / "data/raw/train_row.jsonl"
    row = '{"id": "9", "text": "Ann met Bob.", "e1": [0, 3], "e2": [8, 11], "relation": "Met"}\n'
    path.write_text(row)
    (own,) = FORMATS["jsonl"].read(Path("data/raw/train_row.jsonl"))

    def turned(document: Document) -> Document:
        (relation,) = document.relations
        return replace(document, relations=(Relation(relation.tail, relation.head, "Rest"),))

    adopt.main(corrected("label_studio", send("label_studio", own), {"9": turned}), write=True)
    assert path.read_text() == row.replace("Met", "Rest")


def test_a_row_goes_with_its_relation_where_the_corpus_has_no_negative_label(project):
    set_params(test_fraction=0.2, negative_label="NA")
    export = corrected("doccano", send("doccano"), {"1": lambda document: replace(document, relations=())})
    assert "data/raw/train.txt:1: row removed: The author" in adopt.main(export, write=True)
    assert file("train.txt") == SEMEVAL.split("\r\n\r\n", 1)[1]


def test_the_last_row_of_a_file_does_not_go(project):
    set_params(test_fraction=0.2, negative_label="NA")
    removed = dict.fromkeys(("1", "2", "3"), lambda document: replace(document, relations=()))
    target = send("doccano")
    export = corrected("doccano", target, removed | {"d1": relabelled("owns")})
    with pytest.raises(InputError, match=r"train\.txt:8: the last row of the file would go.*\n  hint: leave one as it was sent"):
        adopt.main(export, write=True)
    assert (file("train.txt"), file("train_documents.jsonl")) == (SEMEVAL, DOCUMENTS)
    adopt.main(corrected("doccano", target, {"1": removed["1"], "2": removed["2"]}), write=True)
    assert file("train.txt") == SEMEVAL.rsplit("\r\n\r\n", 2)[1] + "\r\n\r\n"


def with_pair(document: Document) -> Document:
    """A document with one relation more, to an entity that is new."""
    start = document.text.index("here")
    entity = Entity("99", (Span(start, start + 4),), document.entities[0].type)
    relation = Relation(document.entities[0].id, "99", "Part")
    return replace(document, entities=(*document.entities, entity), relations=(*document.relations, relation))


@pytest.mark.parametrize("tool", ["label_studio", "jsonl", "doccano"])
def test_a_second_relation_of_a_pair_is_a_row_more(project, tool):
    export = corrected(tool, send(tool), {"1": with_pair})
    said = adopt.main(export, write=True)
    row = '1~2\t"The <e1>author</e1> 😀 uses a keygen <e2>here</e2>."\r\nPart(e1,e2)\r\nComment: one\r\n\r\n'
    assert file("train.txt") == SEMEVAL.replace("Comment: one\r\n\r\n", f"Comment: one\r\n\r\n{row}")
    assert "data/raw/train.txt:1: row added: The author" in said
    adopt.main(export, write=True)
    assert file("train.txt").count("1~2") == 1


def test_a_relation_that_two_rows_of_a_sentence_get_is_one_row_more(project):
    path = project / "data/raw/train_rows.jsonl"
    rows = [
        f'{{"id": "{row_id}", "text": "Ann met Bob and Cy.", "e1": [0, 3], "e2": {e2}, "relation": "Met"}}\n'
        for row_id, e2 in (("8", [8, 11]), ("9", [16, 18]))
    ]
    path.write_text("".join(rows))

    def with_both(document: Document) -> Document:
        ids = {each.spans[0]: each.id for each in document.entities}
        new = next(span for span in (Span(8, 11), Span(16, 18)) if span not in ids)
        entities = (*document.entities, Entity("99", (new,), document.entities[0].type))
        ids[new] = "99"
        relation = Relation(ids[Span(8, 11)], ids[Span(16, 18)], "Knows")
        return replace(document, entities=entities, relations=(*document.relations, relation))

    own = [each for each in FORMATS["jsonl"].read(Path("data/raw/train_rows.jsonl")) if isinstance(each, Document)]
    export = corrected("label_studio", send("label_studio", *own), {"8": with_both, "9": with_both})
    assert "2 items: 1 changed, 1 confirmed as they are (1 row added)" in adopt.main(export, write=True)
    once = file("train_rows.jsonl")
    assert once.count("Knows") == 1
    adopt.main(export, write=True)
    assert file("train_rows.jsonl") == once


def test_a_row_more_has_an_id_that_no_row_of_its_file_has(project):
    path = project / "data/raw/train.txt"
    path.write_bytes(SEMEVAL.replace('3\t"', '1~2\t"').encode())
    adopt.main(corrected("jsonl", send("jsonl"), {"1": with_pair}), write=True)
    assert [each.id for each in documents("train.txt")] == ["1", "1~3", "2", "1~2"]


@pytest.mark.parametrize(("item", "now"), [("9", "Uses(e1,e2)"), ("10", "Other")])
def test_labels_are_written_as_the_whole_corpus_writes_them(project, item, now):
    rows = '9\t"<e1>A</e1> b <e2>c</e2>."\nOther\n\n'
    if item == "10":
        rows = '10\t"<e1>A</e1> b <e2>c</e2>."\nUses(e1,e2)\n\n'
    path = project / "data/raw/validation.txt"
    path.write_text(rows)
    (own,) = (each for each in FORMATS["semeval"].read(Path("data/raw/validation.txt")) if isinstance(each, Document))
    change = relabelled("Uses") if item == "9" else lambda document: replace(document, relations=())
    adopt.main(corrected("label_studio", send("label_studio", own), {item: change}), write=True)
    assert path.read_text().splitlines()[1] == now


def test_an_entity_alone_in_a_format_of_pairs_is_an_error(project):
    def lone(document: Document) -> Document:
        return replace(with_pair(document), relations=document.relations)

    with pytest.raises(InputError, match=r"train.txt:1: 'here' is in no relation, and the format holds pairs alone"):
        adopt.main(corrected("jsonl", send("jsonl"), {"1": lone}), write=True)
    assert file("train.txt") == SEMEVAL


def test_entities_and_relations_come_to_a_document_and_go(project):
    def correct(document: Document) -> Document:
        ann, _ = document.entities
        bonn = Entity("7", (Span(19, 23),), "City")
        return replace(document, entities=(ann, bonn), relations=(Relation(ann.id, "7", "left"),))

    said = adopt.main(corrected("doccano", send("doccano"), {"d1": correct}), write=True)
    new = json.loads(file("train_documents.jsonl").splitlines()[0])
    assert new["entities"][1] == {"id": "T3", "spans": [[19, 23]], "type": "City"}
    assert new["relations"] == [{"head": "T1", "tail": "T3", "label": "left"}]
    assert new["by"] == "me"
    assert "(1 entity removed, 1 entity added, 1 relation removed, 1 relation added)" in said


def test_a_rejected_answer_changes_nothing_and_is_told(project):
    export = corrected("prodigy", send("prodigy"), {"1": relabelled("Makes")})
    export.write_text(export.read_text().replace('"accept"', '"reject"', 1))
    assert adopt.main(export, write=True) == "adopt: 5 items: 4 confirmed as they are, 1 rejected; written"
    assert file("train.txt") == SEMEVAL


def several(*results: Sequence[tuple[str, Correct]]) -> Path:
    """An export of Label Studio in which annotators, one after the other, each say something of item 1."""
    target = send("label_studio")
    tasks = json.loads(target.read_text())
    for number, correct in enumerate(results, 1):
        export = json.loads(corrected("label_studio", target, {"1": correct}).read_text())
        annotation = export[0]["annotations"][0] | {
            "completed_by": number,
            "updated_at": f"2026-01-0{number}T00:00:00Z",
            "id": number,
        }
        tasks[0].setdefault("annotations", []).append(annotation)
    Path("export.json").write_text(json.dumps(tasks))
    return Path("export.json")


def test_what_all_annotators_say_is_adopted(project):
    adopt.main(several(relabelled("Makes"), relabelled("Makes")), write=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Makes(e1,e2)")


@pytest.mark.parametrize(("resolve", "label"), [(None, "Uses"), ("majority", "Makes"), ("newest", "Has"), ("ask", "Uses")])
def test_annotators_who_disagree_are_resolved_as_asked(project, resolve, label):
    export = several(relabelled("Makes"), relabelled("Makes"), relabelled("Has"))
    said = adopt.main(export, write=True, resolve=resolve)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", f"{label}(e1,e2)")
    assert ("train.txt:1: conflict: 1: relabelled Uses -> Makes; 2:" in said) == (label == "Uses")


def test_conflicts_are_asked_again_as_a_review_of_their_own(project):
    adopt.main(several(relabelled("Makes"), relabelled("Has")), write=True, resolve="ask")
    (task,) = json.loads(Path("export.conflicts.json").read_text())
    assert task["data"]["review_why"] == "1: relabelled Uses -> Makes; 2: relabelled Uses -> Has"
    task["annotations"] = [{"result": task["predictions"][0]["result"]}]
    task["annotations"][0]["result"][-1]["labels"] = ["Has"]
    Path("export.conflicts.json").write_text(json.dumps([task]))
    adopt.main(Path("export.conflicts.json"), write=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Has(e1,e2)")


def test_conflicts_that_were_asked_are_not_asked_again(project):
    export = several(relabelled("Makes"), relabelled("Has"))
    first = adopt.main(export, write=True, resolve="ask")
    asked = Path("export.conflicts.json").read_bytes()
    assert adopt.main(export, write=True, resolve="ask") == first
    assert Path("export.conflicts.json").read_bytes() == asked


def test_nothing_is_written_where_something_else_stands_in_the_place_of_the_conflicts(project):
    export = several(relabelled("Makes"), relabelled("Has"))
    tasks = json.loads(export.read_text())
    changed = json.loads(corrected("label_studio", Path("review.json"), {"3": relabelled("Makes")}).read_text())[2]
    export.write_text(json.dumps([tasks[0], tasks[1], changed, *tasks[3:]]))
    Path("export.conflicts.json").write_text("mine")
    with pytest.raises(InputError, match=r"export.conflicts.json: there is something already"):
        adopt.main(export, write=True, resolve="ask")
    assert file("train.txt") == SEMEVAL


def test_nothing_is_written_where_the_list_of_reviewed_documents_is_damaged(project):
    export = corrected("prodigy", send("prodigy"), {"1": relabelled("Makes")})
    Path("data/reviewed.jsonl").write_text("<<<<<<< HEAD\n")
    with pytest.raises(InputError, match=r"reviewed.jsonl:1"):
        adopt.main(export, write=True)
    assert file("train.txt") == SEMEVAL


def answered(*answers: tuple[str, Correct]) -> Path:
    """An export of Prodigy in which annotators, one after the other, each give an answer to item 1."""
    target, rows = send("prodigy"), []
    for number, (answer, correct) in enumerate(answers):
        export = corrected("prodigy", target, {"1": correct})
        row = json.loads(export.read_text().splitlines()[0])
        rows.append(row | {"answer": answer, "_annotator_id": f"a{number}", "_timestamp": number})
    Path("export.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Path("export.jsonl")


def as_it_was(document: Document) -> Document:
    return document


@pytest.mark.parametrize(
    ("resolve", "told"), [(None, "1 in conflict"), ("majority", "1 rejected"), ("newest", "1 changed"), ("ask", "1 in conflict")]
)
def test_a_rejection_disagrees_with_a_correction(project, resolve, told):
    export = answered(("reject", as_it_was), ("reject", as_it_was), ("accept", relabelled("Makes")))
    assert told in adopt.main(export, write=True, resolve=resolve)
    assert (file("train.txt") == SEMEVAL) == (resolve != "newest")


def test_who_skips_an_item_has_no_say_in_it(project):
    adopt.main(answered(("ignore", as_it_was), ("accept", relabelled("Makes")), ("ignore", as_it_was)), write=True)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Makes(e1,e2)")


def test_what_was_skipped_is_told_and_returns_in_the_next_review(project):
    assert "1 skipped" in adopt.main(answered(("ignore", as_it_was)), write=True)
    assert reviewed.read(Path("data/reviewed.jsonl")) == frozenset()


def test_of_one_annotator_the_last_version_counts_as_one(project):
    export = several(relabelled("Makes"), relabelled("Makes"), relabelled("Has"))
    tasks = json.loads(export.read_text())
    for annotation in tasks[0]["annotations"][:2]:
        annotation["completed_by"] = 1
    export.write_text(json.dumps(tasks))
    assert "1 in conflict" in adopt.main(export, write=True, resolve="majority")
    assert file("train.txt") == SEMEVAL


def test_an_item_twice_on_one_line_is_an_error(project):
    export = several(relabelled("Makes"))
    tasks = json.loads(export.read_text())
    export.write_text(json.dumps([*tasks, tasks[0]]))
    with pytest.raises(InputError, match=r"item 1 is there twice"):
        adopt.main(export, write=True)


def test_an_arrow_that_lost_its_label_is_an_error(project):
    def unlabelled(document: Document) -> Document:
        return replace(document, relations=tuple(replace(each, label=None) for each in document.relations))

    for item in ("1", "d1"):
        with pytest.raises(InputError, match=r"an arrow has no label"):
            adopt.main(corrected("label_studio", send("label_studio"), {item: unlabelled}), write=True)
        for path in Path().glob("review*"):
            path.unlink()
    assert (file("train.txt"), file("train_documents.jsonl")) == (SEMEVAL, DOCUMENTS)


def broken(change: Callable[[list[dict]], object]) -> Path:
    export = corrected("prodigy", send("prodigy"), {"2": relabelled("Makes")})
    rows = [json.loads(line) for line in export.read_text().splitlines()]
    change(rows)
    export.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return export


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rows: rows[0]["meta"].update(review_id="9"), r"export.jsonl:1: item 9 is none that was sent"),
        (lambda rows: rows.append(rows[0]), r"export.jsonl:6: item 1 is there twice, first at export.jsonl:1"),
        (
            lambda rows: rows[4].update(text="Bob sang!", tokens=None),
            r"export.jsonl:5: the text of item d2 was changed in the tool: 'Bob sang!'",
        ),
    ],
)
def test_an_item_that_is_not_as_it_was_sent_is_an_error_and_nothing_is_written(project, change, found):
    with pytest.raises(InputError, match=found):
        adopt.main(broken(change), write=True)
    assert file("train.txt") == SEMEVAL


def test_all_that_is_wrong_is_told_at_once(project):
    with pytest.raises(InputError) as error:
        adopt.main(broken(lambda rows: [row["meta"].update(review_id=f"x{number}") for number, row in enumerate(rows)]))
    assert [problem.kind for problem in error.value.problems] == ["item-unknown"] * 5


def test_a_document_that_was_annotated_otherwise_meanwhile_is_an_error(project):
    export = corrected("prodigy", send("prodigy"), {"1": relabelled("Makes")})
    (project / "data/raw/train.txt").write_bytes(SEMEVAL.replace("Uses(e1,e2)", "Has(e1,e2)").encode())
    with pytest.raises(InputError, match=r"train.txt:1: item 1 was annotated otherwise since it was sent"):
        adopt.main(export, write=True)


def test_what_was_confirmed_of_another_annotation_is_an_error(project):
    export = corrected("prodigy", send("prodigy"), {})
    (project / "data/raw/train.txt").write_bytes(SEMEVAL.replace("Uses(e1,e2)", "Has(e1,e2)").encode())
    with pytest.raises(InputError, match=r"train.txt:1: item 1 was annotated otherwise since it was sent"):
        adopt.main(export, write=True)


def test_an_item_of_a_file_that_has_another_name_now_is_an_error(project):
    export = corrected("prodigy", send("prodigy"), {})
    (project / "data/raw/train.txt").rename(project / "data/raw/train_a.txt")
    with pytest.raises(InputError, match=r"train.txt:1: an item that was sent is of a file that parse does not find any more"):
        adopt.main(export, write=True)
    assert not (project / "data/raw/train_reviewed.jsonl").exists()


def test_a_row_that_went_is_gone_when_it_is_adopted_again(project):
    set_params(test_fraction=0.2, negative_label="NA")
    export = corrected("doccano", send("doccano"), {"1": lambda document: replace(document, relations=())})
    adopt.main(export, write=True)
    once = file("train.txt")
    adopt.main(export, write=True)
    assert file("train.txt") == once


@pytest.mark.parametrize("tool", ["label_studio", "jsonl"])
def test_a_row_without_an_id_that_changed_and_stands_elsewhere_now_is_known(project, tool):
    ends = '"h": {"name": "Rain", "pos": [0, 4]}, "t": {"name": "floods", "pos": [11, 17]}'
    row = f'{{"text": "Rain makes floods.", {ends}, "relation": "C"}}\n'
    path = project / "data/raw/train_more.txt"
    path.write_text(row)
    (own,) = FORMATS["opennre"].read(Path("data/raw/train_more.txt"))
    export = corrected(tool, send(tool, own), {own.id: moved(Span(11, 17), Span(5, 17))})
    adopt.main(export, write=True)
    once = path.read_text()
    assert '"pos": [5, 17]' in once
    path.write_text(row.replace("Rain", "Snow") + once)
    adopt.main(export, write=True)
    assert path.read_text() == row.replace("Rain", "Snow") + once


def test_a_document_whose_text_was_edited_meanwhile_is_an_error(project):
    export = corrected("prodigy", send("prodigy"), {})
    (project / "data/raw/train.txt").write_bytes(SEMEVAL.replace("lies", "lay").encode())
    with pytest.raises(InputError, match=r"train.txt:5: item 2 is no longer there"):
        adopt.main(export, write=True)


def test_documents_that_stand_at_other_lines_now_are_found(project):
    export = corrected("prodigy", send("prodigy"), {"3": relabelled("Makes")})
    before = '0\t"<e1>A</e1> <e2>b</e2>"\r\nOther\r\n\r\n' + SEMEVAL
    (project / "data/raw/train.txt").write_bytes(before.encode())
    adopt.main(export, write=True)
    assert file("train.txt") == before.replace("Cause(e2,e1)", "Makes(e2,e1)")


def test_a_file_that_cannot_hold_a_correction_keeps_all_files_as_they_are(project):
    cut = {"1": moved(Span(4, 10), Span(4, 27)), "d1": moved(Span(9, 13), Span(6, 13))}
    with pytest.raises(InputError, match=r"train.txt:1: it cannot be written as it has become"):
        adopt.main(corrected("jsonl", send("jsonl"), cut), write=True)
    assert (file("train.txt"), file("train_documents.jsonl")) == (SEMEVAL, DOCUMENTS)


def test_texts_of_a_pool_become_documents_of_a_file_of_their_own(project):
    Path("pool.jsonl").write_text("")
    text = Document("p1", "pool.jsonl:1", "Eve left Rome.", (Entity("0", (Span(0, 3),), "Person"),), ())
    other = Document("p2", "pool.jsonl:2", "Nobody left.", (), ())
    export = corrected("jsonl", send("jsonl", text, other), {"p1": lambda document: replace(document, entities=())})
    said = adopt.main(export, write=True)
    line = '{"id": "p1", "text": "Eve left Rome.", "entities": [], "relations": []}\n'
    assert file("train_reviewed.jsonl") == line
    adopt.main(export, write=True)
    assert file("train_reviewed.jsonl") == line
    assert "2 items: 1 changed, 1 as they were sent" in said


def of_pool(text: str, *corrections: Correct) -> Path:
    """The export of one text of a pool, by its id 1, corrected."""
    for path in Path().glob("review*"):
        path.unlink()
    sent = Document("1", "pool.jsonl:1", text, (Entity("0", (Span(0, 3),), "Person"),), ())
    return corrected("jsonl", send("jsonl", sent), {"1": corrections[0]} if corrections else {})


def retyped(type_: str) -> Correct:
    return lambda document: replace(document, entities=tuple(replace(each, type=type_) for each in document.entities))


def test_a_text_of_a_pool_that_is_corrected_again_takes_its_own_place(project):
    for type_ in ("Dog", "Cat", "Cat"):
        adopt.main(of_pool("Eve left Rome.", retyped(type_)), write=True)
    (line,) = file("train_reviewed.jsonl").splitlines()
    assert json.loads(line)["entities"][0]["type"] == "Cat"


def test_another_text_with_the_same_id_gets_an_id_of_its_own(project):
    for text, type_ in (("Eve left Rome.", "Dog"), ("Bob sang.", "Dog"), ("Bob sang.", "Cat")):
        adopt.main(of_pool(text, retyped(type_)), write=True)
    lines = [json.loads(line) for line in file("train_reviewed.jsonl").splitlines()]
    assert [(line["id"], line["text"], line["entities"][0]["type"]) for line in lines] == [
        ("1", "Eve left Rome.", "Dog"),
        ("1~2", "Bob sang.", "Cat"),
    ]


IN_NO_SPLIT = [
    ({"splits": {"train": ["train.txt"]}}, None, 'add "train_reviewed.jsonl" to parse.splits.train in params.yaml'),
    ({"format": "semeval"}, None, "set parse.format to auto in params.yaml"),
    ({}, "data/raw/more.jsonl", "with train in its name"),
    ({}, "data/raw", "name another file with --new"),
    ({}, "data/train_more.jsonl", "name a file of data/raw with --new"),
    ({}, "data/raw/train_folder/more.jsonl", "no folder of brat"),
]


@pytest.mark.parametrize(("settings", "new", "hint"), IN_NO_SPLIT)
def test_texts_of_a_pool_that_parse_would_not_read_are_an_error_and_nothing_is_written(project, settings, new, hint):
    set_params(test_fraction=0.2, **settings)
    raw = Path("data/raw")
    (raw / "train_documents.jsonl").unlink()
    if new and "folder" in new:
        (raw / "train_folder").mkdir()
        (raw / "train_folder/a.txt").write_text("Ann.")
        (raw / "train_folder/a.ann").write_text("T1\tPerson 0 3\tAnn\n")
    before = sorted(raw.rglob("*"))
    export = of_pool("Eve left Rome.", retyped("Dog"))
    for write in (False, True):
        with pytest.raises(InputError) as error:
            adopt.main(export, write=write, new=Path(new) if new else None)
        assert hint in str(error.value)
        assert str(Path(new or "data/raw/train_reviewed.jsonl")) in str(error.value)
    assert sorted(raw.rglob("*")) == before


@pytest.mark.parametrize("new", ["data/raw/train_more.jsonl", "data/raw/train/of pool/more.jsonl"])
def test_texts_of_a_pool_are_told_where_they_go_and_once(project, new):
    path = Path(new)
    for line, text in enumerate(("Eve left Rome.", "Bob sang."), 1):
        export = of_pool(text, retyped("Dog"))
        assert f"{path}:{line}: entity added" in adopt.main(export, write=True, new=path)
    assert adopt.main(export, write=True, new=path) == "adopt: 1 item: 1 confirmed as they are; written"
    assert f"{path}:2: entity added" in adopt.main(of_pool("Bob sang.", retyped("Cat")), write=True, new=path)
    assert path in {source.path for source, _ in all_sources(Path("data/raw"), params.read(params.Parse))}


def test_texts_of_a_pool_do_not_go_into_a_file_of_another_format(project):
    with pytest.raises(InputError, match="name another file with --new"):
        adopt.main(of_pool("Eve left Rome.", retyped("Dog")), write=True, new=Path("data/raw/train.txt"))
    assert file("train.txt") == SEMEVAL


def test_a_review_of_conflicts_does_not_hide_what_was_sent(project):
    export = several(relabelled("Makes"), relabelled("Has"))
    sent_beside(export).unlink()
    adopt.main(export, write=True, resolve="ask")
    assert "1 in conflict" in adopt.main(export)


def test_what_was_sent_is_found_beside_or_named(project):
    target = send("jsonl")
    target.rename("elsewhere.jsonl")
    assert "5 as they were sent" in adopt.main(Path("elsewhere.jsonl"))
    Path("other.sent.jsonl").write_bytes(sent_beside(target).read_bytes())
    with pytest.raises(InputError, match=r"there are several: other.sent.jsonl, review.jsonl.sent.jsonl"):
        adopt.main(Path("elsewhere.jsonl"))
    assert "5 as they were sent" in adopt.main(Path("elsewhere.jsonl"), sent=Path("other.sent.jsonl"))


def test_the_present_folder_is_no_export_where_it_holds_other_files(project):
    """What was sent is looked for beside it, then in it."""
    send("jsonl")
    with pytest.raises(InputError, match=r"params\.yaml: this is no format that we know"):
        adopt.main(Path("."))


def page(section: str) -> list[str]:
    """The commands of a section of the page."""
    text = (ROOT / "docs/annotation.md").read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    return [line.strip() for line in text.splitlines() if line.startswith("    ") and not line.strip().startswith("<")]


def said_by(main: Callable[..., str], command: str) -> str:
    """The closing lines of a command."""

    @functools.wraps(main)
    def printing(**arguments: object) -> None:
        print(main(**arguments))  # noqa: T201

    return documented.run(printing, command)


@pytest.mark.parametrize("command", [line for line in page("Adopt") if "pipeline.adopt" in line])
def test_a_command_that_the_page_shows_runs(project, command):
    corrected("jsonl", send("jsonl"), {"1": relabelled("Makes")}).rename("export.json")
    Path("export.jsonl.sent.jsonl").rename("review.json.sent.jsonl")
    Path("review.jsonl.sent.jsonl").unlink()
    assert "1 relabelled" in said_by(adopt.main, command)
    assert (file("train.txt") == SEMEVAL) == ("--write" not in command)


def test_the_page_shows_a_server_as_review_and_adopt_take_it(project, monkeypatch):
    """tests/tools runs these commands against a real one."""
    _, to_server, home = page("The real tool")
    assert "--to label_studio --push http://localhost:8080" in to_server
    tasks = json.loads(corrected("label_studio", send("label_studio"), {"1": relabelled("Makes")}).read_text())
    Path("review.json.sent.jsonl").rename("pushed.json.sent.jsonl")
    monkeypatch.setenv(label_studio_server.TOKEN, "secret")
    monkeypatch.setattr(label_studio_server, "pull", lambda url, token: tasks)
    assert "1 relabelled" in said_by(adopt.main, home)
    assert file("train.txt") == SEMEVAL.replace("Uses(e1,e2)", "Makes(e1,e2)")


def test_a_problem_of_a_pulled_project_has_its_address(project, monkeypatch):
    tasks = [{"id": 1, "data": {"text": "Ann", "review_id": "x"}, "annotations": [{"result": 3}]}]
    send("label_studio")
    monkeypatch.setenv(label_studio_server.TOKEN, "secret")
    monkeypatch.setattr(label_studio_server, "pull", lambda url, token: tasks)
    with pytest.raises(InputError, match=r"http://a/projects/1:2: result is 3"):
        adopt.main(pull="http://a/projects/1")


def test_the_round_of_the_page_changes_one_label_and_embeds_nothing(finished, tmp_path, monkeypatch):
    folder = shutil.copytree(finished, tmp_path / "project", ignore=shutil.ignore_patterns("cache", "pipeline"))
    monkeypatch.chdir(folder)
    doubted, to_tool, looked_at, adopted, *_ = page("One round")
    assert doubted == "make doubtful"
    parsed = storage.read(Path("data/parsed"), PARSE)
    labels = sorted({label for split in ("train", "validation") for label in parsed.tables[split]["relation"].to_pylist()})
    uniform = [2 / (len(labels) + 1), *[1 / (len(labels) + 1)] * (len(labels) - 1)]
    held_out.of_rows(parsed, labels, lambda row_id, label: uniform).write(Path("experiments/doubtful/held_out"))
    shutil.copy(ROOT / review.held_out.EXPERIMENT, review.held_out.EXPERIMENT)
    said_by(review.main, to_tool)
    tasks = json.loads(Path("review.json").read_text())
    for task in tasks:
        task["annotations"] = [{"result": task["predictions"][0]["result"]}]
    tasks[0]["annotations"][0]["result"][-1]["labels"] = ["Another"]
    Path("export.json").write_text(json.dumps(tasks))
    assert "1 changed" in said_by(adopt.main, looked_at)
    said_by(adopt.main, adopted)
    changed = subprocess.run(["git", "diff", "--numstat", "data/raw"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[:2] for line in changed.splitlines()] == [["1", "1"]]
    parse.main(Path("data/raw"), Path("data/parsed"))
    again = storage.read(Path("data/parsed"), PARSE)
    for split, table in parsed.tables.items():
        assert again.tables[split]["words"].equals(table["words"])  # by which vectors are stored


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("own", [None, "Entity"])
def test_an_entity_that_is_drawn_anew_elsewhere_is_typed_as_the_file_has_it(project, tool, own):
    """A tool that needs a type has Entity for none."""
    path = Path("data/raw/train_documents.jsonl")
    path.write_text(DOCUMENTS.replace(', "type": "Person"', f', "type": "{own}"' if own else ""))

    def correct(document: Document) -> Document:
        ann, acme = document.entities
        bonn = replace(ann, id="99" if tool == "doccano" else "T99", spans=(Span(19, 23),))
        return replace(document, entities=(acme, bonn), relations=(replace(document.relations[0], head=bonn.id),))

    export = corrected(tool, send(tool), {"d1": correct})
    for verdict in ("1 changed", "as they"):  # once, and once more
        assert verdict in adopt.main(export, write=True).splitlines()[-1]
        first = next(FORMATS["jsonl"].read(path))
        assert [(each.spans[0].start, each.type) for each in first.entities] == [(9, "Company"), (19, own)]


def entity_drawn(document: Document) -> Document:
    """With an entity more of the type that a tool has for none."""
    number = "99" if all(each.id.isdecimal() for each in document.entities) else "T99"
    return replace(document, entities=(*document.entities, Entity(number, (Span(0, 3),), "Entity")))


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("own", [None, "Entity"])
def test_an_entity_that_is_drawn_where_there_was_none_is_typed_as_the_file_has_it(project, tool, own):
    path = Path("data/raw/train_documents.jsonl")
    path.write_text(DOCUMENTS.replace(', "type": "Person"', f', "type": "{own}"' if own else ""))
    export = corrected(tool, send(tool), {"d2": entity_drawn})
    for verdict in ("1 changed", "as they"):  # once, and once more
        assert verdict in adopt.main(export, write=True).splitlines()[-1]
        _, second = FORMATS["jsonl"].read(path)
        assert [each.type for each in second.entities] == [own]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("own", [None, "Entity"])
def test_an_entity_of_a_text_of_a_pool_is_typed_as_the_corpus_has_it(project, tool, own):
    if own:
        Path("data/raw/train_documents.jsonl").write_text(DOCUMENTS.replace("Person", own))
    texts = [
        Document("9", "pool.jsonl:1", "Eve met Bob.", (Entity("T1", (Span(8, 11),)),), ()),
        Document("8", "p:2", "Bo.", (), ()),
    ]
    for export in [corrected(tool, send(tool, *texts), {"9": entity_drawn, "8": lambda one: one})] * 2:
        adopt.main(export, write=True)
        (line,) = (line for line in file("train_reviewed.jsonl").splitlines() if "Eve" in line)
        assert [each.get("type") for each in json.loads(line)["entities"]][-1] == own


def test_an_entity_whose_type_was_taken_for_the_one_of_those_without_has_none(project):
    path = Path("data/raw/train_documents.jsonl")
    path.write_text(DOCUMENTS.replace(', "type": "Person"', ""))
    adopt.main(corrected("doccano", send("doccano"), {"d1": retyped("Entity")}), write=True)
    first, _ = FORMATS["jsonl"].read(path)
    assert [each.type for each in first.entities] == [None, None]


def test_what_goes_with_an_entity_that_is_taken_out_is_told_and_counted(project):
    with_keys = DOCUMENTS.replace('"label": "works at"', '"label": "works at", "sure":  1.10').replace(
        '"id": "T1",', '"id": "T1", "by": 3,'
    )
    (project / "data/raw/train_documents.jsonl").write_bytes(with_keys.encode())

    def without_ann(document: Document) -> Document:
        return replace(document, entities=document.entities[1:], relations=())

    export = corrected("jsonl", send("jsonl"), {"d1": without_ann})
    told = adopt.main(export, write=True).splitlines()
    place = "data/raw/train_documents.jsonl:1: gone with what was taken out: "
    assert [line for line in told if "gone with" in line][:2] == [f"{place}by: 3", f"{place}sure: 1.1"]
    assert "2 gone with what was taken out)" in told[-1]
