"""Compile what plans pathways before it is needed."""

from __future__ import annotations

import numpy as np

from recommender.pathways.arrays import plan_arrays
from recommender.pathways.plan_kernel import may_start
from recommender.pathways.solver import EXACT_MODULES, solve


def warm_planner() -> None:
    """Plan made-up problems, small ones and one too large to be planned exactly, anew and beside a plan.

    What a plan of the catalogue runs through depends on how much somebody lacks, so none would do.
    """
    for n in (2, EXACT_MODULES + 2):
        each, even = np.arange(n), np.arange(0, n, 2)
        # Every module teaches a skill of its own; each second one is a variant, and needs module and skill.
        problem = plan_arrays(
            minutes=np.linspace(30.0, 60.0, n),
            teaches=(np.append(each, 1), np.append(each, 0), np.append(np.full(n, 2.0), 1.0)),
            needs=(even + 1, even),
            asks=(even + 1, even, np.full(len(even), 0.5)),
            group=np.where(each < n - 2, -1, 0),
            mastery=np.full(n, 0.2),
            required=np.full(n, 0.8),
            weight=np.ones(n),
        )
        plan = solve(problem)
        solve(problem, plan.order[::-1].tolist(), 0.5)
        # The calendar asks this of a review.
        may_start(problem, 0, np.zeros(n, np.bool_), np.zeros(n))
