"""What groups gained, each beside the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.programme.equity_told import Floats, Told
from training.programme.equity_verdicts import Comparison, Measure, compare
from training.programme.growth import gains
from training.programme.growth_sittings import sittings, time_after
from training.programme.ledger import Bools
from training.programme.programme import Programme

MONTHS: Final = 12
GAIN: Final = Measure(("gain",), 0.05)
_NORMAL: Final = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Gained:
    """What one group gained.

    Parameters
    ----------
    people : bool array, shape (n_learners,)
        Who was measured at both times.
    gain, error : float
        Rise of the share passed on the same items, and its standard error.
    shares : float64 array, shape (n_learners, 2)
        Share of their own items that each learner passed at first and then, which gains are worked out from;
        of those measured at both times.
    """

    people: Bools
    gain: float
    error: float
    shares: Floats


def gained(programme: Programme, groups: Mapping[str, Mapping[str, Bools]]) -> dict[str, dict[str, Gained]]:
    """Ask what each group of each column gained in `MONTHS` months, all on one scale.

    Parameters
    ----------
    programme : Programme
    groups : mapping of str to mapping of str to bool array, shape (n_learners,)
        By column and name.

    Returns
    -------
    dict of str to dict of str to Gained
        By column and name; without groups of which it cannot be told.
    """
    shares = shares_passed(programme)
    twice = ~np.isnan(shares).any(axis=1)
    people = {
        (column, name): group & twice for column, of_it in groups.items() for name, group in of_it.items()
    }
    by_number = {str(i): group for i, group in enumerate(people.values())}
    found = gains(programme, by_number, months=MONTHS)
    all_gained: dict[str, dict[str, Gained]] = {column: {} for column in groups}
    for ((column, name), of_it), gain in zip(people.items(), found.values(), strict=True):
        if gain is not None and np.isfinite([gain.gain, gain.low, gain.high]).all():
            error = (gain.high - gain.low) / (2 * _NORMAL)
            all_gained[column][name] = Gained(of_it, gain.gain, error, shares)
    return all_gained


def shares_passed(programme: Programme) -> Floats:
    """Return the share of their own items that each learner passed at first and after `MONTHS` months.

    Returns
    -------
    float64 array, shape (n_learners, 2)
        NaN for who was not measured at both times.
    """
    shares = np.full((len(programme.learners), 2), np.nan)
    found = sittings(programme)
    if found is not None:
        later = time_after(MONTHS)
        twice = found.measured(later)
        for at, time in enumerate((0, later)):
            rows = found.rows(time, twice)
            passed, asked = (np.asarray(its[rows].sum(axis=1)) for its in (found.passed, found.asked))
            shares[found.learner[rows], at] = passed / asked
    return shares


def told_of_gains(groups: Mapping[str, Gained], told: Told) -> dict[str, Gained]:
    """Choose groups whose gain may be told, and take them as told.

    Parameters
    ----------
    groups : mapping of str to Gained
        Of one column.
    told : Told
        Of that column.
    """
    people = told.people("gains", {name: its.people for name, its in groups.items()})
    if len(people) < 2:
        return {}
    shares = groups[next(iter(people))].shares
    twice = np.isfinite(shares[:, 0] + shares[:, 1])
    start, later = np.nan_to_num(shares).T
    chosen = told.values([GAIN.key], [start, later, later - start], people, twice)
    return {name: groups[name] for name in chosen}


def compare_gains(groups: Mapping[str, Gained]) -> list[Comparison]:
    """Compare the gain of each group with the mean of the others, by how many they are.

    Errors are put together as of groups that have nothing in common; that they are on one scale makes the
    true ones a little smaller.
    """
    sizes = {name: int(its.people.sum()) for name, its in groups.items()}
    found = []
    for name, n in sizes.items():
        others = [other for other in sizes if other != name]
        counts = np.array([sizes[other] for other in others], np.float64)
        weights = counts / counts.sum()
        rest = float(weights @ [groups[other].gain for other in others])
        of_rest = float(np.sqrt((weights**2) @ [groups[other].error ** 2 for other in others]))
        own = groups[name]
        errors = own.error, float(np.hypot(own.error, of_rest))
        found.append(compare(GAIN, name, (n, int(counts.sum())), (own.gain, rest), errors))
    return found
