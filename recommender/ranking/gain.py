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


@dataclass(frozen=True, slots=True)
class Dosage:
    """What a module teaches by the time that it takes.

    A dose leaves ``exp(-hazard)`` of what is missing, two doses the square of that.

    Parameters
    ----------
    hazard, error : float
        At least 0, and its standard error.
    sharing : float
        In [0, 1]: each of n skills gets ``minutes / n ** sharing``. At 1 they share out the minutes, at 0
        each of them gets all.
    usual : float
        Minutes for a skill that are one dose, above 0.
    """

    hazard: float
    error: float
    sharing: float
    usual: float

    @classmethod
    def of_declaration(cls, catalog: Catalog, declared: float) -> Dosage:
        """Let the median time for a skill add the declared share of what is missing."""
        return cls(float(-np.log1p(-min(declared, MOST_GAIN))), 0.0, 1.0, usual_minutes(catalog, 1.0))

    def doses(self, catalog: Catalog) -> Floats:
        """Doses that each module gives to each skill it teaches, (n_taught,).

        A module of unknown length gives one. An assessment measures and does not teach: 0.
        """
        share = _minutes_for_a_skill(catalog, self.sharing)
        dose = np.where(np.isfinite(share), share / self.usual, 1.0) * (catalog.formats != "assessment")
        its: Floats = dose[catalog.module_skills.row_of_value()]
        return its


def usual_minutes(catalog: Catalog, sharing: float) -> float:
    """Median over modules of the minutes for a skill; 1 where none are known."""
    share = _minutes_for_a_skill(catalog, sharing)
    teaches = (catalog.formats != "assessment") & (np.diff(catalog.module_skills.start) > 0)
    known = share[teaches & np.isfinite(share) & (share > 0.0)]
    return float(np.median(known)) if len(known) else 1.0


def _minutes_for_a_skill(catalog: Catalog, sharing: float) -> Floats:
    its: Floats = catalog.duration_minutes / np.maximum(np.diff(catalog.module_skills.start), 1) ** sharing
    return its


@dataclass(frozen=True, slots=True, eq=False)
class GainModel:
    """What finishing each module is expected to add to each skill that it teaches.

    The rate is the share of what is not mastered that finishing the module adds. Where data allow it, it is
    estimated from answers before and after (`training.gain`): mastery expected just before a module was
    begun, by a read-out of other learners, is set against the first answers after it, given outside of it,
    less what the same skills gain over like spans by people who finished something else. What is estimated is
    what an hour of any module teaches, shrunk to what is declared, and how several skills share the time;
    `gain.by_module` asks for what each module teaches beyond its time as well, shrunk to what its level,
    format and length suggest. Why that is not the default is told in ADR 0013.

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
    dosage : Dosage
        What counts for modules that are not known.
    """

    rate: Floats
    error: Floats
    n_learners: NDArray[np.int64]
    dosage: Dosage

    @classmethod
    def of_declaration(cls, catalog: Catalog, declared: float) -> GainModel:
        """Every rate as declared, for a usual length of time."""
        return cls.by_time(catalog, Dosage.of_declaration(catalog, declared))

    @classmethod
    def by_time(
        cls, catalog: Catalog, dosage: Dosage, n_learners: NDArray[np.int64] | None = None
    ) -> GainModel:
        """Rates by the time that modules take alone, at most .9."""
        dose = dosage.doses(catalog)
        left = np.exp(-dosage.hazard * dose)
        counts = np.zeros(len(dose), np.int64) if n_learners is None else n_learners
        return cls(np.minimum(1.0 - left, MOST_GAIN), left * dose * dosage.error, counts, dosage)

    def expected(self, mastery: Floats) -> Floats:
        """Rise of mastery expected of each taught skill, given mastery of it; both of shape (n_taught,)."""
        return (1.0 - mastery) * self.rate

    def with_catalog(self, change: CatalogChange) -> GainModel:
        """Make the model of a changed catalogue.

        A skill that a module did not teach before, or a module that is new, has the rate that its time tells.
        """
        before, after = change.before.module_skills, change.after.module_skills
        pairs = zip(before.row_of_value().tolist(), before.values.tolist(), strict=True)
        place = {pair: e for e, pair in enumerate(pairs)}
        modules, skills = change.modules[after.row_of_value()], change.skills[after.values]
        source = np.array(
            [place.get(pair, -1) for pair in zip(modules.tolist(), skills.tolist(), strict=True)], np.int64
        )
        counts = taken(self.n_learners, source, 0)
        made, kept = GainModel.by_time(change.after, self.dosage, counts), source >= 0
        made.rate[kept], made.error[kept] = self.rate[source[kept]], self.error[source[kept]]
        return made

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Arrays that `from_arrays` makes the model from."""
        dosage = np.array([self.dosage.hazard, self.dosage.error, self.dosage.sharing, self.dosage.usual])
        return {"rate": self.rate, "error": self.error, "n_learners": self.n_learners, "dosage": dosage}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], catalog: Catalog) -> GainModel:
        """Inverse of `arrays`; they may be read-only memory maps.

        Raises
        ------
        ValueError
            An array is not of the shape that the catalogue asks for, or holds what is no rate, error, count
            or dosage.
        """
        n = len(catalog.module_skills.values)
        shapes = {"rate": (n,), "error": (n,), "n_learners": (n,), "dosage": (4,)}
        # Compiled code is made for arrays that may be written to, so what it reads are copies.
        rate, error, n_learners, dosage = (np.array(arrays[name]) for name in shapes)
        for (name, shape), array in zip(shapes.items(), (rate, error, n_learners, dosage), strict=True):
            if array.shape != shape:
                raise ValueError(f"array {name} of the gain has shape {array.shape}, expected {shape}")
        if not ((rate >= 0.0) & (rate <= 1.0) & (error >= 0.0) & np.isfinite(error)).all():
            raise ValueError(
                "the gain holds a rate outside of [0, 1] or an error that is no number of at least 0"
            )
        if not (np.isfinite(dosage).all() and (dosage >= 0.0).all() and dosage[2] <= 1.0 and dosage[3] > 0.0):
            raise ValueError(f"the gain holds {dosage.tolist()}, which is no dosage")
        return cls(rate, error, n_learners, Dosage(*dosage.tolist()))
