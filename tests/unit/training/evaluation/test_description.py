"""Every number of a description, computed by hand on small tables as a user would write them."""

import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from recommender.errors import DatasetError
from training.datasets import load_dataset
from training.evaluation.description import Description, describe_dataset
from training.evaluation.description_values import Value, gini, share_of_top

STARTS = """learner_id,module_id,status,occurred_at
x,a,started,2024-01-01T09:00:00Z
x,a,completed,2024-01-01T09:10:00Z
x,b,started,2024-01-01T09:50:00Z
x,c,started,2024-04-02T19:00:00Z
y,a,started,2024-01-06T03:00:00Z
y,b,abandoned,2024-01-06T03:29:59Z
z,a,abandoned,2024-01-02T12:00:00Z
z,a,completed,2024-01-03T12:00:00Z
"""
MODULES = "module_id,title\na,A\nb,B\nc,C\nd,D\n"


@pytest.fixture
def described(tmp_path: Path):
    """Describe a dataset of the CSV tables given by name."""

    def describe(**tables: str) -> Description:
        folder = tmp_path / "data"
        folder.mkdir()
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text)
        return describe_dataset(load_dataset(folder))

    return describe


def numbers(section: object) -> dict[str, float | None]:
    return {each.name: getattr(section, each.name).number for each in fields(section)}


def reasons(section: object) -> set[str]:
    found = [getattr(section, each.name) for each in fields(section)]
    assert [value.number for value in found] == [None] * len(found)
    return {value.note for value in found}


def attempts(scores: dict[str, list[float]], times: bool = False) -> str:
    """One attempt a score by as many learners, item by item."""
    lines = [
        f"l{position},{item},{score}" + (",2024-01-01" if times else "")
        for item, found in scores.items()
        for position, score in enumerate(found)
    ]
    return "\n".join(["learner_id,item_id,score" + (",occurred_at" if times else ""), *lines]) + "\n"


# Values


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_is_finite(number):
    with pytest.raises(ValueError, match="use None with a reason"):
        Value(number)


def test_no_number_has_a_reason():
    with pytest.raises(ValueError, match="give a note"):
        Value(None)


def test_gini_by_its_first_definition():
    """Half the mean difference of all pairs, relative to the mean."""
    amounts = np.array([3.0, 0, 1, 7, 7])
    pairs = np.abs(amounts[:, None] - amounts[None, :]).mean()
    assert gini(amounts) == pytest.approx(pairs / (2 * amounts.mean()))


def test_the_top_counts_in_proportion_where_it_cuts_through():
    assert share_of_top([6, 2, 1, 1], 0.375) == pytest.approx((6 + 0.5 * 2) / 10)


# Starts


def test_sizes(described):
    found = described(completions=STARTS, modules=MODULES, learners="learner_id\nx\ny\nz\nw\n")
    assert numbers(found.size) == {
        "learners_listed": 4,
        "learners_active": 3,
        "events": 8,
        "starts": 6,
        "attempts": 0,
        "modules": 4,
        "items": 0,
        "span_days": pytest.approx(92 + 10 / 24),
    }
    assert (found.name, found.simulated, found.clock) == ("data", False, "times")


def test_spread_over_learners(described):
    found = described(completions=STARTS, modules=MODULES)
    # 4, 2 and 2 events; 3, 2 and 1 starts
    assert numbers(found.events) == {
        "p10": 2,
        "median": 2,
        "p90": pytest.approx(3.6),
        "p99": pytest.approx(3.96),
        "mean": pytest.approx(8 / 3),
        "gini": pytest.approx((-2 * 2 + 0 * 2 + 2 * 4) / (3 * 8)),
        "top_share": pytest.approx(0.3 * 4 / 8),
    }
    assert found.starts.median.number == 2
    assert found.starts.gini.number == pytest.approx((-2 + 6) / (3 * 6))
    assert reasons(found.attempts) == {"it has no attempts"}


def test_completion_is_of_first_starts(described):
    """Of six, x and z completed a, z after giving up; y gave up b."""
    found = described(completions=STARTS, modules=MODULES)
    assert numbers(found.completion) == {
        "completed": pytest.approx(2 / 6),
        "abandoned": pytest.approx(1 / 6),
    }
    assert found.completion.completed.note == ""


