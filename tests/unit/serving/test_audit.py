"""Who did what: one row in the transaction that does it, and no learner in it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recommender.domain.events import to_seconds
from serving.api import make_api
from serving.audit import command_entry, learner_subject
from serving.cli import app
from serving.security.scopes import Scope
from serving.store.audit import AuditEntry, entries, record
from serving.store.database import Database
from serving.store.migrate import open_database
from tests.unit.serving.world import (
    KEY_SECRET,
    NOW,
    FixedClock,
    Service,
    attempt,
    running_service,
    write_pointer,
)

LEARNER = "Ann Example <ann@example.org>"


def logged(service: Service) -> list[AuditEntry]:
    with service.database.read() as connection:
        return [entry for entry, _ in entries(connection)]


def actor(key: str) -> str:
    return f"key:{key.split('_')[1]}"


def test_a_call_is_recorded_with_its_transaction_or_not_at_all(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.post_events(attempt("a", LEARNER))
    sent = {"X-Request-ID": "r-17"}
    with monkeypatch.context() as broken:
        # The erasure has been done in the transaction by then.
        broken.setattr("serving.erasure.record", _fails)
        assert service.client.delete(f"/v1/learners/{LEARNER}", headers=sent).status_code == 500
    assert logged(service) == []
    assert len(service.log()) == 1
    assert service.client.delete(f"/v1/learners/{LEARNER}", headers=sent).status_code == 200
    (entry,) = logged(service)
    assert (entry.actor, entry.action, entry.outcome) == (actor(service.key), "erase_learner", "done")
    assert (entry.at, entry.request_id) == (to_seconds(NOW), "r-17")
    assert entry.subject == learner_subject(KEY_SECRET, LEARNER)


def _fails(*_: object) -> None:
    raise RuntimeError("it did not work")


def test_a_subject_is_a_keyed_hash_that_holds_no_learner(service: Service) -> None:
    service.post_events(attempt("a", LEARNER))
    service.client.delete(f"/v1/learners/{LEARNER}")
    (row,) = service.query("SELECT * FROM audit_log")
    assert re.fullmatch(r"learner:[0-9a-f]{32}", row.subject)
    assert not [value for value in row if isinstance(value, str) and "ann" in value.lower()]
    assert learner_subject(KEY_SECRET, "ann") != learner_subject(KEY_SECRET, "bob")
    assert learner_subject(KEY_SECRET, "ann") != learner_subject(KEY_SECRET[::-1], "ann")
    assert learner_subject(KEY_SECRET, "\ud800") != learner_subject(KEY_SECRET, "?")


def test_a_key_that_lacks_the_scope_is_noted_once_a_minute_and_an_unknown_one_is_not(
    service: Service,
) -> None:
    weak = service.key_for(Scope.RECOMMEND)
    for _ in range(5):
        answer = service.client.post("/v1/model/reload", headers={"X-API-Key": weak})
        assert answer.status_code == 403
        assert service.client.post("/v1/model/reload", headers={"X-API-Key": "x"}).status_code == 401
    (entry,) = logged(service)
    assert (entry.actor, entry.action, entry.outcome) == (actor(weak), "reload_model", "forbidden")
    # A scope that administers nothing is nobody's concern.
    only_admin = service.key_for(Scope.ADMIN)
    assert service.client.get("/v1/model", headers={"X-API-Key": only_admin}).status_code == 403
    assert len(logged(service)) == 1


def test_values_longer_than_their_columns_are_cut(store_url: str) -> None:
    database = open_database(store_url)
    long = AuditEntry(audit_id="1", at=1.0, actor="a" * 300, action="b" * 300, subject="c" * 300)
    database.transact(lambda connection: record(connection, long))
    with database.read() as connection:
        ((entry, _),) = entries(connection)
    assert (len(entry.actor), len(entry.action), len(entry.subject or "")) == (200, 64, 200)
    database.close()


def changed(database: Database, at: float, subject: str) -> None:
    entry = AuditEntry(audit_id=subject, at=at, actor="command:op", action="x", subject=subject)
    database.transact(lambda connection: record(connection, entry))


def test_entries_are_found_by_time_and_subject_oldest_first(store_url: str) -> None:
    database = open_database(store_url)
    for at, subject in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        changed(database, at, subject)
    with database.read() as connection:
        assert [entry.subject for entry, _ in entries(connection)] == ["a", "b", "c"]
        assert [entry.subject for entry, _ in entries(connection, since=2.0)] == ["b", "c"]
        assert [entry.subject for entry, _ in entries(connection, subject="a")] == ["a"]
    database.close()


ADMINISTERING = [
    (method.upper(), path, operation)
    for path, methods in make_api().openapi()["paths"].items()
    for method, operation in methods.items()
    if any(
        {"admin", "catalog"} & set(scopes) for way in operation.get("security", ()) for scopes in way.values()
    )
    if (method, "catalog") != ("get", next(iter(operation["security"][0].values()))[0])
]


@pytest.mark.parametrize(("method", "path", "operation"), ADMINISTERING)
def test_every_call_that_administers_is_recorded(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    """All of scope admin, and what changes the catalogue: by `AuditDep` and `serving.audit.record`."""
    service.post_events({"kind": "completion", "event_id": "e", "learner_id": "ann", "module_id": "module-1"})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = next((example["value"] for example in content.get("examples", {}).values()), None)
    asked = {p["name"]: "ann" for p in operation.get("parameters", ()) if p["in"] == "path"}
    answer = service.client.request(method, path.format(**asked), json=body)
    assert answer.status_code == 200, answer.text
    (entry,) = logged(service)
    assert (entry.actor, entry.action) == (actor(service.key), operation["operationId"])
    assert (entry.outcome, "ann" in str(entry)) == ("done", False)


# The commands


@pytest.fixture
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setenv("SERVING_POINTER", str(tmp_path / "champion.json"))
    monkeypatch.setenv("LOGNAME", "operator")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("_environment")
def test_commands_are_recorded_and_listed(tmp_path: Path) -> None:
    data = tmp_path / "autumn"
    data.mkdir()
    (data / "attempts.csv").write_text("learner_id,item_id,score\nann,item-4,0.5\n")
    assert run("migrate").exit_code == 0
    assert run("migrate").exit_code == 0
    key_id = run("keys", "create", "--name", "[b]lms[/b]", "--scopes", "events").stdout.split("_")[1]
    assert run("keys", "revoke", key_id).exit_code == 0
    assert run("keys", "revoke", key_id).exit_code == 2
    assert run("load", "--data", str(data)).exit_code == 0
    for command in (("export-events", "--out", "exported"), ("backup", "--out", "copy.db"), ("vacuum",)):
        assert run(*command).exit_code == 0, command
    lines = [line for line in run("audit").stdout.splitlines() if "command:operator" in line]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    assert [cell[2:5] for cell in cells] == [
        ["migrate", "revision none to 0003", "done"],
        ["keys create", f"key:{key_id}", "done"],
        ["keys revoke", f"key:{key_id}", "done"],
        ["load", "dataset autumn", "done"],
        ["export-events", "dataset exported", "done"],
        ["backup", "file copy.db", "done"],
        ["vacuum", "", "done"],
    ]
    assert run("restore", "--from", "copy.db", "--force").exit_code == 0
    after = run("audit").stdout
    assert "file copy.db" in after
    assert "restore" in after
    assert "vacuum" not in after


@pytest.mark.usefixtures("_environment")
def test_what_was_done_to_a_learner_is_found_by_the_id(tmp_path: Path, bundle: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'cli.db'}"
    with running_service(tmp_path, bundle, database_url=database_url) as service:
        for learner in ("ann", "bob"):
            service.post_events(attempt(learner, learner))
            assert service.client.delete(f"/v1/learners/{learner}").status_code == 200
    ann, all_of_them = run("audit", "--learner", "ann").stdout, run("audit").stdout
    assert (ann.count("erase"), all_of_them.count("erase")) == (1, 2)
    assert f"{actor(service.key)} (tests)" in ann
    assert learner_subject(KEY_SECRET, "ann") in ann
    later = (NOW + timedelta(seconds=1)).isoformat()
    assert "erase" not in run("audit", "--since", later).stdout
    assert run("audit", "--since", NOW.date().isoformat()).stdout.count("erase") == 2
    assert "erase" not in run("audit", "--learner", "eve").stdout


@pytest.mark.usefixtures("_environment")
def test_a_time_that_is_none_is_exit_2() -> None:
    result = run("audit", "--since", "yesterday")
    assert result.exit_code == 2
    assert "--since 'yesterday' is no time; give one such as 2026-03-01" in result.stderr


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert re.fullmatch(r"command:(\d+|unknown)", command_entry(FixedClock(), "x").actor)


# The one call of these that has no transaction


def test_a_reload_is_recorded_whether_it_went_well_or_not(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, pointer_poll_seconds=60) as service:
        assert service.client.post("/v1/model/reload").status_code == 200
        service.clock.advance(seconds=1)
        write_pointer(service.settings.pointer, bundle, bundle_id="another", version=2)
        assert service.client.post("/v1/model/reload").status_code == 409
        done, refused = logged(service)
    assert (done.action, done.outcome) == ("reload_model", "done")
    assert (done.subject or "").startswith("bundle:")
    assert (refused.action, refused.outcome) == ("reload_model", "bundle-refused")
