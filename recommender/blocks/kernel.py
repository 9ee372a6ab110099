"""What a recommendation works out per learner, compiled over a block of them.

What is compiled for one learner is called for each. What is not, or would pass over modules that are not
allowed, makes the same sums in the same order as `recommender.ranking.gain`, `value`, `difficulty.swap` and
`explain`; tests hold the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.ranking.explain import LEAST_TERM, MAX_REASONS
from recommender.ranking.passes_kernel import away, check_requirements, count_unlocks
from recommender.ranking.rank import TIE_DECIMALS
from recommender.ranking.ranker_kernel import strongest
from recommender.ranking.rerank_kernel import pick_diverse
from recommender.skills.typical_kernel import fill_success

UNKNOWN, REVIEW, ON_LEVEL, STRETCH = range(4)
"""Codes of how difficult a module is for a learner."""
N_ADDED = 5
"""Terms beside what the views like: difficulty, gap, readiness, unlocking, review."""

_TENS = 10.0**TIE_DECIMALS


class Needs(NamedTuple):
    """Prerequisites, as in `recommender.ranking.prerequisites.Requirements`."""

    module: Any
    needed_module: Any
    needed_skill: Any
    required: Any
    hard: Any
    count: Any


class Known(NamedTuple):
    """What the rules and the skill model tell of a block, arrays by learner and module.

    `success` is NaN where unknown, `low` and `high` (n_learners,) are the edges of the band.
    """

    allowed: Any
    readiness: Any
    unlocks: Any
    success: Any
    low: Any
    high: Any


class Skills(NamedTuple):
    """Skills of a block: what learners master, lost and need, and which module teaches which.

    `mastery`, `faded` and `assumed`, which stands in where mastery is unknown, are of shape
    (n_learners, n_skills), `target` (n_learners,) is the role whose gaps count, `required` and `importance`
    (n_roles + 1, n_skills) and `priority` (n_roles + 1,) what roles ask for, last no role; `skill` and
    `start` are those of `recommender.ranking.gain.Teaching`.
    """

    mastery: Any
    faded: Any
    assumed: Any
    target: Any
    required: Any
    importance: Any
    priority: Any
    start: Any
    skill: Any


class Liked(NamedTuple):
    """What the views like: `shares` (n_learners, n_views, n_modules), `mix`, `n_allowed` and the weights."""

    shares: Any
    mix: Any
    n_allowed: Any
    weights: Any


class Weights(NamedTuple):
    """Numbers of `recommender.ranking.value.ValueWeights`, and the falloff of the band."""

    difficulty: float
    gap: float
    readiness: float
    unlocking: float
    review: float
    learning_rate: float
    falloff: float


class Order(NamedTuple):
    """Modules by id, and those of each variant group, back to back: `members[start[g]:start[g + 1]]`.

    `diversity` weighs how modules are alike, as in `recommender.ranking.rerank`; the last three are of its
    `Neighbours`.
    """

    id_rank: Any
    group: Any
    start: Any
    members: Any
    diversity: float
    alike_start: Any
    alike: Any
    likeness: Any


class Codes(NamedTuple):
    """Row of each view's reason, and of the added terms' (N_ADDED,), among `n` codes."""

    of_view: Any
    of_added: Any
    n: int


class Chosen(NamedTuple):
    """What is filled in, (n_learners, k): positions or -1; `reasons` (n_learners, k, MAX_REASONS)."""

    module: Any
    replaced: Any
    score: Any
    fit: Any
    reasons: Any


@numba.njit(cache=True, nogil=True)
def check_needs(finished: Any, mastery: Any, hidden: Any, needs: Needs, known: Any, met: Any) -> None:
    """Fill what prerequisites leave of the catalogue, arrays by learner and module.

    `hidden` are modules that no learner of that kind may see, whatever they finish; `known` is filled but for
    `success` and the band.
    """
    missing, reachable = np.empty(len(needs.module), np.bool_), np.empty(finished.shape[1], np.bool_)
    for b in range(len(finished)):
        check_requirements(
            needs.module,
            needs.needed_module,
            needs.needed_skill,
            needs.required,
            needs.hard,
            needs.count,
            finished[b],
            mastery[b],
            reachable,
            met[b],
            known.readiness[b],
            missing,
        )
        wanted = ~(finished[b] | hidden[b])
        known.allowed[b] = reachable & wanted
        count_unlocks(needs.module, needs.needed_module, missing, wanted, known.unlocks[b])


@numba.njit(cache=True, nogil=True)
def module_success(
    logit: Any, start: Any, skill: Any, weight: Any, harder: Any, declared: Any, out: Any
) -> None:
    """Fill the chance of passing each module's typical item, (n_learners, n_modules); see `TypicalItems`."""
    for b in range(len(logit)):
        fill_success(start, skill, weight, harder, logit[b], out[b])
        for m in range(len(harder)):
            if np.isnan(out[b, m]):
                out[b, m] = declared[m]


