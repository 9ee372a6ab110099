"""Greedy diversity in compiled code against the definition, over any scores and any likeness."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.embeddings.neighbours import Neighbours
from recommender.ranking.rank import rank_ids, top
from tests.unit.ranking.compiled import diverse_top

# Few distinct values, so that there are ties.
SCORE = st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0]) | st.floats(-5, 5)
LIKENESS = st.sampled_from([0.0, 0.0, 0.5, 1.0]) | st.floats(0, 1, width=32)


@st.composite
def lists(draw):
    n = draw(st.integers(1, 9))
    alike = np.zeros((n, n), np.float32)
    for i in range(n):
        for j in range(i):
            alike[i, j] = alike[j, i] = draw(LIKENESS)
    score = np.array(draw(st.lists(SCORE, min_size=n, max_size=n)))
    allowed = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)
    ids = draw(st.permutations([f"m{i}" for i in range(n)]))
    weight = draw(st.sampled_from([0.0, 0.5, 1.0, 30.0]) | st.floats(0, 5))
    return score, allowed, ids, alike, draw(st.integers(0, 11)), weight


def ask(score, allowed, ids, alike, k, weight):
    ids = list(ids)
    near = Neighbours.strongest(
        [alike], np.ones(len(ids), bool), n_neighbours=len(ids), order=np.argsort(np.array(ids))
    )
    chosen = diverse_top(score, allowed, k, ids, weight=weight, alike=near)
    return [ids[m] for m in chosen]


def defined(score, allowed, ids, alike, k, weight):
    """Carbonell and Goldstein's greedy choice over everything that is allowed."""
    chosen, left = [], np.flatnonzero(allowed).tolist()
    while left and len(chosen) < k:
        likest = {m: max((round(float(alike[c, m]), 5) for c in chosen), default=0.0) for m in left}
        value = {m: round(score[m] - weight * likest[m], 9) for m in left}
        best = min(left, key=lambda m: (-value[m], ids[m]))
        chosen.append(best)
        left.remove(best)
    return [ids[m] for m in chosen]


@settings(max_examples=300, deadline=None)
@given(lists())
def test_is_the_definition(question):
    assert ask(*question) == defined(*question)


@settings(max_examples=100, deadline=None)
@given(lists(), st.randoms(use_true_random=False))
def test_the_order_of_the_catalogue_changes_nothing(question, random):
    score, allowed, ids, alike, k, weight = question
    order = list(range(len(ids)))
    random.shuffle(order)
    moved = (score[order], allowed[order], [ids[i] for i in order], alike[np.ix_(order, order)], k, weight)
    assert ask(*moved) == ask(*question)


@settings(max_examples=100, deadline=None)
@given(lists())
def test_only_what_is_allowed_each_once_and_as_many_as_asked_for(question):
    _, allowed, ids, _, k, _ = question
    chosen = ask(*question)
    assert len(chosen) == len(set(chosen)) == min(k, allowed.sum())
    assert all(allowed[ids.index(m)] for m in chosen)


@given(lists())
def test_without_a_weight_it_is_the_plain_order(question):
    score, allowed, ids, alike, k, _ = question
    plain = [ids[m] for m in top(score, allowed, k, rank_ids(ids)).tolist()]
    assert ask(score, allowed, ids, alike, k, 0.0) == plain
    assert ask(score, allowed, ids, alike, k, 5.0)[:1] == plain[:1]
