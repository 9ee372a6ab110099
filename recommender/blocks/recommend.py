"""Recommend to learners: states as arrays and a bundle become arrays of chosen modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock
from recommender.blocks.model import bound_model, codes_of
from recommender.blocks.strangers import StrangerBook
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.domain.recommendation import Challenge, Query, ReasonCode, RuleRemoval
from recommender.ranking.choose import Chooser
from recommender.ranking.difficulty import NOTHING_YET, Band, Recent, band_for
from recommender.ranking.eligibility import Rules, why_empty
from recommender.ranking.kernel_arrays import CHOICE, MAX_REASONS, Asked
from recommender.ranking.preferences import Preferences

# Learners are scored together until their views fill so many numbers: larger blocks leave the cache.
_VIEW_NUMBERS = 1 << 18
# In the scenario "explore" this share of the preference is spread evenly over everything allowed.
EXPLORE_FLOOR = 0.5


class Chosen(NamedTuple):
    """What was chosen for each learner, best first, with what it is told by.

    Parameters
    ----------
    choice : CHOICE records, shape (n_learners, k)
    reasons : int8 array, shape (n_learners, k, MAX_REASONS)
        Positions in `BlockRecommender.codes`, the largest first, -1 behind the last one.
    weights : float64 array, shape (n_learners, k, MAX_REASONS)
        Their shares of all that speaks for the module.
    mastery : float64 array, shape (n_learners, n_skills)
        Probabilities, NaN where unknown.
    shares : float32 array, shape (n_learners, n_views, n_modules)
        As in `Preference`.
    bands : sequence of Band, length n_learners
    """

    choice: NDArray[np.void]
    reasons: NDArray[np.int8]
    weights: Floats
    mastery: Floats
    shares: NDArray[np.float32]
    bands: Sequence[Band]


@dataclass(frozen=True, slots=True, eq=False)
class BlockAnswer:
    """What was chosen for each learner, best first.

    Parameters
    ----------
    choice : CHOICE records, shape (n_learners, k)
    difficulty : float64 array, shape (n_learners, k)
        Fractions, NaN where unknown.
    reasons : int8 array, shape (n_learners, k, MAX_REASONS)
        Positions in `codes`, the largest first, -1 behind the last one.
    codes : tuple of ReasonCode
    cold_start : bool array, shape (n_learners,)
        Nothing is known of what the learner did.
    empty_because : dict of int to tuple of RuleRemoval
        By learner, of those for whom nothing was left.
    """

    choice: NDArray[np.void]
    difficulty: Floats
    reasons: NDArray[np.int8]
    codes: tuple[ReasonCode, ...]
    cold_start: NDArray[np.bool_]
    empty_because: dict[int, tuple[RuleRemoval, ...]]

    @property
    def module(self) -> NDArray[np.int64]:
        """Positions in the catalogue, (n_learners, k); -1 behind the last one."""
        return self.choice["module"]


@dataclass(frozen=True, eq=False)
class BlockRecommender:
    """Answers blocks of learners; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
    rules, preferences, chooser
        Made from it.
    difficulty : float64 array, shape (n_modules,)
        Fractions, NaN where unknown.
    """

    bundle: ModelBundle
    rules: Rules
    preferences: Preferences
    chooser: Chooser
    difficulty: Floats

    @cached_property
    def codes(self) -> tuple[ReasonCode, ...]:
        """Codes of reasons, which answers name by their positions."""
        return codes_of(self.preferences)

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
        n, query, languages = len(block), Query(k=k), block.places.languages
        wanted = [self.rules.wanted(query, language) for language in (*languages, None)]
        asked = self.rules.asked(query, wanted, now)
        answer = BlockAnswer(
            choice=np.zeros((n, k), CHOICE),
            difficulty=np.full((n, k), np.nan),
            reasons=np.full((n, k, MAX_REASONS), -1, np.int8),
            codes=self.codes,
            cold_start=block.n_events == 0,
            empty_because={},
        )
        size = max(1, _VIEW_NUMBERS // max(1, len(self.preferences.views) * self.bundle.catalog.n_modules))
        for first in range(0, n, size):
            part = block.take(first, min(first + size, n))
            rows = slice(first, first + len(part))
            chosen = self.choose(part, query, asked, self.chooser.draws())
            answer.choice[rows], answer.reasons[rows] = chosen.choice, chosen.reasons
            for b in np.flatnonzero((chosen.choice["module"] < 0).all(axis=1)).tolist():
                kind = int(part.places.language[b])
                language = languages[kind] if kind >= 0 else None
                answer.empty_because[first + b] = self.why_empty(part, b, chosen, query, language, now)
        there = answer.module >= 0
        answer.difficulty[there] = self.difficulty[answer.module[there]]
        for name in ("score", "success"):
            answer.choice[name][~there] = np.nan
        return answer

    def choose(self, block: LearnerBlock, query: Query, asked: Asked, draws: NDArray[np.float64]) -> Chosen:
        """Answer one query for all of a block, small enough to be scored at once.

        Parameters
        ----------
        block : LearnerBlock
        query : Query
        asked : Asked
            From `Rules.asked` of that query, with a row for each of the block's languages and one for none.
        draws : float64 array, shape (3,)
            From `Chooser.draws`.
        """
        kernel = self._kernel
        n, k, now, places = len(block), max(query.k, 0), asked.now, block.places
        explores = query.scenario == "explore"
        floor = EXPLORE_FLOOR if explores else self.bundle.ranking.value.uniform_floor
        bands = self._bands(block, query.challenge)
        chosen = Chosen(
            choice=np.empty((n, k), CHOICE),
            reasons=np.empty((n, k, MAX_REASONS), np.int8),
            weights=np.empty((n, k, MAX_REASONS)),
            mastery=np.empty((n, self.bundle.catalog.n_skills)),
            shares=self.preferences.scores(block.histories),
            bands=bands,
        )
        histories, ahead = block.histories, self.preferences.is_ahead(now)
        plain = self._plain_bands[query.challenge]
        kernel.recommend(
            self._bound,
            kernel.Learners(
                block.learner,
                block.start,
                block.met,
                block.skill,
                histories.start,
                histories.modules,
                histories.at,
                block.finished,
                places.role,
                places.segment,
                places.target,
                places.language,
            ),
            asked,
            kernel.Question(
                np.array([band.low for band in bands]),
                np.array([band.high for band in bands]),
                floor,
                ahead,
                draws,
                self._strangers.of(places.role, places.segment, ahead=ahead, floor=floor),
                plain.low,
                plain.high,
            ),
            chosen.shares,
            kernel.Answer(chosen.choice, chosen.reasons, chosen.weights, chosen.mastery),
        )
        return chosen

    def why_empty(
        self, block: LearnerBlock, b: int, chosen: Chosen, query: Query, language: str | None, now: float
    ) -> tuple[RuleRemoval, ...]:
        """Say what left learner `b` of a block, of a profile's language, without a module."""
        rows = slice(int(block.histories.start[b]), int(block.histories.start[b + 1]))
        finished = np.zeros(self.bundle.catalog.n_modules, np.bool_)
        finished[block.histories.modules[rows]] = block.finished[rows]
        eligibility = self.rules.apply(
            finished=finished,
            mastery=chosen.mastery[b],
            query=query,
            profile_language=language,
            now=now,
        )
        return why_empty(eligibility, self.bundle.catalog, self.rules)

    @cached_property
    def _strangers(self) -> StrangerBook:
        return StrangerBook(self.bundle, self.preferences)

    @cached_property
    def _bound(self) -> Any:
        return bound_model(self.bundle, self.rules, self.preferences, self.chooser)

    @cached_property
    def _kernel(self) -> Any:
        from recommender.blocks import kernel  # it brings the compiler

        return kernel

    @cached_property
    def _plain_bands(self) -> dict[Challenge, Band]:
        config, challenges = self.bundle.ranking.difficulty, get_args(Challenge)
        return {challenge: band_for(challenge, NOTHING_YET, config) for challenge in challenges}

    def _bands(self, block: LearnerBlock, challenge: Challenge) -> list[Band]:
        config = self.bundle.ranking.difficulty
        told = (block.learner[name] for name in ("held", "n_attempts", "push"))
        recent = (Recent(*numbers) for numbers in zip(*(one.tolist() for one in told), strict=True))
        return [band_for(challenge, its, config) for its in recent]
