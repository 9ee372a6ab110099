"""Reasons are true: a score falls when what the first reason names is taken away from the learner."""

import itertools

import numpy as np
import pytest

from recommender.domain.recommendation import Reason
from recommender.engine import Engine
from recommender.ranking.messages import MESSAGES_EN
from tests.benchmarks.reasons import find_cases, questions
from tests.model.reasons import Evidence, said
from tests.property.trained_world import fitted, load_world

N_CASES = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return load_world(tmp_path_factory.mktemp("world") / "made")


@pytest.fixture(scope="module")
def engine(world) -> Engine:
    return fitted(world)


def cases_of(engine, world, *, roles):
    rng = np.random.default_rng(0)
    return find_cases(engine, questions(world, 5, rng, roles=roles), N_CASES, rng)


@pytest.mark.parametrize("roles", [True, False])
def test_a_score_falls_without_what_its_first_reason_names(engine, world, roles):
    """With roles most modules close a gap; without, what people take and what suits decides."""
    cases, _ = cases_of(engine, world, roles=roles)
    assert len(cases) == N_CASES
    wrong = [case for case in cases if not case.fell]
    assert len(wrong) <= 0.05 * N_CASES, wrong
    codes = {case.code for case in cases}
    assert codes >= ({"closes_gap"} if roles else {"next_in_sequence", "right_difficulty"})


def test_the_same_cases_are_found_again(engine, world):
    assert cases_of(engine, world, roles=False) == cases_of(engine, world, roles=False)


def test_every_sentence_is_recognised():
    values = {"required": 0.8, "mastery": 0.4, "faded": 0.2, "success": 0.8, "low": 0.7, "high": 0.85}
    values |= {"before": 0.4, "after": 0.75, "n_unlocked": 3, "side": "above"}
    for name, message in MESSAGES_EN.items():
        words = {place: f"<{place}>" for place in ("role", "skill", "title")}
        words["after"] = "<after>" if name.startswith("next_in_sequence") else 0.75
        found, _ = said(message.format(**{**values, **words}))
        assert found == name


def test_what_names_nothing_of_the_learner_takes_nothing_away(engine, world):
    question = next(questions(world, 5, np.random.default_rng(0), roles=True))
    evidence = Evidence(engine)
    for code in ("popular_in_role.general", "right_difficulty.general", "unlocks.general"):
        reason = Reason(code.partition(".")[0], MESSAGES_EN[code], 1.0)
        assert evidence.without(reason, "m00", question) is None


def test_what_is_named_is_taken_away_and_nothing_else(engine, world):
    asked = itertools.islice(questions(world, 5, np.random.default_rng(0), roles=True), 20)
    question = next(q for q in asked if sum(hasattr(e, "status") for e in q.events) >= 3)
    started = [event.module_id for event in question.events if hasattr(event, "status")]
    title = engine.catalog.titles[engine.catalog.module_index[started[1]]]
    evidence, text = Evidence(engine), MESSAGES_EN["next_in_sequence"]
    reason = Reason("next_in_sequence", text.format(after=title), 1.0)
    left = evidence.without(reason, "m00", question)
    assert [e for e in question.events if e not in left.events] == [
        e for e in question.events if hasattr(e, "status") and e.module_id == started[1]
    ]
    assert (left.profile, left.query, left.now) == (question.profile, question.query, question.now)
