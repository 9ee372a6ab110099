"""EASE against the dense closed form in double precision."""

import numpy as np
import pyarrow as pa
import pytest

import recommender.embeddings.starts as starts_module
from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.ease import Ease, EaseConfig
from recommender.errors import ConfigurationError

N_MODULES = 40
IDS = [f"m{i:02d}" for i in range(N_MODULES)]


def catalog(ids=IDS):
    return Catalog.from_tables({"modules": pa.table({"module_id": ids})})


def starts(n_learners=200, n_started=N_MODULES - 2):
    """Ten modules each, low ones more often; the last two are started by nobody."""
    rng = np.random.default_rng(0)
    modules = np.concatenate([(n_started * rng.random(10) ** 1.5).astype(int) for _ in range(n_learners)])
    none = np.full(n_learners, -1)
    return build_interactions(
        np.repeat(np.arange(n_learners), 10),
        modules,
        np.full(len(modules), np.nan),
        n_learners=n_learners,
        role=none,
        segment=none,
        n_modules=N_MODULES,
    )


def closed_form(rows, l2):
    x = np.zeros((rows.n_learners, N_MODULES))
    x[rows.learners(), rows.modules] = 1
    p = np.linalg.inv(x.T @ x + l2 * np.eye(N_MODULES))
    b = -p / np.diag(p)
    np.fill_diagonal(b, 0)
    return b


def dense(view):
    near = view.neighbours_
    weights = np.zeros((N_MODULES, N_MODULES))
    weights[np.repeat(np.arange(N_MODULES), np.diff(near.start)), near.modules] = near.weights
    return weights


def score(view, *modules):
    return view.score(Histories.of(History(np.array(modules, np.int32), np.zeros(len(modules)))))[0]


@pytest.mark.parametrize("l2", [1.0, 50.0, 1000.0])
@pytest.mark.parametrize("block_rows", [7, 512])
def test_weights_are_those_of_the_closed_form(monkeypatch, l2, block_rows):
    monkeypatch.setattr(starts_module, "BLOCK_ROWS", block_rows)
    monkeypatch.setattr("recommender.embeddings.ease.BLOCK_ROWS", block_rows)
    expected = closed_form(starts(), l2)
    view = Ease(EaseConfig(l2=l2)).fit(starts(), catalog(), seed=0)
    np.testing.assert_allclose(dense(view), expected, atol=1e-5 * np.abs(expected).max())
    assert view.neighbours_.known.tolist() == [True] * 38 + [False] * 2


def test_a_score_is_the_weighted_sum_of_rows_and_never_negative():
    b = closed_form(starts(), 50.0)
    expected = np.maximum(b[30] + 0.7 * b[4] + 0.49 * b[11], 0)
    got = score(Ease().fit(starts(), catalog(), seed=0), 11, 4, 30)
    np.testing.assert_allclose(got[:38], expected[:38], atol=1e-6)
    assert (got[:38] == 0).any()
    assert np.isnan(got[38:]).all()


def test_what_speaks_against_is_kept_like_what_speaks_for():
    cut = dense(Ease(EaseConfig(n_neighbours=5)).fit(starts(), catalog(), seed=0))
    full = closed_form(starts(), 50.0)
    least = np.sort(np.abs(full), axis=1)[:, -5][:, None]
    np.testing.assert_allclose(cut, np.where(np.abs(full) >= least, full, 0), atol=1e-6)
    assert (cut < 0).any()
    assert (cut > 0).any()


def test_beyond_the_most_started_there_is_no_opinion():
    rows = starts()
    counts = np.bincount(rows.modules, minlength=N_MODULES)
    view = Ease(EaseConfig(max_modules=12)).fit(rows, catalog(), seed=0)
    known = np.flatnonzero(view.neighbours_.known)
    assert len(known) == 12
    assert counts[known].min() >= np.delete(counts, known).max()
    rare = int(np.flatnonzero(~view.neighbours_.known)[0])
    assert np.isnan(score(view, rare)).all()
    np.testing.assert_array_equal(np.isnan(score(view, rare, int(known[0]))), ~view.neighbours_.known)
    inside = np.isin(rows.modules, known)
    alone = Ease().fit(rows.keep(inside), catalog(), seed=0)
    np.testing.assert_array_equal(alone.neighbours_.weights, view.neighbours_.weights)


def test_equally_started_are_chosen_by_id():
    rows = build_interactions(
        np.zeros(4, int),
        np.arange(4),
        np.zeros(4),
        n_learners=1,
        role=np.full(1, -1),
        segment=np.full(1, -1),
        n_modules=4,
    )
    view = Ease(EaseConfig(max_modules=2)).fit(rows, catalog(["d", "b", "a", "c"]), seed=0)
    assert view.neighbours_.known.tolist() == [False, True, True, False]


def test_another_order_of_the_catalogue_gives_the_same_bits():
    rows, place = starts(), np.random.default_rng(1).permutation(N_MODULES)
    moved = build_interactions(
        rows.learners(),
        place[rows.modules],
        rows.at,
        n_learners=rows.n_learners,
        role=rows.role,
        segment=rows.segment,
        n_modules=N_MODULES,
    )
    ids = [IDS[old] for old in np.argsort(place)]
    before = dense(Ease().fit(rows, catalog(), seed=0))
    after = dense(Ease().fit(moved, catalog(ids), seed=0))
    np.testing.assert_array_equal(after[np.ix_(place, place)], before)


def test_a_penalty_that_single_precision_cannot_invert_is_refused():
    rows = build_interactions(
        np.zeros(30, int),
        np.arange(30),
        np.zeros(30),
        n_learners=1,
        role=np.full(1, -1),
        segment=np.full(1, -1),
        n_modules=N_MODULES,
    )
    with pytest.raises(ConfigurationError, match=r"l2 = 1e-12 .* raise it"):
        Ease(EaseConfig(l2=1e-12)).fit(rows, catalog(), seed=0)
