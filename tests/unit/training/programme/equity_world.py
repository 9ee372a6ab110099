"""Made people of whom every answer, list and gain is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from training.datasets import Dataset
from training.programme import equity, equity_gains
from training.programme.equity_offers import K, Offers
from training.programme.equity_predictions import HeldOut
from training.programme.ledger import Bools
from training.programme.programme import Programme

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = (("format", "video"), ("format", "course"), ("level", "beginner"))


@dataclass(frozen=True, eq=False)
class World:
    """People with labels, what they answered and were offered; who was measured twice gained what it says.

    `shares` are what they passed at both times, NaN of who was not measured twice; `columns` are other groups
    that they are in.
    """

    labels: np.ndarray[Any, Any]
    answers: HeldOut | None
    offered: Offers | None
    shares: np.ndarray[Any, Any]
    gain: dict[str, float] = field(default_factory=dict)
    n_resamples: int = 200
    seed: int = 0
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def twice(self) -> Bools:
        """Who was measured twice."""
        return ~np.isnan(self.shares).any(axis=1)

    def programme(self) -> Programme:
        """Make the programme that reports are asked for."""
        ids = [f"p{i:04d}" for i in range(len(self.labels))]
        learners = pd.DataFrame({"learner_id": ids, "group_site": self.labels} | self.columns)
        made = Dataset("made", Path("made"), {"learners": learners}, (), "0" * 64, True, False)
        return Programme(made, NOW, seed=self.seed, n_resamples=self.n_resamples)

    def put_in(self, patch: pytest.MonkeyPatch) -> Programme:
        """Let audits see this world."""
        patch.setattr(equity, "held_out_predictions", lambda _: self.answers)
        patch.setattr(equity, "offers", lambda *_: self.offered)
        patch.setattr(equity_gains, "shares_passed", lambda _: self.shares)
        patch.setattr(equity_gains, "gains", self._gains)
        return self.programme()

    def _gains(self, _: Programme, groups: dict[str, Bools], *, months: int) -> dict[str, Any]:
        assert months == 12
        return {name: self._gain(group & self.twice) for name, group in groups.items()}

    def _gain(self, group: Bools) -> Any:
        """The gain that a group was given, give or take .04; None of fewer than three."""
        if group.sum() < 3:
            return None
        name = str(self.labels[group][0])
        gain = self.gain.get(name, 0.1)
        return SimpleNamespace(n_learners=int(group.sum()), gain=gain, low=gain - 0.04, high=gain + 0.04)


def world(
    labels: Any,
    seed: int,
    *,
    too_high: dict[str, float] | None = None,
    too_hard: dict[str, float] | None = None,
    n_answers: tuple[int, int] = (5, 15),
    lists: Bools | None = None,
    chances: Bools | None = None,
    answered: Bools | None = None,
    twice: Bools | None = None,
    **rest: Any,
) -> World:
    """Make people who differ by chance only, but for what is planted.

    `too_high` is added to what the model expects of a group; `too_hard` is the share of a group's modules on
    level that is swapped for harder ones.
    """
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels, object)
    n = len(labels)
    everybody = np.ones(n, np.bool_)
    answered = everybody if answered is None else answered
    lists = (everybody if lists is None else lists) & answered
    chances = lists & (everybody if chances is None else chances)
    counts = np.where(answered, rng.integers(*n_answers, n), 0)
    whose = np.repeat(np.arange(n), counts).astype(np.int64)
    # What is not known of each person makes answers of one person alike.
    logit = rng.normal(0.4, 1.0, len(whose))
    expected = 1 / (1 + np.exp(-logit))
    true = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.5, n)[whose])))
    passed = (rng.random(len(whose)) < true).astype(np.float64)
    for name, more in (too_high or {}).items():
        expected[labels[whose] == name] += more
    answers = HeldOut(whose, passed, np.clip(expected, 0.01, 0.99))
    filled = np.where(lists, rng.choice([K, K, K, K - 2], n), 0)
    swaps = np.array([(too_hard or {}).get(label, 0.0) for label in labels])
    share = rng.beta(6, 2, n) * (1 - swaps)
    on_level = np.round(filled * share)
    easier = np.round((filled - on_level) * 0.3 * (1 - swaps))
    video = rng.binomial(filled, 0.6).astype(np.float64)
    n_success = np.where(chances, filled, 0).astype(np.float64)
    offered = Offers(
        served=lists,
        filled=filled.astype(np.float64),
        easier=easier,
        on_level=on_level,
        harder=filled - on_level - easier,
        unknown=np.zeros(n),
        n_success=n_success,
        success=n_success * rng.beta(7, 3, n),
        kinds=dict(zip(KINDS, (video, filled - video, rng.binomial(filled, 0.3) * 1.0), strict=True)),
    )
    twice = answered & (rng.random(n) < 0.6 if twice is None else twice)
    shares = np.where(twice[:, None], rng.beta(7, 3, (n, 2)), np.nan)
    return World(labels, answers, offered, shares, seed=seed, **rest)


def alike(made: World, who: Bools) -> World:
    """Let some people who answered and have full lists all be the same: what they have is widely known."""
    assert made.answers is not None
    assert made.offered is not None
    who = who & made.offered.served & (made.offered.n_success > 0)
    is_other = ~who[made.answers.learner]
    they = np.repeat(np.flatnonzero(who), 6)
    answers = HeldOut(
        np.concatenate([made.answers.learner[is_other], they]),
        np.concatenate([made.answers.passed[is_other], np.ones(len(they))]),
        np.concatenate([made.answers.predicted[is_other], np.full(len(they), 0.8)]),
    )
    usual = {"filled": 10.0, "easier": 2.0, "on_level": 7.0, "harder": 1.0, "n_success": 10.0, "success": 7.0}
    lists = {name: np.where(who, value, getattr(made.offered, name)) for name, value in usual.items()}
    kinds = {
        key: np.where(who, value, made.offered.kinds[key])
        for key, value in zip(KINDS, (6.0, 4.0, 3.0), strict=True)
    }
    shares = np.where(who[:, None] & made.twice[:, None], (0.5, 0.75), made.shares)
    return replace(made, answers=answers, offered=replace(made.offered, kinds=kinds, **lists), shares=shares)


def sites(n: int, seed: int, shares: Any = (0.4, 0.3, 0.2, 0.1)) -> Any:
    """Deal people out to sites at random."""
    rng = np.random.default_rng(seed)
    return rng.choice(list("abcdefgh")[: len(shares)], n, p=shares).astype(object)
