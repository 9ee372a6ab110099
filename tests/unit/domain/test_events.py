"""Events: their time, their order, their codes."""

import math
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.domain.events import (
    STATUS_CODES,
    Completion,
    CompletionStatus,
    CredentialEarned,
    SelfAssessment,
    Status,
    event_key,
    from_seconds,
    to_seconds,
)

TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))


def event(event_id="e", at=None):
    return Completion(event_id=event_id, learner_id="ada", module_id="m", occurred_at=at)


@given(TIMES)
def test_seconds_and_back(at):
    assert abs(from_seconds(to_seconds(at)) - at) <= timedelta(microseconds=1)


def test_no_time_is_nan_and_back():
    assert math.isnan(to_seconds(None))
    assert from_seconds(math.nan) is None


def test_seconds_are_those_of_utc():
    summer = timezone(timedelta(hours=2))
    assert to_seconds(datetime(1970, 1, 1, 2, tzinfo=summer)) == 0
    assert from_seconds(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert from_seconds(0.0).tzinfo is UTC


@given(TIMES, TIMES, st.text(max_size=3), st.text(max_size=3))
def test_order_is_time_then_id(one, other, one_id, other_id):
    expected = (one, one_id) < (other, other_id)
    assert (event_key(event(one_id, one)) < event_key(event(other_id, other))) == expected


@given(TIMES, st.text(max_size=3))
def test_without_a_time_comes_first_and_id_decides(at, event_id):
    assert event_key(event("z")) < event_key(event(event_id, at))
    assert event_key(event("a")) < event_key(event("b"))
    assert event_key(event("a")) == event_key(event("a"))


def test_every_status_has_its_code():
    assert set(STATUS_CODES) == set(get_args(CompletionStatus))
    assert sorted(STATUS_CODES.values()) == [s for s in Status if s is not Status.NONE]
    assert (Status.NONE, Status.STARTED, Status.COMPLETED, Status.ABANDONED) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    "fact",
    [
        event(),
        SelfAssessment(event_id="e", learner_id="ada", skill_id="s", level=0.5),
        CredentialEarned(event_id="e", learner_id="ada", credential_id="c"),
    ],
)
def test_facts_do_not_change(fact):
    with pytest.raises(FrozenInstanceError):
        fact.learner_id = "bob"
    with pytest.raises(TypeError):
        type(fact)("e", "ada", "m")