def test_completion_says_nothing_where_only_completions_are_recorded(described):
    found = described(completions="learner_id,module_id\nx,a\nx,b\n")
    assert reasons(found.completion) == {"it records no status but completed, so every start is a completion"}


def test_completion_where_only_ends_are_recorded(described):
    found = described(
        completions="learner_id,module_id,status\nx,a,completed\nx,b,abandoned\ny,a,completed\n"
    )
    assert found.completion.completed.number == pytest.approx(2 / 3)
    assert found.completion.abandoned.number == pytest.approx(1 / 3)
    assert "never that one began" in found.completion.completed.note
    assert "never that one began" in found.completion.abandoned.note


def test_abandoned_is_unknown_where_it_is_not_recorded(described):
    found = described(completions="learner_id,module_id,status\nx,a,completed\nx,b,started\n")
    assert found.completion.completed == Value(0.5)
    assert found.completion.abandoned == Value(None, "it records no start as abandoned")


def test_popularity(described):
    """First starts: a 3, b 2, c 1, d none."""
    found = described(completions=STARTS, modules=MODULES)
    assert numbers(found.popularity) == {
        "gini": pytest.approx((-2 + 6) / (3 * 6)),
        "top_share": pytest.approx(0.3 * 3 / 6),
        "median": 2,
        "never": 0.25,
    }


def test_modules_that_nobody_started_are_unknown_without_a_catalogue(described):
    found = described(completions=STARTS)
    assert found.popularity.never.number is None
    assert "no table modules" in found.popularity.never.note


def test_succession(described):
    """a-b twice and b-c: a tells its successor, c has no other pair after b; b is the most common next."""
    found = described(completions=STARTS, modules=MODULES)
    days = sorted([50 / 1440, 92 + (9 * 60 + 10) / 1440, (29 * 60 + 59) / 86400])
    assert numbers(found.succession) == {
        "pairs": 3,
        "same_time": 0,
        "gap_median_days": pytest.approx(days[1]),
        "best_successor": 1,
        "best_successor_of_others": pytest.approx(2 / 3),
        "best_overall": pytest.approx(2 / 3),
    }
    assert found.succession.best_successor.note == ""


def test_successors_that_share_a_place_count_in_proportion(described):
    """After a: b, b, c. Without one b, b and c are level; c is never the most common of the others."""
    rows = "x,a\nx,b\ny,a\ny,b\nz,a\nz,c\n"
    found = described(completions="learner_id,module_id\n" + rows)
    assert found.succession.best_successor.number == pytest.approx(2 / 3)
    assert found.succession.best_successor_of_others.number == pytest.approx(1 / 3)
    assert found.succession.same_time == Value(None, "not every event has a time")
    assert found.succession.gap_median_days == Value(None, "not every event has a time")


def test_two_most_common_successors_hide_each_other(described):
    rows = "x,a\nx,b\ny,a\ny,b\nz,a\nz,c\nw,a\nw,c\n"
    found = described(completions="learner_id,module_id\n" + rows)
    assert found.succession.best_successor.number == 0.5
    assert found.succession.best_successor_of_others.number == 0


def test_order_within_one_time_is_called_weak(described):
    times = ["2024-01-01T10:00:00Z"] * 3 + ["2024-01-01T11:00:00Z"]
    rows = "".join(f"x,{module},{at}\n" for module, at in zip("abcd", times, strict=True))
    found = described(completions="learner_id,module_id,occurred_at\n" + rows)
    assert found.succession.same_time.number == pytest.approx(2 / 3)
    assert "their order means little" in found.succession.best_successor.note


def test_nobody_goes_on(described):
    found = described(completions="learner_id,module_id\nx,a\ny,b\n")
    assert reasons(found.succession) == {"no learner started two modules"}


# Times


