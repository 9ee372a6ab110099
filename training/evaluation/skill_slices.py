"""How well the skill model predicts some of the learners it was tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.auc_bootstrap import auc_interval, bootstrap_aucs
from training.evaluation.bootstrap import bootstrap_means, interval
from training.evaluation.metrics import auc
from training.evaluation.skills import Answered
from training.programme.ledger import Ledger

SKILL_MODEL = "skill_model"


@dataclass(frozen=True, slots=True)
class SkillSlice:
    """The skill model on the responses of some learners.

    Parameters
    ----------
    auc : float or None
        Chance that a pass was given a higher probability than a fail; None where all passed or all failed.
    auc_ci95 : (float, float) or None
        By resampling learners.
    too_high : float
        Mean probability minus the share that passed: above 0 the model thinks too well of them.
    too_high_ci95 : (float, float)
    """

    n_learners: int
    n_attempts: int
    auc: float | None
    auc_ci95: tuple[float, float] | None
    too_high: float
    too_high_ci95: tuple[float, float]

    def metrics(self) -> dict[str, Any]:
        """Every number by name."""
        numbers = asdict(self)
        for name in ("auc_ci95", "too_high_ci95"):
            ends = numbers.pop(name)
            if ends is not None:
                numbers[f"{name}_low"], numbers[f"{name}_high"] = ends
        return numbers


def skill_slice(answered: Answered, rows: NDArray[np.bool_], rng: np.random.Generator) -> SkillSlice:
    """Measure the skill model on some responses.

    Parameters
    ----------
    answered : Answered
    rows : bool array, shape (n_responses,)
        At least one.
    rng : numpy Generator
        Draws the resamples of learners.
    """
    y, learner = np.asarray(answered.passed)[rows], answered.learner[rows]
    p = np.asarray(answered.predictions[SKILL_MODEL], np.float64)[rows]
    aucs = bootstrap_aucs(y, {SKILL_MODEL: p}, learner, rng)
    means = bootstrap_means((p - y)[:, None], learner, rng)
    low, high = interval(means)[0]
    return SkillSlice(
        n_learners=len(np.unique(learner)),
        n_attempts=len(y),
        auc=auc(y, p),
        auc_ci95=auc_interval(aucs[SKILL_MODEL]),
        too_high=float((p - y).mean()),
        too_high_ci95=(float(low), float(high)),
    )


def skill_slices(
    answered: Answered, labels: Sequence[str | None], rng: np.random.Generator
) -> Mapping[str, SkillSlice]:
    """Measure the skill model on each group of learners that may be told of, and on everybody.

    Parameters
    ----------
    answered : Answered
    labels : sequence of str or None, length n_learners
        The group of each learner of the dataset; None is in none.

    Returns
    -------
    mapping
        ``everybody`` first; groups by name. Such that nobody of fewer than five stands out, see `Ledger`.
    """
    tested = np.zeros(len(labels), np.bool_)
    tested[answered.learner] = True
    ledger = Ledger(tested)
    if not ledger.tell(tested):
        return {}
    names = sorted({label for label in labels if label is not None})
    groups = {name: tested & np.array([label == name for label in labels], np.bool_) for name in names}
    told = {"everybody": tested} | ledger.split(groups)
    return {name: skill_slice(answered, group[answered.learner], rng) for name, group in told.items()}
