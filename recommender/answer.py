"""From what was chosen to the answer: modules with their reasons, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
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
from recommender.ranking.difficulty import FITS, Band
from recommender.ranking.explain import Facts, sentence
from recommender.ranking.gain import Need, expected_gain
from recommender.ranking.kernel_arrays import CHOICE
from recommender.ranking.messages import text

# Number of each field of a record, which is faster than its name.
_AT = {name: place for place, name in enumerate(CHOICE.names or ())}
_MODULE, _REPLACED, _SCORE, _SUCCESS = (_AT[n] for n in ("module", "replaced", "score", "success"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
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
    sequences : Sequences
        They tell after what a module is taken.
    of_roles : tuple of Popularity
        They tell what is popular in a role.
    needs : tuple of Need
        Of each role, and last of none.
    """

    bundle: ModelBundle
    difficulty: Floats
    sequences: Sequences
    of_roles: tuple[Popularity, ...]
    needs: tuple[Need, ...]

    @classmethod
    def of(cls, bundle: ModelBundle) -> Self:
        """Look them up."""
        catalog, views = bundle.catalog, [view for _, view in sorted(bundle.views.items())]
        return cls(
            bundle,
            _module_difficulty(bundle),
            Sequences(views, catalog.n_modules),
            tuple(view for view in views if isinstance(view, Popularity) and view.config.slice == "role"),
            tuple(Need.of_role(catalog, role) for role in (*range(len(catalog.roles.ids)), -1)),
        )

    def modules(self, request: Request) -> tuple[RecommendedModule, ...]:
        """Answer for what was chosen, best first."""
        rows: list[tuple[Any, ...]] = [row for row in request.choice.tolist() if row[_MODULE] >= 0]
        codes = [[request.codes[c] for c in its if c >= 0] for its in request.reasons[: len(rows)].tolist()]
        after = self._after(request, [row[_MODULE] for row in rows], codes)
        weights = request.weights.tolist()
        return tuple(
            self._module(request, i, row, codes[i], weights[i], after.get(i, (-1, "")))
            for i, row in enumerate(rows)
        )

    def _module(
        self,
        request: Request,
        place: int,
        row: tuple[Any, ...],
        codes: list[ReasonCode],
        weights: list[float],
        after: tuple[int, Wording],
    ) -> RecommendedModule:
        catalog, module = self.bundle.catalog, row[_MODULE]
        facts, language = self._facts(request, row, codes, after), request.language
        return RecommendedModule(
            module_id=catalog.module_ids[module],
            title=catalog.titles[module],
            rank=place + 1,
            score=row[_SCORE],
            success_probability=_known(row[_SUCCESS]),
            difficulty=_known(self.difficulty.item(module)),
            difficulty_fit=FITS[row[_AT["fit"]]],
            adjustment=self._adjustment(row, language) if row[_REPLACED] >= 0 else None,
            prerequisites_met=row[_AT["prerequisites_met"]],
            duration_minutes=_known(catalog.duration_minutes.item(module)),
            skills=tuple(self._outlook(request, skill) for skill in catalog.module_skills[module].tolist()),
            reasons=tuple(
                Reason(code, sentence(code, facts, language), weight)
                for code, weight in zip(codes, weights, strict=False)
            ),
            explored=row[_AT["explored"]],
            propensity=row[_AT["propensity"]],
        )

    def _adjustment(self, row: tuple[Any, ...], language: str) -> Adjustment:
        catalog, old = self.bundle.catalog, row[_REPLACED]
        before, success = row[_AT["replaced_success"]], row[_SUCCESS]
        easier = success > before
        why = text(
            "variant_easier" if easier else "variant_harder",
            language,
            title=catalog.titles[old],
            before=before,
            after=success,
        )
        return Adjustment(catalog.module_ids[old], "easier" if easier else "harder", why)

    def _outlook(self, request: Request, skill: int) -> SkillOutlook:
        mastery = _known(request.mastery.item(skill))
        rate = self.bundle.ranking.value.learning_rate
        return SkillOutlook(
            self.bundle.catalog.skill_ids[skill],
            mastery,
            _known(self.needs[request.role].required.item(skill)),
            None if mastery is None else expected_gain(mastery, rate),
        )

    def _facts(
        self, request: Request, row: tuple[Any, ...], codes: list[ReasonCode], after: tuple[int, Wording]
    ) -> Facts:
        """Look up what the sentences of these codes say."""
        catalog, roles, known = self.bundle.catalog, self.bundle.catalog.roles, dict[str, Any]()
        for code in codes:
            match code:
                case "next_in_sequence" if after[0] >= 0:
                    known |= {"after_title": catalog.titles[after[0]], "leads": after[1]}
                case "popular_in_role":
                    role = request.history.role
                    if any(view.is_favoured(role, row[_MODULE]) for view in self.of_roles):
                        known["popular_role_title"] = roles.titles[role]
                case "closes_gap" if (skill := row[_AT["gap_skill"]]) >= 0:
                    known |= {
                        "role_title": roles.titles[request.role],
                        "skill_name": catalog.skill_names[skill],
                        "required": self.needs[request.role].required.item(skill),
                        "mastery": _known(request.mastery.item(skill)),
                    }
                case "review_due" if (skill := row[_AT["faded_skill"]]) >= 0:
                    known |= {"faded_skill_name": catalog.skill_names[skill], "faded": row[_AT["faded"]]}
                case "right_difficulty":
                    known |= {"success_probability": _known(row[_SUCCESS]), "band": request.band}
                case "unlocks":
                    known["n_unlocked"] = row[_AT["n_unlocked"]]
        return Facts(**known)

    def _after(
        self, request: Request, modules: list[int], codes: list[list[ReasonCode]]
    ) -> dict[int, tuple[int, Wording]]:
        """Say after what the modules are taken that have this for a reason, by their places.

        Told are the position of the started module that leads to it and how, by the view that says so most.
        """
        places = [i for i, its in enumerate(codes) if "next_in_sequence" in its]
        if not places or not len(self.sequences.rows):
            return {}
        asked, rows = np.array([modules[i] for i in places]), self.sequences.rows
        parts = request.shares[rows[:, None], asked].T * request.view_weights[rows]
        source, by = self.sequences.leading(request.history, asked, parts)
        return {
            place: (of, self.sequences.wordings[view])
            for place, of, view in zip(places, source, by, strict=True)
            if of >= 0
        }


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
