import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recommender.domain.events import Attempt, Completion, CredentialEarned, SelfAssessment
from serving.evidence import RowRules, read_event, to_event
from serving.store.events import LoggedEvent
from tests.unit.serving.world import NOW, attempt, catalog, completion

RULES = RowRules(received_at=NOW, future_tolerance_seconds=300, catalog=None)


def logged(sent: dict[str, Any], rules: RowRules = RULES) -> LoggedEvent:
    event = read_event(sent, rules)
    assert isinstance(event, LoggedEvent), event
    return event


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": "2026-03-02T11:00:00"},
        {"occurred_at": "2026-03-02T12:00:00+01:00"},
        {"score": 1.0, "passed": None},
        {"skill_ids": [], "module_id": None},
    ],
)
def test_ways_to_send_the_same_have_one_spelling(other: dict[str, Any]) -> None:
    base = attempt("e", score=1)
    assert logged(base | other).payload == logged(base).payload
    assert logged(base | {"score": 0.9}).payload != logged(base).payload


def test_what_the_service_adds_is_not_in_the_payload() -> None:
    sent = {k: v for k, v in attempt("e").items() if k != "occurred_at"}
    now, later = logged(sent), logged(sent, replace(RULES, received_at=NOW + timedelta(days=1)))
    assert now.payload == later.payload
    assert later.occurred_at == later.received_at == now.received_at + 86_400
    assert logged(sent, replace(RULES, without_time_is_now=False)).occurred_at is None


def test_a_row_of_the_log_becomes_the_event_that_was_sent() -> None:
    at = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
    common = {"event_id": "e", "learner_id": "ann", "occurred_at": at.isoformat()}
    sent: list[tuple[dict[str, Any], Any]] = [
        (
            {"kind": "attempt", "item_id": "i", "score": 0.4, "skill_ids": ["s"], "module_id": "m",
             "duration_seconds": 3},
            Attempt(event_id="e", learner_id="ann", item_id="i", score=0.4, passed=True, skill_ids=("s",),
                    module_id="m", occurred_at=at, duration_seconds=3.0),
        ),
        (
            {"kind": "completion", "module_id": "m", "status": "started", "progress": 0.5, "score": 0.1,
             "rating": 2},
            Completion(event_id="e", learner_id="ann", module_id="m", status="started", progress=0.5,
                       score=0.1, rating=2.0, occurred_at=at),
        ),
        (
            {"kind": "self_assessment", "skill_id": "s", "level": 1},
            SelfAssessment(event_id="e", learner_id="ann", skill_id="s", level=1.0, occurred_at=at),
        ),
        (
            {"kind": "credential", "credential_id": "c", "expires_at": "2030-01-01"},
            CredentialEarned(event_id="e", learner_id="ann", credential_id="c", occurred_at=at,
                             expires_at=datetime(2030, 1, 1, tzinfo=UTC)),
        ),
    ]  # fmt: skip
    for row, event in sent:
        assert to_event(logged(common | row), pass_mark=0.4) == event


@pytest.mark.parametrize(
    ("score", "said", "passed"), [(0.6, None, True), (0.59, None, False), (0.1, True, True)]
)
def test_the_pass_mark_counts_where_the_sender_did_not_say(
    score: float, said: bool | None, passed: bool
) -> None:
    event = to_event(logged(attempt("e", score=score, passed=said)), pass_mark=0.6)
    assert isinstance(event, Attempt)
    assert event.passed is passed


def test_a_kind_of_which_the_catalogue_lists_nothing_is_not_checked() -> None:
    empty = replace(catalog(), module_index={}, tables={})
    assert logged(completion("c", "anything"), replace(RULES, catalog=empty))
    sent = {"kind": "credential", "event_id": "e", "learner_id": "ann", "credential_id": "any"}
    assert logged(sent, replace(RULES, catalog=empty))
    assert not isinstance(read_event(sent, replace(RULES, catalog=catalog())), LoggedEvent)


def test_the_payload_is_sorted_json_without_defaults() -> None:
    payload = logged(completion("c", "m", status="completed")).payload
    assert json.loads(payload) == {
        "event_id": "c",
        "kind": "completion",
        "learner_id": "ann",
        "module_id": "m",
    }
    assert payload == json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"))
