"""How many skills people bring to each step, and that no step is what few people did."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.engagement_world import (
    BUNDLE,
    MODULES,
    ROLES,
    SKILLS,
    Person,
    busy,
    combinations_are_safe,
    group,
    programme,
    random_people,
)
from training.programme.engagement_funnel import Funnel, Line, Reached, funnel
from training.programme.engagement_skills import Skills
from training.programme.engagement_use import Change, Uses, changes
from training.programme.ledger import Ledger

STEPS = ("started", "finished", "mastered", "recorded", "used")
AREAS = {"technical": ("code", "data"), "human": ("talk", "care")}
SEGMENTS = {segment: role for role, (segment, _) in ROLES.items()}


def reached(person: Person, skill: str, step: str) -> bool:
    """Tell whether a person reached a step with a skill, by hand."""
    recorded = any(s == skill and quarter == 1 for s, quarter, _ in person.uses)
    weekly = any(s == skill and quarter == 1 and n >= 13 for s, quarter, n in person.uses)
    ways = (person.started(skill), person.finished(skill), person.mastered(skill), recorded, weekly)
    return all(ways[: STEPS.index(step) + 1])


def counts(people: list[Person], skills: tuple[str, ...], step: str) -> np.ndarray:
    return np.array([sum(reached(p, s, step) for s in skills) for p in people])


def look(people: list[Person], bundle: object = BUNDLE) -> tuple[Funnel, tuple[Change, ...], Ledger]:
    made = programme(people, bundle)  # type: ignore[arg-type]
    skills = Skills.of(made)
    uses = Uses.of(made, skills)
    theirs = Reached.of(made, skills, uses)
    assert theirs is not None
    ledger = Ledger(theirs.people)
    found = funnel(made, theirs, skills, ledger)
    assert found is not None
    assert uses is not None
    steps = theirs.steps
    return found, changes(uses, steps["finished"], steps.get("mastered"), theirs.people, ledger), ledger


def lines_of(found: Funnel, people: list[Person]) -> list[tuple[Line, list[Person], tuple[str, ...]]]:
    """Pair each line with the people and skills that it is of, by hand."""
    theirs = [p for p in people if any(p.started(s) for s in SKILLS)]
    lines = [(found.everybody, theirs, tuple(SKILLS))]
    lines += [(line, theirs, AREAS[line.name]) for line in found.areas]
    lines += [
        (line, [p for p in theirs if p.role == SEGMENTS[line.name]], tuple(SKILLS)) for line in found.segments
    ]
    return lines


def test_every_figure_is_that_of_loops_over_people() -> None:
    people = busy(random_people(np.random.default_rng(3), 1000))
    found, _, _ = look(people)
    assert found.steps == STEPS
    n_told = 0
    assert [line.name for line in found.areas] == ["technical", "human"]
    assert [line.name for line in found.segments] == ["user", "builder", "leader"]
    for line, theirs, skills in lines_of(found, people):
        assert line.n_people == len(theirs)
        sums = {step: counts(theirs, skills, step).sum() for step in STEPS}
        told = {step: sums[step] / len(theirs) for step in line.per_person}
        assert line.per_person == pytest.approx(told)
        both = [(before, step) for before, step in pairwise(STEPS) if {before, step} <= set(told)]
        assert set(line.ratios) == {step for _, step in both}
        for before, step in both:
            assert line.ratios[step].value == pytest.approx(sums[step] / sums[before])
        n_told += len(told)
    assert len(found.everybody.per_person) == 5
    assert n_told >= 26
    assert found.n_withheld == 30 - n_told


def change_of(p: Person) -> tuple[str, np.ndarray] | None:
    """Return what somebody did with skills on record, the first that holds, and mean uses then and now."""
    kinds: dict[str, list[tuple[int, int]]] = {"mastered": [], "finished": [], "neither": []}
    for skill in SKILLS:
        records = sorted((-quarter, n) for s, quarter, n in p.uses if s == skill)
        if len(records) < 2 or records[-1][0] != -1:
            continue
        kind = "neither" if not p.finished(skill) else "mastered" if p.mastered(skill) else "finished"
        kinds[kind].append((records[0][1], records[-1][1]))
    if not any(p.started(s) for s in SKILLS):
        return None
    return next(((kind, np.mean(pairs, axis=0)) for kind, pairs in kinds.items() if pairs), None)


def test_changes_of_use_are_those_of_loops_over_people() -> None:
    people = busy(random_people(np.random.default_rng(4), 1000))
    _, found, _ = look(people)
    by_hand = [one for p in people if (one := change_of(p)) is not None]
    assert [one.who for one in found] == ["mastered", "neither"], "few may be told apart beside these"
    for one in found:
        first, last = np.array([pair for kind, pair in by_hand if kind == one.who]).T
        assert (one.first, one.last) == pytest.approx((first.mean(), last.mean()))
        assert (one.change.n, one.change.value) == (len(first), pytest.approx((last - first).mean()))


def starter(n_modules: int, **fields: object) -> Person:
    """Somebody who finished the first so many modules of the catalogue."""
    modules = [(m, "completed", 20.0) for m in list(MODULES)[:n_modules]] or [("m-code", "started", 20.0)]
    return Person("clerk", modules=modules, **fields)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(n=st.integers(8, 45), seed=st.integers(0, 2**32 - 1))
def test_no_step_is_what_few_people_did(n: int, seed: int) -> None:
    people = random_people(np.random.default_rng(seed), n)
    made = programme(people)
    skills = Skills.of(made)
    uses = Uses.of(made, skills)
    theirs = Reached.of(made, skills, uses)
    if theirs is None:
        return
    ledger = Ledger(theirs.people)
    found = funnel(made, theirs, skills, ledger)
    if found is None:
        assert theirs.people.sum() < 5
        return
    told = lines_of(found, people)
    groups = [group(people, lambda p, own=own: any(p is q for q in own)) for _, own, _ in told]
    steps_of = theirs.steps
    changed = changes(uses, steps_of["finished"], steps_of["mastered"], theirs.people, ledger) if uses else ()
    kinds = [None if (one := change_of(p)) is None else one[0] for p in people]
    groups += [np.array([kind == one.who for kind in kinds]) for one in changed]
    assert combinations_are_safe(groups)
    for line, own, its in told:
        steps = [counts(own, its, step) for step in STEPS if step in line.per_person]
        for at in (*steps, *(before - after for before, after in pairwise(steps))):
            assert not 0 < np.count_nonzero(at) < 5
    # What is left when the lines that are told are taken from everybody.
    everyone = told[0][1]
    for step in found.everybody.per_person:
        lines = [line.name for line in found.areas if step in line.per_person]
        left = tuple(s for name, area in AREAS.items() if name not in lines for s in area)
        assert not 0 < np.count_nonzero(counts(everyone, left, step)) < 5
        roles = [SEGMENTS[line.name] for line in found.segments if step in line.per_person]
        rest = [p for p in everyone if p.role not in roles]
        assert not 0 < np.count_nonzero(counts(rest, tuple(SKILLS), step)) < 5


def test_a_line_that_few_people_are_in_takes_another_with_it() -> None:
    # Three people finished care, so human and technical skills cannot both be told of.
    people = [starter(0) for _ in range(12)] + [starter(1) for _ in range(12)]
    people += [Person("clerk", modules=[("m-talk", "completed", 20.0)]) for _ in range(3)]
    found, _, _ = look([replace(p, uses=[("code", 1, 20), ("code", 2, 20)]) for p in people])
    assert "finished" in found.everybody.per_person
    assert [set(line.per_person) & {"finished"} for line in found.areas] == [set(), set()]
    assert found.n_withheld > 0


def test_only_skills_of_which_surely_little_is_mastered_are_so() -> None:
    # Twenty people finished all modules; they pass in human skills and fail in technical ones.
    answers = [(s, s in AREAS["human"], 5.0 + k) for s in SKILLS for k in range(9)]
    people = [starter(5, answers=answers, uses=[("code", 1, 20), ("code", 2, 9)]) for _ in range(20)]
    found, changed, _ = look(people)
    technical, human = found.areas
    assert (technical.ratios["mastered"].value, human.ratios["mastered"].value) == (0.0, 1.0)
    assert technical.ratios["mastered"].high < 0.5 < human.ratios["mastered"].low
    assert [(one.who, one.change.value) for one in changed] == [("finished", 11.0)]


def test_what_comes_later_counts_for_nothing() -> None:
    people = random_people(np.random.default_rng(5), 120)
    before, change, _ = look(people)
    for p in people:
        p.modules += [("m-data", "completed", -3.0), ("m-care", "started", -2.0)]
        p.answers += [("talk", True, -1.0 - 0.1 * k) for k in range(9)]
        p.uses.append(("talk", -1, 400))
    after, changed, _ = look(people)
    assert (after, changed) == (before, change)


@pytest.mark.parametrize(("n_other", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_of_whose_use_changed_unlike_that_of_most_nobody_or_five_are_told(
    n_other: int, is_told: bool
) -> None:
    people = [starter(1, uses=[("talk", 2, 3), ("talk", 1, 3)]) for _ in range(20)]
    people += [starter(1, uses=[("talk", 2, 3), ("talk", 1, 17)]) for _ in range(n_other)]
    _, changed, ledger = look(people)
    assert len(changed) == is_told
    assert ledger.n_withheld >= (not is_told)


def test_who_is_not_hired_yet_counts_nowhere() -> None:
    people = random_people(np.random.default_rng(25), 200)
    before = look(people)[:2]
    later = [starter(3, uses=[("talk", 2, 3), ("talk", 1, 9)], hired_days=-1.0) for _ in range(9)]
    assert look(people + later)[:2] == before


def test_a_quarter_that_is_not_over_is_not_used() -> None:
    people = [starter(5, uses=[("code", 2, 4), ("code", 1, 20), ("code", 0, 90)]) for _ in range(9)]
    made = programme(people)
    uses = Uses.of(made, Skills.of(made))
    assert uses is not None
    assert np.nanmax(uses.last) == 20
    assert np.nanmax(uses.first) == 4
    assert uses.weeks == 13
