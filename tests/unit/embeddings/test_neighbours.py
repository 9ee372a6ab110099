"""Rows of neighbours: how they are cut, what they name as the source, and which arrays are refused."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.embeddings import VIEWS, Histories, History
from recommender.embeddings.neighbour_view import NeighbourView
from recommender.embeddings.neighbours import Neighbours
from tests.unit.embeddings.leading import leading_source

WEIGHTS = np.array([[0, 3, -5, 1], [2, 0, 2, 2], [0, 0, 0, 0], [1, 1, 1, 0]], np.float32)
ALL, ORDER = np.ones(4, bool), np.arange(4)


def past(*modules):
    return History(np.array(modules, np.int32), np.zeros(len(modules)))


def near(weights=WEIGHTS, known=ALL, n_neighbours=9, order=ORDER):
    return Neighbours.strongest([weights], known, n_neighbours=n_neighbours, order=order)


def rows(neighbours):
    start = neighbours.start.tolist()
    entries = list(zip(neighbours.modules.tolist(), neighbours.weights.tolist(), strict=True))
    return [entries[first:last] for first, last in pairwise(start)]


@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_the_strongest_stay_by_absolute_value_and_equals_by_id(make):
    cut = near(make(WEIGHTS), n_neighbours=2, order=np.array([3, 2, 1, 0]))
    assert rows(cut) == [[(2, -5.0), (1, 3.0)], [(3, 2.0), (2, 2.0)], [], [(2, 1.0), (1, 1.0)]]


@pytest.mark.parametrize("n_neighbours", [1, 2, 3])
def test_dense_sparse_and_blocks_of_rows_are_cut_alike(n_neighbours):
    weights = np.random.default_rng(0).integers(-2, 3, (40, 40)).astype(np.float32)
    order = np.random.default_rng(1).permutation(40)
    settings = {"known": np.ones(40, bool), "n_neighbours": n_neighbours, "order": order}
    whole = Neighbours.strongest([weights], **settings)
    for blocks in ([csr_array(weights)], [weights[:7], csr_array(weights[7:31]), weights[31:]]):
        assert rows(Neighbours.strongest(blocks, **settings)) == rows(whole)


def test_an_entry_of_zero_is_none():
    stored = csr_array((np.array([0.0, 1.0]), ([0, 1], [1, 0])), (2, 2))
    assert rows(near(stored, ALL[:2], order=np.arange(2))) == [[], [(0, 1.0)]]


def test_placed_moves_rows_and_modules_alike():
    small = near(WEIGHTS[:2, :2], ALL[:2], order=np.arange(2))
    placed = small.placed(np.array([3, 1]), 5)
    assert rows(placed) == [[], [(3, 2.0)], [], [(1, 3.0)], []]
    assert placed.known.tolist() == [False, True, False, True, False]


def test_what_speaks_against_lowers_a_score_to_no_less_than_nothing():
    scores = near().score(Histories.of(past(1, 0), past(0)), window=9, recency=1.0)
    assert scores.tolist() == [[2, 3, 0, 3], [0, 3, 0, 1]]


def test_no_neighbour_no_opinion_and_unknown_modules_stay_unknown():
    known = np.array([True, True, True, False])
    scores = near(known=known).score(Histories.of(past(2), past(), past(2, 3)), window=9, recency=0.5)
    np.testing.assert_array_equal(scores, [[np.nan] * 4, [np.nan] * 4, [1, 1, 1, np.nan]])


def test_a_module_of_no_catalogue_is_refused():
    for module in (-1, 4):
        with pytest.raises(IndexError, match="not in the catalogue"):
            near().score(Histories.of(past(module)), window=9, recency=0.5)
        with pytest.raises(IndexError, match="not in the catalogue"):
            leading_source(near(), past(module), 0, window=9, recency=0.5)


@pytest.mark.parametrize(
    ("history", "module", "window", "recency", "source"),
    [
        (past(0, 1), 3, 9, 1.0, 1),
        (past(1, 0), 3, 9, 1.0, 1),
        (past(1, 0), 3, 9, 0.4, 0),
        (past(1, 0), 3, 1, 1.0, 0),
        (past(1, 3), 2, 9, 0.5, 3),  # as strong as the earlier one
        (past(0), 2, 9, 1.0, -1),  # it speaks against
        (past(2), 1, 9, 1.0, -1),
        (past(), 1, 9, 1.0, -1),
    ],
)
def test_the_source_is_what_speaks_for_a_module_most(history, module, window, recency, source):
    assert leading_source(near(), history, module, window=window, recency=recency) == source


def test_arrays_come_back_and_cannot_be_written():
    again = Neighbours.from_arrays(near().arrays())
    assert rows(again) == rows(near())
    for array in again.arrays().values():
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "change",
    [
        {"start": np.array([0, 3, 6, 6, 10])},
        {"start": np.array([1, 3, 6, 6, 9])},
        {"start": np.array([0, 6, 3, 6, 9])},
        {"start": np.array([0, 3, 6, 9])},
        {"start": np.array([0, 3, 6, 6, 9], np.int32)},
        {"start": np.zeros((5, 1), np.int64)},
        {"start": np.zeros(0, np.int64)},
        {"modules": np.array([1, 2, 3, 0, 2, 3, 0, 1, 4], np.int32)},
        {"modules": np.array([1, 2, 3, 0, 2, 3, 0, 1, -1], np.int32)},
        {"modules": np.zeros(8, np.int32)},
        {"modules": np.zeros(9, np.float32)},
        {"weights": np.zeros(8, np.float32)},
        {"weights": np.zeros(9)},
        {"weights": np.full(9, np.nan, np.float32)},
        {"weights": np.full(9, np.inf, np.float32)},
        {"known": np.ones(3, bool)},
        {"known": np.ones(4, np.uint8)},
        {"known": np.ones((), bool)},
    ],
    ids=lambda change: f"{next(iter(change))}",
)
def test_arrays_that_compiled_code_could_not_walk_are_refused(change):
    with pytest.raises(ValueError, match="hold no neighbours"):
        Neighbours.from_arrays(near().arrays() | change)
    for view_class in VIEWS.values():
        if issubclass(view_class, NeighbourView):
            with pytest.raises(ValueError, match="hold no neighbours"):
                view_class.from_arrays(view_class.config_class()(), near().arrays() | change)


def test_the_compiler_is_not_loaded_before_a_score():
    script = "import sys, recommender.embeddings; sys.exit('numba' in sys.modules)"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
