"""A promotion while the service runs: the next answers come from the new model, none fails."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from serving import learner_states
from tests.unit.serving.world import Service, attempt, bundle, other_bundle, running_service, write_pointer

__all__ = ["bundle", "other_bundle"]


def bundle_id(path: Path) -> str:
    return str(json.loads((path / "manifest.json").read_text())["id"])


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def model(service: Service) -> dict[str, object]:
    answer: dict[str, object] = service.client.get("/v1/model").json()
    return answer


def test_moving_the_pointer_swaps_the_model_and_replays_states(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        service.post_events(attempt("a"), attempt("b", "bob"))
        before = service.query("SELECT DISTINCT difficulty_id FROM learner_states")
        write_pointer(service.settings.pointer, other_bundle, version=2)
        wait_until(lambda: model(service)["bundle_id"] == bundle_id(other_bundle))
        wish = {"learner_id": "ann", "k": 1}
        answer = service.client.post("/v1/recommendations", json=wish).json()
        assert answer["model"] == {
            "bundle_id": bundle_id(other_bundle),
            "alias": "champion",
            "simulated": False,
        }
        assert answer["fallback"] is None

        # Ann's state is replayed on the read at the latest, Bob's although nobody asks for him.
        def tables() -> list[object]:
            return service.query("SELECT DISTINCT difficulty_id FROM learner_states")

        wait_until(lambda: len(tables()) == 1)
        assert tables() != before
        assert service.client.get("/v1/learners/bob/mastery").json()["n_events"] == 1


def test_stopping_amid_a_replay_loses_nothing(
    tmp_path: Path, bundle: Path, other_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner_states, "_REPLAYED_AT_FIRST", 1)
    monkeypatch.setattr(learner_states, "CHUNK", 1)
    monkeypatch.setattr(learner_states, "_PAUSE_SECONDS", 0.05)

    def by_table(service: Service) -> list[int]:
        rows = service.query("SELECT COUNT(*) AS n FROM learner_states GROUP BY difficulty_id")
        return sorted(row.n for row in rows)

    with running_service(tmp_path, bundle) as service:
        service.post_events(*(attempt(f"e{i:02d}", f"learner-{i:02d}") for i in range(40)))
        write_pointer(service.settings.pointer, other_bundle, version=2)
        wait_until(lambda: len(by_table(service)) == 2)
    started = time.monotonic()
    with running_service(tmp_path, other_bundle) as service:
        assert sum(by_table(service)) == 40
        assert len(by_table(service)) == 2
        wait_until(lambda: by_table(service) == [40])
    assert time.monotonic() - started < 20


def test_a_bad_bundle_is_refused_and_the_old_one_serves_on(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle) as service:
        write_pointer(service.settings.pointer, bundle, bundle_id="not-this-one", version=2)
        wait_until(lambda: model(service)["refused"] is not None)
        assert model(service)["bundle_id"] == bundle_id(bundle)
        assert service.client.get("/health/ready").status_code == 200


def test_a_model_that_comes_later_is_found(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, None) as service:
        assert service.client.get("/health/ready").status_code == 503
        write_pointer(service.settings.pointer, bundle)
        wait_until(lambda: service.client.get("/health/ready").status_code == 200)
