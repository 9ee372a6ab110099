"""What the ranker does per learner, compiled; see `recommender.ranking.ranker`."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.embeddings.recency import DAY_SECONDS
from recommender.ranking.kernel_arrays import Facts, Past, Ranking
from recommender.ranking.strongest_kernel import largest, mark_strongest
from recommender.trees.kernel import add_trees

# Added to a share before its logarithm: a module that a view does not know lies well below any that it does.
_LEAST_SHARE = 1e-5
_LOG_LEAST: Final = float(np.log(_LEAST_SHARE))
# A longer history is no longer told apart.
_MOST_STARTED = 50
# Modules whose views are mixed at once.
_STRETCH = 1024


@numba.njit(cache=True, nogil=True)
def mix_views(scores: Any, weights: Any, allowed: Any, floor: float, mix: Any) -> int:
    """Scale each view's scores (n_views, n_modules) to shares that sum to 1 over what is allowed, and mix.

    The shares take the place of the scores: arrays by view and module are large enough to crowd out others.
    `mix` (n_modules,) sums to 1 over what is allowed, and is above 0 elsewhere too, so that its logarithm is
    finite. A view without an opinion there has no share and no weight; `floor` of the mass is spread evenly.
    Returns how many modules are allowed.
    """
    mask, n_allowed = np.empty(len(allowed), np.float32), 0
    for m in range(len(allowed)):
        mask[m] = allowed[m]
        n_allowed += allowed[m]
    scale, all_weights = np.zeros(len(scores)), 0.0
    for v in range(len(scores)):
        total = _sum_allowed(scores[v], mask)
        if total > 0.0:
            scale[v] = 1.0 / total
            all_weights += weights[v]
    kept = (1.0 - floor) / all_weights if all_weights > 0.0 else 0.0
    mix[:] = (floor if all_weights > 0.0 else 1.0) / max(n_allowed, 1)
    # Stretch by stretch, which stays in the cache while the views go over it.
    for first in range(0, len(mix), _STRETCH):
        part = slice(first, min(first + _STRETCH, len(mix)))
        for v in range(len(scores)):
            if scale[v] == 0.0:
                scores[v, part] = np.float32(0.0)
                continue
            _share_out(scores[v, part], mask[part], scale[v], kept * weights[v], mix[part])
    return n_allowed


# Sums in any order, so that several are added up at once.
@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _sum_allowed(scores: Any, mask: Any) -> Any:
    """Sum the scores above 0 of what the mask holds a 1 for, else 0; NaN is not above 0."""
    total: Any = 0.0
    for m in range(len(scores)):
        total += mask[m] * (scores[m] if scores[m] > np.float32(0.0) else np.float32(0.0))
    return total


@numba.njit(cache=True, nogil=True)
def _share_out(scores: Any, mask: Any, scale: Any, weight: float, mix: Any) -> None:
    """Make shares of one view's scores, scaled where above 0 and allowed, and add them to the mix."""
    for m in range(len(scores)):
        share = scale * (mask[m] * (scores[m] if scores[m] > np.float32(0.0) else np.float32(0.0)))
        scores[m] = share
        mix[m] += weight * share


@numba.njit(cache=True, nogil=True)
def find_candidates(shares: Any, mix: Any, id_rank: Any, each: int, most: int) -> Any:
    """Return the `each` best of every view, of all these the `most` best of the mix; positions, ascending.

    `shares` are of shape (n_views, n_modules), 0 where a module is not allowed, `mix` of shape (n_modules,).
    """
    marked = np.zeros(len(mix), np.bool_)
    for v in range(len(shares)):
        mark_strongest(shares[v], id_rank, each, marked)
    found = np.flatnonzero(marked)
    if len(found) <= most:
        return found
    kept = np.zeros(len(found), np.bool_)
    mark_strongest(mix[found].astype(np.float32), id_rank[found], most, kept)
    return found[kept]


@numba.njit(cache=True, nogil=True)
def describe(candidates: Any, shares: Any, mix: Any, past: Past, facts: Facts, x: Any) -> None:
    """Fill the features (n_candidates, n_features) in the order of `features.feature_names`."""
    column = _describe_views(candidates, shares, x)
    column = _describe_learner(past, facts, x, column)
    column = _describe_modules(
        candidates, past.modules, facts.learned, facts.declared, facts.labels, x, column
    )
    column = _describe_skills(candidates, past, facts, x, column)
    similar = (facts.similar_start, facts.similar_modules, facts.similar_weights)
    _describe_alike(candidates, mix, *similar, facts.similar_sum, facts.similar_starts, x, column)


