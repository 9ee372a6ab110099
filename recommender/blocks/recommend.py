"""Recommend to a block of learners: a state of arrays and a bundle become arrays of chosen modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.layout import Layout
from recommender.blocks.learners import LearnerBlock
from recommender.blocks.mastery import BlockMastery, read_mastery
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import DifficultyFit, Query, ReasonCode, RuleRemoval
from recommender.ranking.choose import Chooser
from recommender.ranking.difficulty import Band, band_for
from recommender.ranking.eligibility import Rules, why_empty
from recommender.ranking.explain import MAX_REASONS
from recommender.ranking.gain import Teaching, assumed
from recommender.ranking.mixture import stage_of
from recommender.ranking.preferences import Preferences

FITS: Final[tuple[DifficultyFit | None, ...]] = (None, "review", "on_level", "stretch")
"""What the codes of `BlockAnswer.fit` mean."""
# Learners are scored together until their views fill so many numbers: larger blocks leave the cache.
_VIEW_NUMBERS = 1 << 18
# Rows that walk a tree together.
_TREE_ROWS = 512


@dataclass(frozen=True, slots=True, eq=False)
class BlockAnswer:
    """What was chosen for each learner, best first; arrays of shape (n_learners, k).

    Parameters
    ----------
    module : int64 array
        Positions in the catalogue; -1 behind the last one.
    replaced : int64 array
        Of a variant that was swapped in, the module in whose place; else -1.
    score, success, difficulty : float64 arrays
        The success a probability, the difficulty a fraction; NaN where unknown.
    fit : int8 array
        Positions in `FITS`.
    prerequisites_met : bool array
    reasons : int8 array, shape (n_learners, k, MAX_REASONS)
        Positions in `codes`, the largest first, -1 behind the last one.
    codes : tuple of ReasonCode
    cold_start : bool array, shape (n_learners,)
        Nothing is known of what the learner did.
    empty_because : dict of int to tuple of RuleRemoval
        By learner, of those for whom nothing was left.
    """

    module: NDArray[np.int64]
    replaced: NDArray[np.int64]
    score: Floats
    success: Floats
    difficulty: Floats
    fit: NDArray[np.int8]
    prerequisites_met: NDArray[np.bool_]
    reasons: NDArray[np.int8]
    codes: tuple[ReasonCode, ...]
    cold_start: NDArray[np.bool_]
    empty_because: dict[int, tuple[RuleRemoval, ...]]


@dataclass(frozen=True, eq=False)
class BlockRecommender:
    """Answers blocks of learners as `Engine.recommend` answers each of them; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    rules, teaching, preferences, chooser
        Compiled from it.
    difficulty : float64 array, shape (n_modules,)
        Fractions, NaN where unknown.
    recent_answers : int
        Answers at most that the fastest share of passes counts for.
    """

    bundle: ModelBundle
    rules: Rules
    teaching: Teaching
    preferences: Preferences
    chooser: Chooser
    difficulty: Floats
    recent_answers: int

    def recommend(self, block: LearnerBlock, *, k: int, now: float) -> BlockAnswer:
        """Recommend `k` modules at most to every learner.

        Parameters
        ----------
        block : LearnerBlock
            Of states folded against the bundle's difficulty table.
        k : int
            At least 1.
        now : float
            Seconds since 1970 UTC.
        """
        catalog, n = self.bundle.catalog, len(block)
        answer = _unfilled(n, k, self._layout.codes)
        hidden = _hidden(self.rules, block.places.languages, catalog, now)
        size = max(1, _VIEW_NUMBERS // max(1, len(self.preferences.views) * catalog.n_modules))
        for first in range(0, n, size):
            last = min(first + size, n)
            part = block.take(first, last)
            of_kind = hidden[part.places.language]
            self._fill(part, of_kind, now, first, answer)
        answer.cold_start[:] = block.n_events == 0
        return answer

    def _fill(
        self, block: LearnerBlock, hidden: NDArray[np.bool_], now: float, first: int, answer: BlockAnswer
    ) -> None:
        from recommender.blocks import kernel

        rows, k = slice(first, first + len(block)), answer.module.shape[1]
        bundle, layout = self.bundle, self._layout
        catalog = bundle.catalog
        mastery = BlockMastery.unknown(len(block), catalog.n_skills)
        if bundle.skills is not None:
            mastery = read_mastery(bundle.skills.mastery_, block, catalog, now)
        shape = (len(block), catalog.n_modules)
        finished, met = np.zeros(shape, np.bool_), np.empty(shape, np.bool_)
        histories = block.histories
        finished[histories.rows()[block.finished], histories.modules[block.finished]] = True
        bands = list(self._bands(block))
        known = kernel.Known(
            allowed=np.empty(shape, np.bool_),
            readiness=np.empty(shape),
            unlocks=np.empty(shape, np.int64),
            success=np.tile(1.0 - catalog.difficulty, (len(block), 1)),
            low=np.array([band.low for band in bands]),
            high=np.array([band.high for band in bands]),
        )
        kernel.check_needs(finished, mastery.known, hidden, layout.needs, known, met)
        if layout.typical is not None:
            kernel.module_success(mastery.logit, *layout.typical, 1.0 - catalog.difficulty, known.success)
        chosen = kernel.Chosen(
            answer.module[rows],
            answer.replaced[rows],
            answer.score[rows],
            answer.fit[rows],
            answer.reasons[rows],
        )
        skills = kernel.Skills(
            mastery.known,
            mastery.faded,
            np.full(mastery.said.shape, assumed(bundle.ranking.value.assumed_mastery, mastery.said)),
            block.places.target,
            *layout.asked,
            self.teaching.start,
            self.teaching.skill,
        )
        liked = self._liked(block, known.allowed, now)
        kernel.choose(k, known, skills, liked, layout.weights, layout.order, layout.numbers, chosen)
        place = answer.module[rows]
        there, learner = place >= 0, np.arange(len(block))[:, None]
        answer.success[rows] = np.where(there, known.success[learner, place], np.nan)
        answer.difficulty[rows] = np.where(there, self.difficulty[place], np.nan)
        answer.prerequisites_met[rows] = there & met[learner, place]
        for b in np.flatnonzero(~there.any(axis=1)).tolist():
            language = int(block.places.language[b])
            eligibility = self.rules.apply(
                finished=finished[b],
                mastery=mastery.known[b],
                query=Query(k=k),
                profile_language=block.places.languages[language] if language >= 0 else None,
                now=now,
            )
            answer.empty_because[first + b] = why_empty(eligibility, catalog, self.rules)

    @cached_property
    def _layout(self) -> Layout:
        return Layout.of(self.bundle, self.rules, self.preferences, self.chooser)

    def _bands(self, block: LearnerBlock) -> Iterator[Band]:
        config = self.bundle.ranking.difficulty
        for recent, n_attempts in zip(block.recent.tolist(), block.n_attempts.tolist(), strict=True):
            yield band_for("balanced", recent, min(n_attempts, self.recent_answers), config)

    def _liked(self, block: LearnerBlock, allowed: NDArray[np.bool_], now: float) -> Any:
        """Mix the views for every learner, and let the ranker share the candidates' part among them anew."""
        from recommender.blocks.kernel import Liked
        from recommender.ranking.ranker_kernel import describe_block, mix_block, redistribute_block

        preferences, floor = self.preferences, self.bundle.ranking.value.uniform_floor
        ranker, histories = preferences.ranker, block.histories
        scores = preferences.scores(histories)
        ahead = preferences.is_ahead(now)
        stage = [stage_of(n, ahead) for n in np.diff(histories.start).tolist()]
        liked = Liked(
            np.empty_like(scores),
            np.empty(allowed.shape),
            np.empty(len(block), np.int64),
            ranker.weights_[stage],
        )
        mix_block(scores, liked.weights, allowed, floor, liked.shares, liked.mix, liked.n_allowed)
        corrected = ranker.corrected_[stage]
        if not corrected.any():
            return liked
        first, candidates, x = describe_block(
            liked.shares,
            liked.mix,
            allowed & corrected[:, None],
            preferences.id_rank,
            ranker.config.n_candidates,
            (histories.start, histories.modules, histories.at, histories.role, ahead),
            preferences._compiled,
            preferences.n_features,
        )
        value = np.empty(len(x))
        for row in range(0, len(x), _TREE_ROWS):
            value[row : row + _TREE_ROWS] = ranker.predict_logit(x[row : row + _TREE_ROWS])
        redistribute_block(first, candidates, value, floor, liked.n_allowed, liked.mix)
        return liked


def _unfilled(n: int, k: int, codes: tuple[ReasonCode, ...]) -> BlockAnswer:
    return BlockAnswer(
        module=np.full((n, k), -1, np.int64),
        replaced=np.full((n, k), -1, np.int64),
        score=np.full((n, k), np.nan),
        success=np.full((n, k), np.nan),
        difficulty=np.full((n, k), np.nan),
        fit=np.zeros((n, k), np.int8),
        prerequisites_met=np.zeros((n, k), np.bool_),
        reasons=np.full((n, k, MAX_REASONS), -1, np.int8),
        codes=codes,
        cold_start=np.zeros(n, np.bool_),
        empty_because={},
    )


def _hidden(rules: Rules, languages: tuple[str, ...], catalog: Catalog, now: float) -> NDArray[np.bool_]:
    """Modules that are retired or in a foreign language, a row for each language and last one for none."""
    rows = []
    for language in (*languages, None):
        removed = rules.apply(
            finished=np.zeros(catalog.n_modules, np.bool_),
            mastery=np.full(catalog.n_skills, np.nan),
            query=Query(),
            profile_language=language,
            now=now,
        ).removed_by
        rows.append(removed["retired"] | removed["language"])
    return np.array(rows)
