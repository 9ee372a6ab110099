"""The effect of beginning: found where it was planted, none where none was, distrusted where it must be."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.unit.training.programme.returns_world import (
    NEVER,
    NOW,
    Floats,
    learners,
    made,
    outcomes,
    programme,
)
from training.programme.returns import Returns, interval, judge
from training.programme.returns_panel import panels

START = [6] * 14 + [8] * 13 + [10] * 13 + [18] * 10 + [NEVER] * 15
WORLDS = 30


def judged(
    values: Floats, start: list[int], *, ahead: int = 0, now: datetime = NOW, seed: int = 0, n: int = 200
) -> Returns:
    made_of = programme(
        outcomes(values, start), learners([8] * len(start)), now=now, seed=seed, n_resamples=n
    )
    rows = made_of.table("outcomes")
    assert rows is not None
    found = judge(made_of, panels(rows)[0], ahead=ahead)
    assert isinstance(found, Returns)
    return found


def plain_effect(values: Floats, start: list[int], since: int, last: int, ahead: int = 0) -> float:
    """Difference in differences by loops over units."""
    total, units = 0.0, 0
    for begin in sorted(set(start)):
        base, at, end = begin - 1 - ahead, begin + since, begin + last
        if base < 0 or end >= values.shape[1] or at < 0:
            continue
        rise, others = [], []
        for unit, its in enumerate(start):
            if np.isnan([*values[unit, base : end + 1], values[unit, at]]).any():
                continue
            change = values[unit, at] - values[unit, base]
            if its == begin:
                rise.append(change)
            elif min(its, values.shape[1]) > end + ahead:
                others.append(change)
        if rise and len(others) >= 5:
            total += len(rise) * (np.mean(rise) - np.mean(others))
            units += len(rise)
    return total / units


@pytest.mark.parametrize("ahead", [0, 1])
def test_the_effect_is_a_difference_of_differences(ahead: int) -> None:
    values = made(np.random.default_rng(1), START, effect=1.0, growth=0.2)
    values[3, 9] = values[20, 3] = values[60, 12] = np.nan
    found = judged(values, START, ahead=ahead)
    last = found.design.last
    for since, effect in zip(found.course.since.tolist(), found.course.effect.tolist(), strict=True):
        assert effect == pytest.approx(plain_effect(values, START, since, last, ahead), abs=1e-9), since
    window = range(-ahead, last + 1)
    mean = np.mean([plain_effect(values, START, since, last, ahead) for since in window])
    assert found.effect.value == pytest.approx(mean)
    assert {*window, -1 - ahead, -2 - ahead} <= set(found.course.since.tolist())


def test_the_level_is_the_mean_of_those_that_began() -> None:
    values = made(np.random.default_rng(2), START)
    found = judged(values, START)
    assert [cohort.start for cohort in found.design.cohorts] == [6, 8, 10]
    at = found.course.since.tolist().index(2)
    its = [values[unit, begin + 2] for unit, begin in enumerate(START) if begin in (6, 8, 10)]
    assert found.course.level[at] == pytest.approx(np.mean(its))
    assert found.course.n_treated[at] == len(its)


def test_the_effect_by_start_is_of_those_that_began_then() -> None:
    values = made(np.random.default_rng(3), START, effect=2.0)
    found = judged(values, START)
    last = found.design.last
    for one in found.cohorts:
        alone = [begin if begin == one.start or begin > 10 else 0 for begin in START]
        mean = np.mean([plain_effect(values, alone, since, last) for since in range(last + 1)])
        assert one.effect.value == pytest.approx(mean)
        assert one.n_treated == START.count(one.start)
        # Those compared with are other units than for the latest only where they begin within its window.
        assert one.n_comparison == sum(begin > one.start + last for begin in START)


def test_an_interval_is_student_t_times_the_spread_of_resamples() -> None:
    draws = np.array([1.0, 0.0, 2.0, 1.5, np.nan, 0.5])
    half = stats.t.ppf(0.975, 9) * np.std([0.0, 2.0, 1.5, 0.5], ddof=1) * np.sqrt(10 / 9)
    found = interval(draws, 10)
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0 - half, 1.0 + half))


def test_intervals_are_as_wide_as_the_textbook_says() -> None:
    # One start, so the effect is a difference of two means; 40 resampled against 40.
    start = [6] * 40 + [NEVER] * 40
    values = made(np.random.default_rng(4), start, n_periods=12)
    found = judged(values, start, n=2000)
    change = values[:, 6 : 6 + found.design.last + 1].mean(axis=1) - values[:, 5]
    error = np.sqrt(change[:40].var(ddof=1) / 40 + change[40:].var(ddof=1) / 40)
    half = stats.t.ppf(0.975, 39) * error
    assert found.effect.high - found.effect.value == pytest.approx(half, rel=0.06)


def test_a_planted_effect_lies_in_its_interval_in_about_95_of_100_worlds() -> None:
    hits, misses = 0, []
    for world in range(WORLDS):
        values = made(np.random.default_rng([7, world]), START, effect=1.0, growth=0.2)
        found = judged(values, START, seed=world)
        true = 1.0 + 0.2 * found.design.last / 2
        hits += found.effect.low <= true <= found.effect.high
        misses.append(found.effect.value - true)
    assert hits >= 25, "fewer happen in 3 of 1,000 runs, were it 95 of 100"
    # An effect that grows does not bias it: the mean miss is within its error.
    assert abs(np.mean(misses)) < 3 * np.std(misses) / np.sqrt(WORLDS)


def test_one_effect_for_all_in_a_regression_would_be_biased_there() -> None:
    # The same kind of world without noise and with nobody who never begins: two-way fixed effects take
    # early units for a comparison while they still rise.
    start = [4] * 20 + [12] * 20
    rng = np.random.default_rng(5)
    values = made(rng, start, n_periods=24, growth=1.0, noise=0.01)
    found = judged(values, start)
    since = np.arange(24) - np.array(start)[:, None]
    is_in = (since >= 0).astype(float)
    demeaned = is_in - is_in.mean(axis=1, keepdims=True) - is_in.mean(axis=0) + is_in.mean()
    regression = (demeaned * values).sum() / (demeaned * is_in).sum()
    true_of_all = np.where(since >= 0, 1.0 * since, 0.0).sum() / is_in.sum()
    assert regression < true_of_all / 2
    true = found.design.last / 2
    assert found.effect.value == pytest.approx(true, rel=0.2)
    assert found.effect.low <= true <= found.effect.high


def test_no_effect_and_labels_drawn_by_lot_show_none() -> None:
    shown = 0
    for world in range(WORLDS):
        rng = np.random.default_rng([8, world])
        shown += not judged(made(rng, START), rng.permutation(START).tolist(), seed=world).effect.holds_zero
    assert shown <= 5, "more happen in 3 of 1,000 runs, were it 5 of 100"


def test_trends_that_differ_are_flagged_and_such_as_do_not_are_not() -> None:
    flagged = {0.0: 0, 0.6: 0}
    for drift, worlds in ((0.0, WORLDS), (0.6, 10)):
        for world in range(worlds):
            values = made(np.random.default_rng([9, world]), START, drift=drift)
            trends = judged(values, START, seed=world).trends
            assert trends is not None
            flagged[drift] += trends.differ
    assert flagged[0.0] <= 5
    assert flagged[0.6] == 10


def test_the_drift_is_the_slope_before_the_start() -> None:
    # Without noise the slope is the drift, whatever comes after the start.
    start = [8] * 10 + [NEVER] * 10
    values = made(np.random.default_rng(10), start, noise=0.0, drift=-0.5, effect=9.0)
    trends = judged(values, start).trends
    assert trends is not None
    assert trends.slope.value == pytest.approx(-0.5)
    assert trends.n_periods == 7
    assert trends.differ
    level = judged(made(np.random.default_rng(10), start, noise=0.0, effect=9.0), start).trends
    assert level is not None
    assert level.slope.value == pytest.approx(0.0, abs=1e-9)


def test_one_period_that_is_off_is_seen() -> None:
    start = [8] * 20 + [NEVER] * 20
    values = made(np.random.default_rng(11), start, noise=0.5)
    # Two in the middle, so that there is no slope in them.
    values[:20, 3:5] += 2.0
    found = judged(values, start).trends
    assert found is not None
    assert found.slope.holds_zero
    assert found.differ


def test_without_a_second_period_before_trends_are_not_judged() -> None:
    start = [1] * 10 + [NEVER] * 10
    assert judged(made(np.random.default_rng(12), start), start).trends is None


def test_anticipation_moves_the_base() -> None:
    # The effect begins two periods before the mark: without anticipation half of it is in the base.
    start = [8] * 20 + [NEVER] * 20
    values = made(np.random.default_rng(13), [6] * 20 + [NEVER] * 20, noise=0.3, effect=4.0)
    true = 4.0
    assert judged(values, start, ahead=2).effect.value == pytest.approx(true, abs=0.5)
    assert judged(values, start, ahead=0).effect.value == pytest.approx(0.0, abs=0.5)


def test_what_is_later_than_now_changes_nothing() -> None:
    start = [6] * 12 + [9] * 12 + [NEVER] * 12
    values = made(np.random.default_rng(14), start, effect=2.0)
    now = datetime(2023, 2, 1, tzinfo=UTC)
    later = values.copy()
    later[:, 13:] += np.random.default_rng(15).normal(50, 20, later[:, 13:].shape)
    # Some that had not begun by then begin later.
    other = [*start[:30], *[20] * 6]
    one, two = judged(values, start, now=now), judged(later, other, now=now)
    assert one.panel.n_periods == 13
    assert one.effect == two.effect
    np.testing.assert_array_equal(one.course.effect, two.course.effect)
    assert judged(values, start).effect != judged(later, other).effect


def test_the_same_seed_gives_the_same_interval_and_another_nearly_the_same() -> None:
    values = made(np.random.default_rng(16), START)
    one, two, other = (judged(values, START, seed=seed).effect for seed in (1, 1, 2))
    assert one == two
    assert one.low != other.low
    assert one.low == pytest.approx(other.low, abs=0.3)


def test_people_hired_later_than_now_are_not_of_the_team() -> None:
    start = [6] * 6 + [NEVER] * 6
    values = made(np.random.default_rng(17), start)
    people = learners([1] * 12)
    people.loc[people["team_id"].isin(["u000", "u001"]), "hired_at"] = pd.Timestamp("2030-01-01", tz="UTC")
    made_of = programme(outcomes(values, start), people)
    found = judge(made_of, panels(outcomes(values, start))[0], ahead=0)
    assert isinstance(found, Returns)
    # Of two teams nobody is known, so how many people it are is not either.
    assert np.isnan(found.people.count(found.design.treated))
    assert found.people.count(found.design.comparison) == 6


def test_why_there_is_nothing_to_tell_is_said() -> None:
    values = made(np.random.default_rng(18), [NEVER] * 12)
    never = outcomes(values, [NEVER] * 12)
    few = outcomes(values, [6] * 4 + [NEVER] * 8)
    for rows, said in ((never, "no unit is marked"), (few, "no 5 units")):
        found = judge(programme(rows, learners([9] * 12)), panels(rows)[0])
        assert isinstance(found, str)
        assert said in found


@pytest.mark.parametrize(
    ("size", "kind", "is_told"), [(1, "team", False), (1, "learner", False), (2, "team", True)]
)
def test_who_is_on_both_sides_is_told_of_only_if_they_are_five(size: int, kind: str, is_told: bool) -> None:
    # Four units begin after the window of the first six: they are compared with, and judged themselves.
    start = [2] * 6 + [6] * 4 + [NEVER] * 6
    rows = outcomes(made(np.random.default_rng(19), start, n_periods=10), start, kind=kind)
    people = learners([size] * 16)
    if kind == "learner":
        people["learner_id"] = people["team_id"]
    found = judge(programme(rows, people), panels(rows)[0], ahead=0)
    if is_told:
        assert isinstance(found, Returns)
        assert int((found.design.treated & found.design.comparison).sum()) == 4
    else:
        assert found == "fewer than 5 people would stand out"
