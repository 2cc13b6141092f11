"""What is swept from a store and what is said of it, with drawn vectors: no encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.encoding import store, upkeep
from pipeline.encoding.store import Shard
from tests.support.drawn_store import WORDS, assert_holds, keys, opened, shards, write


def removed(folder: Path) -> list[str]:
    """What is said of the shards that are removed from a store; those that stay are all that it has then."""
    found = list(upkeep.discard_unusable(folder))
    assert [shard.path for shard in found if isinstance(shard, Shard)] == store.shard_paths(folder)
    return [line for line in found if isinstance(line, str)]


def test_a_flipped_bit_anywhere_is_found_named_and_removed(tmp_path: Path) -> None:
    """Arrow crashes on some, so that none may reach it."""
    whole, damaged = write(tmp_path, WORDS[0]), write(tmp_path, WORDS[1])
    content = damaged.read_bytes()
    for place in range(len(content)):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0x80]) + content[place + 1 :])
        with pytest.raises(InputError, match=f"{damaged.name}: a damaged shard"):
            opened(tmp_path)
        (line,) = removed(tmp_path)
        assert str(damaged) in line
        assert store.shard_paths(tmp_path) == [whole]


def test_a_truncated_shard_is_found_named_and_removed(tmp_path: Path) -> None:
    path = write(tmp_path, *WORDS)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged shard"):
        opened(tmp_path)
    (line,) = removed(tmp_path)
    assert str(path) in line
    assert store.shard_paths(tmp_path) == []


def test_a_half_written_shard_is_never_read(tmp_path: Path) -> None:
    whole = write(tmp_path, *WORDS)
    partial = tmp_path / "shards" / "shard.partial"
    partial.write_bytes(whole.read_bytes()[:300])
    assert_holds(tmp_path, *WORDS)
    assert removed(tmp_path) == []
    assert not partial.exists()


def test_a_shard_of_another_format_is_named_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FORMAT", "1")
    write(tmp_path, *WORDS)
    monkeypatch.undo()
    (line,) = removed(tmp_path)
    assert "another version" in line


def test_stale_vectors_stay_up_to_the_share(tmp_path: Path) -> None:
    write(tmp_path, *WORDS)  # 2 + 1 + 3 + 4 words
    assert upkeep.sweep(tmp_path, shards(tmp_path), keys(WORDS[2], WORDS[0]), "now", max_stale=0.5) == 0
    assert_holds(tmp_path, *WORDS)


def test_stale_vectors_go_beyond_the_share_and_live_ones_stay(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    write(tmp_path, *WORDS, fingerprint="before")
    assert upkeep.sweep(tmp_path, shards(tmp_path), keys(WORDS[0], WORDS[3]), "now", max_stale=0.5) == 14
    assert_holds(tmp_path, WORDS[0], WORDS[3])
    found = upkeep.summary(shards(tmp_path), keys(WORDS[0], WORDS[3]), "now")
    assert (found.words, found.share_stale, found.words_by_fingerprint) == (6, 0.0, {"now": 6})


def test_a_sentence_held_twice_is_stale_once(tmp_path: Path) -> None:
    write(tmp_path, WORDS[0])
    write(tmp_path, *WORDS[:2])
    assert upkeep.sweep(tmp_path, shards(tmp_path), keys(*WORDS[:2]), "now", max_stale=0.0) == len(WORDS[0])
    assert_holds(tmp_path, *WORDS[:2])


def test_a_sweep_that_removes_nothing_rewrites_nothing(tmp_path: Path) -> None:
    live, _ = write(tmp_path, WORDS[0]), write(tmp_path, *WORDS[1:])
    before = live.stat().st_mtime_ns
    upkeep.sweep(tmp_path, shards(tmp_path), keys(WORDS[0]), "now", max_stale=0.0)
    assert store.shard_paths(tmp_path) == [live]
    assert live.stat().st_mtime_ns == before


@pytest.mark.parametrize("n_steps", range(6))
def test_a_sweep_killed_at_any_step_loses_nothing_and_ends_the_same(
    tmp_path: Path, n_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps are the renames and removals of files."""
    live = [WORDS[0], WORDS[3]]
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    write(tmp_path, ["stale"])
    left = iter(range(n_steps))

    def stop(method: str) -> None:
        original = getattr(Path, method)

        def step(self: Path, *arguments: object, **options: object) -> object:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return original(self, *arguments, **options)

        monkeypatch.setattr(Path, method, step)

    stop("rename")
    stop("unlink")
    try:
        upkeep.sweep(tmp_path, shards(tmp_path), keys(*live), "now", max_stale=0.0)
    except KeyboardInterrupt:
        assert n_steps < 5
    else:
        assert n_steps == 5
    monkeypatch.undo()
    assert removed(tmp_path) == []
    assert_holds(tmp_path, *live)
    upkeep.sweep(tmp_path, shards(tmp_path), keys(*live), "now", max_stale=0.0)
    assert_holds(tmp_path, *live)
    assert upkeep.summary(shards(tmp_path), keys(*live), "now").rows == 2


def test_the_summary_of_an_empty_store(tmp_path: Path) -> None:
    found = upkeep.summary(shards(tmp_path / "none"), keys(*WORDS), "now")
    assert (found.rows, found.share_reused, found.share_stale) == (0, 0.0, 0.0)


def test_the_summary_counts_what_the_corpus_uses(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    path = write(tmp_path, ["x", "y", "z"], fingerprint="before")
    found = upkeep.summary(shards(tmp_path), keys(WORDS[0], WORDS[1], WORDS[2], WORDS[0]), "now")
    assert (found.shards, found.rows, found.words) == (2, 3, 6)
    assert found.share_reused == 0.75
    assert found.share_stale == 0.5
    assert found.words_by_fingerprint == {"now": 3, "before": 3}
    assert found.bytes > path.stat().st_size
