"""What every view learns: what is there, nothing that is not, and nothing of what comes later."""

import numpy as np
import pytest

from recommender.embeddings import VIEWS, build_interactions
from recommender.embeddings.new_modules import NewModules
from recommender.embeddings.popularity import BASELINES, Popularity
from tests.contract.views import FEW, SEED, assert_same_arrays, discovered, past, score


def test_what_comes_after_the_cut_does_not_exist(view_class, planted, catalog):
    """Rows added or relabelled after a cut leave the view that is fitted before it as it was."""
    cut = float(np.median(planted.at))
    early = planted.keep(planted.at < cut)
    rng = np.random.default_rng(3)
    later = planted.at >= cut
    learner = np.append(planted.learners(), rng.integers(0, 300, 200))
    module = np.append(
        np.where(later, rng.permutation(planted.modules), planted.modules), np.arange(200) % 60
    )
    at = np.append(planted.at, np.full(200, planted.at.max() + 1))
    order = np.argsort(at, kind="stable")
    changed = build_interactions(
        learner[order],
        module[order],
        at[order],
        n_learners=300,
        role=planted.role,
        segment=planted.segment,
        n_modules=60,
    )
    assert len(changed.modules) > len(early.modules)
    fitted = view_class().fit(changed.keep(changed.at < cut), catalog, seed=SEED)
    assert_same_arrays(view_class().fit(early, catalog, seed=SEED).arrays(), fitted.arrays())


# Does it learn, and only what is there


def gain_over_popularity(view_class, train, truth, catalog):
    """Paired NDCG@10 of the last start, view minus popularity: mean and standard error over learners."""
    last = truth.start[1:][np.diff(truth.start) >= 2] - 1
    past_only = np.ones(len(truth.modules), bool)
    past_only[last] = False
    known = truth.keep(past_only)
    views = [
        view_class().fit(train, catalog, seed=SEED),
        Popularity(BASELINES["popularity"]).fit(train, catalog, seed=SEED),
    ]
    gains = []
    for learner, target in zip(truth.learners()[last], truth.modules[last], strict=True):
        history = known.history(int(learner))
        gains.append([ndcg(score(view, history), history.modules, target) for view in views])
    difference = np.subtract(*np.array(gains).T)
    return difference.mean(), difference.std() / np.sqrt(len(difference))


def ndcg(scores, started, target):
    scores = np.nan_to_num(scores, nan=-1.0)
    scores[started] = -np.inf
    rank = (scores > scores[target]).sum() + (scores == scores[target]).sum() / 2 - 0.5
    return 1 / np.log2(rank + 2) if rank < 10 else 0.0


def is_personal(view_class, train, catalog):
    view = view_class().fit(train, catalog, seed=SEED)
    return not np.array_equal(score(view, past(3, 9)), score(view, past(21, 40)), equal_nan=True)


def test_some_views_are_personal_and_popularity_is_not(train, catalog):
    personal = {cls.kind for cls in discovered() if is_personal(cls, train, catalog)}
    assert personal == set(VIEWS) - {"popularity"}


def test_starts_change_what_is_learned_unless_it_is_of_the_catalogue_only(view_class, build, catalog):
    size = {"n_learners": 4, "n_modules": catalog.n_modules}
    some, none = (view_class().fit(build(rows, **size), catalog, seed=SEED).arrays() for rows in (FEW, []))
    same = all(
        np.array_equal(some[name], none[name], equal_nan=some[name].dtype.kind == "f") for name in some
    )
    assert same == view_class.of_catalog_only


@pytest.mark.usefixtures("related_by_starts")
def test_learns_planted_sequences(view_class, planted, train, catalog):
    if not is_personal(view_class, train, catalog):
        pytest.skip("not a personal view")
    mean, error = gain_over_popularity(view_class, train, planted, catalog)
    assert mean > 0.1
    assert mean > 5 * error


def test_new_modules_learn_what_was_started_and_nothing_of_who_or_when(build, train, catalog):
    size = {"n_learners": 1, "n_modules": catalog.n_modules}
    started = np.unique(train.modules)
    once = build([(0, int(module)) for module in started], **size)
    arrays = NewModules().fit(train, catalog, seed=SEED).arrays()
    assert_same_arrays(arrays, NewModules().fit(once, catalog, seed=SEED).arrays())
    assert 0 < arrays["known"].sum() == catalog.n_modules - len(started)
    without = build([(0, int(module)) for module in started[1:]], **size)
    known = NewModules().fit(without, catalog, seed=SEED).arrays()["known"]
    assert np.flatnonzero(known != arrays["known"]).tolist() == [started[0]]


@pytest.mark.usefixtures("from_starts")
def test_learns_nothing_from_shuffled_labels(view_class, planted, train, catalog):
    """Modules dealt out anew over all rows keep their popularity and lose every other structure."""
    if not is_personal(view_class, train, catalog):
        pytest.skip("not a personal view")
    shuffled = build_interactions(
        train.learners(),
        np.random.default_rng(5).permutation(train.modules),
        train.at,
        n_learners=train.n_learners,
        role=train.role,
        segment=train.segment,
        n_modules=train.n_modules,
    )
    mean, error = gain_over_popularity(view_class, shuffled, planted, catalog)
    assert mean < 3 * error
