"""Adaptive testing of one learner: which item to give next, and whether enough is known to stop."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.domain.catalog_change import positions_of
from recommender.errors import InputError, UnknownIdError
from recommender.ranking.gain import Need
from recommender.skills.adaptive import ItemSelector, StopReason
from recommender.skills.item_information import ItemPool
from recommender.skills.mastery import Place
from recommender.skills.records import item_key
from recommender.skills.state import LearnerState


@dataclass(frozen=True, slots=True)
class AssessmentItem:
    """The item to give now, or none, and whether the test should end before it.

    Parameters
    ----------
    item_id, skill_id : str or None
        None where no item would tell anything.
    success_probability : float or None
        Of passing it as the learner is known now.
    expected_information : float
        Expected fall of the variance of mastery, a probability, over the skills asked for; at least 0.
    stop : bool
    stop_reason : {"", "precise", "max_items", "exhausted"}
        Every skill is known well enough; the test is as long as it may be; no item would tell enough.
    """

    item_id: str | None
    skill_id: str | None
    success_probability: float | None
    expected_information: float
    stop: bool
    stop_reason: StopReason


class Assessment:
    """Picks items from a bundle's catalogue; holds nothing of any learner.

    Parameters
    ----------
    bundle : ModelBundle
        With a learner-skill model, whose configuration says how items are picked.

    Raises
    ------
    InputError
        The bundle has no learner-skill model, so nothing is known of its items.
    """

    def __init__(self, bundle: ModelBundle) -> None:
        if bundle.skills is None:
            raise InputError(
                "the model was trained without attempts, so no item can be chosen; train on attempts"
            )
        self._bundle, self._skills = bundle, bundle.skills
        self._selector = ItemSelector(bundle.skills.config.assessment)
        catalog = bundle.catalog
        difficulty = bundle.skills.mastery_.item_difficulty_
        stretch = float(bundle.skills.mastery_.stretch_[0])
        self._pool = ItemPool(difficulty, np.zeros(catalog.n_skills), catalog.item_skills, stretch)
        # What came into the catalogue after training waits: nothing tells how it goes.
        self._learned = positions_of(catalog.item_ids, bundle.difficulty.item_index)
        keys = np.array([item_key(v) for v in catalog.item_ids], np.int64).reshape(-1, 2)
        self._slot, self._tag = keys[:, 0], keys[:, 1].astype(np.uint32)

    def weights(self, role: int, skill_ids: Iterable[str] | None) -> Floats:
        """Say what each skill counts in a test, (n_skills,), at least 0.

        Parameters
        ----------
        role : int
            Its skills by importance where none is named; all alike for no role (-1), or one without any.
        skill_ids : iterable of str, optional

        Raises
        ------
        UnknownIdError
            A skill is not in the catalogue.
        """
        catalog = self._bundle.catalog
        if skill_ids is None:
            importance = np.nan_to_num(Need.of_role(catalog, role).importance)
            return importance if importance.any() else np.ones(catalog.n_skills)
        weight = np.zeros(catalog.n_skills)
        for skill_id in skill_ids:
            if skill_id not in catalog.skill_index:
                raise UnknownIdError("skill_ids", skill_id)
            weight[catalog.skill_index[skill_id]] = 1.0
        return weight

    def next(
        self,
        state: LearnerState | None,
        place: Place,
        *,
        weight: Floats,
        given: Collection[str] = (),
        exposure: Mapping[str, float],
        now: float,
        rng: np.random.Generator,
    ) -> AssessmentItem:
        """Pick the next item.

        Parameters
        ----------
        state : LearnerState or None
            With the answers of this test already folded in.
        place : Place
        weight : float64 array, shape (n_skills,)
            What each skill counts; 0 for a skill that is not asked for.
        given : collection of str
            Items given in this test so far.
        exposure : mapping of str to float
            Share of tests that each item was part of, [0, 1]; 0 for one left out.
        now : float
            Seconds since 1970 UTC.
        rng : numpy.random.Generator
            Decides among the best few items.

        Raises
        ------
        UnknownIdError
            An item of `given` or `exposure` is not in the catalogue.
        """
        catalog = self._bundle.catalog
        taken = np.array([self._position("given", item_id) for item_id in given], np.int64)
        rate = np.zeros(len(catalog.item_ids))
        for item_id, share in exposure.items():
            rate[self._position("exposure", item_id)] = share
        estimate = self._skills.mastery(state, catalog, now=now, place=place)
        # Centred where the interval is.
        mastery = self._skills.mastery_.stretch_ * logit(np.clip(estimate.mastery, 1e-9, 1.0 - 1e-9))
        information, n_given = self._answers(mastery, taken)
        before = self._skills.mastery_.error(np.maximum(estimate.n_kept - n_given, 0.0))
        error = 1.0 / np.sqrt(1.0 / before**2 + information)
        allowed = self._learned >= 0
        allowed[taken] = False
        chosen = self._selector.next(
            self._pool,
            mastery,
            error,
            weight,
            met=self._met(state),
            allowed=allowed,
            n_given=len(taken),
            rng=rng,
            exposure_rate=rate,
        )
        if chosen.item < 0:
            return AssessmentItem(None, None, None, 0.0, chosen.stop, chosen.stop_reason)
        success = self._skills.item_success(state, self._learned[[chosen.item]], now=now)
        return AssessmentItem(
            catalog.item_ids[chosen.item],
            catalog.skill_ids[chosen.skill],
            float(success[0]),
            chosen.expected_information,
            chosen.stop,
            chosen.stop_reason,
        )

    def _position(self, field: str, item_id: str) -> int:
        position = self._bundle.catalog.item_index.get(item_id)
        if position is None:
            raise UnknownIdError(field, item_id)
        return position

    def _answers(self, mastery: Floats, taken: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Information and number of this test's answers on each skill: mastery does not move within it."""
        information, n_given = np.zeros(len(mastery)), np.zeros(len(mastery), np.int64)
        probability = self._pool.probability(mastery)
        for item in taken.tolist():
            skills, p = self._pool.item_skills[item], probability[item]
            information[skills] += p * (1.0 - p) / max(len(skills), 1) ** 2
            n_given[skills] += 1
        return information, n_given

    def _met(self, state: LearnerState | None) -> NDArray[np.bool_]:
        if state is None:
            return np.zeros(len(self._slot), np.bool_)
        met: NDArray[np.bool_] = state.items["tag"][self._slot] == self._tag
        return met
