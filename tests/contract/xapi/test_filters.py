"""Filters of GET /statements: agent, verb, activity, registration, since and until, alone and together."""

from datetime import timedelta, timezone

import pytest

from tests.contract.xapi.statements import (
    activity,
    agent,
    both_versions,
    group,
    instant,
    keep,
    listed,
    new_id,
    statement,
    substatement,
    verb,
)

FILTER = pytest.mark.xapi("Communication 2.1.3", "2.0 4.1.6.1 GET")

ACCOUNT = {"account": {"homePage": "http://example.com/lms", "name": "1625378"}}
IDENTIFIERS = [
    {"mbox": "mailto:ada@example.com"},
    {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
    {"openid": "http://ada.openid.example.org/"},
    ACCOUNT,
]


@FILTER
@both_versions
@pytest.mark.parametrize("identifier", IDENTIFIERS, ids=lambda found: next(iter(found)))
def test_an_agent_is_found_by_each_kind_of_identifier(lrs, version, identifier):
    """Agents are equal when the same identifier has the same value; name and objectType play no part."""
    others = [statement(actor=other) for other in IDENTIFIERS if other != identifier]
    mine = statement(actor={"objectType": "Agent", "name": "Ada", **identifier})
    kept = keep(lrs, *others, mine, version=version)
    assert listed(lrs, version=version, agent=identifier) == kept[-1:]
    assert listed(lrs, version=version, agent={"name": "Somebody", **identifier}) == kept[-1:]


@FILTER
@both_versions
@pytest.mark.parametrize("part", ["homePage", "name"])
def test_both_parts_of_an_account_count(lrs, version, part):
    """An account is home page and name; the same name elsewhere is somebody else."""
    other = {"account": ACCOUNT["account"] | {part: "http://example.com/other"}}
    mine, _ = keep(lrs, statement(actor=ACCOUNT), statement(actor=other), version=version)
    assert listed(lrs, version=version, agent=ACCOUNT) == [mine]


FOUND_BY_AGENT = {
    "actor": statement(actor=agent("ada")),
    "object": statement(actor=agent("bob"), object=agent("ada")),
    "member of the actor": statement(actor=group("crew", "bob", "ada")),
    "member of an anonymous actor": statement(actor=group(None, "bob", "ada")),
    "member of the object": statement(actor=agent("bob"), object=group("crew", "bob", "ada")),
    "member of an anonymous object": statement(actor=agent("bob"), object=group(None, "ada")),
}
NOT_FOUND_BY_AGENT = {
    "somebody else": statement(actor=agent("bob")),
    "instructor": statement(actor=agent("bob"), context={"instructor": agent("ada")}),
    "team": statement(actor=agent("bob"), context={"team": group("crew", "ada")}),
    "actor of a substatement": statement(actor=agent("bob"), object=substatement(actor=agent("ada"))),
    "other members": statement(actor=group("crew", "bob", "eve")),
}


@FILTER
@both_versions
@pytest.mark.parametrize("place", FOUND_BY_AGENT)
def test_an_agent_is_looked_for_in_actor_and_object(lrs, version, place):
    """The agent filter finds the Agent as actor or object, or as a member of a Group there."""
    kept = keep(lrs, FOUND_BY_AGENT[place], NOT_FOUND_BY_AGENT["somebody else"], version=version)
    assert listed(lrs, version=version, agent=agent("ada")) == kept[:1]


@FILTER
@both_versions
@pytest.mark.parametrize("place", NOT_FOUND_BY_AGENT)
def test_an_agent_is_looked_for_nowhere_else(lrs, version, place):
    """Without related_agents the filter does not look into context, authority or SubStatements."""
    kept = keep(lrs, NOT_FOUND_BY_AGENT[place], FOUND_BY_AGENT["actor"], version=version)
    assert listed(lrs, version=version, agent=agent("ada")) == kept[1:]


@FILTER
@both_versions
def test_a_group_is_found_by_its_identifier(lrs, version):
    """The agent parameter may be an identified Group; its members play no part."""
    kept = keep(
        lrs,
        statement(actor=group("crew", "ada")),
        statement(object=group("crew")),
        statement(actor=group("other", "ada")),
        statement(actor=group(None, "ada")),
        version=version,
    )
    assert listed(lrs, version=version, agent=group("crew", "bob")) == kept[1::-1]


@FILTER
@both_versions
def test_a_verb_is_found_by_its_whole_id(lrs, version):
    """The verb filter compares the id, letter by letter, and ignores the display."""
    wanted = verb("passed")
    others = [verb("passe"), verb("passed2"), verb("Passed"), {"id": "https://example.com/verbs/passed"}]
    kept = keep(
        lrs, *(statement(verb=one) for one in [wanted, {"id": wanted["id"]}, *others]), version=version
    )
    assert listed(lrs, version=version, verb=wanted["id"]) == kept[1::-1]


@FILTER
@both_versions
def test_the_verb_of_a_substatement_is_not_found(lrs, version):
    """The verb filter looks at the Statement's own verb only."""
    keep(lrs, statement(object=substatement(verb=verb("passed"))), version=version)
    assert listed(lrs, version=version, verb=verb("passed")["id"]) == []


@FILTER
@both_versions
def test_an_activity_is_found_as_the_object(lrs, version):
    """The activity filter finds Statements whose object is the Activity."""
    course = activity("course")
    kept = keep(
        lrs,
        statement(object=course | {"definition": {"name": {"en": "Course"}}}),
        statement(object={"id": course["id"]}),
        statement(object=activity("Course")),
        statement(context={"contextActivities": {"parent": [course]}}),
        statement(object=substatement(object=course)),
        version=version,
    )
    assert listed(lrs, version=version, activity=course["id"]) == kept[1::-1]


@FILTER
@both_versions
def test_a_registration_is_found_in_the_context(lrs, version):
    """The registration filter compares the UUID in the context."""
    mine, other = new_id(), new_id()
    kept = keep(
        lrs,
        statement(context={"registration": mine}),
        statement(context={"registration": other}),
        statement(),
        version=version,
    )
    assert listed(lrs, version=version, registration=mine) == kept[:1]


@FILTER
@both_versions
def test_filters_are_joined_by_and(lrs, version):
    """A Statement is returned only if it meets every filter."""
    registration = new_id()
    wanted = statement(
        actor=agent("bob"),
        verb=verb("passed"),
        object=activity("exam"),
        context={"registration": registration},
    )
    one_off = [
        wanted | {"actor": agent("eve")},
        wanted | {"verb": verb("failed")},
        wanted | {"object": activity("test")},
        wanted | {"context": {"registration": new_id()}},
    ]
    kept = keep(lrs, wanted, *one_off, version=version)
    found = listed(
        lrs,
        version=version,
        agent=agent("bob"),
        verb=verb("passed")["id"],
        activity=activity("exam")["id"],
        registration=registration,
    )
    assert found == kept[:1]


def stored_times(lrs, version):
    return {one["id"]: one["stored"] for one in lrs.get(version=version).json()["statements"]}


@FILTER
@both_versions
def test_since_is_exclusive_and_until_is_inclusive(lrs, version):
    """`since` returns what was stored after the moment, `until` what was stored at it or before."""
    keep(lrs, *(statement() for _ in range(6)), version=version)
    stored = stored_times(lrs, version)
    for text in stored.values():
        later = {one for one, time in stored.items() if instant(time) > instant(text)}
        assert set(listed(lrs, version=version, since=text)) == later
        assert set(listed(lrs, version=version, until=text)) == stored.keys() - later


@FILTER
@both_versions
def test_since_and_until_enclose(lrs, version):
    """Both together return what was stored between them."""
    keep(lrs, *(statement() for _ in range(6)), version=version)
    stored = stored_times(lrs, version)
    moments = sorted(stored.values(), key=instant)
    first, last = moments[1], moments[4]
    between = {one for one, time in stored.items() if instant(first) < instant(time) <= instant(last)}
    assert set(listed(lrs, version=version, since=first, until=last)) == between
    assert listed(lrs, version=version, since=last, until=first) == []


@FILTER
@both_versions
def test_bounds_may_be_in_any_time_zone(lrs, version):
    """The same moment in another zone bounds alike."""
    keep(lrs, *(statement() for _ in range(3)), version=version)
    stored = stored_times(lrs, version)
    moment = instant(sorted(stored.values(), key=instant)[1])
    elsewhere = moment.astimezone(timezone(timedelta(hours=-5, minutes=-30))).isoformat()
    at_or_before = {one for one, time in stored.items() if instant(time) <= moment}
    assert set(listed(lrs, version=version, until=elsewhere)) == at_or_before
    assert set(listed(lrs, version=version, since=elsewhere)) == stored.keys() - at_or_before


@FILTER
@both_versions
@pytest.mark.parametrize("east", [2, -3])
@pytest.mark.parametrize("separator", ["T", " "])
def test_bounds_may_be_spelled_with_a_space_or_a_plus_that_became_one(lrs, version, east, separator):
    """A space between date and time is one, and one before a zone is the plus that nobody escaped."""
    (kept,) = keep(lrs, statement(), version=version)
    (moment,) = stored_times(lrs, version).values()
    at = instant(moment).astimezone(timezone(timedelta(hours=east)))
    before, exact = ((at - timedelta(hours=back)).isoformat(separator) for back in (1, 0))
    for plus in ("+", " "):
        assert listed(lrs, version=version, since=before.replace("+", plus)) == [kept]
        assert listed(lrs, version=version, until=exact.replace("+", plus)) == [kept]
        assert listed(lrs, version=version, until=before.replace("+", plus)) == []


@FILTER
@both_versions
def test_bounds_look_at_stored_not_at_the_timestamp(lrs, version):
    """A timestamp long past or far ahead moves no Statement over a bound."""
    kept = keep(
        lrs,
        statement(timestamp="2001-01-01T00:00:00Z"),
        statement(timestamp="2100-01-01T00:00:00Z"),
        version=version,
    )
    assert listed(lrs, version=version, until="2012-06-01T19:09:13.245Z") == []
    assert listed(lrs, version=version, since="2012-06-01T19:09:13.245Z") == kept[::-1]
    assert listed(lrs, version=version, since="2099-06-01T19:09:13.245Z") == []


@FILTER
@both_versions
def test_limit_and_order_apply_to_what_was_found(lrs, version):
    """limit and ascending work on the filtered list."""
    sent = [statement(verb=verb("passed" if n % 2 else "failed")) for n in range(8)]
    passed = keep(lrs, *sent, version=version)[1::2]
    wanted = {"verb": verb("passed")["id"], "limit": 3}
    assert listed(lrs, version=version, **wanted) == passed[:0:-1]
    assert listed(lrs, version=version, **wanted, ascending="true") == passed[:3]
