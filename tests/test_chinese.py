"""Chinese through every stage and the predictor, with a character-level encoder: entities stay exact from file to prediction."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import predict
from pipeline.core import storage
from pipeline.core.schema import PARSE, POSITION, SPLITS, TAG, Contract
from pipeline.corpus.formats.markers import unmark
from pipeline.encoding import pretrained
from pipeline.encoding.store import Store
from tests.support import encoders, project
from tests.support.project import ROOT, STAGES

# Sentences with two holes for nouns, by relation.
TEMPLATES = {
    "Cause-Effect(e1,e2)": (
        "昨夜的<e1>{}</e1>给山谷带来了一场<e2>{}</e2>。",
        ["暴雨", "大雪", "雷电", "地震"],
        ["洪水", "大火", "灾害"],
    ),
    "Cause-Effect(e2,e1)": ("这次<e1>{}</e1>是<e2>{}</e2>造成的！", ["洪水", "大火", "停电", "灾害"], ["暴雨", "雷电", "大雪"]),
    "Component-Whole(e1,e2)": ("工人把<e1>{}</e1>装到<e2>{}</e2>上。", ["发动机", "车轮", "窗户", "门"], ["火车", "机器", "船"]),
    "Other": ("老师说，<e1>{}</e1>在<e2>{}</e2>旁边，对吗？", ["图书馆", "学校", "车站", "医院"], ["北京大学", "公园", "河"]),
}
MIXED = "据《Nature》２０２４年第3期报道：<e1>COVID-19 病毒</e1>会引起３９℃的<e2>高烧</e2>（约占70％）。"
SETTINGS = {
    "encoder": {"name": "tiny", "layers": [-2, -1]},
    "embed": {"precision": "float32"},
    "train": {"lstm_units": 4, "dense_units": 4, "epochs": 1},
    "evaluate": {"resamples": 20},
}
MAX_DISTANCE = 60  # of the shipped params.yaml


def sentences() -> dict[str, list[tuple[str, str]]]:
    """Marked sentences and their relations by split: all combinations, the relations in turn, none in two splits."""
    by_relation = [
        [(template.format(*nouns), relation) for nouns in itertools.product(*lists)]
        for relation, (template, *lists) in TEMPLATES.items()
    ]
    drawn = list(itertools.chain(*zip(*by_relation, strict=True)))
    return {"train": drawn[:36], "validation": drawn[36:42], "test": [*drawn[42:], (MIXED, "Cause-Effect(e1,e2)")]}


@pytest.fixture(scope="module", params=["char", "jieba"])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where every stage of dvc.yaml ran, in this process."""
    if request.param == "jieba":
        pytest.importorskip("jieba", reason="the extra `chinese` is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copy(ROOT / "params.yaml", folder)
    project.set_params(folder, {**SETTINGS, "parse": {"language": "zh", "segmenter": request.param}})
    for split, rows in sentences().items():
        blocks = [f'{split}-{number}\t"{marked}"\n{relation}' for number, (marked, relation) in enumerate(rows)]
        project.write_blocks(folder / f"data/raw/{split}.txt", blocks)
    encoders.make_bert(folder / "tiny")
    with contextlib.chdir(folder):
        for stage in STAGES.values():
            _, _, module, *paths = stage["cmd"].split()
            importlib.import_module(module).main(*map(Path, paths))
    return folder


def expected(split: str) -> list[tuple[str, tuple[str, str]]]:
    """The texts of a split without marks, each with the texts of its entities."""
    found = []
    for marked, _ in sentences()[split]:
        text, e1, e2 = unmark(marked)
        found.append((text, (text[slice(*e1)], text[slice(*e2)])))
    return found


def rows(folder: Path, name: str, contract: Contract[Any], split: str) -> list[dict[str, Any]]:
    return list(storage.read(folder / "data" / name, contract).tables[split].to_pylist())


def text_of(row: dict[str, Any], start: int, end: int) -> str:
    """The text that a span of words covers."""
    return str(row["text"][row["starts"][start] : row["starts"][end - 1] + len(row["words"][end - 1])])


@pytest.mark.parametrize("split", SPLITS)
def test_words_tags_and_positions_give_back_the_entities(finished: Path, split: str) -> None:
    for row, (text, entities) in zip(rows(finished, "parsed", PARSE, split), expected(split), strict=True):
        assert (row["text"], "".join(row["words"])) == (text, text.replace(" ", ""))
        assert (text_of(row, row["e1_start"], row["e1_end"]), text_of(row, row["e2_start"], row["e2_end"])) == entities
    for row, (_, entities) in zip(rows(finished, "tagged", TAG, split), expected(split), strict=True):
        begins = [word for word, tag in enumerate(row["tag_ids"]) if tag == 1]
        ends = [begin + 1 + len(list(itertools.takewhile(lambda tag: tag == 2, row["tag_ids"][begin + 1 :]))) for begin in begins]
        assert tuple(text_of(row, *span) for span in zip(begins, ends, strict=True)) == entities
    for row, (_, entities) in zip(rows(finished, "positioned", POSITION, split), expected(split), strict=True):
        inside = [[id_ == MAX_DISTANCE + 1 for id_ in row[f"{entity}_position_ids"]] for entity in ("e1", "e2")]
        assert tuple(text_of(row, mask.index(True), len(mask) - mask[::-1].index(True)) for mask in inside) == entities


def test_every_character_is_a_word_unless_a_segmenter_makes_longer_ones(finished: Path) -> None:
    for split in SPLITS:
        for row in rows(finished, "parsed", PARSE, split):
            characters = [character for character in row["text"] if not character.isspace()]
            if finished.name.startswith("char"):
                assert row["words"] == characters
            else:
                assert len(row["words"]) < len(characters)


def test_the_vectors_are_those_of_the_encoder_in_tensorflow(finished: Path) -> None:
    words = storage.read(finished / "data/positioned", POSITION).tables["test"]["words"]
    store = Store.open(finished / "data/embedded")
    tokenizer, model = (load(finished / "tiny", "tiny") for load in (pretrained.load_tokenizer, pretrained.load_tensorflow))
    function = pretrained.hidden_layers(model, [1, 2])
    for row, sentence in zip(store.find(words).tolist(), words.to_pylist(), strict=True):
        pieces = tokenizer(sentence, is_split_into_words=True)
        assert tokenizer.unk_token_id not in pieces["input_ids"]
        hidden, of_word = function([pieces["input_ids"]]).numpy()[0], np.array([-1 if n is None else n for n in pieces.word_ids()])
        means = [hidden[of_word == word].mean(axis=0) for word in range(len(sentence))]
        assert store.vectors(row).shape == (len(sentence), 2 * encoders.SHAPE["hidden_size"])
        np.testing.assert_allclose(store.vectors(row), means, rtol=2e-3, atol=2e-3)


def test_predictions_give_back_the_entities_and_are_those_that_were_evaluated(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(finished)
    assert predict.main(Path("models/relation"), "data/raw/test.txt", format="semeval") == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    evaluated = [json.loads(line) for line in Path("reports/predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    for ours, theirs, (text, entities) in zip(said, evaluated, expected("test"), strict=True):
        assert (ours["id"], ours["text"]) == (theirs["id"], text)
        assert (ours["e1"]["text"], ours["e2"]["text"]) == entities
        assert tuple(text[slice(*ours[entity]["characters"])] for entity in ("e1", "e2")) == entities
        assert ours["probabilities"] == pytest.approx(theirs["probabilities"], abs=1e-4)
        assert ours["tags"] == theirs["predicted_tags"]
