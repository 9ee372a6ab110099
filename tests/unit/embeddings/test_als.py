"""The fold-in against implicit's own, and what the factors are made of."""

import numpy as np
import pyarrow as pa
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.als import Als, AlsConfig
from recommender.errors import InputError

N_MODULES = 30
CATALOG = Catalog.from_tables({"modules": pa.table({"module_id": [f"m{i:02d}" for i in range(N_MODULES)]})})


def starts(seed=0, n_learners=200):
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(n_learners), 6)
    none = np.full(n_learners, -1)
    block = np.repeat(rng.integers(0, 3, n_learners), 6)  # three groups of modules with their own people
    return build_interactions(
        learner,
        block * 9 + rng.integers(0, 9, len(learner)),
        np.full(len(learner), np.nan),
        n_learners=n_learners,
        role=none,
        segment=none,
        n_modules=N_MODULES,
    )


def score(view, modules):
    return view.score(Histories.of(History(np.array(modules, np.int32), np.zeros(len(modules)))))[0]


@pytest.mark.parametrize("config", [AlsConfig(), AlsConfig(factors=8, regularization=0.05, alpha=2)])
@pytest.mark.parametrize("modules", [[3], [0, 12, 25], list(range(20))])
def test_folds_in_as_implicit_does(config, modules):
    view = Als(config).fit(starts(), CATALOG, seed=1)
    with threadpool_limits(limits=1, user_api="blas"):
        peer = AlternatingLeastSquares(
            factors=config.factors, regularization=config.regularization, alpha=1 + config.alpha
        )
        peer.item_factors = np.nan_to_num(view.arrays()["item_factors"])
        row = csr_matrix((np.ones(len(modules), np.float32), modules, [0, len(modules)]), (1, N_MODULES))
        expected = peer.item_factors @ peer.recalculate_user(0, row)
    got = score(view, modules)
    seen = ~np.isnan(got)
    assert seen.sum() == 27
    np.testing.assert_allclose(got[seen], np.maximum(expected, 0)[seen], atol=1e-4)


def test_finds_the_group_somebody_belongs_to():
    scores = score(Als().fit(starts(), CATALOG, seed=1), [9, 10])
    assert scores[11:18].min() > max(scores[:9].max(), scores[18:27].max())


def test_modules_nobody_started_are_nan_and_count_for_nothing_in_a_history():
    view = Als().fit(starts(), CATALOG, seed=1)
    with_unknown = score(view, [29, 9])
    assert np.isnan(with_unknown[27:]).all()
    np.testing.assert_array_equal(with_unknown, score(view, [9]))
    assert np.isnan(score(view, [27, 28])).all()


def test_factors_are_where_the_alternation_rests():
    """At the end each side solves its own ridge problem given the other, both with confidence 1 + alpha."""
    config = AlsConfig(factors=4, regularization=1, alpha=2, iterations=200)
    rows = starts()
    view = Als(config).fit(rows, CATALOG, seed=1)
    items = view.arrays()["item_factors"][:27].astype(np.float64)
    started = np.zeros((rows.n_learners, 27))
    started[rows.learners(), rows.modules] = 1

    def solve(targets, other):
        systems = np.einsum("ni,ij,ik->njk", 1 + config.alpha * targets, other, other) + np.eye(4)
        return np.linalg.solve(systems, (1 + config.alpha) * (targets @ other)[:, :, None])[:, :, 0]

    np.testing.assert_allclose(solve(started.T, solve(started, items)), items, atol=0.01)


def test_the_seed_decides_the_start():
    factors = [Als().fit(starts(), CATALOG, seed=seed).arrays()["item_factors"] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(factors[0], factors[1])
    assert not np.array_equal(factors[0], factors[2], equal_nan=True)


def test_gram_is_that_of_the_factors():
    arrays = Als(AlsConfig(factors=5)).fit(starts(), CATALOG, seed=1).arrays()
    known = arrays["item_factors"][:27].astype(np.float64)
    assert (arrays["item_factors"].dtype, arrays["gram"].dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(arrays["gram"], known.T @ known)


def test_refuses_another_catalogue():
    with pytest.raises(InputError, match="about 30 modules and the catalogue has 0"):
        Als().fit(starts(), Catalog.from_tables({}), seed=0)
