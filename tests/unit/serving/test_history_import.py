import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from recommender.domain.events import Feedback, to_seconds
from recommender.errors import DatasetError
from serving.evidence import RowRules, to_event
from serving.history_import import import_history
from serving.store import aliases, learners, recommendations
from serving.store import events as log
from serving.store.database import Database
from serving.store.events import LogColumns, LoggedEvent
from serving.store.migrate import open_database
from serving.store.recommendations import LoggedRecommendation
from tests.unit.serving.world import MODULES, NOW, ROLE, catalog

RULES = RowRules(received_at=NOW, future_tolerance_seconds=300, catalog=catalog(), without_time_is_now=False)
ATTEMPTS = "learner_id,item_id,score,occurred_at\n"
GOOD = ATTEMPTS + "ann,i1,0.5,2026-01-01\nbob,i2,1,2026-01-01\nann,i3,0,2026-01-01\n"


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Database]:
    """For what is decided before the database is asked."""
    opened = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    (path / "attempts.csv").write_text(GOOD)
    return path


def n_events(database: Database) -> int:
    with database.read() as connection:
        return len(list(connection.exec_driver_sql("SELECT 1 FROM events")))


def test_rows_become_events_whose_ids_keep_their_order(database: Database, data: Path) -> None:
    (data / "learners.csv").write_text(
        f"learner_id,role_id,can_mentor,group_town\nann,{ROLE},yes,x\neve,,,y\n"
    )
    (data / "completions.csv").write_text(f"learner_id,module_id\nann,{MODULES[0]}\n")
    report = import_history(database, data, RULES)
    assert (report.profiles, report.stored, report.duplicates) == (2, {"attempts": 3, "completions": 1}, 0)
    assert (report.learners, report.unused) == (3, ("learners.group_town",))
    with database.read() as connection:
        ids = [e.event_id for e in log.history(connection, "ann")]
    # A row without a time comes first.
    assert ids == ["completions-000000001", "attempts-000000001", "attempts-000000003"]
    found = learners.find(database, "ann").profile
    assert found is not None
    assert (found.role_id, found.can_mentor) == (ROLE, True)


ALIASES = "learner_id,issuer,name\n"
MADE = "https://lms.example.com"


def test_aliases_are_given_and_who_was_made_by_statements_is_merged(database: Database, data: Path) -> None:
    with database.write() as connection:
        made = aliases.find_or_make(connection, [(MADE, "7"), (MADE, "8")])
        learners.ensure(connection, list(made.values()))
        log.append(connection, [logged(f"e{i}", made[MADE, "7"]) for i in range(3)])
    (data / "aliases.csv").write_text(
        ALIASES + f"ann,{MADE},7\nann,mailto,mailto:Ann@EXAMPLE.com\nzoe,openid,https://zoe.example\n"
    )
    report = import_history(database, data, RULES)
    assert (report.aliases, report.merged, report.learners) == (3, 1, 3)
    with database.read() as connection:
        wanted = [(MADE, "7"), (MADE, "8"), ("mailto", "Ann@example.com"), ("openid", "https://zoe.example")]
        found = aliases.find(connection, wanted)
        ids = {event.event_id for event in log.history(connection, "ann")}
        assert log.history(connection, made[MADE, "7"]) == []
    assert found == dict(zip(wanted, ["ann", made[MADE, "8"], "ann", "zoe"], strict=True))
    assert {"e0", "e1", "e2"} < ids
    assert json.loads(next(e.payload for e in history(database, "ann") if e.event_id == "e0")) == {
        "learner_id": "ann"
    }
    again = import_history(database, data, RULES)
    assert (again.aliases, again.merged) == (3, 0)


def logged(event_id: str, learner_id: str) -> LoggedEvent:
    return LoggedEvent(
        event_id=event_id,
        learner_id=learner_id,
        kind="attempt",
        occurred_at=1.0,
        received_at=0.0,
        payload=json.dumps({"learner_id": learner_id}),
    )


