"""Who falls behind, by definitions worked out by hand, and never a few people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.engagement_world import (
    ROLES,
    Person,
    combinations_are_safe,
    group,
    programme,
    random_people,
)
from training.programme.engagement_behind import Behind, Group, Signs, behind
from training.programme.ledger import Bools, Ledger


def sign_of(p: Person) -> str | None:
    """Return the sign of somebody with something left to learn, "" for none; None is nothing left."""
    if p.missing() <= 0.0 or (p.hired_days is not None and p.hired_days < 0.0):
        return None
    days = p.days
    hired_lately = p.hired_days is not None and p.hired_days < 60.0
    if (days and min(days) > 60.0) or (not days and not hired_lately):
        return "idle"
    lately = [passed for _, passed, d in p.answers if 0.0 <= d <= 90.0]
    if len(lately) >= 10 and lately.count(False) > len(lately) / 2:
        return "failing"
    fell = p.missing(182.0) - p.missing()
    return "slow" if days and max(days) >= 182.0 and fell < p.missing() / 2 else ""


def look(people: list[Person]) -> tuple[Behind | None, Signs, Ledger]:
    made = programme(people)
    signs = Signs.of(made)
    ledger = Ledger(signs.people)
    return behind(made, signs, ledger), signs, ledger


def groups_of(found: Behind) -> list[tuple[Group, str | None]]:
    """Pair what is told of with the present role that it is of; None is everybody."""
    by_segment = {segment: role for role, (segment, _) in ROLES.items()}
    return [
        (found.everybody, None),
        *((one, by_segment[one.name]) for one in found.segments),
        *((one, one.name.lower()) for one in found.roles),
    ]


def test_signs_are_those_of_loops_over_people() -> None:
    people = random_people(np.random.default_rng(11), 300)
    _, signs, _ = look(people)
    by_hand = [sign_of(p) for p in people]
    assert signs.people.tolist() == [sign is not None for sign in by_hand]
    for sign, has in signs.has.items():
        assert has.tolist() == [one == sign for one in by_hand]
        assert 5 <= has.sum() <= 295, "each sign is there"


def test_every_figure_is_that_of_loops_over_people() -> None:
    people = random_people(np.random.default_rng(12), 1000)
    found, _, _ = look(people)
    assert found is not None
    by_hand = [(p.role, sign_of(p)) for p in people]
    for one, role in groups_of(found):
        own = [sign for its, sign in by_hand if sign is not None and role in (None, its)]
        assert one.n == len(own)
        for sign, share in one.signs.items():
            assert (share.n_has, share.n) == (own.count(sign), len(own))
    assert set(found.everybody.signs) == {"idle", "failing", "slow"}
    assert [one.name for one in found.segments] == ["user", "builder"]
    assert [one.name for one in found.roles] == ["ANALYST", "CLERK"]
    assert all("idle" in one.signs for one in (*found.segments, *found.roles))


@settings(max_examples=50, deadline=None)
@given(n=st.integers(6, 60), seed=st.integers(0, 2**32 - 1))
def test_no_way_to_put_figures_together_leaves_one_to_four(n: int, seed: int) -> None:
    people = random_people(np.random.default_rng(seed), n)
    found, _, _ = look(people)
    by_hand = [sign_of(p) for p in people]
    if found is None:
        assert sum(sign is not None for sign in by_hand) < 5
        return
    told: list[Bools] = []
    for one, role in groups_of(found):
        its = group(people, lambda p, role=role: role in (None, p.role))
        own = its & np.array([sign is not None for sign in by_hand])
        assert one.n == own.sum()
        told.append(own)
        told += [own & np.array([s == sign for s in by_hand]) for sign in one.signs]
    assert combinations_are_safe(told)


def test_who_was_hired_lately_or_is_not_there_yet_has_not_stopped() -> None:
    new, old, later = Person("clerk", hired_days=59.0), Person("clerk", hired_days=61.0), Person("clerk")
    later.hired_days = -5.0
    _, signs, _ = look([new, old, later, Person("clerk"), Person(None)])
    assert signs.people.tolist() == [True, True, False, True, False]
    assert signs.has["idle"].tolist() == [False, True, False, True, False]


@pytest.mark.parametrize(("days", "idle"), [(59.9, False), (60.1, True)])
def test_sixty_days_without_anything_is_idle(days: float, idle: bool) -> None:
    _, signs, _ = look([Person("clerk", modules=[("m-code", "started", days)])])
    assert signs.has["idle"].tolist() == [idle]


@pytest.mark.parametrize(
    ("marks", "days", "failing"),
    [
        ("------++++", 3.0, True),
        ("-----+++++", 3.0, False),
        ("------+++", 3.0, False),
        ("------++++", 89.95, False),
    ],
)
def test_ten_answers_of_which_most_failed_lately_are_many_failures(
    marks: str, days: float, failing: bool
) -> None:
    answers = [("code", mark == "+", days + 0.01 * k) for k, mark in enumerate(marks)]
    _, signs, _ = look([Person("clerk", answers=answers, modules=[("m-code", "started", 5.0)])])
    assert signs.has["failing"].tolist() == [failing]


def test_who_closes_half_of_what_is_left_in_half_a_year_is_not_slow() -> None:
    start = [("code", False, 200.0)]
    still, quick = Person("analyst", answers=start), Person("analyst", answers=start)
    still.modules = quick.modules = [("m-code", "started", 1.0)]
    quick.answers = [*start, *((s, True, 2.0 + k) for s in ("code", "data", "talk") for k in range(6))]
    new = Person("analyst", modules=[("m-code", "started", 100.0), ("m-code", "completed", 1.0)])
    _, signs, _ = look([still, quick, new])
    assert signs.has["slow"].tolist() == [True, False, False]


def test_what_comes_later_counts_for_nothing() -> None:
    people = random_people(np.random.default_rng(13), 150)
    before, _, _ = look(people)
    for p in people:
        p.answers += [("talk", False, -1.0 - 0.1 * k) for k in range(20)]
        p.modules.append(("m-care", "completed", -3.0))
    assert look(people)[0] == before


def test_nobody_with_something_left_is_nothing_to_tell() -> None:
    assert look([Person(None) for _ in range(20)])[0] is None
    assert group([Person("clerk")], lambda p: p.missing() > 0).tolist() == [True]
