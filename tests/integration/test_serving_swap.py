"""A promotion while the service runs: the next answers come from the new model, none fails."""

import json
import time
from collections.abc import Callable
from pathlib import Path

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
        assert answer["model"] == {"bundle_id": bundle_id(other_bundle), "alias": "champion"}
        assert answer["fallback"] is None
        # Ann's state was replayed on the read, Bob's on the next write.
        assert len(service.query("SELECT DISTINCT difficulty_id FROM learner_states")) == 2
        service.post_events(attempt("c", "bob"))
        after = service.query("SELECT DISTINCT difficulty_id FROM learner_states")
        assert len(after) == 1
        assert after != before


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
