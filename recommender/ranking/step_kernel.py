"""From a module that is too hard to what leads up to it, compiled; see `recommender.ranking.difficulty`."""

from __future__ import annotations

from typing import Any, Final

import numba

from recommender.ranking.kernel_arrays import LeadUp, Order, Taught, Weights
from recommender.ranking.passes_kernel import Known, away, judge

# Logits by which what takes a place must be nearer to the band if it is not in it: about .06 at even odds.
LEAST_NEARER: Final = 0.25


@numba.njit(cache=True, nogil=True)
def step_down(
    chosen: Any,
    replaced: Any,
    known: Known,
    taught: Taught,
    lead_up: LeadUp,
    weights: Weights,
    order: Order,
    logit: Any,
    score: Any,
) -> None:
    """Put what leads up to it in the place of every chosen module that is too hard and has no better variant.

    That is a prerequisite of it, else a module that teaches a skill that it needs or teaches: one that is
    allowed, neither chosen nor replaced, passed with a higher chance, and in the band or nearer to it by
    `LEAST_NEARER`. The nearest takes the place, of equally near ones that of the best score, then that of the
    first id. `replaced` is as after `choose_kernel.swap`; places where a variant was swapped in stay.
    """
    for place in range(len(chosen)):
        old = chosen[place]
        if replaced[place] >= 0 or not known.success[old] < known.band.low:
            continue
        best, nearest = -1, max(away(known.success[old], known.band) - LEAST_NEARER, 0.0)
        for e in range(lead_up.module_start[old], lead_up.module_start[old + 1]):
            m = lead_up.modules[e]
            if _may_lead(m, old, chosen, replaced, known):
                judge(m, known, taught, weights, logit, score)
                best, nearest = _nearer(m, old, best, nearest, known, order, score)
        if best < 0:
            for s in range(lead_up.skill_start[old], lead_up.skill_start[old + 1]):
                skill = lead_up.skills[s]
                for e in range(taught.by_skill_start[skill], taught.by_skill_start[skill + 1]):
                    m = taught.by_skill[e]
                    if _may_lead(m, old, chosen, replaced, known):
                        judge(m, known, taught, weights, logit, score)
                        best, nearest = _nearer(m, old, best, nearest, known, order, score)
        if best >= 0:
            chosen[place], replaced[place] = best, old


@numba.njit(cache=True, nogil=True)
def undo_outside(chosen: Any, replaced: Any, known: Known) -> None:
    """Take back what was swapped in and is still out of the band."""
    for place in range(len(chosen)):
        if replaced[place] >= 0 and away(known.success[chosen[place]], known.band) > 0.0:
            chosen[place], replaced[place] = replaced[place], -1


@numba.njit(cache=True, nogil=True)
def refill(chosen: Any, replaced: Any, others: Any) -> None:
    """Fill the places where nothing was swapped in with `others`, in their order.

    `others` are as many, chosen by scores that being out of the band costs: a module that is better by more
    than that keeps a place, though perhaps a later one. What was chosen before stands in where they run out,
    for none of them takes two places, nor one beside what was swapped in for it.
    """
    before, n, k = chosen.copy(), 0, 0
    for place in range(len(chosen)):
        if replaced[place] < 0:
            chosen[place] = -1
    for place in range(len(chosen)):
        if replaced[place] >= 0:
            continue
        while n < len(others) and _is_used(others[n], chosen, replaced):
            n += 1
        if n < len(others):
            chosen[place] = others[n]
            continue
        while _is_used(before[k], chosen, replaced):
            k += 1
        chosen[place] = before[k]


@numba.njit(cache=True, nogil=True)
def _is_used(m: int, chosen: Any, replaced: Any) -> bool:
    # Without an array for each comparison.
    used = False
    for place in range(len(chosen)):
        used = used or chosen[place] == m or replaced[place] == m
    return used


@numba.njit(cache=True, nogil=True)
def _may_lead(m: int, old: int, chosen: Any, replaced: Any, known: Known) -> bool:
    """Whether a module may take a place at all."""
    if m == old or not known.allowed[m]:
        return False
    return not _is_used(m, chosen, replaced)


@numba.njit(cache=True, nogil=True)
def _nearer(
    m: int, old: int, best: int, nearest: float, known: Known, order: Order, score: Any
) -> tuple[int, float]:
    """Return the better one of a module and the best so far, -1 for none, and its distance to the band."""
    distance = away(known.success[m], known.band)
    if not known.success[m] > known.success[old] or not distance <= nearest:
        return best, nearest
    if best >= 0 and distance == nearest:
        if score[m] < score[best]:
            return best, nearest
        if score[m] == score[best] and order.id_rank[m] > order.id_rank[best]:
            return best, nearest
    return m, distance
