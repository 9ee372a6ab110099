"""POST /v1/model/reload: the pointer is looked at now."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

from serving.model import ModelHolder
from tests.unit.serving.world import FixedClock, Service, running_service, write_pointer


def bundle_id(path: Path) -> str:
    return str(json.loads((path / "manifest.json").read_text())["id"])


def reload(service: Service) -> Any:
    return service.client.post("/v1/model/reload")


def refused(answer: Any) -> str:
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/docs#bundle-refused"
    return str(answer.json()["detail"])


def test_a_promoted_bundle_serves_at_once(tmp_path: Path, bundle: Path, other_bundle: Path) -> None:
    with running_service(tmp_path, bundle, pointer_poll_seconds=600) as service:
        unchanged = reload(service).json()
        assert unchanged == service.client.get("/v1/model").json()
        assert unchanged["bundle_id"] == bundle_id(bundle)
        write_pointer(service.settings.pointer, other_bundle, version=2)
        assert service.client.get("/v1/model").json()["bundle_id"] == bundle_id(bundle)
        answer = reload(service)
        assert answer.status_code == 200
        assert (answer.json()["bundle_id"], answer.json()["version"]) == (bundle_id(other_bundle), 2)
        wish = {"learner_id": "ann", "k": 1}
        told = service.client.post("/v1/recommendations", json=wish).json()["model"]["bundle_id"]
        assert told == bundle_id(other_bundle)


def test_a_bundle_that_cannot_serve_is_409_and_the_one_before_goes_on(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, pointer_poll_seconds=600) as service:
        write_pointer(service.settings.pointer, bundle, bundle_id="not-this-one", version=2)
        detail = refused(reload(service))
        assert "not-this-one" in detail
        assert detail.endswith(f"the model before goes on, bundle {bundle_id(bundle)}")
        assert service.client.get("/health/ready").status_code == 200
        assert service.client.get("/v1/model").json()["bundle_id"] == bundle_id(bundle)
        # Said again, however often it is asked.
        assert "not-this-one" in refused(reload(service))


def test_a_refused_bundle_is_tried_again_once_it_is_mended(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(other_bundle, copied)
    array = next(copied.rglob("*.npy"))
    whole = array.read_bytes()
    array.write_bytes(whole[:-1] + b"\xff")
    with running_service(tmp_path, bundle, pointer_poll_seconds=600) as service:
        write_pointer(service.settings.pointer, copied, version=2)
        assert "copied" in refused(reload(service)) or array.name in refused(reload(service))
        array.write_bytes(whole)
        assert reload(service).json()["bundle_id"] == bundle_id(other_bundle)
        assert service.client.get("/v1/model").json()["refused"] is None


def test_without_a_pointer_nothing_can_be_loaded(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, None, pointer_poll_seconds=600) as service:
        assert "no pointer file; train and promote a model; no model is loaded" in refused(reload(service))
        write_pointer(service.settings.pointer, bundle)
        assert reload(service).json()["bundle_id"] == bundle_id(bundle)
        service.settings.pointer.unlink()
        assert "there is no pointer file" in refused(reload(service))
        assert service.client.get("/health/ready").status_code == 200


def test_who_watches_and_who_is_told_load_a_bundle_once(tmp_path: Path, bundle: Path) -> None:
    pointer = tmp_path / "champion.json"
    write_pointer(pointer, bundle)
    loads: list[object] = []

    class Counting(FixedClock):
        def __call__(self) -> Any:
            loads.append(threading.current_thread())
            return super().__call__()

    holder = ModelHolder(pointer, Counting())
    threads = [threading.Thread(target=do) for do in (holder.refresh, holder.reload) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert holder.current is not None
