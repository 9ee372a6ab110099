"""Many writers and one learner: nothing is lost, and the state is the replay."""

from concurrent.futures import ThreadPoolExecutor

from recommender.engine import Engine
from recommender.skills.state import LearnerState
from serving.evidence import to_event
from serving.store import events as log
from tests.unit.serving.world import Service, attempt, bundle, service

__all__ = ["bundle", "service"]

N_WRITERS, N_BATCHES, N_EVENTS, N_TRIES = 50, 4, 3, 5


def test_fifty_writers_of_one_learner_lose_nothing(service: Service, bundle: object) -> None:
    def write(writer: int) -> list[int]:
        statuses = []
        for batch in range(N_BATCHES):
            rows = [
                attempt(
                    f"{writer}-{batch}-{i}",
                    occurred_at=f"2026-01-{1 + (writer * 7 + batch * 3 + i) % 28:02d}",
                )
                for i in range(N_EVENTS)
            ]
            # Who waited too long is asked to send again, and does.
            tries = (service.post_events(*rows).status_code for _ in range(N_TRIES))
            statuses.append(next((status for status in tries if status != 503), 503))
            # A read between two writes sees a whole state.
            statuses.append(service.client.get("/v1/learners/ann/mastery").status_code)
        return statuses

    with ThreadPoolExecutor(N_WRITERS) as pool:
        statuses = [status for some in pool.map(write, range(N_WRITERS)) for status in some]
    assert set(statuses) == {200}
    with service.database.read() as connection:
        history = log.history(connection, "ann")
    assert len(history) == N_WRITERS * N_BATCHES * N_EVENTS
    engine: Engine = service.client.app.state.services.models.current.engine  # type: ignore[attr-defined]
    state = service.states()["ann"]
    assert LearnerState.from_bytes(state).n_events == len(history)
    assert state == engine.fold([to_event(event, 0.6) for event in history]).to_bytes()


def test_the_same_event_sent_at_once_is_stored_once(service: Service) -> None:
    with ThreadPoolExecutor(N_WRITERS) as pool:
        answers = list(pool.map(lambda _: service.post_events(attempt("one")).json(), range(N_WRITERS)))
    assert sum(answer["stored"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == N_WRITERS - 1
    assert len(service.log()) == 1
