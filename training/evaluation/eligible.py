"""The rules of eligibility, as far as first starts can tell, for ``benchmark modules --eligible``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import Query
from recommender.embeddings.histories import History
from recommender.ranking.eligibility import Rules


@dataclass(frozen=True, slots=True, eq=False)
class StartRules:
    """The rules that serve, asked of somebody of whom only first starts are known.

    =================  ===================================================================================
    rule               here
    =================  ===================================================================================
    hard prerequisite  met when the needed module was started before: nothing tells whether it was
      on a module      finished
    prerequisite on    left out: starts tell no mastery, and to remove all that ask for a skill would leave
      a skill          little
    retired, not yet   at the moment of prediction where there is one for all targets, else at the last
      published        start that is known of the learner; left out where neither has a time
    all others         left out: they depend on what a learner asks for, and nobody asked
    =================  ===================================================================================

    Parameters
    ----------
    rules : Rules
    passing : float array, shape (n_skills,)
        Mastery that meets whatever is required.
    """

    rules: Rules
    passing: NDArray[np.float64]

    @classmethod
    def compile(cls, catalog: Catalog) -> Self:
        """Bring the rules of a catalogue into the shape that `allowed` wants."""
        return cls(Rules.compile(catalog), np.ones(catalog.n_skills))

    def allowed(self, history: History, moment: float = math.nan) -> NDArray[np.bool_]:
        """Modules that are neither started nor removed by a rule, shape (n_modules,).

        Parameters
        ----------
        history : History
        moment : float
            Seconds since 1970 UTC; NaN takes the time of the last known start.

        Examples
        --------
        >>> import pyarrow as pa
        >>> modules = [{"module_id": name, "title": name} for name in ("a", "b", "c")]
        >>> needs = [{"module_id": "b", "prerequisite_module_id": "a"}]
        >>> tables = {"modules": modules, "prerequisites": needs}
        >>> catalog = Catalog.from_tables({name: pa.Table.from_pylist(t) for name, t in tables.items()})
        >>> rules = StartRules.compile(catalog)
        >>> rules.allowed(History.empty()).tolist()
        [True, False, True]
        >>> rules.allowed(History(np.array([0], np.int32), np.array([0.0]))).tolist()
        [False, True, True]
        """
        started = np.zeros(len(self.rules.none), np.bool_)
        started[history.modules] = True
        # No comparison with NaN holds, so without a time nothing is retired and nothing unpublished.
        now = _last(history.at) if math.isnan(moment) else moment
        eligibility = self.rules.apply(
            finished=started, mastery=self.passing, query=Query(), profile_language=None, now=now
        )
        return eligibility.allowed


def _last(at: NDArray[np.float64]) -> float:
    known = at[~np.isnan(at)]
    return float(known[-1]) if len(known) else math.nan
