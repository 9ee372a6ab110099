"""A learner's state, event by event."""

import math
from dataclasses import replace
from datetime import timedelta, timezone

import numpy as np
import pytest

from recommender.domain.events import CredentialEarned, SelfAssessment, Status, to_seconds
from recommender.skills.records import ITEM, LEARNER, MODULE, N_ITEM_SLOTS, SKILL, fresh, item_key
from recommender.skills.state import LateEventError, LearnerState, fold, update
from tests.unit.skills.streams import ITEMS, START, TABLE, at, attempt, completion

SECONDS = to_seconds(START)


def self_assessment(event_id, skill_id, level, days=None):
    return SelfAssessment(
        event_id=event_id, learner_id="ada", skill_id=skill_id, level=level, occurred_at=at(days)
    )


def module_record(*events):
    state = fold(events, TABLE)
    return state.modules[state.module_rows["m0"]]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["started"], Status.STARTED),
        (["started", "completed"], Status.COMPLETED),
        (["completed", "started"], Status.COMPLETED),
        (["completed", "abandoned"], Status.COMPLETED),
        (["abandoned"], Status.ABANDONED),
        (["abandoned", "started"], Status.STARTED),
        (["started", "abandoned"], Status.ABANDONED),
    ],
)
def test_status_of_a_module(statuses, expected):
    events = [completion(f"e{i}", "m0", float(i), status=s) for i, s in enumerate(statuses)]
    assert module_record(*events)["status"] == expected


def test_times_and_progress_of_a_module():
    events = [
        completion("e0", "m0", 1.0, status="started", progress=0.6),
        completion("e1", "m0", 2.0, status="started", progress=0.2),
        completion("e2", "m0", 3.0),
    ]
    record = module_record(*events)
    assert record["progress"] == np.float32(0.6)
    assert (record["first_at"], record["last_at"]) == (SECONDS + 86_400, SECONDS + 3 * 86_400)
    untold = module_record(completion("e0", "m0"))
    assert all(np.isnan(untold[name]) for name in ("progress", "first_at", "last_at"))


def test_order_of_modules_is_that_of_first_starts():
    events = [completion(f"e{i}", m, float(i)) for i, m in enumerate(["m2", "m0", "m2", "m1"])]
    state = fold(reversed(events), TABLE)
    assert state.module_rows == {"m2": 0, "m0": 1, "m1": 2}


def test_self_assessment_of_a_skill_never_met():
    state = fold([self_assessment("e0", "s0", 0.25), self_assessment("e1", "s0", 0.75)], TABLE)
    record = state.skills[state.skill_rows["s0"]]
    assert record["self_level"] == np.float32(0.75)
    assert record["n_attempts"] == 0


def test_a_module_teaches_its_skills_once_when_it_is_finished():
    events = [
        completion("e0", "m1", 1.0, status="started"),
        completion("e1", "m1", 2.0),
        completion("e2", "m1", 3.0),
        completion("e3", "m0", 4.0, status="abandoned"),
        completion("e4", "unheard-of", 5.0),
    ]
    state = fold(events, TABLE)
    assert list(state.skill_rows) == ["s1", "s2"]
    assert state.skills["taught_hours"].tolist() == [1.0, 1.0]
    assert (state.skills["taught_at"] == SECONDS + 2 * 86_400).all()
    assert not state.skills["n_attempts"].any()
    again = fold([*events, completion("e5", "m4", 6.0)], replace(TABLE, module_hours=np.full(5, 0.25)))
    assert again.skills["taught_hours"].tolist() == [0.25, 0.25, 0.25]


def test_credential_with_and_without_times():
    def earned(event_id, credential_id, days, expires):
        return CredentialEarned(
            event_id=event_id,
            learner_id="ada",
            credential_id=credential_id,
            occurred_at=at(days),
            expires_at=at(expires),
        )

    state = fold([earned("e0", "c0", None, None), earned("e1", "c1", 0.0, 1.0)], TABLE)
    assert state.credentials == {"c0": (None, None), "c1": (SECONDS, SECONDS + 86_400)}
    assert LearnerState.from_bytes(state.to_bytes()).credentials == state.credentials


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"item_id": "q2"}, ["s0", "s1"]),
        ({"item_id": "q2", "skill_ids": ("s3",)}, ["s3"]),
        ({"item_id": "q2", "skill_ids": ("s3", "s1", "s3")}, ["s3", "s1"]),
        ({"item_id": "q4"}, []),
        ({"item_id": "q4", "module_id": "m1"}, ["s1", "s2"]),
        ({"item_id": "q4", "module_id": "unheard-of"}, []),
        ({"item_id": "unheard-of", "module_id": "m0"}, ["s0"]),
        ({"item_id": "unheard-of", "skill_ids": ("unheard-of",)}, ["unheard-of"]),
    ],
)
def test_skills_an_attempt_counts_for(fields, expected):
    state = fold([attempt("e0", True, **fields)], TABLE)
    assert list(state.skill_rows) == expected
    assert (state.skills["n_attempts"] == 1).all()


