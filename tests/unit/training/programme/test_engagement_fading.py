"""What is fading, worked out by hand, and never of a few people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.engagement_world import (
    ROLES,
    SKILLS,
    Person,
    combinations_are_safe,
    group,
    programme,
    random_people,
)
from training.programme.engagement_fading import Fade, Fading, fading
from training.programme.ledger import Bools, Ledger

BACK = 182.0


def idle(p: Person, skill: str) -> bool:
    return p.known(skill, BACK) and not p.practised_since(skill, BACK)


def lost(p: Person, skill: str) -> float:
    return p.used(skill, BACK) - p.used(skill) if idle(p, skill) else 0.0


def asked(p: Person, skill: str) -> bool:
    return (p.required(skill) or 0.0) > 0.0


def is_of(p: Person) -> bool:
    return any(p.known(s, BACK) or asked(p, s) for s in SKILLS)


def due(p: Person) -> bool:
    return any(idle(p, s) and p.mastered(s, BACK) and not p.mastered(s) for s in SKILLS)


def look(people: list[Person]) -> tuple[Fading, Fade, Ledger]:
    made = programme(people)
    fade = Fade.of(made)
    ledger = Ledger(fade.people)
    return fading(made, fade, ledger), fade, ledger


def told_groups(found: Fading, people: list[Person]) -> list[Bools]:
    """Collect every group that a figure is about, by hand, and hold sizes against it."""
    told = []
    segments = {segment: role for role, (segment, _) in ROLES.items()}
    shares = [("", found.due)] if found.due else []
    for name, share in [*shares, *found.by_segment.items()]:
        own = group(people, lambda p, name=name: is_of(p) and (not name or p.role == segments[name]))
        has = own & group(people, due)
        assert share is not None
        assert (share.n, share.n_has) == (own.sum(), has.sum())
        told += [own, has]
    for one in found.skills:
        own = group(people, lambda p, one=one: asked(p, one.name.lower()))
        assert one.n_asked == own.sum()
        told.append(own)
        if one.unpractised is not None:
            those = own & group(people, lambda p, one=one: idle(p, one.name.lower()))
            assert one.unpractised.n == those.sum()
            told.append(those)
    return told


def test_every_figure_is_that_of_loops_over_people() -> None:
    people = random_people(np.random.default_rng(21), 1000)
    found, _, _ = look(people)
    assert len(told_groups(found, people)) >= 6
    assert found.due is not None
    assert 0 < found.due.n_has < found.due.n
    sums = []
    for one in found.skills:
        skill = one.name.lower()
        own = [p for p in people if asked(p, skill)]
        values = [lost(p, skill) for p in own]
        sums.append(sum(values))
        assert one.lost.value == pytest.approx(np.mean(values))
        if one.unpractised is not None:
            those = [p for p in own if idle(p, skill)]
            then, now = (np.mean([p.used(skill, at) for p in those]) for at in (BACK, 0.0))
            assert (one.unpractised.then, one.unpractised.now) == pytest.approx((then, now))
    assert sums == sorted(sums, reverse=True)
    assert {one.name for one in found.skills} | {"Care"} == {s.capitalize() for s in SKILLS}
    assert any(one.unpractised is not None for one in found.skills)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(6, 60), seed=st.integers(0, 2**32 - 1))
def test_no_way_to_put_figures_together_leaves_one_to_four(n: int, seed: int) -> None:
    people = random_people(np.random.default_rng(seed), n)
    found, _, _ = look(people)
    assert combinations_are_safe(told_groups(found, people))
    for one in found.skills:
        n_lost = sum(lost(p, one.name.lower()) != 0.0 for p in people if asked(p, one.name.lower()))
        assert not 0 < n_lost < 5


def test_a_skill_that_nobody_practises_fades_and_one_in_practice_does_not() -> None:
    answers = [("talk", True, 200.0 + k) for k in range(3)] + [("care", True, 200.0 + k) for k in range(8)]
    fresh = [("data", True, 200.0 + k) for k in range(8)] + [("data", True, 2.0)]
    people = [Person("clerk", answers=answers) for _ in range(12)]
    people += [Person("analyst", answers=fresh) for _ in range(12)]
    found, _, _ = look(people)
    by_name = {one.name: one for one in found.skills}
    assert found.skills[0].name == "Talk"
    assert by_name["Talk"].lost.low > 0.05
    assert by_name["Data"].lost.value == 0.0
    # Without a half-life nothing is lost.
    assert by_name["Care"].lost.value == 0.0
    assert found.due is not None
    assert (found.due.n_has, found.due.n) == (12, 24)


@pytest.mark.parametrize(("n_other", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_of_who_lost_something_else_than_most_nobody_or_five_are_told(n_other: int, is_told: bool) -> None:
    def who(days: float) -> Person:
        return Person("clerk", answers=[("talk", True, days + k) for k in range(3)])

    found, _, _ = look([who(200.0) for _ in range(20)] + [who(300.0) for _ in range(n_other)])
    assert ("Talk" in {one.name for one in found.skills}) == is_told


def test_who_is_not_hired_yet_counts_nowhere() -> None:
    people = random_people(np.random.default_rng(23), 150)
    before, _, _ = look(people)
    later = [Person("clerk", answers=[("talk", True, 200.0)], hired_days=-1.0) for _ in range(9)]
    assert look(people + later)[0] == before


@pytest.mark.parametrize(
    ("since", "is_idle"),
    [
        ([], True),
        ([("m-talk", "completed", 20.0)], False),
        ([("m-talk", "started", 20.0)], True),
        ([("m-talk", "completed", 183.0)], True),
        ([("m-talk", "completed", 300.0), ("m-talk", "completed", 20.0)], False),
        ([("m-code", "completed", 20.0)], True),
    ],
)
def test_a_finished_module_of_the_skill_is_practice(
    since: list[tuple[str, str, float]], is_idle: bool
) -> None:
    _, fade, _ = look([Person("clerk", answers=[("talk", True, 190.0)], modules=since)])
    assert fade.is_idle[0, list(SKILLS).index("talk")] == is_idle


def test_what_comes_later_counts_for_nothing() -> None:
    people = random_people(np.random.default_rng(22), 150)
    before, _, _ = look(people)
    for p in people:
        p.answers += [("talk", True, -1.0), ("data", False, -2.0)]
        p.modules.append(("m-care", "completed", -3.0))
    assert look(people)[0] == before
