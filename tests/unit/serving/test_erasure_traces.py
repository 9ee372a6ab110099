"""After an erasure and `vacuum`, no byte of the learner's id or names is in what the service wrote."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pyarrow.parquet import read_table
from rich.console import Console

from serving import logs
from serving.commands.backup import run_backup
from serving.commands.export_events import export_events
from serving.commands.vacuum import vacuum
from serving.store import dialect
from tests.unit.serving.company import answered, put
from tests.unit.serving.world import MODULES, ROLE, Service, attempt, completion, running_service

GONE, STAYS = "trace-of-ann-4711", "trace-of-bob-4711"
HOME, OTHER_HOME = "https://lms.example.com", "https://ids.example.com"
ADL = "http://adlnet.gov/expapi/verbs/"


def account(learner_id: str) -> str:
    return f"account-{learner_id}-0815"


def mail(learner_id: str) -> str:
    return f"mail.{learner_id}@example.com"


def hashed(learner_id: str) -> str:
    return hashlib.sha1(f"mailto:{mail(learner_id)}".encode(), usedforsecurity=False).hexdigest()


def names(learner_id: str) -> list[str]:
    """All by which somebody is known."""
    return [learner_id, account(learner_id), mail(learner_id), hashed(learner_id)]


ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")


def spellings(learner_id: str) -> list[bytes]:
    """The id as texts hold it, in hexadecimal, and in base64 wherever in a longer text it stands."""
    plain = learner_id.encode()
    found = [learner_id.encode(encoding) for encoding in ENCODINGS]
    found += [plain.hex().encode(), plain.hex().upper().encode()]
    for before in range(3):
        text = base64.b64encode(b"x" * before + plain)
        # The outer characters depend on what is beside the id.
        found.append(text[4 if before else 0 : -4])
    return found


def written(service: Service, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the store; not a server's write-ahead log, which is the operator's to keep or not."""
    if service.database.is_local:
        paths = sorted(folder.glob("test.db*"))
    else:
        with service.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            data = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
            connection.exec_driver_sql("CHECKPOINT")
        paths = [p for p in sorted(data.rglob("*")) if p.is_file() and "pg_wal" not in p.parts]
    for path in paths:
        # The server removes files of its caches while it runs.
        with suppress(FileNotFoundError):
            yield path.name, path.read_bytes()


def holding(service: Service, folder: Path, learner_id: str) -> set[str]:
    """Files that hold the id, or another name, in any spelling."""
    ways = [way for name in names(learner_id) for way in spellings(name)]
    return {name for name, content in written(service, folder) if any(way in content for way in ways)}


def live(service: Service, learner_id: str) -> None:
    """Do with a learner all that can be done, some of it wrongly."""
    call: Any = service.client.request
    answered(service, learner_id, passed=True, n=300)
    service.post_events(completion(f"late {learner_id}", learner_id=learner_id, occurred_at="2025-01-01"))
    service.post_events(
        attempt("bad", learner_id, score=7), attempt("future", learner_id, occurred_at="2030-01-01")
    )
    put(service, learner_id, role_id=ROLE, team_id="north", can_mentor=True)
    put(service, learner_id, role_id="no-such-role")
    told = call("POST", "/v1/recommendations", json={"learner_id": learner_id}).json()
    call("POST", "/v1/recommendations", json={"learner_id": learner_id, "target_role_id": "no"})
    call("POST", "/v1/recommendations/batch", json={"requests": [{"learner_id": learner_id}] * 3})
    feedback = f"/v1/recommendations/{told['recommendation_id']}/feedback"
    call("POST", feedback, json={"kind": "shown"})
    for path in ("mastery", "gaps", "pathway", "mentors", "export", "nothing", "gaps?role_id=no"):
        call("GET", f"/v1/learners/{learner_id}/{path}")
    call("POST", f"/v1/learners/{learner_id}/next-item", json={})
    call("GET", "/v1/teams/north/gaps")
    say(service, learner_id)


def say(service: Service, learner_id: str) -> None:
    """Let statements tell of a learner, and name a learner, wherever they can."""
    call: Any = service.client.request
    agents: list[dict[str, Any]] = [
        {"account": {"homePage": HOME, "name": account(learner_id)}},
        {"account": {"homePage": OTHER_HOME, "name": learner_id}},
        {"mbox": f"mailto:{mail(learner_id)}"},
        {"mbox_sha1sum": hashed(learner_id)},
    ]
    # Before and after it is known who that is.
    for aliases in (None, [{"issuer": HOME, "name": account(learner_id)}, mailbox(learner_id)]):
        for agent in agents:
            for sent in naming(agent):
                assert told(service, sent).status_code == 200
        assert put(service, learner_id, role_id=ROLE, aliases=aliases).status_code == 200
    # What was an alias once.
    before = {"issuer": "https://old.example.com", "name": account(learner_id)}
    old = {"account": {"homePage": before["issuer"], "name": before["name"]}}
    now = [{"issuer": HOME, "name": account(learner_id)}, mailbox(learner_id)]
    assert put(service, learner_id, role_id=ROLE, aliases=[*now, before]).status_code == 200
    told(service, statement(old))
    assert put(service, learner_id, role_id=ROLE, aliases=now).status_code == 200
    told(service, statement(BOSS, instructor=old))
    # What is wrong leaves nothing either.
    bad_id = statement(agents[0]) | {"id": account(learner_id)}
    for wrong in (bad_id, [mail(learner_id)], "{" + mail(learner_id)):
        assert told(service, wrong).status_code == 400
    params = {"issuer": HOME, "name": account(learner_id)}
    assert call("GET", "/v1/learners", params=params).json() == {"learner_id": learner_id}
    assert call("GET", "/v1/learners", params=params | {"issuer": "x:1"}).status_code == 404
    assert put(service, "colleague-0", aliases=[mailbox(learner_id)]).status_code == 409
    agent = json.dumps(agents[0])
    assert call("GET", "/xapi/statements", params={"agent": agent}, headers=VERSION).json()["statements"]
    assert call("GET", f"/v1/learners/{learner_id}/export").json()["statements"]


