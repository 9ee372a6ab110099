"""Models of RecTools that need neither torch nor a C compiler."""

from exchange import Task
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import CosineRecommender, TFIDFRecommender
from peer import Answer, grid, main
from rectools.models import (
    EASEModel,
    ImplicitALSWrapperModel,
    ImplicitBPRWrapperModel,
    ImplicitItemKNNWrapperModel,
    PopularModel,
    PureSVDModel,
)
from rectools_asking import from_histories, from_learners


def popular(task: Task) -> Answer:
    """Number of learners who started it."""
    return from_histories(PopularModel(), task)


def ease(task: Task, regularization: float) -> Answer:
    """Embarrassingly shallow autoencoder."""
    return from_histories(EASEModel(regularization=regularization), task)


def neighbours(task: Task, kind: str, n: int) -> Answer:
    """Neighbours by cosine or TF-IDF."""
    model = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}[kind](K=n)
    return from_histories(ImplicitItemKNNWrapperModel(model), task)


def svd(task: Task, factors: int) -> Answer:
    """Truncated singular value decomposition."""
    return from_learners(PureSVDModel(factors=factors), task)


def als(task: Task, factors: int, regularization: float, alpha: float) -> Answer:
    """Alternating least squares as RecTools calls it: its learners are those of the training part."""
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, num_threads=2, random_state=0
    )
    return from_learners(ImplicitALSWrapperModel(model), task)


def bpr(task: Task, factors: int, iterations: int) -> Answer:
    """Bayesian personalised ranking."""
    model = BayesianPersonalizedRanking(
        factors=factors, learning_rate=0.05, iterations=iterations, num_threads=1, random_state=0
    )
    return from_learners(ImplicitBPRWrapperModel(model), task)


if __name__ == "__main__":
    main(
        {
            "rectools_popular": (popular, [{}]),
            "rectools_ease": (ease, grid(regularization=(5.0, 20.0, 50.0, 100.0, 200.0, 500.0))),
            "rectools_knn": (neighbours, grid(kind=("cosine", "tfidf"), n=(20, 50, 200, 1000))),
            "rectools_svd": (svd, grid(factors=(10, 32, 64, 128))),
            "rectools_als": (
                als,
                grid(factors=(16, 32, 64, 128), regularization=(0.1,), alpha=(1.0, 10.0, 40.0)),
            ),
            "rectools_bpr": (bpr, grid(factors=(32, 128), iterations=(100, 300, 1000))),
        }
    )