@numba.njit(cache=True, nogil=True)
def choose(
    k: int,
    known: Known,
    skills: Skills,
    liked: Liked,
    weights: Weights,
    order: Order,
    codes: Codes,
    out: Chosen,
) -> None:
    """Score, rank, swap for variants and explain; `out` is filled."""
    n_learners, n_modules = known.allowed.shape
    gap, score = np.empty(skills.mastery.shape[1]), np.empty(n_modules)
    added = np.empty((N_ADDED, n_modules))
    for b in range(n_learners):
        _close_gaps(b, skills, weights, gap)
        _score(b, known, skills, liked, weights, gap, added, score)
        chosen = out.module[b]
        best = strongest(score, known.allowed[b], k, order.id_rank, _TENS)
        if order.diversity > 0.0 and len(best) > 1:
            _spread(score, known.allowed[b], order, best)
        chosen[:] = -1
        chosen[: len(best)] = best
        _swap(b, known, order, chosen, out.replaced[b])
        for place in range(k):
            m = chosen[place]
            if m < 0:
                break
            if not known.allowed[b, m]:
                raise ValueError("a module was chosen that is not allowed")
            out.score[b, place] = score[m]
            out.fit[b, place] = _classify(known.success[b, m], known.low[b], known.high[b])
            _explain(b, m, liked, added, codes, out.reasons[b, place])


@numba.njit(cache=True, nogil=True)
def _close_gaps(b: int, skills: Skills, weights: Weights, gap: Any) -> None:
    """Fill the worth of one module on each skill, as `gain.gap_closed` does."""
    role = skills.target[b]
    for s in range(len(gap)):
        mastery = skills.mastery[b, s]
        if np.isnan(mastery):
            mastery = skills.assumed[b, s]
        closed = np.minimum((1.0 - mastery) * weights.learning_rate, skills.required[role, s] - mastery)
        gap[s] = np.fmax(closed, 0.0) * skills.importance[role, s] * skills.priority[role]


@numba.njit(cache=True, nogil=True)
def _score(
    b: int,
    known: Known,
    skills: Skills,
    liked: Liked,
    weights: Weights,
    gap: Any,
    added: Any,
    score: Any,
) -> None:
    """Fill the added terms (N_ADDED, n_modules) and the score (n_modules,) of what is allowed."""
    most = max(1, liked.n_allowed[b])
    band = _band(known.low[b], known.high[b])
    for m in range(len(score)):
        if not known.allowed[b, m]:
            continue
        total, faded = 0.0, 0.0
        first, last = skills.start[m], skills.start[m + 1]
        for e in range(first, last):
            total += gap[skills.skill[e]]
            faded += skills.faded[b, skills.skill[e]]
        success = known.success[b, m]
        scaled = away(success, *band) / weights.falloff
        fit = 0.5 if np.isnan(success) else np.exp(-0.5 * scaled * scaled)
        added[0, m] = weights.difficulty * (2.0 * fit - 1.0)
        added[1, m] = weights.gap * total
        added[2, m] = weights.readiness * (known.readiness[b, m] - 1.0)
        added[3, m] = weights.unlocking * np.log1p(known.unlocks[b, m])
        added[4, m] = weights.review * (faded / max(last - first, 1))
        score[m] = np.log(liked.mix[b, m] * most)
        for t in range(N_ADDED):
            score[m] += added[t, m]


