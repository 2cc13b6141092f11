"""The embed stage with a real tokenizer and a stand-in for the encoder that needs no TensorFlow."""

from __future__ import annotations

import dataclasses
import errno
import json
import re
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import embed
from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.encoding import inference, known_words, store, windows
from pipeline.encoding.store import Store
from tests.support.embedding import DESCRIPTION, SENTENCES, WIDTH, stand_in, words_of, write_encoder, write_positioned
from tests.support.project import ROOT, contents

FOLDERS = (Path("data/positioned"), Path("models/encoder"), Path("data/embedded"))


def settings(**changes: object) -> str:
    values = {
        "backend": "openvino",
        "precision": "float32",
        "pooling": "mean",
        "batch_pieces": 64,
        "shard_words": 100,
        "max_stale": 1.0,
    }
    return json.dumps({"embed": values | changes})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with params.yaml, data/positioned and models/encoder, and the stand-in behind the backend's name."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(inference.BACKENDS, "openvino", stand_in)
    return tmp_path


def make_project(folder: Path) -> None:
    (folder / "params.yaml").write_text(settings())
    write_positioned(folder, SENTENCES)
    write_encoder(folder, DESCRIPTION)


def run() -> str:
    return embed.main(*FOLDERS)


def all_vectors(folder: Path, sentences: list[str] = SENTENCES) -> list[bytes]:
    held = Store.open(folder / "data/embedded")
    words = pa.chunked_array([pa.array([words_of(sentence) for sentence in sentences], pa.list_(pa.string()))])
    return [held.vectors(int(row)).tobytes() for row in held.find(words)]


def modified(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in store.shard_paths(folder / "data/embedded")}


