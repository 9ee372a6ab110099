"""The formats `exact` and `ids` of GET /statements, and what every format leaves alone."""

import pytest

from tests.contract.xapi.statements import (
    ONE,
    TWO,
    activity,
    agent,
    attachment,
    both_versions,
    changed,
    fetch,
    group,
    keep,
    new_id,
    ref,
    statement,
    substatement,
    verb,
    voiding,
)

FORMAT = pytest.mark.xapi("Communication 2.1.3 format", "2.0 4.1.6.1 GET")

DEFINED = activity(
    "quiz",
    name={"en": "Quiz", "de": "Rätsel"},
    description={"en": "Ten questions"},
    type="http://adlnet.gov/expapi/activities/cmi.interaction",
    interactionType="choice",
    correctResponsesPattern=["golf"],
    choices=[{"id": "golf", "description": {"en": "Golf", "de": "Golfen"}}],
    extensions={"http://example.com/ext": {"deep": [1, None, "x"]}},
)
NAMED = agent() | {"name": "Ada Lovelace"}
CREW = group("crew", "ada", "bob") | {"name": "The crew"}


def full(**parts):
    context = {
        "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
        "instructor": agent("teacher") | {"name": "A teacher"},
        "team": CREW,
        "contextActivities": {"parent": [DEFINED], "other": [activity("a"), DEFINED]},
        "platform": "somewhere",
        "extensions": {"http://example.com/ext": {"en": "one", "de": "zwei"}},
    }
    result = {"success": True, "response": "golf", "extensions": {"http://example.com/ext": None}}
    return statement(actor=NAMED, object=DEFINED, result=result, context=context) | parts


def in_format(lrs, version, sent, **params):
    (kept,) = keep(lrs, sent, version=version)
    return fetch(lrs, kept, version=version, **params)


@FORMAT
@both_versions
@pytest.mark.parametrize("params", [{}, {"format": "exact"}], ids=["default", "exact"])
def test_exact_gives_what_was_received(lrs, version, params):
    """In exact format, the default, nothing is left out, added, reordered or translated."""
    sent = full()
    found = in_format(lrs, version, sent, **params)
    assert {name: found[name] for name in sent} == sent


@FORMAT
@both_versions
def test_exact_ignores_accept_language(lrs, version):
    """Accept-Language chooses no language in exact format."""
    (kept,) = keep(lrs, full(), version=version)
    headers = {"Accept-Language": "de", "X-Experience-API-Version": version}
    found = lrs.request("GET", "/statements", params={"statementId": kept}, headers=headers).json()
    assert found["object"] == DEFINED
    assert found["verb"] == verb()


@FORMAT
@both_versions
def test_exact_keeps_each_statements_own_definition(lrs, version):
    """Two Statements about one Activity keep the definitions that each came with."""
    first, second = keep(
        lrs,
        statement(object=activity("quiz", name={"en": "Old"})),
        statement(object=activity("quiz", name={"en": "New"}), verb={"id": verb()["id"]}),
        version=version,
    )
    assert fetch(lrs, first, version=version)["object"]["definition"] == {"name": {"en": "Old"}}
    assert fetch(lrs, second, version=version)["object"]["definition"] == {"name": {"en": "New"}}
    assert fetch(lrs, second, version=version)["verb"] == {"id": verb()["id"]}


@pytest.mark.xapi("Data 2.4.6.2", "2.0 4.2.4.2")
@both_versions
@pytest.mark.parametrize("output", ["exact", "canonical", "ids"])
@pytest.mark.parametrize("kind", ["parent", "grouping", "category", "other"])
def test_context_activities_are_always_arrays(lrs, version, output, kind):
    """A single Activity in contextActivities is returned as an array of one, also in a SubStatement."""
    context = {"contextActivities": {kind: {"id": "http://example.com/activities/course"}}}
    found = in_format(
        lrs, version, statement(object=substatement(context=context), context=context), format=output
    )
    expected = {kind: [{"id": "http://example.com/activities/course"}]}
    assert found["context"]["contextActivities"] == expected
    assert found["object"]["context"]["contextActivities"] == expected


