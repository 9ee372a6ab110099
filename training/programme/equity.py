"""Whether anybody is served worse than others: groups of people compared, each with everybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from training.programme.equity_gains import Gained, compare_gains, gained, told_of_gains
from training.programme.equity_links import Groups, Links
from training.programme.equity_measures import (
    PREDICTIONS,
    AnswerSums,
    Ratio,
    compare_predictions,
    compare_ratios,
)
from training.programme.equity_offers import K, Offers, offers
from training.programme.equity_places import FILLED, families, told_of_places
from training.programme.equity_predictions import HeldOut, held_out_predictions
from training.programme.equity_told import Told
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
    n_values_withheld : int
        Of these, values of groups that would give few people away.
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
    n_values_withheld: int = 0

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
    links = Links()
    return [
        audit(programme, column, Told(Ledger(among), links), of_column, answers, offered, gains[column])
        for column, of_column in groups.items()
    ]


def audit(
    programme: Programme,
    column: str,
    told: Told,
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
    told : Told
        Of whom it is about.
    groups : mapping of str to bool array, shape (n_learners,)
        A partition of these people, who have answers, if there are any.
    answers : HeldOut or None
    offered : Offers or None
        Of these people.
    gains : mapping of str to Gained
        Of some of the groups.
    """
    shown = told.people("people", groups)
    found: list[Comparison] = []
    rng, n_resamples = programme.rng(f"equity {column}"), programme.n_resamples
    if answers is not None and len(shown) > 1:
        by_person = AnswerSums.of(answers, len(programme.learners))
        of_answers = told.values(PREDICTIONS, by_person.columns(), shown, by_person.count > 0)
        if of_answers:
            found += compare_predictions(answers, by_person, of_answers, rng, n_resamples)
    if offered is not None:
        for groups_of, ratios in _of_offers(offered, shown, told):
            found += compare_ratios(ratios, groups_of, rng, n_resamples)
    of_gain = compare_gains(told_of_gains({n: its for n, its in gains.items() if n in shown}, told))
    return Audit(
        column=column,
        sizes={name: int(group.sum()) for name, group in shown.items()},
        comparisons=judge([*found, *of_gain]),
        has_model=answers is not None,
        has_offers=offered is not None,
        has_fit=offered is not None and bool(offered.n_success.any()),
        has_gain=bool(of_gain),
        is_sampled=offered is not None and not bool(offered.served[_union(groups)].all()),
        n_withheld=told.n_withheld,
        n_values_withheld=told.n_values,
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


def _of_offers(
    offered: Offers, shown: Mapping[str, Bools], told: Told
) -> Iterator[tuple[Groups, list[Ratio]]]:
    """Give what is compared of what is offered, and the groups that it may be told of."""
    of_lists = told.people("lists", {name: group & offered.served for name, group in shown.items()})
    if len(of_lists) > 1:
        by_names: dict[tuple[str, ...], list[Ratio]] = {}
        names_of = told_of_places(offered, of_lists)
        for one in _in_lists(offered):
            key, names = one.measure.key, names_of[one.measure.key]
            told.n_values += len(of_lists) - len(names)
            empty = [K - one.top] if key == FILLED else []
            may = {name: of_lists[name] for name in names}
            safe = told.values([key], [one.top, *empty], may, offered.served)
            if safe:
                by_names.setdefault(tuple(safe), []).append(one)
        for names, ratios in by_names.items():
            yield {name: of_lists[name] for name in names}, ratios
    if offered.n_success.any():
        has_chance = offered.n_success > 0
        of_chances = told.people("chances", {name: group & has_chance for name, group in shown.items()})
        success = Ratio(_SUCCESS, offered.success, offered.n_success)
        if len(of_chances) > 1:
            safe = told.values([_SUCCESS.key], success.columns(), of_chances, has_chance)
            if safe:
                yield safe, [success]


def _in_lists(offered: Offers) -> list[Ratio]:
    """Say what is compared of lists, over all their places, so that nobody with an empty one drops out."""
    places = np.where(offered.served, float(K), 0.0)
    kinds = [
        Ratio(Measure(key, _PLACES), its, places)
        for family in families(offered)
        for key, its in family.items()
    ]
    return [Ratio(OFFERED, offered.filled, places), *kinds]
