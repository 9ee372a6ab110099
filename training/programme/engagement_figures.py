"""Shares with their intervals, for reports on engagement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.programme.ledger import Bools, Ledger

CONFIDENCE: Final = 0.95
_UPPER: Final = (1.0 + CONFIDENCE) / 2.0


@dataclass(frozen=True, slots=True)
class Share:
    """A share of people, with a 95% interval.

    The interval is that of Wilson (1927, "Probable inference, the law of succession, and statistical
    inference"): it does not leave [0, 1] and is sound for few people too.

    >>> half = Share.of(5, 10)
    >>> half.value, round(half.low, 3), round(half.high, 3)
    (0.5, 0.237, 0.763)
    """

    n_has: int
    n: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, n_has: int, n: int) -> Self:
        """Share `n_has` of `n` people, more than none."""
        ends = stats.binomtest(n_has, n).proportion_ci(CONFIDENCE, "wilson")
        return cls(n_has, n, n_has / n, float(ends.low), float(ends.high))

    @classmethod
    def told(cls, ledger: Ledger, group: Bools, has: Bools) -> Self | None:
        """Share of a group that has something; None where it may not be told."""
        if ledger.share(group, has) is None:
            return None
        return cls.of(int((group & has).sum()), int(group.sum()))


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share of things that people have several of, with a 95% interval over people.

    The ratio of two sums over people, its variance that of Cochran (1977, "Sampling Techniques", equation
    6.13), and around it Wilson's interval for so many independent things as have that variance (Kott and Carr
    1997, "Developing an estimation strategy for a pesticide data program"), fewer by the square of Student's
    quantile over that of the normal distribution (Korn and Graubard 1998, "Confidence intervals for
    proportions with small expected number of positive counts estimated from survey data").

    Parameters
    ----------
    value, low, high : float
        In [0, 1].
    error : float
        Standard error.
    """

    value: float
    low: float
    high: float
    error: float

    @classmethod
    def of(cls, part: NDArray[np.float64], whole: NDArray[np.float64]) -> Self:
        """Ratio of the sums of what each person has; ``0 <= part <= whole``, arrays of shape (n_people,).

        One thing each is nearly a share of people:

        >>> one = Ratio.of(np.array([1.0, 0.0] * 5), np.ones(10))
        >>> one.value, round(one.low, 3), round(one.high, 3)
        (0.5, 0.199, 0.801)
        """
        n, total = len(whole), float(whole.sum())
        value = float(part.sum()) / total
        variance = n / max(n - 1, 1) * float(((part - value * whole) ** 2).sum()) / total**2
        # Where all or none are there, as many as people have some.
        n_some = int(np.count_nonzero(whole))
        n_things = float(n_some)
        if variance > 0.0:
            few = float(stats.t.ppf(_UPPER, n_some - 1) / stats.norm.ppf(_UPPER))
            n_things = value * (1.0 - value) / variance / few**2
        low, high = _wilson(value, n_things)
        return cls(value, low, high, math.sqrt(variance))


def _wilson(value: float, n: float) -> tuple[float, float]:
    z = float(stats.norm.ppf(_UPPER))
    middle = (value + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(value * (1.0 - value) / n + z * z / (4.0 * n * n))
    # Rounding may carry a little past the ends.
    low, high = max(0.0, float(middle - half)), min(1.0, float(middle + half))
    return 0.0 if value == 0.0 else low, 1.0 if value == 1.0 else high


def differ(shares: Sequence[Share]) -> bool:
    """Whether shares of groups that nobody is in two of differ by more than chance, at 5%.

    The chi-squared test of homogeneity (Pearson 1900); False where all or nobody have it.
    """
    table = np.array([[share.n_has, share.n - share.n_has] for share in shares])
    if len(table) < 2 or not table.sum(axis=0).all():
        return False
    return bool(stats.chi2_contingency(table, correction=False).pvalue < 1.0 - CONFIDENCE)


def vary(ratios: Sequence[Ratio]) -> bool:
    """Whether ratios of groups that nobody is in two of differ by more than chance, at 5%.

    The test of homogeneity of Cochran (1954, "The combination of estimates from different experiments");
    ratios without an error, all or none, are left out.
    """
    value, error = np.array([[r.value, r.error] for r in ratios if r.error > 0.0]).reshape(-1, 2).T
    if len(value) < 2:
        return False
    weight = 1.0 / error**2
    spread = float((weight * (value - np.average(value, weights=weight)) ** 2).sum())
    return bool(stats.chi2.sf(spread, len(value) - 1) < 1.0 - CONFIDENCE)


def above_the_rest(shares: Mapping[str, Share], whole: Share) -> list[str]:
    """Name groups whose share is above that of everybody else by more than chance, the highest first.

    Exact tests of each group against everybody else (Fisher 1922), one-sided; of those named, one in twenty
    is expected to be named by chance at most (Benjamini and Hochberg 1995).

    Parameters
    ----------
    shares : mapping of str to Share
        Groups that nobody is in two of.
    whole : Share
        Of all people, those of the groups among them.
    """
    p = [_p_above(share, whole) for share in shares.values()]
    if not p:
        return []
    rate = stats.false_discovery_control(p)
    named = [name for name, q in zip(shares, rate, strict=True) if q < 1.0 - CONFIDENCE]
    return sorted(named, key=lambda name: -shares[name].value)


def _p_above(share: Share, whole: Share) -> float:
    rest_has, rest = whole.n_has - share.n_has, whole.n - share.n
    table = np.array([[share.n_has, share.n - share.n_has], [rest_has, rest - rest_has]])
    return float(stats.fisher_exact(table, alternative="greater").pvalue)
