"""Who is proposed as a mentor, and in which order."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import InputError, UnknownIdError
from recommender.people.config import PeopleConfig
from recommender.people.mentors import assign_mentors, find_mentors
from recommender.people.table import MentorTable
from tests.unit.organisations import organisation, person, state_of
from tests.unit.worlds import NOW

MASTERED = "+" * 120


@pytest.fixture(scope="module")
def engine():
    return organisation()


@pytest.fixture(scope="module")
def states(engine):
    return {
        "code": state_of(engine, code=MASTERED),
        "data": state_of(engine, data=MASTERED),
        "both": state_of(engine, code=MASTERED, data=MASTERED),
        "talk": state_of(engine, talk=MASTERED),
        "little": state_of(engine, data="++++"),
        None: None,
    }


def table_of(engine, states, people, **config):
    """Make the table of people told as {id: (what they master, profile fields)}."""
    profiles = [person(i, **{"can_mentor": True, **fields}) for i, (_, fields) in people.items()]
    mastered = [states[what] for what, _ in people.values()]
    return MentorTable.of(engine.bundle, mastered, profiles, now=NOW, config=PeopleConfig(**config))


def ids(mentors):
    return [m.mentor_id for m in mentors]


ADA = person("ada", "analyst", team_id="t1", language="en-GB")


def test_who_covers_more_of_the_weighted_gap_comes_first(engine, states):
    """Of an analyst's gap, data weighs 1.0 x .3 and code .5 x .1: a half is expected of both."""
    table = table_of(
        engine, states, {"b": ("both", {}), "c": ("code", {}), "d": ("data", {}), "t": ("talk", {})}
    )
    found = find_mentors(table, None, ADA, now=NOW)
    assert ids(found) == ["b", "d", "c"]
    assert [m.covered for m in found] == pytest.approx([1.0, 0.3 / 0.35, 0.05 / 0.35])
    assert [s.skill_id for s in found[0].skills] == ["data", "code"]
    assert [(s.skill_id, s.name, s.level) for s in found[2].skills] == [("code", "Code", "expert")]


def test_nobody_without_agreement_nor_the_learner_nor_who_is_left_out(engine, states):
    people = {
        "ada": ("both", {}),
        "b": ("both", {"can_mentor": False}),
        "c": ("both", {}),
        "d": ("both", {}),
    }
    table = table_of(engine, states, people)
    assert ids(find_mentors(table, None, ADA, now=NOW)) == ["c", "d"]
    assert ids(find_mentors(table, None, ADA, exclude=["c", "nobody"], now=NOW)) == ["d"]
    assert "b" not in table.ids
    everybody = find_mentors(table, None, person("else", "analyst"), now=NOW)
    assert ids(everybody) == ["ada", "c", "d"]


def test_a_table_without_somebody_is_as_if_they_had_never_agreed(engine, states):
    people = {i: (what, {"team_id": f"t{i}"}) for i, what in (("a", "both"), ("b", "data"), ("c", "code"))}
    table = table_of(engine, states, people)
    for gone in people:
        left = table.leaving_out(gone)
        made = table_of(engine, states, {i: told for i, told in people.items() if i != gone})
        assert (left.ids, left.index) == (made.ids, made.index)
        for name in ("role", "language", "mastery", "low", "width", "n_attempts"):
            np.testing.assert_array_equal(getattr(left, name), getattr(made, name))
        excluded = find_mentors(table, None, ADA, exclude=[gone], now=NOW)
        assert find_mentors(left, None, ADA, now=NOW) == excluded
    assert table.leaving_out("nobody") is table
    assert len(table.leaving_out("a").leaving_out("b").leaving_out("c")) == 0


def test_mastery_must_be_known_well_enough(engine, states):
    """4 passes of 4 are a mastery of 5/6, above the .8 that is required, but it may as well be less."""
    table = table_of(engine, states, {"a": ("little", {}), "b": (None, {})})
    assert engine.mastery(states["little"], now=NOW)[0].mastery > 0.8
    assert find_mentors(table, None, ADA, now=NOW) == ()


def test_ties_are_broken_in_the_order_that_is_told(engine, states):
    people = {
        "a": ("both", {}),
        "b": ("both", {"role_id": "analyst"}),
        "c": ("both", {"team_id": "t1", "role_id": "clerk"}),
        "d": ("both", {"language": "en"}),
    }
    table = table_of(engine, states, people)
    assert ids(find_mentors(table, None, ADA, now=NOW)) == ["d", "c", "b", "a"]
    assert ids(find_mentors(table, None, ADA, load={"d": 2, "c": 1}, now=NOW)) == ["d", "b", "a", "c"]
    stranger = replace(ADA, team_id=None, language=None, role_id=None, target_role_id="analyst")
    assert ids(find_mentors(table, None, stranger, now=NOW)) == ["a", "b", "c", "d"]


def test_small_differences_of_coverage_do_not_outweigh_a_load(engine, states):
    table = table_of(engine, states, {"b": ("both", {}), "d": ("data", {})})
    coarse = table_of(engine, states, {"b": ("both", {}), "d": ("data", {})}, coverage_step=1.0)
    for at, expected in ((table, ["b", "d"]), (coarse, ["b", "d"])):
        assert ids(find_mentors(at, None, ADA, load={"b": 2}, now=NOW)) == expected
    half = table_of(engine, states, {"b": ("both", {}), "d": ("data", {})}, coverage_step=0.7)
    assert ids(find_mentors(half, None, ADA, load={"b": 2}, now=NOW)) == ["d", "b"]


