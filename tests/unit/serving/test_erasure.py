"""Who is erased is gone from everywhere, others stay as they are, and nothing brings anybody back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from recommender.blocks.states import StateFolder
from recommender.domain.events import to_seconds
from recommender.skills.state import LearnerState
from serving import learner_states
from serving.evidence import to_event
from serving.feedback import give_feedback
from serving.model import ServedModel
from serving.recommendation_log import RecommendationLog
from serving.schemas.feedback import FeedbackRequest
from serving.security.keys import erasure_mark
from serving.store import erasure as store
from serving.store import events as log
from serving.store import people, recommendations
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError
from tests.unit.serving.company import answered, put
from tests.unit.serving.world import ITEMS, KEY_SECRET, MODULES, NOW, ROLE, Service, attempt, completion

N_POSTS = 8
TABLES = ("events", "learner_states", "learners", "recommendations")
NOTHING_SAID = {"aliases": 0, "xapi_statements": 0}


def erase(service: Service, learner_id: str = "ann") -> Any:
    return service.client.delete(f"/v1/learners/{learner_id}")


def held(service: Service, learner_id: str = "ann") -> dict[str, int]:
    return {
        table: sum(row.learner_id == learner_id for row in service.query(f"SELECT learner_id FROM {table}"))  # noqa: S608
        for table in TABLES
    }


def model_of(service: Service) -> ServedModel:
    model: ServedModel = service.client.app.state.services.models.current  # type: ignore[attr-defined]
    return model


@contextmanager
def another_process(service: Service) -> Iterator[Database]:
    database = Database(service.settings.database_url)
    yield database
    database.close()


def test_everything_is_removed_and_counted(service: Service) -> None:
    service.post_events(attempt("a"), completion("b"), attempt("of bob", "bob"))
    put(service, "ann", role_id=ROLE)
    for _ in range(3):
        service.client.post("/v1/recommendations", json={"learner_id": "ann"})
    answer = erase(service)
    removed = {"events": 2, "learner_states": 1, "learners": 1, "recommendations": 3, **NOTHING_SAID}
    assert (answer.status_code, answer.json()) == (
        200,
        {"learner_id": "ann", "erased_at": "2026-03-02T12:00:00Z", "removed": removed},
    )
    assert not any(held(service).values())
    assert held(service, "bob") == {"events": 1, "learner_states": 1, "learners": 1, "recommendations": 0}
    again = erase(service)
    assert (again.status_code, again.json()["type"]) == (404, "/docs#unknown-learner")
    assert service.client.get("/v1/learners/ann/mastery").status_code == 404
    assert service.query("SELECT mark FROM erasures") == [(erasure_mark(KEY_SECRET, "ann"),)]


def test_of_a_stranger_there_is_what_was_recommended(service: Service) -> None:
    service.client.post("/v1/recommendations", json={"learner_id": "ann"})
    assert erase(service).json()["removed"] == {
        "events": 0,
        "learner_states": 0,
        "learners": 0,
        "recommendations": 1,
        **NOTHING_SAID,
    }
    assert erase(service).status_code == 404


def test_who_comes_again_begins_anew(service: Service) -> None:
    service.post_events(attempt("a"))
    erase(service)
    service.clock.advance(seconds=11)
    assert service.post_events(attempt("a", score=0.9)).json()["stored"] == 1
    assert service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
    service.client.post("/v1/recommendations", json={"learner_id": "ann"})
    assert len(service.client.get("/v1/learners/ann/export").json()["recommendations"]) == 1


def some_events(rng: np.random.Generator, learner_id: str, n: int) -> list[dict[str, Any]]:
    """Attempts and completions in no order."""
    events = []
    for number in range(n):
        at = (NOW - timedelta(hours=float(rng.integers(1, 10_000)))).isoformat()
        one = {"learner_id": learner_id, "occurred_at": at}
        if rng.random() < 0.7:
            item, score = ITEMS[rng.integers(len(ITEMS))], round(float(rng.random()), 2)
            events.append(attempt(f"{learner_id}-{number}", item_id=item, score=score, **one))
        else:
            module = MODULES[rng.integers(len(MODULES))]
            events.append(completion(f"{learner_id}-{number}", module, **one))
    return events


@pytest.mark.parametrize("seed", range(3))
def test_others_are_untouched_whoever_is_erased(service: Service, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # One id begins like another, and two differ in what LIKE would take for the same.
    people = ["ann", "ann2", "Ann", "a_n", "a%", "bob"]
    for learner_id in people:
        events = some_events(rng, learner_id, int(rng.integers(0, 12)))
        if events:
            service.post_events(*events)
        if rng.random() < 0.7 or not events:
            put(service, learner_id.replace("%", "%25"), role_id=ROLE, can_mentor=bool(rng.random() < 0.5))
        for _ in range(rng.integers(0, 3)):
            service.client.post("/v1/recommendations", json={"learner_id": learner_id})

    def exports(of: list[str]) -> list[bytes]:
        paths = [f"/v1/learners/{i.replace('%', '%25')}/export" for i in of]
        return [service.client.get(path).content for path in paths]

    for learner_id in rng.permutation(people).tolist():
        people.remove(learner_id)
        before, states = exports(people), service.states()
        assert erase(service, learner_id.replace("%", "%25")).status_code == 200
        assert exports(people) == before
        states.pop(learner_id, None)
        assert service.states() == states
    assert [service.query(f"SELECT * FROM {table}") for table in TABLES] == [[]] * len(TABLES)  # noqa: S608


def half_states(service: Service, learner_id: str) -> list[str]:
    """What is wrong with what is stored of a learner at this moment."""
    model = model_of(service)
    with service.database.snapshot() as connection:
        history = log.history(connection, learner_id)
        found = people.find_many(connection, [learner_id]).get(learner_id)
    state = found and found[1]
    if not history:
        return ["a state of nothing"] if state else []
    if found is None or state is None:
        return ["events without a profile or a state"]
    replayed = model.engine.fold([to_event(event, model.pass_mark) for event in history])
    return [] if state.state == replayed.to_bytes() else ["a state that is not the replay"]


def test_erasing_amid_events_leaves_no_half_state(service: Service) -> None:
    """Whenever one looks, a learner with events has a profile and a state that is their replay."""
    done = threading.Event()

    def write(writer: int) -> list[Any]:
        rows = [[attempt(f"{writer}-{n}"), attempt(f"{writer}-{n}-bob", "bob")] for n in range(N_POSTS)]
        return [code for some in rows if (code := service.post_events(*some).status_code) != 200]

    def until_done(look: Callable[[], list[Any]]) -> list[Any]:
        faults: list[Any] = []
        while not done.is_set():
            faults += look()
        return faults

    def call(method: str, path: str) -> list[Any]:
        code = service.client.request(method, path).status_code
        return [] if code in (200, 404) else [path, code]

    with ThreadPoolExecutor(7) as pool:
        others = [
            pool.submit(until_done, partial(call, "DELETE", "/v1/learners/ann")),
            pool.submit(until_done, partial(call, "GET", "/v1/learners/ann/mastery")),
            pool.submit(until_done, partial(half_states, service, "ann")),
        ]
        writers = [pool.submit(write, i) for i in range(4)]
        faults = [fault for writer in writers for fault in writer.result()]
        done.set()
        faults += [fault for other in others for fault in other.result()]
    assert faults == []
    assert half_states(service, "ann") == half_states(service, "bob") == []
    assert held(service, "bob")["events"] == 4 * N_POSTS
    assert LearnerState.from_bytes(service.states()["bob"]).n_events == 4 * N_POSTS
    erase(service)
    assert not any(held(service).values())


def test_who_waits_for_a_learner_that_is_erased_makes_them_anew(service: Service) -> None:
    """Two transactions of a database that lets both write: the second must not go on without a profile."""
    if service.database.is_local:
        pytest.skip("its writers come one after the other")
    service.post_events(attempt("a"))
    started = threading.Event()

    def write() -> int:
        started.set()
        return int(service.post_events(attempt("b")).json()["stored"])

    with ThreadPoolExecutor(1) as pool:
        with service.database.write() as connection:
            store.erase(connection, "ann", mark="m", at=0.0)
            stored = pool.submit(write)
            started.wait()
            # Long enough to wait for the lock.
            with pytest.raises(TimeoutError):
                stored.result(timeout=0.3)
        assert stored.result() == 1
    assert held(service) == {"events": 1, "learner_states": 1, "learners": 1, "recommendations": 0}


def test_a_replay_does_not_bring_anybody_back(service: Service) -> None:
    model = model_of(service)
    with service.database.write() as connection:
        folder = StateFolder(model.engine.bundle.difficulty)
        learner_states._rebuild_some(model, folder, ["ann"], 0.0, connection)
    assert learner_states._replayed_and_kept(service.database, model, "ann", NOW) is None
    assert not any(held(service).values())


def test_what_another_process_still_holds_is_not_logged_any_more(service: Service) -> None:
    model = model_of(service)
    with another_process(service) as database:
        others = RecommendationLog(database, KEY_SECRET)

        def answer(learner_id: str) -> None:
            profile = learner_states.stranger(learner_id).profile
            others.add(uuid4(), model.engine.recommend(None, profile, now=service.clock()), simulated=False)

        answer("ann")
        answer("bob")
        # Nothing is held of ann as far as this process can see.
        assert erase(service).status_code == 404
        # Made of what was there before, while the erasure was being committed.
        service.clock.advance(seconds=1)
        answer("ann")
        service.clock.advance(seconds=60)
        answer("ann")
        others.flush()
    assert [held(service, i)["recommendations"] for i in ("ann", "bob")] == [1, 1]
    (kept,) = service.query("SELECT generated_at FROM recommendations WHERE learner_id = 'ann'")
    assert kept.generated_at == to_seconds(service.clock())


def test_what_another_process_is_just_logging_is_removed_too(service: Service) -> None:
    if service.database.is_local:
        pytest.skip("its writers come one after the other")
    row = recommendations.row_of(str(uuid4()), "ann", to_seconds(NOW), "b", False, [])
    with ThreadPoolExecutor(1) as pool, another_process(service) as database:
        with database.write() as connection:
            recommendations.append(connection, [row])
            erased = pool.submit(erase, service)
            with pytest.raises(TimeoutError):
                erased.result(timeout=0.3)
        assert erased.result().json()["removed"]["recommendations"] == 1
    assert not any(held(service).values())


def test_an_erasure_that_cannot_be_done_forgets_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = service.client.app.state.services  # type: ignore[attr-defined]

    def refused(work: object) -> None:
        raise StoreUnavailableError("read_only")

    monkeypatch.setattr(services.database, "transact", refused)
    told = service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
    assert erase(service).status_code == 503
    assert services.recommendations.find(told["recommendation_id"]) is not None
    monkeypatch.undo()
    services.recommendations.flush()
    assert held(service)["recommendations"] == 1


def test_feedback_on_what_was_answered_before_an_erasure_brings_nobody_back(service: Service) -> None:
    answered(service, "ann", passed=True)
    services = service.client.app.state.services  # type: ignore[attr-defined]
    told = service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
    before = services.recommendations.find(told["recommendation_id"])
    erase(service)
    given = FeedbackRequest(kind="accepted")
    mark = erasure_mark(KEY_SECRET, "ann")
    outcome = give_feedback(service.database, model_of(service), before, given, mark=mark, now=NOW)
    assert outcome == "erased"
    assert not any(held(service).values())


def test_marks_of_the_erased_go_after_a_day(service: Service) -> None:
    erase(service, "ann")
    service.clock.advance(hours=23)
    erase(service, "bob")
    service.clock.advance(hours=2)
    erase(service, "eve")
    marks = {row.mark for row in service.query("SELECT mark FROM erasures")}
    assert marks == {erasure_mark(KEY_SECRET, i) for i in ("bob", "eve")}
    # Also when nobody else is erased.
    service.clock.advance(hours=25)
    service.client.post("/v1/recommendations", json={"learner_id": "zoe"})
    service.client.app.state.services.recommendations.flush()  # type: ignore[attr-defined]
    assert service.query("SELECT mark FROM erasures") == []


def test_what_waits_in_memory_is_forgotten(service: Service) -> None:
    answered(service, "ann", passed=True)
    put(service, "ann", can_mentor=True)
    put(service, "bob", role_id=ROLE)
    assert service.client.get("/v1/learners/bob/mentors").is_success
    services = service.client.app.state.services  # type: ignore[attr-defined]
    assert services.mentors._kept.table.ids == ("ann",)
    erase(service)
    assert services.mentors._kept.table.ids == ()
