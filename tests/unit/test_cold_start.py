"""Where a list comes from when little is known: role, segment, what one says, what is taken lately."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.domain.events import SelfAssessment
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.embeddings import build_interactions
from recommender.embeddings.popularity import Popularity, PopularityConfig
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from tests.unit.worlds import NOW, answers, make_engine, plain_skills

DAY = 86_400.0


def ask(engine, learner=None, **place):
    return engine.recommend(learner, LearnerProfile(learner_id="ada", **place), Query(k=100), now=NOW)


def ids(answer):
    return [m.module_id for m in answer.modules]


def scores(answer):
    return {m.module_id: m.score for m in answer.modules}


# What people take: by role, by segment, by all, lately

CRAFTS = ("bake", "cook", "brew", "saw")
ROLES = [
    {"role_id": "baker", "title": "Baker", "segment": "builder", "priority": 0.5},
    {"role_id": "brewer", "title": "Brewer", "segment": "builder", "priority": 0.5},
    {"role_id": "clerk", "title": "Clerk", "segment": "user", "priority": 0.5},
    {"role_id": "apprentice", "title": "Apprentice", "segment": "builder", "priority": 0.5},
]
SLICES = {
    "role_popularity": PopularityConfig(slice="role"),
    "segment_popularity": PopularityConfig(slice="segment"),
    "recent_popularity": PopularityConfig(half_life_days=30.0),
    "popularity": PopularityConfig(),
}


@pytest.fixture(scope="module")
def crafts():
    """Forty bakers bake, thirty brewers brew, sixty clerks saw and, the last twenty of them, cook."""
    engine = make_engine({m: {} for m in CRAFTS}, roles=ROLES)
    people = [40, 30, 60]
    role, module, at = np.repeat([0, 1, 2], people), np.repeat([0, 2, 3], people), np.zeros(130)
    module[110:], at[110:] = 1, 200 * DAY
    rows = build_interactions(
        np.arange(130), module, at,
        n_learners=130, role=role, segment=np.array([1, 1, 0])[role], n_modules=4,
    )  # fmt: skip
    views = {name: Popularity(config).fit(rows, engine.catalog, seed=0) for name, config in SLICES.items()}
    return Engine(replace(engine.bundle, views=views))


def only(engine, *views):
    weights = {name: float(name in views) for name in engine.bundle.views}
    return Engine(replace(engine.bundle, ranking=RankingConfig(view_weights=weights)))


def test_a_role_is_offered_what_its_people_take(crafts):
    assert [ids(ask(crafts, role_id=r))[0] for r in ("baker", "brewer", "clerk")] == ["bake", "brew", "saw"]
    assert {ask(crafts, role_id=r).fallback for r in ("baker", "unheard-of", None)} == {"cold_start"}
    said = ask(only(crafts, "role_popularity"), role_id="brewer").modules[0].reasons[0].text
    assert said == "Many people in the role «Brewer» take it."


def test_a_segment_alone_is_offered_what_it_takes(crafts):
    by_segment = only(crafts, "segment_popularity")
    assert ids(ask(by_segment, segment="builder"))[:2] == ["bake", "brew"]
    assert set(ids(ask(by_segment, segment="user"))[:2]) == {"saw", "cook"}


def test_a_role_brings_its_segment_and_one_s_own_segment_wins(crafts):
    by_segment = only(crafts, "segment_popularity")
    assert scores(ask(by_segment, role_id="baker")) == scores(ask(by_segment, segment="builder"))
    assert scores(ask(by_segment, role_id="baker", segment="user")) == scores(ask(by_segment, segment="user"))


def test_an_unknown_role_falls_to_the_segment_and_then_to_all(crafts):
    builder, nobody = scores(ask(crafts, segment="builder")), scores(ask(crafts))
    assert scores(ask(crafts, role_id="unheard-of", segment="builder")) == builder != nobody
    assert scores(ask(crafts, role_id="unheard-of", segment="nobles")) == nobody


def test_a_known_role_that_nobody_has_falls_to_its_segment(crafts):
    assert scores(ask(crafts, role_id="apprentice")) == scores(ask(crafts, segment="builder"))
    texts = {r.text for m in ask(crafts, role_id="apprentice").modules for r in m.reasons}
    assert not any("Apprentice" in text for text in texts)


def test_what_is_taken_lately_comes_first(crafts):
    assert ids(ask(only(crafts, "recent_popularity")))[0] == "cook"
    assert ids(ask(only(crafts, "popularity")))[-1] == "cook"


def test_on_trained_data_too(tiny_engine):
    none = scores(ask(tiny_engine))
    assert scores(ask(tiny_engine, role_id="unheard-of")) == none
    # The roles of the training data tell their people's segments.
    leader = scores(ask(tiny_engine, segment="leader"))
    assert scores(ask(tiny_engine, role_id="unheard-of", segment="leader")) == leader != none


# What is known of skills: by what one says, by answers alone

MODULES = {"sums": {"skill_ids": ["s"]}, "tales": {"skill_ids": ["t"]}, "plain": {}}
NEEDS = {
    "skills": [{"skill_id": "s", "name": "Sums"}, {"skill_id": "t", "name": "Tales"}],
    "items": [
        {"item_id": "q", "module_id": "sums", "skill_ids": ["s"]},
        {"item_id": "r", "module_id": "tales", "skill_ids": ["t"]},
    ],
    "roles": [{"role_id": "clerk", "title": "Clerk", "segment": "user", "priority": 1.0}],
    "role_skills": [
        {"role_id": "clerk", "skill_id": skill, "required_mastery": 0.9, "importance": 1.0} for skill in "st"
    ],
}


def skilled(said_weight, **ranking):
    """An engine whose skill model gives one's own word so much weight."""
    model = plain_skills([0.0, 0.0], 2, n_roles=1)
    model.mastery_.weight_[2] = said_weight
    return make_engine(MODULES, model=model, ranking=RankingConfig(**ranking), **NEEDS)