@FORMAT
@both_versions
@pytest.mark.parametrize(
    "identifier",
    [
        {"mbox": "mailto:ada@example.com"},
        {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
        {"openid": "http://ada.openid.example.org/"},
        {"account": {"homePage": "http://example.com/lms", "name": "1625378"}},
    ],
    ids=lambda found: next(iter(found)),
)
def test_ids_leaves_of_an_agent_its_identifier(lrs, version, identifier):
    """In ids format an Agent is its identifier, with or without objectType."""
    sent = statement(actor={"objectType": "Agent", "name": "Ada Lovelace"} | identifier)
    found = in_format(lrs, version, sent, format="ids")["actor"]
    assert found in (identifier, {"objectType": "Agent"} | identifier)


@FORMAT
@both_versions
def test_ids_leaves_of_an_identified_group_its_identifier(lrs, version):
    """In ids format an identified Group has objectType and identifier, no name and no members."""
    found = in_format(lrs, version, statement(actor=CREW), format="ids")
    assert found["actor"] == group("crew")


@FORMAT
@both_versions
def test_ids_leaves_of_an_anonymous_group_its_members(lrs, version):
    """In ids format an anonymous Group has objectType and its members, each by its identifier."""
    crew = {"objectType": "Group", "name": "Those", "member": [NAMED, {"mbox": "mailto:bob@example.com"}]}
    found = in_format(lrs, version, statement(actor=crew), format="ids")["actor"]
    assert found.keys() == {"objectType", "member"}
    assert found["objectType"] == "Group"
    assert sorted(one["mbox"] for one in found["member"]) == [
        "mailto:ada@example.com",
        "mailto:bob@example.com",
    ]
    assert all(one.keys() <= {"objectType", "mbox"} for one in found["member"])


@FORMAT
@both_versions
def test_ids_leaves_of_verbs_and_activities_their_ids(lrs, version):
    """In ids format a verb and an Activity have their id alone, wherever they stand."""
    found = in_format(lrs, version, full(), format="ids")
    only = {"id": DEFINED["id"]}
    assert found["verb"] == {"id": verb()["id"]}
    assert found["object"] == only
    assert found["context"]["contextActivities"] == {
        "parent": [only],
        "other": [{"id": activity("a")["id"]}, only],
    }


@FORMAT
@both_versions
def test_ids_shortens_instructor_and_team(lrs, version):
    """In ids format the Agents and Groups of the context are shortened too."""
    context = in_format(lrs, version, full(), format="ids")["context"]
    assert context["team"] == group("crew")
    assert context["instructor"] in (agent("teacher"), {"mbox": agent("teacher")["mbox"]})


@FORMAT
@both_versions
@pytest.mark.parametrize("thing", [NAMED, CREW, ref(new_id())], ids=["agent", "group", "reference"])
def test_ids_keeps_the_type_of_an_object_that_is_no_activity(lrs, version, thing):
    """In ids format an object that is no Activity keeps its objectType, without which it would be one."""
    found = in_format(lrs, version, statement(object=thing), format="ids")["object"]
    assert found == {name: thing[name] for name in thing if name in ("objectType", "mbox", "id")}


@FORMAT
@both_versions
def test_ids_goes_into_substatements(lrs, version):
    """In ids format the parts of a SubStatement are shortened like those of a Statement."""
    inner = substatement(actor=CREW, object=DEFINED, context={"contextActivities": {"parent": [DEFINED]}})
    found = in_format(lrs, version, statement(object=inner), format="ids")["object"]
    assert found == {
        "objectType": "SubStatement",
        "actor": group("crew"),
        "verb": {"id": verb()["id"]},
        "object": {"id": DEFINED["id"]},
        "context": {"contextActivities": {"parent": [{"id": DEFINED["id"]}]}},
    }


@FORMAT
@both_versions
def test_ids_leaves_the_rest_alone(lrs, version):
    """In ids format only Agents, Groups, Activities and verbs are shortened."""
    sent = full(attachments=[attachment(fileUrl="http://example.com/essay.txt")])
    (kept,) = keep(lrs, sent, version=version)
    exact = fetch(lrs, kept, version=version)
    short = fetch(lrs, kept, version=version, format="ids")
    assert short.keys() == exact.keys()
    for name in ("id", "stored", "timestamp", "version", "result", "attachments"):
        assert short[name] == exact[name]
    for name in ("registration", "platform", "extensions"):
        assert short["context"][name] == exact["context"][name]


@FORMAT
def test_ids_shortens_context_agents_and_groups(lrs):
    """In ids format the Agents and Groups of contextAgents and contextGroups are shortened; types stay."""
    types = ["http://example.com/types/mentor"]
    context = {
        "contextAgents": [{"objectType": "contextAgent", "agent": NAMED, "relevantTypes": types}],
        "contextGroups": [{"objectType": "contextGroup", "group": CREW, "relevantTypes": types}],
    }
    found = in_format(lrs, TWO, statement(context=context), format="ids")["context"]
    assert found["contextGroups"] == [changed(context["contextGroups"][0], "group", group("crew"))]
    (one,) = found["contextAgents"]
    assert one["relevantTypes"] == types
    assert one["agent"] in (agent(), {"mbox": agent()["mbox"]})


@FORMAT
@both_versions
@pytest.mark.parametrize("output", ["ids", "exact", "canonical"])
def test_a_list_is_in_the_format_asked_for(lrs, version, output):
    """The format applies to each Statement of a list as it does to a single one."""
    (kept,) = keep(lrs, full(), version=version)
    (found,) = lrs.get(version=version, format=output).json()["statements"]
    assert found == fetch(lrs, kept, version=version, format=output)


@FORMAT
@both_versions
@pytest.mark.parametrize("output", ["ids", "exact", "canonical"])
def test_a_voided_statement_is_in_the_format_asked_for(lrs, version, output):
    """The format applies to voidedStatementId too."""
    (kept,) = keep(lrs, full(), version=version)
    before = fetch(lrs, kept, version=version, format=output)
    keep(lrs, voiding(kept), version=version)
    assert lrs.get(version=version, voidedStatementId=kept, format=output).json() == before


@FORMAT
@pytest.mark.parametrize("output", ["ids", "exact", "canonical"])
def test_no_format_changes_what_is_stored(lrs, output):
    """Asking in one format leaves the Statement as it was in the others."""
    (kept,) = keep(lrs, full(), version=ONE)
    before = fetch(lrs, kept)
    fetch(lrs, kept, format=output)
    assert fetch(lrs, kept) == before
