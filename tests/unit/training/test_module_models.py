"""Judging module models: nothing of the answer is in what is learned from, and noise teaches nothing."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import VIEWS, Histories, Interactions, build_interactions
from recommender.embeddings.popularity import Popularity
from recommender.ranking.preferences import Preferences
from recommender.ranking.ranker import Ranker, RankerConfig
from training.config import load_config
from training.evaluation.module_report import ModuleReport
from training.module_models import fit_views, judge_modules, preferred

N_MODULES = 40
# Few choices and trees: what they are learned from is tested, not how well.
SMALL = ["slices.max_choices=300", "ranking.ranker.max_rounds=20", "evaluation.cuts=[0.5, 0.8]"]
CONFIG = load_config(overrides=SMALL)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Forty modules."""
    modules = [f"m{i:02d}" for i in range(N_MODULES)]
    return Catalog.from_tables({"modules": pa.table({"module_id": modules, "title": modules})})


def starts(seed: int, shuffled: bool = False) -> Interactions:
    """400 learners walk up the catalogue from anywhere, low modules more often; or the same, shuffled."""
    rng = np.random.default_rng(seed)
    learner, module, at = [], [], []
    for person in range(400):
        first = int(30 * rng.random() ** 2)
        steps = first + np.cumsum(rng.integers(1, 3, 6))
        walk = steps[steps < N_MODULES].tolist()
        learner += [person] * len(walk)
        module += walk
        at += (1000 * rng.random() + np.arange(len(walk))).tolist()
    if shuffled:
        module = rng.permutation(module).tolist()
    unknown = np.full(400, -1)
    return build_interactions(
        np.array(learner),
        np.array(module),
        np.array(at),
        n_learners=400,
        role=unknown,
        segment=unknown,
        n_modules=N_MODULES,
    )


@pytest.fixture(scope="module")
def planted(catalog: Catalog) -> ModuleReport:
    """How models do where what comes next can be learned."""
    return judge_modules(starts(0), catalog, CONFIG, "leave-last-out")


def ndcg(report, model: str) -> float:
    return report.models[model].metrics["ndcg@10"]


def test_every_view_and_both_popularities_are_beside_the_engine(planted):
    assert set(planted.models) == {"engine", *CONFIG.views}
    assert {"popularity", "recent_popularity"} <= set(planted.models)
    assert all(result.fit_seconds > 0 for result in planted.models.values())
    assert ndcg(planted, "engine") > 2 * ndcg(planted, "popularity")


def test_ranks_known_from_elsewhere_stand_beside_the_views(catalog):
    data = starts(0)
    known = {"seer": np.ones(len(data.modules), np.int64)}
    report = judge_modules(data, catalog, CONFIG, "temporal", known=known)
    assert list(report.models)[-1] == "seer"
    assert report.models["seer"].metrics["mrr"] == 1
    assert report.models["seer"].difference_ci95["ndcg@10"][0] > 0


def test_shuffled_modules_make_the_engine_no_better_than_popularity(catalog, planted):
    """And no worse by much: popularity is then all there is to know, and every view knows of it."""
    noise = judge_modules(starts(0, shuffled=True), catalog, CONFIG, "leave-last-out")
    assert ndcg(noise, "engine") == pytest.approx(ndcg(noise, "popularity"), abs=0.03)
    assert noise.models["popularity"].difference_ci95["ndcg@10"][1] > 0, "popularity minus the engine"
    assert ndcg(planted, "engine") > 2.5 * ndcg(noise, "engine")


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal"])
def test_a_view_is_judged_alike_whatever_was_fitted_before_it(catalog, protocol):
    """Views share one training set: one that changed it would change what the next one learns."""
    data = starts(0, shuffled=True)
    alone = load_config(overrides=[*SMALL, "views={transitions={}}", "evaluation.cuts=[0.5]"])
    beside = load_config(overrides=[*SMALL, "views.als.factors=2", "evaluation.cuts=[0.5]"])
    reports = [judge_modules(data, catalog, config, protocol) for config in (alone, beside)]
    assert reports[0].models["transitions"].metrics == reports[1].models["transitions"].metrics


def test_fitting_changes_nothing_of_the_data(catalog):
    data, untouched = starts(0, shuffled=True), starts(0, shuffled=True)
    fit_views(data, catalog, CONFIG)
    np.testing.assert_array_equal(data.modules, untouched.modules)
    np.testing.assert_array_equal(data.at, untouched.at)


class Recording(Popularity):
    """Popularity that remembers what it was shown."""

    fitted: ClassVar[list[Interactions]] = []
    asked: ClassVar[list] = []

    def fit(self, interactions, catalog, *, seed):
        Recording.fitted.append(interactions)
        self.source = interactions
        return super().fit(interactions, catalog, seed=seed)

    def score(self, histories):
        Recording.asked.extend((self.source, histories[i]) for i in range(len(histories)))
        return super().score(histories)


