"""The compiled steps of ranking, one at a time, for tests that work them by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import DifficultyFit, ReasonCode
from recommender.embeddings.neighbours import Neighbours
from recommender.ranking import choose_kernel, explain_kernel, passes_kernel, rules_kernel
from recommender.ranking.difficulty import FITS, Band
from recommender.ranking.eligibility import Eligibility, Rules
from recommender.ranking.gain import Need
from recommender.ranking.kernel_arrays import MAX_REASONS, Asking, Codes, Order, Taught, Weights
from recommender.ranking.preferences import mix_scores
from recommender.ranking.value import ADDED, Preference, ValueWeights
from recommender.skills.mastery_kernel import Trust

Bools = NDArray[np.bool_]


def compiled_band(band: Band) -> passes_kernel.Band:
    """Band with its logits."""
    return passes_kernel.band_of(band.low, band.high)


def weights_of(weights: ValueWeights, falloff: float = 1.0) -> Weights:
    """Weights as compiled code takes them."""
    of = weights
    return Weights(
        of.preference,
        of.difficulty,
        of.out_of_band,
        of.declined,
        of.declined_half,
        of.gap,
        of.readiness,
        of.unlocking,
        of.review,
        falloff,
    )


def distance(success: Sequence[float] | Floats, band: Band) -> Floats:
    """Logits from each probability to the nearer edge of the band."""
    return np.array([passes_kernel.away(p, compiled_band(band)) for p in success])


def fit(success: Sequence[float] | Floats, band: Band) -> Floats:
    """Fit of each probability, in [0, 1], as the term of difficulty holds it."""
    weights = weights_of(ValueWeights(difficulty=1.0, out_of_band=0.0), band.falloff)
    missed = distance(success, band)
    found = [passes_kernel.terms(1.0, logits, 0.0, 0.0, 1.0, 0, weights)[1] for logits in missed]
    return (np.array(found) + 1.0) / 2.0


def classify(success: float, band: Band) -> DifficultyFit | None:
    """Word for a probability."""
    return FITS[passes_kernel.classify(success, compiled_band(band))]


def order_of(
    catalog_ids: Sequence[str], group: Any = None, diversity: float = 0.0, alike: Any = None
) -> Order:
    """Order of modules, all in a variant group of their own if none is given."""
    n = len(catalog_ids)
    rank = np.empty(n, np.int32)
    rank[sorted(range(n), key=catalog_ids.__getitem__)] = np.arange(n)
    group = np.arange(n, dtype=np.int32) if group is None else group
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(group, minlength=n))])
    near = alike or Neighbours.none(n)
    members = np.argsort(group, kind="stable")
    like = (near.start, near.modules, near.weights)
    several = np.flatnonzero(np.diff(start) > 1)
    return Order(rank, group, start, members, several, diversity, *like, 0.0, np.ones(n), np.argsort(rank))


def diverse_top(
    score: Floats, allowed: Bools, k: int, ids: Sequence[str], *, weight: float, alike: Neighbours
) -> list[int]:
    """Positions of the `k` best, each beside those before it."""
    found: list[int] = choose_kernel.choose(
        score, np.flatnonzero(allowed), k, order_of(ids, None, weight, alike)
    ).tolist()
    return found


def gap_closed(
    mastery: Floats, need: Need, *, learning_rate: float, assumed_mastery: float, error: float = 0.0
) -> Floats:
    """Worth of one module on each skill for a role, (n_skills,), in units of importance x mastery.

    Mastery is known up to an error of its logit.
    """
    n = len(mastery)
    asking = Asking(need.required[None], need.importance[None], np.ones(1))
    gap = passes_kernel.Gaps(
        np.empty((n, passes_kernel.N_NODES)), np.empty((n, passes_kernel.N_NODES)), np.empty(n)
    )
    assumed = np.clip(float(assumed_mastery), 1e-12, 1.0 - 1e-12)
    trust = Trust(stretch=1.0, first=error**2, last=error**2, half=1.0, z=1.0)
    with np.errstate(divide="ignore"):
        logits = logit(np.where(np.isnan(mastery), assumed, mastery))
    passes_kernel.find_gaps(mastery, logits, np.zeros(n), trust, 0, asking, gap)
    return np.array([passes_kernel.closed(gap, s, learning_rate) for s in range(n)])


def gaps_of(unmastered: Floats, missing: Floats, worth: Floats) -> passes_kernel.Gaps:
    """Gaps of a learner whose mastery is known for certain."""
    nodes = (1, passes_kernel.N_NODES)
    return passes_kernel.Gaps(np.tile(unmastered[:, None], nodes), np.tile(missing[:, None], nodes), worth)


def known_of(
    catalog: Catalog,
    allowed: Bools,
    success: Floats,
    own: Floats,
    band: passes_kernel.Band,
    *,
    gap: passes_kernel.Gaps | None = None,
    faded: Floats | None = None,
) -> passes_kernel.Known:
    """What is known of a learner who meets every prerequisite and, unless told otherwise, lacks nothing."""
    n, nothing = catalog.n_modules, np.zeros(catalog.n_skills)
    return passes_kernel.Known(
        allowed,
        np.ones(n),
        np.zeros(n, np.int64),
        success,
        np.array([passes_kernel.away(p, band) for p in success]),
        own,
        own.copy(),
        int(allowed.sum()),
        gaps_of(*np.zeros((3, catalog.n_skills))) if gap is None else gap,
        np.zeros(n),
        np.zeros(n),
        nothing if faded is None else faded,
        band,
    )


def total(catalog: Catalog, per_skill: Floats) -> Floats:
    """Sum of a value over the skills each module teaches, as a share of the largest sum, (n_modules,)."""
    return _taught(catalog, per_skill)[:, 0]


def mean(catalog: Catalog, per_skill: Floats) -> Floats:
    """Mean of a value over the skills each module teaches, (n_modules,)."""
    return _taught(catalog, per_skill)[:, 1]


def _taught(catalog: Catalog, per_skill: Floats) -> Floats:
    """Sum and mean, (n_modules, 2); the sum as a share of the largest."""
    all_of_it = gaps_of(per_skill, per_skill, np.ones(len(per_skill)))
    n = catalog.n_modules
    known = known_of(
        catalog,
        np.ones(n, np.bool_),
        np.full(n, np.nan),
        np.ones(n),
        compiled_band(Band(0.7, 0.85, 1.0)),
        gap=all_of_it,
        faded=per_skill,
    )
    passes_kernel.find_pace(known, taught_of(catalog))
    return np.column_stack([known.pace, known.due])


def taught_of(catalog: Catalog, rate: Floats | None = None) -> Taught:
    """Skills that modules teach at a rate, by default all of them whole; nothing is known of items."""
    taught, none = catalog.module_skills, np.zeros(0)
    rate = np.ones(len(taught.values)) if rate is None else rate
    return Taught(taught.start, taught.values, rate, *[none] * 5, np.ones(catalog.n_modules))


def leading_gap(catalog: Catalog, module: int, rate: Floats, gap: passes_kernel.Gaps) -> int:
    """Position of the skill by which a module closes most of the gap."""
    return int(passes_kernel.leading_gap(taught_of(catalog, rate), module, gap))


def leading(catalog: Catalog, module: int, per_skill: Floats) -> int:
    """Position of the skill a module teaches with the largest value."""
    taught = catalog.module_skills
    return int(explain_kernel.leading(taught.start, taught.values, module, per_skill))


def unlocks(rules: Rules, eligible: Eligibility) -> NDArray[np.int64]:
    """How many modules each module would make reachable, (n_modules,)."""
    found = np.empty(len(eligible.removed), np.int64)
    rules_kernel.count_unlocks(rules.requirements.compiled, eligible.missing, eligible.removed, found)
    return found


class Terms:
    """Terms of every module, from views given as (weight, code, scores)."""

    def __init__(
        self,
        views: Sequence[tuple[float, ReasonCode, Any]],
        allowed: Bools,
        weights: ValueWeights,
        *,
        success: Floats,
        gap: Floats,
        readiness: Floats,
        unlocks: NDArray[np.int64],
        faded: Floats,
        band: Band,
    ) -> None:
        self.preferred, self.of_views = preference(views, allowed, weights.uniform_floor)
        of_view = tuple(code for _, code, _ in views)
        self.codes = tuple(dict.fromkeys((*of_view, *ADDED)))
        self.numbers = Codes(
            np.array([self.codes.index(code) for code in of_view], np.int64),
            np.array([self.codes.index(code) for code in ADDED], np.int64),
            len(self.codes),
            self.codes.index("popular_in_role") if "popular_in_role" in self.codes else -1,
        )
        most = max(1, self.preferred.n_allowed)
        missed, numbers = distance(success, band), weights_of(weights, band.falloff)
        self.rows = [
            passes_kernel.terms(
                self.preferred.mix[m] * most,
                missed[m],
                float(gap[m]),
                float(faded[m]),
                float(readiness[m]),
                int(unlocks[m]),
                numbers,
            )
            for m in range(len(allowed))
        ]
        self.score = np.array([sum(row) for row in self.rows], np.float64)

    def parts(self, module: int) -> Floats:
        """Each view's part of what all views give a module."""
        parts: Floats = explain_kernel.parts_of(self.of_views, self.preferred.shares, module)
        return parts

    def reasons(self, module: int) -> list[tuple[ReasonCode, float]]:
        """Codes of the largest positive terms and their shares of all that are positive."""
        return told(self.rows[module], self.of_views, self.preferred.shares, module, self.numbers, self.codes)


