"""What groups gained, each beside the others."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.programme.equity_verdicts import Comparison, Measure, compare
from training.programme.ledger import Bools, Ledger
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
    """

    people: Bools
    gain: float
    error: float


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
    growth = importlib.import_module("training.programme.growth")
    twice = growth.measured_twice(programme, months=MONTHS)
    people = {
        (column, name): group & twice for column, of_it in groups.items() for name, group in of_it.items()
    }
    by_number = {str(i): group for i, group in enumerate(people.values())}
    found = growth.gains(programme, by_number, months=MONTHS)
    all_gained: dict[str, dict[str, Gained]] = {column: {} for column in groups}
    for ((column, name), of_it), gain in zip(people.items(), found.values(), strict=True):
        if gain is not None and np.isfinite([gain.gain, gain.low, gain.high]).all():
            error = (gain.high - gain.low) / (2 * _NORMAL)
            all_gained[column][name] = Gained(of_it, gain.gain, error)
    return all_gained


def compare_gains(groups: Mapping[str, Gained], ledger: Ledger) -> list[Comparison]:
    """Compare each group that may be told of with the mean of the others, by how many they are.

    Errors are put together as of groups that have nothing in common; that they are on one scale makes the
    true ones a little smaller.
    """
    told = ledger.split({name: its.people for name, its in groups.items()})
    if len(told) < 2:
        return []
    sizes = {name: int(people.sum()) for name, people in told.items()}
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
