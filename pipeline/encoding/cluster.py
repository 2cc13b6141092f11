"""Windows of sentences embedded by the workers of a cluster, which write the shards themselves.

A window is the unit (see windows.py), a pure function, so that it may be done anywhere and again: where a worker is lost, another
does its window. Only words go out and only counts come back; store and encoder lie on a file system that all share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from pipeline.core import cluster, params
from pipeline.core.cluster_work import Work
from pipeline.core.schema import VectorsDescription
from pipeline.encoding import worker
from pipeline.encoding.windows import Window
from pipeline.encoding.worker import Job


def embed(
    windows: Iterable[Window],
    folder: Path,
    encoder: Path,
    vectors: VectorsDescription,
    settings: params.Embed,
    workers: params.Cluster,
) -> Iterator[int]:
    """Have a cluster embed windows into a store.

    Yields: the number of sentences of each window that is done, in the order in which they end.
    Raises: InputError where the cluster is gone, a worker sees other folders or has another encoder, or a window fails everywhere.
    """
    where, source = cluster.address(workers) or ("", cluster.PARAMETER)
    with cluster.connected(where, source) as client, cluster.marked(folder / "shards") as mark:
        places = str(folder.resolve()), str(encoder.resolve()), str(mark)
        job = Job(*places, asdict(vectors), settings.batch_pieces, settings.shard_words, cluster.versions())
        cluster.require_fit(client, worker.check, job)
        work = Work[Window](client, worker.embed, lambda window: (_sent(window), job), told, workers.window_seconds)
        for _, n_sentences in work.results(windows):
            yield n_sentences


def _sent(window: Window) -> bytes:
    """A window as an Arrow stream."""
    sink = pa.BufferOutputStream()
    table = pa.table({"key": window.keys, "words": window.words})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    sent: bytes = sink.getvalue().to_pybytes()
    return sent


def told(window: Window) -> str:
    """What a window is called in messages: its size, and its first and last sentence."""
    first, last = (" ".join(window.words[place].as_py())[:80] for place in (0, len(window.words) - 1))
    return f"a window of {len(window.words):,} sentences, from {first!r} to {last!r},"