def test_a_newer_item_takes_the_slot_of_an_older_one():
    *_, one, other, _ = ITEMS
    assert item_key(one)[0] == item_key(other)[0]
    slot = item_key(one)[0]
    events = [attempt(f"e{i}", True, float(i), item_id=one) for i in range(3)]
    state = fold(events, TABLE)
    assert (state.items["n_attempts"][slot], state.items["n_passed"][slot]) == (3, 3)
    update(state, attempt("e3", False, 4.0, item_id=other), TABLE)
    assert (state.items["n_attempts"][slot], state.items["n_passed"][slot]) == (1, 0)
    update(state, attempt("e4", True, 5.0, item_id=one), TABLE)
    assert (state.items["n_attempts"][slot], state.items["n_passed"][slot]) == (1, 1)


def test_difficulty_moves_the_ability():
    """The same pass means more on a harder item, the mean of the skills stands in for a new one."""
    easy, hard = (fold([attempt("e0", True, item_id=i)], TABLE).learner["ability"][0] for i in ("q0", "q3"))
    assert hard > easy > 0
    new = fold([attempt("e0", True, item_id="unheard-of", skill_ids=("s0", "s2"))], TABLE)
    assert new.learner["ability"][0] == pytest.approx(0.8 * (1 - 1 / (1 + math.exp(0.25))), rel=1e-6)


@pytest.mark.parametrize(
    ("first", "late"),
    [
        (("e1", 2.0), ("e2", 1.0)),
        (("e2", 1.0), ("e1", 1.0)),
        (("e1", 1.0), ("e2", None)),
        (("e1", None), ("e0", None)),
    ],
)
def test_what_is_late(first, late):
    state = fold([attempt(first[0], True, first[1])], TABLE)
    before = state.to_bytes()
    with pytest.raises(LateEventError, match=f"event '{late[0]}' comes before '{first[0]}'"):
        update(state, attempt(late[0], True, late[1]), TABLE)
    assert state.to_bytes() == before


@pytest.mark.parametrize(
    ("first", "then"), [(("e1", None), ("e0", 0.0)), (("e1", 1.0), ("e2", 1.0)), (("e2", 1.0), ("e1", 1.5))]
)
def test_what_is_not_late(first, then):
    state = fold([attempt(first[0], True, first[1])], TABLE)
    update(state, attempt(then[0], True, then[1]), TABLE)
    assert state.n_events == 2


def test_zone_of_a_time_does_not_matter():
    local = attempt("e0", True, 1.0)
    moved = replace(local, occurred_at=local.occurred_at.astimezone(timezone(timedelta(hours=5))))
    assert fold([local], TABLE).to_bytes() == fold([moved], TABLE).to_bytes()


def test_nobody_is_empty():
    state = LearnerState("t")
    again = LearnerState.from_bytes(state.to_bytes())
    assert (again.difficulty_id, again.last_key, again.n_events) == ("t", None, 0)
    assert len(again.items) == N_ITEM_SLOTS
    assert (len(again.skills), len(again.modules), len(again.learner)) == (0, 0, 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:0], "no learner state"),
        (lambda data: b"XXXX" + data[4:], "no learner state"),
        (lambda data: data[:4] + b"\xff\x00" + data[6:], "learner state version 255, this engine folds"),
        (lambda data: data[:-1], "."),
        (lambda data: data[:20], "."),
    ],
)
def test_bytes_that_are_no_state(damage, message):
    data = fold([attempt("e0", True), completion("e1", "m0")], TABLE).to_bytes()
    with pytest.raises(ValueError, match=message):
        LearnerState.from_bytes(damage(data))


@pytest.mark.parametrize("dtype", [LEARNER, SKILL, ITEM, MODULE])
def test_a_fresh_record_counts_nothing_and_knows_no_time(dtype):
    record = fresh(dtype, 1)[0]
    for name in dtype.names:
        if name.endswith("_at") or name in {"self_level", "progress", "certified_day"}:
            assert np.isnan(record[name]), name
        elif name == "last_skill":
            assert record[name] == -1
        else:
            assert not np.any(record[name]), name


def test_item_keys_spread_and_are_never_empty():
    keys = [item_key(f"item {i}") for i in range(2000)]
    slots, tags = (np.array(part) for part in zip(*keys, strict=True))
    assert (tags % 2 == 1).all()
    assert (tags < 2**32).all()
    assert len(set(tags.tolist())) == 2000
    assert np.bincount(slots, minlength=N_ITEM_SLOTS).max() < 40
    assert np.bincount(slots, minlength=N_ITEM_SLOTS).min() > 2