def history(database: Database, learner_id: str) -> list[LoggedEvent]:
    with database.read() as connection:
        return log.history(connection, learner_id)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ann,,x", "table aliases, row 1, column issuer: issuer is missing; add it"),
        (
            f"ann,{MADE},7\nbob,{MADE},7",
            "table aliases, row 2, column name: name is that of the learner 'ann' too",
        ),
        ("ann,mailto,a@b.de\nbob,mailto,mailto:a@B.de", "table aliases, row 2, column name: name is that of"),
        ("ann,https://home.example,bob", "column name: issuer is one of SERVING_XAPI_HOME_PAGES"),
        (
            f"ann,{MADE},taken",
            f"issuer {MADE!r}, name 'taken': in the store it is an alias of the learner 'eve'",
        ),
    ],
)
def test_aliases_that_contradict_each_other_or_the_store_are_refused(
    database: Database, data: Path, text: str, sentence: str
) -> None:
    with database.write() as connection:
        aliases.add(connection, {(MADE, "taken"): "eve"})
    (data / "aliases.csv").write_text(ALIASES + text + "\n")
    with pytest.raises(DatasetError) as caught:
        import_history(database, data, RULES, home_pages=frozenset(["https://home.example"]))
    assert sentence in caught.value.reasons[0]
    assert n_events(database) == 0


def test_importing_again_stores_nothing_and_new_rows_are_added(database: Database, data: Path) -> None:
    import_history(database, data, RULES)
    (data / "attempts.csv").write_text(GOOD + "eve,i1,1,2026-01-02\n")
    report = import_history(database, data, RULES)
    assert (report.stored, report.duplicates, n_events(database)) == ({"attempts": 1}, 3, 4)


