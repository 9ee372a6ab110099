"""Whatever small groups there are, a report tells of no few people, nor does what it tells add up to them."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.disclosure import LEAST
from recommender.pathways.team_gap import team_gaps
from tests.unit.organisations import ROLES, organisation, person, state_of
from tests.unit.worlds import NOW

ENGINE = organisation()
STATES = [None, *(state_of(ENGINE, talk=text, data=text[::-1]) for text in ("-", "+++", "+-"))]


@st.composite
def workforces(draw):
    n = draw(st.integers(0, 45))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_teams = draw(st.integers(1, 6))
    roles, teams = [*ROLES, None], [*(f"t{i}" for i in range(n_teams)), None]
    odds = rng.dirichlet(np.full(len(teams), 0.6))
    profiles = [
        person(
            f"p{i}",
            roles[rng.integers(len(roles))],
            target_role_id=roles[rng.integers(len(roles))] if rng.random() < 0.3 else None,
            team_id=teams[rng.choice(len(teams), p=odds)],
        )
        for i in range(n)
    ]
    return profiles, [STATES[rng.integers(len(STATES))] for _ in range(n)]


def role_of(profile, toward):
    role = profile.role_id if toward == "present" else profile.target_role_id or profile.role_id
    return role if role and ROLES[role][2] else None


def label_of(profile, by, toward):
    if by == "team":
        return profile.team_id
    if by == "role":
        return profile.role_id if toward == "present" else profile.target_role_id or profile.role_id
    if by == "segment":
        return ROLES[profile.role_id][0] if profile.role_id else None
    return None


def is_below(profile, state, skill, toward):
    """Whether somebody is below what their role requires of a skill, worked out apart."""
    required = ROLES[role_of(profile, toward)][2][skill][0]
    if state is None:
        return required > 0.5
    known = {m.skill_id: m.mastery for m in ENGINE.mastery(state, profile, now=NOW)}
    return known.get(skill, 0.5) < required


@settings(max_examples=60)
@given(
    workforces(),
    st.sampled_from(["organisation", "team", "segment", "role"]),
    st.sampled_from(["target", "present"]),
)
def test_nothing_is_told_of_a_few(workforce, by, toward):
    profiles, states = workforce
    report = team_gaps(ENGINE.bundle, states, profiles, by=by, toward=toward, now=NOW)
    counts = [report.n_without_profile]
    for group in (report.whole, *report.groups):
        counts += [group.n_learners or 0, *(s.n_learners for s in group.skills)]
    # Sums and differences of multiples of five are never a few.
    assert all(count % LEAST == 0 for count in counts)
    assert all(g.n_learners is not None and g.n_learners >= LEAST for g in report.groups)
    for skill in ENGINE.catalog.skill_ids:
        asked = [(p, s) for p, s in zip(profiles, states, strict=True) if asks(p, skill, toward)]
        below = {p.learner_id for p, s in asked if is_below(p, s, skill, toward)}
        told, shares = [], []
        for group in (report.whole, *report.groups):
            people = {p.learner_id for p, _ in asked if belongs(p, group.group_id, by, toward)}
            for cell in (s for s in group.skills if s.skill_id == skill):
                told.append(people)
                assert cell.n_learners == len(people) // LEAST * LEAST
                if cell.share_below is not None:
                    shares.append(people)
                    assert abs(cell.share_below - len(people & below) / len(people)) <= 0.025 + 1e-9
        assert_hidden(told, None)
        assert_hidden(shares, below)


def asks(profile, skill, toward):
    role = role_of(profile, toward)
    return role is not None and skill in ROLES[role][2]


def belongs(profile, group_id, by, toward):
    return group_id is None or label_of(profile, by, toward) == group_id


def assert_hidden(sets, below):
    """Every way to add and take away the sums over some sets is of nobody or of enough people.

    With `below`, those below and those not are counted apart.
    """
    for signs in product((-1, 0, 1), repeat=len(sets)):
        weight = {}
        for sign, people in zip(signs, sets, strict=True):
            for one in people:
                weight[one] = weight.get(one, 0) + sign
        left = {one for one, w in weight.items() if w}
        for part in [left] if below is None else [left & below, left - below]:
            assert not 0 < len(part) < LEAST, (signs, len(part))


@settings(max_examples=25)
@given(workforces(), st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(workforce, random):
    profiles, states = workforce
    order = list(range(len(profiles)))
    random.shuffle(order)
    one = team_gaps(ENGINE.bundle, states, profiles, by="team", now=NOW)
    other = team_gaps(
        ENGINE.bundle, [states[i] for i in order], [profiles[i] for i in order], by="team", now=NOW
    )
    assert [g.group_id for g in one.groups] == [g.group_id for g in other.groups]
    for a, b in zip((one.whole, *one.groups), (other.whole, *other.groups), strict=True):
        assert [(s.skill_id, s.n_learners) for s in a.skills] == [
            (s.skill_id, s.n_learners) for s in b.skills
        ]
