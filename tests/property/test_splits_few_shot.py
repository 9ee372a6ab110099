"""Of somebody whom no model has seen, the first modules tell something; nothing else may."""

from collections import Counter

import numpy as np
from hypothesis import assume, given

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
from training.evaluation.splits_few_shot import few_shot


def drawn(source, seed):
    return few_shot(source, np.random.default_rng(seed))


@given(LEARNERS, SEEDS)
def test_a_fifth_is_unseen_and_tested_from_one_two_and_three(learners, seed):
    source = interactions(learners)
    split = drawn(source, seed)
    several = [learner for learner, (modules, _) in enumerate(learners) if len(modules) > 1]
    if round(0.2 * len(several)) == 0:
        assert isinstance(split, Unavailable)
        assert f"{len(several)} learners have started two modules" in split.reason
        return
    check_laws(source, split)
    unseen = set(split.learner.tolist())
    assert unseen <= set(several)
    assert len(unseen) == round(0.2 * len(several))
    learned, whole = rows_of(split.train), rows_of(source)
    for learner in range(source.n_learners):
        assert learned[learner] == ([] if learner in unseen else whole[learner])
    for row, learner in enumerate(split.learner.tolist()):
        n = int(split.n_known[row])
        assert split.group[row] == f"{n} known"
        assert [*split.history(row).modules.tolist(), split.module[row]] == whole[learner][: n + 1]
    per_learner = Counter(split.learner.tolist())
    assert per_learner == {learner: min(len(whole[learner]) - 1, 3) for learner in unseen}


@given(LEARNERS, SEEDS)
def test_the_same_seed_draws_the_same_learners(learners, seed):
    source = interactions(learners)
    split = drawn(source, seed)
    assume(isinstance(split, Split))
    same_view(split, drawn(source, seed))


@given(LEARNERS, SEEDS)
def test_changing_what_follows_the_third_module_of_the_unseen_changes_nothing(learners, seed):
    source = interactions(learners)
    split = drawn(source, seed)
    assume(isinstance(split, Split))
    changed = source.modules.copy()
    for learner in set(split.learner.tolist()):
        later = slice(source.start[learner] + 3, source.start[learner + 1])
        changed[later] = (changed[later] + 1) % N_MODULES
    same_view(split, drawn(with_modules(source, changed), seed))