def told(
    terms: Any,
    of_views: Floats,
    shares: Any,
    module: int,
    numbers: Codes,
    codes: Sequence[ReasonCode],
    *,
    handed: float = 0.0,
    anyway: float | None = None,
) -> list[tuple[ReasonCode, float]]:
    """Reasons for a module, with their weights; without a history liked `anyway`, else by views' parts."""
    reasons, weights = np.empty(MAX_REASONS, np.int8), np.empty(MAX_REASONS)
    if anyway is None:
        parts = explain_kernel.parts_of(of_views, shares, module)
        of_anybody = [numbers.of_view[v] == numbers.of_anybody for v in range(len(of_views))]
        anyway = terms[0] * float(parts[of_anybody].sum())
    explain_kernel.explain(module, terms, handed, anyway, of_views, shares, numbers, reasons, weights)
    return [(codes[c], float(w)) for c, w in zip(reasons.tolist(), weights, strict=True) if c >= 0]


def preference(
    views: Sequence[tuple[float, ReasonCode, Any]], allowed: Bools, floor: float
) -> tuple[Preference, Floats]:
    """Mix (weight, code, scores) of each view; return the weights too."""
    weights = np.array([weight for weight, _, _ in views], np.float64)
    scores = np.array([scores for _, _, scores in views], np.float32).reshape(len(views), len(allowed))
    return mix_scores(weights, scores, allowed, floor), weights
