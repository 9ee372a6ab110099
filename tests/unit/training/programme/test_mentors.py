"""Who could mentor what, as the engine would propose it, and never of a few people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.engine import Engine
from recommender.people.champions import champions
from recommender.people.config import PeopleConfig
from recommender.people.mentors import find_mentors
from recommender.people.table import MentorTable
from tests.unit.training.programme.engagement_world import (
    BUNDLE,
    NOW,
    SKILLS,
    Person,
    combinations_are_safe,
    group,
    profiles,
    programme,
    random_people,
)
from training.programme.engagement_skills import Skills
from training.programme.ledger import Bools, Ledger
from training.programme.mentors import Help, Mentors, mentors


def asked(p: Person, skill: str) -> bool:
    return (p.required(skill) or 0.0) > 0.0 and p.importance(skill) > 0.0


def gap(p: Person, skill: str) -> float:
    return max(0.0, (p.required(skill) or 0.0) - p.used(skill)) if asked(p, skill) else 0.0


def could(people: list[Person], skill: str) -> Bools:
    """Tell who could mentor at least half of those who lack a skill."""
    lack = [q.required(skill) or 0.0 for q in people if gap(q, skill) > 0.0]

    def helps(p: Person) -> bool:
        low = p.low(skill) if p.known(skill) and p.can_mentor else -1.0
        return 2 * sum(low >= level for level in lack) >= len(lack) > 0

    return group(people, helps)


def champion(p: Person, skill: str) -> bool:
    n = sum(s == skill and d >= 0.0 for s, _, d in p.answers)
    return p.can_mentor and n >= 8 and p.low(skill) >= 0.7


def look(people: list[Person]) -> tuple[Mentors | None, Help, Ledger]:
    made = programme(people)
    help_ = Help.of(made)
    ledger = Ledger(help_.people)
    return mentors(made, help_, Skills.of(made), ledger), help_, ledger


def able_people(seed: int, n: int) -> list[Person]:
    """People of whom some pass all."""
    people = random_people(np.random.default_rng(seed), n)
    for p in people[::3]:
        p.answers += [("talk", True, 3.0 + 0.01 * k) for k in range(40)]
    for p in people[::5]:
        p.answers += [("data", True, 4.0 + 0.01 * k) for k in range(60)]
    return people


def test_who_could_mentor_is_who_the_engine_would_propose() -> None:
    people = able_people(31, 40)
    _, help_, _ = look(people)
    engine, theirs = Engine(BUNDLE), profiles(people)
    states = [engine.fold(p.events()) for p in people]
    config = PeopleConfig(n_mentors=100)
    table = MentorTable.of(BUNDLE, states, theirs, now=NOW, config=config)
    for k, skill in enumerate(SKILLS):
        lack = [i for i, p in enumerate(people) if gap(p, skill) > 0.0]
        proposed = [
            {m.mentor_id for m in find_mentors(table, states[i], theirs[i], skill_id=skill, now=NOW)}
            for i in lack
        ]
        by_hand = [2 * sum(p.learner_id in ids for ids in proposed) >= len(lack) > 0 for p in theirs]
        assert help_.could[:, k].tolist() == by_hand
        named = champions(
            MentorTable.of(BUNDLE, states, theirs, now=NOW, config=PeopleConfig(n_champions=100))
        )
        ids = {c.mentor_id for c in named[k].champions}
        assert help_.champion[:, k].tolist() == [p.learner_id in ids for p in theirs]
    assert help_.could.any()
    assert help_.champion.any()


def test_every_figure_is_that_of_loops_over_people() -> None:
    people = able_people(32, 500)
    found, _, _ = look(people)
    assert found is not None
    assert found.n_people == sum(p.can_mentor or any(asked(p, s) for s in SKILLS) for p in people)
    assert found.n_agreed == sum(p.can_mentor for p in people)
    totals = []
    for one in found.skills:
        skill = one.name.lower()
        own = [p for p in people if asked(p, skill)]
        gaps = [gap(p, skill) for p in own]
        totals.append(sum(gaps))
        assert one.n_asked == len(own)
        assert one.mean_gap == pytest.approx(np.mean(gaps))
        assert one.area == SKILLS[skill][0]
        n_could = int(could(people, skill).sum())
        assert one.is_short == (n_could < 5)
        assert one.n_mentors in (None, n_could)
        assert one.n_need in (None, sum(g > 0.0 for g in gaps))
        assert one.n_champions in (None, sum(champion(p, skill) for p in people))
    assert totals == sorted(totals, reverse=True)
    assert {one.name for one in found.skills} == {"Code", "Data", "Talk", "Care"}
    assert sum(one.n_mentors is not None for one in found.skills) >= 1
    assert sum(one.n_need is not None for one in found.skills) >= 1


@settings(max_examples=50, deadline=None)
@given(n=st.integers(6, 60), seed=st.integers(0, 2**32 - 1))
def test_no_way_to_put_figures_together_leaves_one_to_four(n: int, seed: int) -> None:
    people = able_people(seed, n)
    found, _, _ = look(people)
    if found is None:
        return
    told: list[Bools] = [group(people, lambda p: p.can_mentor or any(asked(p, s) for s in SKILLS))]
    if found.n_agreed is not None:
        told.append(group(people, lambda p: p.can_mentor))
    for one in found.skills:
        skill = one.name.lower()
        told.append(group(people, lambda p, skill=skill: asked(p, skill)))
        if one.n_need is not None:
            told.append(group(people, lambda p, skill=skill: gap(p, skill) > 0.0))
        if one.n_mentors is not None:
            told.append(could(people, skill))
        if one.n_champions is not None:
            told.append(group(people, lambda p, skill=skill: champion(p, skill)))
    assert combinations_are_safe(told)


def test_a_skill_with_need_and_no_mentor_is_short_and_one_with_five_is_not() -> None:
    expert = [("data", True, 3.0 + k) for k in range(60)]
    people = [Person("analyst") for _ in range(20)]
    people += [Person("chief", answers=expert, can_mentor=True) for _ in range(5)]
    people += [
        Person("chief", answers=[("code", True, 3.0 + k) for k in range(60)], can_mentor=True)
        for _ in range(4)
    ]
    people += [Person("chief", answers=[("code", True, 3.0 + k) for k in range(60)]) for _ in range(9)]
    people += [Person("chief", can_mentor=True) for _ in range(6)]
    found, _, _ = look(people)
    assert found is not None
    by_name = {one.name: one for one in found.skills}
    assert by_name["Data"].n_mentors == 5
    assert not by_name["Data"].is_short
    # Thirteen master code, but only four of them agreed.
    assert by_name["Code"].is_short
    assert by_name["Code"].n_mentors is None


def test_half_of_those_in_need_are_enough() -> None:
    # Ten are required .6 of talk and ten .7: who has .6 could mentor half of them.
    able = Person(None, answers=[("talk", True, 1.0 + 0.01 * k) for k in range(4)], can_mentor=True)
    assert 0.6 <= able.low("talk") < 0.7
    talk = list(SKILLS).index("talk")
    people = [*(Person("clerk") for _ in range(10)), *(Person("chief") for _ in range(10)), able]
    assert look(people)[1].could[:, talk].tolist() == [False] * 20 + [True]
    assert not look([*people, Person("chief")])[1].could[:, talk].any()


def test_what_comes_later_counts_for_nothing() -> None:
    people = able_people(33, 150)
    before, _, _ = look(people)
    for p in people:
        p.answers += [("talk", True, -1.0 - 0.01 * k) for k in range(30)]
    assert look(people)[0] == before


@pytest.mark.parametrize(("n_other", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_of_who_lacks_something_else_than_most_nobody_or_five_are_told(n_other: int, is_told: bool) -> None:
    people = [Person("clerk") for _ in range(20)]
    people += [Person("clerk", answers=[("talk", False, 5.0)]) for _ in range(n_other)]
    found, _, _ = look(people)
    assert is_told == (found is not None and "Talk" in {one.name for one in found.skills})


def test_who_is_not_hired_yet_neither_needs_nor_gives_help() -> None:
    people = able_people(37, 150)
    before, _, _ = look(people)
    later = [Person("clerk", answers=[("talk", True, 5.0)] * 9, can_mentor=True, hired_days=-1.0)] * 9
    assert look(people + later)[0] == before
