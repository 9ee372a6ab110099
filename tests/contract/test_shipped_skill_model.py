"""What the learner-skill model must do as it is shipped: through parts, through the disk, asked online."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Ragged
from recommender.domain.events import to_seconds
from recommender.ranking.config import RankingConfig
from recommender.skills.model import SkillModel
from recommender.skills.state import LearnerState, fold, update
from tests.unit.skills.streams import (
    CATALOG,
    ITEMS,
    SMALL,
    START,
    TABLE,
    at,
    attempt,
    columns,
    events_of,
    simulated,
)

SEED = 11
NOW = to_seconds(START) + 100 * 86_400
NAN = float("nan")


def some(catalog=CATALOG):
    return columns([(0, 0, 1.0, NAN)], n_learners=1, catalog=catalog)


def check(probability, n=None):
    assert n is None or probability.shape == (n,)
    assert probability.dtype == np.float64
    assert ((probability > 0) & (probability < 1)).all()


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=30, n_attempts=1500)


@pytest.fixture(scope="module")
def others():
    return simulated(np.random.default_rng(2), n_learners=10, n_attempts=200)


@pytest.fixture(scope="module")
def model(attempts):
    return SkillModel(SMALL).fit(attempts, CATALOG, seed=SEED)


@pytest.fixture(scope="module")
def states(others):
    return [fold(events_of(others, n), TABLE) for n in range(4)]


def through_parts(model):
    scalars, arrays = model.parts()
    frozen = {name: array.copy() for name, array in arrays.items()}
    for array in frozen.values():
        array.setflags(write=False)
    return SkillModel.from_parts(scalars, frozen, model.difficulty_, CATALOG)


def through_disk(model, path):
    bundle = ModelBundle(CATALOG, model.difficulty_, model, {}, RankingConfig())
    return bundle.write(path / "bundle").skills


@pytest.mark.parametrize("way", ["parts", "disk"])
def test_rebuilt_is_the_same_to_the_last_bit(model, others, states, way, tmp_path):
    again = through_parts(model) if way == "parts" else through_disk(model, tmp_path)
    assert again.config == model.config
    assert again.difficulty_.id == model.difficulty_.id
    np.testing.assert_array_equal(again.predict(others, CATALOG), model.predict(others, CATALOG))
    for state in (None, *states):
        np.testing.assert_array_equal(
            again.module_success(state, CATALOG, now=NOW), model.module_success(state, CATALOG, now=NOW)
        )
        one, other = (m.mastery(state, CATALOG, now=NOW) for m in (again, model))
        for name in ("mastery", "low", "high", "n_attempts", "last_at", "trend", "faded"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_parts_are_plain(model):
    scalars, arrays = model.parts()
    assert all(isinstance(scalars[name], float) for name in ("intercept", "slope", "offset"))
    for name, array in arrays.items():
        assert name.isidentifier()
        assert array.dtype in (np.float64, np.float32, np.int32), name


def test_another_seed_is_another_model(attempts, others, model):
    other = SkillModel(SMALL).fit(attempts, CATALOG, seed=SEED + 1)
    assert not np.array_equal(other.predict(others, CATALOG), model.predict(others, CATALOG))


def test_module_success_is_known_where_something_tells(model, states):
    for state in (None, *states):
        success = model.module_success(state, CATALOG, now=NOW)
        assert success.shape == (len(CATALOG.module_ids),)
        # m2 has neither items nor skills.
        assert np.isnan(success).tolist() == [False, False, True, False, False]
        check(np.delete(success, 2))


def test_passes_make_success_likelier(model):
    passed, failed = (
        fold([attempt(f"e{i}", p, float(i)) for i in range(8)], model.difficulty_) for p in (True, False)
    )
    one, nobody, other = (model.module_success(s, CATALOG, now=NOW)[0] for s in (passed, None, failed))
    assert one > nobody > other


def test_ids_nobody_knows_disturb_nobody(model):
    known = fold([attempt("e0", True, 0.0)], model.difficulty_)
    strange = attempt("e1", True, 1.0, item_id="?", skill_ids=("?", "??"), module_id="?")
    state = fold([attempt("e0", True, 0.0), strange], model.difficulty_)
    check(np.delete(model.module_success(state, CATALOG, now=NOW), 2))
    got, before = (model.mastery(s, CATALOG, now=NOW) for s in (state, known))
    check(got.mastery, 4)
    np.testing.assert_array_equal(got.n_attempts, before.n_attempts)


def test_success_agrees_with_the_prediction_of_a_first_attempt(model):
    """A learner without history meets q0, the only item of m0; a read-out and a prediction, so about."""
    first = columns([(0, 0, 1.0, NAN)], n_learners=1)
    assert model.module_success(None, CATALOG, now=NOW)[0] == pytest.approx(
        model.predict(first, CATALOG)[0], abs=0.12
    )


def test_asked_online_is_predicted_offline(model, others):
    """The chance of the item that comes next, from the state, is the prediction of its row."""
    predicted = model.predict(others, CATALOG)
    states = {n: LearnerState(model.difficulty_.id) for n in range(10)}
    events = {n: iter(events_of(others, n)) for n in range(10)}
    for row, (n, item) in enumerate(zip(others.learner.tolist(), others.item.tolist(), strict=True)):
        asked = model.item_success(states[n], np.array([item]), now=float(others.at[row]))
        assert asked[0] == pytest.approx(predicted[row], rel=1e-12)
        update(states[n], next(events[n]), model.difficulty_)


def test_every_item_may_be_asked_for_at_once(model, states):
    items = np.arange(len(ITEMS))
    for state in (None, *states):
        together = model.item_success(state, items, now=NOW)
        check(together, len(ITEMS))
        alone = [model.item_success(state, items[i : i + 1], now=NOW)[0] for i in items]
        np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert model.item_success(None, items[:0], now=NOW).shape == (0,)


def test_mastery_is_a_probability_that_answers_move(model):
    estimates = [
        model.mastery(
            fold([attempt(f"e{i}", p, float(i)) for i in range(8)], model.difficulty_), CATALOG, now=NOW
        )
        for p in (True, False)
    ]
    assert estimates[0].mastery[0] > estimates[1].mastery[0] + 0.1
    for e in estimates:
        check(e.mastery, 4)
        assert e.last_at[0] == to_seconds(at(7.0))


def test_ragged_skills_may_be_empty_rows_only(model):
    attempts = replace(some(), skills=Ragged.of([[]]))
    check(model.predict(attempts, CATALOG), 1)
