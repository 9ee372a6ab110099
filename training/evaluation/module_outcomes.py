"""Where one model put the targets, list by list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from training.evaluation.metrics import TOP_K, Ints


@dataclass(slots=True)
class Outcomes:
    """What one model made of the targets: one entry a target, but one a list where that is said.

    Parameters
    ----------
    learner, group, rank, share : list
        Of every target; `share` is 1 / number of targets looked up in its list.
    top : list of int array, shape (10,)
        Of every list; empty for somebody who gave ranks only.
    seconds : list of float
        To score and rank, of every list.
    fit_seconds : float or None
        All splits together; None when not measured.
    """

    learner: list[int] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    rank: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    top: list[Ints] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    fit_seconds: float | None = None

    def add_fit(self, seconds: float | None) -> None:
        """Add the time of one fit; None is one that was not measured."""
        if seconds is not None:
            self.fit_seconds = (self.fit_seconds or 0.0) + seconds

    def add(
        self,
        learner: int,
        groups: Sequence[str],
        ranks: Sequence[float],
        top: Ints | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Add one list: the groups and ranks (from 1) of its targets, its top ten, and the seconds it took.

        Somebody who gives ranks only has no top ten, for any list, and takes no time.
        """
        n_targets = len(ranks)
        self.learner.extend([learner] * n_targets)
        self.group.extend(groups)
        self.rank.extend(ranks)
        self.share.extend([1 / n_targets] * n_targets)
        if top is not None:
            self.top.append(np.pad(top, (0, TOP_K - len(top)), constant_values=-1))
            self.seconds.append(seconds)
