"""GET /statements: one statement by its id, or a StatementResult in the order of storing."""

import pytest

from tests.contract.xapi.statements import (
    agent,
    as_parameter,
    both_versions,
    fetch,
    instant,
    keep,
    listed,
    new_id,
    statement,
    verb,
    voiding,
)

GET = pytest.mark.xapi("Communication 2.1.3", "2.0 4.1.6.1 GET")
RESULT = pytest.mark.xapi("Data 2.5", "2.0 4.1.6.1 GET")


@GET
@both_versions
def test_statement_id_gives_one_statement(lrs, version):
    """With statementId the answer is the Statement itself, no list."""
    first, second = keep(lrs, statement(), statement(verb=verb("passed")), version=version)
    assert fetch(lrs, second, version=version)["verb"] == verb("passed")
    assert fetch(lrs, first, version=version)["id"] == first


@GET
@both_versions
def test_a_statement_has_all_that_the_lrs_added(lrs, version):
    """A returned Statement has id, stored, timestamp, authority and version."""
    (kept,) = keep(lrs, statement(), version=version)
    assert fetch(lrs, kept, version=version).keys() == statement().keys() | {
        "id",
        "stored",
        "timestamp",
        "authority",
        "version",
    }


@pytest.mark.xapi("Communication 3.2", "2.0 4.1.5")
@both_versions
@pytest.mark.parametrize("name", ["statementId", "voidedStatementId"])
def test_an_unknown_id_is_not_found(lrs, version, name):
    """A Statement that is not there is 404."""
    keep(lrs, statement(), version=version)
    assert lrs.get(version=version, **{name: new_id()}).status_code == 404


@RESULT
@both_versions
def test_without_an_id_the_answer_is_a_statement_result(lrs, version):
    """A query answers 200 with `statements`, an array, and `more`, and nothing else."""
    keep(lrs, statement(), version=version)
    answer = lrs.get(version=version)
    assert answer.status_code == 200
    assert answer.json().keys() == {"statements", "more"}
    assert len(answer.json()["statements"]) == 1
    assert answer.json()["more"] == ""


@RESULT
@both_versions
@pytest.mark.parametrize("params", [{}, {"verb": "http://example.com/verbs/never"}, {"limit": "1"}])
def test_nothing_found_is_an_empty_result(lrs, version, params):
    """A query that finds nothing answers 200, an empty array and an empty `more`."""
    if "verb" in params:
        keep(lrs, statement(), version=version)
    answer = lrs.get(version=version, **params)
    assert answer.status_code == 200
    assert answer.json() == {"statements": [], "more": ""}


@GET
@both_versions
def test_the_newest_comes_first(lrs, version):
    """Statements are returned in reverse order of storing, also within one millisecond."""
    kept = keep(lrs, *(statement() for _ in range(12)), version=version)
    assert listed(lrs, version=version) == kept[::-1]


@GET
@both_versions
def test_ascending_gives_the_oldest_first(lrs, version):
    """With ascending=true the order is that of storing; false is the default."""
    kept = keep(lrs, *(statement() for _ in range(12)), version=version)
    assert listed(lrs, version=version, ascending="true") == kept
    assert listed(lrs, version=version, ascending="false") == kept[::-1]


