"""What is learned is found and what is not is not, whoever is asked what, and whoever is chosen how."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme.growth_worlds import (
    NOW,
    START,
    asked,
    grown,
    programme,
    sitting,
)
from training.programme.growth import Gain, gains, measured_twice, scale_of
from training.programme.growth_groups import growth
from training.programme.growth_sittings import DAYS, first_answers, sittings
from training.programme.ledger import Ledger
from training.programme.programme import Programme

ITEMS = 24


def everybody(made: Programme) -> dict[str, np.ndarray]:
    return {"all": np.ones(len(made.learners), np.bool_)}


def test_a_gain_is_within_its_interval_though_items_get_easier() -> None:
    inside, errors, raw_errors = [], [], []
    for seed in range(12):
        made, truth, raw = grown(seed, n_resamples=40)
        gain = gains(made, everybody(made))["all"]
        assert gain is not None
        inside.append(gain.low <= truth <= gain.high)
        errors.append(gain.gain - truth)
        raw_errors.append(raw - truth)
    assert sum(inside) >= 10
    assert abs(np.mean(errors)) < 0.02
    assert np.mean(raw_errors) > 0.08, "the world is one in which raw shares mislead"


def test_nobody_who_learned_nothing_shows_a_gain() -> None:
    clear, found = [], []
    for seed in range(100, 110):
        made, _, raw = grown(seed, gain=0.0, n_resamples=40)
        gain = gains(made, everybody(made))["all"]
        assert gain is not None
        assert raw > 0.05
        clear.append(gain.is_clear)
        found.append(gain.gain)
    assert sum(clear) <= 2
    assert abs(np.mean(found)) < 0.02


def noise(seed: int, n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers of people who learn nothing, in three sittings: to choose by, at the start, and later."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.0, 1.0, 90)
    ability = rng.normal(0.0, 0.7, n)
    items = asked(rng, np.zeros((n, 90)), 30)
    rows = [
        sitting(rng, ability, difficulty, items[:, part], month)
        for part, month in ((slice(0, 10), 0.0), (slice(10, 20), 2.0), (slice(20, 30), 12.0 + 1.9))
    ]
    first = rows[0].groupby("learner_id")["passed"].sum().sort_index().to_numpy()
    return pd.concat(rows), first


def test_a_cohort_chosen_for_low_scores_shows_no_gain_when_measured_from_after_the_choice() -> None:
    attempts, first = noise(1)
    low = {"low": first <= np.quantile(first, 0.25)}
    after = attempts[attempts["occurred_at"] >= pd.Timestamp(START) + pd.Timedelta(days=45)]
    fair = gains(programme(after), low)["low"]
    assert fair is not None
    assert not fair.is_clear
    assert abs(fair.gain) < 0.04
    # By the answers that they were chosen for they would seem to have gained.
    attempts["occurred_at"] -= pd.to_timedelta(
        np.where(attempts["occurred_at"] > pd.Timestamp(START) + pd.Timedelta(days=300), 60, 0), unit="D"
    )
    trap = gains(programme(attempts), low)["low"]
    assert trap is not None
    assert trap.low > 0.03


def test_regression_to_the_mean_alone_shows_no_gain() -> None:
    clear = []
    for seed in range(6):
        attempts, _ = noise(seed + 10, n=150)
        made = programme(attempts[attempts["occurred_at"] >= pd.Timestamp(START) + pd.Timedelta(days=30)])
        gain = gains(made, everybody(made))["all"]
        assert gain is not None
        clear.append(gain.is_clear)
    assert sum(clear) <= 2


def two_groups(seed: int, n: int = 240) -> tuple[Programme, np.ndarray]:
    """Make a world in which every other person gains a lot, and the rest nothing."""
    rng = np.random.default_rng(seed)
    difficulty, ability = rng.normal(0, 1, 60), rng.normal(0, 1, n)
    learns = np.arange(n) % 2 == 0
    rows = [
        sitting(rng, ability, difficulty, asked(rng, np.zeros((n, 60)), 12), 0.0),
        sitting(rng, ability + 1.2 * learns, difficulty, asked(rng, np.zeros((n, 60)), 12), 12.0),
    ]
    return programme(pd.concat(rows)), learns


def against_rest(made: Programme, group: np.ndarray) -> list[Gain | None]:
    """How much more those in a group gained than those who are not, and the other way round."""
    scale, everybody = scale_of(made), np.ones(len(group), np.bool_)
    assert scale is not None
    found = growth(scale, {"inside": group, "outside": ~group}, Ledger(everybody))
    assert found is not None
    return [row.rest for row in found.groups]


def test_the_group_that_learned_is_told_from_the_one_that_did_not() -> None:
    made, learns = two_groups(5)
    groups = {"learns": learns, "rests": ~learns, "few": np.arange(len(learns)) < 19}
    found, (more, less) = gains(made, groups), against_rest(made, learns)
    assert found["few"] is None
    learned, rested = found["learns"], found["rests"]
    assert learned is not None
    assert rested is not None
    assert more is not None
    assert learned.low > 0.1
    assert not rested.is_clear
    assert learned.n_learners == rested.n_learners == measured_twice(made)[learns].sum()
    assert more.gain == pytest.approx(learned.gain - rested.gain)
    assert more.low > 0.05
    assert less is not None
    assert less.gain == pytest.approx(-more.gain)
    assert (less.low, less.high) == pytest.approx((-more.high, -more.low))


def test_shuffled_labels_show_no_difference() -> None:
    made, learns = two_groups(6)
    rng = np.random.default_rng(0)
    found = [against_rest(made, rng.permutation(learns))[0] for _ in range(12)]
    assert sum(one is not None and one.is_clear for one in found) <= 3
    assert None not in found


def test_the_same_programme_gives_the_same_figures() -> None:
    made, learns = two_groups(7, 80)
    again, _ = two_groups(7, 80)
    assert gains(made, {"a": learns}) == gains(again, {"a": learns})


def test_nothing_of_later_than_now_counts() -> None:
    made, learns = two_groups(8, 80)
    attempts = made.dataset.tables["attempts"]
    later = attempts.assign(
        occurred_at=attempts["occurred_at"] + pd.Timedelta(days=365 * 4), passed=True, score=1.0
    )
    more = programme(pd.concat([attempts, later]).drop(columns=["event_id"]))
    assert gains(made, {"a": learns}) == gains(more, {"a": learns})


def test_who_is_hired_later_is_not_counted() -> None:
    made, _ = two_groups(8, 80)
    attempts, learners = made.dataset.tables["attempts"].drop(columns="event_id"), made.learners
    hired = [NOW + timedelta(days=1 if at < 30 else -1) for at in range(80)]
    with_later = programme(attempts, learners.assign(hired_at=pd.to_datetime(hired, utc=True)))
    without = attempts[~attempts["learner_id"].isin(learners["learner_id"][:30])]
    found = sittings(with_later), sittings(programme(without, learners[30:]))
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].learner.tolist() == [30 + row for row in found[1].learner]
    assert (found[0].passed != found[1].passed).nnz == 0
    began = first_answers(with_later)
    assert began is not None
    assert np.isnat(began).tolist() == [True] * 30 + [False] * 50


def test_an_answer_to_an_item_seen_before_does_not_count() -> None:
    made, learns = two_groups(9, 80)
    attempts = made.dataset.tables["attempts"]
    first = attempts[attempts["occurred_at"] < pd.Timestamp(START) + pd.Timedelta(days=20)]
    # All that was asked at the start is asked again, and everybody knows it by heart.
    by_heart = first.assign(occurred_at=first["occurred_at"] + pd.Timedelta(days=360), passed=True, score=1.0)
    drilled = programme(pd.concat([attempts, by_heart]).drop(columns=["event_id"]))
    assert gains(made, {"a": learns}) == gains(drilled, {"a": learns})


def one_person(months: dict[str, float], now_month: float = 30.0) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "learner_id": "p00000",
                "item_id": item,
                "passed": True,
                "occurred_at": START + timedelta(seconds=round(month * DAYS * 86_400)),
            }
            for item, month in months.items()
        ]
    )


@pytest.mark.parametrize(
    ("low", "high", "time"), [(0.0, 1.0, 0), (4.5, 7.5, 1), (10.5, 13.5, 2), (22.5, 25.5, 3)]
)
def test_times_begin_and_end_where_they_say(low: float, high: float, time: int) -> None:
    second = 1 / DAYS / 86_400
    inside = {f"in{at}": low + at * second for at in range(4)} | {"last": high - second}
    outside = {"before": low - second, "after": high} if low else {"after": high}
    made = sittings(programme(one_person({"begins": 0.0, **inside, **outside})))
    assert made is not None
    asked_then = made.asked[made.rows(time, np.ones(1, np.bool_))].sum()
    assert asked_then == (6 if time == 0 else 5)


def test_a_time_counts_once_it_is_over() -> None:
    rows = one_person({**{f"a{at}": 0.0 for at in range(5)}, **{f"b{at}": 12.0 for at in range(5)}})
    # Somebody else is asked some of each at one time, and nothing later.
    other = one_person(dict.fromkeys(("a0", "a1", "a2", "b0", "b1"), 0.0))
    rows = pd.concat([rows, other.assign(learner_id="p00001")])
    end = START + timedelta(days=13.5 * DAYS)
    for now, over in ((end - timedelta(seconds=2), False), (end + timedelta(seconds=2), True)):
        made = sittings(programme(rows, now=now))
        assert made is not None
        assert made.due[2].tolist() == [over, over]
        assert made.measured(2).tolist() == [over, False]
        assert made.eligible(2).tolist() == [over, over]


def test_four_answers_are_too_few_and_of_many_the_first_twenty_count() -> None:
    few = sittings(programme(one_person({f"a{at}": 0.0 for at in range(4)})))
    assert few is not None
    assert len(few.learner) == 0
    many = sittings(programme(one_person({f"a{at:02}": at / 40 for at in range(30)})))
    assert many is not None
    assert many.asked.sum() == 20


def test_checks_are_what_counts_where_there_are_enough() -> None:
    made, _ = two_groups(10, 60)
    attempts = made.dataset.tables["attempts"].drop(columns="event_id")
    taught = attempts.assign(item_id="m" + attempts["item_id"], module_id="m", passed=True, score=1.0)
    both = sittings(programme(pd.concat([attempts, taught])))
    assert both is not None
    assert both.measured_by == "checks"
    assert both.asked.shape[1] == 60
    fewer = attempts[attempts["learner_id"].isin(sorted(attempts["learner_id"].unique())[:19])]
    all_answers = sittings(programme(pd.concat([fewer, taught])))
    assert all_answers is not None
    assert all_answers.measured_by == "answers"


def fixed_dates(n_of_both: int) -> Programme:
    """Make a world in which items are asked at one time only, but for some that each is asked at either."""
    rng = np.random.default_rng(3)
    n = 60
    ability, difficulty = rng.normal(0, 1, n), rng.normal(0, 1, ITEMS)
    swaps = rng.random((n, n_of_both)) < 0.5
    at_start = np.tile(np.arange(ITEMS // 2), (n, 1))
    later = at_start + ITEMS // 2
    part = slice(0, n_of_both)
    at_start[:, part], later[:, part] = (
        np.where(swaps, later[:, part], at_start[:, part]),
        np.where(swaps, at_start[:, part], later[:, part]),
    )
    rows = [
        sitting(rng, ability, difficulty, at_start, 0.0),
        sitting(rng, ability, difficulty, later, 12.0),
    ]
    return programme(pd.concat(rows))


def test_items_that_are_asked_at_one_time_only_link_nothing() -> None:
    apart, hardly, linked = fixed_dates(0), fixed_dates(4), fixed_dates(8)
    assert gains(apart, everybody(apart)) == {"all": None}
    assert measured_twice(hardly).sum() == 60
    assert gains(hardly, everybody(hardly)) == {"all": None}
    assert gains(linked, everybody(linked))["all"] is not None


def test_items_that_nobody_answers_beside_others_are_left_out() -> None:
    made, _ = two_groups(11, 60)
    attempts = made.dataset.tables["attempts"].drop(columns="event_id")
    apart = attempts.assign(
        item_id="z" + attempts["item_id"].str[-1:], learner_id="other" + attempts["learner_id"].str[-1:]
    )
    whole = sittings(programme(pd.concat([attempts, apart.drop_duplicates(["learner_id", "item_id"])])))
    assert whole is not None
    assert whole.asked.shape[1] == 60


def test_months_after_which_nobody_is_measured_are_refused() -> None:
    made, learns = two_groups(12, 40)
    with pytest.raises(ValueError, match="months are 2; people are measured after"):
        gains(made, {"a": learns}, months=2)
    with pytest.raises(ValueError, match="give one of these"):
        measured_twice(made, months=7)


def test_without_times_or_attempts_there_is_nothing() -> None:
    made, learns = two_groups(13, 40)
    attempts = made.dataset.tables["attempts"]
    blind = programme(attempts, has_clock=False)
    assert gains(blind, {"a": learns}) == {"a": None}
    assert not measured_twice(blind).any()
    early = programme(attempts, now=START - timedelta(days=1))
    assert gains(early, {"a": learns}) == {"a": None}
    assert NOW > START
