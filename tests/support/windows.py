"""Windows of drawn sentences, the shards that this process makes of them, and those that a cluster makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipeline.core import params
from pipeline.core.schema import VectorsDescription
from pipeline.encoding import cluster, pieces, store
from pipeline.encoding.windows import Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder
from tests.support.embedding import DESCRIPTION, stand_in, write_encoder

N_WINDOWS, SENTENCES = 12, 40
VECTORS = VectorsDescription(DESCRIPTION, "openvino", "float32", "mean", "now")
EMBED = params.Embed("openvino", "float32", "mean", batch_pieces=64, shard_words=200, max_stale=0.7)


def windows(n: int = N_WINDOWS) -> Iterator[Window]:
    for number in range(n):
        words = pa.array(
            [[f"w{number}", "cat", *["so"] * (place % 5), str(place)] for place in range(SENTENCES)], pa.list_(pa.string())
        )
        yield Window(store.keys(pa.chunked_array([words]), "now"), words)


def make_project(folder: Path) -> Path:
    """A folder with an encoder and a store that is empty."""
    write_encoder(folder, DESCRIPTION)
    (folder / "embedded").mkdir()
    return folder


def in_process(project: Path) -> list[str]:
    """The names of the shards that this process makes."""
    folder = project / "plain"
    encoder = WordEncoder(stand_in(folder, "float32"), DESCRIPTION, "mean", EMBED.batch_pieces)
    tokenizer = pieces.load_tokenizer(project / "models/encoder")
    for window in windows():
        list(write_shards(folder, "now", embed_window(window, encoder, tokenizer), EMBED.shard_words))
    return [path.name for path in store.shard_paths(folder)]


def embed(project: Path, address: str, seconds: float = 600, vectors: VectorsDescription = VECTORS) -> int:
    settings = params.Cluster(address, seconds)
    return sum(cluster.embed(windows(), project / "embedded", project / "models/encoder", vectors, EMBED, settings))


def shards(project: Path) -> list[str]:
    """The shards of the store, which has nothing else."""
    paths = store.shard_paths(project / "embedded")
    assert sorted((project / "embedded").rglob("*.*")) == sorted(map(store.verify, paths))
    return [path.name for path in paths]
