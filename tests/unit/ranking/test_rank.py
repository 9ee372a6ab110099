import numpy as np
import pytest

from recommender.ranking.rank import rank_ids, top

IDS = ("m10", "m2", "M1", "é", "a")
RANK = rank_ids(IDS)


def ids(score, allowed=None, k=3):
    mask = np.ones(5, bool) if allowed is None else np.array(allowed, bool)
    return [IDS[m] for m in top(np.array(score, float), mask, k, RANK)]


def test_largest_first():
    assert ids([1, 5, 3, 4, 2]) == ["m2", "é", "M1"]


def test_all_equal_is_ordered_by_id():
    assert ids([0, 0, 0, 0, 0], k=5) == sorted(IDS)
    assert ids([0, 0, 0, 0, 0], k=2) == sorted(IDS)[:2]


def test_a_tie_at_the_cut_is_decided_by_id():
    assert ids([7, 7, 9, 7, 0]) == ["M1", "m10", "m2"]


def test_differences_of_rounding_are_ties():
    assert ids([1 + 1e-12, 1, 1 - 1e-12, 0, 0]) == ["M1", "m10", "m2"]


def test_only_allowed_and_known_scores():
    assert ids([9, np.nan, 8, -np.inf, 1], allowed=[0, 1, 1, 1, 1], k=9) == ["M1", "a", "é"]
    assert ids([1, 2, 3, 4, 5], allowed=[0] * 5) == []


@pytest.mark.parametrize(("k", "n"), [(-1, 0), (0, 0), (1, 1), (5, 5), (100, 5)])
def test_k_is_respected(k, n):
    assert len(ids([1, 2, 3, 4, 5], k=k)) == n


def test_nothing_to_rank():
    assert top(np.zeros(0), np.zeros(0, bool), 5, rank_ids(())).tolist() == []
