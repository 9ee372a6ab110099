"""The engine on a trained bundle: what it may never do, and what evidence and wishes change."""

import json
import random
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.blocks.kernel import recommend
from recommender.domain.events import to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.embeddings.together_kernel import lead, score_views
from recommender.engine import Engine
from recommender.errors import BundleError, UnknownIdError
from recommender.skills.kernel import fold_rows
from recommender.skills.state import LateEventError, LearnerState
from tests.unit.worlds import NOW, answers, finished

TINY = [f"m{i:02d}" for i in range(12)] + ["m03-easy", "m99-old"]
# On the tiny data the fourth module of each topic needs the third.
HARD = {"m03": "m02", "m07": "m06", "m11": "m10"}


def ids(answer):
    return [m.module_id for m in answer.modules]


def ask(engine, learner=None, profile=None, **query):
    return engine.recommend(learner, profile, Query(**{"k": 100, **query}), now=NOW)


def profile(**fields):
    return LearnerProfile(learner_id="ada", **fields)


# On a trained bundle


def test_cold_start(tiny_engine):
    answer = ask(tiny_engine, None, profile(role_id="analyst"), k=5)
    assert answer.fallback == "cold_start"
    assert len(answer.modules) == 5
    assert answer.empty_because == ()
    assert (answer.learner_id, answer.generated_at, answer.bundle_id) == ("ada", NOW, tiny_engine.bundle_id)
    nothing = LearnerState(tiny_engine.difficulty_id)
    for learner in ([], iter(()), nothing):
        assert ask(tiny_engine, learner, profile(role_id="analyst"), k=5) == answer
    assert all(s.mastery is None for m in answer.modules for s in m.skills)


def test_one_event_ends_the_cold_start(tiny_engine):
    assert ask(tiny_engine, finished("m00")).fallback is None


def test_role_decides_where_a_cold_start_begins(tiny_engine):
    analyst, manager = (ask(tiny_engine, None, profile(role_id=r)) for r in ("analyst", "manager"))
    assert ids(analyst) != ids(manager)
    # In the data managers begin with Python and analysts with the other topics.
    first = [next(m for m in answer.modules if m.module_id == "m00") for answer in (analyst, manager)]
    assert "Many people in the role «Manager» take it." in [r.text for r in first[1].reasons]
    assert "Many people in the role «Analyst» take it." not in [r.text for r in first[0].reasons]


def test_events_and_their_state_are_the_same_learner(tiny_engine):
    events = [*finished("m00", "m01"), *answers("+-+", "q00"), *answers("--", "q03")]
    shuffled = random.Random(1).sample(events, len(events))
    expected = ask(tiny_engine, tiny_engine.fold(events))
    assert ask(tiny_engine, events) == ask(tiny_engine, iter(shuffled)) == expected


def test_the_same_question_has_the_same_answer(tiny_engine, tiny_bundle):
    state = tiny_engine.fold([*finished("m00", "m01"), *answers("+-+", "q00")])
    before = state.to_bytes()
    answer = ask(tiny_engine, state)
    assert ask(tiny_engine, state) == answer
    assert state.to_bytes() == before
    assert ask(Engine.load(str(tiny_bundle)), state) == answer


