"""Trees as bit vectors add what the walk through them adds, to the last bit."""

import numpy as np
import pytest

from recommender.trees.arrays import TreeArrays
from recommender.trees.bitvectors import MOST_LEAVES, BitVectors
from recommender.trees.kernel import Bits, Nodes, add_leaves, walk

N_FEATURES = 5
THRESHOLDS = (-1e40, -1.0, -1e-35, 0.0, 1e-35, 0.1, np.nextafter(np.float32(0.1), np.float32(1)), 3.0, 1e40)
VALUES = np.array([*THRESHOLDS[1:-1], np.nan, np.inf, -np.inf, 0.05, 7.0], np.float32)


def a_tree(n_leaves, rng):
    """LightGBM's way of telling a tree of any shape."""
    if n_leaves == 1:
        return {"leaf_value": float(rng.normal())}
    n_left = int(rng.integers(1, n_leaves))
    return {
        "split_feature": int(rng.integers(N_FEATURES)),
        "threshold": float(rng.choice(THRESHOLDS)),
        "missing_type": str(rng.choice(["NaN", "None"])),
        "default_left": bool(rng.random() < 0.5),
        "left_child": a_tree(n_left, rng),
        "right_child": a_tree(n_leaves - n_left, rng),
    }


def made(*n_leaves, seed=0):
    rng = np.random.default_rng(seed)
    return TreeArrays()._take([a_tree(n, rng) for n in n_leaves])


@pytest.mark.parametrize("n_rows", [1, 63, 64, 65, 200])
def test_they_add_what_the_walk_adds(n_rows):
    trees = made(*range(1, MOST_LEAVES + 1), 2, 1, MOST_LEAVES, seed=n_rows)
    x = np.random.default_rng(n_rows).choice(VALUES, (n_rows, N_FEATURES))
    walked, added = np.zeros(n_rows), np.zeros(n_rows)
    walk(x, Nodes(*(getattr(trees, name) for name in trees.ARRAYS)), walked)
    add_leaves(x, Bits(*BitVectors.of(trees)), added)
    np.testing.assert_array_equal(added, walked)
    assert len(np.unique(walked)) > n_rows // 2, "rows reach different leaves"


def test_a_row_does_not_depend_on_how_many_there_are():
    trees = made(15, 15, 15)
    x = np.random.default_rng(1).choice(VALUES, (100, N_FEATURES))
    alone = [trees.predict_logit(x[i : i + 1])[0] for i in range(len(x))]
    np.testing.assert_array_equal(trees.predict_logit(x), alone)


def test_larger_trees_are_walked():
    trees = made(3, MOST_LEAVES + 1)
    assert BitVectors.of(trees) is None
    x = np.random.default_rng(3).choice(VALUES, (20, N_FEATURES))
    walked = np.zeros(len(x))
    walk(x, Nodes(*(getattr(trees, name) for name in trees.ARRAYS)), walked)
    np.testing.assert_array_equal(trees.predict_logit(x), walked)


def test_other_trees_in_the_same_place_are_laid_out_anew():
    trees, x = made(15), np.random.default_rng(2).choice(VALUES, (50, N_FEATURES))
    trees.predict_logit(x)
    rng = np.random.default_rng(7)
    trees._take([a_tree(9, rng)])
    expected = np.zeros(len(x))
    walk(x, Nodes(*(getattr(trees, name) for name in trees.ARRAYS)), expected)
    np.testing.assert_array_equal(trees.predict_logit(x), expected)
