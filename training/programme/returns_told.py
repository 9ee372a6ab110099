"""Whether cost may be told: of many units, and of many that spend anything."""

from __future__ import annotations

import numpy as np

from recommender.domain.disclosure import LEAST
from training.programme.returns_design import Design
from training.programme.returns_draws import costs_of
from training.programme.returns_panel import Bools, Floats, Panel
from training.programme.returns_people import People
from training.programme.returns_solvable import are_few_solvable, count_unknown, known_by_sharing


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
    # Each unit's part in what a period adds to the figure, times the number of units that have one.
    part = inside.copy()
    part[:, 0] = np.where(known[:, 0], inside[:, 0], 0.0) / max(known[:, 0].sum(), 1) * len(part)
    part[:, 0] += before[:, 0]
    groups = [_of_all(column, design) for column in np.hstack([known, spends]).T if column.any()]
    if _few(known) or _few(~known) or _few(spends) or _is_solvable(part):
        people.ledger.n_withheld += len(groups)
        return False
    return people.tell(*groups)


def _few(has: Bools) -> bool:
    """Whether in some column those who have something are too few to tell, but not nobody."""
    n = has.sum(axis=0)
    return bool(((n > 0) & (n < LEAST)).any())


def _is_solvable(part: Floats) -> bool:
    """Whether the means of all columns give away parts of few; NaN where a unit is not in a mean."""
    there = ~np.isnan(part)
    kinds, kind = np.unique(there, axis=0, return_inverse=True)
    n = part.shape[1]
    figures = np.zeros((n, len(kinds), n + 1))
    for i in np.flatnonzero(there.any(axis=0)).tolist():
        figures[i, :, i] = figures[i, :, n] = kinds[:, i] / there[:, i].sum()
    whole = np.column_stack([there, np.ones(len(there), np.bool_)])
    unknown = [count_unknown(whole, known, kind.ravel()).ravel() for known in known_by_sharing(part).values()]
    return are_few_solvable(figures.reshape(n, -1), unknown)


def _of_all(of_treated: Bools, design: Design) -> Bools:
    units = np.zeros(design.n_units, np.bool_)
    units[np.flatnonzero(design.treated)[of_treated]] = True
    return units