def test_every_sentence_of_every_split_gets_a_vector_a_word(project: Path) -> None:
    assert run().startswith("embed: 60 sentences, 60 computed, the rest reused, 0 stale words swept, 4-d float32")
    lengths = [len(vectors) // (2 * WIDTH) for vectors in all_vectors(project)]
    assert lengths == [len(words_of(sentence)) for sentence in SENTENCES]


def test_a_second_run_computes_nothing_and_touches_no_shard(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    before = modified(project)
    monkeypatch.delitem(inference.BACKENDS, "openvino")
    assert "0 computed" in run()
    assert modified(project) == before
    assert len(before) > 1


@pytest.mark.parametrize("n_new", [0, 30])
def test_a_changed_file_of_the_encoder_ends_embedding_before_the_store_is_touched(project: Path, n_new: int) -> None:
    write_positioned(project, SENTENCES[:30])
    run()
    before = contents(project / "data/embedded")
    with (project / "models/encoder/tokenizer.json").open("a") as file:
        file.write(" ")
    write_positioned(project, SENTENCES[: 30 + n_new])
    with pytest.raises(InputError, match=r"tokenizer\.json: missing, damaged"):
        run()
    assert contents(project / "data/embedded") == before


def test_a_store_grown_in_ten_steps_equals_one_built_at_once_bit_for_bit(project: Path) -> None:
    run()
    at_once = all_vectors(project)
    shutil.rmtree(project / "data/embedded")
    for end in range(6, 61, 6):
        write_positioned(project, SENTENCES[:end])
        assert "6 computed" in run()
    assert all_vectors(project) == at_once


def test_ids_splits_labels_and_marks_may_change_and_nothing_is_computed(project: Path) -> None:
    run()
    moved_marks = [sentence.replace("] of [e2 ", " of] [e2 ") for sentence in SENTENCES]
    write_positioned(project, moved_marks[::-1], n_train=20, relation="Cause-Effect(e1,e2)", first_id=500)
    assert "60 sentences, 0 computed" in run()


def test_a_changed_word_computes_its_sentence_alone(project: Path) -> None:
    run()
    write_positioned(project, [SENTENCES[0] + " indeed", *SENTENCES[1:]])
    assert "60 sentences, 1 computed" in run()


def test_a_repeated_sentence_is_computed_once(project: Path) -> None:
    write_positioned(project, [SENTENCES[3]] * 50)
    assert "50 sentences, 1 computed" in run()


def test_unknown_words_are_counted_in_every_run_and_many_of_them_are_a_warning(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_positioned(project, ["[e1 猫] 和 [e2 狗]", *SENTENCES[:2]])
    for _ in range(2):
        told = run()
        assert re.search(r", 3 words \(\d+\.\d%\) unknown to the encoder", told)
        assert "warning: " in capsys.readouterr().err
    known = known_words.read(project / "data/embedded")
    assert (known.unknown, sorted(known.examples)) == (3, ["和", "狗", "猫"])
    write_positioned(project, SENTENCES)
    assert "unknown" not in run()
    assert "warning: " not in capsys.readouterr().err


def test_words_without_pieces_are_counted_in_every_run(project: Path) -> None:
    write_positioned(project, [*SENTENCES, "\x01 [e1 a] \x02 [e2 b]"])
    assert "2 words without pieces have the zero vector" in run()
    assert "2 words without pieces have the zero vector" in run()


@pytest.mark.parametrize("changes", [{"pooling": "first"}, {"backend": "tensorflow"}])
def test_another_way_of_computing_computes_all_and_keeps_the_old(
    project: Path, changes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(inference.BACKENDS, "tensorflow", stand_in)
    run()
    (project / "params.yaml").write_text(settings(**changes))
    assert "60 computed" in run()
    (project / "params.yaml").write_text(settings())
    assert "0 computed" in run()


def test_another_encoder_computes_all(project: Path) -> None:
    run()
    write_encoder(project, dataclasses.replace(DESCRIPTION, fingerprint="e" * 64))
    assert "60 computed" in run()


def test_the_batch_and_shard_sizes_are_no_part_of_a_key(project: Path) -> None:
    run()
    (project / "params.yaml").write_text(settings(batch_pieces=7, shard_words=1))
    assert "0 computed" in run()


def test_stale_vectors_are_swept_at_the_share_of_params(project: Path) -> None:
    run()
    kept = all_vectors(project, SENTENCES[:10])
    write_positioned(project, SENTENCES[:10])
    assert " 0 stale words swept" in run()
    (project / "params.yaml").write_text(settings(max_stale=0.5))
    n_stale = sum(len(words_of(sentence)) for sentence in SENTENCES[10:])
    assert f" {n_stale} stale words swept" in run()
    assert all_vectors(project, SENTENCES[:10]) == kept


@pytest.mark.parametrize("damage", [lambda content: content[:-50], lambda content: content[:300] + b"!" + content[301:]])
def test_a_damaged_shard_is_named_and_its_vectors_computed_again(
    project: Path, damage: object, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    before = all_vectors(project)
    path = store.shard_paths(project / "data/embedded")[0]
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert " 0 computed" not in run()
    assert str(path.relative_to(project)) in capsys.readouterr().err
    assert all_vectors(project) == before


SLOW_RUN = """
import sys, time
from pipeline.encoding import inference
from tests import test_embed
def slow(folder, precision):
    quick = test_embed.stand_in(folder, precision).encode
    def encode(ids):
        time.sleep(0.03)
        return quick(ids)
    return inference.Inference(encode, 2)
inference.BACKENDS["openvino"] = slow
print("ready", flush=True)
test_embed.run()
"""


def test_killed_at_many_moments_it_ends_with_the_same_vectors(project: Path) -> None:
    run()
    expected = all_vectors(project)
    shutil.rmtree(project / "data/embedded")
    (project / "params.yaml").write_text(settings(shard_words=30))
    kept = 0
    for seconds in (0.1, 0.3, 0.5):
        with subprocess.Popen(
            [sys.executable, "-c", SLOW_RUN], cwd=project, env={"PYTHONPATH": str(ROOT)}, stdout=-1, stderr=-3
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(seconds)
            process.kill()
        held = len(store.shard_paths(project / "data/embedded"))
        assert held >= kept
        kept = held
    run()
    assert all_vectors(project) == expected
    assert not list((project / "data/embedded/shards").glob("*.partial"))


def test_a_disk_too_small_is_an_error_before_the_encoder_is_loaded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    monkeypatch.delitem(inference.BACKENDS, "openvino")
    with pytest.raises(InputError, match="are needed and 0 MB are free"):
        run()


def test_stale_vectors_make_room_where_the_disk_is_too_small(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    usage = namedtuple("usage", "total used free")
    (project / "params.yaml").write_text(settings(pooling="first", max_stale=0.5))
    shards = project / "data/embedded/shards"
    before = len(list(shards.iterdir()))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 10**6 * (before - len(list(shards.iterdir())))))
    assert "60 computed" in run()
    n_words = sum(len(words_of(sentence)) for sentence in SENTENCES)
    assert f"so {n_words} stale words were swept first" in capsys.readouterr().err


def test_stale_vectors_stay_where_the_disk_is_too_small_without_them_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    before = modified(project)
    usage = namedtuple("usage", "total used free")
    (project / "params.yaml").write_text(settings(pooling="first", max_stale=0.0))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, -(10**9)))
    with pytest.raises(InputError, match="are needed and"):
        run()
    assert modified(project) == before


def test_a_disk_that_fills_up_keeps_the_complete_shards(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shard = store.write_shard
    shards = iter(range(2))

    def full(*arguments: object) -> Path:
        if next(shards, None) is None:
            (project / "data/embedded/shards/shard.partial").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_shard(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write_shard", full)
    with pytest.raises(OSError, match="No space left"):
        run()
    assert len(store.shard_paths(project / "data/embedded")) == 2
    monkeypatch.setattr(store, "write_shard", write_shard)
    assert "60 computed" not in run()
    assert len(all_vectors(project)) == 60


def test_windows_of_any_size_give_the_same_vectors(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    whole = all_vectors(project)
    for batch_rows, window in ((1, 7), (7, 20), (25, 1)):
        monkeypatch.setattr(storage, "BATCH_ROWS", batch_rows)
        monkeypatch.setattr(windows, "WINDOW_SENTENCES", window)
        shutil.rmtree(project / "data/embedded")
        assert "60 computed" in run()
        assert all_vectors(project) == whole


def test_stats_say_what_is_held_and_change_nothing(project: Path) -> None:
    run()
    write_positioned(project, [*SENTENCES[:45], *(f"{sentence} new" for sentence in SENTENCES[45:])])
    before = modified(project)
    found = json.loads(embed.main(*FOLDERS, stats=True))
    assert modified(project) == before
    assert (found["sentences"], found["rows"], found["share_reused"]) == (60, 60, 0.75)
    n_words = [len(words_of(sentence)) for sentence in SENTENCES]
    assert found["words"] == sum(n_words)
    assert found["share_stale"] == pytest.approx(sum(n_words[45:]) / sum(n_words))
    assert found["encoder"]["fingerprint"] == DESCRIPTION.fingerprint
    assert found["words_by_fingerprint"] == {found["fingerprint"]: sum(n_words)}


def test_stats_name_a_damaged_shard_and_leave_it(project: Path) -> None:
    run()
    path = store.shard_paths(project / "data/embedded")[0]
    path.write_bytes(path.read_bytes()[:300] + b"!" + path.read_bytes()[301:])
    with pytest.raises(InputError, match=path.name):
        embed.main(*FOLDERS, stats=True)
    assert path.exists()


def test_before_it_starts_it_says_how_many_how_large_and_how_long(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    assert re.search(
        r"60 of 60 sentences are new\nembed: 0 MB to write, [\d,]+ MB free\nembed: a few seconds", capsys.readouterr().err
    )
    shutil.rmtree(project / "data/embedded")
    monkeypatch.setattr(embed, "MINIMUM_TO_PROBE", 50)
    monkeypatch.setattr(embed, "PROBED_SENTENCES", 10)
    run()
    assert re.search(r"MB free\nembed: about \d+ s\n", capsys.readouterr().err)


def test_the_store_keeps_two_encoders_and_an_edit_by_default(project: Path) -> None:
    max_stale = params.read(params.Embed, ROOT / "params.yaml").max_stale
    (project / "params.yaml").write_text(settings(max_stale=max_stale))
    run()
    write_positioned(project, [sentence + " new" * (row < 6) for row, sentence in enumerate(SENTENCES)])
    run()
    (project / "params.yaml").write_text(settings(max_stale=max_stale, pooling="first"))
    assert " 0 stale words swept" in run()


def test_stats_of_a_store_not_yet_made(project: Path) -> None:
    found = json.loads(embed.main(*FOLDERS, stats=True))
    assert (found["rows"], found["bytes"], found["share_reused"]) == (0, 0, 0.0)
    assert not (project / "data/embedded").exists()
