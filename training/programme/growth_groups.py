"""What the people of each group of a partition gained, as far as a report may tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.stats import false_discovery_control, norm

from training.programme.growth import MAIN, Gain, gain_of
from training.programme.growth_scale import Scale
from training.programme.growth_sittings import FEWEST_PEOPLE, MONTHS, Floats, Sittings
from training.programme.ledger import Bools, Ledger

_FALSE: Final = 0.05
_Key: TypeAlias = tuple[str | None, int]
"""A group, or None for everybody, and a time."""
_Levels: TypeAlias = dict[tuple[str, str | None, int], Floats]


@dataclass(frozen=True, slots=True)
class Growth:
    """What one group gained.

    Parameters
    ----------
    group : str or None
        None is everybody.
    months : int
        After the first answer.
    n_eligible : int or None
        People measured at the start for whom that time is over; None where it may not be told.
    start, later : float
        Share passed of the same items at the start and then.
    gain : Gain
        The difference, of those measured at both times.
    rest : Gain or None
        How much larger the gain is than that of everybody else; None where that was not asked for, or
        there are too few others.
    differs : bool
        Whether that is more than chance brings about when so many groups are compared.
    """

    group: str | None
    months: int
    n_eligible: int | None
    start: float
    later: float
    gain: Gain
    rest: Gain | None = None
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """Those who were measured again beside those who were not, both as they stood at the start.

    Parameters
    ----------
    months : int
    n_again, n_not : int
        How many they are.
    again, not_again : float
        Share passed of the same items at the start.
    difference : Gain
        The first less the second.
    """

    months: int
    n_again: int
    n_not: int
    again: float
    not_again: float
    difference: Gain


@dataclass(frozen=True, slots=True)
class GrowthFound:
    """What is known of growth in one partition of people.

    Parameters
    ----------
    main : int
        Months after which groups are compared with the rest.
    measured_by : {"checks", "answers"}
        As of `Sittings`.
    everybody, groups : tuple of Growth
        By time; of groups by time, then in their order.
    returned : tuple of Returned
        By time.
    """

    main: int
    measured_by: Literal["checks", "answers"]
    everybody: tuple[Growth, ...]
    groups: tuple[Growth, ...]
    returned: tuple[Returned, ...]


@dataclass(frozen=True, slots=True)
class _People:
    """Those measured again at a time, and those who were not; None of these where it may not be told."""

    again: Bools
    gone: Bools | None


def growth(scale: Scale, groups: Mapping[str, Bools], ledger: Ledger) -> GrowthFound | None:
    """Estimate what everybody and each group gained, as far as it may be told.

    Parameters
    ----------
    scale : Scale
    groups : mapping of str to bool array, shape (n_learners,)
        No two hold one person.
    ledger : Ledger
        Of the report.

    Returns
    -------
    GrowthFound or None
        None where nothing can be estimated or told.
    """
    sat = scale.sittings
    kept = _told(sat, groups, ledger)
    times = [time for name, time in kept if name is None]
    if not times:
        return None
    main = times[0]
    wanted = _wanted(kept, main)
    rows_of = [sat.rows(time, among) for time, among in wanted.values()]
    levels: _Levels = dict(zip(wanted, scale.levels(rows_of).T, strict=True))
    found = {key: _growth(key, people, levels) for key, people in kept.items()}
    order = {name: at for at, name in enumerate((None, *groups))}
    keys = sorted(found, key=lambda key: (key[1], order[key[0]]))
    differ = _differing(levels, main)
    return GrowthFound(
        main=MONTHS[main - 1],
        measured_by=sat.measured_by,
        everybody=tuple(found[key] for key in keys if key[0] is None),
        groups=tuple(
            replace(found[key], differs=key[1] == main and key[0] in differ)
            for key in keys
            if key[0] is not None
        ),
        returned=tuple(
            _returned(kept[key], levels, time)
            for key, time in ((key, key[1]) for key in keys)
            if ("gone", *key) in levels
        ),
    )


def _told(sat: Sittings, groups: Mapping[str, Bools], ledger: Ledger) -> dict[_Key, _People]:
    """Who may be told of; the main time first, everybody before groups, large before small."""
    times = [time for time in range(1, len(MONTHS) + 1) if sat.is_linked(time)]
    times.sort(key=lambda time: (MONTHS[time - 1] != MAIN, MONTHS[time - 1]))
    by_size = sorted(groups, key=lambda name: -int((groups[name] & sat.at(0)).sum()))
    everybody = np.ones(sat.due.shape[1], np.bool_)
    told: dict[_Key, _People] = {}
    all_of: dict[str | None, Bools] = {None: everybody}
    groups_of: dict[str | None, Bools] = {name: groups[name] for name in by_size}
    for members in (all_of, groups_of):
        keys = [(name, time) for time in times for name in members]
        for name, time in keys:
            again = sat.measured(time) & members[name]
            if again.sum() >= FEWEST_PEOPLE and ledger.tell(again):
                told[name, time] = _People(again, None)
        # Of how many they are a part comes second.
        for name, time in keys:
            eligible = sat.eligible(time) & members[name]
            if (name, time) in told and ledger.tell(eligible):
                told[name, time] = _People(told[name, time].again, eligible & ~told[name, time].again)
    return told


def _wanted(kept: Mapping[_Key, _People], main: int) -> dict[tuple[str, str | None, int], tuple[int, Bools]]:
    """Whose levels are needed at which time."""
    wanted: dict[tuple[str, str | None, int], tuple[int, Bools]] = {}
    for (name, time), people in kept.items():
        wanted["start", name, time] = (0, people.again)
        wanted["later", name, time] = (time, people.again)
        if name is None and people.gone is not None and people.gone.sum() >= FEWEST_PEOPLE:
            wanted["gone", name, time] = (0, people.gone)
        if name is not None and time == main:
            others = kept[None, main].again & ~people.again
            if others.sum() >= FEWEST_PEOPLE:
                wanted["start of rest", name, time] = (0, others)
                wanted["rest later", name, time] = (time, others)
    return wanted


def _growth(key: _Key, people: _People, levels: _Levels) -> Growth:
    start, later = levels["start", *key], levels["later", *key]
    n = int(people.again.sum())
    against = _against_rest(key, levels)
    return Growth(
        group=key[0],
        months=MONTHS[key[1] - 1],
        n_eligible=None if people.gone is None else n + int(people.gone.sum()),
        start=float(start[0]),
        later=float(later[0]),
        gain=gain_of(n, later - start),
        rest=None if against is None else gain_of(n, against),
    )


def _against_rest(key: _Key, levels: _Levels) -> Floats | None:
    """Draws of how much more a group gained than everybody else."""
    if ("start of rest", *key) not in levels:
        return None
    own = levels["later", *key] - levels["start", *key]
    return own - (levels["rest later", *key] - levels["start of rest", *key])


def _differing(levels: _Levels, main: int) -> set[str | None]:
    """Find groups that differ from the rest, with few false ones (Benjamini and Hochberg 1995)."""
    asked = {name: _against_rest((name, main), levels) for what, name, _ in levels if what == "start of rest"}
    if not asked:
        return set()
    adjusted = false_discovery_control([_chance(draws) for draws in asked.values() if draws is not None])
    return {name for name, chance in zip(asked, adjusted, strict=True) if chance < _FALSE}


def _chance(draws: Floats) -> float:
    """Return the chance of so large a difference where there is none, as if draws were normal."""
    spread = np.nanstd(draws[1:], ddof=1)
    return float(2 * norm.sf(abs(draws[0]) / spread)) if spread > 0 else 1.0


def _returned(people: _People, levels: _Levels, time: int) -> Returned:
    again, gone = levels["start", None, time], levels["gone", None, time]
    n_again = int(people.again.sum())
    n_not = 0 if people.gone is None else int(people.gone.sum())
    return Returned(
        months=MONTHS[time - 1],
        n_again=n_again,
        n_not=n_not,
        again=float(again[0]),
        not_again=float(gone[0]),
        difference=gain_of(n_again + n_not, again - gone),
    )
