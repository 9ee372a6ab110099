"""Which means over units give nobody away: almost all having one value, the mean gives away the others.

Where nine units of ten cost nothing, ten times the mean is the cost of the tenth. So units that have another
value than the most common one are nobody or at least five, in each period and in what two periods differ by.
"""

from __future__ import annotations

import numpy as np

from recommender.domain.disclosure import LEAST
from training.programme.ledger import may_tell
from training.programme.returns_design import Design
from training.programme.returns_draws import changes, costs_of
from training.programme.returns_panel import Bools, Floats, Ints, Panel
from training.programme.returns_people import People


def cost_is_told(panel: Panel, design: Design, people: People) -> bool:
    """Whether the cost of the treated may be told, by period of the window; if so, it is taken as told.

    Units with a known cost, those without, and those with a cost other than 0 are nobody or at least five in
    each period; the ledger is asked of their people, in all periods at once. All is told or nothing is, for
    what is spent so far holds all periods before. Where no cost is known there is nothing to withhold.

    Parameters
    ----------
    panel : Panel
    design : Design
    people : People
        With the ledger of the report.
    """
    before, inside = costs_of(panel, design)
    known = ~np.isnan(inside)
    if not known.any():
        return True
    # The first figure is of the first period and all before it.
    spends = known & (inside != 0)
    spends[:, 0] |= before[:, 0] != 0
    # Each unit's part in the figure of a period, times the number of units that are known.
    part = inside.copy()
    part[:, 0] = np.where(known[:, 0], inside[:, 0], 0.0) / max(known[:, 0].sum(), 1) * len(part)
    part[:, 0] += before[:, 0]
    groups = [_of_all(column, design) for column in np.hstack([known, spends]).T if column.any()]
    too_few = _few(known) or _few(~known) or _few(spends)
    if too_few or not gives_nobody_away(part):
        people.ledger.n_withheld += len(groups)
        return False
    return people.tell(*groups)


def values_are_told(panel: Panel, design: Design, since: Ints) -> bool:
    """Whether means of the measure in some periods since the start, and changes from the base, may be told.

    Told are the mean of the treated and, as what is expected minus their base, the mean change of those they
    are compared with.

    Parameters
    ----------
    panel : Panel
    design : Design
    since : int64 array, shape (n_since,)
    """
    level = []
    for cohort in design.cohorts:
        base = panel.value[cohort.treated, cohort.start + design.base][:, None]
        level.append(np.hstack([base, base + changes(panel, design, cohort.start, cohort.treated, since)]))
        others = changes(panel, design, cohort.start, cohort.comparison, since)
        if not gives_nobody_away(others):
            return False
    return gives_nobody_away(np.concatenate(level))


def gives_nobody_away(values: Floats) -> bool:
    """Whether means of each column, and of what two columns differ by, hold at least five units apart.

    Parameters
    ----------
    values : float array, shape (n_units, n_columns)
        NaN where a unit is not in a mean.

    Examples
    --------
    >>> alike = np.zeros((10, 1))
    >>> gives_nobody_away(alike), gives_nobody_away(alike + (np.arange(10) == 3)[:, None])
    (True, False)
    """
    columns = list(values.T)
    pairs = [other - one for i, one in enumerate(columns) for other in columns[i + 1 :]]
    return all(may_tell(column[~np.isnan(column)]) for column in columns + pairs)


def _few(has: Bools) -> bool:
    """Whether in some column those who have something are too few to tell, but not nobody."""
    n = has.sum(axis=0)
    return bool(((n > 0) & (n < LEAST)).any())


def _of_all(of_treated: Bools, design: Design) -> Bools:
    units = np.zeros(design.n_units, np.bool_)
    units[np.flatnonzero(design.treated)[of_treated]] = True
    return units
