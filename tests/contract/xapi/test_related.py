"""related_agents and related_activities: the two filters that look everywhere in a statement."""

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    activity,
    agent,
    both_versions,
    fetch,
    group,
    keep,
    listed,
    statement,
    substatement,
)

RELATED = pytest.mark.xapi("Communication 2.1.3", "2.0 4.1.6.1 GET")
BOB = agent("bob")


def by_bob(**parts):
    return statement(actor=BOB, **parts)


AGENTS = {
    "actor": statement(),
    "object": by_bob(object=agent()),
    "instructor": by_bob(context={"instructor": agent()}),
    "instructing group": by_bob(context={"instructor": group("staff", "ada")}),
    "member of the team": by_bob(context={"team": group("crew", "ada")}),
    "member of an anonymous team": by_bob(context={"team": group(None, "ada")}),
    "actor inside": by_bob(object=substatement()),
    "object inside": by_bob(object=substatement(actor=BOB, object=agent())),
    "member inside": by_bob(object=substatement(actor=group(None, "ada"))),
    "instructor inside": by_bob(object=substatement(actor=BOB, context={"instructor": agent()})),
    "team inside": by_bob(object=substatement(actor=BOB, context={"team": group("crew", "ada")})),
}
CONTEXT_AGENT = {
    "objectType": "contextAgent",
    "agent": agent(),
    "relevantTypes": ["http://example.com/mentor"],
}
CONTEXT_GROUP = {"objectType": "contextGroup", "group": group("crew", "ada")}
AGENTS_OF_TWO = {
    "context agent": by_bob(context={"contextAgents": [CONTEXT_AGENT]}),
    "context group": by_bob(context={"contextGroups": [CONTEXT_GROUP]}),
    "context agent inside": by_bob(
        object=substatement(actor=BOB, context={"contextAgents": [CONTEXT_AGENT]})
    ),
    "context group inside": by_bob(
        object=substatement(actor=BOB, context={"contextGroups": [CONTEXT_GROUP]})
    ),
}


@RELATED
@pytest.mark.parametrize(
    ("version", "place"),
    [(version, place) for version in (ONE, TWO) for place in AGENTS]
    + [(TWO, place) for place in AGENTS_OF_TWO],
)
def test_related_agents_looks_everywhere(lrs, version, place):
    """The Agent is found as actor, object, instructor, team, context agent or group, also inside."""
    kept = keep(lrs, (AGENTS | AGENTS_OF_TWO)[place], by_bob(), version=version)
    assert listed(lrs, version=version, agent=agent(), related_agents="true") == kept[:1]


@RELATED
@both_versions
def test_related_agents_finds_the_authority(lrs, version):
    """The authority is found with related_agents, and only then."""
    kept = keep(lrs, statement(), statement(), version=version)
    authority = fetch(lrs, kept[0], version=version)["authority"]
    assert listed(lrs, version=version, agent=authority) == []
    assert listed(lrs, version=version, agent=authority, related_agents="true") == kept[::-1]


@RELATED
@both_versions
def test_related_agents_finds_groups_by_their_identifier(lrs, version):
    """A Group that is looked for is found as the team by its identifier."""
    kept = keep(lrs, statement(context={"team": group("crew")}), statement(), version=version)
    assert listed(lrs, version=version, agent=group("crew"), related_agents="true") == kept[:1]


@RELATED
@both_versions
def test_related_agents_false_is_the_default(lrs, version):
    """related_agents=false looks at actor and object only."""
    kept = keep(lrs, statement(), AGENTS["instructor"], version=version)
    assert listed(lrs, version=version, agent=agent(), related_agents="false") == kept[:1]


COURSE = activity("course")
ACTIVITIES = {
    "object": statement(object=COURSE),
    **{kind: statement(context={"contextActivities": {kind: [activity("other"), COURSE]}})
       for kind in ("parent", "grouping", "category", "other")},
    "one, not in an array": statement(context={"contextActivities": {"parent": COURSE}}),
    "object inside": statement(object=substatement(object=COURSE)),
    **{f"{kind} inside": statement(object=substatement(context={"contextActivities": {kind: [COURSE]}}))
       for kind in ("parent", "grouping", "category", "other")},
}  # fmt: skip


@RELATED
@both_versions
@pytest.mark.parametrize("place", ACTIVITIES)
def test_related_activities_looks_everywhere(lrs, version, place):
    """The Activity is found as object and in every kind of context, also in a SubStatement."""
    kept = keep(lrs, ACTIVITIES[place], statement(), version=version)
    assert listed(lrs, version=version, activity=COURSE["id"], related_activities="true") == kept[:1]


@RELATED
@both_versions
def test_related_activities_false_is_the_default(lrs, version):
    """related_activities=false looks at the object only."""
    kept = keep(lrs, ACTIVITIES["object"], ACTIVITIES["parent"], version=version)
    assert listed(lrs, version=version, activity=COURSE["id"], related_activities="false") == kept[:1]


@RELATED
@both_versions
@pytest.mark.parametrize("name", ["related_agents", "related_activities"])
def test_without_a_filter_related_changes_nothing(lrs, version, name):
    """related_agents without agent, related_activities without activity: accepted, and no filter."""
    kept = keep(lrs, statement(), by_bob(), version=version)
    assert listed(lrs, version=version, **{name: "true"}) == kept[::-1]


@RELATED
@both_versions
def test_each_related_widens_its_own_filter_only(lrs, version):
    """related_agents does not widen the activity filter, nor the other way round."""
    kept = keep(
        lrs,
        by_bob(object=COURSE, context={"instructor": agent()}),
        statement(context={"contextActivities": {"parent": [COURSE]}}),
        version=version,
    )
    wanted = {"agent": agent(), "activity": COURSE["id"]}
    assert listed(lrs, version=version, **wanted, related_agents="true") == kept[:1]
    assert listed(lrs, version=version, **wanted, related_activities="true") == kept[1:]
