"""Where a learner stands when a pathway begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import logit

from recommender.blocks.learners import started
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Floats
from recommender.pathways.arrays import Bools
from recommender.skills.mastery import Place
from recommender.skills.records import LEARNER, SKILL, fresh
from recommender.skills.state import LearnerState, known_rows


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A learner as pathways read them, arrays in the order of the catalogue.

    Parameters
    ----------
    mastery : float64 array, shape (n_skills,)
        Probabilities, NaN where not known.
    now, lasting : float64 arrays, shape (n_skills,)
        Logits of mastery now, where nothing is known of what is expected, and of what stays of it when
        everything that fades has faded.
    finished : bool array, shape (n_modules,)
    """

    mastery: Floats
    now: Floats
    lasting: Floats
    finished: Bools

    @classmethod
    def of(cls, bundle: ModelBundle, state: LearnerState | None, place: Place, now: float) -> Self:
        """Read a state at `now`, seconds since 1970 UTC; None is a learner of whom nothing is known."""
        catalog = bundle.catalog
        finished = np.zeros(catalog.n_modules, np.bool_)
        if state is not None:
            module, _, done = started(state, catalog)
            finished[module] = done
        if bundle.skills is None:
            unknown = np.full(catalog.n_skills, np.nan)
            assumed = np.full(catalog.n_skills, logit(bundle.ranking.value.assumed_mastery))
            return cls(unknown, assumed, assumed, finished)
        from recommender.skills.mastery_kernel import read_logits, stand

        readout = bundle.skills.mastery_.compiled(catalog)
        learner, met, skill = fresh(LEARNER, 1), fresh(SKILL, 0), np.zeros(0, np.int64)
        if state is not None:
            learner = state.learner
            skill, row = known_rows(state.skill_rows, catalog.skill_index)
            met = state.skills[row]
        share, mastery, faded = np.empty(len(met)), *np.empty((2, catalog.n_skills))
        logits, lasting, unfaded = np.empty((3, catalog.n_skills + 1))
        # At the end of time only what does not fade is left.
        for at, filled in ((math.inf, lasting), (now, logits)):
            read_logits(
                readout, learner[0], met, skill, place.role, place.segment, at, filled, unfaded, share
            )
        stand(readout, met, skill, logits, unfaded, now, mastery, faded)
        return cls(mastery, logits[:-1], lasting[:-1], finished)