HISTORIES = st.lists(st.sampled_from(TINY), unique=True, max_size=12)
ANSWERS = st.lists(st.tuples(st.integers(0, 23), st.text("+-", min_size=1, max_size=3)), max_size=5)
QUERIES = st.builds(
    Query,
    k=st.integers(1, 20),
    target_role_id=st.sampled_from([None, "analyst", "manager"]),
    minutes=st.sampled_from([None, 40.0, 70.0]),
    formats=st.sampled_from([frozenset(), frozenset({"video"}), frozenset({"course", "reading"})]),
    languages=st.sampled_from([frozenset(), frozenset({"en"}), frozenset({"de"})]),
    challenge=st.sampled_from(["easier", "balanced", "harder"]),
    exclude=st.frozensets(st.sampled_from(TINY), max_size=3),
    scenario=st.sampled_from(["next", "review", "explore"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=HISTORIES, begun=HISTORIES, given_answers=ANSWERS, query=QUERIES)
def test_no_rule_is_ever_broken(tiny_engine, done, begun, given_answers, query):
    events = [*finished(*done), *finished(*(m for m in begun if m not in done), status="started")]
    for n, (item, text) in enumerate(given_answers):
        events += answers(text, f"q{item:02d}", NOW - timedelta(hours=n + 1))
    answer = tiny_engine.recommend(events, query=query, now=NOW)
    catalog = tiny_engine.catalog
    assert len(answer.modules) <= query.k
    assert len(set(ids(answer))) == len(answer.modules)
    assert [m.rank for m in answer.modules] == list(range(1, len(answer.modules) + 1))
    for module in answer.modules:
        place = catalog.module_index[module.module_id]
        assert module.module_id != "m99-old"
        assert module.module_id not in query.exclude
        assert HARD.get(module.module_id, module.module_id) in {*done, module.module_id}
        if query.scenario != "review":
            assert module.module_id not in done
        if query.minutes:
            assert module.duration_minutes <= query.minutes
        if query.formats:
            assert catalog.formats[place] in query.formats
        if query.languages:
            assert catalog.languages[place] in query.languages
        soft = int(module.module_id[1:3]) % 4 and not module.module_id.endswith("easy")
        assert module.prerequisites_met == (not soft or f"m{place - 1:02d}" in done)
        check_worded(module)
    if not answer.modules:
        assert sum(r.removed for r in answer.empty_because) > 0


def check_worded(module):
    weights = [reason.weight for reason in module.reasons]
    assert len(weights) <= 3
    assert all(0 < weight <= 1 for weight in weights)
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1 + 1e-9
    assert len({reason.code for reason in module.reasons}) == len(weights)
    assert all(
        reason.text and "{" not in reason.text and "nan" not in reason.text for reason in module.reasons
    )
    assert module.success_probability is None or 0 < module.success_probability < 1
    assert module.difficulty is None or 0 <= module.difficulty <= 1
    assert np.isfinite(module.score)
    for skill in module.skills:
        assert skill.mastery is None or 0 < skill.mastery < 1


def test_scores_descend(tiny_engine):
    answer = ask(tiny_engine, finished("m00"))
    scores = [m.score for m in answer.modules]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    for k in range(1, len(scores)):
        assert ask(tiny_engine, finished("m00"), k=k).modules == answer.modules[:k]


def test_review_gives_finished_ones_back(tiny_engine):
    done = finished("m04", "m05")
    assert not {"m04", "m05"} & set(ids(ask(tiny_engine, done)))
    assert {"m04", "m05"} <= set(ids(ask(tiny_engine, done, scenario="review")))


def test_started_is_not_finished(tiny_engine):
    assert "m04" in ids(ask(tiny_engine, finished("m04", status="started")))


def test_a_variant_on_the_tiny_data(tiny_engine):
    """Who fails in Python is given the gentle version of its last module, where nothing else suits."""
    ranking = tiny_engine.bundle.ranking
    value = ranking.value.model_copy(update={"out_of_band": 1.0})
    narrow = ranking.difficulty.model_copy(update={"low": 0.7, "floor": 0.5})
    ranking = ranking.model_copy(update={"value": value, "difficulty": narrow})
    tiny_engine = Engine(replace(tiny_engine.bundle, ranking=ranking))
    events = [*finished("m00", "m01", "m02"), *answers("++++", "q00"), *answers("------", "q03", NOW)]
    answer = ask(tiny_engine, events)
    assert ids(answer)[0] == "m03-easy"
    told = [m for m in answer.modules if m.adjustment]
    assert [m.module_id for m in told] == ["m03-easy"]
    assert told[0].adjustment.from_module_id == "m03"
    assert told[0].adjustment.direction == "easier"
    assert "Python 4" in told[0].adjustment.why
    # The hard one may still come, but no better than it is liked after the exchange.
    assert ids(answer).index("m03") > ids(answer).index("m03-easy")


def test_evidence_moves_what_is_said(tiny_engine):
    """The next module's chance of success falls with failures on its skill, and mastery with it."""
    before = tiny_engine.fold([*finished("m00"), *answers("++", "q00")])
    after = tiny_engine.fold([*finished("m00"), *answers("++", "q00"), *answers("---", "q02", NOW)])
    chance = [{m.module_id: m for m in ask(tiny_engine, s).modules}["m01"] for s in (before, after)]
    assert chance[1].success_probability < chance[0].success_probability - 0.05
    assert chance[1].skills[0].mastery < chance[0].skills[0].mastery
    mastery = [tiny_engine.mastery(s, now=NOW)[0] for s in (before, after)]
    assert mastery[1].mastery < mastery[0].mastery
    assert (mastery[0].skill_id, mastery[0].name, mastery[0].n_attempts) == ("python", "Python", 2)


def test_challenge_moves_the_chances(tiny_engine):
    """Weighed by score, since few modules are ready: the same lead the list and change places in it."""
    value = tiny_engine.bundle.ranking.value.model_copy(update={"out_of_band": 0.0})
    ranking = tiny_engine.bundle.ranking.model_copy(update={"value": value})
    tiny_engine = Engine(replace(tiny_engine.bundle, ranking=ranking))
    means = {}
    for challenge in ("easier", "balanced", "harder"):
        chances, scores = zip(
            *(
                (m.success_probability, m.score)
                for done in (["m00"], ["m04"], ["m08"], ["m00", "m04", "m08"])
                for text in ("+++", "++++", "++-+++")
                for m in ask(
                    tiny_engine, [*finished(*done), *answers(text, "q05")], challenge=challenge, k=100
                ).modules
            ),
            strict=True,
        )
        means[challenge] = np.average(chances, weights=np.exp(scores))
    assert means["easier"] > means["balanced"] > means["harder"]


def test_warm_compiles(tiny_engine):
    tiny_engine.warm()
    assert fold_rows.signatures
    kernels = (recommend, score_views, lead)
    compiled = [len(kernel.signatures) for kernel in kernels]
    assert min(compiled) > 0
    with_reasons = ask(tiny_engine, finished("m00", "m04"), k=100).modules
    assert any(reason.code == "next_in_sequence" for m in with_reasons for reason in m.reasons)
    assert [len(kernel.signatures) for kernel in kernels] == compiled


def test_load_refuses_what_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="it is no bundle"):
        Engine.load(tmp_path)


def test_load_follows_a_pointer(tiny_engine, tiny_bundle, tmp_path):
    shutil.copytree(tiny_bundle, tmp_path / "bundles" / "one")
    pointer = tmp_path / "champion.json"
    for bundle in ("bundles/one", str(tiny_bundle)):
        pointer.write_text(json.dumps({"bundle": bundle, "bundle_id": tiny_engine.bundle_id, "version": 3}))
        assert ask(Engine.load(pointer)) == ask(tiny_engine)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "champion.json cannot be read .*; promote the model again"),
        ("{", "champion.json: Invalid JSON"),
        ('{"bundle_id": "x"}', "champion.json: bundle: Field required; promote the model again"),
        ('{"bundle": "", "bundle_id": "x"}', "champion.json: bundle: String should have at least 1"),
        ('{"bundle": "away", "bundle_id": "x"}', "away holds no manifest.json"),
        ('{"bundle": "BUNDLE", "bundle_id": "0123"}', "names bundle 0123, but .* promote the model again"),
    ],
)
def test_a_pointer_to_nothing_sound_is_refused(tiny_bundle, tmp_path, text, message):
    pointer = tmp_path / "champion.json"
    if text is not None:
        pointer.write_text(text.replace("BUNDLE", str(tiny_bundle)))
    with pytest.raises(BundleError, match=message):
        Engine.load(pointer)


