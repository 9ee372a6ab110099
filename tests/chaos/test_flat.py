"""The judge of an hour finds what creeps up, and lets pass what a busy machine does."""

from __future__ import annotations

import random

import pytest

from tests.chaos import flat

HOUR, WARM_UP = 3600.0, 360.0


def judged(memory: flat.Rows, took: flat.Rows, limits: flat.Limits = flat.LONG) -> list[str]:
    p99 = {"pages": flat.thirds(took, WARM_UP, HOUR, flat.median_p99)}
    return flat.not_flat(flat.thirds(memory, WARM_UP, HOUR, flat.median), p99, limits)


def memory(per_minute: float = 0.0) -> list[tuple[float, float]]:
    """Read every five seconds, of a service of 300 MB that takes so much more each minute."""
    rng = random.Random(0)
    return [(at, 300 + per_minute * at / 60 + rng.gauss(0, 5)) for at in range(0, 3600, 5)]


def latency(growth: float = 0.0) -> list[tuple[float, float]]:
    """Calls of about 10 ms, twenty a second, which take so many times more by the end."""
    rng = random.Random(1)
    return [(i / 20, rng.lognormvariate(2.3, 0.5) * (1 + growth * i / 72_000)) for i in range(72_000)]


def test_what_is_flat_is_no_fault() -> None:
    assert judged(memory(), latency()) == []


@pytest.mark.parametrize("per_minute", [1.0, 5.0])
def test_a_leak_is_told(per_minute: float) -> None:
    (fault,) = judged(memory(per_minute), latency())
    assert fault.startswith("memory went from 3")


def test_calls_that_take_longer_and_longer_are_told() -> None:
    (fault,) = judged(memory(), latency(growth=1.5))
    assert fault.startswith("p99 of pages went from")


def test_minutes_in_which_the_machine_was_busy_are_no_fault() -> None:
    took = [(at, value * (20 if 3000 < at < 3400 else 1)) for at, value in latency()]
    assert judged(memory(), took) == []


def test_a_minute_tells_what_gets_out_of_hand() -> None:
    assert judged(memory(5.0), latency(), flat.SHORT)
    assert judged(memory(1.0), latency(1.5), flat.SHORT) == []
