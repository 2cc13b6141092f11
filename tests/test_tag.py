from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import tag
from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE, SENTENCES, TAG
from pipeline.corpus.bio import tag_names
from tests.support.joint import sentences
from tests.support.project import ROOT
from tests.support.rows import PARSE_NOTES, parsed, with_spans


def tags_of(sentence: str, labels: str = "entity", types: tuple[str | None, str | None] = (None, None)) -> list[str]:
    known = sorted({name for name in types if name})
    names = tag_names(labels, known)
    return [names[index] for index in tag.tag(parsed(sentence, types=types), labels, known, "outer")["tag_ids"][0].as_py()]


def test_an_entity_of_several_words_begins_once() -> None:
    assert tags_of("the [e1 old cat] sat on [e2 mats]") == ["O", "B", "I", "O", "O", "B"]


def test_entities_that_touch_stay_apart() -> None:
    assert tags_of("[e1 factory] [e2 smoke rose]") == ["B", "B", "I"]


def test_the_later_entity_may_be_e1() -> None:
    assert tags_of("[e2 smoke] of a [e1 big factory]", "role") == ["B-E2", "O", "O", "B-E1", "I-E1"]


def test_types_become_classes() -> None:
    assert tags_of("[e1 Ada] left [e2 New York]", "type", ("Person", "City")) == ["B-Person", "O", "B-City", "I-City"]


def test_two_entities_of_one_type_share_its_class() -> None:
    assert tags_of("[e1 Ada] met [e2 Bo]", "type", ("Person", "Person")) == ["B-Person", "O", "B-Person"]


def test_the_stage_reports_every_row_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = with_spans(parsed("[e1 a] [e2 b]", "[e1 c] [e2 d]"), (0, 1), (0, 1))
    storage.write(tmp_path / "parsed", PARSE, {"train": [table]}, PARSE_NOTES)
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError) as caught:
        tag.main(tmp_path / "parsed", tmp_path / "tagged")
    assert [problem.source for problem in caught.value.problems] == ["train.txt:1", "train.txt:2"]
    assert not (tmp_path / "tagged").exists()


def run_tag(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """Tag a row of nested entities, one of them without a type, under the shipped params with changes; the closing line."""
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    for name, values in changes.items():
        sections[name].update(values)
    (folder / "params.yaml").write_text(yaml.safe_dump(sections))
    table = with_spans(parsed("[e1 a] b c [e2 d]", types=("Person", None)), (0, 3), (1, 2))
    storage.write(
        folder / "parsed", PARSE, {"train": [table, parsed("[e1 e] [e2 f]", first_id=2, types=("City", "City"))]}, PARSE_NOTES
    )
    monkeypatch.chdir(folder)
    return tag.main(folder / "parsed", folder / "tagged")


@pytest.mark.parametrize(
    ("types", "tags"),
    [(("Person", "City"), ("O", "B-City", "I-City", "B-Person", "I-Person")), (("Person", None), ("O", "B", "I"))],
)
def test_auto_tags_name_types_where_every_entity_has_one(
    types: tuple[str | None, str | None], tags: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.write(tmp_path / "parsed", PARSE, {"train": [parsed("[e1 Ada] left [e2 York]", types=types)]}, PARSE_NOTES)
    monkeypatch.chdir(ROOT)
    tag.main(tmp_path / "parsed", tmp_path / "tagged")
    notes = storage.read(tmp_path / "tagged", TAG).notes
    assert (notes.tags, notes.entities) == (tags, "pair")


@pytest.mark.parametrize(("split", "entities"), [("train", "all"), ("test", "pair")])
def test_auto_tags_mark_all_entities_where_training_has_sentences_with_all(
    split: str, entities: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, whole = {"train": [parsed("[e1 Ada] left [e2 York]")]}, sentences(("Acme sits", [(0, 1, "Org")])).select(SENTENCES.names)
    storage.write(tmp_path / "parsed", PARSE, {"test": rows["train"], **rows}, PARSE_NOTES, sentences={split: [whole]})
    monkeypatch.chdir(ROOT)
    tag.main(tmp_path / "parsed", tmp_path / "tagged")
    notes = storage.read(tmp_path / "tagged", TAG).notes
    assert (notes.entities, notes.tags) == (entities, ("O", "B-Org", "I-Org") if entities == "all" else ("O", "B", "I"))


@pytest.mark.parametrize(
    "changes",
    [
        {"tag": {"overlap": "outer"}},
        {"tag": {"overlap": "first"}},
        {"train": {"tasks": ["relation"]}},
        {"train": {"tasks": ["relation"]}, "tag": {"labels": "type"}},
    ],
    ids=str,
)
def test_entities_that_are_not_tagged_are_counted(changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ", 1 entity not tagged, " in run_tag(tmp_path, monkeypatch, **changes)
    assert storage.read(tmp_path / "tagged", TAG).notes.untagged == 1


def test_without_a_tagger_an_entity_without_a_type_is_not_tagged() -> None:
    table = parsed("[e1 Ada] left [e2 York]", types=("Person", None))
    assert tag.tag(table, "type", ["Person"], "outer")["tag_ids"].to_pylist() == [[1, 0, 0]]


def test_with_a_tagger_they_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="share a word"):
        run_tag(tmp_path, monkeypatch)