@pytest.fixture
def shown(monkeypatch):
    """A view of one's own beside the others, which remembers what it was fitted on and asked."""
    monkeypatch.setitem(VIEWS, "ease", Recording)
    monkeypatch.setattr(Recording, "fitted", [])
    monkeypatch.setattr(Recording, "asked", [])
    return Recording


def of_cuts(fitted):
    """What was fitted for each cut: first the view that ranks, then those that the ranker learns from."""
    n_cuts = len(CONFIG.evaluation.cuts)
    assert len(fitted) % n_cuts == 0
    size = len(fitted) // n_cuts
    return [fitted[at : at + size] for at in range(0, len(fitted), size)]


def test_temporal_shows_no_model_what_lies_at_or_after_the_cut(catalog, shown):
    data = starts(0)
    judge_modules(data, catalog, CONFIG, "temporal")
    span = data.at.max() - data.at.min()
    for cut, (train, *slices) in zip(CONFIG.evaluation.cuts, of_cuts(shown.fitted), strict=True):
        moment = data.at.min() + cut * span
        assert len(train.at) == (data.at < moment).sum(), "all that lies before it"
        assert len(slices) > 3
        for source in (train, *slices):
            assert source.at.max() < moment
        asked = [history for source, history in shown.asked if source is train]
        assert asked
        assert max(history.at.max(initial=0) for history in asked) < moment


def test_leave_last_out_shows_no_model_anybody_s_last_start(catalog, shown):
    data = starts(0)
    judge_modules(data, catalog, CONFIG, "leave-last-out")
    train, *slices = shown.fitted
    counts = np.diff(data.start)
    assert np.diff(train.start).tolist() == np.where(counts > 1, counts - 1, counts).tolist()
    for source in (train, *slices):
        for learner in np.flatnonzero(counts > 1):
            left = source.history(learner).modules.tolist()
            assert left == data.history(learner).modules[:-1].tolist()[: len(left)]


def test_what_comes_after_all_cuts_changes_nothing_of_what_is_learned(catalog, shown):
    """Views are fitted to the same bits when every later start is of another module."""
    data = starts(0)
    after = data.at >= data.at.min() + max(CONFIG.evaluation.cuts) * (data.at.max() - data.at.min())
    changed = replace(data, modules=np.where(after, N_MODULES - 1 - data.modules, data.modules))
    for source in (data, changed):
        judge_modules(source, catalog, CONFIG, "temporal")
    half = len(shown.fitted) // 2
    for one, other in zip(shown.fitted[:half], shown.fitted[half:], strict=True):
        np.testing.assert_array_equal(one.modules, other.modules)
        for name, array in Popularity().fit(one, catalog, seed=0).arrays().items():
            np.testing.assert_array_equal(
                array, Popularity().fit(other, catalog, seed=0).arrays()[name], strict=True
            )


def test_as_many_learners_are_tested_as_the_configuration_says(catalog):
    config = load_config(overrides=[*SMALL, "evaluation.max_learners=17", "views.als.factors=2"])
    assert judge_modules(starts(0), catalog, config, "leave-last-out").n["learners"] == 17


def test_only_configured_views_are_fitted_with_their_own_hyperparameters(catalog):
    config = load_config(overrides=["views={als={factors=3}, popularity={}}"])
    views = fit_views(starts(0), catalog, config)
    assert set(views) == {"als", "popularity"}
    assert views["als"].config.factors == 3


def test_the_mix_is_a_distribution_that_follows_the_weights(catalog):
    data = starts(0)
    views = fit_views(data, catalog, CONFIG)
    history = data.history(0)
    weights = dict.fromkeys(views, 0.0)
    both = mixed(views, CONFIG.ranking.view_weights, history)
    assert both.shape == (N_MODULES,)
    fresh = np.ones(N_MODULES, bool)
    fresh[history.modules] = False
    assert both[fresh].sum() == pytest.approx(1)  # as the engine does: what was started takes no share
    popular = np.where(fresh, np.nan_to_num(views["popularity"].score(Histories.of(history))[0]), 0)
    only = np.where(fresh, mixed(views, weights | {"popularity": 1.0}, history), 0)
    assert np.argsort(-only)[:5].tolist() == np.argsort(-popular)[:5].tolist()
    assert not np.allclose(only[fresh], both[fresh])


def mixed(views, weights, history):
    ranker = Ranker.declared(RankerConfig(), np.array([weights[name] for name in sorted(views)]))
    ids = [f"m{place:02d}" for place in range(N_MODULES)]
    return preferred(Preferences(views, ranker, ids), 0.05, history)
