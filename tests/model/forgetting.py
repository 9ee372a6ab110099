"""How well learning and forgetting planted in a simulated organisation are had back from its skill checks.

Skill checks ask the same items before practice and after, and teach nothing themselves. Items of modules
cannot tell: everybody meets them at the same point, so what is learnt on the way looks like an easier item.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from tests.model.evidence import Answers, read_answers
from tests.model.irt import Bools, Design, Effect, Fit, Floats, Ints, design, fit, project, unit
from tests.model.recovery import MANY, truth

BINS: Final = (0.0, 0.1, 0.35, 0.7, 1.2, np.inf)
"""Edges, in half-lives of the skill since it was last practised."""

# answers of an item that help link the fitted scale with the true one
_ENOUGH_TO_LINK = 200
# practice of one skill beyond these hours hardly adds
_MOST_HOURS = 2.0
# days after which a week with practice is over
_WEEK = 7.0
# within three days, within the week, within four weeks, later
_SOON = (0.0, 3.0, _WEEK, 4 * _WEEK, np.inf)
_ITEM, _LEARNER, _ROLE_SKILL = 2.0, 1.0, 0.7


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What an hour of practice is worth by the time since then: one value for each of `BINS`.

    A gain is in true logits an hour, over somebody of the same role and general ability without practice.

    Parameters
    ----------
    n : int array
        Answers.
    gain, error : float arrays
        Fitted to the tables, and the standard error.
    planted_gain : float array
        What the same model finds when it is shown the true ability.
    kept : float array
        Share of the gain of the first bin.
    planted_kept : float array
        The same share by the formula of the learner model, over the same answers.
    same_week : float
        True gain within three days of practice as a share of that after one to four weeks.
    unit : float
        Fitted logits of a true one.
    """

    n: Ints
    gain: Floats
    error: Floats
    planted_gain: Floats
    kept: Floats
    planted_kept: Floats
    same_week: float
    unit: float

    @property
    def decline(self) -> float:
        """Fall of the gain from the first bin to the last two, in standard errors."""
        precision = self.error[-2:] ** -2
        late = np.average(self.gain[-2:], weights=precision)
        return float((self.gain[0] - late) / np.sqrt(self.error[0] ** 2 + 1 / precision.sum()))


def recover_forgetting(directory: Path) -> Forgetting:
    """Fit what practice adds to skill checks, by the time since it, and hold that against the truth.

    Answers of a week with practice are left out: who practises then may be amid a module.
    """
    answers = read_answers(directory)
    checks = answers.take(answers.is_check & answers.has_one_skill)
    answers = checks.take(checks.days >= _WEEK)
    hours, lies_in = _hours(answers), _bins(answers.days / answers.half_life, BINS)
    layout = _layout(answers, lies_in * hours[:, None])
    fitted = fit(layout, answers.passed)
    scale = _scale(directory, answers, fitted)
    gain = fitted.slopes / scale
    share = 1 / (1 + np.exp(-fitted.logit))
    weight = share * (1 - share) * hours**2
    planted = _planted_kept(directory, answers)
    kept = np.array([np.average(planted, weights=weight * inside) for inside in lies_in.T])
    return Forgetting(
        n=lies_in.sum(axis=0),
        gain=gain,
        error=fitted.errors / scale,
        planted_gain=project(layout, _ability(directory, answers), fitted.logit),
        kept=gain / gain[0],
        planted_kept=kept / kept[0],
        same_week=_same_week(directory, checks),
        unit=scale,
    )


def _same_week(directory: Path, answers: Answers) -> float:
    lies_in = _bins(answers.days, _SOON)
    layout = _layout(answers, lies_in * _hours(answers)[:, None])
    gain = project(layout, _ability(directory, answers), np.zeros(len(answers)))
    return float(gain[0] / gain[2])


def _hours(answers: Answers) -> Floats:
    return np.asarray(np.minimum(answers.hours.sum(axis=1), _MOST_HOURS))


def _bins(since: Floats, edges: Sequence[float]) -> Bools:
    """Return which times lie between which edges; infinite ones between none."""
    return np.column_stack([(since >= low) & (since < high) for low, high in pairwise(edges)])


def _layout(answers: Answers, covariates: Floats) -> Design:
    effects = (
        Effect(answers.item, _ITEM),
        Effect(answers.learner, _LEARNER),
        Effect(answers.role * MANY + answers.skill, _ROLE_SKILL),
    )
    return design(effects, covariates)


def _ability(directory: Path, answers: Answers) -> Floats:
    return truth(directory, "attempts", "ability")[answers.row]


def _scale(directory: Path, answers: Answers, fitted: Fit) -> float:
    difficulty = truth(directory, "items", "difficulty")
    linked = np.bincount(answers.item, minlength=len(difficulty)) >= _ENOUGH_TO_LINK
    return unit(-fitted.of(0, len(difficulty))[linked], difficulty[linked])


def _planted_kept(directory: Path, answers: Answers) -> Floats:
    """Share of a gain that is left by the formula of the learner model; of no meaning without practice."""
    planted = json.loads((directory / "truth" / "parameters.json").read_text(encoding="utf-8"))
    learning = planted["parameters"]["learning"]
    half_life = truth(directory, "skills", "half_life_days")[answers.skill]
    days = np.where(np.isfinite(answers.days), answers.days, 0.0)
    if planted["learner_model"] == "states":
        return 2.0 ** (-days / half_life)
    unit_days, further_weeks = learning["forgetting_unit_days"], np.maximum(answers.weeks - 1, 0)
    decay = np.log(2) / np.log1p(half_life / unit_days) / (1 + learning["spacing"] * further_weeks)
    return np.asarray(learning["kept"] + (1 - learning["kept"]) * (1 + days / unit_days) ** -decay)
