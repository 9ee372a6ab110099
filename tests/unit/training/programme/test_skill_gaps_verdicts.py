"""Which of many changes count as such."""

from __future__ import annotations

import numpy as np

from training.programme.figures import Mean
from training.programme.skill_gaps_verdicts import verdicts


def test_changes_are_told_as_such_by_how_many_are_looked_at() -> None:
    def change(value: float, p: float) -> Mean:
        return Mean(10, value, 0.0, 1.0, p)

    assert verdicts([change(0.1, 0.04)]) == ("up",)
    assert verdicts([change(-0.1, 0.04)]) == ("down",)
    assert verdicts([change(0.1, 0.06)]) == ("chance",)
    many = [change(0.1, 0.04), *(change(0.1, 0.9) for _ in range(9))]
    assert verdicts(many) == ("many", *["chance"] * 9)
    # Of four, the third is within 3/4 of 5% and takes the smaller ones with it.
    four = [change(0.1, p) for p in (0.03, 0.037, 0.02, 0.9)]
    assert verdicts(four) == ("up", "up", "up", "chance")
    untold = Mean(10, 0.1, np.nan, np.nan, np.nan)
    assert verdicts([untold, change(0.1, 0.04)]) == ("untold", "up")
    assert verdicts([]) == ()
