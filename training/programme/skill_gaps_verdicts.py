"""Which of many changes chance alone would hardly bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from scipy import stats

from training.programme.figures import LEVEL, Mean

Verdict: TypeAlias = Literal["up", "down", "chance", "many", "untold"]
"""Of a change: it rose; it fell; its interval holds 0; its interval does not, but among so many groups chance
brings some such; its interval is not told."""


def verdicts(changes: Sequence[Mean]) -> tuple[Verdict, ...]:
    """Say of each of several changes whether it is one.

    With many groups some intervals miss 0 by chance, so changes are told as such only where the share of
    false ones among them is expected to be 5% at most (Benjamini and Hochberg 1995).

    >>> verdicts([Mean.of(np.array([0.1, 0.12, 0.11, 0.1, 0.13])), Mean.of(np.linspace(-1.0, 1.0, 9))])
    ('up', 'chance')
    """
    p = np.array([change.p for change in changes])
    told = ~np.isnan(p)
    adjusted = np.ones(len(p))
    if told.any():
        adjusted[told] = stats.false_discovery_control(p[told])
    return tuple(_verdict(change, float(q)) for change, q in zip(changes, adjusted, strict=True))


def _verdict(change: Mean, adjusted: float) -> Verdict:
    if math.isnan(change.p):
        return "untold"
    if change.p > 1.0 - LEVEL:
        return "chance"
    if adjusted > 1.0 - LEVEL:
        return "many"
    return "up" if change.value > 0.0 else "down"