@GET
@both_versions
def test_the_order_is_that_of_storing_not_of_the_timestamp(lrs, version):
    """The timestamp, which clients choose, plays no part in the order."""
    times = ("2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    kept = keep(lrs, *(statement(timestamp=time) for time in times), version=version)
    assert listed(lrs, version=version) == kept[::-1]


@GET
@both_versions
def test_a_batch_is_in_order_too(lrs, version):
    """Stored times never rise down a list, and never fall in ascending order."""
    lrs.post([statement() for _ in range(9)], version=version)
    lrs.post([statement() for _ in range(9)], version=version)
    for ascending in ("true", "false"):
        found = lrs.get(version=version, ascending=ascending).json()["statements"]
        times = [instant(one["stored"]) for one in found]
        assert len(times) == 18
        assert times == sorted(times, reverse=ascending == "false")


@GET
@both_versions
def test_limit_cuts_the_list(lrs, version):
    """No more than `limit` Statements are returned, the first ones of the order."""
    kept = keep(lrs, *(statement() for _ in range(5)), version=version)
    assert listed(lrs, version=version, limit=1) == kept[:3:-1]
    assert listed(lrs, version=version, limit=3) == kept[:1:-1]
    assert listed(lrs, version=version, limit=3, ascending="true") == kept[:3]
    assert listed(lrs, version=version, limit=50) == kept[::-1]


@GET
@both_versions
def test_limit_zero_asks_for_as_many_as_there_may_be(lrs, version):
    """limit=0 is the same as no limit."""
    kept = keep(lrs, *(statement() for _ in range(5)), version=version)
    answer = lrs.get(version=version, limit="0")
    assert [one["id"] for one in answer.json()["statements"]] == kept[::-1]
    assert answer.json()["more"] == ""


OTHERS = {
    "agent": as_parameter(agent()),
    "verb": "http://example.com/verbs/answered",
    "activity": "http://example.com/activities/quiz",
    "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "related_activities": "true",
    "related_agents": "true",
    "since": "2012-06-01T19:09:13.245Z",
    "until": "2112-06-01T19:09:13.245Z",
    "limit": "1",
    "ascending": "true",
}


@GET
@both_versions
@pytest.mark.parametrize("other", OTHERS)
def test_an_id_stands_alone(lrs, version, other):
    """statementId or voidedStatementId with a filter is refused with 400."""
    kept, gone = keep(lrs, statement(), statement(), version=version)
    keep(lrs, voiding(gone), version=version)
    for name, value in (("statementId", kept), ("voidedStatementId", gone)):
        assert lrs.get(version=version, **{name: value}).status_code == 200
        assert lrs.get(version=version, **{name: value, other: OTHERS[other]}).status_code == 400


@GET
@both_versions
@pytest.mark.parametrize("other", [("format", "ids"), ("format", "canonical"), ("attachments", "false")])
def test_format_and_attachments_go_with_an_id(lrs, version, other):
    """Only format and attachments may stand beside statementId or voidedStatementId."""
    kept, gone = keep(lrs, statement(), statement(), version=version)
    keep(lrs, voiding(gone), version=version)
    for name, value in (("statementId", kept), ("voidedStatementId", gone)):
        answer = lrs.get(version=version, **{name: value, other[0]: other[1]})
        assert answer.status_code == 200
        assert answer.json()["id"] == value


@GET
@both_versions
def test_both_ids_together_are_refused(lrs, version):
    """statementId together with voidedStatementId is refused with 400."""
    (kept,) = keep(lrs, statement(), version=version)
    assert lrs.get(version=version, statementId=kept, voidedStatementId=kept).status_code == 400


BAD_VALUES = [
    ("statementId", "no-uuid"),
    ("statementId", ""),
    ("voidedStatementId", "12345"),
    ("agent", "ada"),
    ("agent", "{}"),
    ("agent", '{"mbox": "ada@example.com"}'),
    ("agent", '{"objectType": "Agent", "name": "Ada"}'),
    ("agent", '{"mbox": "mailto:ada@example.com", "openid": "http://example.com/ada"}'),
    ("agent", '{"objectType": "Group", "member": [{"mbox": "mailto:ada@example.com"}]}'),
    ("agent", '{"objectType": "Person", "mbox": "mailto:ada@example.com"}'),
    ("agent", '["mailto:ada@example.com"]'),
    ("verb", "answered"),
    ("verb", ""),
    ("activity", "quiz"),
    ("registration", "first"),
    ("related_activities", "yes"),
    ("related_agents", "True"),
    ("since", "yesterday"),
    ("since", "01/011/2015"),
    ("until", ""),
    ("until", "2008-09-15T15:53:00.601-00:00"),
    ("limit", "-1"),
    ("limit", "1.5"),
    ("limit", "many"),
    ("limit", ""),
    ("format", "full"),
    ("format", "IDs"),
    ("attachments", "1"),
    ("ascending", "TRUE"),
]


@pytest.mark.xapi("Data 2.2", "Communication 2.1.3", "2.0 4.1.6")
@both_versions
@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_values_of_parameters_are_checked(lrs, version, name, value):
    """A value that is not of the parameter's type is refused with 400."""
    assert lrs.get(version=version, **{name: value}).status_code == 400
