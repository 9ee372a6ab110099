"""Client libraries of others, as they are, drive the statement resource of a running service.

TinCanPython is what Open edX sends statements with; @xapi/xapi is for browsers and Node.js.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tincan import (
    Activity,
    ActivityDefinition,
    Agent,
    AgentAccount,
    Context,
    ContextActivities,
    Group,
    LanguageMap,
    RemoteLRS,
    Result,
    Score,
    Statement,
    StatementRef,
    SubStatement,
    Verb,
)

from serving.commands import keys
from serving.security.scopes import Scope
from serving.settings import Settings
from tests.chaos.server import Server
from tests.unit.serving.world import SKILLS, bundle, make_settings, write_pointer

__all__ = ["bundle"]

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".node-clients"
DRIVE = Path(__file__).with_name("node") / "drive.mjs"
HOME = "https://lms.example.org"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
ANSWERED = "http://adlnet.gov/expapi/verbs/answered"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Settings:
    made = make_settings(tmp_path_factory.mktemp("service"))
    write_pointer(made.pointer, bundle)
    return made


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    log = settings.pointer.with_name("log")
    running = Server(settings.database_url, settings.pointer, log, xapi_home_pages=HOME)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def key(settings: Settings) -> str:
    """All that a sender needs, and the id of the key in its middle."""
    return keys.create(settings, "our LMS", ["xapi:write", "xapi:read"])


@pytest.fixture(scope="module")
def lrs(server: Server, key: str) -> RemoteLRS:
    # As Open edX makes it, of what is in the fields of its form.
    endpoint = f"{server.url}/xapi/"
    return RemoteLRS(version="1.0.3", endpoint=endpoint, username=key.split("_")[1], password=key)


def somebody(name: str | None = None) -> Agent:
    return Agent(account=AgentAccount(home_page=HOME, name=name or uuid4().hex))


def verb(verb_id: str = COMPLETED) -> Verb:
    return Verb(id=verb_id, display=LanguageMap({"en": verb_id.rpartition("/")[2]}))


def activity(name: str | None = None) -> Activity:
    about = ActivityDefinition(
        name=LanguageMap({"en": "Ratios"}), type="http://adlnet.gov/expapi/activities/lesson"
    )
    return Activity(id=f"{HOME}/activities/{name or uuid4().hex}", definition=about)


def said(**parts: Any) -> Statement:
    """A statement of somebody whom nobody else speaks of."""
    return Statement(**({"actor": somebody(), "verb": verb(), "object": activity()} | parts))


def saved(lrs: RemoteLRS, *statements: Statement) -> list[str]:
    answer = lrs.save_statements(list(statements))
    assert answer.success, answer.data
    return [str(one.id) for one in answer.content]


def listed(lrs: RemoteLRS, **query: Any) -> list[str]:
    answer = lrs.query_statements(query)
    assert answer.success, answer.data
    return [str(one.id) for one in answer.content.statements]


def test_tincan_is_told_which_versions_there_are(lrs: RemoteLRS) -> None:
    answer = lrs.about()
    assert answer.success
    assert set(answer.content.version) == {"1.0.0", "1.0.1", "1.0.2", "1.0.3"} | set(answer.content.version)


def test_tincan_sends_one_statement_without_an_id(lrs: RemoteLRS) -> None:
    sent = said()
    answer = lrs.save_statement(sent)
    assert (answer.success, answer.response.status) == (True, 200)
    found = lrs.retrieve_statement(str(sent.id)).content
    assert found.actor.account.name == sent.actor.account.name
    assert found.object.definition.name == {"en": "Ratios"}


def test_tincan_gets_back_all_of_a_statement(lrs: RemoteLRS, key: str) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    registration = uuid4()
    sent = said(
        id=uuid4(),
        timestamp=at,
        result=Result(
            score=Score(scaled=0.85, raw=17, min=0, max=20), success=True, completion=True, response="é"
        ),
        context=Context(
            registration=registration,
            instructor=somebody(),
            platform="Moodle",
            language="en-GB",
            context_activities=ContextActivities(parent=[activity()], grouping=[activity()]),
            extensions={"https://example.org/x": {"a": [1, None]}},
        ),
    )
    answer = lrs.save_statement(sent)
    # With an id it goes by PUT, which answers nothing.
    assert (answer.success, answer.response.status, answer.data) == (True, 204, "")
    found = lrs.retrieve_statement(str(sent.id)).content
    assert found.timestamp == at
    assert found.stored > at
    assert found.authority.account.name == key.split("_")[1]
    for part in ("actor", "verb", "object", "result", "context"):
        assert getattr(found, part).as_version() == getattr(sent, part).as_version(), part


def test_tincan_may_send_again_what_it_sent(lrs: RemoteLRS) -> None:
    sent = said(id=uuid4(), timestamp=datetime(2026, 1, 2, tzinfo=UTC))
    assert [lrs.save_statement(sent).response.status for _ in range(3)] == [204] * 3
    assert saved(lrs, sent) == [str(sent.id)]
    assert listed(lrs, agent=sent.actor) == [str(sent.id)]


def test_tincan_is_told_of_a_conflict(lrs: RemoteLRS) -> None:
    first = said(id=uuid4())
    assert lrs.save_statement(first).success
    other = said(id=first.id)
    for answer in (lrs.save_statement(other), lrs.save_statements([said(), other])):
        assert (answer.success, answer.response.status) == (False, 409)
        assert str(first.id) in str(answer.data)
    # Nothing of the batch was kept.
    assert listed(lrs, agent=other.actor) == []
    assert lrs.retrieve_statement(str(first.id)).content.actor.account.name == first.actor.account.name


def test_tincan_is_told_what_breaks_a_rule(lrs: RemoteLRS) -> None:
    answer = lrs.save_statement(said(verb=Verb(id="completed")))
    assert (answer.success, answer.response.status) == (False, 400)
    (fault,) = json.loads(answer.data)["errors"]
    assert (fault["field"], fault["value"]) == ("verb.id", "completed")


def test_tincan_sends_a_batch_and_follows_more(lrs: RemoteLRS) -> None:
    who = somebody()
    ids = saved(lrs, *(said(actor=who, verb=verb(ANSWERED)) for _ in range(5)))
    answer = lrs.query_statements({"agent": who, "verb": verb(ANSWERED), "limit": 2, "ascending": "true"})
    found: list[str] = []
    n_pages = 1
    while True:
        found += [str(one.id) for one in answer.content.statements]
        if not answer.content.more:
            break
        answer = lrs.more_statements(answer.content)
        assert answer.success, answer.data
        n_pages += 1
    assert (found, n_pages) == (ids, 3)


def test_tincan_voids_a_statement(lrs: RemoteLRS) -> None:
    sent = said(id=uuid4())
    assert lrs.save_statement(sent).success
    teacher = somebody()
    void = said(actor=teacher, verb=verb(VOIDED), object=StatementRef(id=sent.id))
    assert lrs.save_statement(void).success
    gone = lrs.retrieve_statement(str(sent.id))
    assert (gone.success, gone.response.status) == (False, 404)
    found = lrs.retrieve_voided_statement(str(sent.id)).content
    assert found.actor.account.name == sent.actor.account.name
    assert lrs.retrieve_voided_statement(str(void.id)).response.status == 404
    assert listed(lrs, agent=teacher) == [str(void.id)]


def test_tincan_finds_by_every_filter(lrs: RemoteLRS) -> None:
    who, other, course, team = somebody(), somebody(), activity(), Group(member=[somebody()], name="Team")
    registration = uuid4()
    first = said(actor=who, object=course)
    around = said(
        context=Context(
            registration=registration,
            instructor=who,
            context_activities=ContextActivities(parent=[course]),
        )
    )
    within = said(actor=team, object=SubStatement(actor=who, verb=verb(ANSWERED), object=course))
    about = said(actor=other, object=who, verb=verb(ANSWERED))
    ids = saved(lrs, first, around, within, about)
    assert listed(lrs, agent=who, ascending="true") == [ids[0], ids[3]]
    assert listed(lrs, agent=who, related_agents="true", ascending="true") == ids
    assert listed(lrs, agent=team.member[0]) == [ids[2]]
    assert listed(lrs, agent=who, verb=verb(ANSWERED)) == [ids[3]]
    assert listed(lrs, activity=course) == [ids[0]]
    assert listed(lrs, activity=course, related_activities="true", ascending="true") == ids[:3]
    assert listed(lrs, registration=registration) == [ids[1]]
    assert listed(lrs, agent=who, related_agents="true", limit=1) == [ids[3]]


def test_tincan_finds_by_the_time_of_storing(lrs: RemoteLRS) -> None:
    who = somebody()
    first, second = (said(actor=who) for _ in range(2))
    (first_id,) = saved(lrs, first)
    stored = lrs.retrieve_statement(first_id).content.stored
    while True:
        # Told to a thousandth of a second: two may share one.
        (second_id,) = saved(lrs, second)
        if lrs.retrieve_statement(second_id).content.stored > stored:
            break
        first_id, second = second_id, said(actor=who)
    text = stored.isoformat()
    assert listed(lrs, agent=who, since=text) == [second_id]
    assert listed(lrs, agent=who, until=text)[0] == first_id
    assert second_id not in listed(lrs, agent=who, until=text)


@pytest.mark.parametrize("format_", ["exact", "ids", "canonical"])
def test_tincan_reads_every_format(lrs: RemoteLRS, format_: str) -> None:
    sent = said()
    (statement_id,) = saved(lrs, sent)
    answer = lrs.query_statements({"agent": sent.actor, "format": format_})
    (found,) = answer.content.statements
    assert (str(found.id), found.object.id) == (statement_id, sent.object.id)
    assert (found.object.definition is None) == (format_ == "ids")


def test_tincan_does_not_spell_truth_as_xapi_does(lrs: RemoteLRS) -> None:
    # `True` is not `true` (Communication 2.1.3, note).
    answer = lrs.query_statements({"ascending": True})
    assert answer.response.status == 400
    (fault,) = json.loads(answer.data)["errors"]
    assert fault["field"] == "ascending"
    assert fault["remedy"]


def test_tincan_spells_times_with_a_space(lrs: RemoteLRS) -> None:
    # RFC 3339, section 5.6, lets a space stand for the T.
    who = somebody()
    kept = saved(lrs, said(actor=who))
    before, after = datetime(2026, 1, 2, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)
    assert listed(lrs, agent=who, since=before) == listed(lrs, agent=who, until=after) == kept
    assert listed(lrs, agent=who, since=after) == listed(lrs, agent=who, until=before) == []


def test_what_tincan_tells_counts_at_once(lrs: RemoteLRS, server: Server, settings: Settings) -> None:
    # Its account is at a home page whose names are ids of learners.
    name, course = uuid4().hex, activity()
    ours = {"Authorization": f"Bearer {keys.create(settings, 'ours', list(Scope))}"}
    row = {"module_id": name, "title": "Ratios", "skill_ids": [SKILLS[0]], "framework_uri": course.id}
    put = httpx2.put(f"{server.url}/v1/modules", json={"rows": [row]}, headers=ours)
    assert put.is_success, put.text
    question = ActivityDefinition(type="http://adlnet.gov/expapi/activities/cmi.interaction")
    done = said(actor=somebody(name), object=course, result=Result(score=Score(scaled=0.9), duration="PT9M"))
    right, wrong = (
        said(
            actor=somebody(name),
            verb=verb(ANSWERED),
            object=Activity(id=f"{course.id}/q{i}", definition=question),
            result=Result(success=not i),
            context=Context(context_activities=ContextActivities(parent=[course])),
        )
        for i in range(2)
    )
    saved(lrs, done, right, wrong)

    def n_events() -> int:
        answer = httpx2.get(f"{server.url}/v1/learners/{name}/mastery", headers=ours)
        return int(answer.json()["n_events"])

    # That it was completed, with which score, and two answers.
    assert n_events() == 4
    saved(lrs, said(verb=verb(VOIDED), object=StatementRef(id=wrong.id)))
    assert n_events() == 3


# @xapi/xapi, as make test-rest installs it


@pytest.fixture(scope="module", params=["axios", "fetch"])
def told(request: pytest.FixtureRequest, server: Server, key: str) -> dict[str, Any]:
    """What the library got, by step, with each of the ways in which it sends."""
    if which("node") is None or not (CLIENTS / "node_modules/@xapi/xapi").exists():
        pytest.skip("needs Node.js and @xapi/xapi in .node-clients; make test-rest installs both")
    words = [f"{server.url}/xapi", key.split("_")[1], key, request.param]
    ran = subprocess.run(
        ["node", str(DRIVE), *words], cwd=CLIENTS, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    steps: dict[str, Any] = json.loads(ran.stdout)
    return steps


@pytest.mark.node
def test_xapi_js_sends_and_gets(told: dict[str, Any]) -> None:
    one = told["one"]
    # What is sent again is there once.
    assert one["once"] == one["again"] == one["kept"] == [one["id"]]
    assert one["got"].items() >= (one["sent"] | {"version": "1.0.0"}).items()
    assert len(told["nameless"]["data"]) == 1
    assert told["nameless"]["data"] == told["nameless"]["kept"]


@pytest.mark.node
def test_xapi_js_is_told_of_conflicts_and_broken_rules(told: dict[str, Any]) -> None:
    conflict = {"status": 409, "type": "/docs#xapi-conflict"}
    assert told["conflict"] == {"one": conflict, "batch": conflict, "kept": []}
    assert told["refused"] == told["attached"] == {"status": 400, "type": "/docs#xapi-refused"}


@pytest.mark.node
def test_xapi_js_follows_more(told: dict[str, Any]) -> None:
    sent, pages = told["pages"]["sent"], told["pages"]["pages"]
    assert pages == [sent[:2], sent[2:4], sent[4:]]


@pytest.mark.node
def test_xapi_js_voids(told: dict[str, Any]) -> None:
    voided = told["voided"]
    assert len(voided["voiding"]) == 1
    assert voided["got"] == voided["sent"]
    gone = {"status": 404, "type": "/docs#unknown-statement"}
    assert [voided["gone"], *voided["several"]] == [gone] * 3


@pytest.mark.node
def test_xapi_js_finds_by_every_filter(told: dict[str, Any]) -> None:
    found = dict(told["filters"])
    subject, around, target, last = found.pop("sent")
    assert found == {
        "agent": [subject, target, last],
        "relatedAgents": [subject, around, target, last],
        "verb": [target],
        "activity": [subject],
        "relatedActivities": [subject, around],
        "registration": [around],
        "since": [last],
        "until": [subject, target],
        "limit": [last],
    }


@pytest.mark.node
def test_xapi_js_reads_every_format(told: dict[str, Any]) -> None:
    formats = told["formats"]
    assert formats["exact"] == formats["canonical"] == formats["sent"]
    assert formats["ids"] == {"id": formats["sent"]["id"]}
    assert (told["parts"]["n"], told["parts"]["got"]) == (1, told["parts"]["id"])


@pytest.mark.node
def test_xapi_js_is_told_versions_and_whom_it_may_be(told: dict[str, Any]) -> None:
    assert (told["about"]["version"][-1], told["version"]) == ("1.0.3", "1.0.3")
    assert told["stranger"]["status"] == told["nobody"]["status"] == 401
    # It would add a parameter of its own, which must be refused (Communication 3.2).
    assert told["cacheBuster"]["status"] == 400
