"""Whoever asks and whoever agreed: nobody else is named nor overloaded, and no more could be covered."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.people.config import PeopleConfig
from recommender.people.lack import Lack
from recommender.people.mentors import assign_mentors, find_mentors
from recommender.people.table import MentorTable
from tests.unit.organisations import ROLES, SKILLS, organisation, person, state_of
from tests.unit.worlds import NOW

ENGINE = organisation()
STATES = [
    state_of(ENGINE, **{s: "+" * 80 for s in SKILLS if mask >> SKILLS.index(s) & 1}) for mask in range(8)
] + [state_of(ENGINE, data="++-", talk="--"), None]


@st.composite
def companies(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 8))

    def one_of(values):
        return values[int(rng.integers(len(values)))]

    profiles = [
        person(
            f"p{i}",
            one_of([*ROLES, None]),
            team_id=one_of(["t1", "t2", None]),
            language=one_of(["en", "en-US", "de", None]),
            can_mentor=bool(rng.random() < 0.6),
        )
        for i in range(n)
    ]
    load = {f"p{i}": int(rng.integers(0, 3)) for i in range(n) if rng.random() < 0.5}
    config = PeopleConfig(capacity=int(rng.integers(1, 4)), coverage_step=float(rng.uniform(0.01, 1)))
    states = [one_of(STATES) for _ in range(n)]
    return states, profiles, load, MentorTable.of(ENGINE.bundle, states, profiles, now=NOW, config=config)


def covered_by(table, state, profile):
    """Weighted gap that each mentor covers, from what the engine says of both."""
    report = ENGINE.gaps(state, profile, now=NOW)
    covered = {}
    for mentor_id in table.ids:
        low = table.low[:, table.index[mentor_id]]
        covered[mentor_id] = sum(
            g.gap * g.importance
            for g in report.skills
            if low[ENGINE.catalog.skill_index[g.skill_id]] >= g.required
        )
    return covered | {profile.learner_id: 0.0}


@settings(max_examples=60)
@given(companies())
def test_only_who_agreed_can_and_is_free_is_proposed(company):
    states, profiles, load, table = company
    agreed = {p.learner_id for p in profiles if p.can_mentor}
    for state, profile in zip(states, profiles, strict=True):
        covered = covered_by(table, state, profile)
        total = sum(g.gap * g.importance for g in ENGINE.gaps(state, profile, now=NOW).skills)
        found = find_mentors(table, state, profile, load=load, now=NOW)
        for mentor in found:
            assert mentor.mentor_id in agreed - {profile.learner_id}
            assert load.get(mentor.mentor_id, 0) < table.config.capacity
            assert abs(mentor.covered * total - covered[mentor.mentor_id]) < 1e-9
            assert mentor.covered > 0
        free = [
            m
            for m, gap in covered.items()
            if m in agreed and gap > 0 and load.get(m, 0) < table.config.capacity
        ]
        assert len(found) == min(len(free), table.config.n_mentors)
        steps = [np.floor(m.covered / table.config.coverage_step + 1e-9) for m in found]
        assert steps == sorted(steps, reverse=True)


@settings(max_examples=60)
@given(companies(), st.integers(1, 4))
def test_an_assignment_is_the_best_there_is(company, n_asking):
    states, profiles, load, table = company
    states, profiles = states[:n_asking], profiles[:n_asking]
    covered = [covered_by(table, s, p) for s, p in zip(states, profiles, strict=True)]
    found = assign_mentors(table, states, profiles, load=load, now=NOW)
    assert [a.learner_id for a in found] == [p.learner_id for p in profiles]
    chosen = [a.mentor.mentor_id if a.mentor else None for a in found]
    assert fits(chosen, load, table)
    reached = sum(gaps.get(m, 0.0) for gaps, m in zip(covered, chosen, strict=True))
    for gaps, mentor in zip(covered, chosen, strict=True):
        assert mentor is None or gaps[mentor] > 0
    best = max(
        sum(gaps.get(m, 0.0) for gaps, m in zip(covered, choice, strict=True))
        for choice in product([None, *table.ids], repeat=len(profiles))
        if fits(choice, load, table)
    )
    assert reached >= best - 1e-5 * len(profiles)


def fits(choice, load, table):
    """Whether nobody is past the capacity; who was past it before gets nobody."""
    return all(
        choice.count(m) == 0 or load.get(m, 0) + choice.count(m) <= table.config.capacity for m in table.ids
    )


@given(st.integers(0, 9), st.sampled_from([*range(len(ROLES)), -1]))
def test_what_is_lacked_is_what_the_gaps_are(which, role):
    used = np.random.default_rng(which).random(len(SKILLS))
    lack = Lack.of_role(ENGINE.catalog, role, used)
    profile = list(ROLES.values())[role][2] if role >= 0 else {}
    expected = {
        s: importance * (required - used[SKILLS.index(s)])
        for s, (required, importance) in profile.items()
        if required > used[SKILLS.index(s)]
    }
    assert {SKILLS[s] for s in lack.skills} == set(expected)
    np.testing.assert_allclose(lack.weight, [expected[SKILLS[s]] for s in lack.skills])
