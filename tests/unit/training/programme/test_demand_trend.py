"""Rising is called rising, flat is not, and intervals hold what they should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from training.programme.demand_trend import Trends, trends

FIRST = np.datetime64("2023-09-04T00:00:00")


def times(n: int, rng: np.random.Generator, days: int = 1000) -> np.ndarray:
    seconds = np.sort(rng.integers(0, days * 86_400, n))
    seconds[[0, -1]] = 0, days * 86_400
    return FIRST + seconds.astype("timedelta64[s]")


def drawn(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(rng.random(chances.shape) < chances)


def along(at: np.ndarray) -> np.ndarray:
    days = (at.astype("datetime64[D]") - FIRST.astype("datetime64[D]")).astype(float)
    return np.asarray(days / days.max())


def penalised(beta: np.ndarray, t: np.ndarray, y: np.ndarray) -> float:
    p = expit(beta[0] + beta[1] * t)
    w = p * (1 - p)
    information = np.array([[w.sum(), (w * t).sum()], [(w * t).sum(), (w * t * t).sum()]])
    likelihood = (y * np.log(p) + (1 - y) * np.log1p(-p)).sum()
    return float(-likelihood - 0.5 * np.log(np.linalg.det(information)))


def by_hand(t: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The penalised likelihood, posting by posting, at its top as a general optimiser finds it."""
    a, b = minimize(
        penalised,
        [0.0, 0.0],
        (t, y),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
    ).x
    w = expit(a + b * t) * (1 - expit(a + b * t))
    information = np.array([[w.sum(), (w * t).sum()], [(w * t).sum(), (w * t * t).sum()]])
    step, change = 1e-5, lambda v: expit(v[0] + v[1]) - expit(v[0])
    gradient = np.array(
        [(change([a + step, b]) - change([a - step, b])), (change([a, b + step]) - change([a, b - step]))]
    ) / (2 * step)
    half = 1.959963984540054 * float(np.sqrt(gradient @ np.linalg.inv(information) @ gradient))
    d = change([a, b])
    return {"start": expit(a), "end": expit(a + b), "change": d, "low": d - half, "high": d + half}


def fields(found: Trends, skill: int) -> dict[str, float]:
    return {name: float(getattr(found, name)[skill]) for name in ("start", "end", "change", "low", "high")}


def test_every_figure_is_that_of_the_penalised_likelihood() -> None:
    rng = np.random.default_rng(0)
    at = times(300, rng)
    t = along(at)
    asked = drawn(np.column_stack([expit(-1 + 2 * t), expit(-2.5 - t), np.full(300, 0.5)]), rng)
    found = trends(asked, at)
    for skill in range(3):
        expected = by_hand(t, asked[:, skill].astype(float))
        assert fields(found, skill) == pytest.approx(expected, abs=2e-5)


def test_the_penalty_shows_where_postings_are_few_and_apart() -> None:
    at = FIRST + np.arange(40).astype("timedelta64[D]") * 20
    asked = (np.arange(40) >= 28)[:, None]
    found = trends(asked, at)
    expected = by_hand(along(at), asked[:, 0].astype(float))
    assert fields(found, 0) == pytest.approx(expected | {"high": min(expected["high"], 1.0)}, abs=1e-4)
    assert found.call[0] == 1


def test_a_rising_skill_is_called_rising_a_falling_one_falling_and_a_flat_one_neither() -> None:
    rng = np.random.default_rng(1)
    at = times(1000, rng)
    t = along(at)
    chances = np.column_stack([0.1 + 0.2 * t, 0.3 - 0.2 * t, *[np.full(1000, 0.2)] * 10])
    calls = np.array([trends(drawn(chances, rng), at).call for _ in range(200)])
    assert (calls[:, 0] == 1).mean() > 0.95
    assert (calls[:, 1] == -1).mean() > 0.95
    # Each flat skill by itself, over all 200 worlds.
    assert ((calls[:, 2:] != 0).mean(axis=0) <= 0.05).all()


