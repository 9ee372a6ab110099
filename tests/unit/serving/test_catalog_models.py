"""The catalogue with models that come and go, and with several processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from serving.store.faults import StoreUnavailableError
from tests.unit.serving.catalog_calls import (
    GOOD,
    NEW,
    RULE,
    about,
    done,
    ids,
    listed,
    put,
    recommended,
    row_of,
)
from tests.unit.serving.world import (
    ITEMS,
    MODULES,
    ROLE,
    SKILLS,
    Service,
    completion,
    fields,
    running_service,
    write_pointer,
)

# Models that come and go


def test_without_a_model_rows_are_kept_until_one_comes(tmp_path: Path, bundle: Path, store_url: str) -> None:
    with running_service(tmp_path, None, database_url=store_url) as service:
        assert fields(put(service, "modules", NEW)) == ["rows[0].skill_ids[0]", "rows[0].skill_ids[1]"]
        done(service, "skills", *({"skill_id": skill, "name": skill} for skill in SKILLS[:2]))
        done(service, "modules", NEW)
        assert [row["module_id"] for row in listed(service, "modules")["rows"]] == ["new"]
        assert listed(service, "roles") == {"rows": [], "next_cursor": None, "catalog_revision": 2}
        assert about(service)["catalog_revision"] is None
        # Whether the model that comes holds it, nobody knows yet.
        assert done(service, "items", {"item_id": ITEMS[0], "removed": True})["catalog_revision"] == 3
        write_pointer(service.settings.pointer, bundle)
        service.client.app.state.services.models.refresh()  # type: ignore[attr-defined]
        assert about(service)["catalog_revision"] == 3
        assert row_of(service, "items", item_id=ITEMS[0]) is None
        assert {"new", *MODULES[:11]} == set(ids(recommended(service)))


def test_rows_without_a_place_in_a_new_bundle_are_left_out_told_and_kept(
    service: Service, bundle: Path, tiny_bundle: Path
) -> None:
    done(service, "skills", {"skill_id": "skill-new", "name": "New"})
    done(service, "modules", {"module_id": "stays", "title": "Stays", "skill_ids": ["skill-new"]})
    done(service, "modules", NEW)
    done(service, "modules", {"module_id": "variant", "title": "Variant", "variant_of": "new"})
    done(service, "prerequisites", RULE)
    assert about(service)["catalog_rows_unused"] is None
    models = service.client.app.state.services.models  # type: ignore[attr-defined]
    write_pointer(service.settings.pointer, tiny_bundle, version=2)
    models.refresh()
    told = about(service)
    assert told["bundle_id"] == models.current.engine.bundle_id
    assert told["catalog_rows_unused"] == {
        "rows": 3,
        "table": "modules",
        "key": ["new"],
        "reason": "skill_ids[0] is not one of the skills of the catalogue",
    }
    offered = ids(recommended(service))
    assert "stays" in offered
    assert {"new", "variant"}.isdisjoint(offered)
    assert row_of(service, "modules", module_id="new") is None
    # They are in nobody's way, and count again when what they name is there.
    assert fields(put(service, "items", {"item_id": "i", "module_id": "new"})) == ["rows[0].module_id"]
    done(service, "skills", *({"skill_id": skill, "name": skill} for skill in SKILLS[:2]))
    assert about(service)["catalog_rows_unused"]["rows"] == 1
    assert {"new", "variant"} < set(ids(recommended(service)))
    write_pointer(service.settings.pointer, bundle, version=3)
    models.refresh()
    assert about(service)["catalog_rows_unused"] is None
    assert {"new", "variant", "stays"} < set(ids(recommended(service)))


def test_a_fault_in_laying_rows_over_keeps_nobody_from_being_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(recommended(service))
    with monkeypatch.context() as patch:
        patch.setattr("serving.model.Catalog.from_tables", lambda _: 1 / 0)
        answer = put(service, "modules", NEW)
        assert answer.status_code == 500
        assert "stored, as revision 1 of the catalogue, but not all of them can be" in answer.json()["detail"]
        assert ids(recommended(service)) == before
        unused = about(service)["catalog_rows_unused"]
    assert (unused["rows"], unused["key"]) == (1, ["new"])
    assert "ZeroDivisionError" in unused["reason"]
    done(service, "skills", GOOD["skills"])
    assert about(service)["catalog_rows_unused"] is None
    assert "new" in ids(recommended(service))


def test_a_store_that_goes_away_behind_the_commit_is_told_and_the_rows_are_served_when_it_is_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> int:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("serving.store.catalog.revision", gone)
        answer = put(service, "modules", NEW)
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#unavailable")
    assert "the rows are stored, as revision 1 of the catalogue" in answer.json()["detail"]
    assert "new" in ids(recommended(service))
    assert done(service, "modules", NEW)["unchanged"] == 1


# Several processes


@pytest.fixture
def two_workers(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[tuple[Service, Service]]:
    """Two apps over one store, neither of which looks around by itself."""
    idle = {"database_url": store_url, "pointer_poll_seconds": 3600.0}
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        running_service(folders[0], bundle, **idle) as one,
        running_service(folders[1], bundle, **idle) as two,
    ):
        yield one, two


def test_every_worker_serves_a_change_with_the_next_request(two_workers: tuple[Service, Service]) -> None:
    one, two = two_workers
    calls = [
        lambda: "new-1" in ids(recommended(two)),
        lambda: two.post_events(completion("c", "new-2")).status_code == 200,
        lambda: row_of(two, "modules", module_id="new-3") is not None,
        lambda: about(two)["catalog_revision"] == 4,
        lambda: two.client.get("/v1/learners/ann/gaps?role_id=role-new").status_code == 200,
        lambda: two.client.get("/v1/learners/ann/pathway?role_id=role-new-2").status_code == 200,
        lambda: two.client.post("/v1/learners/ann/next-item", json={"given": ["i"]}).status_code == 200,
        lambda: put(two, "role_skills", {"role_id": ROLE, "skill_id": "s", "required_mastery": 1}).is_success,
        lambda: {row["skill_id"] for row in listed(one, "role_skills")["rows"]} == {*SKILLS[:2], "s"},
    ]
    changes: list[tuple[str, dict[str, Any]]] = [
        *(("modules", NEW | {"module_id": f"new-{n}"}) for n in range(1, 5)),
        *(("roles", {"role_id": name, "title": name}) for name in ("role-new", "role-new-2")),
        ("items", {"item_id": "i"}),
        ("skills", {"skill_id": "s", "name": "S"}),
    ]
    for (table, row), seen in zip(changes, calls, strict=False):
        assert done(one, table, row)["new"] == 1
        assert seen()
    assert calls[-1]()


def test_changes_from_both_sides_at_once_are_all_there(two_workers: tuple[Service, Service]) -> None:
    for worker in two_workers:
        # FastAPI makes its routes at the first call, which two apps in one process cannot do at once.
        assert worker.client.get("/openapi.json").status_code == 200

    def change(number: int) -> int:
        worker = two_workers[number % 2]
        answer = done(worker, "modules", NEW | {"module_id": f"new-{number}"})
        assert f"new-{number}" in ids(recommended(two_workers[1 - number % 2]))
        return answer["catalog_revision"]

    with ThreadPoolExecutor(4) as pool:
        revisions = list(pool.map(change, range(8)))
    assert sorted(revisions) == list(range(1, 9))
    for worker in two_workers:
        assert {f"new-{number}" for number in range(8)} <= set(ids(recommended(worker)))


def test_the_watcher_follows_the_catalogue_too(two_workers: tuple[Service, Service], bundle: Path) -> None:
    one, two = two_workers
    done(one, "modules", NEW)
    models = two.client.app.state.services.models  # type: ignore[attr-defined]
    before = models.current
    assert before.catalog_revision == 0
    assert models.up_to_date().catalog_revision == 1
    # Who began with the model before ends with a model of the same bundle, and waits for nobody.
    assert models.caught_up(before, 1) is models.current
    assert models.caught_up(before, 0) is before