def test_names_of_what_it_was_made_from(tiny_engine):
    assert tiny_engine.bundle_id == tiny_engine.manifest["id"]
    assert tiny_engine.difficulty_id == tiny_engine.bundle.difficulty.id


def test_update_is_the_fold_and_refuses_what_is_late(tiny_engine):
    events = [*finished("m00"), *answers("+-", "q00")]
    state = tiny_engine.fold(events[:-1])
    tiny_engine.update(state, events[-1])
    assert state.to_bytes() == tiny_engine.fold(events).to_bytes()
    with pytest.raises(LateEventError):
        tiny_engine.update(state, events[0])


# What the query and the profile name


def test_an_unknown_role_is_named_with_its_field(tiny_engine):
    with pytest.raises(UnknownIdError, match="target_role_id 'astronaut' is not in the catalogue") as caught:
        ask(tiny_engine, target_role_id="astronaut")
    assert (caught.value.field, caught.value.value) == ("target_role_id", "astronaut")


def test_an_unknown_excluded_module_is_named_with_its_field(tiny_engine):
    with pytest.raises(UnknownIdError, match="exclude 'm77' is not in the catalogue") as caught:
        ask(tiny_engine, exclude=frozenset({"m77"}))
    assert (caught.value.field, caught.value.value) == ("exclude", "m77")