def test_sessions(described):
    """x: 10 and 40 minutes, then months; y: one second under 30 minutes; z: a day."""
    found = described(completions=STARTS, modules=MODULES).sessions
    minutes = [10, 40, 92 * 1440 + 9 * 60 + 10, 29 + 59 / 60, 1440]
    assert found.gap_median_minutes.number == pytest.approx(40)
    assert found.gap_p90_minutes.number == pytest.approx(np.quantile(minutes, 0.9))
    assert found.short_gaps.number == pytest.approx(2 / 5)
    # sessions of x: 2, 1, 1 events; y: 2; z: 1, 1
    assert found.events_per_session_median.number == 1
    assert found.events_per_session_mean.number == pytest.approx(8 / 6)
    assert found.days_between_sessions.number == pytest.approx(1)
    # x: 1 January to 2 April; z: 2 to 3 January
    assert found.days_between_active_days_median.number == pytest.approx((92 + 1) / 2)
    assert found.days_between_active_days_p90.number == pytest.approx(1 + 0.9 * 91)


def test_a_gap_of_half_an_hour_ends_a_session(described):
    rows = "x,a,2024-01-01T09:00:00Z\nx,b,2024-01-01T09:30:00Z\n"
    found = described(completions="learner_id,module_id,occurred_at\n" + rows).sessions
    assert found.events_per_session_mean.number == 1
    assert found.short_gaps.number == 0
    assert found.days_between_active_days_median == Value(None, "no learner is active on two days")


def test_one_event_each_has_no_gap(described):
    rows = "x,a,2024-01-01T09:00:00Z\ny,b,2024-01-01T10:00:00Z\n"
    found = described(completions="learner_id,module_id,occurred_at\n" + rows)
    assert found.sessions.gap_median_minutes == Value(None, "no learner has two events")
    assert found.sessions.short_gaps == Value(None, "no learner has two events")
    assert found.sessions.days_between_sessions == Value(None, "no learner has two sessions")
    assert found.sessions.events_per_session_median == Value(1)


def test_rhythm(described):
    """1 January 2024 was a Monday; the sixth a Saturday; 2 April a Tuesday."""
    found = numbers(described(completions=STARTS, modules=MODULES).rhythm)
    assert found == {
        "monday": 3 / 8,
        "tuesday": 2 / 8,
        "wednesday": 1 / 8,
        "thursday": 0,
        "friday": 0,
        "saturday": 2 / 8,
        "sunday": 0,
        "night": 2 / 8,
        "morning": 3 / 8,
        "afternoon": 2 / 8,
        "evening": 1 / 8,
        "working_hours": 5 / 8,
    }


def test_stay(described):
    """x is there on 2 April after 92 days; the first of z is 91 days before that, that of y 87."""
    found = described(completions=STARTS, modules=MODULES).stay
    assert found.months_active.number == 1
    assert found.after_90_days.number == pytest.approx(1 / 2)
    assert found.after_365_days == Value(None, "its events span less than 365 days")


def test_whole_days_tell_no_hours(described):
    rows = "x,a,2024-01-01\nx,b,2024-01-04\ny,a,2024-01-02\n"
    found = described(completions="learner_id,module_id,occurred_at\n" + rows)
    assert found.clock == "days"
    note = "its times are whole days"
    assert found.sessions.gap_median_minutes == Value(3 * 1440, note)
    assert found.sessions.short_gaps == Value(None, note)
    assert found.sessions.days_between_sessions == Value(None, note)
    assert found.sessions.days_between_active_days_median == Value(3)
    assert found.succession.gap_median_days == Value(3, note)
    assert found.rhythm.monday.number == pytest.approx(1 / 3)
    assert found.rhythm.working_hours == found.rhythm.night == Value(None, note)


def test_first_days_of_months_tell_no_days(described):
    rows = "x,a,2024-01-01\nx,b,2024-04-01\ny,a,2024-07-01\n"
    found = described(completions="learner_id,module_id,occurred_at\n" + rows)
    assert found.clock == "months"
    note = "its times are first days of months"
    assert reasons(found.sessions) == reasons(found.rhythm) == {note}
    assert found.succession.gap_median_days == Value(None, note)
    assert found.stay.months_active == Value(1.5, note)
    assert found.stay.after_90_days == Value(1, note)


