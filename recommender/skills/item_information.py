"""What the answer to an item is expected to tell of the mastery of its skills.

The items of a test and the information they hold. A learner passes item `i`, which assesses the k skills S,
with probability

    p(z) = expit(z),    z = mean_S m_s - slope (difficulty_i - mean_S typical_s),

a Rasch model (Rasch 1960) that is compensatory in its skills. With independent normal posteriors
m_s ~ N(m_s, se_s^2), z is normal with variance sum_S se_s^2 / k^2, and the law of total variance gives the
expected fall of the variance of m_s when the answer y comes in:

    V(m_s) - E V(m_s | y) = Cov(m_s, y)^2 / (P (1 - P)) = (se_s^2 / k)^2 J,
    J = D^2 / (P (1 - P)),    P = E p(z),    D = E p(z) (1 - p(z)).

The covariance follows from Stein's lemma, Cov(m_s, p(z)) = Cov(m_s, z) E p'(z) (Stein 1981, lemma 1). Of
mastery itself, the probability expit(m_s), the variance falls by that times the square of the mean slope
E expit'(m_s), if it moved with m_s along a line: less than in truth for items far from the learner. That is
the criterion of minimum expected posterior variance (Owen 1975; van der Linden 1998, "Bayesian item selection
criteria for adaptive testing"; van der Linden and Pashley 2010, "Item selection and ability estimation in
adaptive testing"). It is robust while little is known: it weighs an item over all of the posterior, not only
at its mean. Where mastery is known, J is the Fisher information p (1 - p) of the Rasch model. Means are taken
by a Gauss-Hermite rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.domain.catalog import Floats, Ragged
from recommender.errors import InputError

# Beyond this the probability is 0 or 1 to 13 digits, and P (1 - P) would lose the rest of them.
_MAX_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class ItemPool:
    """Items that a test may draw from, the same for every learner.

    Parameters
    ----------
    difficulty : float64 array, shape (n_items,)
        Logits.
    typical : float64 array, shape (n_skills,)
        Difficulty of each skill's typical item, logits.
    item_skills : Ragged
        Skills of each item as positions in `typical`. An item without skills tells nothing.
    slope : float
        Logits of success that one logit of difficulty costs.

    Raises
    ------
    InputError
        Shapes do not fit, or a number is not finite.

    Examples
    --------
    >>> pool = ItemPool(np.array([0.0, 1.0]), np.array([0.0]), Ragged.of([[0], [0]]))
    >>> pool.probability(np.array([1.0])).round(2).tolist()
    [0.73, 0.5]
    """

    difficulty: Floats
    typical: Floats
    item_skills: Ragged
    slope: float = 1.0

    def __post_init__(self) -> None:
        check_numbers("difficulty", self.difficulty, len(self.item_skills))
        check_numbers("typical", self.typical, len(self.typical))
        check_numbers("slope", np.array([self.slope], np.float64), 1)

    @cached_property
    def n_skills(self) -> NDArray[np.int64]:
        """Skills that each item assesses, shape (n_items,)."""
        counts: NDArray[np.int64] = np.diff(self.item_skills.start)
        return counts

    def of_skills(self, by_skill: Floats | NDArray[np.bool_]) -> Floats:
        """Sum of `by_skill` (n_skills,) over the skills of each item, shape (n_items,)."""
        values = by_skill[self.item_skills.values].astype(np.float64)
        total = np.bincount(self._row, weights=values, minlength=len(self))
        return np.asarray(total, np.float64)

    def logit(self, mastery_logit: Floats) -> Floats:
        """Logit of passing each item (n_items,) at `mastery_logit` (n_skills,); NaN without skills."""
        return np.where(
            self.n_skills, self.of_skills(mastery_logit) / self._at_least_one - self._cost, np.nan
        )

    def probability(self, mastery_logit: Floats) -> Floats:
        """Probability of passing each item, shape (n_items,); NaN for one without skills."""
        passing: Floats = expit(self.logit(mastery_logit))
        return passing

    def variance_reduction(
        self, items: NDArray[np.intp], mastery_logit: Floats, error: Floats, weight: Floats, n_nodes: int = 9
    ) -> Floats:
        """Weigh each of `items` by the fall of variance expected from its answer, `weight` times logits^2.

        Parameters
        ----------
        items : int array, shape (n,)
            Positions of items that have skills.
        mastery_logit, error, weight : float64 arrays, shape (n_skills,)
            Posterior mean and standard error of mastery, logits, and what each skill's variance counts.
        n_nodes : int
            Of the Gauss-Hermite rule; 1 takes the information at the mean.

        Returns
        -------
        float64 array, shape (n,), at least 0

        Examples
        --------
        >>> pool = ItemPool(np.array([0.0, 3.0]), np.array([0.0]), Ragged.of([[0], [0]]))
        >>> pool.variance_reduction(np.arange(2), np.zeros(1), np.ones(1), np.ones(1)).round(3).tolist()
        [0.171, 0.055]
        """
        variance = error * error
        k = self.n_skills[items]
        spread = np.sqrt(self.of_skills(variance)[items]) / k
        moved = self.of_skills(weight * variance * variance)[items] / (k * k)
        return moved * rasch_information(self.logit(mastery_logit)[items], spread, n_nodes)

    def __len__(self) -> int:
        return len(self.difficulty)

    @cached_property
    def _row(self) -> NDArray[np.int64]:
        return self.item_skills.row_of_value().astype(np.int64)

    @cached_property
    def _at_least_one(self) -> NDArray[np.int64]:
        return np.maximum(self.n_skills, 1)

    @cached_property
    def _cost(self) -> Floats:
        return self.slope * (self.difficulty - self.of_skills(self.typical) / self._at_least_one)


def rasch_information(logit: Floats, spread: Floats, n_nodes: int = 9) -> Floats:
    """Information J, logits^-2, of a pass or failure whose logit is normal: at most 1/4.

    Parameters
    ----------
    logit, spread : float64 arrays, shape (n,)
        Mean and standard deviation of the logit of passing.
    n_nodes : int

    Examples
    --------
    >>> rasch_information(np.array([0.0, 0.0]), np.array([0.0, 1.0])).round(3).tolist()
    [0.25, 0.171]
    """
    at, share = _gauss_hermite(n_nodes)
    z = np.clip(logit + spread * at[:, None], -_MAX_LOGIT, _MAX_LOGIT)
    passing: Floats = expit(z)
    mean = share @ passing
    fisher = share @ (passing * (1.0 - passing))
    return fisher * fisher / (mean * (1.0 - mean))


def mastery_moments(mastery_logit: Floats, error: Floats, n_nodes: int = 9) -> tuple[Floats, Floats]:
    """Return standard deviation and mean slope of mastery, a probability whose logit is normal.

    Parameters
    ----------
    mastery_logit, error : float64 arrays, shape (n_skills,)
        Mean and standard deviation, logits.
    n_nodes : int
        Of the Gauss-Hermite rule.

    Returns
    -------
    (spread, slope) : float64 arrays, shape (n_skills,)
        Standard deviation in [0, 1/2]; probability gained a logit, in [0, 1/4].

    Examples
    --------
    >>> spread, slope = mastery_moments(np.array([0.0, 3.0]), np.ones(2))
    >>> spread.round(3).tolist(), slope.round(3).tolist()
    ([0.208, 0.069], [0.207, 0.06])
    """
    at, share = _gauss_hermite(n_nodes)
    passing: Floats = expit(np.clip(mastery_logit + error * at[:, None], -_MAX_LOGIT, _MAX_LOGIT))
    mean = share @ passing
    return np.sqrt(np.maximum(share @ (passing - mean) ** 2, 0.0)), share @ (passing * (1.0 - passing))


@lru_cache
def _gauss_hermite(n_nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights that sum to 1, for a mean over a standard normal (Golub and Welsch 1969)."""
    at, weight = np.polynomial.hermite_e.hermegauss(n_nodes)
    return at, weight / weight.sum()


def check_numbers(name: str, values: Floats, n: int, least: float = -np.inf) -> None:
    """Refuse an array of another shape than (n,), or with a number that is not finite or below `least`."""
    if values.shape != (n,):
        raise InputError(f"{name} has shape {values.shape}, expected ({n},); give one number for each")
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= least)))
    if len(wrong):
        at_least = f" of at least {least:g}" if np.isfinite(least) else ""
        raise InputError(
            f"{name} at position {wrong[0]} is {values[wrong[0]]}, expected a finite number{at_least}; "
            "give one or leave the skill or item out"
        )