@numba.njit(cache=True, nogil=True)
def _band(low: float, high: float) -> Any:
    """Edges of the band, and their logits."""
    return low, high, np.log(low / (1.0 - low)), np.log(high / (1.0 - high))


@numba.njit(cache=True, nogil=True)
def _classify(success: float, low: float, high: float) -> int:
    if np.isnan(success):
        return UNKNOWN
    if success > high:
        return REVIEW
    return STRETCH if success < low else ON_LEVEL


@numba.njit(cache=True, nogil=True)
def _spread(score: Any, allowed: Any, order: Order, chosen: Any) -> None:
    """Fill what `rerank.diverse_top` chooses in place of what `rank.top` does."""
    least = score[chosen[-1]] - order.diversity - 1.0 / _TENS
    pool = np.flatnonzero(allowed & (score >= least))
    near = (order.alike_start, order.alike, order.likeness)
    pick_diverse(pool, score, order.id_rank, *near, order.diversity, chosen)


@numba.njit(cache=True, nogil=True)
def _swap(b: int, known: Known, order: Order, chosen: Any, replaced: Any) -> None:
    """Put better variants in place, as `difficulty.swap` does; `replaced` tells of which module, else -1."""
    band = _band(known.low[b], known.high[b])
    success = known.success[b]
    replaced[:] = -1
    for place in range(len(chosen)):
        old = chosen[place]
        if old < 0:
            break
        missed = away(success[old], *band)
        if not missed > 0.0:
            continue
        best, nearest = -1, np.inf
        for e in range(order.start[order.group[old]], order.start[order.group[old] + 1]):
            m = order.members[e]
            if not known.allowed[b, m] or np.isnan(success[m]) or (chosen == m).any():
                continue
            distance = away(success[m], *band)
            if distance < nearest or (distance == nearest and order.id_rank[m] < order.id_rank[best]):
                best, nearest = m, distance
        if best >= 0 and nearest < missed:
            chosen[place], replaced[place] = best, old


@numba.njit(cache=True, nogil=True)
def _explain(b: int, m: int, liked: Liked, added: Any, codes: Codes, reasons: Any) -> None:
    """Fill the codes of the largest positive terms, largest first, then -1; see `value.Terms.of`."""
    values, parts = np.zeros(codes.n), _parts(liked.weights[b], liked.shares[b], m)
    total = np.log(liked.mix[b, m] * max(1, liked.n_allowed[b]))
    for v in range(len(parts)):
        values[codes.of_view[v]] += parts[v] * total
    for t in range(N_ADDED):
        values[codes.of_added[t]] += added[t, m]
    reasons[:] = -1
    for r in range(MAX_REASONS):
        best, largest = -1, LEAST_TERM
        for c in range(codes.n):
            if values[c] > largest:
                best, largest = c, values[c]
        if best < 0:
            break
        reasons[r] = best
        values[best] = -np.inf


@numba.njit(cache=True, nogil=True)
def _parts(weights: Any, shares: Any, m: int) -> Any:
    """Each view's part of what all views give a module, see `value.Preference.parts`."""
    parts = np.empty(len(weights))
    for v in range(len(weights)):
        parts[v] = weights[v] * shares[v, m]
    if not parts.any():
        for v in range(len(weights)):
            parts[v] = weights[v] if shares[v].any() else 0.0
    total = parts.sum()
    return parts / total if total > 0.0 else parts
