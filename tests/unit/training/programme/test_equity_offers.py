"""Lists are those that the engine gives each person, counted place by place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from recommender.domain.recommendation import Query
from tests.unit.training.scoring.world import events_of, profiles_of
from training.datasets import load_dataset
from training.programme import equity_offers
from training.programme.equity_offers import K, Offers, offers
from training.programme.programme import Programme
from training.scoring.events import last_event


@pytest.fixture(scope="module")
def dataset(tiny_dataset):
    return load_dataset(tiny_dataset)


def numbers(found: Offers) -> dict[object, np.ndarray]:
    names = ("served", "filled", "easier", "on_level", "harder", "unknown", "n_success", "success")
    return {name: getattr(found, name) for name in names} | dict(found.kinds)


def test_counts_are_those_of_the_engine_one_by_one(dataset, tiny_engine) -> None:
    now = last_event(dataset)
    programme = Programme(dataset, now, tiny_engine.bundle)
    among = np.arange(60) % 7 != 0
    found = offers(programme, among)
    events, catalog = events_of(dataset), tiny_engine.catalog
    seen = Counter[str]()
    for i, profile in enumerate(profiles_of(dataset)):
        told = Counter[object]()
        success = 0.0
        if among[i]:
            answer = tiny_engine.recommend(events[profile.learner_id], profile, Query(k=K), now=now)
            for module in answer.modules:
                told["filled"] += 1
                told[module.difficulty_fit] += 1
                told["n_success"] += module.success_probability is not None
                success += module.success_probability or 0.0
                told["format", str(catalog.formats[catalog.module_index[module.module_id]])] += 1
        seen.update(told)
        assert found.served[i] == among[i]
        assert found.filled[i] == told["filled"]
        assert found.easier[i] == told["review"]
        assert found.on_level[i] == told["on_level"]
        assert found.harder[i] == told["stretch"]
        assert found.unknown[i] == told[None]
        assert found.n_success[i] == told["n_success"]
        assert found.success[i] == pytest.approx(success)
        for key, counts in found.kinds.items():
            assert counts[i] == told[key]
    assert seen["review"]
    assert seen["on_level"]
    assert set(found.kinds) == {key for key in seen if isinstance(key, tuple)}


def test_what_is_later_than_now_tells_nothing(dataset, tiny_engine) -> None:
    now = last_event(dataset)
    everybody = np.ones(60, np.bool_)
    before = numbers(offers(Programme(dataset, now, tiny_engine.bundle), everybody))
    tables = dict(dataset.tables)
    for name in ("attempts", "completions"):
        rows = tables[name]
        late = rows.assign(
            occurred_at=rows["occurred_at"] + timedelta(days=9999), event_id=rows["event_id"] + "-late"
        )
        tables[name] = pd.concat([rows, late], ignore_index=True)
    after = numbers(offers(Programme(replace(dataset, tables=tables), now, tiny_engine.bundle), everybody))
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_of_many_some_are_drawn(dataset, tiny_engine, monkeypatch) -> None:
    programme = Programme(dataset, last_event(dataset), tiny_engine.bundle)
    among = np.arange(60) >= 20
    everything = numbers(offers(programme, among))
    monkeypatch.setattr(equity_offers, "MOST_SERVED", 15)
    some = numbers(offers(programme, among))
    drawn = some["served"]
    assert drawn.sum() == 15
    assert not drawn[:20].any()
    for name in ("filled", "on_level", "success"):
        assert some[name] == pytest.approx(np.where(drawn, everything[name], 0.0))


def test_without_what_it_takes_there_is_nothing(dataset, tiny_engine) -> None:
    assert offers(Programme(dataset, last_event(dataset)), np.ones(60, np.bool_)) is None
    programme = Programme(dataset, last_event(dataset), tiny_engine.bundle)
    assert offers(programme, np.zeros(60, np.bool_)) is None
