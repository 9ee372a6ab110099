"""What teams lack: never of fewer than five, one report for all processes, in a rhythm nobody can hurry."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from recommender.domain.learner import LearnerProfile
from recommender.pathways.team_gap import team_gaps
from recommender.skills.state import LearnerState
from serving.learner_states import known_learners
from serving.schemas.people import TeamGapsResponse
from serving.store import reports as store
from serving.store.database import Database
from serving.team_reports import TeamReports
from tests.unit.serving.company import Overtaken, another_worker, company, put, swap
from tests.unit.serving.test_degradation import pragma
from tests.unit.serving.world import (
    NOW,
    ROLE,
    Service,
    running_service,
)


def gaps(service: Service, team_id: str = "north") -> Any:
    return service.client.get(f"/v1/teams/{team_id}/gaps")


def test_it_is_the_part_of_the_report_on_all_teams(service: Service) -> None:
    company(service, {"north": 12, "south": 9, "east": 6, "west": 3, "far/away": 5})
    put(service, "loner", role_id=ROLE)
    model = service.client.app.state.services.models.current  # type: ignore[attr-defined]
    ids = [row.learner_id for row in service.query("SELECT learner_id FROM learners")]
    known = known_learners(service.database, model, ids, now=NOW)
    states: list[LearnerState | None] = [learner.state for learner in known.values()]
    profiles: list[LearnerProfile] = [learner.profile for learner in known.values()]
    report = team_gaps(model.engine.bundle, states, profiles, by="team", now=NOW)
    assert len(report.groups) == 4
    for group in report.groups:
        answer = gaps(service, str(group.group_id))
        told = TeamGapsResponse.model_validate_json(answer.content)
        assert told.team.readiness == group.readiness
        assert told.team.n_withheld == group.n_withheld
        assert [s.model_dump() for s in told.team.skills] == [
            {name: getattr(s, name) for name in type(s).__dataclass_fields__} for s in group.skills
        ]
        assert told.organisation.n_learners == report.whole.n_learners == 35
        assert told.organisation.n_teams_withheld == report.n_groups_withheld == 1
        assert (told.generated_at, told.next_at.isoformat()) == (NOW, "2026-03-03T00:00:00+00:00")


def test_a_small_team_is_like_none(service: Service) -> None:
    company(service, {"north": 6, "west": 4})
    assert gaps(service).status_code == 200
    small, unknown = gaps(service, "west"), gaps(service, "no-such-team")
    assert small.status_code == 404
    assert small.json() == unknown.json()
    assert small.json()["type"] == "/docs#unknown-team"
    assert "west" not in "".join(row.part + row.payload for row in service.query("SELECT * FROM reports"))


def test_before_its_turn_nothing_changes_whatever_is_done(service: Service, other_bundle: Path) -> None:
    company(service, {"north": 6, "west": 4})
    first = gaps(service).json()
    service.clock.advance(hours=11, minutes=59)
    put(service, "new", role_id=ROLE, team_id="west")
    put(service, "north-0", team_id="north")
    service.client.delete("/v1/learners/north-1")
    swap(service, other_bundle)
    assert gaps(service).json() == first
    assert gaps(service, "west").status_code == 404
    service.clock.advance(minutes=2)
    assert gaps(service).status_code == 404
    second = gaps(service, "west").json()
    assert second["generated_at"] == "2026-03-03T00:01:00Z"
    assert second["model"] != first["model"]


def test_the_rhythm_can_be_set(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, team_report_seconds=3600) as service:
        company(service, {"north": 6})
        assert gaps(service).json()["next_at"] == "2026-03-02T13:00:00Z"
        for i in range(6):
            service.client.delete(f"/v1/learners/north-{i}")
        service.clock.advance(hours=1)
        assert gaps(service).status_code == 404


def test_many_processes_have_one_report(service: Service) -> None:
    company(service, {"north": 6})
    model = service.client.app.state.services.models.current  # type: ignore[attr-defined]
    databases = [Database(service.settings.database_url) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for i, database in enumerate(databases):
            pool.submit(TeamReports(database, 86_400.0)._make, model, NOW.replace(hour=13 + i))
        answers = [one.result() for one in [pool.submit(gaps, service) for _ in range(4)]]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.content for answer in answers} == {gaps(service).content}
    for database in databases:
        database.close()
    parts = service.query("SELECT part FROM reports ORDER BY part")
    assert [row.part for row in parts] == ["", "north"]


def test_of_two_reports_put_there_at_once_one_stays(service: Service) -> None:
    def put_report(database: Database, text: str) -> bool:
        to_put = partial(store.save, report="r", parts={"": text}, at=NOW.timestamp(), in_place_of=None)
        return database.transact(to_put)

    with ThreadPoolExecutor(1) as pool, closing(Database(service.settings.database_url)) as between:
        put_between: list[Future[bool]] = []

        def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("DELETE FROM reports"):
                put_between.append(pool.submit(put_report, service.database, "between"))
                wait(put_between, timeout=0.5)

        event.listen(between.engine, "before_cursor_execute", meanwhile)
        done = [put_report(between, "first"), put_between[0].result(timeout=30)]
    assert done == [True, False]
    assert [row.payload for row in service.query("SELECT payload FROM reports")] == ["first"]


def test_states_that_another_worker_took_meanwhile_are_counted_as_they_are(
    service: Service, other_bundle: Path
) -> None:
    company(service, {"north": 12})
    model = service.client.app.state.services.models.current  # type: ignore[attr-defined]
    takes_all = another_worker(service, other_bundle)
    with closing(Overtaken(service.settings.database_url, takes_all)) as overtaken:
        TeamReports(overtaken, 86_400.0)._make(model, NOW)
    told = gaps(service).json()
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM reports")
    assert gaps(service).json() == told


def test_a_report_of_an_earlier_turn_does_not_replace_a_later_one(service: Service) -> None:
    company(service, {"north": 6})
    reports: TeamReports = service.client.app.state.services.teams  # type: ignore[attr-defined]
    model = service.client.app.state.services.models.current  # type: ignore[attr-defined]
    service.clock.advance(days=1)
    later = gaps(service).json()
    reports._make(model, NOW)
    assert gaps(service).json() == later


@pytest.mark.parametrize("days", [1, 400])
def test_a_report_of_a_clock_that_was_ahead_is_made_anew(service: Service, days: int) -> None:
    company(service, {"north": 6})
    service.clock.advance(days=days)
    assert gaps(service).status_code == 200
    service.clock.advance(days=-days)
    put(service, "north-6", role_id=ROLE, team_id="north")
    answer = gaps(service).json()
    assert answer["generated_at"] == "2026-03-02T12:00:00Z"
    assert answer["next_at"] == "2026-03-03T00:00:00Z"
    assert gaps(service).json() == answer


def test_processes_whose_clocks_differ_a_little_do_not_make_it_again_and_again(service: Service) -> None:
    company(service, {"north": 6})
    service.clock.advance(hours=12, seconds=1)
    first = gaps(service).json()
    for seconds in (-2, 2, -200, 200):
        service.clock.advance(seconds=seconds)
        put(service, f"new{seconds}", role_id=ROLE, team_id="north")
        assert gaps(service).json() == first


def test_a_report_that_is_gone_as_soon_as_it_was_made_is_503(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    company(service, {"north": 6})

    def restored(self: TeamReports, *_: object) -> None:
        """Another store is there by now, as after a restore."""

    with monkeypatch.context() as patch:
        patch.setattr(TeamReports, "_make", restored)
        answer = gaps(service)
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#unavailable")
    assert "not in the store any more" in answer.json()["detail"]
    assert gaps(service).status_code == 200


def test_without_a_model_there_is_the_report_there_was(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    company(service, {"north": 6})
    told = gaps(service).json()
    monkeypatch.setattr(service.client.app.state.services.models, "current", None)  # type: ignore[attr-defined]
    assert gaps(service).json() == told
    service.clock.advance(days=1)
    assert gaps(service).status_code == 503


def test_a_report_that_is_due_waits_for_a_store_that_can_be_written(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle) as service:
        company(service, {"north": 6})
        assert gaps(service).status_code == 200
        service.clock.advance(days=1)
        with pragma(service, "PRAGMA query_only=ON", "PRAGMA query_only=OFF"):
            assert gaps(service).status_code == 503
        assert gaps(service).json()["generated_at"] == "2026-03-03T12:00:00Z"


def test_nobody_at_all_is_no_team(service: Service) -> None:
    assert gaps(service).status_code == 404
    assert gaps(service, "x" * 201).status_code == 422
