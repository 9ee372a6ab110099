"""Views scored together say, bit by bit, what each says alone."""

import numpy as np
import pytest

from recommender.embeddings.histories import Histories, History
from recommender.embeddings.neighbour_view import NeighbourConfig, NeighbourView
from recommender.embeddings.neighbours import Neighbours
from recommender.embeddings.popularity import Popularity, PopularityConfig
from recommender.embeddings.together import Sequences, Together
from tests.unit.embeddings.leading import leading_source
from tests.unit.worlds import fitted_bundle

HISTORIES = (
    History(np.array([1, 0, 3], np.int32), np.arange(3.0), role=-1, segment=2),
    History.empty(segment=1),
    History(np.array([4], np.int32), np.array([np.nan])),
    History.empty(),
)


@pytest.fixture(scope="module")
def bundle():
    return fitted_bundle()


@pytest.mark.parametrize(
    "left_out", [(), ("popularity",), ("transitions", "ease", "cosine", "content", "prerequisites")]
)
def test_each_row_is_what_its_view_says(bundle, left_out):
    views = [view for name, view in bundle.views.items() if name not in left_out]
    n = bundle.catalog.n_modules
    for asked in (HISTORIES, HISTORIES[:1], ()):
        block = Histories.of(*asked)
        got = Together(views, n).score(block)
        assert got.shape == (len(asked), len(views), n)
        for row, view in enumerate(views):
            np.testing.assert_array_equal(got[:, row], view.score(block), err_msg=view.kind)


def named_by(view, history, module):
    config = view.config
    return leading_source(view.fitted(), history, module, window=config.window, recency=config.recency)


def part_of(view, history, source, module):
    """Part that one started module has in what a view says for another."""
    said = []
    for step, started in enumerate(reversed(history.modules.tolist()[-view.config.window :])):
        near = view.fitted()
        row = slice(near.start[started], near.start[started + 1])
        weight = near.weights[row][near.modules[row] == module].sum()
        said.append((started == source, view.config.recency**step * weight))
    total = sum(weight for _, weight in said)
    return min(max(sum(weight for its, weight in said if its) / total, 0.0), 1.0) if total > 0 else 0.0


@pytest.mark.parametrize("last", [1.0, 1e-3, 0.0])
@pytest.mark.parametrize("history", [HISTORIES[0], HISTORIES[2]])
def test_what_leads_is_told_by_the_view_that_says_most_of_those_that_name_any(bundle, last, history):
    """And named where it makes half of what all say."""
    views = list(bundle.views.values())
    n = bundle.catalog.n_modules
    rng = np.random.default_rng(0)
    shares = rng.random((len(views), n)).astype(np.float32)
    near = [isinstance(view, NeighbourView) for view in views]
    for v, m in np.ndindex(shares.shape):
        shares[v, m] *= near[v] and named_by(views[v], history, m) >= 0
    weights = np.append(np.ones(len(views) - 1), last)
    named = 0
    modules = list(range(n))
    got = Sequences(views, n).leading(history, modules, shares, weights)
    for module in modules:
        said = [
            (float(weights[v] * shares[v, module]), source, view.wording)
            for v, view in enumerate(views)
            if isinstance(view, NeighbourView)
            and view.reason == "next_in_sequence"
            and (source := named_by(view, history, module)) >= 0
            and weights[v] > 0
        ]
        expected = max(said)[1:] if said else (-1, "")
        of_views = weights * shares[:, module]
        part = sum(
            of_views[v] * part_of(view, history, expected[0], module)
            for v, view in enumerate(views)
            if near[v]
        )
        if said and part < 0.5 * of_views.sum():
            expected = (-1, "")
        assert got[module] == expected
        named += expected[0] >= 0
    assert named > 0


class Line(NeighbourView):
    """Speaks for modules as it is told."""

    kind, reason = "line", "next_in_sequence"


@pytest.mark.parametrize(
    ("parts", "popular", "named"),
    [
        ((6.0, 3.0, 1.0), 0.0, 0),
        ((1.0, 3.0, 6.0), 0.0, 2),
        ((5.0, 5.0, 0.0), 0.0, 1),
        # None of three makes half of it.
        ((1.0, 1.0, 1.0), 0.0, -1),
        # Popularity says as much again, or half as much again.
        ((0.0, 0.0, 1.0), 1.0, 2),
        ((0.0, 0.0, 1.0), 1.5, -1),
        ((0.0, 0.0, 0.0), 1.0, -1),
        # What speaks against it makes the part of the first more than all of it, and is counted as all.
        ((6.0, -3.0, 0.0), 1.0, 0),
    ],
)
def test_what_leads_is_named_where_it_makes_half_of_what_is_said(parts, popular, named):
    """Modules 0 to 2 were started, and lead to 3; the other view is not asked what leads to anything."""
    weights = np.zeros((4, 4), np.float32)
    weights[:3, 3] = parts
    view = Line(NeighbourConfig(recency=1.0))
    view.neighbours_ = Neighbours.strongest([weights], np.ones(4, bool), n_neighbours=4, order=np.arange(4))
    history, shares = History(np.arange(3, dtype=np.int32), np.zeros(3)), np.zeros((2, 4), np.float32)
    shares[:, 3] = float(view.score(Histories.of(history))[0, 3] > 0), 1.0
    got = Sequences([view, Popularity()], 4).leading(history, [3], shares, np.array([1.0, popular]))
    assert got == [(named, "")]


def test_nothing_leads_without_a_history_or_a_view_of_sequences(bundle):
    n = bundle.catalog.n_modules
    views = list(bundle.views.values())
    asked = ([0, 1], np.ones((len(views), n), np.float32), np.ones(len(views)))
    assert Sequences(views, n).leading(History.empty(), *asked) == [(-1, "")] * 2
    others = [view for view in views if isinstance(view, Popularity)]
    assert Sequences(others, n).leading(HISTORIES[0], *asked) == [(-1, "")] * 2


def test_a_role_that_popularity_does_not_know_is_refused(bundle):
    view = Popularity(PopularityConfig(slice="role"))
    view.shares_ = np.ones((3, bundle.catalog.n_modules), np.float32)
    for role, known in ((1, True), (2, False), (-2, False)):
        block = Histories.of(History.empty(role=role))
        if known:
            assert Together([view], bundle.catalog.n_modules).score(block).all()
            continue
        for asked in (view, Together([view], bundle.catalog.n_modules)):
            with pytest.raises(IndexError, match="role or segment"):
                asked.score(block)
