"""A published test set may name starts of the data or starts to come; neither may leak."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.starts import (
    LEARNERS,
    N_MODULES,
    SEEDS,
    check_laws,
    interactions,
    rows_of,
    same_view,
    with_modules,
)
from training.evaluation.splits import Split, Unavailable
from training.evaluation.splits_holdout import HeldOut, holdout


@st.composite
def with_test_set(draw):
    learners = draw(LEARNERS.filter(bool))
    every = [(learner, module) for learner in range(len(learners)) for module in range(N_MODULES)]
    pairs = draw(st.lists(st.sampled_from(every), unique=True, max_size=12))
    return learners, pairs


def held(pairs) -> HeldOut:
    return HeldOut(np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.int32))


def before_answers(learners, pairs) -> list[list[int]]:
    """What each learner started before the first of their held-out modules, found by looping."""
    kept = []
    for learner, (modules, _) in enumerate(learners):
        answers = [modules.index(m) for who, m in pairs if who == learner and m in modules]
        kept.append(modules[: min(answers, default=len(modules))])
    return kept


@given(with_test_set())
def test_every_pair_is_a_target_and_what_came_before_is_all_there_is(drawn):
    learners, pairs = drawn
    source, kept = interactions(learners), before_answers(learners, pairs)
    split = holdout(source, held(pairs))
    if not pairs or not any(kept):
        assert isinstance(split, Unavailable)
        return
    check_laws(source, split)
    assert list(zip(split.learner.tolist(), split.module.tolist(), strict=True)) == pairs
    assert rows_of(split.train) == kept
    for row, (learner, _) in enumerate(pairs):
        assert split.history(row).modules.tolist() == kept[learner]
        assert split.group[row] == ("known" if kept[learner] else "new")
    answers = sum(module in learners[learner][0] for learner, module in pairs)
    assert split.removed["held_out_starts"] == answers
    assert sum(split.removed.values()) == len(source.modules) - len(split.train.modules)


@given(with_test_set(), SEEDS)
def test_what_follows_an_answer_changes_nothing(drawn, seed):
    learners, pairs = drawn
    source = interactions(learners)
    split = holdout(source, held(pairs))
    assume(isinstance(split, Split))
    rng, changed = np.random.default_rng(seed), source.modules.copy()
    for learner, kept in enumerate(before_answers(learners, pairs)):
        later = np.arange(source.start[learner] + len(kept) + 1, source.start[learner + 1])
        # No answer among them, so that what is removed stays told by the first one alone.
        free = [m for m in range(N_MODULES) if (learner, m) not in pairs]
        if free:
            changed[later] = rng.choice(free, len(later))
    same_view(split, holdout(with_modules(source, changed), held(pairs)))


def test_without_a_test_set_there_is_no_split():
    found = holdout(interactions([([0, 1], [0, 1])]), None)
    assert isinstance(found, Unavailable)
    assert "no table holdout (learner_id, module_id)" in found.reason


def test_when_all_starts_are_answers_nothing_is_left():
    found = holdout(interactions([([0, 1], [0, 1])]), held([(0, 0)]))
    assert isinstance(found, Unavailable)
    assert "no start is left to learn from" in found.reason
