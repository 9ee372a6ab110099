"""Many learners at once are answered what each of them is answered alone."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recommender.blocks.recommend as blocks_module
from recommender.blocks.learners import LearnerBlock
from recommender.domain.events import SelfAssessment, to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from recommender.errors import ConfigurationError
from tests.unit.blocks.same import assert_same
from tests.unit.skills import streams
from tests.unit.worlds import NOW, answers, finished, fitted_bundle, make_engine, plain_skills

ROLES = (None, "analyst", "manager", "unheard-of")


def someone(role=None, target=None, segment=None, language=None):
    return LearnerProfile(
        learner_id="ada", role_id=role, target_role_id=target, segment=segment, language=language
    )


PROFILES = st.builds(
    someone,
    st.sampled_from(ROLES),
    st.sampled_from(ROLES),
    st.sampled_from((None, "user", "builder", "leader")),
    st.sampled_from((None, "en", "de-AT", "zz")),
)


@pytest.mark.parametrize("k", [1, 5, 100])
def test_on_a_trained_bundle(tiny_engine, k):
    rng = np.random.default_rng(k)
    states, profiles = [None], [someone()]
    for i in range(60):
        done = [f"m{j:02d}" for j in rng.permutation(12)[: rng.integers(0, 12)]]
        marks = "".join(rng.choice(["+", "-"], rng.integers(0, 9)))
        item = f"q{rng.integers(24):02d}"
        states.append(tiny_engine.fold([*finished(*done), *answers(marks, item)]))
        profiles.append(someone(ROLES[i % 4], ROLES[i % 3], None, (None, "en", "de")[i % 3]))
    alone = assert_same(tiny_engine, states, profiles, k=k, now=NOW)
    # With more modules both variants are among them.
    assert k > 1 or any(m.adjustment for answer in alone for m in answer.modules)
    assert len({answer.fallback for answer in alone}) == 2


def arrays_of(block):
    """Every array of a block by its name."""
    parts = {"": block, "places.": block.places, "histories.": block.histories}
    return {
        prefix + name: getattr(part, name)
        for prefix, part in parts.items()
        for name in type(part).__dataclass_fields__
        if name not in ("places", "histories")
    }


@pytest.mark.parametrize("cuts", [[], [0, 3], [1, 2, 2, 7], range(1, 12)])
def test_blocks_that_are_joined_are_one_block(tiny_engine, cuts):
    states = [tiny_engine.fold([*finished(f"m{i:02d}"), *answers("+-+", "q01")]) for i in range(11)]
    profiles = [someone(ROLES[i % 4], ROLES[i % 3], None, (None, "en", "de", "fr")[i % 4]) for i in range(12)]
    edges = [0, *cuts, 12]
    parts = [
        LearnerBlock.of_states([*states, None][a:b], profiles[a:b], tiny_engine.catalog)
        for a, b in pairwise(edges)
    ]
    whole = arrays_of(LearnerBlock.of_states([*states, None], profiles, tiny_engine.catalog))
    joined = arrays_of(LearnerBlock.joined(parts))
    assert joined.keys() == whole.keys()
    for name, array in whole.items():
        # Byte by byte, for not a number is not equal to itself.
        assert np.asarray(joined[name]).dtype == np.asarray(array).dtype, name
        assert np.asarray(joined[name]).tobytes() == np.asarray(array).tobytes(), name


@pytest.fixture(scope="module")
def engines():
    parts = ((True, True), (True, False), (False, True), (False, False))
    return [Engine(fitted_bundle(skills=skills, views=views)) for skills, views in parts]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 3),
    people=st.lists(st.tuples(streams.streams(), PROFILES), min_size=1, max_size=6),
    k=st.integers(1, 6),
)
def test_whatever_happened_and_whatever_was_trained(engines, which, people, k):
    states = [engines[which].fold(events) for events, _ in people]
    assert_same(engines[which], states, [profile for _, profile in people], k=k, now=NOW)


def test_nothing_left_says_why():
    modules = {"a": {"language": "de"}, "b": {"language": "de"}, "c": {"language": "de"}}
    needs = [{"module_id": "b", "prerequisite_module_id": "a", "strength": "hard"}]
    engine = make_engine(modules, prerequisites=needs)
    states = [None, engine.fold(finished("a", "b", "c")), engine.fold(finished("a"))]
    alone = assert_same(engine, states, [someone(language="en"), someone(), someone()], k=2, now=NOW)
    assert [len(answer.modules) for answer in alone] == [0, 0, 2]
    assert [removal.rule for removal in alone[0].empty_because] == ["language", "prerequisite"]


def test_variants_take_each_other_s_place():
    modules = {
        "hard": {"difficulty": 0.9},
        "easy": {"difficulty": 0.2, "variant_of": "hard"},
        "same": {"difficulty": 0.2, "variant_of": "hard"},
        "other": {"difficulty": 0.95},
    }
    engine = make_engine(modules, started=[["hard"], ["hard"], ["other"]], views=["popularity"])
    for k in (4, 3, 2, 1):
        alone = assert_same(engine, [None], [someone()], k=k, now=NOW)
    first = alone[0].modules[0]
    assert (first.module_id, first.adjustment.from_module_id) == ("easy", "hard")


def test_gaps_of_a_role():
    engine = make_engine(
        {"a": {"skill_ids": ["x"]}, "b": {"skill_ids": ["y"]}, "c": {"skill_ids": ["x", "y"]}},
        model=plain_skills([0.0], 2, 1),
        skills=[{"skill_id": "x", "name": "X"}, {"skill_id": "y", "name": "Y"}],
        items=[{"item_id": "q", "skill_ids": ["x"], "module_id": "a"}],
        roles=[{"role_id": "r", "title": "R", "priority": 0.8}],
        role_skills=[{"role_id": "r", "skill_id": "x", "required_mastery": 0.9, "importance": 0.7}],
    )
    states = [engine.fold(answers(text)) if text else None for text in ("", "+", "---", "++++++++")]
    profiles = [someone(role) for role in ("r", "r", "r", "r")]
    alone = assert_same(engine, states, profiles, k=3, now=NOW)
    codes = [{reason.code for m in answer.modules for reason in m.reasons} for answer in alone]
    assert "closes_gap" in codes[2]


def test_what_learners_say_of_themselves_moves_gaps():
    skills = [{"skill_id": skill, "name": skill.upper()} for skill in "xy"]
    model = plain_skills([0.0, 0.0], 2, 1)
    model.mastery_.weight_[2] = 3.0
    engine = make_engine(
        {"a": {"skill_ids": ["x"]}, "b": {"skill_ids": ["y"]}, "c": {"skill_ids": ["x", "y"]}},
        model=model,
        skills=skills,
        items=[{"item_id": f"q{s}", "skill_ids": [s], "module_id": m} for s, m in (("x", "a"), ("y", "b"))],
        roles=[{"role_id": "r", "title": "R", "priority": 0.8}],
        role_skills=[
            {"role_id": "r", "skill_id": s, "required_mastery": 0.9, "importance": 1.0} for s in "xy"
        ],
    )
    levels = ({}, {"x": 0.0}, {"x": 1.0}, {"x": 1.0, "y": 0.2})
    states = [engine.fold(says(skill, level) for skill, level in said.items()) for said in levels]
    alone = assert_same(engine, states, [someone("r")] * len(states), k=3, now=NOW)
    assert len({next(m.score for m in answer.modules if m.module_id == "a") for answer in alone}) == 4


def says(skill_id, level):
    return SelfAssessment(
        event_id=skill_id, learner_id="ada", skill_id=skill_id, level=level, occurred_at=NOW
    )


@pytest.mark.parametrize("diversity", [10.0, 30.0])
def test_diversity(tiny_engine, diversity):
    engine = with_ranking(tiny_engine, diversity=diversity)
    states = [None, *(engine.fold(finished(*past)) for past in (["m00"], ["m04", "m05"], ["m08", "m01"]))]
    for k in (1, 2, 5, 100):
        alone = assert_same(engine, states, [someone()] * len(states), k=k, now=NOW)
    plain = [tiny_engine.recommend(s, someone(), Query(k=100), now=NOW) for s in states]
    assert [ids(answer) for answer in alone] != [ids(answer) for answer in plain]


def test_a_model_that_explores_is_refused(tiny_engine):
    with pytest.raises(ConfigurationError, match=r"ranking\.exploration is 0\.1; .* train with 0"):
        with_ranking(tiny_engine, exploration=0.1).in_blocks()


def with_ranking(engine, **settings):
    return Engine(replace(engine.bundle, ranking=engine.bundle.ranking.model_copy(update=settings)))


def ids(answer):
    return [module.module_id for module in answer.modules]


def test_blocks_of_any_size_say_the_same(tiny_engine, monkeypatch):
    states = [tiny_engine.fold(finished(f"m{i:02d}")) for i in range(12)]
    block = LearnerBlock.of_states(states, [someone("analyst")] * 12, tiny_engine.catalog)
    now, whole = to_seconds(NOW), []
    for numbers in (1, 700, 1 << 30):
        monkeypatch.setattr(blocks_module, "_VIEW_NUMBERS", numbers)
        whole.append(tiny_engine.in_blocks().recommend(block, k=4, now=now))
    for answer in whole[1:]:
        for name in ("module", "replaced", "score", "success", "fit", "prerequisites_met"):
            np.testing.assert_array_equal(answer.choice[name], whole[0].choice[name])
        np.testing.assert_array_equal(answer.reasons, whole[0].reasons)


def test_no_learner_at_all(tiny_engine):
    answer = tiny_engine.in_blocks().recommend(
        LearnerBlock.of_states([], [], tiny_engine.catalog), k=3, now=to_seconds(NOW)
    )
    assert answer.module.shape == (0, 3)


def test_an_empty_catalogue_leaves_nobody_anything():
    engine = make_engine({})
    (alone,) = assert_same(engine, [None], [someone()], k=3, now=NOW)
    assert alone.modules == alone.empty_because == ()
