"""How few people nothing is told of."""

from __future__ import annotations

from typing import Final

LEAST: Final = 5
"""Fewest people that anything is told of together."""


def rounded_down(count: int) -> int:
    """Round a count of people down to a multiple of `LEAST`, so that no difference of two is a few people.

    >>> rounded_down(23), rounded_down(4)
    (20, 0)
    """
    return count // LEAST * LEAST
