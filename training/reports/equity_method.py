"""How groups are compared, in words."""

from __future__ import annotations

from typing import Final

from training.programme.equity_offers import K
from training.programme.equity_predictions import HALVES, MOST_FITTED
from training.programme.equity_verdicts import CHANCE, LEAST_JUDGED

METHOD: Final = (
    "There is no difference that matters if its whole 95% interval is smaller than 2 points of passes "
    "expected too many, 3 points of passes told from fails, 0.03 of log loss, 10 points of the places of "
    "a list (filled, by difficulty or by kind), 5 points of the chance of passing, or 5 points of gain. A "
    "difference may matter if its interval reaches that and it is no chance. Otherwise there are too few "
    f"people to say, as there always are with fewer than {LEAST_JUDGED} in a group or outside of it.",
    "What is no chance is decided for all comparisons of this report together (Holm 1979): where no group "
    f"differs from the others, a report names any difference at all in at most {CHANCE:.0%} of cases. That "
    "nothing is overlooked is not promised.",
    "Intervals are over people, not over answers, as answers of one person resemble each other: people of "
    "each group are drawn anew, with replacement (Efron and Tibshirani 1993, chapter 8), and the spread "
    "is widened for small groups by Student's t. The interval of how well passes are told from fails (the "
    "area under the ROC curve, Hanley and McNeil 1982) is worked out by a formula for answers that come "
    "in clusters (Obuchowski 1997).",
    "Values by group are those of fairlearn's MetricFrame (Weerts et al. 2023). Calibration within groups "
    "is one of several notions of fairness that cannot all hold at once where groups pass different "
    "shares (Kleinberg, Mullainathan and Raghavan 2017).",
    f"Held out: all people with answers, {1 / HALVES:.0%} at a time, from a model with the settings of the "
    f"one in use, fitted anew to the others with two folds and at most {MOST_FITTED:,} answers; the one in "
    "use has seen everybody. Its errors are taken for those of the one in use, which has learned from "
    "more.",
    f"Lists are those of {K} modules that the engine would show now, with all of its rules.",
)
