"""From arrays to columns: ids, times, numbers."""

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.unit.training.datasets.sample.shipped import Organisation
from training.datasets.sample import tables
from training.datasets.sample.simulate import START

PLACE = tables.Place(first_learner=1000, first_team=90, start=START.value // 1000)


def test_ids_count_on_from_block_to_block() -> None:
    assert PLACE.learner_ids(np.array([2, 0])).to_pylist() == ["sim-001003", "sim-001001"]
    assert PLACE.team_ids(np.array([0, 1])).to_pylist() == ["team-00091", "team-00092"]
    assert PLACE.learner_ids(np.array([], np.int32)).to_pylist() == []


def test_times_are_whole_seconds_or_none() -> None:
    times = PLACE.times(np.array([0.0, 86400.6, np.nan]))
    assert times.to_pylist() == [START, START + pd.Timedelta(seconds=86401), None]
    assert times.type == pa.timestamp("us", "UTC")


def test_months_end_on_their_last_days() -> None:
    ends = PLACE.month_ends(np.array([0, 5, 12])).to_pylist()
    assert ends == [pd.Timestamp(day, tz="UTC") for day in ("2023-09-30", "2024-02-29", "2024-09-30")]


def test_a_negative_position_is_no_name() -> None:
    assert tables.taken(pa.array(["a", "b"]), np.array([1, -1, 0])).to_pylist() == ["b", None, "a"]


def test_numbers_are_rounded_and_nan_is_none() -> None:
    assert tables.numbers(np.array([0.126, np.nan]), 2).to_pylist() == [0.13, None]
    assert tables.small(np.array([0.126]), 1).to_pylist() == [np.float32(0.1)]


def test_event_ids_of_no_rows() -> None:
    assert tables.event_ids(pa.array([], pa.string()), np.array([], np.int32), "a").to_pylist() == []


def test_rows_are_ordered_by_learner_then_second_then_as_written() -> None:
    order = tables.in_order(np.array([1, 0, 0, 0]), np.array([0.0, 5.4, 4.6, 1.0]))
    assert order.tolist() == [3, 1, 2, 0]


# The same of the shipped organisation -----------------------------------------------------------------------


def test_shipped_events_lie_in_order_and_are_told_apart(shipped: Organisation) -> None:
    for name in ("attempts", "completions", "credentials_earned", "self_assessments"):
        rows = shipped[name]
        assert rows["event_id"].is_unique, name
        ordered = rows.sort_values(["learner_id", "occurred_at", "event_id"], kind="stable")
        assert ordered.index.is_monotonic_increasing, name
        prefix = rows["event_id"].str.rsplit("-", n=1).str[0]
        assert (prefix == rows["learner_id"]).all(), name


def test_shipped_people_are_told_to_be_simulated(shipped: Organisation) -> None:
    learners = shipped["learners"]
    assert learners["learner_id"].is_unique
    assert learners["learner_id"].str.startswith("sim-").all()
    minutes = learners["weekly_minutes"].dropna()
    assert (minutes % 5 == 0).all()
    assert minutes.min() >= 5
    groups = [column for column in learners.columns if column.startswith("group_")]
    assert groups == ["group_site", "group_contract", "group_gender", "group_age_band"]
    assert shipped["aliases"]["learner_id"].tolist() == learners["learner_id"].tolist()
    assert shipped["aliases"]["name"].is_unique
    assert (shipped["aliases"]["issuer"] == "https://lms.example.org").all()


def test_shipped_truth_is_of_the_same_rows(shipped: Organisation) -> None:
    assert shipped["truth/attempts"]["event_id"].tolist() == shipped["attempts"]["event_id"].tolist()
    assert shipped["truth/learners"]["learner_id"].tolist() == shipped["learners"]["learner_id"].tolist()
    begun = shipped["completions"].query("status == 'started'")
    new = begun[~begun.duplicated(["learner_id", "module_id"])]
    starts = shipped["truth/starts"]
    assert starts["event_id"].tolist() == new["event_id"].tolist()
    assert starts["choice_rank"].min() == 1
    assert starts["choice_probability"].between(0, 1).all()


def test_shipped_ability_is_lower_where_the_gap_is_planted(shipped: Organisation) -> None:
    people = shipped.people
    here = people["group_site"] == "south"
    gap = people["ability"][~here].mean() - people["ability"][here].mean()
    error = people["ability"].std() * np.sqrt(1 / here.sum() + 1 / (~here).sum())
    assert abs(gap - 0.4) < 4 * error


def test_shipped_choices_rank_high_what_is_probable(shipped: Organisation) -> None:
    starts = shipped["truth/starts"]
    first = starts["choice_rank"] == 1
    assert 0.05 < first.mean() < 0.95
    assert starts["choice_probability"][first].median() > starts["choice_probability"][~first].median()


def test_shipped_answers_pass_as_often_as_their_probability_says(shipped: Organisation) -> None:
    chance = shipped["truth/attempts"]["pass_probability"].to_numpy(float)
    passed = shipped["attempts"]["score"].to_numpy() >= 0.5
    for low in np.arange(0, 1, 0.1):
        here = (chance >= low) & (chance < low + 0.1)
        if here.sum() > 200:
            expected = chance[here]
            error = np.sqrt((expected * (1 - expected)).sum()) / here.sum()
            # probabilities are noted in thousandths
            assert abs(passed[here].mean() - expected.mean()) < 4 * error + 0.0005
