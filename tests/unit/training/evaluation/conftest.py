import numpy as np
import pytest

from recommender.embeddings.histories import Interactions


@pytest.fixture(scope="session")
def sequences() -> Interactions:
    """300 learners who mostly walk up the catalogue; what comes next is learnable, popularity is not flat."""
    rng = np.random.default_rng(5)
    n_learners, n_modules = 300, 30
    modules, at, start = [], [], [0]
    for _ in range(n_learners):
        first = int(rng.integers(0, 20) ** 2 / 20)
        walk = list(dict.fromkeys((first + np.cumsum(rng.integers(0, 3, 7))).tolist()))
        walk = [module for module in walk if module < n_modules]
        modules += walk
        at += (rng.uniform(0, 1000) + np.arange(len(walk))).tolist()
        start.append(len(modules))
    unknown = np.full(n_learners, -1, np.int32)
    return Interactions(
        np.array(start), np.array(modules, np.int32), np.array(at), unknown, unknown, n_modules
    )
