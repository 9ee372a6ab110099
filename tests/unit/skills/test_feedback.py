"""Feedback, runs of answers and quick passes in a learner's state."""

import numpy as np
import pytest

from recommender.domain.events import Feedback
from recommender.skills.records import HELD_WITHIN, N_DECLINED, item_key
from recommender.skills.state import LearnerState, fold
from tests.unit.skills.streams import TABLE, at, attempt


def told(event_id, kind, module_id="m0", days=None):
    return Feedback(event_id=event_id, learner_id="ada", kind=kind, module_id=module_id, occurred_at=at(days))


def answered(marks, seconds=None, item_id="q0"):
    return [
        attempt(f"e{i:02d}", mark == "+", float(i), duration_seconds=seconds, item_id=item_id)
        for i, mark in enumerate(marks)
    ]


def learner(*events):
    return fold(events, TABLE).learner[0]


@pytest.mark.parametrize(
    ("kinds", "push"),
    [
        (["too_hard"], 1.0),
        (["too_easy"], -1.0),
        (["too_hard", "too_easy"], 0.0),
        (["too_hard"] * 3, 2.0),
        (["too_easy"] * 5, -2.0),
        (["shown", "accepted", "dismissed"], 0.0),
    ],
)
def test_each_word_is_a_step_and_two_are_the_most(kinds, push):
    assert learner(*(told(f"f{i}", kind) for i, kind in enumerate(kinds)))["push"] == push


@pytest.mark.parametrize(
    ("marks", "push"),
    [
        ("--", 0.0),
        ("---", 1.0),
        ("--+--", 0.0),
        ("---+", 0.9),
        ("------", 0.9**3 + 1),
        ("-" * 30, 2.0),
        ("+" * 30, 0.0),
    ],
)
def test_every_third_failure_in_a_row_is_a_step_that_answers_take_back(marks, push):
    assert learner(*answered(marks))["push"] == pytest.approx(push)


@pytest.mark.parametrize(
    ("marks", "seconds", "quick", "push"),
    [
        ("++++", 42.0, 4, 0.0),
        ("+++++", 42.0, 5, -1.0),
        ("+++++", 42.1, 0, 0.0),
        ("+++++", None, 0, 0.0),
        ("++-+++", 10.0, 3, 0.0),
        ("+" * 10, 10.0, 10, -(0.9**5) - 1),
    ],
)
def test_every_fifth_quick_pass_in_a_row_is_a_step(marks, seconds, quick, push):
    """The usual time of the item is 60 seconds."""
    state = learner(*answered(marks, seconds))
    assert state["quick"] == quick
    assert state["push"] == pytest.approx(push)


def test_a_pass_of_unknown_time_neither_counts_nor_ends_a_run():
    quick = answered("++++", 10.0)
    unknown = attempt("x", True, 10.0)
    no_usual_time = attempt("y", True, 11.0, item_id=TABLE.item_ids[-1], duration_seconds=500.0)
    unheard_of = attempt("z", True, 12.0, item_id="unheard-of", duration_seconds=500.0)
    assert learner(*quick, unknown, no_usual_time, unheard_of)["quick"] == 4
    assert learner(*quick, unknown, attempt("w", True, 13.0, duration_seconds=1.0))["push"] == -1.0


def test_the_modules_declined_last_are_remembered_with_when():
    events = [
        told("a", "dismissed", "m0", 0.0),
        attempt("b", True, 1.0),
        told("c", "too_hard", "m1", 2.0),
        told("d", "dismissed", "m0", 3.0),
        told("e", "accepted", "m2", 4.0),
        told("f", "dismissed", None, 5.0),
    ]
    record = learner(*events)
    tags = [item_key(m)[1] for m in ("m0", "m1")]
    assert record["declined"].tolist() == [*tags, *[0] * (N_DECLINED - 2)]
    assert record["declined_after"][:2].tolist() == [1, 1]
    many = learner(*(told(f"{i:02d}", "dismissed", f"n{i}") for i in range(N_DECLINED + 2)))
    assert many["declined"].tolist() == [item_key(f"n{i}")[1] for i in range(N_DECLINED + 1, 1, -1)]


def test_what_is_held_follows_the_share_with_play():
    state, held = LearnerState(TABLE.id), []
    for n in range(1, 60):
        state = fold(answered(("+-" * 30)[:n]), TABLE)
        held.append(float(state.learner["held"][0]))
        assert abs(held[-1] - state.learner["share"][0, 1]) <= HELD_WITHIN + 1e-6
    assert held[0] == 1.0
    # It goes one way, to where the share swings around .5.
    assert (np.diff(held[12:]) <= 1e-6).all()
    assert np.ptp(held[30:]) < 0.01