@pytest.mark.parametrize(
    ("table", "text", "sentence"),
    [
        (
            "attempts",
            ATTEMPTS + "ann,i1,1.5,\n",
            "table attempts, row 1, column score: score is too large, got 1.5; send a number of at most 1.0",
        ),
        (
            "attempts",
            ATTEMPTS + "ann,i1,1,\nann,i1,nan,\n",
            "row 2, column score: .* finite number, got 'NaN'",
        ),
        ("attempts", ATTEMPTS + "ann,i1,x,\n", "column score: score is not a number, got 'x'"),
        ("attempts", ATTEMPTS + ",i1,1,\n", "column learner_id: learner_id is missing; add it"),
        (
            "attempts",
            ATTEMPTS + "ann,i1,1,yesterday\n",
            "column occurred_at: .* ISO 8601 time, got 'yesterday'",
        ),
        (
            "attempts",
            ATTEMPTS + "ann,i1,1,2027-01-01\n",
            "column occurred_at: .* ahead of this service's clock",
        ),
        (
            "attempts",
            "learner_id,item_id,score,skill_ids\na,i,1,skill-algebra|zen\n",
            "column skill_ids: .* got 'zen'",
        ),
        (
            "attempts",
            "learner_id,item_id,score,passed\na,i,1,perhaps\n",
            "column passed: .*neither true nor false",
        ),
        (
            "completions",
            "learner_id,module_id\nann,nope\n",
            "table completions, row 1, column module_id: .*'nope'",
        ),
        (
            "completions",
            "learner_id,module_id,status\na,module-1,done\n",
            "column status: .* use one of 'started'",
        ),
        ("self_assessments", "learner_id,skill_id,level\na,zen,1\n", "column skill_id: .*'zen'"),
        ("credentials_earned", "learner_id,credential_id\na,zen\n", "column credential_id: .*'zen'"),
        ("learners", "learner_id,segment\nann,boss\n", "table learners, row 1, column segment: .*'boss'"),
        (
            "learners",
            "learner_id\nann\nann\n",
            "row 2, column learner_id: learner_id is there twice, got 'ann'",
        ),
        (
            "learners",
            "learner_id,role_id\nann,king\n",
            "column role_id: .* not a role of the catalogue, got 'king'",
        ),
        (
            "attempts",
            "event_id,learner_id,item_id,score\ne,a,i,1\ne,a,i,0\n",
            "row 2, column event_id: event_id is taken by an event with other content, got 'e'",
        ),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    local: Database, data: Path, table: str, text: str, sentence: str
) -> None:
    (data / f"{table}.csv").write_text(text)
    with pytest.raises(DatasetError, match=sentence):
        import_history(local, data, RULES)
    assert n_events(local) == 0


ANSWERS = "recommendation_id,learner_id,module_id,rank,bundle_id,propensity,score,occurred_at\n"
ANSWER = ANSWERS + "r1,ann,m2,2,b,0.5,0.1,2026-01-03\nr1,ann,m1,1,b,1,0.25,2026-01-03\nr2,bob,m1,1,,,,\n"
FEEDBACK = "recommendation_id,kind,module_id,occurred_at\nr1,too_hard,m1,2026-01-04\nr2,shown,,\n"


def answers(database: Database) -> dict[str, LoggedRecommendation]:
    with database.read() as connection:
        return recommendations.found_among(connection, ["r1", "r2"])


def test_answers_and_feedback_on_them_become_what_the_service_would_have_kept(
    database: Database, data: Path
) -> None:
    (data / "recommendations.csv").write_text(ANSWER)
    (data / "feedback.csv").write_text(FEEDBACK)
    report = import_history(database, data, RULES)
    assert (report.answers, report.stored) == (2, {"attempts": 3, "feedback": 2})
    kept = answers(database)
    assert [(m.module_id, m.rank, m.propensity, m.score) for m in kept["r1"].modules] == [
        ("m1", 1, 1.0, 0.25),
        ("m2", 2, 0.5, 0.1),
    ]
    assert (kept["r1"].bundle_id, kept["r2"].bundle_id) == ("b", "")
    assert kept["r2"].generated_at == to_seconds(NOW)
    with database.read() as connection:
        of_ann = [to_event(event, 0.5) for event in log.history(connection, "ann")]
    assert of_ann[-1] == Feedback(
        event_id="feedback-000000001",
        learner_id="ann",
        kind="too_hard",
        module_id="m1",
        recommendation_id="r1",
        occurred_at=datetime(2026, 1, 4, tzinfo=UTC),
    )
    assert import_history(database, data, RULES).duplicates == 5
    # The answer is in the store: it need not come again.
    (data / "recommendations.csv").unlink()
    assert import_history(database, data, RULES).duplicates == 5


@pytest.mark.parametrize(
    ("table", "text", "sentence"),
    [
        ("recommendations", ANSWERS + "r3,ann,m1,0,b,1,1,\n", "row 1, column rank: rank is too small, got 0"),
        ("recommendations", ANSWERS + "r3,ann,m1,1.5,b,1,1,\n", "row 1, column rank: .* got 1.5"),
        ("recommendations", ANSWERS + "r3,ann,m1,1,b,1.5,1,\n", "column propensity: .* too large"),
        ("recommendations", ANSWERS + f"{'r' * 37},ann,m1,1,b,1,1,\n", "longer than 36 characters"),
        ("recommendations", ANSWERS + "r3,ann,m1,1,b,1,1,2027-01-01\n", "ahead of this service's clock"),
        (
            "recommendations",
            ANSWERS + "r3,ann,m1,1,b,1,1,\nr3,bob,m2,2,b,1,1,\n",
            "row 2, column learner_id: learner_id is not that of the rows before with recommendation_id 'r3'",
        ),
        (
            "recommendations",
            ANSWERS + "r3,ann,m1,1,b,1,1,\nr3,ann,m1,2,b,1,1,\n",
            "row 2, column module_id: module_id is twice in one answer, got 'm1'; keep one row a module",
        ),
        (
            "recommendations",
            ANSWERS + "r1,ann,m1,1,b,1,1,\n",
            "column recommendation_id: 'r1' is taken by an answer with other content in the store",
        ),
        ("feedback", FEEDBACK + "r1,loved,,\n", "row 3, column kind: .* use one of 'shown', 'accepted'"),
        ("feedback", FEEDBACK + "r9,shown,,\n", "row 3, column recommendation_id: .* got 'r9'; add the rec"),
        ("feedback", FEEDBACK + "r1,shown,m9,\n", "row 3, column module_id: .* not a module of this"),
        ("feedback", FEEDBACK + "r1,shown,,2027-01-01\n", "row 3, column occurred_at: .* ahead of"),
    ],
)
def test_a_bad_answer_or_feedback_is_named_and_nothing_is_stored(
    local: Database, data: Path, table: str, text: str, sentence: str
) -> None:
    (data / "recommendations.csv").write_text(ANSWER)
    import_history(local, data, RULES)
    before = answers(local)
    (data / "attempts.csv").write_text(GOOD + "eve,i1,1,2026-01-02\n")
    (data / f"{table}.csv").write_text(text)
    with pytest.raises(DatasetError, match=sentence):
        import_history(local, data, RULES)
    assert n_events(local) == 3
    assert answers(local) == before


def test_a_row_that_repeats_one_before_it_is_a_duplicate(database: Database, data: Path) -> None:
    (data / "attempts.csv").write_text(
        "event_id,learner_id,item_id,score\ne,a,i,1\ne,a,i,1.0\nf,a,i,0\ne,a,i,1\n"
    )
    report = import_history(database, data, RULES)
    assert (report.stored, report.duplicates) == ({"attempts": 2}, 2)
    report = import_history(database, data, RULES)
    assert (report.stored, report.duplicates) == ({"attempts": 0}, 4)


def test_a_fault_between_checks_and_the_last_row_stores_nothing(database: Database) -> None:
    row = ("e", "ann", "attempt", None, 0.0, "{}")
    with pytest.raises(IntegrityError), database.write() as connection:
        log.append_columns(connection, LogColumns(*zip(("f", *row[1:]), row, row, strict=True)))
    assert n_events(database) == 0


def test_all_reasons_are_told(database: Database, data: Path) -> None:
    (data / "attempts.csv").write_text(ATTEMPTS + "ann,i1,2,\nann,i1,3,\n")
    with pytest.raises(DatasetError, match=r"\(and 1 more\)") as caught:
        import_history(database, data, RULES)
    assert [reason.split(":")[0] for reason in caught.value.reasons] == [
        "table attempts, row 1, column score",
        "table attempts, row 2, column score",
    ]


def test_a_row_that_contradicts_the_store_is_refused(database: Database, data: Path) -> None:
    import_history(database, data, RULES)
    (data / "attempts.csv").write_text(GOOD.replace("bob,i2,1", "bob,i2,0"))
    with pytest.raises(
        DatasetError, match=r"attempts: the file has no event_id column, .* under 1 of"
    ) as caught:
        import_history(database, data, RULES)
    assert "its rows were numbered" in str(caught.value)
    assert "give the table an event_id column" in str(caught.value)


def test_a_second_dataset_without_event_ids_is_refused_in_one_sentence(
    database: Database, data: Path
) -> None:
    import_history(database, data, RULES)
    (data / "attempts.csv").write_text(GOOD.replace("ann", "other").replace("bob", "another"))
    with pytest.raises(DatasetError, match="under 3 of these numbers") as caught:
        import_history(database, data, RULES)
    assert len(caught.value.reasons) == 1
    assert n_events(database) == 3


NAMED = ATTEMPTS + "sim-1,i1,0.5,2026-01-01\nsim-2,i2,1,2026-01-01\n"


@pytest.mark.parametrize(
    ("attempts", "learners_", "simulated_by"),
    [
        (GOOD, None, None),
        (NAMED, None, "every learner_id begins with 'sim-'"),
        (NAMED, "learner_id\nsim-3\n", "every learner_id begins with 'sim-'"),
        (NAMED, "learner_id\nann\n", None),
    ],
)
def test_ids_tell_that_rows_are_simulated(
    local: Database, data: Path, attempts: str, learners_: str | None, simulated_by: str | None
) -> None:
    (data / "attempts.csv").write_text(attempts)
    if learners_ is not None:
        (data / "learners.csv").write_text(learners_)
    for _ in ("the first time", "all duplicates"):
        assert import_history(local, data, RULES).simulated_by == simulated_by
