"""The answer's words and numbers, from catalogues worked by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.answer import Choice
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from recommender.ranking.gain import Dosage, GainModel, Need
from recommender.ranking.kernel_arrays import CHOICE
from recommender.ranking.value import ValueWeights
from tests.unit.ranking.compiled import gap_closed
from tests.unit.worlds import NOW, answers, finished, make_engine, plain_skills

MODULES = {
    "sums": {"skill_ids": ["s"], "duration_minutes": 40.0, "title": "Sums one"},
    "tales": {"skill_ids": ["t", "s"], "title": "Tales one"},
    "plain": {"title": "Nothing in particular"},
}
TABLES = {
    "skills": [{"skill_id": "s", "name": "Sums", "half_life_days": 30.0}, {"skill_id": "t", "name": "Tales"}],
    "items": [{"item_id": "q", "module_id": "sums", "skill_ids": ["s"]}],
    "roles": [{"role_id": "clerk", "title": "Clerk", "segment": "user", "priority": 0.5}],
    "role_skills": [
        {"role_id": "clerk", "skill_id": "s", "required_mastery": 0.9, "importance": 1.0},
        {"role_id": "clerk", "skill_id": "t", "required_mastery": 0.35, "importance": 0.5},
    ],
}
CLERK = LearnerProfile(learner_id="ada", role_id="clerk")


@pytest.fixture(scope="module")
def engine():
    return make_engine(MODULES, model=plain_skills([0.0], 2, n_roles=1), **TABLES)


def modules_of(engine, learner, profile=CLERK, **query):
    answer = engine.recommend(learner, profile, Query(**{"k": 10, **query}), now=NOW)
    return {m.module_id: m for m in answer.modules}


def reason(module, code):
    return next(r for r in module.reasons if r.code == code)


def test_a_choice_has_the_fields_of_its_record():
    assert Choice._fields == CHOICE.names


def test_outlook_on_the_skills_a_module_teaches(engine):
    sums, tales = modules_of(engine, answers("+", start=NOW))["tales"].skills[::-1]
    assert (sums.skill_id, tales.skill_id) == ("s", "t")
    assert sums.mastery == pytest.approx(2 / 3)
    assert sums.required == 0.9
    assert sums.expected_gain == pytest.approx(ValueWeights().learning_rate / 3)
    assert (tales.mastery, tales.required, tales.expected_gain) == (None, 0.35, None)


def test_outlook_without_a_role_requires_nothing(engine):
    without = modules_of(engine, answers("+", start=NOW), LearnerProfile(learner_id="ada"))
    assert {s.required for m in without.values() for s in m.skills} == {None}


def test_facts_of_the_module(engine):
    found = modules_of(engine, None)
    assert (found["sums"].title, found["sums"].duration_minutes) == ("Sums one", 40.0)
    assert (found["plain"].duration_minutes, found["plain"].skills) == (None, ())
    assert found["sums"].success_probability == pytest.approx(0.5)
    assert found["plain"].success_probability is None


def test_gap_names_the_skill_the_role_and_the_level(engine):
    unknown = reason(modules_of(engine, None)["sums"], "closes_gap")
    assert unknown.text == "It builds Sums, where the role «Clerk» asks 0.90; nothing shows your level yet."
    known = reason(modules_of(engine, answers("+", start=NOW))["sums"], "closes_gap")
    assert known.text == "It builds Sums, where the role «Clerk» asks 0.90 and you are at 0.67."


def paces(engine, rate_of):
    """Readiness an hour of Sums (40 minutes) and Tales (an hour, where nothing is said), in any unit."""
    error = float(engine.bundle.skills.mastery_.error(np.zeros(1))[0])
    need, unknown = Need.of_role(engine.catalog, 0), np.full(2, np.nan)

    def worth(skill, rate):
        return gap_closed(unknown, need, learning_rate=rate, assumed_mastery=0.5, error=error)[skill]

    sums = worth(0, rate_of["sums"]["s"]) / (40 / 60)
    return sums, worth(0, rate_of["tales"]["s"]) + worth(1, rate_of["tales"]["t"])


def gained(engine):
    """What the role of a clerk adds to the scores of somebody of whom nothing is known."""
    found = modules_of(engine, None)
    nobody = modules_of(engine, None, LearnerProfile(learner_id="ada"))
    return {m: found[m].score - nobody[m].score for m in found}


def test_gap_is_worth_what_it_closes_an_hour(engine):
    """Of an unknown skill a half is expected, and the fastest module has the whole weight."""
    rate, weight = ValueWeights().learning_rate, ValueWeights().gap
    sums, tales = paces(engine, {"sums": {"s": rate}, "tales": {"s": rate, "t": rate}})
    assert sums > tales
    found = gained(engine)
    assert found["sums"] == pytest.approx(weight)
    assert found["tales"] == pytest.approx(weight * tales / sums)
    assert found["plain"] == pytest.approx(0)


def test_what_a_module_was_seen_to_teach_counts_instead_of_what_is_declared(engine):
    """Sums by .1 on Sums; Tales by nothing on Tales and .9 on Sums."""
    gain = GainModel(
        np.array([0.1, 0.0, 0.9]), np.zeros(3), np.ones(3, np.int64), Dosage(0.2, 0.0, 1.0, 30.0)
    )
    told = Engine(replace(engine.bundle, gain=gain))
    known = answers("+", start=NOW)
    outlook = {s.skill_id: s.expected_gain for s in modules_of(told, known)["tales"].skills}
    assert outlook == {"s": pytest.approx(0.9 / 3), "t": None}
    assert modules_of(told, known)["sums"].skills[0].expected_gain == pytest.approx(0.1 / 3)
    sums, tales = paces(told, {"sums": {"s": 0.1}, "tales": {"t": 0.0, "s": 0.9}})
    assert tales > sums
    found, weight = gained(told), ValueWeights().gap
    assert found["sums"] == pytest.approx(weight * sums / tales)
    assert found["tales"] == pytest.approx(weight)


def test_review_names_what_faded_most(engine):
    practised = answers("++++", start=NOW - timedelta(days=60))
    module = modules_of(engine, practised)["tales"]
    due = reason(module, "review_due")
    lost = 5 / 6 - 1 / (1 + np.exp(-np.log(5) / 4))
    assert due.text.startswith(f"Your Sums has faded by {lost:.2f}")
    assert modules_of(engine, practised)["plain"].reasons == ()


def test_weights_are_shares_of_what_speaks_for_it():
    ranking = RankingConfig(value=ValueWeights(out_of_band=0.0))
    engine = make_engine(MODULES, model=plain_skills([0.0], 2, n_roles=1), ranking=ranking, **TABLES)
    module = modules_of(engine, None)["sums"]
    assert [r.code for r in module.reasons] == ["closes_gap", "right_difficulty"]
    # At a chance of one half the fit of the band for nobody known is exp(-logit(.55)^2 / 2).
    fits = 2 * np.exp(-0.5 * np.log(0.55 / 0.45) ** 2) - 1
    gap = module.score - fits
    assert module.reasons[0].weight == pytest.approx(gap / (gap + fits))
    assert sum(r.weight for r in module.reasons) == pytest.approx(1)


def with_views(started, *views):
    """Everything above and a module more, so that there is something to prefer to something."""
    return make_engine(MODULES | {"more": {}}, started=started, views=views, **TABLES)


def test_sequence_names_what_it_follows():
    started = [["sums", "tales"]] * 3 + [["plain", "tales"]] * 3 + [["sums", "plain"], ["more"]]
    engine = with_views(started, "transitions")
    after = modules_of(engine, finished("plain", "sums"))["tales"]
    said = "People with your history often take this next after «Sums one»."
    assert reason(after, "next_in_sequence").text == said
    # Nobody's first module follows anything, so there is nothing to name.
    assert not any(r.code == "next_in_sequence" for m in modules_of(engine, None).values() for r in m.reasons)


def test_sequence_without_a_source_names_nothing():
    """Missing prerequisites and what follows share a code; only what follows is ever said."""
    engine = with_views([["sums", "tales"]] * 3 + [["more", "plain"]], "transitions")
    found = modules_of(engine, finished("sums"))
    assert reason(found["tales"], "next_in_sequence").text.endswith("after «Sums one».")
    assert not any(r.code == "next_in_sequence" for r in found["plain"].reasons)


WORDS = {
    "knots": {"title": "Knots for sailors"},
    "ropes": {"title": "Ropes and knots"},
    "clay": {"title": "Pottery"},
    "kiln": {"title": "Firing"},
}
ASKS = [{"module_id": "kiln", "prerequisite_module_id": "clay", "strength": "soft"}]


@pytest.mark.parametrize(
    ("view", "done", "module", "said"),
    [
        ("content", ("clay", "knots"), "ropes", "It is like «Knots for sailors», which you started."),
        ("prerequisites", ("clay", "knots"), "kiln", "It builds on «Pottery», which you started."),
    ],
)
def test_a_reason_is_true_of_the_view_that_carries_it(view, done, module, said):
    """Nobody ever started these, so nothing may be said of what people take next."""
    found = modules_of(make_engine(WORDS, prerequisites=ASKS, views=(view,)), finished(*done))
    assert reason(found[module], "next_in_sequence").text == said


def test_the_view_that_says_most_words_the_reason():
    """Two of three went on from clay to ropes; that it is like knots weighs less, or more."""
    started = [["clay", "ropes"]] * 2 + [["clay", "kiln"]]
    said = {}
    for content in (0.01, 10.0):
        ranking = RankingConfig(view_weights={"transitions": 1.0, "content": content})
        views = ("transitions", "content")
        engine = make_engine(WORDS, prerequisites=ASKS, started=started, views=views, ranking=ranking)
        found = modules_of(engine, finished("clay", "knots"))
        said[content] = reason(found["ropes"], "next_in_sequence").text
    assert said == {
        0.01: "People with your history often take this next after «Pottery».",
        10.0: "It is like «Knots for sailors», which you started.",
    }


def test_without_transitions_nothing_is_said_of_sequences():
    engine = with_views([["sums", "tales"]] * 3 + [["sums", "more"]], "popularity")
    found = modules_of(engine, finished("plain"), LearnerProfile(learner_id="ada"))
    assert {r.code for m in found.values() for r in m.reasons} <= {"popular_in_role", "right_difficulty"}
    assert reason(found["sums"], "popular_in_role").text == "Many learners take it."
