"""Windows embedded by real worker processes: the same files as here, whatever ends in between."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.schema import VectorsDescription
from pipeline.encoding import cluster, pieces, store
from pipeline.encoding.windows import Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder
from tests.support.cluster import Cluster, wait_for
from tests.support.cluster import cluster as processes
from tests.support.embedding import DESCRIPTION, stand_in, write_encoder

pytestmark = pytest.mark.xdist_group("cluster")
N_WINDOWS, SENTENCES = 12, 40
VECTORS = VectorsDescription(DESCRIPTION, "openvino", "float32", "mean", "now")
EMBED = params.Embed("openvino", "float32", "mean", batch_pieces=64, shard_words=200, max_stale=0.7)


def windows(n: int = N_WINDOWS) -> Iterator[Window]:
    for number in range(n):
        words = pa.array(
            [[f"w{number}", "cat", *["so"] * (place % 5), str(place)] for place in range(SENTENCES)], pa.list_(pa.string())
        )
        yield Window(store.keys(pa.chunked_array([words]), "now"), words)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an encoder and a store that is empty."""
    write_encoder(tmp_path, DESCRIPTION)
    (tmp_path / "embedded").mkdir()
    return tmp_path


def in_process(project: Path) -> list[str]:
    """The names of the shards that this process makes."""
    folder = project / "plain"
    encoder = WordEncoder(stand_in(folder, "float32"), DESCRIPTION, "mean", EMBED.batch_pieces)
    tokenizer = pieces.load_tokenizer(project / "models/encoder")
    for window in windows():
        list(write_shards(folder, "now", embed_window(window, encoder, tokenizer), EMBED.shard_words))
    return [path.name for path in store.shard_paths(folder)]


def embed(project: Path, running: Cluster, seconds: float = 600, vectors: VectorsDescription = VECTORS) -> int:
    settings = params.Cluster(running.address, seconds)
    return sum(cluster.embed(windows(), project / "embedded", project / "models/encoder", vectors, EMBED, settings))


def shards(project: Path) -> list[str]:
    """The shards of the store, which has nothing else."""
    paths = store.shard_paths(project / "embedded")
    assert sorted((project / "embedded").rglob("*.*")) == sorted(map(store.verify, paths))
    return [path.name for path in paths]


def test_workers_write_the_shards_that_this_process_would(project: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "dask", n_workers=2) as running:
        assert embed(project, running) == N_WINDOWS * SENTENCES
    assert shards(project) == in_process(project)


def test_what_a_killed_worker_had_is_done_by_another(project: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "dask", n_workers=2, seconds=0.02) as running:

        def kill() -> None:
            wait_for(project / "embedded/shards", "*.arrow")
            running.workers[0].kill()

        killer = threading.Thread(target=kill)
        killer.start()
        assert embed(project, running) == N_WINDOWS * SENTENCES
        killer.join()
    assert shards(project) == in_process(project)


def test_what_a_hung_worker_has_is_done_by_another(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with processes(tmp_path / "dask", n_workers=1, seconds=60) as running:
        hung = running.workers[0]
        wait_for(tmp_path / "dask", "dask-scratch-space/worker-*")
        running.add_worker()
        try:
            assert embed(project, running, seconds=8) == N_WINDOWS * SENTENCES
        finally:
            hung.send_signal(signal.SIGCONT)
    assert "is tried elsewhere: no answer within 8 s" in capsys.readouterr().err
    assert shards(project) == in_process(project)


def test_a_scheduler_that_is_gone_ends_the_run_and_what_is_written_stays(project: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "dask", n_workers=1, seconds=0.05) as running:

        def kill() -> None:
            wait_for(project / "embedded/shards", "*.arrow")
            running.scheduler.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(InputError, match="the scheduler at .* is gone"):
            embed(project, running)
        killer.join()
    assert set(shards(project)) <= set(in_process(project))
    assert shards(project)


def test_a_worker_with_another_encoder_is_refused(project: Path, tmp_path: Path) -> None:
    other = replace(VECTORS, encoder=replace(DESCRIPTION, layers=(-2,)))
    with processes(tmp_path / "dask", n_workers=1) as running, pytest.raises(InputError, match="is not the driver's"):
        embed(project, running, vectors=other)
    assert shards(project) == []


def test_nobody_at_an_address_is_one_clear_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "START_SECONDS", 1)
    with pytest.raises(InputError, match="no worker answers at tcp"):
        list(
            cluster.embed(
                windows(), project / "embedded", project / "models/encoder", VECTORS, EMBED, params.Cluster("tcp://127.0.0.1:1")
            )
        )


def test_the_environment_s_scheduler_goes_before_that_of_params(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster.address(params.Cluster()) is None
    monkeypatch.setenv(cluster.ADDRESS_VARIABLE, "tcp://10.0.0.1:8786")
    assert cluster.address(params.Cluster("local:2")) == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("where", "is_open"),
    [
        ("tcp://127.0.0.1:1", False),
        ("tcp://localhost:1", False),
        ("tls://10.0.0.1:1", False),
        ("tcp://10.0.0.1:1", True),
        ("tcp://cluster.example:1", True),
    ],
)
def test_an_address_that_others_reach_is_told(where: str, is_open: bool, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.warn_of_open_address(where)
    assert ("use tls://" in capsys.readouterr().err) == is_open