@numba.njit(cache=True, nogil=True)
def _describe_views(candidates: Any, shares: Any, x: Any) -> int:
    """Fill what each view says of each candidate, and how sure it is of its best."""
    column = 0
    for v in range(len(shares)):
        best = largest(shares[v])
        for i in range(len(candidates)):
            share = shares[v, candidates[i]]
            x[i, column] = np.log(share + _LEAST_SHARE) if share > 0.0 else _LOG_LEAST
            x[i, column + 1] = share / best if best > 0.0 else np.nan
            x[i, column + 2] = best if best > 0.0 else np.nan
        column += 3
    return column


@numba.njit(cache=True, nogil=True)
def _describe_learner(past: Past, facts: Facts, x: Any, column: int) -> int:
    n_started = len(past.modules)
    last_starts, since, active = np.nan, np.nan, np.nan
    if n_started:
        last_starts = facts.learned[past.modules[-1], 0]
        since = (facts.end - past.at[-1]) / DAY_SECONDS
        active = (past.at[-1] - past.at[0]) / DAY_SECONDS
    for i in range(len(x)):
        x[i, column] = min(n_started, _MOST_STARTED)
        x[i, column + 1] = last_starts
        x[i, column + 2] = since
        x[i, column + 3] = active
        x[i, column + 4] = past.ahead
    return column + 5


# Arrays are handed over by themselves: the compiler counts who holds one each time a group is asked for it.
@numba.njit(cache=True, nogil=True)
def _describe_modules(
    candidates: Any, started: Any, learned: Any, declared: Any, labels: Any, x: Any, column: int
) -> int:
    """Fill facts of each candidate, and how it is like or unlike what the learner started."""
    for f in range(learned.shape[1]):
        for i in range(len(candidates)):
            x[i, column] = learned[candidates[i], f]
        column += 1
    for d in range(declared.shape[1]):
        total, count = 0.0, 0
        for h in started:
            if not np.isnan(declared[h, d]):
                total += declared[h, d]
                count += 1
        mean = total / count if count else np.nan
        for i in range(len(candidates)):
            x[i, column] = declared[candidates[i], d]
            x[i, column + 1] = declared[candidates[i], d] - mean
        column += 2
    for g in range(labels.shape[1]):
        for i in range(len(candidates)):
            label, alike = labels[candidates[i], g], 0
            for h in started:
                alike += labels[h, g] == label
            known = label >= 0 and len(started) > 0
            x[i, column] = alike / len(started) if known else np.nan
        column += 1
    return column


@numba.njit(cache=True, nogil=True)
def _describe_skills(candidates: Any, past: Past, facts: Facts, x: Any, at: int) -> int:
    """Fill what is told by skills, role and prerequisites."""
    start, values, role_needs, role = facts.skill_start, facts.skill_values, facts.role_needs, past.role
    needed_start, needed_values, modules = facts.needed_start, facts.needed_values, past.modules
    touched = np.zeros(role_needs.shape[1], np.bool_)
    started = np.zeros(len(start) - 1, np.bool_)
    for h in modules:
        started[h] = True
        for s in range(start[h], start[h + 1]):
            touched[values[s]] = True
    for i in range(len(candidates)):
        m = candidates[i]
        met, asked, needed = 0, 0, 0.0
        for s in range(start[m], start[m + 1]):
            met += touched[values[s]]
            asked += 1
            if role >= 0:
                needed += role_needs[role, values[s]]
        x[i, at] = met / asked if asked else np.nan
        x[i, at + 1] = needed if asked and role >= 0 else np.nan
        met, asked = 0, 0
        for p in range(needed_start[m], needed_start[m + 1]):
            met += started[needed_values[p]]
            asked += 1
        x[i, at + 2] = met / asked if asked else np.nan
    return at + 3


