"""Nobody is predicted by a model that learned from them, nor anything from what is later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from training.datasets import load_dataset
from training.evaluation.metrics import auc
from training.programme import equity_predictions
from training.programme.equity_predictions import held_out_predictions
from training.programme.programme import Programme
from training.scoring.events import last_event


@pytest.fixture(scope="module")
def dataset(tiny_dataset):
    return load_dataset(tiny_dataset)


class Spy:
    """Predicts the share passed of whom it learned from, and remembers who they were."""

    made: list[Spy]

    def __init__(self, config) -> None:
        self.config = config
        Spy.made.append(self)

    def fit(self, attempts, *_, **__):
        self.learned_from = set(attempts.learner.tolist())
        self.share = attempts.passed.mean()
        return self

    def predict(self, attempts, _):
        self.asked_of = set(attempts.learner.tolist())
        return np.full(len(attempts), self.share)


@pytest.fixture
def spied(monkeypatch):
    Spy.made = []
    monkeypatch.setattr(equity_predictions, "SkillModel", Spy)
    return Spy.made


def test_each_is_predicted_once_by_others(dataset, tiny_engine, spied) -> None:
    programme = Programme(dataset, last_event(dataset), tiny_engine.bundle)
    found = held_out_predictions(programme)
    attempts = dataset.tables["attempts"]
    assert len(spied) == 2
    for model in spied:
        assert not model.learned_from & model.asked_of
        assert model.config.max_attempts == 40_000
        assert model.config.trees == tiny_engine.bundle.skills.config.trees
    assert spied[0].learned_from == spied[1].asked_of
    assert spied[1].learned_from == spied[0].asked_of
    assert spied[0].asked_of | spied[1].asked_of == set(found.learner.tolist())
    ids = programme.learners["learner_id"].to_numpy()[found.learner]
    told = pd.DataFrame({"learner_id": ids, "n": 1.0, "passed": found.passed}).groupby("learner_id").sum()
    real = attempts.assign(n=1.0).groupby("learner_id")[["n", "passed"]].sum()
    assert (told["n"] == real["n"]).all()
    assert (told["passed"] == real["passed"]).all()
    by_model = {frozenset(m.asked_of): m.share for m in spied}
    for asked_of, share in by_model.items():
        assert (found.predicted[np.isin(found.learner, list(asked_of))] == share).all()


def test_what_is_later_than_now_tells_nothing(dataset, tiny_engine, spied) -> None:
    now = last_event(dataset)
    before = held_out_predictions(Programme(dataset, now, tiny_engine.bundle))
    attempts = dataset.tables["attempts"]
    late = attempts.assign(
        occurred_at=attempts["occurred_at"] + timedelta(days=9999),
        event_id=attempts["event_id"] + "-late",
        passed=~attempts["passed"],
    )
    tables = {**dataset.tables, "attempts": pd.concat([attempts, late], ignore_index=True)}
    after = held_out_predictions(Programme(replace(dataset, tables=tables), now, tiny_engine.bundle))
    for name in ("learner", "passed", "predicted"):
        assert np.array_equal(getattr(before, name), getattr(after, name))


def test_real_predictions_tell_passes_from_fails(dataset, tiny_engine) -> None:
    found = held_out_predictions(Programme(dataset, last_event(dataset), tiny_engine.bundle))
    assert auc(found.passed, found.predicted) > 0.55


def test_without_what_it_takes_there_is_nothing(dataset, tiny_engine, spied) -> None:
    now, bundle = last_event(dataset), tiny_engine.bundle
    assert held_out_predictions(Programme(dataset, now)) is None
    assert held_out_predictions(Programme(dataset, now, replace(bundle, skills=None))) is None
    long_ago = now - timedelta(days=9999)
    assert held_out_predictions(Programme(dataset, long_ago, bundle)) is None
    few = dataset.tables["attempts"]
    few = few[few["learner_id"].isin(few["learner_id"].unique()[:19])]
    tables = {**dataset.tables, "attempts": few.reset_index(drop=True)}
    assert held_out_predictions(Programme(replace(dataset, tables=tables), now, bundle)) is None
    alike = {**dataset.tables, "attempts": dataset.tables["attempts"].assign(passed=True)}
    assert held_out_predictions(Programme(replace(dataset, tables=alike), now, bundle)) is None
