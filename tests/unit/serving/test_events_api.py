import itertools
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from recommender.engine import Engine
from recommender.skills.state import LearnerState
from serving.evidence import to_event
from serving.schemas.events import MAX_EVENTS
from serving.store import events as log
from serving.store.tables import learner_states
from tests.unit.serving.world import CREDENTIAL, NOW, SKILLS, Service, attempt, completion, running_service


def replayed(service: Service, bundle: Path, learner_id: str = "ann") -> bytes:
    engine = Engine.load(bundle)
    with service.database.read() as connection:
        history = log.history(connection, learner_id)
    return engine.fold([to_event(event, 0.6) for event in history]).to_bytes()


def mixed_history() -> list[dict[str, Any]]:
    """Events of every kind, some at the same time."""
    kinds = itertools.cycle(range(4))
    rows = []
    for i in range(24):
        at = {"occurred_at": (NOW - timedelta(days=30 - i // 2)).isoformat()}
        match next(kinds):
            case 0 | 1:
                rows.append(attempt(f"e{i:02d}", item_id=f"item-{4 + i}", score=i / 24, **at))
            case 2:
                rows.append(completion(f"e{i:02d}", f"module-{1 + i % 11}", **at))
            case _:
                sent = {"kind": "self_assessment", "event_id": f"e{i:02d}", "learner_id": "ann", "level": 0.5}
                rows.append(sent | {"skill_id": SKILLS[i % 4]} | at)
    return rows


def test_every_kind_is_stored_and_answered_in_order(service: Service) -> None:
    earned = {"kind": "credential", "event_id": "k", "learner_id": "bob", "credential_id": CREDENTIAL}
    answer = service.post_events(attempt("a"), *mixed_history()[2:4], earned)
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [{"event_id": e, "status": "stored"} for e in ("a", "e02", "e03", "k")],
        "stored": 4,
        "duplicates": 0,
        "rejected": 0,
    }
    assert [row.learner_id for row in service.log()] == ["ann", "ann", "ann", "bob"]
    assert set(service.states()) == {"ann", "bob"}


def test_sending_again_changes_nothing(service: Service) -> None:
    service.post_events(*mixed_history())
    log_before, states_before = service.log(), service.states()
    service.clock.advance(days=1)
    again = service.post_events(*mixed_history(), *mixed_history()[:1])
    assert again.status_code == 200
    assert (again.json()["stored"], again.json()["duplicates"]) == (0, 25)
    assert (service.log(), service.states()) == (log_before, states_before)


def test_an_event_without_a_time_happens_at_receipt_also_when_it_is_sent_again(service: Service) -> None:
    sent = completion("c")
    service.post_events(sent)
    service.clock.advance(hours=2)
    assert service.post_events(sent).json()["duplicates"] == 1
    assert [row.occurred_at for row in service.log()] == [NOW.timestamp()]


def test_other_content_under_a_known_id_is_a_conflict(service: Service) -> None:
    service.post_events(attempt("e", score=0.2))
    before = service.states()
    answer = service.post_events(attempt("e", score=0.9), attempt("f"), attempt("f", score=1))
    assert answer.status_code == 422
    body = answer.json()
    assert [r["status"] for r in body["results"]] == ["rejected", "stored", "rejected"]
    assert [(e["field"], e["value"]) for e in body["errors"]] == [
        ("events[0].event_id", "e"),
        ("events[2].event_id", "f"),
    ]
    assert [row.event_id for row in service.log()] == ["e", "f"]
    assert service.states() != before


@pytest.mark.parametrize("seed", range(4))
def test_state_is_the_replay_in_any_order_of_arrival(tmp_path: Path, bundle: Path, seed: int) -> None:
    rows = mixed_history()
    random.Random(seed).shuffle(rows)
    with running_service(tmp_path, bundle) as service:
        for start in range(0, len(rows), 5):
            assert service.post_events(*rows[start : start + 5]).status_code == 200
        in_order = sorted(mixed_history(), key=lambda row: (row["occurred_at"], row["event_id"]))
        for row in in_order:
            service.post_events(row | {"learner_id": "bob", "event_id": f"b{row['event_id']}"})
        states = service.states()
        assert states["ann"] == replayed(service, bundle)
        assert states["bob"] == replayed(service, bundle, "bob")
    assert LearnerState.from_bytes(states["ann"]).n_events == len(rows)


def test_a_request_of_as_many_learners_as_fit_is_folded_as_one_of_each(
    service: Service, bundle: Path
) -> None:
    """Rows are read and written in pieces of some hundred: no state is that of another learner."""
    learners = [f"learner-{i:04d}" for i in range(MAX_EVENTS)]
    scores = dict(zip(learners, random.Random(0).choices([0.0, 0.3, 1.0], k=MAX_EVENTS), strict=True))
    for turn in range(2):
        at = (NOW - timedelta(hours=2 - turn)).isoformat()
        sent = [attempt(f"{turn}/{who}", who, score=scores[who], occurred_at=at) for who in learners]
        assert service.post_events(*sent[::-1]).status_code == 200
    states = service.states()
    assert states.keys() == set(learners)
    ways = {
        score: replayed(service, bundle, next(w for w in learners if scores[w] == score))
        for score in (0.0, 1.0)
    }
    assert ways[0.0] != ways[1.0]
    for who in learners[:: MAX_EVENTS // 50]:
        assert states[who] == replayed(service, bundle, who)
    events = {who: LearnerState.from_bytes(state).n_events for who, state in states.items()}
    assert set(events.values()) == {2}


def test_without_a_model_events_are_stored_and_replayed_once_there_is_one(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"))
    (tmp_path / "champion.json").unlink()
    with running_service(tmp_path, None) as service:
        # Without a catalogue no id is unknown.
        assert service.post_events(attempt("b", module_id="not-yet-known")).status_code == 200
        assert service.states() == {}
        assert service.client.get("/v1/learners/ann/mastery").status_code == 503
    with running_service(tmp_path, bundle) as service:
        assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 2
        assert service.states()["ann"] == replayed(service, bundle)


def test_a_state_of_another_version_is_replayed(service: Service, bundle: Path) -> None:
    service.post_events(attempt("a"))
    with service.database.write() as connection:
        connection.execute(update(learner_states).values(state=b"\0"))
    assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
    assert service.states()["ann"] == replayed(service, bundle)


@pytest.mark.parametrize("duration", [0, 0.0, "-0.0"])
def test_zero_is_zero_however_it_is_signed(service: Service, duration: object) -> None:
    service.post_events(attempt("z", duration_seconds=0))
    again = attempt("z", duration_seconds=-0.0 if duration == "-0.0" else duration)
    assert service.post_events(again).json()["duplicates"] == 1
