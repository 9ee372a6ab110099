"""Scales are those that a general optimiser finds, in resamples too."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme import growth_naive as naive
from tests.unit.training.programme.growth_worlds import NOW, asked, programme, sitting
from training.programme.growth_scale import Scale, resampled
from training.programme.growth_sittings import sittings
from training.programme.programme import Programme


def world(seed: int = 0, n: int = 90) -> Programme:
    """People who answer 5 to 9 of 30 items at the start and after 6 and 12 months, some of them not."""
    rng = np.random.default_rng(seed)
    difficulty, ability = rng.normal(0, 1, 30), rng.normal(0, 1, n)
    rows = []
    items = asked(rng, np.zeros((n, 30)), 27)
    for at, (month, gain) in enumerate(((0.0, 0.0), (6.2, 0.4), (12.1, 0.9))):
        one = sitting(rng, ability + gain, difficulty, items[:, 9 * at : 9 * at + 9], month)
        nth = one.groupby("learner_id").cumcount()
        rows.append(one[nth < np.repeat(rng.integers(4, 10, n), 9)])
    return programme(pd.concat(rows), n_resamples=12, now=NOW + timedelta(days=1))


def test_difficulties_and_levels_are_those_that_an_optimiser_finds() -> None:
    made = world()
    sat = sittings(made)
    assert sat is not None
    scale = Scale(sat, resampled(len(made.learners), 12, made.rng("test")))
    ids = made.learners["learner_id"].tolist()
    wanted = naive.sittings_of(made.dataset.tables["attempts"], pd.Timestamp(made.now))
    months = {0: 0, 1: 6, 2: 12}
    assert {(ids[who], months[time]) for who, time in zip(sat.learner, sat.time, strict=True)} == set(wanted)
    mix = naive.mix_of(wanted)
    items = sorted(mix)
    assert scale.mix == pytest.approx([mix[item] for item in items])
    half = np.arange(len(ids)) % 2 == 0
    levels = scale.levels([sat.rows(0, half), sat.rows(2, half)])
    b_of_all = naive.difficulties(wanted, dict.fromkeys(ids, 1.0))
    for draw in (0, 1, 7):
        weight = dict(zip(ids, scale.weights[draw], strict=True))
        b = naive.difficulties(wanted, weight)
        # Of resamples they are found up to a small part of their error.
        near = 1e-4 if draw == 0 else 0.1
        moderate = np.abs(scale.difficulty[draw]) < 3
        theirs = np.array([b[item] for item in items])
        assert moderate.sum() > 18
        assert scale.difficulty[draw][moderate] == pytest.approx(theirs[moderate], abs=near)
        for at, month in enumerate((0, 12)):
            chosen = {key: one for key, one in wanted.items() if key[1] == month and half[ids.index(key[0])]}
            level = naive.level(chosen, b, mix, weight, b_of_all)
            assert levels[draw, at] == pytest.approx(level, abs=5e-4 if draw == 0 else 3e-3)


def test_an_item_that_everybody_passes_has_a_difficulty() -> None:
    made = world(1)
    attempts = made.dataset.tables["attempts"]
    first = attempts["item_id"].iloc[0]
    attempts.loc[attempts["item_id"] == first, "passed"] = True
    sat = sittings(made)
    assert sat is not None
    found = Scale(sat, resampled(len(made.learners), 12, made.rng("test"))).difficulty
    assert np.isfinite(found).all()
    at = sorted(attempts["item_id"].unique()).index(first)
    assert found[0, at] < np.quantile(found[0], 0.2)


def test_resamples_draw_as_many_people_as_there_are() -> None:
    weights = resampled(30, 50, np.random.default_rng(0))
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 30).all()
    assert 0.3 < (weights[1:] == 0).mean() < 0.44


def test_a_group_that_a_resample_holds_nobody_of_has_no_level_there() -> None:
    made = world(2)
    sat = sittings(made)
    assert sat is not None
    weights = np.ones((3, len(made.learners)))
    weights[1, :3] = 0
    few = np.arange(len(made.learners)) < 3
    levels = Scale(sat, weights).levels([sat.rows(0, few)])
    assert np.isnan(levels[:, 0]).tolist() == [False, True, False]
    assert levels[2] == pytest.approx(levels[0], abs=1e-3)
