"""Every metric against its definition, written out naively."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.bootstrap import bootstrap_means
from training.evaluation.metrics import (
    calibration_bins,
    module_metrics,
    rank_of_target,
    skill_metrics,
    top_modules,
)

# Few distinct values, so that ties are the rule.
SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, math.nan]), min_size=1, max_size=15)
RESPONSES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.77, 0.9, 1.0]) | st.floats(0, 1)),
    min_size=1,
    max_size=40,
)


def naive_order(scores, allowed, keys):
    """Best first: by score, no opinion last, ties by key."""
    candidates = [module for module in range(len(scores)) if allowed[module]]
    worst = -math.inf
    return sorted(
        candidates,
        key=lambda module: (worst if math.isnan(scores[module]) else scores[module], keys[module]),
        reverse=True,
    )


@given(SCORES, st.data())
def test_rank_and_top_are_places_in_the_sorted_list(scores, data):
    n = len(scores)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    target = data.draw(st.integers(0, n - 1))
    allowed[target] = True
    k = data.draw(st.integers(1, 12))
    keys = np.random.default_rng(data.draw(st.integers(0, 99))).random(n)
    order = naive_order(scores, allowed, keys)
    assert rank_of_target(scores, allowed, target, keys) == order.index(target) + 1
    assert top_modules(scores, allowed, keys, k).tolist() == order[:k]


@given(
    st.lists(
        st.lists(st.sampled_from(range(30)), unique=True, min_size=30, max_size=30), min_size=1, max_size=6
    )
)
def test_module_metrics_from_whole_lists(orders):
    target = 4
    ranks = [order.index(target) + 1 for order in orders]
    found = module_metrics(ranks)
    n = len(orders)
    gains = [
        sum((module == target) / math.log2(place + 2) for place, module in enumerate(order[:10]))
        for order in orders
    ]
    assert found["hr@5"] == pytest.approx(sum(target in order[:5] for order in orders) / n)
    assert found["hr@10"] == pytest.approx(sum(target in order[:10] for order in orders) / n)
    assert found["recall@10"] == found["hr@10"]
    assert found["ndcg@10"] == pytest.approx(sum(gains) / n)
    assert found["mrr"] == pytest.approx(sum(1 / rank for rank in ranks) / n)


@given(RESPONSES)
def test_skill_metrics_from_their_definitions(responses):
    y, p = zip(*responses, strict=True)
    found = skill_metrics(y, p)
    n = len(y)
    assert found["accuracy"] == pytest.approx(sum((q >= 0.5) == (o == 1) for o, q in responses) / n)
    assert found["rmse"] == pytest.approx(math.sqrt(sum((o - q) ** 2 for o, q in responses) / n))
    tiny = np.finfo(np.float64).eps
    clipped = [(o, min(max(q, tiny), 1 - tiny)) for o, q in responses]
    expected = -sum(math.log(q if o else 1 - q) for o, q in clipped) / n
    assert found["log_loss"] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    passed = [q for o, q in responses if o]
    failed = [q for o, q in responses if not o]
    if passed and failed:
        wins = sum((a > b) + 0.5 * (a == b) for a in passed for b in failed)
        assert found["auc"] == pytest.approx(wins / (len(passed) * len(failed)))
    else:
        assert found["auc"] is None


@given(RESPONSES, st.randoms())
def test_calibration_loses_no_response_and_ignores_row_order(responses, random):
    y, p = zip(*responses, strict=True)
    bins = calibration_bins(y, p)
    assert bins.count.sum() == len(y)
    assert 1 <= len(bins.count) <= 10
    assert np.all(np.diff(bins.predicted) > 0) or len(bins.count) == 1
    assert bins.predicted @ bins.count == pytest.approx(sum(p))
    assert bins.observed @ bins.count == pytest.approx(sum(y))
    naive = sum(
        n * abs(o - q) for n, o, q in zip(bins.count, bins.observed, bins.predicted, strict=True)
    ) / len(y)
    assert skill_metrics(y, p)["ece"] == pytest.approx(naive)
    random.shuffle(responses)
    y, p = zip(*responses, strict=True)
    assert calibration_bins(y, p).error == pytest.approx(bins.error)


@given(st.integers(21, 300))
def test_bins_of_distinct_probabilities_hold_a_tenth_each(n):
    p = np.linspace(0, 1, n)
    count = calibration_bins(np.zeros(n), p).count
    assert len(count) == 10
    assert count.max() - count.min() <= 1


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=25),
    st.integers(0, 99),
)
def test_a_resample_is_the_rows_of_the_learners_drawn(rows, seed):
    learner = np.array([row[0] for row in rows])
    values = np.array([row[1:] for row in rows])
    means = bootstrap_means(values, learner, np.random.default_rng(seed), n_folds=7)
    who = np.unique(learner)
    drawn = np.random.default_rng(seed).integers(0, len(who), (7, len(who)))
    for mean, picks in zip(means, drawn, strict=True):
        again = np.concatenate([values[learner == who[pick]] for pick in picks])
        assert mean == pytest.approx(again.mean(axis=0))
