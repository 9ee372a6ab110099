"""From arrays over the catalogue to the answer: the chosen modules with their reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.domain.recommendation import Adjustment, Query, RecommendedModule, SkillOutlook
from recommender.embeddings.histories import History
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.transitions import Transitions
from recommender.ranking.difficulty import Band, classify, swap
from recommender.ranking.eligibility import Eligibility
from recommender.ranking.explain import Facts, reasons
from recommender.ranking.gain import Need, Teaching, expected_gain
from recommender.ranking.value import Terms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """One learner's query as arrays.

    `mastery`, `faded` and `gap` are of shape (n_skills,), `success` and `unlocks` of shape (n_modules,).
    `mastery` and `success` are probabilities, NaN where nothing tells; `faded` is the mastery lost since
    the last pass; `role` is the position of the role whose gaps count, -1 for none.
    """

    query: Query
    history: History
    role: int
    need: Need
    mastery: Floats
    faded: Floats
    gap: Floats
    eligibility: Eligibility
    success: Floats
    band: Band
    unlocks: NDArray[np.int64]
    terms: Terms


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Words one request's choice.

    Parameters
    ----------
    bundle : ModelBundle
    teaching : Teaching
    difficulty : float64 array, shape (n_modules,)
        Fractions, NaN where unknown.
    request : Request
    language : str
        Of the sentences.
    """

    bundle: ModelBundle
    teaching: Teaching
    difficulty: Floats
    request: Request
    language: str = "en"

    def modules(self, chosen: NDArray[np.intp]) -> tuple[RecommendedModule, ...]:
        """Answer for the chosen positions, best first; one out of the band gives way to a better variant."""
        request = self.request
        chosen, adjustments = swap(
            chosen,
            allowed=request.eligibility.allowed,
            success_probability=request.success,
            band=request.band,
            catalog=self.bundle.catalog,
            language=self.language,
        )
        return tuple(self._module(m, rank, adjustments.get(m)) for rank, m in enumerate(chosen.tolist(), 1))

    def _module(self, module: int, rank: int, adjustment: Adjustment | None) -> RecommendedModule:
        catalog, request = self.bundle.catalog, self.request
        success = _known(request.success[module])
        return RecommendedModule(
            module_id=catalog.module_ids[module],
            title=catalog.titles[module],
            rank=rank,
            score=float(request.terms.score[module]),
            success_probability=success,
            difficulty=_known(self.difficulty[module]),
            difficulty_fit=classify(success, request.band),
            adjustment=adjustment,
            prerequisites_met=bool(request.eligibility.prerequisites_met[module]),
            duration_minutes=_known(catalog.duration_minutes[module]),
            skills=tuple(self._outlook(int(s)) for s in catalog.module_skills[module]),
            reasons=reasons(request.terms, module, self._facts(module), self.language),
        )

    def _outlook(self, skill: int) -> SkillOutlook:
        gain = expected_gain(self.request.mastery[[skill]], self.bundle.ranking.value.learning_rate)
        return SkillOutlook(
            skill_id=self.bundle.catalog.skill_ids[skill],
            mastery=_known(self.request.mastery[skill]),
            required=_known(self.request.need.required[skill]),
            expected_gain=_known(gain[0]),
        )

    def _facts(self, module: int) -> Facts:
        request, catalog, roles = self.request, self.bundle.catalog, self.bundle.catalog.roles
        role = request.history.role
        wanted = self.teaching.leading(module, request.gap)
        lost = self.teaching.leading(module, request.faded)
        return Facts(
            after_title=self._after(module),
            role_title=roles.titles[request.role] if request.role >= 0 else None,
            popular_role_title=roles.titles[role] if self._popular_in(role, module) else None,
            skill_name=catalog.skill_names[wanted] if wanted >= 0 else None,
            required=float(request.need.required[wanted]) if wanted >= 0 else None,
            mastery=_known(request.mastery[wanted]) if wanted >= 0 else None,
            faded_skill_name=catalog.skill_names[lost] if lost >= 0 else None,
            faded=float(request.faded[lost]) if lost >= 0 else None,
            success_probability=_known(request.success[module]),
            band=request.band,
            n_unlocked=int(request.unlocks[module]),
        )

    def _popular_in(self, role: int, module: int) -> bool:
        views = self.bundle.views.values()
        return any(
            isinstance(view, Popularity) and view.config.slice == "role" and view.is_favoured(role, module)
            for view in views
        )

    def _after(self, module: int) -> str | None:
        for view in self.bundle.views.values():
            if isinstance(view, Transitions):
                source = view.leading_source(self.request.history, module)
                if source >= 0:
                    return self.bundle.catalog.titles[source]
        return None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
