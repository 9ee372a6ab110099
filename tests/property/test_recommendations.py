"""What the engine promises of any recommendation, with a skill model, views and a ranker really fitted."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from tests.property.trained_world import (
    EASIER,
    MODULES,
    TRACK,
    TWINS,
    WITHDRAWN,
    fitted,
    load_world,
    module_rows,
    prerequisite_rows,
)
from tests.unit.worlds import NOW

ROWS = {row["module_id"]: row for row in module_rows().to_dict("records")}
HARD = [row for row in prerequisite_rows().to_dict("records") if row["strength"] == "hard"]
LANGUAGES = frozenset({"en"}), frozenset({"de"}), frozenset({"en", "fr"})
FORMATS = frozenset({"video"}), frozenset({"course", "reading"})

COMPLETIONS = st.lists(
    st.tuples(
        st.sampled_from((*TRACK, *TRACK, *TWINS, *WITHDRAWN, *EASIER)),
        st.sampled_from(["completed", "completed", "started", "abandoned"]),
        st.integers(1, 400),
    ),
    max_size=12,
    unique_by=lambda row: row[0],
)
ANSWERS = st.lists(st.tuples(st.integers(0, 47), st.booleans(), st.integers(1, 400)), max_size=12)
HISTORIES = st.tuples(COMPLETIONS, ANSWERS)
PROFILES = st.builds(
    LearnerProfile,
    learner_id=st.just("ada"),
    role_id=st.sampled_from([None, "analyst", "manager"]),
    segment=st.sampled_from([None, "user", "leader"]),
    language=st.sampled_from([None, "en", "de"]),
)
QUERIES = st.builds(
    Query,
    k=st.integers(1, 12) | st.just(100),
    target_role_id=st.sampled_from([None, "analyst", "manager"]),
    minutes=st.sampled_from([None, None, 40.0, 90.0]),
    formats=st.sampled_from([frozenset(), frozenset(), *FORMATS]),
    languages=st.sampled_from([frozenset(), frozenset(), *LANGUAGES]),
    challenge=st.sampled_from(["easier", "balanced", "harder"]),
    exclude=st.frozensets(st.sampled_from(MODULES), max_size=3),
    scenario=st.sampled_from(["next", "review", "explore"]),
)
ASKED = {"history": HISTORIES, "profile": PROFILES, "query": QUERIES}
DRAWN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return load_world(tmp_path_factory.mktemp("world") / "made")


@pytest.fixture(scope="module")
def engine(world) -> Engine:
    engine = fitted(world)
    assert engine.bundle.ranker.n_trees > 0, "a ranker that learned nothing shows nothing"
    return engine


@pytest.fixture(scope="module")
def reordered(world, engine) -> list[Engine]:
    """The same world, its modules in other orders; all is fitted anew but the ranker, which names none."""
    orders = [np.arange(len(MODULES))[::-1], np.random.default_rng(2).permutation(len(MODULES))]
    return [fitted(world, order, engine.bundle.ranker) for order in orders]


def events_of(history, learner_id="ada"):
    completions, given_answers = history
    events = [
        Completion(
            event_id=f"{learner_id}-c-{module_id}",
            learner_id=learner_id,
            module_id=module_id,
            status=status,
            occurred_at=NOW - timedelta(days=days),
        )
        for module_id, status, days in completions
    ]
    return events + [
        Attempt(
            event_id=f"{learner_id}-a-{n}",
            learner_id=learner_id,
            item_id=f"q{item:02d}",
            score=float(passed),
            passed=passed,
            occurred_at=NOW - timedelta(days=days),
        )
        for n, (item, passed, days) in enumerate(given_answers)
    ]


def ask(engine, history, profile, query):
    return engine.recommend(events_of(history), profile, query, now=NOW)


def ids(answer):
    return [module.module_id for module in answer.modules]


def completed(history):
    return {module_id for module_id, status, _ in history[0] if status == "completed"}


def speaks(offered, wanted):
    """Whether a module's language is one of those wanted, or a region of it."""
    return any(offered == one or offered.startswith(f"{one}-") for one in wanted)


def eligible(engine, history, profile, query):
    """The rules as the interface words them, over the tables, one module at a time."""
    done, state = completed(history), engine.fold(events_of(history))
    mastery = {skill.skill_id: skill.mastery for skill in engine.mastery(state, profile, now=NOW)}
    wanted = query.languages or ({profile.language} if profile.language else set())
    found = set()
    for module_id, row in ROWS.items():
        minutes, language = row["duration_minutes"], row["language"]
        needs = [row for row in HARD if row["module_id"] == module_id]
        if (
            module_id not in WITHDRAWN
            and module_id not in query.exclude
            and (module_id not in done or query.scenario == "review")
            and not (query.minutes and minutes > query.minutes)  # an unknown duration is more than nothing
            and not (query.formats and row["format"] not in query.formats)
            and not (wanted and isinstance(language, str) and not speaks(language, wanted))
            and all(
                need["prerequisite_module_id"] in done
                if isinstance(need["prerequisite_module_id"], str)
                else mastery.get(need["prerequisite_skill_id"], -1.0) >= need["required_mastery"]
                for need in needs
            )
        ):
            found.add(module_id)
    return found


