import numpy as np
import pytest

from tests.unit.ranking.compiled import unlocks

HARD_SKILL = {"module_id": "b", "prerequisite_skill_id": "s", "required_mastery": 0.6}


def test_needed_module_must_be_finished(make_catalog, learner):
    catalog = make_catalog({"a": {}, "b": {}}, [{"module_id": "b", "prerequisite_module_id": "a"}])
    assert learner(catalog).ids(learner(catalog).ask().removed_by["prerequisite"]) == "b"
    answer = learner(catalog, finished="a").ask()
    assert not answer.removed_by["prerequisite"].any()
    assert answer.prerequisites_met.all()


@pytest.mark.parametrize(
    ("mastery", "removed", "share"),
    [({}, True, 0.0), ({"s": 0.3}, True, 0.5), ({"s": 0.6}, False, 1.0), ({"s": 0.9}, False, 1.0)],
)
def test_needed_skill_must_reach_what_is_required(make_catalog, learner, mastery, removed, share):
    answer = learner(make_catalog({"a": {}, "b": {}}, [HARD_SKILL]), **mastery).ask()
    assert answer.removed_by["prerequisite"].tolist() == [False, removed]
    assert answer.readiness.tolist() == [1.0, pytest.approx(share)]


def test_a_soft_prerequisite_removes_nothing_and_is_graded(make_catalog, learner):
    soft = [
        HARD_SKILL | {"strength": "soft"},
        {"module_id": "b", "prerequisite_module_id": "a", "strength": "soft"},
    ]
    answer = learner(make_catalog({"a": {}, "b": {}}, soft), s=0.3).ask()
    assert answer.allowed.all()
    assert answer.prerequisites_met.tolist() == [True, False]
    assert answer.readiness.tolist() == [1.0, 0.25]


@pytest.mark.parametrize(("mastery", "met"), [({}, False), ({"s": 0.0}, True)])
def test_required_mastery_of_zero_asks_that_something_is_known(make_catalog, learner, mastery, met):
    catalog = make_catalog({"b": {}}, [HARD_SKILL | {"required_mastery": 0.0}])
    answer = learner(catalog, **mastery).ask()
    assert answer.allowed.tolist() == [met]
    assert answer.readiness.tolist() == [float(met)]


def test_a_prerequisite_said_twice_counts_once(make_catalog, learner):
    needs_a, needs_c = ({"module_id": "b", "prerequisite_module_id": m} for m in "ac")
    someone = learner(make_catalog({"a": {}, "b": {}, "c": {}}, [needs_a, needs_c, needs_a]), finished="c")
    answer = someone.ask()
    assert answer.readiness[1] == 0.5
    assert unlocks(someone.rules, answer).tolist() == [1, 0, 0]


def test_unlocks_counts_what_only_this_module_holds_back(make_catalog, learner):
    rules = [
        {"module_id": "b", "prerequisite_module_id": "a"},
        {"module_id": "c", "prerequisite_module_id": "a"},
        {"module_id": "c", "prerequisite_module_id": "b"},
        {"module_id": "d", "prerequisite_module_id": "a"},
        {"module_id": "e", "prerequisite_module_id": "a", "strength": "soft"},
        {"module_id": "f", "prerequisite_skill_id": "s", "required_mastery": 0.5},
    ]
    modules = {m: {} for m in "abcdef"}
    someone = learner(make_catalog(modules, rules))
    assert unlocks(someone.rules, someone.ask()).tolist() == [2, 0, 0, 0, 0, 0]
    assert unlocks(someone.rules, someone.ask(exclude=frozenset("d")))[0] == 1
    after = learner(make_catalog(modules, rules), finished="a")
    assert unlocks(after.rules, after.ask()).tolist() == [0, 1, 0, 0, 0, 0]


def test_lifted_shares_a_module_among_what_it_lacks(make_catalog, learner):
    rules = [
        {"module_id": "c", "prerequisite_module_id": "a"},
        {"module_id": "c", "prerequisite_skill_id": "s", "required_mastery": 0.5},
    ]
    catalog = make_catalog(
        {"a": {}, "b": {"skill_ids": ["s", "t"]}, "c": {}, "d": {"skill_ids": ["t"]}}, rules
    )
    someone = learner(catalog)
    missing, everything = someone.ask().missing, np.ones(4, bool)
    lifted = someone.rules.requirements.lifted(missing, everything, catalog.module_skills)
    assert lifted.tolist() == [0.5, 0.5, 0.0, 0.0]
