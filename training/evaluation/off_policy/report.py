"""The estimates of several policies from one log, and why some have none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import numpy as np

from recommender.engine import Engine
from recommender.errors import DatasetError
from training.datasets.dataset import Dataset
from training.evaluation.off_policy.baselines import as_logged, chance, popularity
from training.evaluation.off_policy.engine_policy import ENGINE, learned_before, replay
from training.evaluation.off_policy.estimators import doubly_robust, ips, snips
from training.evaluation.off_policy.features import Features
from training.evaluation.off_policy.intervals import Estimate
from training.evaluation.off_policy.log import Floats, Log, read_log
from training.evaluation.off_policy.overlap import (
    Overlap,
    OverlapError,
    overlap_of,
    require_exploration,
    require_overlap,
)
from training.evaluation.off_policy.reward_model import CrossFitted
from training.evaluation.off_policy.rewards import WINDOW_DAYS, Reward, mature, reward_of
from training.evaluation.off_policy.target import AS_LOGGED, Target

ESTIMATORS: Final = ("ips", "snips", "dr")


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """What a log tells of one policy.

    Parameters
    ----------
    overlap : Overlap
    estimates : mapping of str to Estimate
        By `ESTIMATORS`; of the policy that was logged its mean only, as `ips`. Empty where it is refused.
    refused : str
        Why there is no estimate; empty otherwise.
    """

    overlap: Overlap
    estimates: Mapping[str, Estimate]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class OffPolicyReport:
    """The estimates of every policy.

    Parameters
    ----------
    reward : str
    window_days : float
    n : dict of str to int
        ``answers``, ``learners``, ``shown`` modules and ``explored`` answers: those that chance could change.
    left_out : dict of str to int
        Answers ``immature`` (their window is not over) and ``before_training_ended``; ``unused_events``.
    bundle_ids : tuple of str
        Models that answered.
    policies : dict of str to PolicyResult
    """

    reward: str
    window_days: float
    n: Mapping[str, int]
    left_out: Mapping[str, int]
    bundle_ids: tuple[str, ...]
    policies: Mapping[str, PolicyResult] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for machines; what is not defined is null."""
        return {
            "reward": self.reward,
            "window_days": self.window_days,
            "n": dict(self.n),
            "left_out": dict(self.left_out),
            "logged_by": list(self.bundle_ids),
            "policies": {name: _policy_json(result) for name, result in self.policies.items()},
        }


def _policy_json(result: PolicyResult) -> dict[str, Any]:
    overlap = asdict(result.overlap)
    overlap["weight"] = _plain(overlap["weight"])
    estimates = {name: _plain(asdict(estimate)) for name, estimate in result.estimates.items()}
    return {"estimates": estimates, "overlap": overlap, "refused": result.refused or None}


def _plain(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(number) else number for name, number in numbers.items()}


def judge(
    engine: Engine,
    dataset: Dataset,
    *,
    reward: str = "accepted",
    window_days: float = WINDOW_DAYS,
    seed: int = 0,
) -> OffPolicyReport:
    """Estimate what an engine and simple policies would have earned.

    Parameters
    ----------
    engine : Engine
        Trained on what was there before the log.
    dataset : Dataset
    reward : str
        One of `rewards.REWARDS`.
    window_days : float
        Days after an answer in which a reward counts.
    seed : int
        Of the folds of the reward model.

    Raises
    ------
    OverlapError
        The log cannot tell anything of the engine. Other policies are refused in the report.
    DatasetError
        There is no log, nothing was earned in it, or the engine may know what came of it.
    ConfigurationError
        There is no such reward, or the window is not above 0.
    """
    whole = read_log(dataset, engine.catalog.module_ids)
    earned = reward_of(reward, dataset, whole, window_days)
    require_exploration(whole)
    after, ready = learned_before(engine, dataset, whole), mature(whole, dataset, window_days)
    kept = after & ready
    log, values = whole.only(kept), earned.values[np.repeat(kept, whole.n_shown)]
    _require_rewards(log, values, earned, window_days)
    replayed = replay(engine, dataset, log)
    targets = [
        as_logged(log),
        replayed.chosen,
        popularity(log, dataset, replayed.eligible),
        chance(log, replayed.eligible),
    ]
    features = Features.of(dataset, log)
    model = CrossFitted().fit(log, features, values, np.random.default_rng(seed))
    return OffPolicyReport(
        reward=reward,
        window_days=window_days,
        n={
            "answers": len(log),
            "learners": len(np.unique(log.learner)),
            "shown": len(log.module),
            "explored": int(log.explored.sum()),
        },
        left_out={
            "immature": int((after & ~ready).sum()),
            "before_training_ended": int((~after).sum()),
            "unused_events": earned.unused,
        },
        bundle_ids=log.bundle_ids,
        policies=estimates_of(log, targets, values, model),
    )


def estimates_of(
    log: Log, targets: Sequence[Target], reward: Floats, model: CrossFitted
) -> dict[str, PolicyResult]:
    """Estimate every policy that the log covers.

    Raises
    ------
    OverlapError
        It does not cover the engine.
    """
    found, of_shown = {}, model.of_shown(log)
    for target in targets:
        overlap = overlap_of(log, target)
        if target.name == AS_LOGGED:
            # Of the policy that was logged only the shown part is known, and that has weight 1.
            overlap = replace(overlap, weight=Estimate(1.0, np.nan, np.nan, np.nan))
            found[target.name] = PolicyResult(overlap, {"ips": ips(log, target, reward)})
            continue
        try:
            require_overlap(log, target, overlap)
        except OverlapError as error:
            if target.name == ENGINE:
                raise
            found[target.name] = PolicyResult(overlap, {}, str(error))
            continue
        estimates = {
            "ips": ips(log, target, reward),
            "snips": snips(log, target, reward),
            "dr": doubly_robust(log, target, reward, model.of_target(target), of_shown),
        }
        found[target.name] = PolicyResult(overlap, estimates)
    return found


def _require_rewards(log: Log, values: Floats, earned: Reward, window_days: float) -> None:
    if len(log) == 0:
        raise DatasetError(
            f"no answer of the log has its window of {window_days:g} days behind it; wait, or "
            "shorten the window"
        )
    if len(np.unique(log.learner)) < 2:
        raise DatasetError("the log answers a single learner; at least two are needed for an interval")
    if not values.any():
        raise DatasetError(
            f"no module of the log earned anything by the reward {earned.name!r} ({earned.unused:,} events "
            "count for no answer); choose another reward, or check times and ids of what learners did"
        )
