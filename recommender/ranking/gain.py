"""What a role asks for, and what finishing a module is expected to do for a learner's skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.catalog_change import CatalogChange, taken


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """What a role asks for.

    Parameters
    ----------
    required : float64 array, shape (n_skills,)
        Required mastery, a probability; NaN where the role does not ask for the skill.
    importance : float64 array, shape (n_skills,)
        In [0, 1]; 0 where the role does not ask for the skill.
    priority : float
        Weight of the role in the organisation's plans, in [0, 1].
    """

    required: Floats
    importance: Floats
    priority: float

    @classmethod
    def of_role(cls, catalog: Catalog, role: int) -> Need:
        """Need of the role at a position of the catalogue; -1 is no role and needs nothing."""
        required = np.full(catalog.n_skills, np.nan)
        importance = np.zeros(catalog.n_skills)
        if role < 0:
            return cls(required, importance, 0.0)
        roles = catalog.roles
        rows = slice(roles.profile.start[role], roles.profile.start[role + 1])
        required[roles.profile.values[rows]] = roles.required_mastery[rows]
        importance[roles.profile.values[rows]] = roles.importance[rows]
        return cls(required, importance, float(roles.priority[role]))


def expected_gain(mastery: float, rate: float) -> float:
    """Rise of mastery, in [0, 1 - mastery], that finishing a module is expected to bring to a skill.

    ``(1 - mastery) * rate``: a module moves a share of what is not yet mastered, which is the learning step
    of Bayesian Knowledge Tracing (Corbett and Anderson 1995, equation 1). Where the rate comes from is told
    in `GainModel`.

    >>> expected_gain(0.5, rate=0.2)
    0.1
    """
    return (1.0 - mastery) * rate


MOST_GAIN: Final = 0.9
"""No module is believed to add more than this of what is missing."""


def dose_of(catalog: Catalog) -> Floats:
    """Time that each module gives to each skill it teaches, (n_taught,), as a multiple of the usual one.

    Minutes are shared out evenly over the skills, and the usual share is the median over modules; a module of
    unknown length counts as usual. An assessment measures and does not teach: 0.
    """
    module = catalog.module_skills.row_of_value()
    share = catalog.duration_minutes / np.maximum(np.diff(catalog.module_skills.start), 1)
    teaches = (catalog.formats != "assessment") & (np.diff(catalog.module_skills.start) > 0)
    known = share[teaches & np.isfinite(share) & (share > 0.0)]
    usual = float(np.median(known)) if len(known) else 1.0
    dose = np.where(np.isfinite(share), share / usual, 1.0) * (catalog.formats != "assessment")
    its: Floats = dose[module]
    return its


@dataclass(frozen=True, slots=True, eq=False)
class GainModel:
    """What finishing each module is expected to add to each skill that it teaches.

    The rate is the share of what is not mastered that finishing the module adds. Where data allow it, it is
    estimated from answers before and after (`training.gain`): mastery expected just before the module was
    begun, by a read-out of other learners, is set against the first answers after it, given outside of it,
    less what the same skills gain over like spans by people who finished something else. A module of which
    little is known is shrunk to what its level, format and length suggest, and these to the declared rate.
    What is declared is the rate of a usual length of time for a skill; another length counts in proportion,
    as if the module were taken so many times, see `dose_of`.

    It assumes that, given what was known of them before, those who finish a module would without it have
    changed like those who finished another one; that the share does not depend on the learner; and that
    shares of several modules multiply. It is what is left at the first answers, weeks later, so some of it
    has faded already.

    Parameters
    ----------
    rate : float64 array, shape (n_taught,)
        In [0, .9] where estimated; one for each of `catalog.module_skills.values`.
    error : float64 array, shape (n_taught,)
        Its standard error, at least 0; 0 where it is declared.
    n_learners : int64 array, shape (n_taught,)
        Learners whose answers tell of this very module and skill.
    declared : float
        The rate where nothing is known, `ValueWeights.learning_rate`.
    """

    rate: Floats
    error: Floats
    n_learners: NDArray[np.int64]
    declared: float

    @classmethod
    def of_declaration(cls, catalog: Catalog, declared: float) -> GainModel:
        """Every rate as declared, ``1 - (1 - declared) ** dose``, and at most .9."""
        dose = dose_of(catalog)
        rate = np.where(dose == 1.0, declared, np.minimum(1.0 - (1.0 - declared) ** dose, MOST_GAIN))
        return cls(rate, np.zeros(len(dose)), np.zeros(len(dose), np.int64), declared)

    def expected(self, mastery: Floats) -> Floats:
        """Rise of mastery expected of each taught skill, given mastery of it; both of shape (n_taught,)."""
        return (1.0 - mastery) * self.rate

    def with_catalog(self, change: CatalogChange) -> GainModel:
        """Make the model of a changed catalogue.

        A skill that a module did not teach before, or a module that is new, has the mean rate of the modules
        of its level, with what they differ by as error; of a level that is new, of all of them.
        """
        before, after = change.before.module_skills, change.after.module_skills
        of_before, of_after = before.row_of_value(), after.row_of_value()
        place = {
            pair: e for e, pair in enumerate(zip(of_before.tolist(), before.values.tolist(), strict=True))
        }
        modules, skills = change.modules[of_after], change.skills[after.values]
        source = np.array(
            [place.get(pair, -1) for pair in zip(modules.tolist(), skills.tolist(), strict=True)], np.int64
        )
        levels, level = change.before.levels[of_before], change.after.levels[of_after]
        rate, error = np.empty((2, len(source)))
        for name in np.unique(level[source < 0]).tolist():
            alike = self.rate[levels == name] if (levels == name).any() else self.rate
            # The mean of equal numbers may differ from them by a rounding.
            known = len(alike) > 0 and np.ptp(alike) > 0.0
            rate[level == name] = alike.mean() if known else alike[0] if len(alike) else self.declared
            error[level == name] = alike.std() if known else 0.0
        kept = source >= 0
        rate[kept], error[kept] = self.rate[source[kept]], self.error[source[kept]]
        return GainModel(rate, error, taken(self.n_learners, source, 0), self.declared)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Arrays that `from_arrays` makes the model from."""
        return {"rate": self.rate, "error": self.error, "n_learners": self.n_learners}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], catalog: Catalog, declared: float) -> GainModel:
        """Inverse of `arrays`; they may be read-only memory maps.

        Raises
        ------
        ValueError
            An array is not of the shape that the catalogue asks for, or holds what is no rate, error or
            count.
        """
        n = len(catalog.module_skills.values)
        # Compiled code is made for arrays that may be written to, so what it reads are copies.
        rate, error, n_learners = (np.array(arrays[name]) for name in ("rate", "error", "n_learners"))
        for name, array in (("rate", rate), ("error", error), ("n_learners", n_learners)):
            if array.shape != (n,):
                raise ValueError(f"array {name} of the gain has shape {array.shape}, expected {(n,)}")
        if not ((rate >= 0.0) & (rate <= 1.0) & (error >= 0.0) & np.isfinite(error)).all():
            raise ValueError(
                "the gain holds a rate outside of [0, 1] or an error that is no number of at least 0"
            )
        return cls(rate, error, n_learners, declared)
