"""From views to candidates, features and preference, against plain NumPy."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog
from recommender.embeddings import VIEWS, Histories, History, build_interactions
from recommender.ranking.features import feature_names
from recommender.ranking.mixture import stage_of
from recommender.ranking.module_facts import DECLARED, LABELS, LEARNED, ModuleFacts, ModuleUse
from recommender.ranking.preferences import Preferences
from recommender.ranking.ranker import Ranker, RankerConfig
from recommender.ranking.ranker_kernel import redistribute
from recommender.ranking.strongest_kernel import mark_strongest

N_MODULES = 12
FLOOR = 0.05
NAMES = ("popularity", "transitions")
DAY = 86_400.0


@pytest.fixture(scope="module")
def catalog():
    ids = [f"m{i:02d}" for i in range(N_MODULES)]
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": ids,
                    "title": ids,
                    "skill_ids": [["a"] if i % 2 else ["a", "b"] for i in range(N_MODULES)],
                    "duration_minutes": [float(10 * i) if i else None for i in range(N_MODULES)],
                    "format": ["video" if i < 6 else "course" for i in range(N_MODULES)],
                }
            ),
            "skills": pa.table({"skill_id": ["a", "b"], "name": ["A", "B"]}),
            "prerequisites": pa.table({"module_id": ["m05"], "prerequisite_module_id": ["m04"]}),
            "roles": pa.table({"role_id": ["r"], "title": ["R"], "priority": [0.5]}),
            "role_skills": pa.table(
                {"role_id": ["r"], "skill_id": ["b"], "required_mastery": [0.8], "importance": [0.6]}
            ),
        }
    )


@pytest.fixture(scope="module")
def starts():
    rng = np.random.default_rng(0)
    modules = np.concatenate([rng.permutation(N_MODULES - 1)[:4] for _ in range(40)])  # nobody starts m11
    return build_interactions(
        np.repeat(np.arange(40), 4),
        modules,
        np.tile(np.arange(4.0), 40) * DAY,
        n_learners=40,
        role=np.zeros(40, int),
        segment=np.full(40, -1),
        n_modules=N_MODULES,
    )


@pytest.fixture(scope="module")
def preferences(catalog, starts):
    views = {name: VIEWS[name]().fit(starts, catalog, seed=0) for name in NAMES}
    ranker = Ranker.declared(RankerConfig(n_candidates=3, new_odds=1.0), np.array([0.4, 0.6]))
    return Preferences.of(catalog, views, ranker, ModuleUse.fit(starts))


def asked(preferences, history):
    allowed = np.ones(N_MODULES, bool)
    allowed[history.modules] = False
    scores = preferences.scores(Histories.of(history))[0]
    return preferences.mix(scores, history, allowed, FLOOR), allowed


HISTORY = History(np.array([4, 0], np.int32), np.array([0.0, 2 * DAY]), role=0)


def test_candidates_are_the_best_of_each_view(preferences):
    mixed, _ = asked(preferences, HISTORY)
    found = preferences.candidates(mixed)
    expected = {m for row in mixed.shares for m in np.argsort(-row, kind="stable")[:3] if row[m] > 0}
    assert set(found.tolist()) == expected
    assert np.all(np.diff(found) > 0)
    assert not set(found.tolist()) & set(HISTORY.modules.tolist())


def test_features_say_what_their_names_say(preferences, catalog, starts):
    mixed, _ = asked(preferences, HISTORY)
    candidates = np.array([1, 5, 7, 11])
    x = preferences.features(mixed, HISTORY, candidates)
    told = dict(zip(feature_names(NAMES), x.T, strict=True))
    counts = np.bincount(starts.modules, minlength=N_MODULES)
    for row, name in enumerate(NAMES):
        share = mixed.shares[row]
        np.testing.assert_allclose(told[f"{name}.log_share"], np.log(share[candidates] + 1e-5), rtol=1e-5)
        np.testing.assert_allclose(told[f"{name}.to_best"], share[candidates] / share.max(), rtol=1e-5)
        np.testing.assert_allclose(told[f"{name}.best_share"], share.max(), rtol=1e-5)
    assert set(told["n_started"]) == {2.0}
    assert set(told["n_starts_of_last"]) == {float(counts[0])}
    assert set(told["days_since_last"]) == {1.0}
    assert set(told["days_active"]) == {2.0}
    assert set(told["ahead"]) == {0.0}
    np.testing.assert_array_equal(told["n_starts"], counts[candidates])
    assert np.isnan(told["days_since_start"][3]), "nobody started m11"
    np.testing.assert_allclose(told["log_minutes"], np.log1p([10, 50, 70, 110]), rtol=1e-6)
    np.testing.assert_allclose(told["log_minutes_from_mean"][0], np.log1p(10) - np.log1p(40), rtol=1e-5)
    assert told["same_format"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert np.isnan(told["same_language"]).all()
    np.testing.assert_allclose(told["skills_met"], 1.0)
    np.testing.assert_allclose(told["role_need"], 0.0, atol=1e-9)
    np.testing.assert_array_equal(told["prerequisites_started"], [np.nan, 1.0, np.nan, np.nan])
    assert np.isnan(told["alike_n_starts"]).all(), "without a content view nothing is alike"


def test_nothing_is_known_of_somebody_new(preferences):
    mixed, _ = asked(preferences, History.empty())
    x = preferences.features(mixed, History.empty(), preferences.candidates(mixed))
    told = dict(zip(feature_names(NAMES), x.T, strict=True))
    assert set(told["n_started"]) == {0.0}
    for name in ("n_starts_of_last", "days_since_last", "days_active", "same_format", "role_need"):
        assert np.isnan(told[name]).all(), name
    assert np.isnan(told["transitions.to_best"]).all(), "it has no opinion"


def test_a_question_is_ahead_when_it_comes_before_nothing_that_was_learned_from(preferences, starts):
    end = starts.at.max()
    for asked_at, ahead in ((np.nan, False), (end - 1.0, False), (end, True), (end + 1.0, True)):
        history = replace(HISTORY, asked_at=asked_at)
        mixed, _ = asked(preferences, history)
        x = preferences.features(mixed, history, np.array([1]))
        assert x[0, feature_names(NAMES).index("ahead")] == ahead
        assert preferences.stage(history) == stage_of(2, ahead)


def test_there_are_as_many_names_as_facts(preferences):
    names = feature_names(NAMES)
    assert len(names) == len(set(names)) == preferences.n_features
    assert set(LEARNED) < set(names)
    assert len(names) == 3 * len(NAMES) + 5 + len(LEARNED) + 2 * len(DECLARED) + len(LABELS) + 5


def test_without_trees_the_preference_is_the_mix(preferences):
    mixed, allowed = asked(preferences, HISTORY)
    np.testing.assert_array_equal(preferences.prefer(HISTORY, allowed, FLOOR).mix, mixed.mix)


def test_facts_of_another_catalogue_are_refused(starts):
    with pytest.raises(ValueError, match="not of the modules of the catalogue"):
        ModuleUse.fit(starts).check(N_MODULES + 1)


def test_role_needs_are_importance_times_priority(catalog, starts):
    facts = ModuleFacts.of(catalog, ModuleUse.fit(starts), None)
    np.testing.assert_allclose(facts.role_needs, [[0.0, 0.3]], rtol=1e-6)


@settings(max_examples=60, deadline=None)  # the first one compiles
@given(
    st.one_of(
        st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=1, max_size=120),
        st.integers(1, 400).map(lambda n: np.random.default_rng(n).random(n)),
    ),
    st.integers(1, 25),
    st.randoms(use_true_random=False),
)
def test_the_strongest_are_those_a_sort_finds(values, k, random):
    values = np.array(values, np.float32)
    values[::7] = 0.0
    id_rank = np.array(random.sample(range(len(values)), len(values)), np.int32)
    marked = np.zeros(len(values), bool)
    mark_strongest(values, id_rank, k, marked)
    order = [m for m in np.lexsort((id_rank, -values)) if values[m] > 0]
    assert set(np.flatnonzero(marked).tolist()) == set(order[:k])


@settings(deadline=None)  # the first one compiles
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=6))
def test_redistribution_moves_mass_among_candidates_only(values):
    mix = np.full(10, 0.1)
    candidates = np.arange(len(values))
    redistribute(candidates, np.array(values), 0.0, 10, mix)
    np.testing.assert_allclose(mix[len(values) :], 0.1)
    np.testing.assert_allclose(mix.sum(), 1.0)
    weights = np.exp(np.array(values) - max(values))
    np.testing.assert_allclose(mix[: len(values)], 0.1 * len(values) * weights / weights.sum(), atol=1e-12)
    mix[:] = 0.1
    redistribute(candidates, np.array(values), 0.2, 10, mix)
    assert mix.min() >= 0.2 / 10 - 1e-12
    np.testing.assert_allclose(mix.sum(), 1.0)
    np.testing.assert_allclose(mix[len(values) :], 0.1)
    kept = 0.02 + 0.08 * len(values) * weights / weights.sum()
    np.testing.assert_allclose(mix[: len(values)], kept, atol=1e-12)


def test_new_modules_have_the_odds_they_are_given(preferences, catalog, starts):
    allowed = np.ones(N_MODULES, bool)
    allowed[[0, 4]] = False  # of modules 0 to 10 some may not be chosen; nobody has started module 11

    def preferred(new_odds):
        ranker = Ranker.declared(RankerConfig(new_odds=new_odds), np.array([0.4, 0.6]))
        made = Preferences.of(catalog, preferences.views, ranker, ModuleUse.fit(starts))
        return made.prefer(HISTORY, allowed, FLOOR).mix

    plain, favoured = preferred(1.0), preferred(3.0)
    np.testing.assert_allclose(favoured[allowed].sum(), 1.0)
    np.testing.assert_allclose(favoured[11] / favoured[1], 3.0 * plain[11] / plain[1])
    np.testing.assert_allclose(favoured[1:4] / favoured[1], plain[1:4] / plain[1])