@settings(DRAWN, max_examples=150)
@given(**ASKED)
def test_what_is_shown_is_eligible_and_what_is_eligible_is_shown(engine, history, profile, query):
    answer = ask(engine, history, profile, query)
    shown, allowed = ids(answer), eligible(engine, history, profile, query)
    assert len(set(shown)) == len(shown) == min(query.k, len(allowed))
    assert set(shown) <= allowed
    assert [module.rank for module in answer.modules] == list(range(1, len(shown) + 1))
    assert bool(answer.empty_because) == (not shown)
    assert all(np.isfinite(module.score) for module in answer.modules)


@DRAWN
@given(**ASKED)
def test_a_shorter_list_begins_the_longer_one(engine, history, profile, query):
    whole = ask(engine, history, profile, Query(**fields(query), k=100))
    assert ask(engine, history, profile, query).modules == whole.modules[: query.k]


def fields(query):
    return {name: getattr(query, name) for name in query.__slots__ if name != "k"}


@DRAWN
@given(**ASKED, shuffle=st.randoms())
def test_the_same_question_has_the_same_answer(engine, history, profile, query, shuffle):
    events = events_of(history)
    state = engine.fold(events)
    before = state.to_bytes()
    answer = engine.recommend(state, profile, query, now=NOW)
    assert engine.recommend(state, profile, query, now=NOW) == answer
    assert state.to_bytes() == before
    shuffle.shuffle(events)
    assert engine.recommend(events, profile, query, now=NOW) == answer


@DRAWN
@given(**ASKED)
def test_a_bundle_read_back_gives_the_same_answer(engine, read_back, history, profile, query):
    answer, again = (ask(each, history, profile, query) for each in (engine, read_back))
    assert again.modules == answer.modules
    assert again.empty_because == answer.empty_because


@pytest.fixture(scope="module")
def read_back(engine, tmp_path_factory) -> Engine:
    path = engine.bundle.write(tmp_path_factory.mktemp("bundle") / "made").path
    return Engine(ModelBundle.open(path))


@DRAWN
@given(**ASKED)
def test_the_order_of_the_catalogue_changes_nothing(engine, reordered, history, profile, query):
    answer = ask(engine, history, profile, query)
    for other in reordered:
        again = ask(other, history, profile, query)
        assert ids(again) == ids(answer)
        for one, two in zip(answer.modules, again.modules, strict=True):
            assert two.score == pytest.approx(one.score, abs=1e-9)
            assert two.success_probability == pytest.approx(one.success_probability, abs=1e-9)
            assert [reason.code for reason in two.reasons] == [reason.code for reason in one.reasons]
            assert (two.adjustment, two.prerequisites_met) == (one.adjustment, one.prerequisites_met)
        assert {removal.rule: removal.removed for removal in again.empty_because} == {
            removal.rule: removal.removed for removal in answer.empty_because
        }


def test_the_order_of_the_catalogue_changes_no_fit(world, engine):
    again = fitted(world, np.arange(len(MODULES))[::-1])
    for name, array in engine.bundle.ranker.arrays().items():
        np.testing.assert_array_equal(again.bundle.ranker.arrays()[name], array, name)


@DRAWN
@given(**ASKED)
def test_ties_are_in_the_order_of_ids(engine, reordered, history, profile, query):
    for each in (engine, *reordered):
        answer = ask(each, history, profile, query)
        for one, two in zip(answer.modules, answer.modules[1:], strict=False):
            assert (-round(one.score, 9), one.module_id) < (-round(two.score, 9), two.module_id)


@pytest.mark.parametrize("done", [[], ["m00"], ["m16", "m17"], ["m09", "m10", "m11"]])
def test_modules_that_nothing_tells_apart_tie(engine, reordered, done):
    history = [(module_id, "completed", 50 - n) for n, module_id in enumerate(done)], []
    for each in (engine, *reordered):
        answer = ask(each, history, LearnerProfile(learner_id="ada"), Query(k=100))
        twins = [module for module in answer.modules if module.module_id in TWINS]
        assert len({round(module.score, 9) for module in twins}) == 1
        assert [module.module_id for module in twins] == sorted(TWINS)


@DRAWN
@given(**ASKED, other=HISTORIES, of_other=PROFILES, question=QUERIES)
def test_somebody_else_changes_nothing(engine, history, profile, query, other, of_other, question):
    """Folding somebody else's events between one's own, and asking for them in between, changes no answer."""
    ours, theirs = events_of(history), events_of(other, "bob")
    states = {"ada": engine.fold([]), "bob": engine.fold([])}
    for event in sorted(ours + theirs, key=lambda event: (event.occurred_at, event.event_id)):
        engine.update(states[event.learner_id], event)
        engine.recommend(states["bob"], of_other, question, now=NOW)
    assert engine.recommend(states["ada"], profile, query, now=NOW) == ask(engine, history, profile, query)
