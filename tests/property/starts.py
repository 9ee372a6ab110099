"""Learners who start modules, as hypothesis draws them, and laws that every split must keep."""

import math

import numpy as np
from hypothesis import strategies as st

from recommender.embeddings.histories import Interactions
from training.evaluation.splits import Split

N_MODULES = 8
LEARNER = st.lists(st.sampled_from(range(N_MODULES)), unique=True, max_size=N_MODULES).flatmap(
    lambda modules: st.tuples(
        st.just(modules),
        # Few distinct times: ties within and between learners are common in day- or quarter-grained data.
        st.lists(st.integers(0, 6), min_size=len(modules), max_size=len(modules)).map(sorted),
    )
)
LEARNERS = st.lists(LEARNER, max_size=8)
SEEDS = st.integers(0, 10_000)


def interactions(learners) -> Interactions:
    start = np.cumsum([0, *(len(modules) for modules, _ in learners)]).astype(np.int64)
    modules = np.array([m for modules, _ in learners for m in modules], np.int32)
    at = np.array([t for _, times in learners for t in times], np.float64)
    role = np.arange(len(learners), dtype=np.int32) % 3 - 1
    return Interactions(start, modules, at, role, np.full(len(learners), -1, np.int32), N_MODULES)


def with_modules(source: Interactions, modules) -> Interactions:
    """The same learners and times, other modules."""
    return Interactions(source.start, modules, source.at, source.role, source.segment, N_MODULES)


def rows_of(source: Interactions) -> list[list[int]]:
    """What each learner started, in order."""
    return [source.history(learner).modules.tolist() for learner in range(source.n_learners)]


def is_part(part: list[int], whole: list[int]) -> bool:
    """Whether `part` is `whole` with some left out, in the same order."""
    rest = iter(whole)
    return all(module in rest for module in part)


def check_laws(source: Interactions, split: Split) -> None:
    """Nothing in training, or known of anybody, is the answer or what came after it."""
    train = split.train
    assert train.n_learners == source.n_learners
    assert train.n_modules == source.n_modules
    assert len(split.learner) == len(split.module) == len(split.group) == len(split.n_known)
    whole, learned = rows_of(source), rows_of(train)
    for had, kept in zip(whole, learned, strict=True):
        assert is_part(kept, had), "training invents or reorders starts"
    for row in range(len(split.learner)):
        learner, module = int(split.learner[row]), int(split.module[row])
        history = split.history(row)
        known = history.modules.tolist()
        assert len(known) == len(history.at) == split.n_known[row]
        assert (history.role, history.segment) == (source.role[learner], source.segment[learner])
        assert module not in known
        before = whole[learner]
        if module in before:
            before = before[: before.index(module)]
        assert is_part(known, before), "known is what came before the target, and nothing else"
        assert is_part(learned[learner], before), "a learner's own future must not be learned from"
    if not math.isnan(split.moment):
        assert (train.at < split.moment).all()


def same_view(one: Split, other: Split) -> None:
    """Both splits show models exactly the same."""
    for name in ("start", "modules", "at"):
        np.testing.assert_array_equal(getattr(one.train, name), getattr(other.train, name))
    np.testing.assert_array_equal(one.learner, other.learner)
    np.testing.assert_array_equal(one.n_known, other.n_known)
    for row in range(len(one.learner)):
        np.testing.assert_array_equal(one.history(row).modules, other.history(row).modules)
        np.testing.assert_array_equal(one.history(row).at, other.history(row).at)
