"""How well difficulty and ability planted in a simulated organisation are had back from its tables alone.

The item response model of `irt` is fitted to what `evidence` reads; only then is it held against ``truth/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from tests.model.evidence import Answers, read_answers
from tests.model.irt import Bools, Effect, Floats, design, fit

ENOUGH_OF_AN_ITEM: Final = 50
"""Answers from which on an item's difficulty is held to the bar."""
ENOUGH_OF_A_LEARNER: Final = 30

MANY: Final = 10_000
"""More than there are skills: learner * MANY + skill is a pair of the two."""
# prior deviations in logits
_ITEM, _LEARNER, _SKILL = 2.0, 1.0, 0.7
_DAY = 86400
# hours tell at first and less later: log(1 + hours / _FIRST_HOURS)
_FIRST_HOURS = 0.25


class Correlation(NamedTuple):
    """Pearson's r over n pairs."""

    r: float
    n: int


@dataclass(frozen=True, slots=True)
class Scales:
    """Fitted against true difficulty and ability.

    Parameters
    ----------
    difficulty, difficulty_of_all : Correlation
        Of items with `ENOUGH_OF_AN_ITEM` answers, and of all that were answered.
    difficulty_at_rest : Correlation
        The first, by a plain Rasch model, in which nobody learns.
    ability, ability_of_all : Correlation
        Means over a learner's answers of the ability in the skill asked, at the time; of learners with
        `ENOUGH_OF_A_LEARNER` answers, and of all who answered.
    ability_at_rest : Correlation
        The first, with the one ability that a plain Rasch model gives a learner.
    trait, trait_of_all : Correlation
        The learner's effect against the general ability that they began with.
    trait_of_baseline : Correlation
        The same from the answers to the first skill check alone, of all who took it.
    """

    difficulty: Correlation
    difficulty_of_all: Correlation
    difficulty_at_rest: Correlation
    ability: Correlation
    ability_of_all: Correlation
    ability_at_rest: Correlation
    trait: Correlation
    trait_of_all: Correlation
    trait_of_baseline: Correlation


def recover_scales(directory: Path, shuffle: np.random.Generator | None = None) -> Scales:
    """Fit difficulty and ability to unaided answers and correlate them with the truth.

    What people can do moves, and harder items come later. So the model is told the hours studied before each
    answer, and has effects of what a role, and a learner, bring to a skill.

    Parameters
    ----------
    directory : Path
        A simulated dataset.
    shuffle : numpy Generator, optional
        Shuffles who passed; nothing is to be recovered then.
    """
    answers = read_answers(directory)
    passed = answers.passed if shuffle is None else shuffle.permutation(answers.passed)
    true_difficulty, trait = truth(directory, "items", "difficulty"), truth(directory, "learners", "ability")
    true_ability = _means(answers, truth(directory, "attempts", "ability")[answers.row], len(trait))
    b_at_rest, theta_at_rest, _ = _rasch(answers, passed, len(true_difficulty), len(trait))
    b, theta, logit = _in_motion(answers, passed, len(true_difficulty), len(trait))
    ability = _means(answers, logit + b[answers.item], len(trait))
    baseline = _is_baseline(answers)
    _, first, _ = _rasch(answers.take(baseline), passed[baseline], len(true_difficulty), len(trait))
    n_item = np.bincount(answers.item, minlength=len(b))
    n_learner = np.bincount(answers.learner, minlength=len(theta))
    items, learners = n_item >= ENOUGH_OF_AN_ITEM, n_learner >= ENOUGH_OF_A_LEARNER
    return Scales(
        difficulty=_correlation(b, true_difficulty, items),
        difficulty_of_all=_correlation(b, true_difficulty, n_item > 0),
        difficulty_at_rest=_correlation(b_at_rest, true_difficulty, items),
        ability=_correlation(ability, true_ability, learners),
        ability_of_all=_correlation(ability, true_ability, n_learner > 0),
        ability_at_rest=_correlation(theta_at_rest, true_ability, learners),
        trait=_correlation(theta, trait, learners),
        trait_of_all=_correlation(theta, trait, n_learner > 0),
        trait_of_baseline=_correlation(
            first, trait, np.isin(np.arange(len(trait)), answers.learner[baseline])
        ),
    )


def truth(directory: Path, table: str, column: str) -> Floats:
    """Read a column of a table in ``truth/``; its rows are those of the table of the same name beside it."""
    frame = pd.read_parquet(directory / "truth" / f"{table}.parquet", columns=[column])
    return frame[column].to_numpy(np.float64)


def _rasch(answers: Answers, passed: Bools, n_items: int, n_learners: int) -> tuple[Floats, Floats, Floats]:
    """Difficulty, ability and logits of a plain Rasch model."""
    effects = Effect(answers.item, _ITEM), Effect(answers.learner, _LEARNER)
    fitted = fit(design(effects, np.zeros((len(answers), 0))), passed)
    return -fitted.of(0, n_items), fitted.of(1, n_learners), fitted.logit


def _in_motion(
    answers: Answers, passed: Bools, n_items: int, n_learners: int
) -> tuple[Floats, Floats, Floats]:
    """Difficulty, ability at the start and logits of a model in which ability in a skill grows with study."""
    effects = (
        Effect(answers.item, _ITEM),
        Effect(answers.learner, _LEARNER),
        Effect(answers.role * MANY + answers.skill, _SKILL),
        Effect(answers.learner * MANY + answers.skill, _SKILL),
    )
    fitted = fit(design(effects, np.log1p(answers.hours / _FIRST_HOURS)), passed)
    return -fitted.of(0, n_items), fitted.of(1, n_learners), fitted.logit


def _is_baseline(answers: Answers) -> Bools:
    """Whether an answer belongs to the learner's first skill check."""
    day = np.where(answers.is_check, answers.second // _DAY, np.iinfo(np.int64).max)
    first = np.full(answers.learner.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, answers.learner, day)
    is_first: Bools = day == first[answers.learner]
    return answers.is_check & is_first


def _means(answers: Answers, values: Floats, n_learners: int) -> Floats:
    """Mean value of each learner's answers, 0 without any."""
    n = np.bincount(answers.learner, minlength=n_learners)
    return np.bincount(answers.learner, values, n_learners) / np.maximum(n, 1)


def _correlation(fitted: Floats, true: Floats, rows: Bools) -> Correlation:
    return Correlation(float(np.corrcoef(fitted[rows], true[rows])[0, 1]), int(rows.sum()))