def test_flat_skills_raise_an_alarm_in_at_most_five_of_a_hundred_worlds() -> None:
    rng = np.random.default_rng(2)
    at = times(1000, rng)
    shares = np.repeat([0.02, 0.05, 0.1, 0.3, 0.5], 4)
    alarms = sum(trends(drawn(np.tile(shares, (1000, 1)), rng), at).call.any() for _ in range(200))
    assert alarms <= 10


def test_beside_rising_skills_few_of_those_called_are_flat() -> None:
    rng = np.random.default_rng(3)
    at = times(1000, rng)
    t = along(at)
    chances = np.column_stack([*[0.1 + 0.25 * t] * 5, *[np.full(1000, 0.1)] * 15])
    false, power = [], []
    for _ in range(100):
        called = trends(drawn(chances, rng), at).call != 0
        false.append(called[5:].sum() / max(called.sum(), 1))
        power.append(called[:5].mean())
    assert np.mean(false) <= 0.05
    assert np.mean(power) > 0.95


@pytest.mark.parametrize(("share", "slope"), [(0.05, 0.0), (0.05, 1.5), (0.3, -2.0)])
def test_intervals_hold_the_truth_in_about_95_of_100_worlds(share: float, slope: float) -> None:
    rng = np.random.default_rng(4)
    at = times(800, rng)
    a = logit(share) - slope / 2
    asked = drawn(np.tile(expit(a + slope * along(at)), (1000, 1)).T, rng)
    found, truth = trends(asked, at), expit(a + slope) - expit(a)
    held = (found.low <= truth) & (truth <= found.high)
    assert 0.93 <= held[found.told].mean() <= 0.98


def test_p_values_of_no_change_are_even() -> None:
    rng = np.random.default_rng(5)
    found = trends(rng.random((800, 2000)) < 0.3, times(800, rng))
    assert abs((found.p < 0.05).mean() - 0.05) < 0.015
    assert abs((found.p < 0.5).mean() - 0.5) < 0.04


def test_calls_are_those_of_the_step_up_rule_over_skills_with_enough_postings() -> None:
    rng = np.random.default_rng(6)
    at = times(600, rng)
    t = along(at)
    chances = np.column_stack(
        [*(np.clip(0.2 + s * (t - 0.5), 0, 1) for s in np.linspace(0, 0.2, 12)), *[np.full(600, 0.005)] * 30]
    )
    several = 0
    for _ in range(20):
        found = trends(drawn(chances, rng), at)
        p = sorted((value, skill) for skill, value in enumerate(found.p) if value == value)
        last = max((rank for rank, (value, _) in enumerate(p, 1) if value <= 0.05 * rank / len(p)), default=0)
        assert set(np.flatnonzero(found.call)) == {skill for _, skill in p[:last]}
        plain = sum(value <= 0.05 for value, _ in p)
        several += last != plain
        assert np.array_equal(np.isnan(found.p), ~found.told)
    assert several > 3, "the rule made no difference"


def test_ten_that_ask_and_ten_that_do_not_over_half_a_year_are_needed() -> None:
    at = FIRST + (np.arange(40) * 5).astype("timedelta64[D]")
    columns = np.column_stack(
        [np.arange(40) % 4 == 0, np.arange(40) < 9, np.arange(40) < 31, np.arange(40) < 30]
    )
    assert trends(columns, at).told.tolist() == [True, False, False, True]
    short = FIRST + np.linspace(0, 179, 40).astype("timedelta64[D]")
    assert not trends(columns, short).told.any()
    assert trends(columns, FIRST + np.linspace(0, 180, 40).astype("timedelta64[D]")).told.any()
    assert not trends(columns, short).call.any()
    assert not trends(np.zeros((0, 2), np.bool_), at[:0]).told.any()


def test_the_order_of_postings_does_not_count() -> None:
    rng = np.random.default_rng(7)
    at = times(200, rng)
    asked = rng.random((200, 3)) < 0.3
    mixed = rng.permutation(200)
    one, other = trends(asked, at), trends(asked[mixed], at[mixed])
    assert np.allclose(one.change, other.change, rtol=0, atol=1e-12)