@numba.njit(cache=True, nogil=True)
def _describe_alike(
    candidates: Any,
    mix: Any,
    start: Any,
    modules: Any,
    weights: Any,
    total: Any,
    starts: Any,
    x: Any,
    at: int,
) -> None:
    """Fill what is told by modules of like content."""
    for i in range(len(candidates)):
        m, preferred = candidates[i], 0.0
        for j in range(start[m], start[m + 1]):
            # Unsigned, because a place that may count from the end costs a branch each.
            preferred += weights[np.uintp(j)] * mix[np.uintp(modules[np.uintp(j)])]
        x[i, at] = np.log(preferred / total[m] + _LEAST_SHARE) if total[m] > 0.0 else np.nan
        x[i, at + 1] = starts[m] / total[m] if total[m] > 0.0 else np.nan


@numba.njit(cache=True, nogil=True)
def redistribute(candidates: Any, value: Any, floor: float, n_allowed: int, mix: Any) -> None:
    """Share the candidates' mass of `mix` among them anew, in proportion to mix x exp(value).

    Each keeps its even part of `floor`, which is not shared anew.
    """
    even, highest = floor / max(n_allowed, 1), -np.inf
    for i in range(len(candidates)):
        highest = max(highest, value[i])
    mass, total = -even * len(candidates), 0.0
    for i in range(len(candidates)):
        mass += mix[candidates[i]]
        total += mix[candidates[i]] * np.exp(value[i] - highest)
    for i in range(len(candidates)):
        share = mix[candidates[i]] * np.exp(value[i] - highest) / total
        mix[candidates[i]] = even + share * mass


@numba.njit(cache=True, nogil=True)
def stage_of(ranking: Ranking, past: Past) -> int:
    """Stage of a history, as `mixture.stage_of` tells it."""
    least, stage = ranking.least_started, 0
    while stage + 1 < len(least) and least[stage + 1] <= len(past.modules):
        stage += 1
    return stage + len(least) if past.ahead else stage


@numba.njit(cache=True, nogil=True)
def prefer(ranking: Ranking, past: Past, allowed: Any, floor: float, shares: Any, mix: Any) -> int:
    """Mix the views of one learner, and let the trees share the candidates' part of the mix anew.

    `shares` (n_views, n_modules) hold the views' scores, and then what `mix_views` makes of them; `mix`
    (n_modules,) is filled. Returns how many are allowed.
    """
    stage = stage_of(ranking, past)
    n_allowed = mix_views(shares, ranking.weights[stage], allowed, floor, mix)
    if ranking.corrected[stage]:
        each, most = ranking.n_candidates, ranking.max_candidates
        candidates = find_candidates(shares, mix, ranking.id_rank, each, most)
        if len(candidates):
            x = np.empty((len(candidates), ranking.n_features), np.float32)
            describe(candidates, shares, mix, past, ranking.facts, x)
            value = np.zeros(len(candidates))
            add_trees(ranking.trees, x, value)
            redistribute(candidates, value, floor, n_allowed, mix)
    if ranking.new_odds != 1.0:
        favour_new(ranking.facts.unstarted, ranking.new_odds, allowed, mix)
    return n_allowed


@numba.njit(cache=True, nogil=True)
def favour_new(unstarted: Any, odds: float, allowed: Any, mix: Any) -> None:
    """Raise the odds of modules that nobody has started; what is allowed still sums to 1."""
    of_new = 0.0
    for m in unstarted:
        of_new += mix[m] if allowed[m] else 0.0
        mix[m] *= odds
    if len(unstarted) > 0:
        scale = 1.0 / (1.0 + (odds - 1.0) * of_new)
        for m in range(len(mix)):
            mix[m] *= scale


@numba.njit(cache=True, nogil=True)
def prefer_block(
    bound: Any,
    histories: Any,
    ahead: bool,
    allowed: Any,
    floor: float,
    shares: Any,
    mix: Any,
    n: Any,
) -> None:
    """Do as `prefer` for a block: arrays have the histories before what they have there.

    `bound` is a `Ranking`; `histories` are their start, modules, times and roles; `n` (n_histories,) is
    filled with how many modules are allowed.
    """
    start, modules, at, role = histories
    for b in range(len(n)):
        rows = slice(start[b], start[b + 1])
        past = Past(modules[rows], at[rows], role[b], ahead)
        n[b] = prefer(bound.of, past, allowed[b], floor, shares[b], mix[b])
