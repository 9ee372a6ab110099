"""What a learner lacks for a role, worked by hand."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.engine import Engine
from recommender.errors import UnknownIdError
from recommender.ranking.config import RankingConfig
from tests.unit.organisations import ROLES, organisation, person, state_of
from tests.unit.worlds import NOW, even_table

ASSUMED = 0.5


@pytest.fixture(scope="module")
def engine():
    return organisation()


@pytest.fixture(scope="module")
def learner(engine):
    """Masters code at 4 / 6, data not known, talk at 1 / 3."""
    return state_of(engine, code="+++-", talk="-")


def ready(role, **mastery):
    profile = ROLES[role][2]
    short = sum(w * max(0.0, required - mastery.get(s, ASSUMED)) for s, (required, w) in profile.items())
    return 1 - short / sum(w * required for required, w in profile.values())


KNOWN = {"code": 4 / 6, "talk": 1 / 3}


def test_gaps_are_what_is_required_and_not_mastered(engine, learner):
    report = engine.gaps(learner, person("a", "clerk", target_role_id="analyst"), now=NOW)
    assert report.learner_id == "a"
    assert [g.skill_id for g in report.skills] == ["data", "code"]
    data, code = report.skills
    assert (data.name, data.required, data.importance, data.n_attempts) == ("Data", 0.8, 1.0, 0)
    assert data.mastery is None
    assert data.interval is None
    assert data.gap == pytest.approx(0.8 - ASSUMED)
    assert code.mastery == pytest.approx(4 / 6)
    assert code.interval[0] < code.mastery < code.interval[1]
    assert code.gap == 0
    assert code.n_attempts == 4


def test_readiness_of_present_target_and_neighbouring_roles(engine, learner):
    report = engine.gaps(learner, person("a", "clerk", target_role_id="analyst"), now=NOW)
    for role, of in ((report.role, "analyst"), (report.target, "analyst"), (report.present, "clerk")):
        assert (role.role_id, role.title) == (of, of.upper())
        assert role.readiness == pytest.approx(ready(of, **KNOWN))
        assert role.interval[0] < role.readiness < role.interval[1]
    assert report.present.kind == "upskill"
    assert report.target.kind == "reskill"
    assert report.target.priority == 0.8
    assert [(n.role_id, n.kind) for n in report.neighbours] == [
        ("analyst", "reskill"),
        ("lead", "upskill"),
        ("guest", None),
    ]
    assert report.neighbours[1].readiness == pytest.approx(ready("lead", **KNOWN))
    assert report.neighbours[1].priority == 0.5
    assert report.neighbours[2].readiness is None
    assert report.neighbours[2].interval is None


@pytest.mark.parametrize(
    ("profile", "role_id", "expected"),
    [
        (person("a", "clerk", target_role_id="analyst"), None, "analyst"),
        (person("a", "clerk", target_role_id="analyst"), "lead", "lead"),
        (person("a", "clerk"), None, "clerk"),
        (person("a", "no longer there", target_role_id="neither"), None, None),
        (None, "clerk", "clerk"),
        (None, None, None),
    ],
)
def test_which_role_counts(engine, profile, role_id, expected):
    report = engine.gaps(None, profile, role_id=role_id, now=NOW)
    assert (report.role and report.role.role_id) == expected
    assert {g.skill_id for g in report.skills} == set(ROLES[expected][2] if expected else ())


def test_nobody_comes_from_nowhere(engine):
    report = engine.gaps(None, role_id="lead", now=NOW)
    assert (report.present, report.target, report.neighbours) == (None, None, ())
    assert report.role.kind is None
    assert report.role.readiness == pytest.approx(ready("lead"))


def test_what_the_learner_says_moves_what_is_not_known(engine):
    """A self-assessment is no evidence: mastery stays unknown, and the gap follows what is said."""
    weight = engine.bundle.skills.mastery_.weight_
    before = weight[2]
    weight[2] = 4.0
    try:
        shy, sure = (
            engine.gaps(state_of(engine, {"talk": level}), person("a", "clerk"), now=NOW)
            for level in (0.1, 0.9)
        )
    finally:
        weight[2] = before
    assert shy.skills[0].mastery is None
    assert sure.skills[0].mastery is None
    assert shy.skills[0].gap > sure.skills[0].gap
    assert shy.role.readiness < sure.role.readiness


def test_more_evidence_narrows_the_interval(engine):
    few, many = (
        engine.gaps(state_of(engine, talk="+-" * n), person("a", "clerk", target_role_id="lead"), now=NOW)
        for n in (1, 40)
    )

    def width(report):
        return report.role.interval[1] - report.role.interval[0]

    assert width(many) < width(few)


def test_events_are_a_learner_too(engine):
    from tests.unit.worlds import answers

    events = answers("++", item_id="on talk")
    report = engine.gaps(events, person("ada", "clerk"), now=NOW)
    assert report.skills[0].mastery == pytest.approx(3 / 4)
    assert report.role.readiness == 1


def test_a_role_that_is_not_there_is_named(engine):
    with pytest.raises(UnknownIdError, match="role_id 'pilot'") as caught:
        engine.gaps(None, role_id="pilot", now=NOW)
    assert caught.value.field == "role_id"


# On the catalogue for reskilling


@cache
def reskilling() -> Engine:
    import pyarrow.parquet as pq

    folder = Path(__file__).parents[3] / "data" / "reskilling"
    names = ("modules", "skills", "items", "prerequisites", "roles", "role_skills", "role_transitions")
    catalog = Catalog.from_tables({name: pq.read_table(folder / f"{name}.parquet") for name in names})
    return Engine(ModelBundle(catalog, even_table(catalog), None, {}, RankingConfig(), {"id": "made"}))


def test_neighbouring_roles_of_a_support_agent():
    report = reskilling().gaps(None, person("a", "support-agent"), now=NOW)
    assert {n.role_id: n.kind for n in report.neighbours} == {
        "chatbot-specialist": "reskill",
        "team-lead": "upskill",
        "sales-representative": "reskill",
        "operations-coordinator": "reskill",
    }
    found = [n.readiness for n in report.neighbours]
    assert found == sorted(found, reverse=True)
    assert all(0 < n.readiness < 1 for n in report.neighbours)


def test_every_transition_of_the_catalogue_is_told_from_its_role():
    engine = reskilling()
    table = engine.catalog.tables["role_transitions"].to_pylist()
    for role_id in engine.catalog.roles.ids:
        expected = {row["to_role_id"]: row["kind"] for row in table if row["from_role_id"] == role_id}
        report = engine.gaps(None, person("a", role_id), now=NOW)
        assert {n.role_id: n.kind for n in report.neighbours} == expected
        for told in (report.present, *report.neighbours):
            np.testing.assert_array_less(told.interval[0], told.readiness)
