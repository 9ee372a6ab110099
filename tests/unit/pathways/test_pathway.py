"""Pathways of catalogues small enough to work by hand, from `Engine.pathway`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log

import numpy as np
import pyarrow as pa
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.domain.events import Completion
from recommender.domain.learner import LearnerProfile
from recommender.engine import Engine
from recommender.errors import InputError, UnknownIdError
from recommender.ranking.config import RankingConfig
from recommender.ranking.gain import Dosage, GainModel
from recommender.skills.typical import typical_items
from tests.unit.worlds import NOW, answers, even_table, finished, plain_skills

COLUMNS = {
    "title": pa.string(),
    "skill_ids": pa.list_(pa.string()),
    "duration_minutes": pa.float64(),
    "language": pa.string(),
    "variant_of": pa.string(),
    "credential_id": pa.string(),
    "retired_at": pa.timestamp("us", "UTC"),
}


def module(*skills, minutes=60.0, **more):
    return {"skill_ids": list(skills), "duration_minutes": minutes, **more}


def world(modules, role, *, prerequisites=(), model=None, half_life=None, reverse=False, **tables):
    """Engine of modules by id and one role by skill: (required, importance)."""
    rows = [{"module_id": key, "title": key.upper(), **row} for key, row in modules.items()]
    schema = pa.schema([("module_id", pa.string()), *COLUMNS.items()])
    skills = sorted({s for row in modules.values() for s in row["skill_ids"]} | set(role))
    needs = pa.schema(
        [(n, pa.string()) for n in ("module_id", "prerequisite_module_id", "prerequisite_skill_id")]
        + [("required_mastery", pa.float64())]
    )
    asked = [
        {"role_id": "there", "skill_id": s, "required_mastery": float(r), "importance": float(w)}
        for s, (r, w) in role.items()
    ]
    catalog = Catalog.from_tables(
        {
            "modules": pa.Table.from_pylist(rows[::-1] if reverse else rows, schema),
            "prerequisites": pa.Table.from_pylist(list(prerequisites), needs),
            "skills": pa.table(
                {
                    "skill_id": skills,
                    "name": skills,
                    "half_life_days": pa.array([half_life] * len(skills), pa.float64()),
                }
            ),
            "roles": pa.table({"role_id": ["here", "there"], "title": ["Here", "There"]}),
            "role_skills": pa.Table.from_pylist(
                asked,
                pa.schema(
                    [(n, pa.string()) for n in ("role_id", "skill_id")]
                    + [("required_mastery", pa.float64()), ("importance", pa.float64())]
                ),
            ),
            **{name: pa.Table.from_pylist(of_table) for name, of_table in tables.items()},
        }
    )
    table = even_table(catalog)
    if model is not None:
        table = replace(table, item_difficulty=model.difficulty_.item_difficulty)
        model.difficulty_ = table
        model.typical_ = typical_items(catalog, model.mastery_.item_difficulty_, 0.0)
    n = len(catalog.module_skills.values)
    gain = GainModel(np.full(n, 0.2), np.zeros(n), np.zeros(n, np.int64), Dosage(0.2, 0.0, 1.0, 30.0))
    return Engine(ModelBundle(catalog, table, model, {}, RankingConfig(), {"id": "made"}, gain=gain))


def plan(engine, learner=None, profile=None, **asked):
    return engine.pathway(learner, profile, **{"role_id": "there", "now": NOW, **asked})


def ids(pathway):
    return [step.module_id for step in pathway.steps]


def test_the_gap_is_closed_by_what_takes_least_time():
    """.3 -> .44 -> .552 with two modules of rate .2; the two shortest of three do."""
    engine = world(
        {"a": module("s", minutes=90), "b": module("s", minutes=30), "c": module("s", minutes=45)},
        {"s": (0.5, 1.0)},
    )
    pathway = plan(engine, weekly_minutes=30)
    assert ids(pathway) == ["b", "c"]
    assert (pathway.total_minutes, pathway.weeks, pathway.open_skills) == (75, 3, ())
    assert [(s.starts_week, s.ends_week, s.quarter, s.why) for s in pathway.steps] == [
        (1, 1, 1, "gap"),
        (2, 3, 1, "gap"),
    ]
    (skill,) = pathway.steps[1].skills
    assert (skill.skill_id, skill.required) == ("s", 0.5)
    assert (skill.mastery_before, skill.mastery_after) == (pytest.approx(0.44), pytest.approx(0.552))
    assert pathway.readiness == pytest.approx(0.6)
    assert pathway.readiness_expected == pytest.approx(1.0)


def test_prerequisites_come_first_and_say_what_needs_them():
    engine = world(
        {"a": module("s"), "z": module("other"), "y": module("third")},
        {"s": (0.4, 1.0)},
        prerequisites=[
            {"module_id": "a", "prerequisite_module_id": "z"},
            {"module_id": "z", "prerequisite_skill_id": "third", "required_mastery": 0.1},
        ],
    )
    steps = plan(engine).steps
    assert [(s.module_id, s.why, s.needed_by) for s in steps] == [
        ("y", "prerequisite", "z"),
        ("z", "prerequisite", "a"),
        ("a", "gap", None),
    ]
    assert ids(plan(engine, finished("z"))) == ["a"]


def test_what_needs_a_module_comes_after_it():
    """y asks for what m teaches too, but before m, and so does not need it."""
    engine = world(
        {"a": module("s"), "m": module("third"), "x": module("third"), "y": module("s")},
        {"s": (0.9, 1.0)},
        prerequisites=[
            {"module_id": "y", "prerequisite_module_id": "x"},
            {"module_id": "y", "prerequisite_skill_id": "third", "required_mastery": 0.1},
            {"module_id": "m", "prerequisite_module_id": "y"},
            {"module_id": "a", "prerequisite_module_id": "m"},
        ],
    )
    steps = plan(engine).steps
    assert [(s.module_id, s.needed_by) for s in steps] == [("x", "y"), ("y", None), ("m", "a"), ("a", None)]


def test_what_matters_most_per_minute_comes_first():
    engine = world(
        {"a": module("s"), "b": module("t"), "c": module("u", minutes=20)},
        {"s": (0.4, 0.4), "t": (0.4, 1.0), "u": (0.4, 0.5)},
    )
    assert ids(plan(engine)) == ["c", "b", "a"]


def test_the_order_of_the_catalogue_does_not_matter():
    modules = {f"m{i:02d}": module(f"s{i % 3}", minutes=30 + i % 2) for i in range(20)}
    role = {f"s{i}": (0.7, 0.5) for i in range(3)}
    one, other = (plan(world(modules, role, reverse=reverse)) for reverse in (False, True))
    assert ids(one) == ids(other)
    assert one.total_minutes == other.total_minutes


def test_rules_hold_and_what_stays_open_says_why():
    engine = world(
        {
            "gone": module("s", retired_at=NOW - timedelta(days=1)),
            "foreign": module("s", language="fr"),
            "done": module("t"),
            "little": module("u"),
            "barred": module("u"),
        },
        {"s": (0.5, 1.0), "t": (0.5, 1.0), "u": (0.5, 1.0), "v": (0.5, 1.0)},
    )
    profile = LearnerProfile(learner_id="ada", language="en")
    pathway = plan(engine, finished("done"), profile, exclude={"barred"})
    assert ids(pathway) == ["little"]
    assert {o.skill_id: o.why for o in pathway.open_skills} == {
        "s": "blocked",
        "t": "finished",
        "u": "not_enough",
        "v": "not_taught",
    }
    still = {o.skill_id: o.mastery for o in pathway.open_skills}
    assert still["u"] == pytest.approx(0.44)


def test_of_variants_one_is_taken():
    engine = world(
        {"a": module("s"), "b": module("s", minutes=20, variant_of="a"), "c": module("s")},
        {"s": (0.9, 1.0)},
    )
    assert sorted(ids(plan(engine))) == ["b", "c"]


def test_a_module_of_unknown_duration_counts_the_declared_minutes():
    (step,) = plan(world({"a": module("s", minutes=None)}, {"s": (0.4, 1.0)})).steps
    assert (step.minutes, step.minutes_known) == (60.0, False)


def test_weeks_behind_the_horizon_are_told():
    modules = {f"m{i}": module("s", minutes=480) for i in range(6)}
    pathway = plan(world(modules, {"s": (0.8, 1.0)}), weekly_minutes=24)
    assert [s.ends_week for s in pathway.steps] == [20, 40, 60, 80, 100, 120]
    assert [s.quarter for s in pathway.steps] == [1, 2, 4, 5, 7, 8]
    assert pathway.beyond_horizon == ("m5",)
    assert pathway.weeks == 120


def test_weekly_minutes_come_from_question_then_profile_then_settings():
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)})
    profile = LearnerProfile(learner_id="ada", weekly_minutes=40)
    assert plan(engine, None, profile, weekly_minutes=10).weekly_minutes == 10
    assert plan(engine, None, profile).weekly_minutes == 40
    assert plan(engine).weekly_minutes == engine.bundle.ranking.pathway.weekly_minutes


def credential_world():
    return world(
        {
            "exam": module("s", minutes=30, credential_id="c"),
            "other": module("t", minutes=10, credential_id="d"),
            "base": module("t", minutes=30),
            "long": module("s", minutes=300),
        },
        {"s": (0.44, 1.0)},
        prerequisites=[{"module_id": "exam", "prerequisite_module_id": "base"}],
        credentials=[
            {"credential_id": "c", "title": "C", "skill_ids": ["s"]},
            {"credential_id": "d", "title": "D", "skill_ids": ["t"]},
        ],
    )


def test_it_ends_in_the_credential_that_fits_the_role():
    pathway = plan(credential_world())
    assert [(s.module_id, s.why) for s in pathway.steps] == [("base", "prerequisite"), ("exam", "credential")]
    assert pathway.credential_id == "c"
    assert pathway.steps[0].needed_by == "exam"


def test_a_credential_that_was_earned_or_is_out_of_reach_is_not_planned():
    engine = credential_world()
    assert plan(engine, finished("base", "exam")).credential_id is None
    barred = plan(engine, exclude={"base"})
    assert (ids(barred), barred.credential_id) == (["long"], None)


def test_kind_is_what_the_catalogue_says():
    transitions = [{"from_role_id": "here", "to_role_id": "there", "kind": "reskill"}]
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)}, role_transitions=transitions)
    kinds = [
        plan(engine, None, LearnerProfile(learner_id="ada", role_id=r)).kind for r in ("here", "there", None)
    ]
    assert kinds == ["reskill", "upskill", None]


def test_a_role_without_a_profile_has_no_readiness():
    pathway = plan(world({"a": module("s")}, {"s": (0.4, 1.0)}), role_id="here")
    assert (pathway.steps, pathway.readiness, pathway.readiness_expected) == ((), None, None)


def test_the_role_is_that_of_the_profile_by_default():
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)})
    profile = LearnerProfile(learner_id="ada", role_id="here", target_role_id="there")
    assert engine.pathway(None, profile, now=NOW).role_id == "there"


def test_an_answer_changes_as_little_as_it_can():
    modules = {f"m{i}": module("s" if i % 2 else "t", minutes=30 + i) for i in range(8)}
    model = plain_skills([0.0, 0.0], 2)
    items = [{"item_id": "q", "skill_ids": ["s"]}, {"item_id": "r", "skill_ids": ["t"]}]
    engine = world(modules, {"s": (0.7, 1.0), "t": (0.7, 0.9)}, model=model, items=items)
    known = [*answers("+----", "q"), *answers("+---", "r")]
    first = plan(engine, known)
    again = plan(engine, [*known, *answers("+", "q", NOW - timedelta(days=1))], previous=first)
    assert first.steps
    assert again.kept
    assert ids(again) == [m for m in ids(first) if m in ids(again)]
    elsewhere = plan(engine, known, previous=first, role_id="here")
    assert (elsewhere.kept, elsewhere.steps) == (False, ())


def fading_world(**modules):
    return world(
        {"short": module("s", minutes=15), "long": module("s"), "t1": module("t", minutes=600), **modules},
        {"s": (0.7, 1.0), "t": (0.6, 1.0)},
        model=plain_skills([0.0], 2),
        half_life=60.0,
        items=[{"item_id": "q", "skill_ids": ["s"]}],
    )


def test_a_skill_that_fades_is_reviewed_in_the_week_before_it_falls():
    """Odds of mastery are passes + 1 over failures + 1: with 3 passes 4, log 4 now fades to log(7/3)."""
    engine = fading_world()
    state = engine.fold(answers("+++", start=NOW))
    days = 60 * log(log(4) / log(0.7 / 0.3)) / log(2)
    before, after = (
        {m.skill_id: m.mastery for m in engine.mastery(state, now=NOW + timedelta(days=d))}["s"]
        for d in (days - 0.1, days + 0.1)
    )
    assert before > 0.7 > after
    pathway = plan(engine, state, weekly_minutes=50)
    review = next(s for s in pathway.steps if s.why == "review")
    assert (review.module_id, [s.skill_id for s in review.skills]) == ("short", ["s"])
    assert review.starts_week == int(days / 7 - 1) + 1
    assert [s.module_id for s in pathway.steps if s.why == "gap"] == ["t1"]
    assert pathway.steps[0].ends_week == 13  # 600 and 15 minutes at 50 a week


def test_a_finished_module_may_come_back_as_a_review_and_a_retired_one_not():
    engine = fading_world(shorter=module("s", minutes=5, retired_at=NOW - timedelta(days=9)))
    learner = [*answers("+++", start=NOW), *finished("short", "shorter")]
    reviews = [s.module_id for s in plan(engine, learner, weekly_minutes=50).steps if s.why == "review"]
    assert reviews == ["short"]
    pathway = plan(engine, learner, weekly_minutes=50, exclude={"short", "long"})
    assert pathway.unreviewed == ("s",)


@pytest.mark.parametrize("minutes", [0.0, 1e-300, -5.0, float("nan"), float("inf")])
def test_minutes_that_are_none_are_refused(minutes):
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)})
    with pytest.raises(InputError, match="weekly_minutes is"):
        plan(engine, weekly_minutes=minutes)
    with pytest.raises(InputError, match="profile's weekly_minutes is"):
        plan(engine, None, LearnerProfile(learner_id="ada", weekly_minutes=minutes))


def test_unknown_ids_are_named():
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)})
    with pytest.raises(UnknownIdError, match="role_id 'nowhere'"):
        plan(engine, role_id="nowhere")
    with pytest.raises(UnknownIdError, match="exclude 'nothing'"):
        plan(engine, exclude={"nothing"})
    with pytest.raises(InputError, match="role_id is None"):
        plan(engine, role_id=None)


def test_an_empty_catalogue_has_an_empty_pathway():
    pathway = plan(world({}, {}))
    assert (pathway.steps, pathway.weeks, pathway.total_minutes) == ((), 0, 0.0)


def test_a_cycle_of_prerequisites_is_never_entered():
    engine = world(
        {"a": module("s"), "b": module("s"), "c": module("s")},
        {"s": (0.9, 1.0)},
        prerequisites=[
            {"module_id": "a", "prerequisite_module_id": "b"},
            {"module_id": "b", "prerequisite_module_id": "a"},
        ],
    )
    assert ids(plan(engine)) == ["c"]


def test_started_is_not_finished():
    engine = world({"a": module("s")}, {"s": (0.4, 1.0)})
    started = Completion(
        event_id="1",
        learner_id="ada",
        module_id="a",
        status="started",
        occurred_at=datetime(2025, 1, 1, tzinfo=UTC),
    )
    assert ids(plan(engine, [started])) == ["a"]
