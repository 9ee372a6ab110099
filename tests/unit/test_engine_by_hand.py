"""What the engine answers exactly, on catalogues small enough to work by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.domain.events import SelfAssessment
from recommender.domain.recommendation import Query
from recommender.embeddings import History
from recommender.ranking.config import RankingConfig
from recommender.ranking.difficulty import BandConfig, Recent, band_for
from recommender.ranking.value import ValueWeights
from recommender.skills.state import LearnerState
from tests.unit.ranking.compiled import fit
from tests.unit.worlds import NOW, answers, finished, make_engine, plain_skills

WEIGHTS = ValueWeights()


def ids(answer):
    return [m.module_id for m in answer.modules]


def preferred_by(engine, history):
    floor, everything = engine.bundle.ranking.value.uniform_floor, np.ones(engine.catalog.n_modules, bool)
    return engine.bundle.preferences.prefer(history, everything, floor).mix


def ask(engine, learner=None, profile=None, **query):
    return engine.recommend(learner, profile, Query(**{"k": 100, **query}), now=NOW)


# A ladder of declared difficulty, no views, no attempts to train on

LADDER = {f"d{d:02d}": {"difficulty": d / 100} for d in (2, 10, 20, 28, 40, 60, 90)}


@pytest.fixture(scope="module")
def ladder():
    return make_engine(LADDER)


def test_score_is_what_the_terms_say(ladder):
    """Without views, roles and prerequisites only the fit of difficulty is left."""
    answer = ask(ladder)
    band = band_for("balanced", Recent(), BandConfig())
    for module in answer.modules:
        assert module.success_probability == pytest.approx(1 - module.difficulty)
        fits = fit(np.array([module.success_probability]), band)[0]
        expected = WEIGHTS.difficulty * (2 * fits - 1) - WEIGHTS.out_of_band * (fits < 1)
        assert module.score == pytest.approx(expected)
    assert set(ids(answer)[:2]) == {"d20", "d28"}
    assert len(answer.modules) == 7


def test_fit_is_said_in_words(ladder):
    words = {m.module_id: m.difficulty_fit for m in ask(ladder).modules}
    assert words == {
        "d02": "review",
        "d10": "review",
        "d20": "on_level",
        "d28": "on_level",
        "d40": "on_level",
        "d60": "stretch",
        "d90": "stretch",
    }


def mean_chance(engine, text, k=3, **query):
    return np.mean([m.success_probability for m in ask(engine, answers(text), k=k, **query).modules])


@pytest.mark.parametrize("before", ["", "+", "++++", "+-+", "----"])
def test_after_three_failures_it_is_not_harder(ladder, before):
    assert mean_chance(ladder, before + "---") >= mean_chance(ladder, before)
    assert mean_chance(ladder, before + "+++") <= mean_chance(ladder, before)


def test_failures_do_make_it_easier_and_passes_harder(ladder):
    assert mean_chance(ladder, "---", k=2) > mean_chance(ladder, "", k=2)
    assert mean_chance(ladder, "++++++", k=2) < mean_chance(ladder, "------", k=2)


def test_what_is_asked_for_shifts_the_ladder(ladder):
    easier, balanced, harder = (
        mean_chance(ladder, "", k=2, challenge=c) for c in ("easier", "balanced", "harder")
    )
    assert easier > balanced > harder


def test_views_add_the_log_of_what_is_preferred():
    started = [["d20"]] * 6 + [["d28", "d20"]] * 2 + [["d40"]]
    engine = make_engine(LADDER, started=started, views=["popularity"])
    preferred = dict(zip(engine.catalog.module_ids, preferred_by(engine, History.empty()), strict=True))
    plain = {m.module_id: m.score for m in ask(make_engine(LADDER)).modules}
    answer = ask(engine)
    for module in answer.modules:
        liked = np.log(preferred[module.module_id] * len(LADDER))
        assert module.score == pytest.approx(plain[module.module_id] + liked)
    assert answer.modules[0].module_id == "d20"
    assert [r.code for r in answer.modules[0].reasons] == ["popular_in_role", "right_difficulty"]


def test_explore_spreads_what_is_preferred():
    """Half of the preference is given to all alike: favourites lose, and order changes."""
    favourite = {"a": {"difficulty": 0.7}, "b": {"difficulty": 0.33}, "c": {"difficulty": 0.33}}
    started = [["a"]] * 30 + [["b"]] * 10 + [["c"]] * 2
    ranking = RankingConfig(value=ValueWeights(out_of_band=0.0))
    engine = make_engine(favourite, started=started, views=["popularity"], ranking=ranking)
    following, exploring = (ask(engine, scenario=s) for s in ("next", "explore"))
    scores = [{m.module_id: m.score for m in a.modules} for a in (following, exploring)]
    assert scores[1]["c"] > scores[0]["c"]
    assert scores[1]["a"] < scores[0]["a"]
    assert ids(following) != ids(exploring)


def test_easier_variant_takes_the_place():
    variants = {
        "hard": {"difficulty": 0.6},
        "mild": {"difficulty": 0.22, "variant_of": "hard"},
        "other": {"difficulty": 0.2},
    }
    engine = make_engine(variants, started=[["hard"]] * 40 + [["other"]], views=["popularity"])
    module = ask(engine, k=1).modules[0]
    assert (module.module_id, module.rank) == ("mild", 1)
    assert (module.adjustment.from_module_id, module.adjustment.direction) == ("hard", "easier")
    assert "40%" in module.adjustment.why
    assert "78%" in module.adjustment.why
    scores = {m.module_id: m.score for m in ask(engine, exclude=frozenset({"other"})).modules}
    assert module.module_id in scores


def test_harder_variant_takes_the_place():
    variants = {"basic": {"difficulty": 0.01}, "deep": {"difficulty": 0.25, "variant_of": "basic"}}
    engine = make_engine(variants, started=[["basic"]] * 40, views=["popularity"])
    adjustment = ask(engine, k=1).modules[0].adjustment
    assert (adjustment.from_module_id, adjustment.direction) == ("basic", "harder")


def test_ties_go_by_id_not_by_place():
    equal = {m: {"difficulty": 0.2} for m in ("m3", "m1", "m2")}
    assert ids(ask(make_engine(equal))) == ["m1", "m2", "m3"]


def test_nothing_known_of_difficulty_is_said_so():
    answer = ask(make_engine({"a": {}, "b": {}}), [*finished("a"), *answers("---")])
    assert ids(answer) == ["b"]
    module = answer.modules[0]
    assert (module.success_probability, module.difficulty, module.difficulty_fit) == (None, None, None)
    assert (module.duration_minutes, module.skills, module.reasons) == (None, (), ())
    assert module.score == -WEIGHTS.out_of_band / 2


def test_an_empty_catalogue_has_an_empty_answer():
    answer = ask(make_engine({}), answers("+"))
    assert (answer.modules, answer.empty_because) == ((), ())


def test_unlocking_counts():
    rows = [{"module_id": m, "prerequisite_module_id": "base"} for m in ("x", "y", "z")]
    modules = {m: {"difficulty": 0.2} for m in ("adrift", "base", "x", "y", "z")}
    answer = ask(make_engine(modules, prerequisites=rows))
    assert ids(answer) == ["base", "adrift"]
    assert answer.modules[0].score - answer.modules[1].score == pytest.approx(WEIGHTS.unlocking * np.log(4))
    assert [r.code for r in answer.modules[0].reasons] == ["right_difficulty", "unlocks"]
    assert ids(ask(make_engine(modules, prerequisites=rows), finished("base"))) == ["adrift", "x", "y", "z"]


def test_soft_prerequisites_cost_but_do_not_forbid():
    soft = [{"module_id": "b", "prerequisite_module_id": "a", "strength": "soft"}]
    engine = make_engine({"b": {"difficulty": 0.2}, "a": {"difficulty": 0.2}}, prerequisites=soft)
    before = ask(engine)
    assert ids(before) == ["a", "b"]
    assert [m.prerequisites_met for m in before.modules] == [True, False]
    assert before.modules[0].score - before.modules[1].score == pytest.approx(WEIGHTS.readiness)
    assert [m.prerequisites_met for m in ask(engine, finished("a")).modules] == [True]


# With a skill model

SKILLED = {
    "easy": {"skill_ids": ["s"], "difficulty": 0.5},
    "tough": {"skill_ids": ["s"]},
    "foreign": {"difficulty": 0.3},
}
ITEMS = [
    {"item_id": "q-easy", "module_id": "easy", "skill_ids": ["s"]},
    {"item_id": "q-tough", "module_id": "tough", "skill_ids": ["s"]},
]
SKILLS = [{"skill_id": "s", "name": "Sums", "half_life_days": 30.0}, {"skill_id": "t", "name": "Tales"}]


@pytest.fixture(scope="module")
def skilled():
    return make_engine(SKILLED, model=plain_skills([-1.0, 1.0], 2), items=ITEMS, skills=SKILLS)


def chances(answer):
    return {m.module_id: m.success_probability for m in answer.modules}


def test_chance_of_success_is_the_typical_items(skilled):
    cold = chances(ask(skilled))
    assert cold["easy"] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert cold["tough"] == pytest.approx(1 / (1 + np.exp(1.0)))
    # No attempt tells of it: what is declared.
    assert cold["foreign"] == pytest.approx(0.7)
    practised = chances(ask(skilled, answers("++-", "q-easy")))
    # Two passes, the last almost five of thirty days ago, and a failure, which does not fade.
    gained = np.log(3) * 2 ** (-(5 - 1 / 1440) / 30) - np.log(2)
    assert practised["easy"] == pytest.approx(1 / (1 + np.exp(-1.0 - gained)))
    assert practised["foreign"] == pytest.approx(0.7)


def test_difficulty_is_declared_else_observed(skilled):
    assert {m.module_id: m.difficulty for m in ask(skilled).modules} == {
        "easy": 0.5,
        "tough": pytest.approx(1 / (1 + np.exp(-1.0))),
        "foreign": 0.3,
    }


def test_mastery_of_what_was_attempted(skilled):
    events = [*answers("++-", "q-easy"), *answers("+", "other", skill_ids=("t",))]
    got = skilled.mastery(skilled.fold(events), now=NOW)
    assert [s.skill_id for s in got] == ["s", "t"]
    sums, tales = got
    assert (sums.name, sums.n_attempts, tales.n_attempts) == ("Sums", 3, 1)
    assert sums.last_practised_at == NOW - timedelta(days=5) + timedelta(minutes=2)
    assert tales.mastery == pytest.approx(2 / 3)  # log 2 of evidence, nothing fades
    assert sums.interval[0] < sums.mastery < sums.interval[1]
    assert skilled.mastery(LearnerState(skilled.difficulty_id), now=NOW) == ()


def test_a_self_assessment_alone_is_no_mastery(skilled):
    said = SelfAssessment(event_id="e", learner_id="ada", skill_id="s", level=0.9, occurred_at=NOW)
    state = skilled.fold([said])
    assert skilled.mastery(state, now=NOW) == ()
    assert ask(skilled, state).fallback is None


@pytest.mark.parametrize(
    ("text", "trend"),
    [("+" * 6 + "-" * 4, "falling"), ("-" * 6 + "+" * 4, "rising"), ("+" * 8, "steady"), ("+", "steady")],
)
def test_trend(skilled, text, trend):
    assert skilled.mastery(skilled.fold(answers(text, "q-easy")), now=NOW)[0].trend == trend


def test_practice_without_a_clock_has_no_last_time(skilled):
    timeless = [replace(a, occurred_at=None) for a in answers("++", "q-easy")]
    assert skilled.mastery(skilled.fold(timeless), now=NOW)[0].last_practised_at is None


def test_without_a_skill_model_there_is_no_mastery(ladder):
    assert ladder.mastery(ladder.fold(answers("+++")), now=NOW) == ()
    assert ladder.manifest == {"id": "made"}


def test_without_views_no_reason_claims_what_others_do(skilled):
    codes = {r.code for m in ask(skilled, answers("++-", "q-easy")).modules for r in m.reasons}
    assert codes
    assert codes <= {"right_difficulty", "closes_gap", "unlocks", "review_due"}


def test_what_fades_comes_up_for_review(skilled):
    """Ninety days are three half-lives of Sums; the modules that teach it gain, the other does not."""
    old, new = (answers("++++", "q-easy", NOW - timedelta(days=d)) for d in (90, 0))
    faded, fresh = (ask(skilled, events) for events in (old, new))
    due = {m.module_id for m in faded.modules for r in m.reasons if r.code == "review_due"}
    assert due == {"easy", "tough"}
    assert not any(r.code == "review_due" for m in fresh.modules for r in m.reasons)
    gained = {m.module_id: m.score for m in faded.modules}
    before = {m.module_id: m.score for m in fresh.modules}
    lost = 5 / 6 - 1 / (1 + np.exp(-np.log(5) / 8))
    # What fades is also harder to pass, so how it fits the band changes too.
    band = band_for("balanced", Recent(1.0, 4), BandConfig())
    chance = np.array([chances(answer)["easy"] for answer in (faded, fresh)])
    fits = fit(chance, band)
    fitting = -np.diff(2 * fits * WEIGHTS.difficulty - WEIGHTS.out_of_band * (fits < 1))[0]
    assert gained["easy"] - before["easy"] == pytest.approx(WEIGHTS.review * lost + fitting, abs=1e-3)
    assert gained["foreign"] == pytest.approx(before["foreign"])


def test_view_weights_decide():
    """A view of no weight has no say."""
    started = [["b", "a"], ["b", "a"], ["b"], ["c"]]
    mixed = {m: {"difficulty": 0.2} for m in "abc"}
    by_weight = {
        name: ids(
            ask(
                make_engine(
                    mixed,
                    started=started,
                    views=["popularity", "transitions"],
                    ranking=RankingConfig(view_weights={name: 1.0}),
                ),
                finished("b", status="started"),
            )
        )[0]
        for name in ("popularity", "transitions")
    }
    assert by_weight == {"popularity": "b", "transitions": "a"}
