"""Cosine against the formula over dense matrices."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.cosine import Cosine, CosineConfig

N_MODULES = 30
CATALOG = Catalog.from_tables({"modules": pa.table({"module_id": [f"m{i:02d}" for i in range(N_MODULES)]})})


def starts():
    rng = np.random.default_rng(0)
    none = np.full(80, -1)
    return build_interactions(
        np.repeat(np.arange(80), 6),
        (28 * rng.random(480) ** 2).astype(int),
        np.full(480, np.nan),
        n_learners=80,
        role=none,
        segment=none,
        n_modules=N_MODULES,
    )


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shrinkage", [0.5, 10.0])
@pytest.mark.parametrize("block_rows", [7, 512])
def test_weights_are_those_of_the_formula(monkeypatch, power, shrinkage, block_rows):
    monkeypatch.setattr("recommender.embeddings.starts.BLOCK_ROWS", block_rows)
    rows = starts()
    x = np.zeros((80, N_MODULES))
    x[rows.learners(), rows.modules] = 1
    both, counts = x.T @ x, x.sum(axis=0)
    expected = both / (np.outer(counts, counts) ** power + shrinkage)
    np.fill_diagonal(expected, 0)
    view = Cosine(CosineConfig(power=power, shrinkage=shrinkage)).fit(rows, CATALOG, seed=0)
    block = Histories.of(*(History(np.array([m], np.int32), np.zeros(1)) for m in range(N_MODULES)))
    expected[:, counts == 0] = np.nan
    expected[~(expected > 0).any(axis=1)] = np.nan
    np.testing.assert_allclose(view.score(block), expected, rtol=1e-6)


def test_few_common_starts_tell_less_than_many_of_the_same_cosine():
    pairs = [(0, 0), (0, 1), *((u, m) for u in range(1, 30) for m in (2, 3))]
    learner, module = np.array(pairs).T
    none = np.full(30, -1)
    rows = build_interactions(
        learner, module, np.zeros(len(pairs)), n_learners=30, role=none, segment=none, n_modules=N_MODULES
    )
    view = Cosine().fit(rows, CATALOG, seed=0)
    one, many = view.score(Histories.of(*(History(np.array([m], np.int32), np.zeros(1)) for m in (0, 2))))
    assert one[1] == pytest.approx(1 / 11)
    assert many[3] == pytest.approx(29 / 39)
