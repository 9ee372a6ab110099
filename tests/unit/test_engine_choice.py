"""What the engine shows of what it scored: diversity and exploration, as a bundle's settings ask for them."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from tests.unit.worlds import NOW, answers, finished, make_engine

TOPICS = {
    f"{topic}{i}": {"title": f"{topic} {topic}craft", "skill_ids": []} for topic in "pqr" for i in range(4)
}
STARTED = [["p0", "p1", "p2", "p3"]] * 5 + [["q0", "q1", "r0"]] * 2 + [["p0", "q1"]]
PLAIN = RankingConfig().model_copy(update={"view_weights": {"popularity": 1.0, "content": 0.0}})


def crafts(**ranking):
    return make_engine(
        TOPICS, started=STARTED, views=("popularity", "content"), ranking=PLAIN.model_copy(update=ranking)
    )


def with_settings(engine, **ranking):
    return Engine(replace(engine.bundle, ranking=engine.bundle.ranking.model_copy(update=ranking)))


def ids(engine, learner=None, learner_id="ada", now=NOW, **query):
    answer = engine.recommend(learner, LearnerProfile(learner_id=learner_id), Query(**query), now=now)
    return [m.module_id for m in answer.modules]


def test_both_are_off_by_default():
    assert (RankingConfig().diversity, RankingConfig().exploration) == (0.0, 0.0)


def test_a_heavy_weight_gives_every_subject_a_place():
    assert [m[0] for m in ids(crafts(), k=3)] == ["p", "p", "p"]
    assert sorted(m[0] for m in ids(crafts(diversity=20.0), k=3)) == ["p", "q", "r"]
    assert ids(crafts(diversity=20.0), k=1) == ids(crafts(), k=1)


def test_diversity_shows_nothing_that_the_rules_forbid(tiny_engine):
    diverse = with_settings(tiny_engine, diversity=30.0)
    changed = 0
    for past in (["m00"], ["m04", "m05"], ["m08", "m00", "m01"], ["m02"]):
        state = tiny_engine.fold(finished(*past))
        everything = ids(tiny_engine, state, k=100)
        for k in range(1, 9):
            assert set(ids(diverse, state, k=k)) <= set(everything)
        assert sorted(ids(diverse, state, k=100)) == sorted(everything)
        changed += ids(diverse, state, k=100) != everything
    assert changed


def explored(engine, n, **query):
    """Answers to `n` learners of whom one thing is known, who are asked on one day."""
    state = engine.fold([*finished("m00"), *answers("+-", "q04")])
    return [
        engine.recommend(state, LearnerProfile(learner_id=f"l{i}"), Query(**query), now=NOW) for i in range(n)
    ]


def test_nothing_is_left_to_chance_by_default(tiny_engine):
    for answer in explored(tiny_engine, 20):
        assert all(m.propensity == 1.0 and not m.explored for m in answer.modules)


def test_as_often_as_configured_and_never_what_the_rules_forbid(tiny_engine):
    n, probability = 600, 0.2
    engine = with_settings(tiny_engine, exploration=probability)
    state = engine.fold([*finished("m00"), *answers("+-", "q04")])
    plain = ids(tiny_engine, state, k=4)
    allowed = set(ids(tiny_engine, state, k=100))
    n_explored = 0
    for answer in explored(engine, n, k=4):
        shown = [m.module_id for m in answer.modules]
        drawn = [m for m in answer.modules if m.explored]
        assert [m.rank for m in answer.modules] == [1, 2, 3, 4]
        assert len(set(shown)) == 4
        assert set(shown) <= allowed
        assert shown[0] == plain[0]
        if drawn:
            n_explored += 1
            assert drawn[0].module_id not in plain
            assert [m for m in shown if m != drawn[0].module_id] == plain[:3]
            assert 0 < drawn[0].propensity < probability
        else:
            assert shown == plain
            assert answer.modules[-1].propensity == 1 - probability
    assert abs(n_explored - n * probability) < 4 * np.sqrt(n * probability * (1 - probability))


def test_the_less_often_started_the_likelier(tiny_engine):
    engine = with_settings(tiny_engine, exploration=0.5)
    starts = engine.bundle.use.learned[:, 0]
    seen = {
        m.module_id: m.propensity
        for answer in explored(engine, 400, k=2)
        for m in answer.modules
        if m.explored
    }
    assert len(seen) > 5
    rare = {m: 1 / np.sqrt(1 + float(starts[engine.catalog.module_index[m]])) for m in seen}
    ratios = [seen[m] / rare[m] for m in seen]
    assert ratios == pytest.approx([ratios[0]] * len(ratios))


def test_the_same_question_has_the_same_answer_all_day(tiny_engine):
    engine = with_settings(tiny_engine, exploration=0.5)
    learners = [f"l{i}" for i in range(40)]
    today = [ids(engine, learner_id=who, now=NOW) for who in learners]
    assert [ids(engine, learner_id=who, now=NOW + timedelta(hours=23)) for who in learners] == today
    assert [ids(engine, learner_id=who, now=NOW + timedelta(hours=24)) for who in learners] != today
    other = Engine(replace(engine.bundle, manifest={**engine.manifest, "id": "another"}))
    assert [ids(other, learner_id=who, now=NOW) for who in learners] != today


def test_people_without_a_name_share_no_draw(tiny_engine):
    engine = with_settings(tiny_engine, exploration=0.5)
    nobody = LearnerProfile(learner_id="")
    states = [engine.fold(finished(f"m{i:02d}")) for i in range(12)]
    shown = [engine.recommend(state, nobody, Query(k=3), now=NOW) for state in states]
    assert {any(m.explored for m in answer.modules) for answer in shown} == {True, False}
    again = [engine.recommend(state, nobody, Query(k=3), now=NOW) for state in states]
    assert again == shown
