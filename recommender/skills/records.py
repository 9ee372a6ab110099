"""The layout of a learner's state: one record per learner, skill, recent item and module.

These record types are the whole of what is remembered. A change here raises `STATE_VERSION`; states of
another version are replayed from the event log, never converted.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

STATE_VERSION = 1

# Items a learner met lately, in a direct-mapped table: an item's hash names its slot, a newer item of the
# same slot replaces it. Memory is constant, and the same items fall out online and in replay.
N_ITEM_SLOTS = 128

LEARNER = np.dtype(
    [
        ("n_attempts", np.int32),
        ("n_passed", np.int32),
        ("n_started", np.int32),  # modules started for the first time
        ("ability", np.float32),  # Elo rating, logits
        ("pass_fast", np.float32),  # running share of passes, newest weighted most
        ("pass_slow", np.float32),
        ("last_at", np.float64),  # seconds since 1970 UTC of the last attempt, NaN without clock
    ]
)

SKILL = np.dtype(
    [
        ("n_attempts", np.int32),
        ("n_passed", np.int32),
        ("ability", np.float32),  # Elo offset of this skill to the learner's ability, logits
        ("pass_fast", np.float32),
        ("pass_slow", np.float32),
        ("self_level", np.float32),  # latest self-assessment, NaN without one
        ("last_at", np.float64),  # last practice, NaN without clock
        ("passed_at", np.float64),  # last pass, NaN without one or without clock
    ]
)

ITEM = np.dtype([("tag", np.uint32), ("n_attempts", np.int32), ("n_passed", np.int32)])

MODULE = np.dtype(
    [
        ("order", np.int32),  # position among the learner's first starts, from 0
        ("status", np.int32),  # code of domain.events.Status
        ("progress", np.float32),  # furthest share seen, NaN when never told
        ("first_at", np.float64),
        ("last_at", np.float64),
    ]
)

# What the fold tells. Columns of `features`, one row per attempt, each as known just before the attempt.
ABILITY, LOG_PASSED, LOG_ATTEMPTS, LOG_ITEM_PASSED, LOG_ITEM_ATTEMPTS = range(5)
N_FEATURES = 5
# Columns of `entries`, one row per skill of an attempt, each as known just before the attempt.
SKILL_ABILITY, SKILL_LOG_PASSED, SKILL_LOG_ATTEMPTS, SKILL_LOG_FAILED, SKILL_PASS_FAST = range(5)
N_ENTRIES = 5

_FRESH: dict[np.dtype[np.void], tuple[str, ...]] = {
    LEARNER: ("last_at",),
    SKILL: ("self_level", "last_at", "passed_at"),
    ITEM: (),
    MODULE: ("progress", "first_at", "last_at"),
}


def fresh(dtype: np.dtype[np.void], n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """`n` records of somebody of whom nothing is known: counts 0, times and levels NaN."""
    records = np.zeros(n, dtype)
    for name in _FRESH[dtype]:
        records[name] = np.nan
    return records


def item_key(item_id: str) -> tuple[int, int]:
    """Slot and tag of an item in the table of recent items.

    Two items that share slot and tag (once in 2**38) are taken for one.

    >>> slot, tag = item_key("q1")
    >>> 0 <= slot < N_ITEM_SLOTS and tag % 2 == 1
    True
    """
    code = int.from_bytes(blake2b(item_id.encode(), digest_size=8).digest(), "little")
    return code % N_ITEM_SLOTS, (code >> 32) | 1
