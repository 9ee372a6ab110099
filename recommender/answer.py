"""From what was chosen to the answer: modules with their reasons, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Floats
from recommender.domain.catalog_change import positions_of
from recommender.domain.recommendation import (
    Adjustment,
    Reason,
    ReasonCode,
    RecommendedModule,
    SkillOutlook,
)
from recommender.embeddings.histories import History
from recommender.embeddings.neighbour_view import Wording
from recommender.embeddings.popularity import Popularity
from recommender.embeddings.together import Sequences
from recommender.ranking import explain
from recommender.ranking.difficulty import FITS, Band
from recommender.ranking.gain import Need, expected_gain
from recommender.ranking.messages import Messages, messages_of


class Choice(NamedTuple):
    """A record of `CHOICE`, field by field, as plain numbers."""

    module: int
    replaced: int
    score: float
    success: float
    replaced_success: float
    fit: int
    by_history: bool
    prerequisites_met: bool
    n_unlocked: int
    gap_skill: int
    faded_skill: int
    faded: float
    explored: bool
    propensity: float


class Request(NamedTuple):
    """One learner's question and what was chosen.

    Parameters
    ----------
    history : History
    role : int
        Position of the role whose gaps count, -1 for none.
    band : Band
    language : str
        Of the sentences.
    choice : CHOICE records, shape (k,)
    reasons : int8 array, shape (k, MAX_REASONS)
        Positions in `codes`, the largest first, -1 behind the last one.
    weights : float64 array, shape (k, MAX_REASONS)
        Their shares of all that speaks for the module.
    codes : tuple of ReasonCode
    mastery : float64 array, shape (n_skills,)
        Probabilities, NaN where unknown.
    shares : float32 array, shape (n_views, n_modules)
        Of each view, for each module.
    view_weights : float64 array, shape (n_views,)
    """

    history: History
    role: int
    band: Band
    language: str
    choice: NDArray[np.void]
    reasons: NDArray[np.int8]
    weights: Floats
    codes: Sequence[ReasonCode]
    mastery: Floats
    shares: NDArray[np.float32]
    view_weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What answers from a bundle are worded by, looked up once.

    Parameters
    ----------
    bundle : ModelBundle
    difficulty : float64 array, shape (n_modules,)
        Fractions, NaN where unknown.
    facts : tuple of (str, str, float or None, float or None)
        Id, title, difficulty and duration in minutes of each module.
    sequences : Sequences
        They tell after what a module is taken.
    of_roles : tuple of Popularity
        They tell what is popular in a role.
    skills : tuple of tuple of int
        Positions of those that each module teaches.
    rates : tuple of tuple of float
        Of each of these skills, what the module teaches of it, see `GainModel`.
    required : tuple of dict of int to float
        Required mastery, a probability, by skill: of each role, and last of none.
    needed : set of (int, int)
        Modules and the modules that are prerequisites of them.
    """

    bundle: ModelBundle
    difficulty: Floats
    facts: tuple[tuple[str, str, float | None, float | None], ...]
    sequences: Sequences
    of_roles: tuple[Popularity, ...]
    skills: tuple[tuple[int, ...], ...]
    rates: tuple[tuple[float, ...], ...]
    required: tuple[dict[int, float], ...]
    needed: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, bundle: ModelBundle) -> Self:
        """Look them up."""
        catalog, views = bundle.catalog, [view for _, view in sorted(bundle.views.items())]
        taught, values = catalog.module_skills, catalog.module_skills.values.tolist()
        rates = bundle.gain_model.rate.tolist()
        difficulty = _module_difficulty(bundle)
        told = (map(_known, of.tolist()) for of in (difficulty, catalog.duration_minutes))
        return cls(
            bundle,
            difficulty,
            tuple(zip(catalog.module_ids, catalog.titles, *told, strict=True)),
            Sequences(views, catalog.n_modules),
            tuple(view for view in views if isinstance(view, Popularity) and view.config.slice == "role"),
            tuple(tuple(values[first:last]) for first, last in pairwise(taught.start.tolist())),
            tuple(tuple(rates[first:last]) for first, last in pairwise(taught.start.tolist())),
            tuple(_required(catalog, role) for role in (*range(len(catalog.roles.ids)), -1)),
            frozenset(
                zip(
                    catalog.prerequisites.module.tolist(),
                    catalog.prerequisites.needed_module.tolist(),
                    strict=True,
                )
            ),
        )

    def modules(self, request: Request) -> tuple[RecommendedModule, ...]:
        """Answer for what was chosen, best first."""
        messages = messages_of(request.language)
        rows = [Choice(*record) for record in request.choice.tolist() if record[0] >= 0]
        codes = [[request.codes[c] for c in its if c >= 0] for its in request.reasons[: len(rows)].tolist()]
        led = [row.module for row, its in zip(rows, codes, strict=True) if "next_in_sequence" in its]
        sources = self.sequences.leading(request.history, led, request.shares, request.view_weights)
        after = dict(zip(led, sources, strict=True))
        answer: list[RecommendedModule] = []
        for row, its, weights in zip(rows, codes, request.weights.tolist(), strict=False):
            reasons = tuple(
                Reason(code, self._sentence(code, request, messages, row, after), weight)
                for code, weight in zip(its, weights, strict=False)
            )
            answer.append(self._module(request, messages, len(answer) + 1, row, reasons))
        return tuple(answer)

    def _module(
        self, request: Request, messages: Messages, rank: int, row: Choice, reasons: tuple[Reason, ...]
    ) -> RecommendedModule:
        module_id, title, difficulty, minutes = self.facts[row.module]
        return RecommendedModule(
            module_id=module_id,
            title=title,
            rank=rank,
            score=row.score,
            success_probability=_known(row.success),
            difficulty=difficulty,
            difficulty_fit=FITS[row.fit],
            adjustment=self._adjustment(messages, row) if row.replaced >= 0 else None,
            prerequisites_met=row.prerequisites_met,
            duration_minutes=minutes,
            skills=self._outlook(request, row.module),
            reasons=reasons,
            explored=row.explored,
            propensity=row.propensity,
        )

    def _sentence(
        self,
        code: ReasonCode,
        request: Request,
        messages: Messages,
        row: Choice,
        after: Mapping[int, tuple[int, Wording]],
    ) -> str:
        """Say a reason, of what is known of the module and the learner."""
        catalog, roles = self.bundle.catalog, self.bundle.catalog.roles
        match code:
            case "closes_gap" if (skill := row.gap_skill) >= 0:
                required = self.required[request.role].get(skill, math.nan)
                role, name = roles.titles[request.role], catalog.skill_names[skill]
                return explain.closes_gap(messages, role, name, required, request.mastery.item(skill))
            case "next_in_sequence":
                source, leads = after[row.module]
                return explain.next_in_sequence(
                    messages, catalog.titles[source] if source >= 0 else "", leads
                )
            case "popular_in_role":
                of = request.history.role
                favoured = any(view.is_favoured(of, row.module) for view in self.of_roles)
                return explain.popular_in_role(messages, roles.titles[of] if favoured else "")
            case "review_due" if row.faded_skill >= 0:
                return explain.review_due(messages, catalog.skill_names[row.faded_skill], row.faded)
            case "right_difficulty":
                return explain.right_difficulty(
                    messages, row.success, request.band, by_history=row.by_history
                )
            case "unlocks":
                return explain.unlocks(messages, row.n_unlocked)
            case "learners_like_you":
                return messages[code]
            case "closes_gap" | "review_due":
                return messages[f"{code}.general"]

    def _adjustment(self, messages: Messages, row: Choice) -> Adjustment:
        catalog, before, after = self.bundle.catalog, row.replaced_success, row.success
        direction: Literal["easier", "harder"] = "easier" if after > before else "harder"
        title, group = catalog.titles[row.replaced], catalog.variant_group
        if group[row.module] == group[row.replaced]:
            why = explain.variant(messages, direction, title, before, after)
        else:
            comes_before = (row.replaced, row.module) in self.needed
            why = explain.leads_up(
                messages, prerequisite=comes_before, title=title, before=before, after=after
            )
        return Adjustment(catalog.module_ids[row.replaced], direction, why)

    def _outlook(self, request: Request, module: int) -> tuple[SkillOutlook, ...]:
        """Say how the learner stands to the skills a module teaches."""
        ids, required, outlook = self.bundle.catalog.skill_ids, self.required[request.role], []
        for skill, rate in zip(self.skills[module], self.rates[module], strict=True):
            mastery = _known(request.mastery.item(skill))
            gain = None if mastery is None else expected_gain(mastery, rate)
            outlook.append(SkillOutlook(ids[skill], mastery, required.get(skill), gain))
        return tuple(outlook)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _required(catalog: Catalog, role: int) -> dict[int, float]:
    required = Need.of_role(catalog, role).required
    return {skill: required.item(skill) for skill in np.flatnonzero(~np.isnan(required)).tolist()}


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
