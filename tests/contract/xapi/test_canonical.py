"""The format `canonical`: one language in each map, chosen by Accept-Language map by map."""

import pytest

from tests.contract.xapi.statements import (
    VERSION_HEADER,
    activity,
    agent,
    both_versions,
    group,
    keep,
    statement,
    substatement,
    verb,
)

CANONICAL = pytest.mark.xapi("Communication 2.1.3 Language Filtering", "2.0 4.1.6.1 GET")
WORDS = {"en-US": "color", "en-GB": "colour", "de": "Farbe", "ja-JP": "色"}


def canonical(lrs, version, sent, language):
    (kept,) = keep(lrs, sent, version=version)
    headers = {VERSION_HEADER: version} | ({"Accept-Language": language} if language is not None else {})
    params = {"statementId": kept, "format": "canonical"}
    answer = lrs.request("GET", "/statements", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def coloured():
    named = activity("palette", name=WORDS, description=WORDS, type="http://example.com/types/palette")
    return statement(verb=verb("painted") | {"display": WORDS}, object=named)


CHOSEN = {
    "en-GB": {"en-GB"},
    "en-US": {"en-US"},
    "de": {"de"},
    "ja-JP": {"ja-JP"},
    "ja": {"ja-JP"},
    "EN-gb": {"en-GB"},
    "en": {"en-US", "en-GB"},
    "fr, de;q=0.8, en-GB;q=0.5": {"de"},
    "en-GB;q=0.1, de;q=0.9": {"de"},
    "en-GB;q=0.5, en-US": {"en-US"},
    "de;q=0.5, en": {"en-US", "en-GB"},
    "en-US;q=0.2, en;q=0.9, de;q=0.5": {"en-GB"},
    "de, *;q=0.1": {"de"},
    "fr;q=0.9, *;q=0.1": set(WORDS),
    "de;q=0, *": {"en-US", "en-GB", "ja-JP"},
    "*": set(WORDS),
    "fr": set(WORDS),
    "": set(WORDS),
    "de;q=high, ;;, =": set(WORDS),
    None: set(WORDS),
}


@CANONICAL
@both_versions
@pytest.mark.parametrize("language", CHOSEN)
def test_one_language_is_chosen(lrs, version, language):
    """Each language map has one entry, the most wanted one; unmatched or strange wishes give any one."""
    found = canonical(lrs, version, coloured(), language)
    definition = found["object"]["definition"]
    for chosen in (found["verb"]["display"], definition["name"], definition["description"]):
        ((tag, word),) = chosen.items()
        assert tag in CHOSEN[language]
        assert word == WORDS[tag]


@CANONICAL
@both_versions
def test_languages_are_chosen_map_by_map(lrs, version):
    """The choice is made for each map alone, not for the Statement as a whole."""
    named = activity("quiz", name={"en": "Quiz", "de": "Rätsel"}, description={"en": "Ten", "fr": "Dix"})
    sent = statement(object=named, verb=verb("passed") | {"display": {"fr": "réussi"}})
    found = canonical(lrs, version, sent, "de, fr;q=0.5")
    assert found["object"]["definition"]["name"] == {"de": "Rätsel"}
    assert found["object"]["definition"]["description"] == {"fr": "Dix"}
    assert found["verb"]["display"] == {"fr": "réussi"}


@CANONICAL
@both_versions
@pytest.mark.parametrize(
    ("interaction", "component"),
    [
        ("choice", "choices"),
        ("sequencing", "choices"),
        ("likert", "scale"),
        ("matching", "source"),
        ("matching", "target"),
        ("performance", "steps"),
    ],
)
def test_interaction_components_have_one_language(lrs, version, interaction, component):
    """The descriptions of interaction components are language maps too."""
    quiz = activity("quiz", interactionType=interaction, **{component: [{"id": "a", "description": WORDS}]})
    found = canonical(lrs, version, statement(object=quiz), "de")
    assert found["object"]["definition"][component] == [{"id": "a", "description": {"de": "Farbe"}}]


@CANONICAL
@both_versions
@pytest.mark.parametrize("kind", ["parent", "grouping", "category", "other"])
def test_context_activities_have_one_language(lrs, version, kind):
    """Activities of the context are filtered like the object."""
    sent = statement(
        context={"contextActivities": {kind: [activity("course", name=WORDS, description=WORDS)]}}
    )
    (course,) = canonical(lrs, version, sent, "en-GB")["context"]["contextActivities"][kind]
    assert course["definition"] == {"name": {"en-GB": "colour"}, "description": {"en-GB": "colour"}}


@CANONICAL
@both_versions
def test_substatements_have_one_language(lrs, version):
    """Verb and Activities of a SubStatement are filtered like those of the Statement."""
    inner = substatement(
        verb=verb("painted") | {"display": WORDS},
        object=activity("palette", name=WORDS),
        context={"contextActivities": {"parent": [activity("course", name=WORDS)]}},
    )
    found = canonical(lrs, version, statement(object=inner), "de")["object"]
    assert found["verb"]["display"] == {"de": "Farbe"}
    assert found["object"]["definition"]["name"] == {"de": "Farbe"}
    assert found["context"]["contextActivities"]["parent"][0]["definition"]["name"] == {"de": "Farbe"}


@CANONICAL
@both_versions
def test_what_has_no_language_stays(lrs, version):
    """Agents, Groups, types, patterns and extensions come back as they were received."""
    definition = {
        "name": WORDS,
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "moreInfo": "http://example.com/more",
        "interactionType": "fill-in",
        "correctResponsesPattern": ["{lang=en}colour", "Farbe"],
        "extensions": {"http://example.com/ext": {"name": "Thomas", "list": [1, None]}},
    }
    crew = group("crew", "ada", "bob") | {"name": "The crew"}
    sent = statement(
        actor=crew,
        object=activity("quiz", **definition),
        context={"instructor": agent("teacher") | {"name": "A teacher"}},
    )
    found = canonical(lrs, version, sent, "de")
    assert found["actor"] == crew
    assert found["context"]["instructor"] == sent["context"]["instructor"]
    assert found["object"] == activity("quiz", **(definition | {"name": {"de": "Farbe"}}))


@CANONICAL
@both_versions
def test_nothing_is_invented(lrs, version):
    """What has no display and no definition gets no map of a language that nobody sent."""
    sent = statement(verb={"id": "http://example.com/verbs/only-here"}, object=activity("only-here"))
    found = canonical(lrs, version, sent, "de")
    assert not found["verb"].get("display")
    assert not found["object"].get("definition")


@CANONICAL
@both_versions
def test_a_list_is_filtered_statement_by_statement(lrs, version):
    """In a list, too, each map is filtered alone."""
    keep(
        lrs,
        statement(verb=verb("a") | {"display": {"en": "one", "de": "eins"}}),
        statement(verb=verb("b") | {"display": {"en": "two", "fr": "deux"}}),
        version=version,
    )
    headers = {VERSION_HEADER: version, "Accept-Language": "fr, de;q=0.5, en;q=0.1"}
    answer = lrs.request("GET", "/statements", params={"format": "canonical"}, headers=headers)
    assert [one["verb"]["display"] for one in answer.json()["statements"]] == [{"fr": "deux"}, {"de": "eins"}]
