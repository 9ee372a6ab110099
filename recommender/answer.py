"""From arrays over the catalogue to the answer: the chosen modules with their reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.domain.catalog_change import positions_of
from recommender.domain.recommendation import Adjustment, Query, RecommendedModule, SkillOutlook
from recommender.embeddings.histories import History
from recommender.embeddings.neighbour_view import NeighbourView, Wording
from recommender.embeddings.popularity import Popularity
from recommender.ranking.difficulty import Adjustments, Band, classify, swap
from recommender.ranking.eligibility import Eligibility
from recommender.ranking.explain import Facts, reasons
from recommender.ranking.explore import Shown
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
class Words:
    """What answers from a bundle are worded by, looked up once.

    Parameters
    ----------
    bundle : ModelBundle
    teaching : Teaching
    difficulty : float64 array, shape (n_modules,)
        Fractions, NaN where unknown.
    sequences : tuple of (int, NeighbourView)
        They tell after what a module is taken; with the row of each among the views.
    of_roles : tuple of Popularity
        They tell what is popular in a role.
    """

    bundle: ModelBundle
    teaching: Teaching
    difficulty: Floats
    sequences: tuple[tuple[int, NeighbourView], ...]
    of_roles: tuple[Popularity, ...]

    @classmethod
    def of(cls, bundle: ModelBundle, teaching: Teaching) -> Self:
        """Look them up."""
        views = [view for _, view in sorted(bundle.views.items())]
        sequences = (
            (row, view)
            for row, view in enumerate(views)
            if isinstance(view, NeighbourView) and view.reason == "next_in_sequence"
        )
        return cls(
            bundle,
            teaching,
            _module_difficulty(bundle),
            tuple(sequences),
            tuple(view for view in views if isinstance(view, Popularity) and view.config.slice == "role"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Words one request's choice.

    Parameters
    ----------
    words : Words
    request : Request
    language : str
        Of the sentences.
    """

    words: Words
    request: Request
    language: str = "en"

    def swapped(self, chosen: NDArray[np.intp]) -> tuple[NDArray[np.intp], Adjustments]:
        """Give the place of every chosen module that is out of the band to a better variant, if any."""
        request = self.request
        return swap(
            chosen,
            allowed=request.eligibility.allowed,
            success_probability=request.success,
            band=request.band,
            catalog=self.words.bundle.catalog,
            language=self.language,
        )

    def modules(self, shown: Shown, adjustments: Adjustments) -> tuple[RecommendedModule, ...]:
        """Answer for what is shown, best first; `adjustments` are those of `swapped`."""
        gain = expected_gain(self.request.mastery, self.words.bundle.ranking.value.learning_rate)
        after, propensity = self._after(shown.modules), shown.propensity.tolist()
        return tuple(
            self._module(
                m,
                gain,
                after[i],
                rank=i + 1,
                adjustment=adjustments.get(m),
                explored=i == shown.place,
                propensity=propensity[i],
            )
            for i, m in enumerate(shown.modules.tolist())
        )

    def _module(
        self,
        module: int,
        gain: Floats,
        after: tuple[int, Wording],
        *,
        rank: int,
        adjustment: Adjustment | None,
        explored: bool,
        propensity: float,
    ) -> RecommendedModule:
        catalog, request = self.words.bundle.catalog, self.request
        success = _known(request.success.item(module))
        taught = catalog.module_skills[module].tolist()
        return RecommendedModule(
            module_id=catalog.module_ids[module],
            title=catalog.titles[module],
            rank=rank,
            score=request.terms.score.item(module),
            success_probability=success,
            difficulty=_known(self.words.difficulty.item(module)),
            difficulty_fit=classify(success, request.band),
            adjustment=adjustment,
            prerequisites_met=request.eligibility.prerequisites_met.item(module),
            duration_minutes=_known(catalog.duration_minutes.item(module)),
            skills=tuple(self._outlook(skill, gain) for skill in taught),
            reasons=reasons(request.terms, module, self._facts(module, success, after), self.language),
            explored=explored,
            propensity=propensity,
        )

    def _outlook(self, skill: int, gain: Floats) -> SkillOutlook:
        return SkillOutlook(
            skill_id=self.words.bundle.catalog.skill_ids[skill],
            mastery=_known(self.request.mastery.item(skill)),
            required=_known(self.request.need.required.item(skill)),
            expected_gain=_known(gain.item(skill)),
        )

    def _facts(self, module: int, success: float | None, after: tuple[int, Wording]) -> Facts:
        request, words = self.request, self.words
        catalog, roles = words.bundle.catalog, words.bundle.catalog.roles
        role = request.history.role
        wanted = words.teaching.leading(module, request.gap)
        lost = words.teaching.leading(module, request.faded)
        popular = any(view.is_favoured(role, module) for view in words.of_roles)
        before, leads = after
        return Facts(
            after_title=catalog.titles[before] if before >= 0 else None,
            leads=leads,
            role_title=roles.titles[request.role] if request.role >= 0 else None,
            popular_role_title=roles.titles[role] if popular else None,
            skill_name=catalog.skill_names[wanted] if wanted >= 0 else None,
            required=request.need.required.item(wanted) if wanted >= 0 else None,
            mastery=_known(request.mastery.item(wanted)) if wanted >= 0 else None,
            faded_skill_name=catalog.skill_names[lost] if lost >= 0 else None,
            faded=request.faded.item(lost) if lost >= 0 else None,
            success_probability=success,
            band=request.band,
            n_unlocked=request.unlocks.item(module),
        )

    def _after(self, modules: NDArray[np.intp]) -> list[tuple[int, Wording]]:
        """Position of the started module that leads to each one, and how, by the view that says so most.

        It is -1 where no view names one.
        """
        preferred, best = self.request.terms.preferred, np.zeros(len(modules))
        after: list[tuple[int, Wording]] = [(-1, "")] * len(modules)
        for row, view in self.words.sequences:
            part = preferred.weights[row] * preferred.shares[row, modules]
            more = np.flatnonzero(part > best)
            if not len(more):
                continue
            sources = view.leading_sources(self.request.history, modules[more])
            for i, source in zip(more.tolist(), sources.tolist(), strict=True):
                if source >= 0:
                    best[i], after[i] = part[i], (source, view.wording)
        return after


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _module_difficulty(bundle: ModelBundle) -> Floats:
    """Return declared difficulties, else the share of attempts on a module's items that do not pass."""
    catalog, table = bundle.catalog, bundle.difficulty
    if bundle.skills is None:
        return catalog.difficulty
    learned = positions_of(catalog.item_ids, table.item_index)
    in_module = (catalog.item_module >= 0) & (learned >= 0)
    position = catalog.item_module[in_module]
    failed = np.bincount(
        position, weights=expit(table.item_difficulty[learned[in_module]]), minlength=catalog.n_modules
    )
    counts = np.bincount(position, minlength=catalog.n_modules)
    observed = np.where(counts > 0, failed / np.maximum(counts, 1), np.nan)
    return np.where(np.isnan(catalog.difficulty), observed, catalog.difficulty)
