"""Of which periods and cohorts means of the measure may be told, such that no unit's value follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.programme.returns_design import Design
from training.programme.returns_panel import Bools, Floats, Ints, Panel
from training.programme.returns_solvable import are_few_solvable, count_unknown, known_by_sharing


class Values:
    """What is told of values: their means over the treated, by period, and effects, by period and cohort.

    Parameters
    ----------
    panel : Panel
    design : Design
    since : int64 array, shape (n_since,)
        Periods since the start that anything may be told of.
    """

    def __init__(self, panel: Panel, design: Design, since: Ints) -> None:
        self._design = design
        self._since = since
        self._rows = np.flatnonzero(design.treated | design.comparison)
        self._value = panel.value[self._rows]
        self._sides = [
            (np.isin(self._rows, cohort.treated), np.isin(self._rows, cohort.comparison))
            for cohort in design.cohorts
        ]
        # Units that are on the same sides and have values in the same periods are weighed alike by all.
        kinds = np.column_stack([*(side for pair in self._sides for side in pair), ~np.isnan(self._value)])
        _, self._one, self._kind = np.unique(kinds, axis=0, return_index=True, return_inverse=True)
        self._kind = self._kind.ravel()
        self._unknown_beside = self._counts()
        self._periods: list[int] = []
        self._figures: list[Floats] = []

    def may(self, periods: Sequence[int] = (), cohorts: Sequence[int] = ()) -> bool:
        """Whether figures may be told beside those told already.

        Parameters
        ----------
        periods : sequence of int
            Periods since the start whose mean and effect are asked for.
        cohorts : sequence of int
            Cohorts of the design whose mean effect over the window is asked for.
        """
        figures = [*self._figures, *self._figures_of(periods, cohorts)]
        unknown = self._unknown([*self._periods, *periods])
        return not are_few_solvable(np.array(figures).reshape(len(figures), -1), unknown)

    def take(self, periods: Sequence[int] = (), cohorts: Sequence[int] = ()) -> None:
        """Take figures as told."""
        self._figures += self._figures_of(periods, cohorts)
        self._periods += periods

    def _figures_of(self, periods: Sequence[int], cohorts: Sequence[int]) -> list[Floats]:
        """Weigh each kind of unit in figures, by period and in sum; shape (n_kinds, n_periods + 1)."""
        found = []
        for since in periods:
            level, effect, n = self._weights(since, range(len(self._sides)))
            found += [level / n, effect / n]
        window = self._since[self._since >= -self._design.ahead].tolist()
        for c in cohorts:
            effects = [self._weights(since, [c]) for since in window]
            found.append(np.mean([effect / n for _, effect, n in effects], axis=0))
        return found

    def _weights(self, since: int, cohorts: Sequence[int]) -> tuple[Floats, Floats, int]:
        level, effect = np.zeros((2, *self._value.shape))
        n = 0
        for c in cohorts:
            start = self._design.cohorts[c].start
            at, base = start + since, start + self._design.base
            if not 0 <= at < self._value.shape[1]:
                continue
            there = ~np.isnan(self._value[:, at])
            its, others = (side & there for side in self._sides[c])
            if not its.any() or not others.any():
                continue
            n += int(its.sum())
            level[its, at] += 1.0
            for who, weight in ((its, 1.0), (others, -its.sum() / others.sum())):
                effect[who, at] += weight
                effect[who, base] -= weight
        level, effect = (np.column_stack([w, w.sum(axis=1)])[self._one] for w in (level, effect))
        return level, effect, n

    def _unknown(self, told: Sequence[int]) -> list[Ints]:
        """Count units of each kind whose value in a period is not known, for all that somebody may know."""
        starts = np.array([cohort.start for cohort in self._design.cohorts])[:, None]
        used = {None, *(starts + told).ravel().tolist()}
        return [
            count
            for (since, period), count in self._unknown_beside.items()
            if since in {None, *told} and period in used
        ]

    def _counts(self) -> dict[tuple[int | None, int | None], Ints]:
        """Count units as above, by what their values are known beside."""
        there = np.column_stack([~np.isnan(self._value), np.ones(len(self._value), np.bool_)])
        others = self._known_by_calendar()
        return {
            (since, period): count_unknown(there, ours | theirs, self._kind).ravel()
            for since, ours in self._known_by_start().items()
            for period, theirs in others.items()
        }

    def _known_by_start(self) -> dict[int | None, Bools]:
        """Tell what is known of the treated beside periods since their start; by calendar."""
        n, n_periods = self._value.shape
        at = np.full((n, len(self._since)), -1)
        for cohort, (its, _) in zip(self._design.cohorts, self._sides, strict=True):
            at[its] = cohort.start + self._since
        at = np.where((at >= 0) & (at < n_periods), at, -1)
        ours = np.flatnonzero((at >= 0).any(axis=1))
        value = np.where(at >= 0, np.take_along_axis(self._value, at, axis=1), np.nan)[ours]
        at = np.column_stack([at[ours], np.full(len(ours), n_periods)])
        found: dict[int | None, Bools] = {}
        for beside, known in known_by_sharing(value).items():
            whole = np.zeros((n, n_periods + 1), np.bool_)
            row, column = np.nonzero(known)
            whole[ours[row], at[row, column]] = True
            found[None if beside is None else int(self._since[beside])] = whole
        return found

    def _known_by_calendar(self) -> dict[int | None, Bools]:
        """Tell what is known of those compared with, each perhaps with several cohorts, beside periods."""
        theirs = np.any([others for _, others in self._sides], axis=0)
        found: dict[int | None, Bools] = {}
        for beside, known in known_by_sharing(self._value[theirs]).items():
            found[beside] = np.zeros((len(self._value), known.shape[1]), np.bool_)
            found[beside][theirs] = known
        return found
