"""States that are made again, many at once, are those that single events make."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from recommender.pointer import read_pointer
from recommender.skills.records import STATE_VERSION
from serving.learner_states import rebuild
from serving.model import ModelHolder, ServedModel
from serving.store.tables import learner_states
from tests.unit.serving.world import CREDENTIAL, ITEMS, MODULES, NOW, SKILLS, Service, attempt, completion


def history(learner_id: str, rng: random.Random) -> list[dict[str, Any]]:
    """Thirty events of every kind, with and without what may be left out."""
    events = []
    for i in range(30):
        event_id = f"{learner_id}-{rng.randrange(10**6):06d}-{i}"
        at = (NOW - timedelta(hours=rng.randrange(200), microseconds=rng.randrange(10**6))).isoformat()
        sent = {"learner_id": learner_id, "occurred_at": at}
        match rng.randrange(6):
            case 0 | 1 | 2:
                may = {
                    "passed": rng.random() < 0.5,
                    "skill_ids": rng.sample(SKILLS, 2),
                    "module_id": rng.choice(MODULES),
                    "duration_seconds": rng.random() * 60,
                }
                chosen = {k: v for k, v in may.items() if rng.random() < 0.4}
                item = rng.choice((*ITEMS[:6], "item-new", "unheard-of"))
                events.append(attempt(event_id, item_id=item, score=rng.random(), **sent, **chosen))
            case 3:
                status = rng.choice(("started", "completed", "abandoned"))
                progress = {"progress": rng.random()} if rng.random() < 0.5 else {}
                events.append(
                    completion(event_id, rng.choice(MODULES[:4]), status=status, **sent, **progress)
                )
            case 4:
                said = {"skill_id": rng.choice(SKILLS), "level": rng.random()}
                events.append({"kind": "self_assessment", "event_id": event_id, **sent, **said})
            case _:
                earned = {"credential_id": CREDENTIAL}
                expires = {"expires_at": "2027-01-01T00:00:00.25Z"} if rng.random() < 0.5 else {}
                events.append({"kind": "credential", "event_id": event_id, **sent, **earned, **expires})
    return events


def model_of(service: Service) -> ServedModel:
    models = ModelHolder(service.settings.pointer, service.clock)
    models.refresh()
    assert models.current is not None
    assert models.current.engine.bundle_id == read_pointer(service.settings.pointer).bundle_id
    return models.current


def test_states_made_at_once_are_those_made_event_by_event(service: Service) -> None:
    rng = random.Random(3)
    # Items that no model was trained with: the log says what they count for.
    rows = [{"item_id": "item-new", "skill_ids": [SKILLS[2], SKILLS[0]]}]
    assert service.client.put("/v1/items", json={"rows": rows}).status_code == 200
    for n in range(8):
        events = history(f"learner-{n}", rng)
        for start in range(0, len(events), 7):
            assert service.post_events(*events[start : start + 7]).status_code == 200
    online = service.states()
    assert len(online) == 8
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM learner_states")
    rebuild(service.database, model_of(service), now=NOW)
    # The service itself may have made some meanwhile: it is the same fold.
    assert {i: bytes(state) for i, state in service.states().items()} == {
        i: bytes(state) for i, state in online.items()
    }


def test_whoever_has_no_events_gets_no_state(service: Service) -> None:
    service.post_events(attempt("a"))
    assert rebuild(service.database, model_of(service), now=NOW) == 0
    assert set(service.states()) == {"ann"}


def test_states_of_another_form_are_made_again(service: Service) -> None:
    service.post_events(*history("ann", random.Random(1)))
    before = service.states()
    model = model_of(service)
    with service.database.write() as connection:
        older = f"{model.engine.difficulty_id}.{STATE_VERSION - 1}"
        connection.execute(update(learner_states).values(difficulty_id=older, state=b"as of then"))
    assert rebuild(service.database, model, now=NOW) == 1
    assert service.states() == before