def test_without_a_clock_there_are_no_times(described):
    rows = "x,a,2024-01-01T10:00:00Z\nx,b,\n"
    found = described(completions="learner_id,module_id,occurred_at\n" + rows)
    assert found.clock == "none"
    note = "not every event has a time"
    assert reasons(found.sessions) == reasons(found.rhythm) == reasons(found.stay) == {note}
    assert found.size.span_days == Value(None, note)
    assert found.succession.pairs.number == 1


# Attempts


def test_attempts_and_completions_are_one_stream(described):
    """The attempt between two views halves the gap."""
    found = described(
        completions="learner_id,module_id,occurred_at\nx,a,2024-01-01T09:00:00Z\nx,b,2024-01-01T10:00:00Z\n",
        attempts="learner_id,item_id,score,occurred_at\nx,i,1,2024-01-01T09:30:00Z\ny,i,1,2024-01-01T09:30:00Z\n",
    )
    assert found.size.learners_active.number == 2
    assert found.events.mean.number == 2
    assert found.sessions.gap_p90_minutes.number == 30
    assert found.attempts.mean.number == 1


def test_scores(described):
    found = described(attempts=attempts({"i": [0, 0.5, 0.8, 1, 1]}))
    assert numbers(found.attempt_scores) == {
        "count": 5,
        "mean": pytest.approx(0.66),
        "zero": 0.2,
        "one": 0.4,
        "q25": 0.5,
        "median": 0.8,
        "q75": 1,
    }
    assert found.difficulty.passed.number == 0.8
    nothing_started = [found.completion, found.completion_scores, found.popularity, found.succession]
    assert [reasons(section) for section in nothing_started] == [{"it has no completions"}] * 4
    assert reasons(found.starts) == {"it has no completions"}


def test_scores_of_completions_are_of_rows_that_have_one(described):
    found = described(completions="learner_id,module_id,score\nx,a,0.5\nx,b,\ny,a,1\n")
    assert numbers(found.completion_scores)["count"] == 2
    assert found.completion_scores.mean.number == 0.75
    assert reasons(found.attempt_scores) == reasons(found.difficulty) == {"it has no attempts"}


def test_completions_without_scores_say_so(described):
    found = described(completions="learner_id,module_id\nx,a\n")
    assert reasons(found.completion_scores) == {"its completions have no score"}


def test_difficulty_is_of_items_that_enough_learners_tried(described):
    tried = {"easy": [1] * 18 + [0] * 2, "hard": [0] * 21 + [1] * 9, "rare": [0] * 19}
    found = described(attempts=attempts(tried)).difficulty
    assert found.items.number == 2
    assert found.p10.number == pytest.approx(0.1 + 0.1 * 0.6)
    assert found.median.number == pytest.approx(0.4)
    assert found.p90.number == pytest.approx(0.1 + 0.9 * 0.6)
    logits = [math.log(2.5 / 18.5), math.log(21.5 / 9.5)]
    assert found.logit_sd.number == pytest.approx(abs(logits[1] - logits[0]) / math.sqrt(2))
    assert found.passed.number == pytest.approx(27 / 69)


def test_a_second_try_is_a_repeat_and_no_difficulty(described):
    """Twenty learners fail at first; ten of them pass later."""
    text = attempts({"i": [0] * 20}) + "".join(f"l{position},i,1\n" for position in range(10))
    found = described(attempts=text).difficulty
    assert found.repeats.number == pytest.approx(1 / 3)
    assert found.passed.number == pytest.approx(1 / 3)
    assert found.median.number == 1
    assert found.logit_sd == Value(None, "fewer than two of its items have 20 first attempts")


def test_no_item_has_enough_attempts(described):
    found = described(attempts=attempts({"i": [1, 0]}, times=True)).difficulty
    assert found.items.number == 0
    assert found.median == found.p90 == Value(None, "none of its items has 20 first attempts")


def test_nothing_happened(described):
    with pytest.raises(DatasetError) as caught:
        described(modules=MODULES)
    assert str(caught.value) == (
        "dataset data has neither attempts nor completions, so there is nothing to describe; "
        "add table completions or table attempts"
    )
