from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.domain.catalog import Catalog
from recommender.domain.events import to_seconds
from recommender.domain.recommendation import Query, RuleRemoval
from recommender.errors import UnknownIdError
from recommender.ranking.eligibility import Rules, why_empty
from tests.unit.ranking.compiled import unlocks

MAY = datetime(2024, 5, 1, tzinfo=UTC)
JUNE = datetime(2024, 6, 1, tzinfo=UTC)


def test_finished_modules_come_back_only_for_review(make_catalog, learner):
    someone = learner(make_catalog({"a": {}, "b": {}}), finished="a")
    assert someone.ids(someone.ask().allowed) == "b"
    assert someone.ids(someone.ask().removed_by["finished"]) == "a"
    assert someone.ids(someone.ask(scenario="review").allowed) == "ab"
    assert someone.ids(someone.ask(scenario="explore").allowed) == "b"


@pytest.mark.parametrize(("now", "allowed"), [(MAY, "ab"), (JUNE, "ac")])
def test_withdrawn_and_unpublished_modules_are_retired(make_catalog, learner, now, allowed):
    catalog = make_catalog({"a": {}, "b": {"retired_at": JUNE}, "c": {"published_at": JUNE}})
    someone = learner(catalog)
    answer = someone.ask(now=to_seconds(now))
    assert someone.ids(answer.allowed) == allowed
    assert someone.ids(answer.removed_by["retired"]) == ({"a", "b", "c"} - set(allowed)).pop()


@pytest.mark.parametrize(
    ("asked", "profile", "allowed"),
    [
        ([], None, "abcd"),
        ([], "", "abcd"),
        ([], "de", "ad"),
        (["en"], "de", "bcd"),
        (["EN-gb"], None, "bcd"),
        (["en-US"], None, "bd"),
        (["de", "en"], None, "abcd"),
        (["e"], None, "d"),
        (["fr"], None, "d"),
    ],
)
def test_language_of_the_query_else_of_the_profile(make_catalog, learner, asked, profile, allowed):
    languages = {"a": "de", "b": "en", "c": "en-GB", "d": None}
    someone = learner(make_catalog({m: {"language": language} for m, language in languages.items()}))
    answer = someone.ask(language=profile, languages=frozenset(asked))
    assert someone.ids(answer.allowed) == allowed
    assert someone.ids(~answer.removed_by["language"]) == allowed


def test_format_asked_for_must_be_known(make_catalog, learner):
    someone = learner(make_catalog({"a": {"format": "video"}, "b": {"format": "reading"}, "c": {}}))
    assert someone.ids(someone.ask(formats=frozenset({"video", "course"})).allowed) == "a"
    assert someone.ids(someone.ask().allowed) == "abc"


def test_unknown_duration_passes_a_limit(make_catalog, learner):
    someone = learner(make_catalog({"a": {"duration_minutes": 30}, "b": {"duration_minutes": 31}, "c": {}}))
    answer = someone.ask(minutes=30.0)
    assert someone.ids(answer.allowed) == "ac"
    assert someone.ids(answer.removed_by["minutes"]) == "b"


def test_excluded_ids_are_removed_and_unknown_ones_refused(make_catalog, learner):
    someone = learner(make_catalog({"a": {}, "b": {}}))
    assert someone.ids(someone.ask(exclude=frozenset("b")).allowed) == "a"
    with pytest.raises(UnknownIdError, match="exclude 'zz' is not in the catalogue"):
        someone.ask(exclude=frozenset({"zz"}))


def test_applying_rules_leaves_their_inputs_alone(make_catalog, learner):
    someone = learner(make_catalog({"a": {}, "b": {}}), finished="a")
    someone.ask(exclude=frozenset("b"))
    assert someone.finished.tolist() == [True, False]
    assert someone.ids(someone.ask().allowed) == "b"
    assert not someone.rules.none.any()


def test_no_module_at_all():
    catalog = Catalog.from_tables({})
    rules = Rules.compile(catalog)
    answer = rules.apply(
        finished=np.zeros(0, bool),
        mastery=np.zeros(0),
        query=Query(languages=frozenset({"en"}), formats=frozenset({"video"}), minutes=5.0),
        profile_language=None,
        now=0.0,
    )
    assert answer.allowed.shape == answer.readiness.shape == unlocks(rules, answer).shape == (0,)
    assert why_empty(answer, catalog, rules) == ()


def test_why_empty_counts_each_rule_largest_first(make_catalog, learner):
    catalog = make_catalog({"a": {"language": "en"}, "b": {"language": "en"}, "c": {"language": "de"}})
    someone = learner(catalog, finished="c")
    answer = someone.ask(languages=frozenset({"de"}))
    assert why_empty(answer, catalog, someone.rules) == (
        RuleRemoval("language", 2),
        RuleRemoval("finished", 1),
    )


def test_why_empty_offers_the_prerequisite_that_a_filter_hides(make_catalog, learner):
    long, short = {"duration_minutes": 90}, {"duration_minutes": 10}
    chain = [{"module_id": m, "prerequisite_module_id": n} for m, n in ("ba", "cb", "ed", "fd")]
    catalog = make_catalog({"a": long, "b": short, "c": short, "d": long, "e": short, "f": short}, chain)
    someone = learner(catalog)
    answer = someone.ask(minutes=30.0)
    assert not answer.allowed.any()
    assert why_empty(answer, catalog, someone.rules) == (
        RuleRemoval("prerequisite", 4, ("d", "a")),
        RuleRemoval("minutes", 2),
    )


@pytest.mark.parametrize(
    ("needed", "query"),
    [
        ({"language": "fr"}, {"language": "en"}),
        ({"retired_at": MAY}, {}),
        ({}, {"exclude": frozenset("a")}),
    ],
)
def test_why_empty_never_offers_what_cannot_be_taken(make_catalog, learner, needed, query):
    catalog = make_catalog({"a": needed, "b": {}}, [{"module_id": "b", "prerequisite_module_id": "a"}])
    someone = learner(catalog)
    answer = someone.ask(now=to_seconds(JUNE), **query)
    assert not answer.allowed.any()
    assert RuleRemoval("prerequisite", 1) in why_empty(answer, catalog, someone.rules)


def test_why_empty_offers_what_teaches_a_missing_skill_also_again(make_catalog, learner):
    needs = {"module_id": "z", "prerequisite_skill_id": "s", "required_mastery": 0.8}
    modules = {m: {"skill_ids": ["s"]} for m in "gfedcba"} | {"x": {"skill_ids": ["t"]}, "z": {}}
    catalog = make_catalog(modules, [needs])
    someone = learner(catalog, finished="abcdefgx", s=0.5)
    removals = {r.rule: r for r in why_empty(someone.ask(), catalog, someone.rules)}
    assert removals["prerequisite"].unlocked_by == tuple("abcde")
    assert removals["finished"] == RuleRemoval("finished", 8)
