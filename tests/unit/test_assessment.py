"""Adaptive testing by the engine: how often an item was given, and settings that come with the model."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.engine import Engine
from recommender.errors import InputError, UnknownIdError
from recommender.skills.adaptive_config import AdaptiveConfig

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def engine(tiny_bundle):
    return Engine.load(tiny_bundle)


def ask(engine, seed=0, **wish):
    return engine.next_item(None, now=NOW, rng=np.random.default_rng(seed), **wish)


def configure(engine, **settings):
    skills = engine.bundle.skills
    skills.config = skills.config.model_copy(update={"assessment": AdaptiveConfig(**settings)})


def test_the_model_says_how_items_are_picked(engine):
    configure(engine, max_items=1, min_items=0)
    first = ask(engine)
    assert (first.stop, first.stop_reason) == (False, "")
    assert ask(engine, given=[first.item_id]).stop_reason == "max_items"


def test_an_item_given_too_often_waits_while_another_is_there(engine):
    configure(engine, max_exposure_rate=0.2, tolerance=0.9, n_best=50)
    usual = {ask(engine, seed).item_id for seed in range(40)}
    worn = sorted(usual)[0]
    assert len(usual) > 1
    rested = {ask(engine, seed, exposure={worn: 0.21}).item_id for seed in range(40)}
    assert worn not in rested
    assert None not in rested
    assert worn in {ask(engine, seed, exposure={worn: 0.2}).item_id for seed in range(40)}


def test_where_all_were_given_too_often_one_is_given_all_the_same(engine):
    configure(engine, max_exposure_rate=0.2)
    everything = dict.fromkeys(engine.catalog.item_ids, 1.0)
    assert ask(engine, exposure=everything).item_id is not None


def test_exposure_is_judged(engine):
    with pytest.raises(UnknownIdError, match="zen"):
        ask(engine, exposure={"zen": 0.1})
    some = engine.catalog.item_ids[0]
    with pytest.raises(InputError, match="exposure_rate at position 0 is -1"):
        ask(engine, exposure={some: -1.0})
