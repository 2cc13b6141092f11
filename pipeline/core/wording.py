"""How numbers are told to people."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """A count and what is counted.

    Args: many: its plural, where that is not made by an s.

    >>> counted(1, "row"), counted(1200, "row"), counted(0, "entity", "entities")
    ('1 row', '1,200 rows', '0 entities')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
