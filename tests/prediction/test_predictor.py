"""The predictor against the stages and Keras, which reach the same answers by another way."""

import contextlib
import dataclasses
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline import parse, predict
from pipeline.core import params, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats import Annotation
from pipeline.corpus.words import load_tokenizer
from pipeline.encoding import freeze
from pipeline.model import frozen, predictions
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.manifest import Manifest
from pipeline.model.relation_model import RelationModel
from pipeline.position import position
from pipeline.prediction import predictor, trained_encoder
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Prediction, Sentence, entity
from pipeline.tag import tag
from tests.support import encoders, tiny
from tests.support.project import ROOT

MAX_LENGTH = 9
MARKED = [
    "The <e1>cat</e1> sat on the mats of the <e2>old house</e2>.",
    "<e1>Rain</e1>-<e2>fall</e2>",
    "Well before the war, they say, the <e1>smith</e1> made his <e2>sword</e2> of iron, and he sold it at the fair.",
    "the <e1>re</e1>builder's <e2>house</e2>",
]
PLAIN = ["One two three four five, six seven.", "Is it not so, says the man of the house?"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a tiny encoder and, beside it, a model of each kind of positions; the Keras models by name."""
    folder = tmp_path_factory.mktemp("models")
    settings = params.Encoder(str(encoders.make_bert(folder / "tiny")), None, (-1,))
    description, _ = freeze.build(settings, folder / "encoder")
    embedding = {"encoder": dataclasses.asdict(description), "backend": "openvino", "precision": "float32", "pooling": "mean"}
    notes = {"language": "en", "segmenter": "char", "max_length": MAX_LENGTH}
    kinds = {
        "shared": {},
        "none": {"positions": "none", "pooling": "max+entities"},
        "blind": {"positions": "none"},
        "untagged": {"tasks": ("relation",)},
    }
    keras = {}
    for name, changes in kinds.items():
        config = dataclasses.replace(tiny.config(lstm_units=8, **changes), width=description.width, n_layers=1)
        keras[name] = RelationModel(config)
        (folder / name).mkdir()
        keras[name].save(folder / name)
        frozen.freeze(keras[name], folder / name)
        Manifest.of(folder / name, notes, embedding).write(folder / name)
    return folder, keras


@pytest.fixture(scope="module")
def shared(models):
    return Predictor(models[0] / "shared")


@pytest.fixture(scope="module")
def free(models):
    return Predictor(models[0] / "none")


class Vectors:
    """The predictor's encoder under the store's interface, a sentence at a time."""

    def __init__(self, owner):
        self._owner = owner

    def find(self, words):
        self._sentences = words.to_pylist()
        return np.arange(len(words))

    def vectors(self, row):
        return self._owner._vectors([self._sentences[row]])[0]


def by_the_stages(owner, model, sentences):
    rows = [Annotation(str(n), "x:1", s.text, *s.entities, tiny.RELATIONS[0]) for n, s in enumerate(sentences)]
    table = position(tag(parse.parse(rows, load_tokenizer("en", "char"), True), "entity", []), MAX_LENGTH, tiny.MAX_DISTANCE)
    return table, predictions.predict(model, Examples(table, Vectors(owner), tiny.RELATIONS))


@pytest.mark.parametrize("name", ["shared", "none"])
def test_marked_sentences_get_what_the_stages_and_keras_say(models, name):
    owner, sentences = Predictor(models[0] / name), list(map(Sentence.of, MARKED))
    table, expected = by_the_stages(owner, models[1][name], sentences)
    for row, answer in enumerate(owner.predict(sentences)):
        assert list(answer.words) == table["words"][row].as_py()
        assert (*answer.relations[0].e1.words, *answer.relations[0].e2.words) == tuple(
            table[column][row].as_py() for column in ("e1_start", "e1_end", "e2_start", "e2_end")
        )
        np.testing.assert_allclose(list(answer.relations[0].probabilities.values()), expected.probabilities[row], atol=1e-5)
        start, end = table["window_start"][row].as_py(), table["window_end"][row].as_py()
        assert answer.tags[start:end] == tuple(tiny.TAGS[tag_id] for tag_id in expected.tag_ids[row])
        assert set(answer.tags[:start] + answer.tags[end:]) <= {"O"}


def test_a_sentence_gets_the_same_answer_in_any_company(shared):
    sentences = list(map(Sentence.of, MARKED))
    assert shared.predict(sentences * 2) == [shared.predict([sentence])[0] for sentence in sentences] * 2


def test_no_sentences_get_no_answers(shared):
    assert shared.predict([]) == []


def test_the_spans_of_an_entity_name_its_characters_and_words(shared):
    [answer] = shared.predict([Sentence.of(MARKED[0])])
    e2 = answer.relations[0].e2
    assert (e2.text, answer.sentence.text[slice(*e2.characters)], answer.words[slice(*e2.words)]) == (
        "old house",
        "old house",
        ("old", "house"),
    )


def with_entities(owner, monkeypatch, spans):
    """Have the tagger find these words, whatever it says."""

    def found(text, characters, tags):
        return [entity(text, characters, Span(*span)) for span in spans]

    monkeypatch.setattr(predictor, "entities", found)
    return owner


def test_every_ordered_pair_of_entities_found_is_classified_as_if_it_were_marked(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1), (2, 4), (4, 5)])
    [answer] = free.predict([Sentence.of(PLAIN[0])])
    assert [(r.e1.words, r.e2.words) for r in answer.relations] == list(itertools.permutations([(0, 1), (2, 4), (4, 5)], 2))
    marked = [Sentence(PLAIN[0], (relation.e1.characters, relation.e2.characters)) for relation in answer.relations]
    assert [said.relations[0] for said in free.predict(marked)] == list(answer.relations)
    assert answer.message is None


def test_pairs_that_no_window_holds_are_counted(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1), (2, 3), (MAX_LENGTH, MAX_LENGTH + 1)])
    [answer] = free.predict([Sentence.of(PLAIN[1])])
    assert (len(answer.relations), answer.n_too_far) == (4, 2)
    assert "2 ordered pairs lie further apart" in answer.as_json()["message"]


@pytest.mark.parametrize("seed", range(20))
def test_near_pairs_are_those_of_all_pairs_that_a_window_holds(seed):
    edges = np.sort(np.random.default_rng(seed).choice(40, 16, replace=False)).tolist()
    found = [
        entity("x" * 40, [Span(n, n + 1) for n in range(40)], Span(*span)) for span in zip(edges[::2], edges[1::2], strict=True)
    ]
    held = [pair for pair in itertools.permutations(found, 2) if predictor.Pair(None, *pair).n_words <= MAX_LENGTH]
    assert list(predictor.near_pairs(found, MAX_LENGTH)) == held


def test_a_document_of_many_entities_has_no_pair_built_that_no_window_holds(free, monkeypatch):
    built = []
    pair = predictor.Pair
    monkeypatch.setattr(predictor, "Pair", lambda *parts: built.append(1) or pair(*parts))
    with_entities(free, monkeypatch, [(n, n + 1) for n in range(0, 400, 4)])
    [answer] = free.predict([Sentence.of("one two three four " * 100)])
    assert len(built) - 1 == len(answer.relations) == 2 * (99 + 98)
    assert answer.n_too_far == 100 * 99 - len(answer.relations)


def test_a_batch_of_long_texts_is_cut_by_words_and_gives_the_same(free, monkeypatch):
    sentences = [Sentence.of(text * 6) for text in PLAIN]
    expected = free.predict(sentences)
    sizes = []
    forward = free._network.forward
    monkeypatch.setattr(free._network, "forward", lambda batch: sizes.append(batch["e1_position_ids"].shape) or forward(batch))
    monkeypatch.setattr(predictor, "BATCH_WORDS", 20)
    assert free.predict(sentences) == expected
    assert all(rows == 1 or rows * words <= 20 for rows, words in sizes)


def test_a_sentence_of_one_entity_says_that_there_is_no_pair(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1)])
    answers = free.predict([Sentence.of(PLAIN[0]), Sentence.of(PLAIN[1])])
    assert [answer.as_json()["relations"] for answer in answers] == [[], []]
    assert answers[0].message == "no pair found: the tagger found 1 entity"


def test_the_tagger_of_unmarked_text_sees_the_whole_sentence(free):
    [answer] = free.predict([Sentence.of(PLAIN[1])])
    assert len(answer.tags) == len(answer.words) > MAX_LENGTH


def test_marked_and_unmarked_sentences_keep_their_order(free):
    sentences = [Sentence.of(text) for text in (MARKED[0], PLAIN[0], MARKED[1], PLAIN[1])]
    assert [answer.sentence for answer in free.predict(sentences)] == sentences


def test_a_tagger_that_sees_positions_finds_nothing_in_unmarked_text(shared):
    [problem] = shared.predict([Sentence.of(PLAIN[0])])
    assert isinstance(problem, Problem)
    assert "positions: shared" in problem.found


def test_a_model_that_does_not_see_the_entities_says_so_of_every_relation(models, free, monkeypatch):
    sentences = [Sentence.of(MARKED[0]), Sentence.of(PLAIN[0])]
    with_entities(free, monkeypatch, [(0, 1), (2, 4)])
    assert [answer.as_json()["message"] for answer in free.predict(sentences)] == [None, None]
    answers = Predictor(models[0] / "blind").predict(sentences)
    there, back = answers[1].relations
    assert there.probabilities == back.probabilities
    assert all("max+entities" in answer.as_json()["message"] for answer in answers)


def test_a_model_without_a_tagger_answers_marked_sentences_alone(models):
    owner = Predictor(models[0] / "untagged")
    marked, unmarked = owner.predict([Sentence.of(MARKED[0]), Sentence.of(PLAIN[0])])
    assert (marked.tags, marked.entities, marked.as_json()["tags"]) == (None, None, None)
    assert "no tagger" in unmarked.found


def test_entities_further_apart_than_the_window_are_a_problem_of_their_sentence(shared):
    far = Sentence.of("<e1>One</e1> two three four five six seven eight nine <e2>ten</e2>")
    answer, problem = shared.predict([Sentence.of(MARKED[0]), far])
    assert isinstance(answer, Prediction)
    assert "span 10 words, more than the 9" in problem.found


def changed_encoder(models, folder, **changes):
    shutil.copytree(models[0] / "encoder", folder)
    values = json.loads((folder / "encoder.json").read_text())
    storage.write_json(folder / "encoder.json", {**values, **changes})
    return folder


@pytest.mark.parametrize("change", [{"fingerprint": "other"}, {"prefix_ids": [7]}, {"max_pieces": 20}])
def test_another_encoder_is_an_error(models, tmp_path, change):
    folder = changed_encoder(models, tmp_path / "encoder", **change)
    with pytest.raises(InputError, match=rf"not the encoder that the model was trained on \(other {next(iter(change))}\)"):
        Predictor(models[0] / "shared", folder)


def test_the_same_encoder_may_have_another_name(models, tmp_path):
    folder = changed_encoder(models, tmp_path / "encoder", name="elsewhere", revision="main")
    assert Predictor(models[0] / "shared", folder).predict([]) == []


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "tokenizer.json"])
def test_a_damaged_file_of_the_encoder_is_an_error(models, tmp_path, name):
    folder = changed_encoder(models, tmp_path / "encoder")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=f"{name}: missing, damaged"):
        Predictor(models[0] / "shared", folder)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "network.xml", "network.bin"])
def test_a_file_of_another_model_is_an_error(models, tmp_path, name):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copy(models[0] / "none" / name, tmp_path / "model" / name)
    with pytest.raises(InputError, match="of another model"):
        Predictor(tmp_path / "model", models[0] / "encoder")


def test_the_encoder_is_found_within_the_model_folder_or_beside_it(models, tmp_path):
    manifest = Manifest.read(models[0] / "shared")
    assert trained_encoder.find(models[0] / "shared", manifest) == models[0] / "encoder"
    (tmp_path / "model" / "encoder").mkdir(parents=True)
    (tmp_path / "model" / "encoder" / "encoder.json").touch()
    assert trained_encoder.find(tmp_path / "model", manifest) == tmp_path / "model" / "encoder"


def test_a_missing_encoder_is_made_anew_by_its_name_beside_the_model(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    [answer] = Predictor(tmp_path / "model").predict([Sentence.of(MARKED[0])])
    assert [answer] == Predictor(models[0] / "shared").predict([Sentence.of(MARKED[0])])
    assert (tmp_path / "encoder" / "encoder.xml").is_file()


def test_a_place_where_the_encoder_cannot_be_made_is_an_error_that_names_the_option(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    (tmp_path / "encoder").touch()
    with pytest.raises(InputError, match=r"(?s)cannot be made here: Not a directory.*--encoder"):
        Predictor(tmp_path / "model")


@pytest.mark.parametrize("name", ["nowhere", "README.md"])
def test_a_missing_model_folder_is_an_error(name):
    with pytest.raises(InputError, match=r"(?s)no such folder.*models/relation"):
        Predictor(ROOT / name)


def test_a_fetched_encoder_that_changed_under_its_name_is_an_error(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    manifest["encoder"]["name"] = str(encoders.make("bert", tmp_path / "tiny", seed=2))
    storage.write_json(tmp_path / "model" / "manifest.json", manifest)
    with pytest.raises(InputError, match="not the encoder that the model was trained on"):
        Predictor(tmp_path / "model")


def test_a_moved_model_with_its_encoder_inside_needs_neither_the_project_nor_tensorflow(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copytree(models[0] / "encoder", tmp_path / "model" / "encoder")
    code = """if True:
        import sys
        from pipeline import predict
        assert predict.main(["model", "--text", sys.argv[1]]) == 0
        assert not sys.modules.keys() & {"tensorflow", "transformers", "datasets"}, "slow imports"
    """
    command = [sys.executable, "-c", code, MARKED[0]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # as if the package were installed
    ended = subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    said = json.loads(ended.stdout)
    assert said["relation"] in tiny.RELATIONS
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def start(*arguments, **options):
    """The command in a process of its own, with pipes."""
    command = [sys.executable, "-m", "pipeline.predict", *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, **{**pipes, **options})


def test_standard_input_is_answered_line_by_line_in_order(models):
    with start(models[0] / "shared", "--format", "jsonl", "-") as process:
        for number, text in enumerate([MARKED[0], "<e1>broken", MARKED[1]], start=1):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())  # before the next line is written
            assert (said["line"], "error" in said) == (number, number == 2)
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 1


def test_a_socket_can_stand_in_for_standard_input(models):
    ours, theirs = socket.socketpair()
    with ours, theirs, start(models[0] / "shared", stdin=theirs) as process:
        ours.sendall(MARKED[0].encode())
        ours.shutdown(socket.SHUT_WR)
        assert json.loads(process.stdout.read())["relation"] in tiny.RELATIONS


def test_answers_are_utf_8_in_any_locale(models):
    text = "<e1>猫</e1> sat on <e2>mats</e2>"
    with start(models[0] / "shared", "--text", text, env={**os.environ, "PYTHONIOENCODING": "ascii"}) as process:
        assert json.loads(process.stdout.read().decode())["e1"]["text"] == "猫"


def test_an_interrupt_ends_without_a_traceback(models):
    def heed_interrupts():  # which a test run in a script's background ignores, and its children with it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with start(models[0] / "shared", preexec_fn=heed_interrupts) as process:
        process.stdin.write(MARKED[0].encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == predict.INTERRUPTED
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("model", "file", "options", "said"),
    [
        (None, ".", {}, ".: Is a directory"),
        (None, "README.md", {"stdout": "/dev/full"}, "predict: No space left on device"),
    ],
)
def test_what_cannot_be_read_or_written_is_one_line(models, model, file, options, said):
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context(Path(path).open("wb")) for name, path in options.items()}
        process = stack.enter_context(start(model or models[0] / "shared", file, **files))
        lines = process.communicate()[1].decode().splitlines()
    assert (process.returncode, lines) == (1, [said])


def test_a_closed_standard_output_is_one_line_and_its_hint(models):
    with start(models[0] / "shared", "--text", MARKED[0], preexec_fn=lambda: os.close(1), stdout=None) as process:
        lines = process.communicate()[1].decode().splitlines()
    assert (process.returncode, lines[0], len(lines)) == (1, "predict: standard output is closed", 2)


def test_the_models_config_is_what_was_saved(models, shared):
    assert shared.config == Config.read(models[0] / "shared") == models[1]["shared"].config