def says(skill_id, level):
    return SelfAssessment(
        event_id=f"said-{skill_id}", learner_id="ada", skill_id=skill_id, level=level, occurred_at=NOW
    )


def no_difficulty():
    value = RankingConfig().value
    return {"value": value.model_copy(update={"difficulty": 0.0, "out_of_band": 0.0})}


def test_declared_skills_point_to_what_is_missing():
    engine = skilled(3.0, **no_difficulty())
    for strong, weak in (("s", "t"), ("t", "s")):
        answer = ask(engine, [says(strong, 1.0), says(weak, 0.0)], role_id="clerk")
        first = {"s": "sums", "t": "tales"}
        assert ids(answer) == [first[weak], first[strong], "plain"]
        assert answer.fallback is None


def test_the_more_one_says_the_less_is_missing():
    engine = skilled(3.0, **no_difficulty())
    missing = [
        scores(ask(engine, [says("s", level)], role_id="clerk"))["sums"] for level in (0.0, 0.3, 0.6, 1.0)
    ]
    assert missing == sorted(missing, reverse=True)
    assert missing[0] > missing[-1] + 0.5
    silent, usual = (
        scores(ask(engine, events, role_id="clerk"))["sums"]
        for events in (None, [says("s", float(engine.bundle.skills.mastery_.pass_rate_[0]))])
    )
    assert usual == pytest.approx(silent)


def test_declared_skills_raise_the_chance_of_passing():
    engine = skilled(3.0)
    low, high = (
        {m.module_id: m.success_probability for m in ask(engine, [says("s", level)]).modules}
        for level in (0.0, 1.0)
    )
    assert low["sums"] < high["sums"]
    assert low["tales"] == pytest.approx(high["tales"])


def test_what_one_says_is_no_mastery_and_opens_nothing():
    """A hard prerequisite asks for mastery that was shown."""
    engine = skilled(30.0)
    rule = {"module_id": ["plain"], "prerequisite_skill_id": ["s"], "required_mastery": [0.5]}
    rules = pa.table({**rule, "strength": ["hard"]})
    strict = engine.with_catalog(Catalog.from_tables({**engine.catalog.tables, "prerequisites": rules}))
    assert "plain" in ids(ask(strict, answers("++++", "q")))
    answer = ask(strict, [says("s", 1.0)], role_id="clerk")
    assert "plain" not in ids(answer)
    assert strict.mastery(strict.fold([says("s", 1.0)]), now=NOW) == ()
    assert {s.mastery for m in answer.modules for s in m.skills} == {None}


def test_words_that_the_model_found_worthless_count_for_nothing():
    engine = skilled(0.0)
    assert scores(ask(engine, [says("s", 1.0)], role_id="clerk")) == scores(ask(engine, role_id="clerk"))


def test_answers_without_a_start_are_enough(tiny_engine):
    able, unable = ("++++", "----")
    lists = {text: ask(tiny_engine, answers(text, "q00"), role_id="analyst") for text in (able, unable)}
    assert {answer.fallback for answer in lists.values()} == {None}
    by_id = {text: {m.module_id: m for m in answer.modules} for text, answer in lists.items()}
    for module in ("m00", "m01", "m02"):
        assert by_id[able][module].success_probability > by_id[unable][module].success_probability
        assert by_id[able][module].skills[0].mastery > by_id[unable][module].skills[0].mastery
    assert ids(lists[able]) != ids(lists[unable])
    # Views have no history to go by: what people start lately and in this role decides among equals.
    state = tiny_engine.fold(answers(able, "q00"))
    assert len(tiny_engine.history(state, LearnerProfile(learner_id="ada")).modules) == 0


def test_answers_move_gaps_where_nobody_has_started_anything():
    engine = skilled(0.0, **no_difficulty())
    answer = ask(engine, [*answers("++++++", "q"), *answers("------", "r")], role_id="clerk")
    assert ids(answer)[0] == "tales"
    said = answer.modules[0].reasons[0].text
    assert said.startswith("It builds Tales, where the role «Clerk» asks 0.90 and you are at 0.1")
