"""A tagger that is to find all entities must not see those of a pair."""

from __future__ import annotations

import pytest

from pipeline.core.blind_tagger import require_blind_tagger
from pipeline.core.errors import InputError
from tests.support import tiny


def test_a_tagger_of_all_entities_that_sees_positions_is_refused() -> None:
    with pytest.raises(InputError, match=r"tag.entities: all .* train.positions: shared"):
        require_blind_tagger("all", tiny.options(positions="shared"))


def test_any_other_is_taken() -> None:
    require_blind_tagger("pair", tiny.options(positions="shared"))
    require_blind_tagger("all", tiny.options(positions="relation"))
    require_blind_tagger("all", tiny.options(positions="shared", tasks=("relation",)))