def test_who_has_all_the_learners_there_may_be_is_not_proposed(engine, states):
    table = table_of(engine, states, {"b": ("both", {}), "c": ("code", {})}, capacity=2)
    assert ids(find_mentors(table, None, ADA, load={"b": 1, "not a mentor": 9}, now=NOW)) == ["b", "c"]
    assert ids(find_mentors(table, None, ADA, load={"b": 2}, now=NOW)) == ["c"]
    assert ids(find_mentors(table, None, ADA, load={"b": 7}, now=NOW)) == ["c"]


def test_as_many_as_are_wanted_at_most(engine, states):
    table = table_of(engine, states, {f"m{i}": ("both", {}) for i in range(9)}, n_mentors=4)
    assert ids(find_mentors(table, None, ADA, now=NOW)) == ["m0", "m1", "m2", "m3"]


def test_another_role_or_one_skill(engine, states):
    table = table_of(engine, states, {"c": ("code", {}), "t": ("talk", {})})
    silent = state_of(engine, talk="--")
    assert ids(find_mentors(table, silent, ADA, role_id="clerk", now=NOW)) == ["t"]
    (found,) = find_mentors(table, None, ADA, skill_id="code", now=NOW)
    assert (found.mentor_id, found.covered, [s.skill_id for s in found.skills]) == ("c", 1.0, ["code"])


def test_for_a_skill_that_the_role_does_not_ask_the_mentor_is_ahead_by_a_margin(engine):
    """The mentor's mastery is .98, its lower end above .9; the learner's is 11/12."""
    states = {"talk": state_of(engine, talk=MASTERED), None: None}
    learner = state_of(engine, talk="+" * 10)
    for margin, expected in ((0.001, ["t"]), (0.1, [])):
        table = table_of(engine, states, {"t": ("talk", {})}, margin=margin)
        assert ids(find_mentors(table, learner, ADA, skill_id="talk", now=NOW)) == expected
        assert ids(find_mentors(table, None, ADA, skill_id="talk", now=NOW)) == ["t"]


def test_who_lacks_nothing_needs_nobody(engine, states):
    table = table_of(engine, states, {"b": ("both", {})})
    assert find_mentors(table, states["both"], ADA, now=NOW) == ()
    assert find_mentors(table, None, person("x"), now=NOW) == ()
    (nobody,) = assign_mentors(table, [states["both"]], [ADA], now=NOW)
    assert nobody.mentor is None


def test_an_empty_table_proposes_nobody(engine, states):
    table = table_of(engine, states, {})
    assert find_mentors(table, None, ADA, now=NOW) == ()
    assert [a.mentor for a in assign_mentors(table, [None], [ADA], now=NOW)] == [None]
    assert assign_mentors(table, [], [], now=NOW) == ()


def test_nothing_but_id_skills_and_words_is_told_of_a_mentor(engine, states):
    table = table_of(engine, states, {"b": ("both", {"team_id": "secret"})})
    (found,) = find_mentors(table, None, ADA, now=NOW)
    assert set(found.__dataclass_fields__) == {"mentor_id", "skills", "covered"}
    assert set(found.skills[0].__dataclass_fields__) == {"skill_id", "name", "level"}
    other = replace(ADA, learner_id="other")
    assert find_mentors(table, None, other, now=NOW) == (found,)


@pytest.mark.parametrize(("field", "value"), [("role_id", "pilot"), ("skill_id", "flying")])
def test_what_is_not_there_is_named(engine, states, field, value):
    table = table_of(engine, states, {})
    with pytest.raises(UnknownIdError, match=f"{field} '{value}' is not in the catalogue") as caught:
        find_mentors(table, None, ADA, now=NOW, **{field: value})
    assert caught.value.field == field


def test_a_load_is_a_count(engine, states):
    table = table_of(engine, states, {"b": ("both", {})})
    for ask in (
        lambda: find_mentors(table, None, ADA, load={"b": -1}, now=NOW),
        lambda: assign_mentors(table, [None], [ADA], load={"b": -1}, now=NOW),
    ):
        with pytest.raises(InputError, match="load of 'b' is -1; count"):
            ask()


# Many learners at once


def learners(n, **fields):
    return [person(f"l{i}", **{"role_id": "analyst", **fields}) for i in range(n)]


def test_the_gap_covered_is_what_is_shared_out_not_the_first_choice(engine, states):
    """Both would like b; the one who masters code gains as much from d."""
    table = table_of(engine, states, {"b": ("both", {}), "d": ("data", {})}, capacity=1)
    found = assign_mentors(table, [states["code"], None], learners(2), now=NOW)
    assert [a.mentor.mentor_id for a in found] == ["d", "b"]
    assert [a.learner_id for a in found] == ["l0", "l1"]


def test_loads_are_kept_even(engine, states):
    table = table_of(engine, states, {f"m{i}": ("both", {}) for i in range(3)}, capacity=4)
    found = assign_mentors(table, [None] * 6, learners(6), load={"m0": 3}, now=NOW)
    chosen = [a.mentor.mentor_id for a in found]
    assert [chosen.count(f"m{i}") for i in range(3)] == [0, 3, 3]


def test_closeness_decides_among_equals(engine, states):
    people = {"a": ("both", {"language": "de"}), "b": ("both", {"language": "en"})}
    table = table_of(engine, states, people, capacity=2)
    asking = [*learners(1, language="en"), person("l9", "analyst", language="de")]
    found = assign_mentors(table, [None, None], asking, now=NOW)
    assert [a.mentor.mentor_id for a in found] == ["b", "a"]


def test_too_few_places_leave_those_out_who_gain_least(engine, states):
    table = table_of(engine, states, {"b": ("both", {})}, capacity=2)
    found = assign_mentors(table, [None, states["data"], None], learners(3), now=NOW)
    assert [a.mentor and a.mentor.mentor_id for a in found] == ["b", None, "b"]
    full = assign_mentors(table, [None], learners(1), load={"b": 2}, now=NOW)
    assert full[0].mentor is None
