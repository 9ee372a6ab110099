"""Whether memory and latency stay where they were: the last third of a run against its first.

Both limits are factors, and both statistics robust, for a machine that others use too. Memory is judged by
its median. Latency is judged by the median of the 99th percentiles of the twentieth parts of a third: of an
hour these are about a minute each, and one in which the machine was busy with something else counts once,
however slow it was.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

PARTS = 20

Rows: TypeAlias = Sequence[tuple[float, float]]
"""When, by the monotonic clock in seconds, and a value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many times its first third the last may be.

    Parameters
    ----------
    memory, p99 : float
    """

    memory: float
    p99: float


# Between the middles of first and last third lie two thirds of the time. A service of 300 MB that takes
# a megabyte more each minute is told after an hour.
LONG = Limits(memory=1.10, p99=1.5)
# In a minute, what is loaded at first use weighs as much as a leak: this tells what gets out of hand.
SHORT = Limits(memory=1.3, p99=4.0)
LONG_SECONDS = 1800.0


def thirds(rows: Rows, start: float, end: float, of: Callable[[Rows], float]) -> tuple[float, float]:
    """Return something of the first and of the last third of a span."""
    third = (end - start) / 3
    first = [row for row in rows if start <= row[0] < start + third]
    last = [row for row in rows if end - third <= row[0] <= end]
    return of(first), of(last)


def median(rows: Rows) -> float:
    """Return the median of the values."""
    return statistics.median(value for _, value in rows)


def median_p99(rows: Rows) -> float:
    """Return the median of the 99th percentiles of the twentieth parts of the time that the rows cover."""
    start, end = min(at for at, _ in rows), max(at for at, _ in rows)
    parts: list[list[float]] = [[] for _ in range(PARTS)]
    for at, value in rows:
        parts[min(PARTS - 1, int(PARTS * (at - start) / max(end - start, 1e-9)))].append(value)
    return statistics.median(
        statistics.quantiles(part, n=100, method="inclusive")[98] for part in parts if len(part) > 1
    )


def not_flat(
    memory: tuple[float, float], p99: Mapping[str, tuple[float, float]], limits: Limits
) -> list[str]:
    """Say what grew more than it may; each pair is of the first and of the last third."""
    grown = [("memory", "MB", memory, limits.memory)]
    grown += [(f"p99 of {what}", "ms", pair, limits.p99) for what, pair in p99.items()]
    return [
        f"{what} went from {first:.0f} to {last:.0f} {unit}, more than {limit:g} times as much"
        for what, unit, (first, last), limit in grown
        if last > limit * first
    ]
