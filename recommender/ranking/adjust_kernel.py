"""What takes the place of a module that is out of the band, compiled; see `recommender.ranking.difficulty`.

A module that people take, but that does not suit this learner, hands what it is liked to one that does: to a
variant of it, or, if it is too hard, to its prerequisites. Scores then decide, and what came up is told.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.ranking.kernel_arrays import LeadUp, Order, Taught
from recommender.ranking.passes_kernel import Known

# Logits by which what leads up must be nearer to the band if it is not in it: about .06 at even odds.
LEAST_NEARER: Final = 0.25


@numba.njit(cache=True, nogil=True)
def hand_over(known: Known, order: Order, lead_up: LeadUp) -> None:
    """Fill `mix` with what is preferred after modules out of the band handed it over.

    The most liked allowed module of a variant group, if out of the band, changes places with the variant that
    is nearest to the band, if that is nearer than it. One that is too hard, and has no such variant, lends
    what it is liked to those of its prerequisites that are easier and nearer. Of equals that of the first id
    counts.
    """
    own, mix, success, missed = known.own, known.mix, known.success, known.missed
    allowed, low, start, modules = known.allowed, known.band.low, lead_up.module_start, lead_up.modules
    members, id_rank = order.members, order.id_rank
    mix[:] = own
    for group in order.several:
        its = members[order.start[group] : order.start[group + 1]]
        _exchange(its, allowed, own, missed, id_rank, mix)
    lent = mix.copy()
    for m in range(len(mix)):
        if not (allowed[m] and lent[m] >= own[m] and success[m] < low):
            continue
        for e in range(start[m], start[m + 1]):
            before = modules[e]
            if allowed[before] and _is_nearer(before, m, success, missed):
                mix[before] = max(mix[before], lent[m])


# Arrays are handed over by themselves: the compiler counts who holds one each time a group is asked for it.
@numba.njit(cache=True, nogil=True)
def _exchange(members: Any, allowed: Any, own: Any, missed: Any, id_rank: Any, mix: Any) -> None:
    """Let the variants that are liked most and fit best change places."""
    liked, nearest, least = -1, -1, np.inf
    for m in members:
        if not allowed[m]:
            continue
        if liked < 0 or _before(own, liked, m, id_rank):
            liked = m
        if missed[m] < least or (missed[m] == least and _before(own, nearest, m, id_rank)):
            nearest, least = m, missed[m]
    if nearest >= 0 and least < missed[liked]:
        mix[nearest], mix[liked] = own[liked], own[nearest]


@numba.njit(cache=True, nogil=True)
def _before(own: Any, n: int, m: int, id_rank: Any) -> bool:
    """Whether `m` comes before `n`; modules that are liked equally go by id."""
    return bool(own[m] > own[n] or (own[m] == own[n] and id_rank[m] < id_rank[n]))


@numba.njit(cache=True, nogil=True)
def _is_nearer(m: int, hard: int, success: Any, missed: Any) -> bool:
    """Whether a module is easier than one that is too hard, and in the band or nearer to it."""
    return bool(success[m] > success[hard] and missed[m] <= max(missed[hard] - LEAST_NEARER, 0.0))


@numba.njit(cache=True, nogil=True)
def tell(
    chosen: Any, wanted: Any, known: Known, taught: Taught, order: Order, lead_up: LeadUp, replaced: Any
) -> None:
    """Fill in whose place each chosen module stands, -1 for nobody's.

    That is the first module out of the band that would be in the list up to here without regard to difficulty
    (`wanted`) and is not in it, if the chosen one is a variant of it and nearer to the band or, where it is
    too hard, leads up to it: as a prerequisite, or by teaching a skill that it needs or teaches. Each is told
    once.
    """
    missed = known.missed
    replaced[:] = -1
    for place in range(len(chosen)):
        m = chosen[place]
        for i in range(min(place + 1, len(wanted))):
            old = wanted[i]
            if not missed[old] > 0.0:
                continue
            if _is_among(old, chosen[: place + 1]) or _is_among(old, replaced[:place]):
                continue
            is_variant = order.group[m] == order.group[old] and missed[m] < missed[old]
            if is_variant or _leads_up(m, old, known, taught, lead_up):
                replaced[place] = old
                break


@numba.njit(cache=True, nogil=True)
def _is_among(m: int, modules: Any) -> bool:
    found = False
    for other in modules:
        found = found or other == m
    return found


@numba.njit(cache=True, nogil=True)
def _leads_up(m: int, hard: int, known: Known, taught: Taught, lead_up: LeadUp) -> bool:
    """Whether a module leads up to one that is too hard."""
    if not known.success[hard] < known.band.low or not _is_nearer(m, hard, known.success, known.missed):
        return False
    if _is_among(m, lead_up.modules[lead_up.module_start[hard] : lead_up.module_start[hard + 1]]):
        return True
    for e in range(taught.start[m], taught.start[m + 1]):
        if _is_among(
            taught.skill[e], lead_up.skills[lead_up.skill_start[hard] : lead_up.skill_start[hard + 1]]
        ):
            return True
    return False
