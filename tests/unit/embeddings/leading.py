"""What leads to one module by one set of neighbours, for tests that work it by hand."""

from recommender.embeddings.histories import History
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.neighbours_kernel import Rows, strongest_source


def leading_source(near: Neighbours, history: History, module: int, *, window: int, recency: float) -> int:
    """Position of the started module that speaks for `module` most strongly; -1 when none does."""
    rows = Rows(near.start, near.modules, near.weights, near.known)
    return int(strongest_source(rows, history.modules, window, recency, module))
