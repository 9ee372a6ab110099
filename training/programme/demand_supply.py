"""How many of our people have each skill, as far as it may be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from recommender.blocks.standing import Standing
from recommender.pathways.withhold import tellable
from training.programme.ledger import Bools, Ledger

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """Arrays of shape (n_skills,), NaN where a figure may not be told or nothing is known of the skill.

    Parameters
    ----------
    n_people : int
        Whom all figures are about.
    mean, low, high : float64 arrays
        Mean mastery of all of them, the expected share that passes a typical item of the skill, and its 95%
        interval.
    reached, reached_low, reached_high : float64 arrays
        Share at the level that their role asks for, `people.USUAL_LEVEL` where it asks for none, and its 95%
        interval.
    answered : float
        Share of the skills with a mean that a person has answered an item of, mean over all of them; NaN
        where there are no such skills.
    n_unknown, n_unanswered, n_few : int
        Skills without a mean: the model does not know them; nobody has answered on them; one to four people
        have, or have not.
    n_withheld : int
        Groups of people that could not be told of, and skills that few have or have not answered on.
    """

    n_people: int
    mean: Floats
    low: Floats
    high: Floats
    reached: Floats
    reached_low: Floats
    reached_high: Floats
    answered: float
    n_unknown: int
    n_unanswered: int
    n_few: int
    n_withheld: int


def read_supply(
    standing: Standing, asked: Floats, among: Bools, columns: NDArray[np.int64], order: Sequence[int]
) -> Supply | None:
    """Tell how many of some people have each skill; None where there are too few of them.

    Of mean mastery everybody is one group. But who has not answered on a skill stands at what the model
    expects of anybody, and then the mean is that of the others: so a skill is told of only where at least
    five people have answered on it, and nobody or at least five have not. A share at a level cuts people in
    two, and the ledger lets few such cuts of the same people pass.

    The interval of the mean is Student's (1908), that of the share Wilson's (1927): both as if these people
    were drawn from many like them.

    Parameters
    ----------
    standing : Standing
    asked : float64 array, shape (n_learners, n_known)
        Mastery that counts as having each skill; as wide as `standing`.
    among : bool array, shape (n_learners,)
        Whom it is about.
    columns : int64 array, shape (n_skills,)
        Where each skill is in `standing`, -1 where it is not.
    order : sequence of int
        Skills, that whose share is to be told first at the front.
    """
    ledger = Ledger(among)
    if not ledger.tell(among):
        return None
    n, is_known = int(among.sum()), columns >= 0
    answered = np.zeros((n, len(columns)), np.bool_)
    answered[:, is_known] = standing.n_attempts[among][:, columns[is_known]] > 0
    n_answered = answered.sum(axis=0)
    is_told = tellable(n_answered) & tellable(n - n_answered)
    known = is_known & is_told & (n_answered > 0)
    n_few = int((is_known & ~is_told).sum())
    (mean, low, high), reached = np.full((2, 3, len(columns)), np.nan)
    mastery = standing.used[among][:, columns[known]]
    mean[known] = mastery.mean(axis=0)
    half = stats.t.ppf(0.975, n - 1) * mastery.std(axis=0, ddof=1) / np.sqrt(n)
    low[known], high[known] = np.maximum(mean[known] - half, 0.0), np.minimum(mean[known] + half, 1.0)
    for skill in order:
        if not known[skill]:
            continue
        has = among & (standing.used[:, columns[skill]] >= asked[:, columns[skill]])
        # Everybody is told of already: with those who have it, those who have not are told as well.
        if ledger.tell(has):
            interval = stats.binomtest(int(has.sum()), n).proportion_ci(method="wilson")
            reached[:, skill] = has.sum() / n, *interval
    return Supply(
        n,
        mean,
        low,
        high,
        reached[0],
        reached[1],
        reached[2],
        answered=float(answered[:, known].mean()) if known.any() else np.nan,
        n_unknown=int((~is_known).sum()),
        n_unanswered=int((is_known & (n_answered == 0)).sum()),
        n_few=n_few,
        n_withheld=ledger.n_withheld + n_few,
    )
