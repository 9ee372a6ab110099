"""What is said of a reason: the most specific message whose values are known, with them in it.

There is a function for each code that has values; all take the messages of a language, from
`recommender.ranking.messages.messages_of`. A text that is "" and a number that is NaN are not known, and not
claimed. Which terms of a score are its reasons tells `recommender.ranking.explain_kernel`.

A sentence names what the learner did only where the score would fall without it; where it would not,
it says less. `tests/benchmarks/reasons.py` puts that to the test.
"""

from __future__ import annotations

from functools import lru_cache
from math import isnan
from typing import Final, Literal

from recommender.embeddings.neighbour_view import Wording
from recommender.ranking.difficulty import Band
from recommender.ranking.messages import Messages

# Sentences of a kind that are kept; only such as tell nothing of a learner.
_KEPT: Final = 4096


def closes_gap(messages: Messages, role: str, skill: str, required: float, mastery: float) -> str:
    """Say that a module builds the skill that closes most of a role's gap; numbers are probabilities."""
    if not (role and skill) or isnan(required):
        return messages["closes_gap.general"]
    if isnan(mastery):
        return _level_unknown(messages, role, skill, required)
    # "asks 0.80 and you are at 0.80" would read as a mistake.
    if round(mastery, 2) >= round(required, 2):
        return messages["closes_gap.general"]
    return messages["closes_gap"].format(role=role, skill=skill, required=required, mastery=mastery)


@lru_cache(maxsize=_KEPT)
def _level_unknown(messages: Messages, role: str, skill: str, required: float) -> str:
    return messages["closes_gap.level_unknown"].format(role=role, skill=skill, required=required)


@lru_cache(maxsize=_KEPT)
def next_in_sequence(messages: Messages, after: str, leads: Wording) -> str:
    """Say which started module leads to one, and how: as its view words it, see `NeighbourView`."""
    if not after:
        return messages["next_in_sequence.general"]
    return messages[f"next_in_sequence.{leads}" if leads else "next_in_sequence"].format(after=after)


@lru_cache(maxsize=_KEPT)
def popular_in_role(messages: Messages, role: str) -> str:
    """Say that a module is popular in a role, or in general."""
    return messages["popular_in_role"].format(role=role) if role else messages["popular_in_role.general"]


def review_due(messages: Messages, skill: str, faded: float) -> str:
    """Say which taught skill faded most, and by how much mastery."""
    if not skill or isnan(faded):
        return messages["review_due.general"]
    return messages["review_due"].format(skill=skill, faded=faded)


def right_difficulty(messages: Messages, success: float, band: Band, *, by_history: bool = False) -> str:
    """Say how the chance of passing lies to the band, and whether what the learner did put it inside."""
    if isnan(success):
        return messages["right_difficulty.general"]
    low, high = band.low, band.high
    if low <= success <= high:
        code = "right_difficulty.history" if by_history else "right_difficulty"
        return messages[code].format(success=success, low=low, high=high)
    side = "above" if success > high else "below"
    return messages["right_difficulty.near"].format(success=success, side=side, low=low, high=high)


def unlocks(messages: Messages, n_unlocked: int) -> str:
    """Say how many modules finishing one makes reachable.

    >>> from recommender.ranking.messages import messages_of
    >>> unlocks(messages_of("en"), 3)
    'Finishing it opens 3 more modules.'
    """
    if n_unlocked == 0:
        return messages["unlocks.general"]
    if n_unlocked == 1:
        return messages["unlocks.one"]
    return messages["unlocks"].format(n_unlocked=n_unlocked)


def variant(
    messages: Messages, direction: Literal["easier", "harder"], title: str, before: float, after: float
) -> str:
    """Say what chance of passing a module had, and what its variant has that took its place."""
    return messages[f"variant_{direction}"].format(title=title, before=before, after=after)


def leads_up(messages: Messages, *, prerequisite: bool, title: str, before: float, after: float) -> str:
    """Say what chance of passing a module had, and what that has which leads up to it and took its place."""
    how = "prerequisite" if prerequisite else "skill"
    return messages[f"leads_up.{how}"].format(title=title, before=before, after=after)
