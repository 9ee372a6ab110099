import pytest

from serving.faults import faults_of
from serving.problems import INVALID, Fault, Problem, short_value


def test_a_complaint_that_is_not_in_the_list_still_has_its_own_words() -> None:
    odd = {"type": "something_new", "loc": ("body", "x"), "msg": "Odd input", "input": 1, "ctx": None}
    (fault,) = faults_of([odd], skip=("body",))
    assert (fault.field, fault.message) == ("x", "x Odd input")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, True),
        (3, 3),
        (10**30, None),
        (float("-inf"), "-Infinity"),
        (float("inf"), "Infinity"),
        ({"a": 1}, None),
        ("\ud800", "\\ud800"),
    ],
)
def test_values_are_repeated_only_when_json_can_hold_them(value: object, shown: object) -> None:
    assert short_value(value) == shown


def test_a_problem_has_the_members_of_the_standard_and_its_own() -> None:
    problem = Problem(INVALID, "why", (Fault("a", "m", "r", 1).under("b"),), {"stored": 1})
    assert problem.as_json() == {
        "type": "/docs#invalid-request",
        "title": "Invalid request",
        "status": 422,
        "detail": "why",
        "errors": [{"field": "b.a", "value": 1, "message": "m", "remedy": "r"}],
        "stored": 1,
    }
    assert Fault("", "m", "r").under("b").field == "b"
