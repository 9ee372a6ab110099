"""The models of implicit, each through its own `recommend` with the history folded in.

BPR knows no fold-in: it answers for learners it was trained on, and is silent about others.
"""

import time
import warnings
from collections.abc import Callable

import numpy as np
from exchange import Task
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from peer import Answer, grid, main, microseconds
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

K = 10


def started_by_learner(task: Task) -> csr_matrix:
    """Training part as a matrix (n_learners, n_modules) of ones."""
    ones = np.ones(len(task.module), np.float32)
    return csr_matrix((ones, (task.learner, task.module)), shape=(task.n_learners, task.n_modules))


def histories(task: Task) -> csr_matrix:
    """Histories that are asked about, (n_lists, n_modules), of ones."""
    ones = np.ones(len(task.list_module), np.float32)
    start = task.list_start.astype(np.int32)
    matrix = csr_matrix(
        (ones, task.list_module.astype(np.int32), start), shape=(task.n_lists, task.n_modules)
    )
    matrix.sort_indices()
    return matrix


def timed_fit(model: object, task: Task) -> float:
    """Fit and return seconds; BLAS gets one thread, since implicit brings its own."""
    started = time.perf_counter()
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # implicit warns of matrices that it makes itself
        model.fit(started_by_learner(task), show_progress=False)
    return time.perf_counter() - started


def everything(task: Task, recommend: Callable[..., tuple]) -> np.ndarray:
    """Ask for the whole catalogue and lay the answers out, (n_lists, n_modules)."""
    scores = np.full((task.n_lists, task.n_modules), np.nan)
    asked = histories(task)
    for row in np.flatnonzero(np.diff(task.list_start)):
        ids, values = recommend(row, asked[row], task.n_modules)
        scores[row, ids] = values
    return scores


def folded_in(model: object, task: Task, *, recalculate: bool) -> Answer:
    """Fit, then recommend from each history."""
    seconds = timed_fit(model, task)
    asked = histories(task)
    rows = np.flatnonzero(np.diff(task.list_start))

    def recommend(_: int, history: csr_matrix, n: int, own: bool = False) -> tuple:
        return model.recommend(0, history, N=n, filter_already_liked_items=own, recalculate_user=recalculate)

    with threadpool_limits(1, "blas"):
        return Answer(
            everything(task, recommend),
            seconds,
            microseconds(task, lambda i: recommend(0, asked[rows[i]], K, own=True), len(rows)),
        )


def als(task: Task, factors: int, regularization: float, alpha: float) -> Answer:
    """Alternating least squares, the learner recalculated from the history."""
    model = AlternatingLeastSquares(
        factors=factors,
        regularization=regularization,
        alpha=alpha,
        iterations=15,
        num_threads=2,
        random_state=0,
    )
    return folded_in(model, task, recalculate=True)


def cosine(task: Task, neighbours: int) -> Answer:
    """Cosine neighbours."""
    return folded_in(CosineRecommender(K=neighbours, num_threads=2), task, recalculate=False)


def tfidf(task: Task, neighbours: int) -> Answer:
    """Neighbours after TF-IDF."""
    return folded_in(TFIDFRecommender(K=neighbours, num_threads=2), task, recalculate=False)


def bm25(task: Task, neighbours: int, k1: float, b: float) -> Answer:
    """Neighbours after BM25."""
    return folded_in(BM25Recommender(K=neighbours, K1=k1, B=b, num_threads=2), task, recalculate=False)


def bpr(task: Task, factors: int, regularization: float, iterations: int) -> Answer:
    """Bayesian personalised ranking."""
    model = BayesianPersonalizedRanking(
        factors=factors,
        learning_rate=0.05,
        regularization=regularization,
        iterations=iterations,
        num_threads=1,
        random_state=0,
    )
    seconds = timed_fit(model, task)
    known = np.flatnonzero(task.list_learner >= 0)
    scores = np.full((task.n_lists, task.n_modules), np.nan)
    scores[known] = model.user_factors[task.list_learner[known]] @ model.item_factors.T
    return Answer(scores, seconds)


if __name__ == "__main__":
    NEIGHBOURS = (20, 50, 200, 1000)
    main(
        {
            "implicit_als": (
                als,
                grid(factors=(16, 32, 64, 128), regularization=(0.01, 0.1), alpha=(1.0, 10.0, 40.0)),
            ),
            "implicit_bpr": (
                bpr,
                grid(factors=(32, 64, 128), regularization=(0.001, 0.01), iterations=(100, 300, 1000)),
            ),
            "implicit_cosine": (cosine, grid(neighbours=NEIGHBOURS)),
            "implicit_tfidf": (tfidf, grid(neighbours=NEIGHBOURS)),
            "implicit_bm25": (bm25, grid(neighbours=NEIGHBOURS, k1=(0.1, 0.5, 1.2, 10.0), b=(0.2, 0.5, 0.8))),
        }
    )
