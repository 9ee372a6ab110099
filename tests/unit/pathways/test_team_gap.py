"""Gaps of groups, worked by hand."""

import numpy as np
import pytest

from recommender.errors import ConfigurationError
from recommender.pathways.team_gap import team_gaps
from tests.unit.organisations import organisation, person, state_of
from tests.unit.worlds import NOW

ASSUMED = 0.3


@pytest.fixture(scope="module")
def engine():
    return organisation()


def report(engine, people, **how):
    """Of people told as (profile, state)."""
    profiles, states = [p for p, _ in people], [s for _, s in people]
    return team_gaps(engine.bundle, states, profiles, now=NOW, **how)


def team(engine, name, n, role_id="clerk", talk="", start=0, **fields):
    state = state_of(engine, talk=talk) if talk else None
    return [(person(f"{name}{i}", role_id, team_id=name, **fields), state) for i in range(start, start + n)]


def of(groups, group_id):
    return next(g for g in groups.groups if g.group_id == group_id)


def test_means_of_a_team(engine):
    """Six of the north master talk at 3/4, six at 1/3, of 1/2 required; of the south half is expected."""
    people = team(engine, "north", 6, talk="++") + team(engine, "north", 6, talk="-", start=6)
    found = report(engine, people + team(engine, "south", 7))
    north, south = of(found, "north"), of(found, "south")
    (talk,) = north.skills
    assert (talk.skill_id, talk.name, talk.n_learners) == ("talk", "Talk", 10)
    assert talk.mean_mastery == pytest.approx((3 / 4 + 1 / 3) / 2, abs=0.005)
    assert talk.mean_gap == pytest.approx((1 / 2 - 1 / 3) / 2, abs=0.005)
    assert talk.share_below == 0.5
    assert (north.n_learners, south.n_learners, found.whole.n_learners) == (10, 5, 15)
    assert south.skills[0].mean_mastery == 0.5
    assert south.skills[0].share_below == 0.0
    assert found.whole.skills[0].share_below == pytest.approx(6 / 19, abs=0.025)
    assert north.readiness == pytest.approx(1 - (1 / 2 - 1 / 3) / 2 / 0.5, abs=0.005)
    assert (north.n_withheld, found.n_groups_withheld, found.n_without_profile) == (0, 0, 0)


def test_readiness_of_a_role_is_the_mean_of_its_people(engine):
    people = team(engine, "a", 3, "lead", talk="+-+") + team(engine, "b", 4, "lead")
    alone = [engine.gaps(s, p, now=NOW).role.readiness for p, s in people]
    found = report(engine, people, by="role")
    assert of(found, "lead").readiness == pytest.approx(np.mean(alone), abs=0.005)


def test_small_teams_and_what_would_give_them_away_are_withheld(engine):
    people = team(engine, "large", 9) + team(engine, "middle", 6) + team(engine, "small", 3)
    found = report(engine, people)
    assert {g.group_id: len(g.skills) for g in found.groups} == {"large": 1, "middle": 0}
    assert of(found, "middle").n_withheld == 1
    assert of(found, "middle").readiness is None
    assert found.n_groups_withheld == 1
    assert found.whole.skills[0].n_learners == 15


def test_people_without_a_team_are_not_found_by_subtraction(engine):
    people = team(engine, "large", 9) + team(engine, "middle", 6)
    lone = [(person("lone", "clerk"), state_of(engine, talk="+++"))]
    assert [len(g.skills) for g in report(engine, people).groups] == [1, 1]
    assert [len(g.skills) for g in report(engine, people + lone).groups] == [1, 0]


def test_the_share_of_few_is_not_told(engine):
    """Two of nine are below: the mean gap would be theirs."""
    people = team(engine, "a", 7, talk="++++") + team(engine, "a", 2, talk="--", start=7)
    (talk,) = of(report(engine, people), "a").skills
    assert talk.share_below is None
    assert talk.mean_gap > 0


def test_a_share_is_withheld_beside_one_that_it_would_give_away(engine):
    """In the large team five and six are below and not; of the rest of the whole only two are below."""
    large = team(engine, "large", 5, talk="--") + team(engine, "large", 6, talk="++++", start=5)
    mixed = team(engine, "mixed", 2, talk="--") + team(engine, "mixed", 6, talk="++++", start=2)
    found = report(engine, large + mixed)
    assert of(found, "mixed").skills[0].share_below is None
    assert of(found, "large").skills[0].share_below is None
    assert found.whole.skills[0].share_below == pytest.approx(7 / 19, abs=0.025)
    assert of(report(engine, large), "large").skills[0].share_below == pytest.approx(5 / 11, abs=0.025)


def test_which_role_counts(engine):
    people = team(engine, "a", 6, "clerk", target_role_id="analyst")
    for toward, skills in (("target", {"code", "data"}), ("present", {"talk"})):
        found = report(engine, people, toward=toward)
        assert {s.skill_id for s in of(found, "a").skills} == skills
        by_role = report(engine, people, toward=toward, by="role")
        assert [g.group_id for g in by_role.groups] == ["analyst" if toward == "target" else "clerk"]


def test_segments_are_those_of_the_role_where_the_profile_tells_none(engine):
    people = team(engine, "a", 6, "clerk") + team(engine, "b", 5, "clerk", segment="leader")
    assert [g.group_id for g in report(engine, people, by="segment").groups] == ["leader", "user"]


def test_the_organisation_alone_has_no_groups(engine):
    found = report(engine, team(engine, "a", 6), by="organisation")
    assert found.groups == ()
    assert found.whole.n_learners == 5


def test_people_without_a_profile_of_their_role_are_counted_apart(engine):
    people = team(engine, "a", 6) + team(engine, "b", 7, "guest") + team(engine, "c", 4, None)
    found = report(engine, people)
    assert found.n_without_profile == 10
    assert found.whole.n_learners == 5
    assert found.whole.skills[0].n_learners == 5


def test_nobody_is_told_of_where_nobody_is(engine):
    found = report(engine, [])
    assert found.groups == ()
    assert found.whole.skills == ()
    assert found.whole.n_learners is None
    assert found.whole.readiness is None


def test_without_a_skill_model_what_is_assumed_counts():
    engine = organisation(known=False)
    (talk,) = of(report(engine, team(engine, "a", 6, talk="++++")), "a").skills
    assert talk.mean_mastery == ASSUMED


@pytest.mark.parametrize(("field", "value"), [("by", "office"), ("toward", "past")])
def test_words_that_are_not_known_are_named(engine, field, value):
    with pytest.raises(ConfigurationError, match=f"{field} is '{value}'; use one of"):
        report(engine, [], **{field: value})
