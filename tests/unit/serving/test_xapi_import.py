"""Statements of files come into the store as if they had been sent, and what became of each is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console
from sqlalchemy import select

from recommender.errors import ConfigurationError, DatasetError
from serving import learner_states
from serving.commands.export_events import export_events
from serving.commands.import_xapi import import_xapi
from serving.commands.load import load
from serving.learner_states import folded_with
from serving.model import ModelHolder
from serving.settings import Settings
from serving.store import learners
from serving.store.audit import entries
from serving.store.database import Database
from serving.store.migrate import open_database
from serving.store.tables import aliases, events, xapi_statements
from serving.xapi import importing
from serving.xapi.importing import LEFT_OUT, Report
from serving.xapi.mapping import ABOUT, Outcome
from tests.unit.serving.world import ITEMS, MODULES, NOW, FixedClock, make_settings, write_pointer

ADL = "http://adlnet.gov/expapi/verbs/"
HOME = "https://lms.example.com"


def statement(
    name: str = "ann", verb: str = "completed", target: str = MODULES[1], **more: Any
) -> dict[str, Any]:
    """A statement two days ago; without an id unless `more` has one."""
    return {
        "actor": {"account": {"homePage": HOME, "name": name}},
        "verb": {"id": f"{ADL}{verb}"},
        "object": {"id": target},
        "timestamp": (NOW - timedelta(days=2)).isoformat(),
    } | more


def named(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4())} | statement(**changes)


@pytest.fixture
def settings(tmp_path: Path, store_url: str, bundle: Path) -> Settings:
    found = make_settings(tmp_path, database_url=store_url)
    write_pointer(found.pointer, bundle)
    return found


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = open_database(settings.database_url)
    yield opened
    opened.close()


def run(settings: Settings, *rows: Any, **options: Any) -> tuple[Report, str]:
    """Import these statements, or lines as they are; the report, and what was printed."""
    file = settings.pointer.with_name("statements.jsonl")
    file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    out = StringIO()
    console = Console(file=out, width=200, markup=False, emoji=False, highlight=False)
    return import_xapi(settings, file, console, clock=FixedClock(), **options), out.getvalue()


def rows_of(database: Database, table: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def all_rows(database: Database) -> list[list[Any]]:
    return [rows_of(database, table) for table in (events, xapi_statements, aliases)]


def test_every_outcome_is_explained() -> None:
    assert ABOUT.keys() == set(Outcome)
    assert not LEFT_OUT.keys() & set(Outcome)


def test_statements_become_events_and_states(settings: Settings, database: Database) -> None:
    sent = [
        named(),
        named(name="bob", verb="answered", target=ITEMS[0], result={"success": True}),
        named(verb="failed", target=ITEMS[4], timestamp=(NOW - timedelta(days=90)).isoformat()),
        named(verb="exited"),
        named(verb="completed", target="https://elsewhere.example/9"),
        named(verb="flew"),
    ]
    report, said = run(settings, *sent)
    assert report.read == report.stored == 6
    assert report.outcomes == {"used": 3, "no_evidence": 1, "unknown_activity": 1, "unknown_verb": 1}
    assert report.verbs[f"{ADL}completed"] == {"used": 1, "unknown_activity": 1}
    assert f"{ADL}flew" in said
    assert ABOUT[Outcome.UNKNOWN_VERB] in said
    assert "states of 2 learners made" in said
    assert len(rows_of(database, events)) == 3
    models = ModelHolder(settings.pointer, FixedClock(), database, warm=False)
    models.refresh()
    model = models.current
    assert model is not None
    with database.read() as connection:
        people = {row.learner_id for row in rows_of(database, events)}
        stored = learners.states(connection, sorted(people))
        for learner_id in people:
            again = learner_states.replayed(connection, model, learner_id)
            assert stored[learner_id].state == again.to_bytes()
            assert stored[learner_id].difficulty_id == folded_with(model.engine.difficulty_id)


def test_a_file_twice_changes_nothing(settings: Settings, database: Database) -> None:
    rows = [
        named(),
        statement("bob"),
        statement("eve", timestamp=None, id=str(uuid4())),
        statement("bob", "exited"),
    ]
    del rows[2]["timestamp"]
    run(settings, *rows)
    before = all_rows(database)
    report, _ = run(settings, *rows)
    assert report.outcomes == {"duplicate": 4}
    assert report.stored == 0
    assert all_rows(database) == before


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_equal_statements_without_id_count_as_one(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(importing, "BATCH", batch)
    same = [statement(), statement(), statement(timestamp=(NOW - timedelta(days=2)).isoformat("T"))]
    later = statement(timestamp=NOW.isoformat())
    report, said = run(settings, *same, later)
    assert report.outcomes == {"used": 2, "duplicate": 2}
    assert report.without_id == 4
    assert "4 came without an id and got one that follows from what they say: equal ones count as one" in said
    assert len(rows_of(database, events)) == 2


def test_a_time_of_its_own_goes_before_that_of_another_store(settings: Settings, database: Database) -> None:
    told = [
        named(stored="2025-01-01T00:00:00Z"),
        named(name="bob", stored="2025-01-01T00:00:00Z"),
        named(name="c"),
    ]
    del told[1]["timestamp"], told[2]["timestamp"]
    run(settings, *told)
    found = {row.event_id.split(":")[1]: row.occurred_at for row in rows_of(database, events)}
    assert found == {
        told[0]["id"]: (NOW - timedelta(days=2)).timestamp(),
        told[1]["id"]: 1735689600.0,
        # It comes before all others.
        told[2]["id"]: None,
    }


@pytest.mark.parametrize("batch", [1, 500])
def test_what_is_left_out_is_counted_and_named(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(importing, "BATCH", batch)
    one = named()
    report, said = run(
        settings,
        one,
        "{oops",
        one | {"verb": {"id": f"{ADL}exited"}},
        {"id": "7"},
        "[1]",
        one,
        "",
        named(name="b"),
    )
    assert report.outcomes == {"used": 2, "unreadable": 1, "conflict": 1, "no_statement": 2, "duplicate": 1}
    assert report.n_left_out == 4
    places = [line.split(":")[0] for line in report.left_out]
    assert sorted(places) == ["line 2", "line 3", "line 4", "line 5"]
    assert "  line 4: id is no UUID in its standard form (got '7'); send a UUID, or leave it out" in said
    assert len(rows_of(database, xapi_statements)) == 2


def nested(levels: int) -> dict[str, Any]:
    inner: Any = 1
    for _ in range(levels):
        inner = [inner]
    return {"extensions": {f"{HOME}/x": inner}}


@pytest.mark.parametrize(
    "more", [{"result": {"response": "\ud800"}}, {"result": nested(300)}, {"result": nested(700)}]
)
def test_what_cannot_be_written_is_left_out_with_and_without_id(
    settings: Settings, database: Database, more: dict[str, Any]
) -> None:
    report, said = run(settings, statement(**more), named(**more), statement())
    assert report.outcomes == {"used": 1, "no_statement": 2}
    for line in (1, 2):
        assert f"line {line}: the statement cannot be written as JSON" in said
    assert len(rows_of(database, xapi_statements)) == 1


def test_only_the_first_of_many_are_named(settings: Settings) -> None:
    report, _ = run(settings, *["oops"] * 50)
    assert report.n_left_out == 50
    assert len(report.left_out) == 20


def test_verbs_without_number_are_told_together(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_MOST_VERBS", 3)
    report, _ = run(settings, *(named(verb=f"v{i}") for i in range(9)))
    assert {verb: outcomes.total() for verb, outcomes in report.verbs.items()} == {
        **{f"{ADL}v{i}": 1 for i in range(3)},
        "(other verbs)": 6,
    }


@pytest.mark.parametrize(
    ("bad", "sentences"),
    [
        ("{oops", ["line 2: is not JSON"]),
        (
            named(target="no-address"),
            ["line 2: object.id is no address with a scheme (got 'no-address'); send an IRI such as"],
        ),
        (named(target="x:1", actor={}), ["line 2: actor is not identified; send one of mbox"]),
    ],
)
def test_strict_keeps_nothing_of_a_bad_file(
    settings: Settings, database: Database, bad: Any, sentences: list[str]
) -> None:
    good = named(target="https://lms.example.com/1")
    with pytest.raises(DatasetError) as caught:
        run(settings, good, bad, good, strict=True)
    assert [reason[: len(s)] for reason, s in zip(caught.value.reasons, sentences, strict=True)] == sentences
    assert all_rows(database) == [[], [], []]
    with database.read() as connection:
        assert not list(entries(connection))
    report, said = run(settings, good, strict=True)
    assert report.outcomes == {"unknown_activity": 1}
    assert "1 statements keep the rules of xAPI" in said


def test_strict_refuses_what_contradicts_the_store_or_the_file(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = named(target="https://lms.example.com/1")
    other = one | {"object": {"id": "https://lms.example.com/2"}}
    with pytest.raises(DatasetError, match=f"line 2: its id {one['id']} is taken"):
        run(settings, one, other, strict=True)
    assert rows_of(database, xapi_statements) == []
    run(settings, one, strict=True)
    with pytest.raises(DatasetError, match="line 1: its id"):
        run(settings, other, named(target="x:1"), strict=True)
    # What is far apart in a file is seen only when the first is kept.
    monkeypatch.setattr(importing, "BATCH", 1)
    two = named(target="https://lms.example.com/1")
    with pytest.raises(DatasetError, match=r"line 2: its id .* what came before it is kept"):
        run(settings, two, two | {"object": {"id": "https://lms.example.com/2"}}, strict=True)
    assert len(rows_of(database, xapi_statements)) == 2


def test_who_asserts_a_statement_stays(settings: Settings, database: Database) -> None:
    theirs = {"objectType": "Agent", "mbox": "mailto:lrs@example.com"}
    run(settings, named(authority=theirs), named())
    told = [json.loads(row.payload)["authority"] for row in rows_of(database, xapi_statements)]
    assert theirs in told
    assert {"account": {"homePage": settings.public_url, "name": "import"}} in told


def test_names_at_some_home_pages_are_learner_ids(settings: Settings, database: Database) -> None:
    run(settings, named(name="learner-1"), home_pages=[HOME])
    assert {row.learner_id for row in rows_of(database, events)} == {"learner-1"}
    assert rows_of(database, aliases) == []


def test_what_the_catalogue_did_not_know_is_understood_when_it_comes_again(
    settings: Settings, database: Database, bundle: Path
) -> None:
    settings.pointer.unlink()
    rows = [named(), named(name="bob", verb="exited"), named(name="eve", target="https://elsewhere.example")]
    report, said = run(settings, *rows)
    assert report.outcomes == {"no_model": 2, "no_evidence": 1}
    assert "no model is promoted yet" in said
    write_pointer(settings.pointer, bundle)
    report, said = run(settings, *rows)
    assert (report.outcomes, report.understood, report.stored) == ({"used": 1, "duplicate": 2}, 1, 0)
    assert "1 that became events were in the store before, and had said nothing" in said
    outcomes = Counter(row.outcome for row in rows_of(database, xapi_statements))
    assert outcomes == {"used": 1, "no_evidence": 1, "no_model": 1}
    assert len(rows_of(database, events)) == 1
    assert run(settings, *rows)[0].outcomes == {"duplicate": 3}


def test_events_that_were_loaded_from_an_export_are_not_made_twice(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    rows = [named(), named(name="bob")]
    run(settings, *rows)
    quiet = Console(file=StringIO())
    export_events(settings, tmp_path / "export", quiet)
    other = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'other.db'}"})
    load(other, tmp_path / "export", quiet, clock=FixedClock())
    report, _ = run(other, *rows, named(name="eve"))
    assert report.outcomes == {"used": 3}
    opened = open_database(other.database_url)
    assert len(rows_of(opened, events)) == 3
    opened.close()


def test_voiding_takes_back_what_an_earlier_statement_said(settings: Settings, database: Database) -> None:
    one = named()
    voiding = named(verb="voided") | {"object": {"objectType": "StatementRef", "id": one["id"]}}
    report, _ = run(settings, one)
    assert len(rows_of(database, events)) == 1
    report, _ = run(settings, voiding)
    assert report.outcomes == {"voiding": 1}
    assert rows_of(database, events) == []


def test_a_file_that_breaks_off_is_kept_up_to_there(settings: Settings, database: Database) -> None:
    file = settings.pointer.with_name("array.json")
    file.write_text(json.dumps([named(), named(name="bob"), named(name="eve")])[:-1])
    out = StringIO()
    with pytest.raises(DatasetError, match="ends within its array"):
        import_xapi(settings, file, Console(file=out, width=200), clock=FixedClock())
    assert "stopped after 2 statements, of which 2 are new in the store" in out.getvalue()
    assert len(rows_of(database, xapi_statements)) == 2


def test_it_is_audited_when_it_begins_and_when_it_ends(settings: Settings, database: Database) -> None:
    run(settings, named())
    with database.read() as connection:
        found = [(e.action, e.subject, e.outcome) for e, _ in entries(connection)]
    about = ("import xapi", "file statements.jsonl")
    assert sorted(found) == [(*about, "begun"), (*about, "done, 1 stored")]


def test_a_result_that_could_not_be_written_is_refused_first(settings: Settings, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "x.json"):
        with pytest.raises(ConfigurationError, match=r"--json .* cannot be written"):
            run(settings, named(), json_file=place)


def test_every_outcome_is_documented() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "store.md").read_text()
    assert [word for word in [*ABOUT, *LEFT_OUT] if f"`{word}`" not in guide] == []