VERSION = {"X-Experience-API-Version": "1.0.3"}
BOSS = {"account": {"homePage": "https://boss.example.com", "name": "boss"}}


def told(service: Service, sent: Any) -> Any:
    content = sent if isinstance(sent, str) else json.dumps(sent)
    headers = VERSION | {"Content-Type": "application/json"}
    return service.client.post("/xapi/statements", content=content, headers=headers)


def mailbox(learner_id: str) -> dict[str, str]:
    return {"issuer": "mailto", "name": mail(learner_id)}


def statement(actor: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": actor,
        "verb": {"id": f"{ADL}completed"},
        "object": {"id": MODULES[3], "definition": {"name": {"en": "Ratios"}}},
        "context": context,
    }


def naming(agent: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Statements that name somebody in every place there is for it."""
    own = statement(agent)
    yield own
    yield statement(BOSS, instructor=agent)
    yield statement(BOSS, team={"objectType": "Group", "member": [agent]})
    yield statement(BOSS, contextAgents=[{"objectType": "contextAgent", "agent": agent}])
    yield statement({"objectType": "Group", "member": [agent, {"mbox": "mailto:c@example.com"}]})
    yield statement(BOSS) | {"object": {"objectType": "Agent", **agent}}
    yield statement(BOSS) | {"object": {"objectType": "SubStatement", **without_id(statement(agent))}}
    yield statement(BOSS) | {"object": {"objectType": "StatementRef", "id": own["id"]}}
    voided = statement(agent)
    yield voided
    verb = {"id": f"{ADL}voided"}
    yield statement(BOSS) | {"verb": verb, "object": {"objectType": "StatementRef", "id": voided["id"]}}


def without_id(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name != "id"}


@pytest.fixture
def service(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[Service]:
    """A service that takes what statements say as it comes."""
    settings = {"xapi_mode": "lenient", "xapi_home_pages": OTHER_HOME}
    with running_service(tmp_path, bundle, database_url=store_url, **settings) as running:
        yield running


def taken_out(service: Service, folder: Path) -> Iterator[str]:
    """What commands take out of the store: all tables of an export together, and a backup."""
    export_events(service.settings, folder / "export", Console(quiet=True))
    yield "".join(repr(read_table(path).to_pylist()) for path in (folder / "export").glob("*.parquet"))
    if service.database.is_local:
        run_backup(service.settings, folder / "backup.db")
        yield (folder / "backup.db").read_bytes().decode("latin-1")


def test_no_byte_is_left_of_who_was_erased(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    for i in range(8):
        put(service, f"colleague-{i}", role_id=ROLE, team_id="north")
    for learner_id in (GONE, STAYS):
        live(service, learner_id)
    if not service.database.is_local:
        # Its statistics take common and outermost values of columns down.
        with service.database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    assert holding(service, tmp_path, GONE)
    n_events = service.client.get(f"/v1/learners/{STAYS}/mastery").json()["n_events"]
    assert n_events > 302
    assert service.client.delete(f"/v1/learners/{GONE}").status_code == 200
    assert vacuum(service.settings) == []
    assert service.client.get(f"/v1/learners/{GONE}/export").status_code == 404
    assert service.client.delete(f"/v1/learners/{GONE}").status_code == 404
    assert holding(service, tmp_path, GONE) == set()
    assert holding(service, tmp_path, STAYS)
    assert service.client.get(f"/v1/learners/{STAYS}/mastery").json()["n_events"] == n_events
    assert service.query("SELECT ref FROM xapi_definitions")
    for text in taken_out(service, tmp_path):
        assert STAYS in text
        assert not any(name in text for name in names(GONE))
    lines = capsys.readouterr().err
    assert '"level": "debug"' in lines or '"level": "info"' in lines
    everybody = [way for who in (GONE, STAYS) for name in names(who) for way in spellings(name)]
    assert not any(way.decode("latin-1") in lines for way in everybody)


def test_who_still_reads_an_old_moment_is_told_of(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not service.database.is_local:
        pytest.skip("its readers are waited for")
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    service.post_events(attempt("a"))
    with service.database.snapshot() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == 1
        service.client.delete("/v1/learners/ann")
        assert vacuum(service.settings) == ["somebody still reads what was there before"]
    assert vacuum(service.settings) == []
