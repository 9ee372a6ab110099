"""Filter conditions for StatementRefs: who refers to a statement that is found is found too."""

import pytest

from tests.contract.xapi.statements import (
    activity,
    agent,
    both_versions,
    instant,
    keep,
    listed,
    new_id,
    pages,
    ref,
    statement,
    substatement,
    verb,
)

REFS = pytest.mark.xapi("Communication 2.1.3 Filter Conditions for StatementRefs", "2.0 4.1.6.1 GET")
REGISTRATION = "ec531277-b57b-4c15-8d91-d292c5b2b8f7"

TARGET = statement(
    actor=agent("ben"),
    verb=verb("passed"),
    object=activity("explosives"),
    context={
        "registration": REGISTRATION,
        "instructor": agent("teacher"),
        "contextActivities": {"parent": [activity("course")]},
    },
)
QUERIES = {
    "agent": {"agent": agent("ben")},
    "verb": {"verb": verb("passed")["id"]},
    "activity": {"activity": activity("explosives")["id"]},
    "registration": {"registration": REGISTRATION},
    "related agent": {"agent": agent("teacher"), "related_agents": "true"},
    "related activity": {"activity": activity("course")["id"], "related_activities": "true"},
    "all": {
        "agent": agent("ben"),
        "verb": verb("passed")["id"],
        "activity": activity("explosives")["id"],
        "registration": REGISTRATION,
    },
}


def confirms(target, **parts):
    return statement(actor=agent("andrew"), verb=verb("confirmed"), object=ref(target), **parts)


@REFS
@both_versions
@pytest.mark.parametrize("query", QUERIES)
def test_who_refers_to_a_match_is_a_match(lrs, version, query):
    """A Statement whose object refers to a Statement that meets the filters is returned with it."""
    target, stranger = keep(lrs, TARGET, statement(), version=version)
    referrer, _ = keep(lrs, confirms(target), confirms(stranger), version=version)
    assert listed(lrs, version=version, **QUERIES[query]) == [referrer, target]


@REFS
@both_versions
def test_the_rule_is_recursive(lrs, version):
    """If a refers to b, b to c, and c meets the filter, all three are returned."""
    chain = keep(lrs, TARGET, version=version)
    for _ in range(4):
        chain += keep(lrs, confirms(chain[-1]), version=version)
    assert listed(lrs, version=version, **QUERIES["verb"]) == chain[::-1]


@REFS
@both_versions
def test_several_may_refer_to_one(lrs, version):
    """All who refer to a match are returned, each once."""
    (target,) = keep(lrs, TARGET, version=version)
    first, second = keep(lrs, confirms(target), confirms(target), version=version)
    (third,) = keep(lrs, confirms(second, context={"registration": REGISTRATION}), version=version)
    assert listed(lrs, version=version, **QUERIES["registration"]) == [third, second, first, target]


@REFS
@both_versions
def test_it_does_not_work_backwards(lrs, version):
    """A Statement is not found because one that refers to it is."""
    (target,) = keep(lrs, TARGET, version=version)
    (referrer,) = keep(lrs, confirms(target), version=version)
    assert listed(lrs, version=version, verb=verb("confirmed")["id"]) == [referrer]


@REFS
@both_versions
def test_a_reference_may_come_before_its_target(lrs, version):
    """A reference to a Statement that is not there yet is accepted, and found once the target is there."""
    awaited = new_id()
    (early,) = keep(lrs, confirms(awaited), version=version)
    (outer,) = keep(lrs, confirms(early), version=version)
    assert listed(lrs, version=version, **QUERIES["verb"]) == []
    keep(lrs, TARGET | {"id": awaited}, version=version)
    assert listed(lrs, version=version, **QUERIES["verb"]) == [awaited, outer, early]


@REFS
@both_versions
def test_target_and_referrer_in_one_batch(lrs, version):
    """References work within a batch, whatever the order in it."""
    first, second = TARGET | {"id": new_id()}, TARGET | {"id": new_id()}
    batch = [confirms(first["id"]), first, second, confirms(second["id"])]
    ids = lrs.post(batch, version=version).json()
    assert set(listed(lrs, version=version, **QUERIES["agent"])) == set(ids)


@REFS
@both_versions
def test_bounds_apply_to_the_one_that_refers(lrs, version):
    """since and until look at the referring Statement itself, not at its target."""
    (target,) = keep(lrs, TARGET, version=version)
    keep(lrs, confirms(target), version=version)
    stored = {one["id"]: one["stored"] for one in lrs.get(version=version).json()["statements"]}
    bound = stored[target]
    later = {one for one, time in stored.items() if instant(time) > instant(bound)}
    assert set(listed(lrs, version=version, **QUERIES["verb"], since=bound)) == later
    assert set(listed(lrs, version=version, **QUERIES["verb"], until=bound)) == stored.keys() - later


@REFS
@both_versions
def test_limit_counts_the_one_that_refers(lrs, version):
    """limit, order and `more` treat a referring Statement like any other."""
    (target,) = keep(lrs, TARGET, version=version)
    first, second = keep(lrs, confirms(target), confirms(target), version=version)
    assert listed(lrs, version=version, **QUERIES["verb"], limit=1) == [second]
    assert listed(lrs, version=version, **QUERIES["verb"], limit=2, ascending="true") == [target, first]
    found = pages(lrs, version=version, **QUERIES["verb"], limit=1)
    assert [one["id"] for page in found for one in page["statements"]] == [second, first, target]


@REFS
@both_versions
def test_a_reference_in_the_context_does_not_count(lrs, version):
    """A StatementRef in the context has no effect on filters."""
    (target,) = keep(lrs, TARGET, version=version)
    keep(lrs, statement(context={"statement": ref(target)}), version=version)
    assert listed(lrs, version=version, **QUERIES["verb"]) == [target]


@REFS
@both_versions
def test_a_reference_inside_a_substatement_does_not_count(lrs, version):
    """Only the object of the Statement itself refers; a SubStatement is no Statement."""
    (target,) = keep(lrs, TARGET, version=version)
    keep(lrs, statement(object=substatement(object=ref(target))), version=version)
    assert listed(lrs, version=version, **QUERIES["verb"]) == [target]


@REFS
@both_versions
def test_statement_id_gives_the_one_and_no_other(lrs, version):
    """The rule has no part in fetching a single Statement."""
    (target,) = keep(lrs, TARGET, version=version)
    (referrer,) = keep(lrs, confirms(target), version=version)
    assert lrs.get(version=version, statementId=target).json()["id"] == target
    assert lrs.get(version=version, statementId=referrer).json()["object"] == ref(target)


@REFS
@both_versions
def test_references_in_a_circle_end(lrs, version):
    """Statements that refer to each other, or to themselves, do not stop a query."""
    one, other, alone = new_id(), new_id(), new_id()
    keep(
        lrs,
        confirms(other, id=one),
        confirms(one, id=other, context={"registration": REGISTRATION}),
        confirms(alone, id=alone),
        version=version,
    )
    assert listed(lrs, version=version, **QUERIES["registration"]) == [other, one]
    assert listed(lrs, version=version, verb=verb("confirmed")["id"]) == [alone, other, one]
