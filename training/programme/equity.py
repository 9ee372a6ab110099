"""Whether anybody is served worse than others: groups of people compared, each with everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from training.programme.equity_gains import Gained, compare_gains, gained
from training.programme.equity_measures import Ratio, compare_predictions, compare_ratios
from training.programme.equity_offers import K, Offers, offers
from training.programme.equity_places import FILLED, families, told_of_places
from training.programme.equity_predictions import HeldOut, held_out_predictions
from training.programme.equity_verdicts import Comparison, Measure, judge
from training.programme.ledger import Bools, Ledger
from training.programme.programme import Programme

PREFIX: Final = "group_"
NOT_SAID: Final = "not recorded"
"""Group of those of whom a column says nothing, if no group is truly called so."""
OFFERED: Final = Measure(FILLED, 1 / K)
_PLACES: Final = 0.10
_SUCCESS: Final = Measure(("success",), 0.05)


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What was compared between the groups of one column.

    Parameters
    ----------
    column : str
    sizes : dict of str to int
        People of each group that is told of, in the order of names.
    comparisons : tuple of Comparison
    has_model, has_offers, has_fit, has_gain : bool
        Whether the model's errors, what is offered, its difficulty and gains could be worked out at all.
    is_sampled : bool
        Whether lists were made for some people only.
    n_withheld : int
        Groups, and values of groups, that are not told.
    n_places_withheld : int
        Of these, values of places of lists that would give few people away.
    """

    column: str
    sizes: dict[str, int]
    comparisons: tuple[Comparison, ...]
    has_model: bool
    has_offers: bool
    has_fit: bool
    has_gain: bool
    is_sampled: bool
    n_withheld: int
    n_places_withheld: int = 0

    def of(self, *kinds: str) -> tuple[Comparison, ...]:
        """Comparisons by measures of some kinds, in the order of kinds."""
        return tuple(one for kind in kinds for one in self.comparisons if one.measure.key[0] == kind)


def columns_of(programme: Programme) -> tuple[str, ...]:
    """Return the columns of learners that say which group somebody is in."""
    return tuple(str(name) for name in programme.learners if str(name).startswith(PREFIX))


def audits(programme: Programme) -> list[Audit]:
    """Compare the groups of every column, each with everybody else who is told of.

    A report is about those who have answered at least once where there is a skill model, and else about all.

    Parameters
    ----------
    programme : Programme

    Returns
    -------
    list of Audit
        One a column; without comparisons where there are no two groups to tell of, or nothing to compare.
    """
    answers = held_out_predictions(programme)
    among = np.ones(len(programme.learners), np.bool_)
    if answers is not None:
        among = np.bincount(answers.learner, minlength=len(among)) > 0
    offered = offers(programme, among)
    groups = {column: _groups(programme.learners[column], among) for column in columns_of(programme)}
    gains = gained(programme, groups) if groups else {}
    return [
        audit(programme, column, Ledger(among), of_column, answers, offered, gains[column])
        for column, of_column in groups.items()
    ]


def audit(
    programme: Programme,
    column: str,
    ledger: Ledger,
    groups: Mapping[str, Bools],
    answers: HeldOut | None,
    offered: Offers | None,
    gains: Mapping[str, Gained],
) -> Audit:
    """Compare the groups of one column.

    Parameters
    ----------
    programme : Programme
    column : str
    ledger : Ledger
        Of whom it is about.
    groups : mapping of str to bool array, shape (n_learners,)
        A partition of these people, who have answers, if there are any.
    answers : HeldOut or None
    offered : Offers or None
        Of these people.
    gains : mapping of str to Gained
        Of some of the groups.
    """
    told = ledger.split(groups)
    found: list[Comparison] = []
    rng, n_resamples = programme.rng(f"equity {column}"), programme.n_resamples
    n_places_withheld = 0
    if answers is not None and len(told) > 1:
        found += compare_predictions(answers, told, rng, n_resamples)
    if offered is not None:
        of_lists = ledger.split({name: group & offered.served for name, group in told.items()})
        if len(of_lists) > 1:
            may_tell = told_of_places(offered, of_lists)
            n_places_withheld = sum(len(of_lists) - len(names) for names in may_tell.values())
            for names, ratios in _by_names(_in_lists(offered), may_tell).items():
                found += compare_ratios(ratios, {name: of_lists[name] for name in names}, rng, n_resamples)
        if offered.n_success.any():
            has_chance = offered.n_success > 0
            of_chances = ledger.split({name: group & has_chance for name, group in told.items()})
            if len(of_chances) > 1:
                success = Ratio(_SUCCESS, offered.success, offered.n_success)
                found += compare_ratios([success], of_chances, rng, n_resamples)
    of_gain = compare_gains({name: its for name, its in gains.items() if name in told}, ledger)
    return Audit(
        column=column,
        sizes={name: int(group.sum()) for name, group in told.items()},
        comparisons=judge([*found, *of_gain]),
        has_model=answers is not None,
        has_offers=offered is not None,
        has_fit=offered is not None and bool(offered.n_success.any()),
        has_gain=bool(of_gain),
        is_sampled=offered is not None and not bool(offered.served[_union(groups)].all()),
        n_withheld=ledger.n_withheld + n_places_withheld,
        n_places_withheld=n_places_withheld,
    )


def _union(groups: Mapping[str, Bools]) -> Bools:
    return np.asarray(np.logical_or.reduce(list(groups.values())), np.bool_)


def _groups(column: pd.Series[Any], among: Bools) -> dict[str, Bools]:
    is_said = column.notna().to_numpy()
    names = column.astype("object").astype(str).to_numpy()
    not_said = NOT_SAID
    while not_said in set(names[is_said]):
        not_said += " (no value)"
    names = np.where(is_said, names, not_said)
    return {name: among & (names == name) for name in sorted(set(names[among].tolist()))}


def _in_lists(offered: Offers) -> list[Ratio]:
    """Say what is compared of lists, over all their places, so that nobody with an empty one drops out."""
    places = np.where(offered.served, float(K), 0.0)
    kinds = [
        Ratio(Measure(key, _PLACES), its, places)
        for family in families(offered)
        for key, its in family.items()
    ]
    return [Ratio(OFFERED, offered.filled, places), *kinds]


def _by_names(
    ratios: Sequence[Ratio], told: Mapping[tuple[str, ...], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Ratio]]:
    """Put together what may be told of the same groups."""
    by_names: dict[tuple[str, ...], list[Ratio]] = {}
    for one in ratios:
        if told[one.measure.key]:
            by_names.setdefault(told[one.measure.key], []).append(one)
    return by_names
