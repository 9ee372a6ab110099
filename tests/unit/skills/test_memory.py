"""The memory of answers: its gradient, its steps, and that it learns what only it can know."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from recommender.skills import memory_kernel
from recommender.skills.memory import MemoryConfig, MemoryInput, MemoryOutput, fit_memory
from recommender.skills.records import FEATURE, MEMORY_DECAYS, MEMORY_RANK, MEMORY_WIDTH
from recommender.skills.replay import replay
from tests.unit.skills.streams import CATALOG, TABLE, columns, simulated

NAN = float("nan")
NAMES = memory_kernel.Vectors._fields
# Two learners: items come again, and items have no, one and two skills.
SKILLS = [[0], [1], [0, 1], [], [0], [1], [0, 1]]
ITEMS = [0, 1, 2, 3, 0, 1, 2]
START = np.array([0, 4, 7])


def toy(seed=0):
    rng = np.random.default_rng(seed)
    counts = np.array([len(s) for s in SKILLS])
    rows = memory_kernel.Rows(
        skill_start=np.cumsum(counts) - counts,
        n_skills=counts,
        skill=np.array([s for row in SKILLS for s in row]),
        item=np.array(ITEMS),
        residual=rng.uniform(-0.7, 0.7, 7).astype(np.float32),
        passed=rng.integers(0, 2, 7).astype(np.float32),
        base=rng.normal(0, 1, 7).astype(np.float32),
    )
    shapes = [(4, MEMORY_RANK), (2, MEMORY_RANK), (4, MEMORY_WIDTH), (2, MEMORY_WIDTH), (4,), (2,)]
    vectors = memory_kernel.Vectors(*(0.3 * rng.standard_normal(s, np.float32) for s in shapes))
    return rows, vectors


def loss(rows, vectors):
    """Log loss of the recurrence as it is written, in plain Python."""
    v, total = vectors, 0.0
    for first, last in pairwise(START.tolist()):
        memory = np.zeros((len(MEMORY_DECAYS), MEMORY_RANK))
        for i in range(first, last):
            item, skills = ITEMS[i], SKILLS[i]
            z = rows.base[i] + v.item_bias[item] + memory.ravel() @ v.item_output[item]
            u = v.item_input[item].astype(np.float64)
            if skills:
                z += np.mean([v.skill_bias[s] + memory.ravel() @ v.skill_output[s] for s in skills])
                u = u + np.mean([v.skill_input[s] for s in skills], axis=0)
            total += np.logaddexp(0, z) - rows.passed[i] * z
            for d, decay in enumerate(MEMORY_DECAYS):
                memory[d] = decay * memory[d] + np.sqrt(1 - decay**2) * rows.residual[i] * u
    return total


def numeric_gradient(rows, vectors):
    exact = memory_kernel.Vectors(*(v.astype(np.float64) for v in vectors))
    found = []
    for values in exact:
        gradient = np.zeros(values.shape)
        for place in np.ndindex(values.shape):
            kept = values[place]
            values[place] = kept + 1e-5
            above = loss(rows, exact)
            values[place] = kept - 1e-5
            gradient[place] = (above - loss(rows, exact)) / 2e-5
            values[place] = kept
        found.append(gradient)
    return found


def descend(rows, vectors, first_sum, lr, decay=0.0):
    sums = memory_kernel.Vectors(*(np.full(len(v), first_sum, np.float32) for v in vectors))
    decays = np.full(4, decay, np.float32)
    order = np.arange(len(START) - 1)
    memory_kernel.descend(
        order, START, rows, vectors, sums, np.float32(lr), decays, decays, np.float32(decay)
    )
    return sums


def test_a_tiny_step_is_down_the_gradient():
    """Sums so large that they hardly change make every step -lr / sqrt(sum) times the gradient."""
    rows, vectors = toy()
    before = [v.copy() for v in vectors]
    expected = numeric_gradient(rows, vectors)
    descend(rows, vectors, first_sum=1e8, lr=1e-3 * 1e4)
    for name, old, new, gradient in zip(NAMES, before, vectors, expected, strict=True):
        assert np.abs(gradient).max() > 0.02, name
        np.testing.assert_allclose((old - new) / 1e-3, gradient, atol=0.01 * np.abs(gradient).max() + 1e-3)


def test_sums_are_of_squared_gradients_and_divide_the_step():
    """One answer only: one gradient a vector, so a step of -lr g / sqrt(first + mean g^2)."""
    rows, vectors = toy(1)
    alone = memory_kernel.Rows(
        *(column[:1] for column in (rows.skill_start, rows.n_skills)), rows.skill, *(c[:1] for c in rows[3:])
    )
    error = expit(alone.base[0] + vectors.item_bias[0] + vectors.skill_bias[0]) - alone.passed[0]
    before = [v.copy() for v in vectors]
    sums = memory_kernel.Vectors(*(np.full(len(v), 0.01, np.float32) for v in vectors))
    decays = np.zeros(4, np.float32)
    one = (np.zeros(1, np.int64), np.array([0, 1]))
    memory_kernel.descend(*one, alone, vectors, sums, np.float32(0.1), decays, decays, np.float32(0))
    step = 0.1 * error / np.sqrt(0.01 + error**2)
    assert before[4][0] - vectors.item_bias[0] == pytest.approx(step, rel=1e-4)
    assert before[5][0] - vectors.skill_bias[0] == pytest.approx(step, rel=1e-4)
    assert sums.item_bias[0] == pytest.approx(0.01 + error**2, rel=1e-4)
    # Nothing came before, so nothing was read, and nothing comes after.
    for name in ("item_input", "skill_input", "item_output", "skill_output"):
        np.testing.assert_array_equal(getattr(vectors, name), before[NAMES.index(name)], err_msg=name)


def test_decay_shrinks_what_is_met_and_nothing_else():
    """Beside the same steps without decay, each meeting takes off rate times decay times the vector."""
    rows, vectors = toy(2)
    rows = rows._replace(item=np.where(rows.item == 3, 2, rows.item))
    before = [v.copy() for v in vectors]
    with_decay, without = ([v.copy() for v in vectors] for _ in range(2))
    for values, decay in ((with_decay, 1.0), (without, 0.0)):
        descend(rows, memory_kernel.Vectors(*values), first_sum=1e8, lr=1e-3 * 1e4, decay=decay)
    met = {4: np.bincount(rows.item, minlength=4), 2: np.bincount(rows.skill, minlength=2)}
    assert met[4].tolist() == [2, 2, 3, 0]
    for old, one, other in zip(before, with_decay, without, strict=True):
        times = met[len(old)].reshape(-1, *[1] * (old.ndim - 1))
        np.testing.assert_allclose((other - one) / 1e-3, times * old, atol=0.02)


# Fitting


def fit(attempts, *, seed=0, **config):
    residual = attempts.score - TABLE.item_score[attempts.item]
    return fit_memory(
        attempts,
        residual,
        -TABLE.item_difficulty[attempts.item],
        n_items=len(TABLE.item_ids),
        n_skills=len(TABLE.skill_ids),
        config=MemoryConfig(**config),
        seed=seed,
    )


def planted(n_learners, seed):
    """Everybody meets q0, then q1: who passed the one passes the other, and pass rates tell nothing."""
    rng = np.random.default_rng(seed)
    rows = []
    for learner in range(n_learners):
        passed = float(rng.random() < 0.5)
        rows += [(learner, 0, passed, NAN), (learner, 5, float(rng.random() < 0.5), NAN)]
        rows += [(learner, 1, passed, NAN)]
    return columns(rows, n_learners=n_learners, skills=[[]] * len(rows))


def test_it_learns_that_one_item_tells_of_another():
    flat = replace(TABLE, item_difficulty=np.zeros(8), item_score=np.full(8, 0.5))
    train, unseen = planted(600, 1), planted(200, 2)
    memory, output = fit(train, epochs=6, item_decay=0.1)
    features = replay(unseen, CATALOG, replace(flat, memory=memory), output)
    logit = features[:, FEATURE["memory_logit"]]
    for item, low, high in ((0, 0.4, 0.6), (5, 0.38, 0.62), (1, 0.99, 1.0)):
        rows = unseen.item == item
        assert low <= roc_auc_score(unseen.passed[rows], logit[rows]) <= high, item
    assert np.ptp(logit[unseen.item == 1]) > 1.0


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(3), n_learners=40, n_attempts=1200)


def test_it_improves_on_what_it_is_put_on_top_of(attempts):
    memory, output = fit(attempts)
    base = -TABLE.item_difficulty[attempts.item]
    added = replay(attempts, CATALOG, replace(TABLE, memory=memory), output)[:, FEATURE["memory_logit"]]
    before, after = (np.logaddexp(0, z).mean() - (attempts.passed * z).mean() for z in (base, base + added))
    assert after < before - 0.03
    assert np.isfinite(added).all()


@pytest.mark.parametrize("what", ["no epochs", "all passed", "nobody"])
def test_no_memory_where_there_is_nothing_to_fit(attempts, what):
    if what == "no epochs":
        memory, output = fit(attempts, epochs=0)
    elif what == "all passed":
        memory, output = fit(replace(attempts, passed=np.ones(len(attempts))))
    else:
        memory, output = fit(columns([], n_learners=2))
    assert all(len(array) == 0 for array in (memory.item, memory.skill, *output.arrays().values()))
    with_none = replay(attempts, CATALOG, replace(TABLE, memory=memory), output)
    np.testing.assert_array_equal(with_none, replay(attempts, CATALOG, TABLE))


def test_the_same_seed_gives_the_same_memory_and_another_another(attempts):
    one, same, other = (fit(attempts, seed=seed)[0].item for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_rows_of_learners_may_interleave(attempts):
    order = np.argsort(attempts.learner, kind="stable")
    rows = np.column_stack([attempts.learner, attempts.item, attempts.passed, attempts.at])[order]
    by_learner = columns(rows.tolist(), n_learners=40)
    for one, other in zip(
        fit(attempts)[1].arrays().values(), fit(by_learner)[1].arrays().values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_weight_decay_goes_by_the_answers_up_to_a_most(attempts):
    free, usual, capped, more = (
        fit(attempts, item_decay=decay, bias_decay=decay, most_decay=0.01)[1]
        for decay in (0.0, 1.0, 1e6, 1e9)
    )
    for name in ("item", "item_bias"):
        sizes = [np.abs(getattr(output, name)).mean() for output in (free, usual, capped)]
        assert sizes == sorted(sizes, reverse=True), name
        np.testing.assert_array_equal(getattr(capped, name), getattr(more, name))


def test_fitting_changes_nothing_it_was_given(attempts):
    names = ("learner", "item", "passed", "score")
    before = {name: getattr(attempts, name).copy() for name in names}
    fit(attempts)
    for name in names:
        np.testing.assert_array_equal(getattr(attempts, name), before[name])


def test_from_lists_and_none():
    rows = np.arange(2 * MEMORY_RANK, dtype=np.float32).reshape(2, MEMORY_RANK)
    made = MemoryInput.of(rows.tolist(), rows[:1].tolist())
    np.testing.assert_array_equal(made.item, rows)
    for none in (MemoryInput.none(), MemoryInput.of([None, None], [None]), MemoryInput.of([], [])):
        assert none.item.shape == none.skill.shape == (0, MEMORY_RANK)
    assert MemoryOutput.none().item.shape == (0, MEMORY_WIDTH)
