"""Who can help: only who agrees at this moment is named, and of them nothing but skills and words."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving.learner_states import folded_with
from serving.people_tables import MentorTables
from tests.unit.serving.company import Overtaken, another_worker, answered, put, swap, until
from tests.unit.serving.test_degradation import pragma
from tests.unit.serving.world import ROLE, SKILLS, Service, fields, running_service


def mentors(service: Service, learner_id: str = "ann", **asked: str) -> Any:
    return service.client.get(f"/v1/learners/{learner_id}/mentors", params=asked)


def named(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [mentor["mentor_id"] for mentor in answer.json()["mentors"]]


def tables(service: Service) -> MentorTables:
    kept: MentorTables = service.client.app.state.services.mentors  # type: ignore[attr-defined]
    return kept


def of_five(service: Service) -> Service:
    """Ann lacks all; bob and cid master it and agree, dan masters it and does not, eve agrees and fails."""
    for learner_id, passed in (("ann", False), ("bob", True), ("cid", True), ("dan", True), ("eve", False)):
        answered(service, learner_id, passed, n=120)
    put(service, "ann", target_role_id=ROLE, team_id="north", language="en-GB")
    put(service, "bob", team_id="south", language="en", can_mentor=True)
    put(service, "cid", team_id="north", language="de", can_mentor=True)
    put(service, "dan", team_id="north", language="en")
    put(service, "eve", team_id="north", language="en", can_mentor=True)
    return service


@pytest.fixture
def helped(service: Service) -> Service:
    return of_five(service)


def test_those_who_agreed_and_master_what_is_lacked_are_named(helped: Service) -> None:
    answer = mentors(helped)
    assert named(answer) == ["bob", "cid"]
    bob, cid = answer.json()["mentors"]
    assert (bob["same_language"], bob["same_team"]) == (True, False)
    assert (cid["same_language"], cid["same_team"]) == (False, True)
    assert {skill["skill_id"] for skill in bob["skills"]} == set(SKILLS[:2])
    assert {skill["level"] for skill in bob["skills"]} <= {"proficient", "advanced", "expert"}
    assert bob["covered"] == 1.0
    assert answer.json()["as_of"] == "2026-03-02T12:00:00Z"
    # Of the mentor no number at all.
    told = [value for skill in bob["skills"] + cid["skills"] for value in skill.values()]
    assert {type(value) for value in told} == {str}


def test_one_skill_or_another_role_may_be_asked_for(helped: Service) -> None:
    (bob, _) = mentors(helped, skill_id=SKILLS[2]).json()["mentors"]
    assert [skill["skill_id"] for skill in bob["skills"]] == [SKILLS[2]]
    assert named(mentors(helped, "eve")) == []
    assert named(mentors(helped, "eve", role_id=ROLE)) == ["bob", "cid"]
    assert named(mentors(helped, "nobody-knows")) == []
    assert named(mentors(helped, "bob", role_id=ROLE)) == []
    for asked in ({"skill_id": "no-such-skill"}, {"role_id": "no-such-role"}):
        answer = mentors(helped, **asked)
        assert (answer.status_code, fields(answer)) == (422, list(asked))


def test_who_takes_back_consent_or_is_erased_is_not_named_any_more(helped: Service) -> None:
    assert named(mentors(helped)) == ["bob", "cid"]
    before = tables(helped)._kept
    put(helped, "bob", can_mentor=False)
    assert named(mentors(helped)) == ["cid"]
    put(helped, "bob", can_mentor=True)
    assert named(mentors(helped)) == ["bob", "cid"]
    helped.client.delete("/v1/learners/cid")
    assert named(mentors(helped)) == ["bob"]
    # Erased in the store by another process, which this one does not hear of.
    with helped.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM learners WHERE learner_id = 'bob'")
    assert named(mentors(helped)) == []
    # All of that from one table, less who was erased here.
    after = tables(helped)._kept
    assert before is not None
    assert after is not None
    assert after.made_at == before.made_at
    assert after.table.ids == ("bob", "eve")


def test_many_who_take_back_consent_hide_nobody_who_does_not(helped: Service) -> None:
    for i in range(12):
        answered(helped, f"a-{i:02d}", passed=True, n=120)
        put(helped, f"a-{i:02d}", language="en", can_mentor=True)
    assert len(named(mentors(helped))) == 5
    for i in range(12):
        put(helped, f"a-{i:02d}", language="en")
    assert named(mentors(helped)) == ["bob", "cid"]


def test_the_table_is_made_again_while_it_is_asked_for_and_dropped_when_not(
    tmp_path: Path, bundle: Path, store_url: str
) -> None:
    changes = {"database_url": store_url, "people_refresh_seconds": 0.1}
    with running_service(tmp_path, bundle, **changes) as service:
        answered(service, "bob", passed=True, n=120)
        put(service, "ann", target_role_id=ROLE)
        assert named(mentors(service)) == []
        put(service, "bob", can_mentor=True)
        until(lambda: named(mentors(service)) == ["bob"])
        until(lambda: tables(service)._kept is None)
        assert named(mentors(service)) == ["bob"]


def test_another_model_has_another_table(service: Service, other_bundle: Path) -> None:
    answered(service, "bob", passed=True, n=120)
    put(service, "ann", target_role_id=ROLE)
    put(service, "bob", can_mentor=True)
    first = mentors(service).json()
    model = swap(service, other_bundle)
    second = mentors(service).json()
    assert first["model"] != second["model"]
    kept = tables(service)._kept
    assert kept is not None
    assert kept.model is model
    # Of the states that the other model cannot use none is left.
    assert {row.difficulty_id for row in service.query("SELECT difficulty_id FROM learner_states")} == {
        folded_with(model.engine.difficulty_id)
    }


def test_who_was_taken_by_another_worker_meanwhile_is_named(
    helped: Service, other_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_all = another_worker(helped, other_bundle)
    with closing(Overtaken(helped.settings.database_url, takes_all)) as overtaken:
        monkeypatch.setattr(tables(helped), "_database", overtaken)
        assert named(mentors(helped)) == ["bob", "cid"]


def test_mentors_are_named_from_a_store_that_cannot_be_written(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    with running_service(tmp_path, bundle) as service:
        another_worker(of_five(service), other_bundle)()
        taken = service.states()
        with pragma(service, "PRAGMA query_only=ON", "PRAGMA query_only=OFF"):
            assert named(mentors(service)) == ["bob", "cid"]
        assert service.states() == taken


def test_without_a_model_it_is_503(bare_service: Service) -> None:
    answer = mentors(bare_service)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_table_that_takes_long_is_waited_for_elsewhere(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = tables(service)._workshop
    monkeypatch.setattr(workshop, "_patience_seconds", 0.05)
    workshop.order("something else", lambda: time.sleep(0.5))  # type: ignore[arg-type,return-value]
    answer = mentors(service)
    assert (answer.status_code, "still being made" in answer.json()["detail"]) == (503, True)
    until(lambda: mentors(service).status_code == 200)
    assert json.loads(mentors(service).content)["mentors"] == []
