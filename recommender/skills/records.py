"""The layout of a learner's state: one record per learner, skill, recent item and module.

These record types are the whole of what is remembered. A change here raises `STATE_VERSION`; states of
another version are replayed from the event log, never converted.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

STATE_VERSION = 3

# Items a learner met lately, in a direct-mapped table: an item's hash names its slot, a newer item of the
# same slot replaces it. Memory is constant, and the same items fall out online and in replay.
N_ITEM_SLOTS = 128

# Rates of the running averages, an answer's weight halves in about .7 / rate answers; skills keep the first
# three. The first answers count as a plain mean.
RATES = (0.3, 0.1, 0.03, 0.01)
N_SKILL_RATES = 3

# Weight, in answers, of what is expected of anybody in a smoothed share of passes.
PRIOR_ANSWERS = 2.0

# The push: how many steps easier (above 0) or harder (below) a learner's modules should be than the success
# of answers alone tells. It gains a step at once when modules are called too hard, and at every third failure
# in a row, and loses one when they are called too easy, and at every fifth quick pass in a row. Each answer
# takes a tenth of it back, so it halves in 6.6 answers.
FAILURES_A_STEP = 3
QUICK_PASSES_A_STEP = 5
PUSH_KEPT = 0.9
MOST_PUSH = 2.0
# A pass is quick if it took no more than this share of the item's usual time. Times of one item spread about
# log-normally by .5, of which a quarter lies below: five in a row are no chance.
QUICK_SHARE = 0.7
# The running share of passes that the band of difficulty follows, of `RATES`, with play: what is held moves
# only as far as it must to lie this near to the share. A pass and a failure in turns move the share by .026
# to each side, and do not move what is held.
HELD_RATE = 1
HELD_WITHIN = 0.05
# Feedback that moves the push, and by how much; and feedback that declines the module it is about.
PUSHES = {"too_hard": 1.0, "too_easy": -1.0}
DECLINES = ("dismissed", "too_easy", "too_hard")
SECONDS_A_DAY = 86_400.0
# Modules a learner declined last.
N_DECLINED = 4

# The memory of answers: one vector of this many numbers at each decay per attempt.
MEMORY_RANK = 16
MEMORY_DECAYS = (0.0, 0.5, 0.8, 0.93, 0.98, 0.998)
MEMORY_WIDTH = MEMORY_RANK * len(MEMORY_DECAYS)

LEARNER = np.dtype(
    [
        ("n_attempts", np.int32),
        ("n_passed", np.int32),
        ("last_skill", np.int32),  # row of the first skill of the last attempt, -1 without one
        ("last_item", np.uint32),  # tag of the item of the last attempt, 0 before the first
        ("streak", np.int32),  # passes in a row, failures in a row as a negative number
        ("quick", np.int32),  # quick passes in a row; one of unknown time neither counts nor ends them
        ("push", np.float32),  # steps easier, see above, from -MOST_PUSH to MOST_PUSH
        ("declined", np.uint32, (N_DECLINED,)),  # tags of modules declined, the last first; 0 for none
        ("declined_after", np.int32, (N_DECLINED,)),  # the number of attempts then
        ("ability", np.float32),  # Elo rating, logits
        ("level", np.float32),  # the same with steps that shrink faster
        ("recent", np.float32),  # the last answers, +-1/2 each, halved with every further one
        ("share", np.float32, (len(RATES),)),  # running share of passes
        ("held", np.float32),  # one of these, followed with play
        ("residual", np.float32, (len(RATES),)),  # running mean of score - expected score
        ("memory", np.float32, (MEMORY_WIDTH,)),
        ("last_at", np.float64),  # seconds since 1970 UTC of the last attempt, NaN without clock
    ]
)

SKILL = np.dtype(
    [
        ("n_attempts", np.int32),
        ("n_passed", np.int32),
        ("position", np.int32),  # the learner's number of attempts at the last one on the skill
        ("ability", np.float32),  # Elo offset of this skill to the learner's ability, logits
        ("level", np.float32),  # the same to the learner's level
        ("recent", np.float32),
        ("share", np.float32, (N_SKILL_RATES,)),
        ("residual", np.float32, (N_SKILL_RATES,)),
        ("self_level", np.float32),  # latest self-assessment, NaN without one
        ("taught_hours", np.float32),  # of finished modules, shared out over their skills
        ("last_at", np.float64),  # last attempt, NaN without one or without clock
        ("passed_at", np.float64),  # last pass, likewise
        ("taught_at", np.float64),  # last finished module, likewise
        (
            "certified_day",
            np.float32,
        ),  # of the last credential, since 1970; NaN after one without time
        ("expires_at", np.float64),  # when the last credential to expire does, infinity if never, NaN if none
    ]
)

ITEM = np.dtype(
    [
        ("tag", np.uint32),  # 0 while nobody has used the slot
        ("n_attempts", np.int32),
        ("n_passed", np.int32),
        ("position", np.int32),  # the learner's number of attempts at the last one, negative if it was failed
    ]
)

MODULE = np.dtype(
    [
        ("status", np.int32),  # code of domain.events.Status
        ("progress", np.float32),  # furthest share seen, NaN when never told
        ("first_at", np.float64),
        ("last_at", np.float64),
    ]
)

# What the fold tells: columns of `features`, one row per attempt, each as known just before the attempt.
# Those named SKILL_ are means over the skills of the attempt.
FEATURES = (
    "ability",
    "elo_logit",
    "level",
    "level_logit",
    "log_attempts",
    "pass_mean",
    *(f"share_{rate}" for rate in RATES),
    *(f"residual_{rate}" for rate in RATES),
    "recent",
    "streak",
    "log_seconds",
    "skill_ability",
    "skill_level",
    "skill_log_attempts",
    "skill_pass_mean",
    "skill_min_pass_mean",
    *(f"skill_share_{rate}" for rate in RATES[:N_SKILL_RATES]),
    *(f"skill_residual_{rate}" for rate in RATES[:N_SKILL_RATES]),
    "skill_recent",
    "skill_log_steps",
    "skill_log_seconds",
    "skill_self_level",
    "skill_log_taught_hours",
    "skill_log_seconds_taught",
    "skill_log_seconds_refreshed",
    "item_attempts",
    "item_pass_mean",
    "item_last",
    "item_log_steps",
    "same_item",
    "same_skill",
    "difficulty",
    "skill_difficulty",
    "expected_score",
    "item_log_count",
    "n_skills",
    "memory_logit",
)
N_FEATURES = len(FEATURES)
FEATURE = {name: i for i, name in enumerate(FEATURES)}

_FRESH: dict[np.dtype[np.void], dict[str, float]] = {
    LEARNER: {"last_at": np.nan, "last_skill": -1},
    SKILL: dict.fromkeys(
        ("self_level", "last_at", "passed_at", "taught_at", "certified_day", "expires_at"), np.nan
    ),
    ITEM: {},
    MODULE: {"progress": np.nan, "first_at": np.nan, "last_at": np.nan},
}


def fresh(dtype: np.dtype[np.void], n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """`n` records of somebody of whom nothing is known: counts 0, times and levels NaN."""
    records = np.zeros(n, dtype)
    for name, value in _FRESH[dtype].items():
        records[name] = value
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
