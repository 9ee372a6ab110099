"""What senders tell of grades and progress that says nothing of skill."""

from typing import Any

import pytest

from serving.xapi.mapping import Outcome, Places, read_statement

PLACES = Places(
    modules={"https://lms.example.org/ratios": "ratios"},
    items={"https://lms.example.org/q1": "q1"},
    credentials={"https://lms.example.org/badge": "badge"},
)


EARNED = "http://id.tincanapi.com/verb/earned"


def read(activity: str, verb: str = EARNED, **result: Any) -> tuple[Outcome, tuple[dict[str, Any], ...]]:
    statement = {
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": verb},
        "object": {"id": f"https://lms.example.org/{activity}"},
        "result": result,
    }
    reading = read_statement(statement, PLACES)
    return reading.outcome, reading.events


def test_a_credential_is_earned() -> None:
    assert read("badge") == (Outcome.USED, ({"kind": "credential", "credential_id": "badge"},))


@pytest.mark.parametrize("activity", ["ratios", "q1"])
def test_a_grade_that_is_earned_is_no_evidence(activity: str) -> None:
    # As Open edX tells of a section, after every answer: two of ten right would be a section that was failed.
    grade = {"score": {"scaled": 0.2, "raw": 2, "min": 0, "max": 10}, "success": False}
    assert read(activity, **grade) == (Outcome.NO_EVIDENCE, ())


def test_what_nobody_knows_is_not_earned() -> None:
    assert read("elsewhere", score={"scaled": 1}) == (Outcome.UNKNOWN_ACTIVITY, ())


@pytest.mark.parametrize(("share", "status"), [(0.4, "started"), (1.0, "completed")])
def test_progress_that_is_told_as_a_score_is_progress(share: float, status: str) -> None:
    # As Open edX tells how much of a section was done.
    outcome, events = read(
        "ratios",
        "http://adlnet.gov/expapi/verbs/progressed",
        score={"scaled": share},
        completion=share == 1.0,
    )
    expected = {"kind": "completion", "module_id": "ratios", "status": status, "progress": share}
    assert (outcome, events) == (Outcome.USED, (expected,))