def test_unknown_names_in_a_profile_are_passed_over(tiny_engine):
    """A profile comes from the personnel system, which may know roles that the catalogue does not."""
    strange = profile(role_id="astronaut", target_role_id="pilot", segment="crew", team_id="t")
    assert ask(tiny_engine, None, strange).modules == ask(tiny_engine, None, profile()).modules


def required(answer):
    return {s.skill_id for m in answer.modules for s in m.skills if s.required is not None}


@pytest.mark.parametrize(
    ("who", "asked", "skills"),
    [
        ({}, None, set()),
        ({"role_id": "manager"}, None, {"ethics"}),
        ({"role_id": "manager", "target_role_id": "analyst"}, None, {"python", "statistics"}),
        ({"role_id": "manager", "target_role_id": "pilot"}, None, {"ethics"}),
        ({"target_role_id": "analyst"}, "manager", {"ethics"}),
    ],
)
def test_which_role_counts(tiny_engine, who, asked, skills):
    answer = ask(tiny_engine, None, profile(**who), target_role_id=asked)
    assert required(answer) == skills
    closing = {m.skills[0].skill_id for m in answer.modules for r in m.reasons if r.code == "closes_gap"}
    assert closing <= skills
    assert bool(closing) == bool(skills)


@pytest.mark.parametrize(
    ("who", "role", "segment"),
    [
        ({}, -1, -1),
        ({"role_id": "manager"}, 1, 2),
        ({"role_id": "manager", "segment": "user"}, 1, 0),
        ({"segment": "builder"}, -1, 1),
        ({"segment": "crew"}, -1, -1),
    ],
)
def test_role_and_segment_of_a_history(tiny_engine, who, role, segment):
    for state in (None, tiny_engine.fold([]), tiny_engine.fold(finished("m01", "m00", "elsewhere"))):
        history = tiny_engine.history(state, profile(**who))
        assert (history.role, history.segment) == (role, segment)
    assert history.modules.tolist() == [1, 0]
    assert history.at[0] == to_seconds(NOW - timedelta(days=10))


def test_a_history_of_nothing_the_catalogue_knows_is_empty(tiny_engine):
    history = tiny_engine.history(tiny_engine.fold(finished("elsewhere")), profile(role_id="analyst"))
    assert len(history.modules) == len(history.at) == 0
    assert history.role == 0


def test_language_of_the_profile_holds_unless_another_is_asked_for(tiny_engine):
    german = profile(language="de")
    assert ids(ask(tiny_engine, None, german)) == []
    after = finished("m10")
    assert ids(ask(tiny_engine, after, german)) == ["m11"]
    assert "m11" not in ids(ask(tiny_engine, after, german, languages=frozenset({"en"})))


def test_why_it_is_empty(tiny_engine):
    answer = ask(tiny_engine, None, formats=frozenset({"workshop"}))
    assert answer.modules == ()
    removed = {r.rule: r.removed for r in answer.empty_because}
    assert removed == {"format": 14, "prerequisite": 3, "retired": 1}
    only_hard = ask(tiny_engine, None, exclude=frozenset(TINY) - set(HARD))
    assert only_hard.modules == ()
    by_rule = {r.rule: r for r in only_hard.empty_because}
    assert by_rule["prerequisite"].removed == 3
    unlocking = ask(tiny_engine, None, languages=frozenset({"de"}))
    assert {r.rule for r in unlocking.empty_because} >= {"prerequisite", "language"}


def test_what_would_unlock(tiny_engine):
    everything_else = [m for m in TINY if m not in HARD and m not in HARD.values()]
    answer = ask(tiny_engine, finished(*everything_else), minutes=39.0)
    assert answer.modules == ()
    prerequisite = next(r for r in answer.empty_because if r.rule == "prerequisite")
    assert prerequisite.removed == 3
    assert set(prerequisite.unlocked_by) <= set(HARD.values())
