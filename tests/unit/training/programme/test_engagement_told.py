"""What somebody can work out who adds and takes away lines of the funnel, and knows what most people have."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.engagement_world import SKILLS, Person, programme, random_people
from tests.unit.training.programme.known_values import few
from tests.unit.training.programme.test_engagement_funnel import AREAS, SEGMENTS, STEPS, counts
from training.programme.engagement_funnel import Funnel, Reached, funnel
from training.programme.engagement_skills import Skills
from training.programme.engagement_told import Piece, of_people, of_skills, told_of_parts, told_of_whole
from training.programme.engagement_use import Uses
from training.programme.ledger import Ledger

N = 24
ALL = np.ones(N, np.bool_)


def look(people: list[Person]) -> Funnel | None:
    made = programme(people)
    skills = Skills.of(made)
    reached = Reached.of(made, skills, Uses.of(made, skills))
    return None if reached is None else funnel(made, reached, skills, Ledger(reached.people))


def subsets(names: list[str]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(names, n) for n in range(1, len(names) + 1)))


def leaks(found: Funnel, people: list[Person]) -> list[str]:
    """Work out all sums of lines, what is left without them, and what was lost between steps."""
    started = np.array([any(p.started(s) for s in SKILLS) for p in people])
    theirs = [p for p, is_in in zip(people, started, strict=True) if is_in]
    skills = {line.name: AREAS[line.name] for line in found.areas}
    own = {line.name: np.array([p.role == SEGMENTS[line.name] for p in theirs]) for line in found.segments}
    # Of each line, or of some put together: its name, whose they are, of which skills, what is told of it.
    sums: list[tuple[str, np.ndarray, tuple[str, ...], set[str]]] = []
    whole, everyone = set(found.everybody.per_person), np.ones(len(theirs), np.bool_)
    sums.append(("everybody", everyone, tuple(SKILLS), whole))
    told = {line.name: set(line.per_person) for line in (*found.areas, *found.segments)}
    for some in subsets(list(skills)):
        steps = set.intersection(*(told[name] for name in some))
        areas = tuple(chain.from_iterable(skills[name] for name in some))
        sums.append((f"areas {some}", everyone, areas, steps))
        sums.append((f"all but areas {some}", everyone, tuple(s for s in SKILLS if s not in areas), steps))
    for some in subsets(list(own)):
        steps = set.intersection(*(told[name] for name in some))
        members = np.any([own[name] for name in some], axis=0)
        sums.append((f"segments {some}", members, tuple(SKILLS), steps))
        sums.append((f"all but segments {some}", ~members, tuple(SKILLS), steps))
    found_out = []
    for name, members, its, steps in sums:
        at = {step: counts(theirs, its, step).astype(float) for step in STEPS if step in steps}
        values: dict[Any, np.ndarray] = dict(at)
        for before, after in combinations(at, 2):
            values[before, after] = at[before] - at[after]
        found_out += [f"{name}: {what}" for what, each in values.items() if few(each[members], each)]
    return found_out


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(10, 60),
    seed=st.integers(0, 2**32 - 1),
    n_alike=st.integers(0, 60),
    answers=st.integers(0, 9),
    n_modules=st.integers(0, 3),
)
def test_nobody_is_told_apart(n: int, seed: int, n_alike: int, answers: int, n_modules: int) -> None:
    rng = np.random.default_rng(seed)
    people = random_people(rng, n)
    modules = [("m-code", "started", 20.0), ("m-data", "completed", 20.0), ("m-talk", "completed", 9.0)]
    for p in people[:n_alike]:
        p.modules = modules[:n_modules]
        p.answers = [("data", True, 5.0 + k) for k in range(answers)]
        p.uses = [("data", 1, 20), ("data", 2, 20)]
    found = look(people)
    if found is not None:
        assert leaks(found, people) == []


def one_of(**counts_at: Any) -> dict[str, np.ndarray]:
    return {step: np.asarray(its, float) for step, its in counts_at.items()}


def but(value: float, *others: float) -> np.ndarray:
    return np.array([*others, *[value] * (N - len(others))])


@pytest.mark.parametrize(
    ("finished", "is_told"),
    [
        (but(2.0), True),
        (but(2.0, 3), False),
        (but(2.0, 3, 1, 3, 1), False),
        (but(2.0, 3, 1, 3, 1, 1), True),
        (but(0.0, 1, 1, 1), False),
        (but(3.0, 2, 2, 2, 2, 2), True),
    ],
)
def test_few_with_another_number_than_most_withhold_a_step(finished: np.ndarray, is_told: bool) -> None:
    whole = Piece(one_of(started=but(5.0), finished=finished), ALL)  # type: ignore[arg-type]
    assert told_of_whole(whole) == ["started", "finished"][: 1 + is_told]


def test_few_who_lost_another_number_or_share_withhold_a_step() -> None:
    started = np.arange(N) % 4 + 2.0
    lost = Piece(one_of(started=started, finished=started - but(1.0, 2, 0)), ALL)  # type: ignore[arg-type]
    assert told_of_whole(lost) == ["started"]
    started = (np.arange(N) % 4 + 1) * 2.0
    half = Piece(one_of(started=started, finished=started / but(2.0, 1, 1)), ALL)  # type: ignore[arg-type]
    assert told_of_whole(half) == ["started"]
    half = Piece(one_of(started=started, finished=started / but(2.0)), ALL)  # type: ignore[arg-type]
    assert told_of_whole(half) == ["started", "finished"]


def test_steps_further_back_count_too() -> None:
    started = np.arange(N) % 4 + 3.0
    finished = started - np.arange(N) % 2
    mastered = started - but(2.0, 1, 1)
    whole = Piece(one_of(started=started, finished=finished, mastered=mastered), ALL)  # type: ignore[arg-type]
    assert told_of_whole(whole) == ["started", "finished"]
    rest = Piece(one_of(started=started, finished=finished, mastered=np.arange(N) % 3), ALL)  # type: ignore[arg-type]
    steps = ["started", "finished", "mastered"]
    assert told_of_parts(steps, [whole], rest, of_skills, ALL) == [["started", "finished"]]  # type: ignore[arg-type]


def parts_of(*counts_at: np.ndarray) -> list[Piece]:
    return [Piece(one_of(started=its), ALL) for its in counts_at]  # type: ignore[arg-type]


def test_areas_whose_sum_gives_few_away_are_not_told_together() -> None:
    elsewhere = Piece(one_of(started=np.arange(N) % 7), ALL)  # type: ignore[arg-type]
    first, third = np.arange(N) % 3 + 1.0, np.arange(N) % 5 * 1.0
    second = but(3.0, 2, 2) - first
    told = told_of_parts(["started"], parts_of(first, second, third), elsewhere, of_skills, ALL)
    assert told == [["started"], [], ["started"]], "fewer people have some of the second"
    # Without skills elsewhere both would be what is left when the third is taken from everybody.
    nothing = Piece(one_of(started=np.zeros(N)), ALL)  # type: ignore[arg-type]
    told = told_of_parts(["started"], parts_of(first, second, third), nothing, of_skills, ALL)
    assert told == [["started"], [], []]
    # What is in no area is what is left of everybody.
    rest = Piece(one_of(started=but(1.0, 0, 0)), ALL)  # type: ignore[arg-type]
    assert told_of_parts(["started"], parts_of(third), rest, of_skills, ALL) == [[]]


def test_segments_are_told_beside_what_most_of_everybody_have() -> None:
    # Of the first eight four have another number than most of all.
    at = np.arange(N)
    started = np.where(at < 19, but(3.0, 3, 3, 3, 3, 1, 2, 4, 5), at % 2 + 1.0)
    parts = [Piece(one_of(started=started), part) for part in (at < 8, (at >= 8) & (at < 16))]  # type: ignore[arg-type]
    rest = Piece(parts[0].counts, at >= 16)
    assert told_of_parts(["started"], parts, rest, of_people, ALL) == [[], ["started"]]
    varied = one_of(started=np.where(at < 8, started, at % 5 + 1.0))
    parts, rest = [Piece(varied, its.people) for its in parts], Piece(varied, rest.people)  # type: ignore[arg-type]
    assert told_of_parts(["started"], parts, rest, of_people, ALL) == [["started"], ["started"]]
