"""What every part of the learner-skill model must do; parts are found by themselves, so that none escapes."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pydantic
import pytest
from scipy.special import expit, logit

import recommender.skills
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.events import to_seconds
from recommender.errors import NotFittedError
from recommender.ranking.config import RankingConfig
from recommender.skills.best_lr import BestLR
from recommender.skills.calibration import PlattScaling
from recommender.skills.mastery import MasteryReadout
from recommender.skills.model import SkillModel
from recommender.skills.replay import replay
from recommender.skills.state import fold
from tests.unit.skills.streams import (
    CATALOG,
    ITEMS,
    START,
    TABLE,
    at,
    attempt,
    columns,
    events_of,
    make_catalog,
    simulated,
)

SEED = 11
NOW = to_seconds(START) + 100 * 86_400
NAN = float("nan")


def evidence_of(attempts, catalog):
    item = [TABLE.item_index.get(i, 0) for i in catalog.item_ids]
    return replay(attempts, catalog, TABLE.item_difficulty[item][attempts.item])


def fit_best_lr(attempts, catalog):
    return BestLR().fit(
        attempts,
        evidence_of(attempts, catalog),
        n_items=len(catalog.item_ids),
        n_skills=catalog.n_skills,
    )


def fit_mastery(attempts, catalog):
    """Target: the logit of how the answer turned out, smoothed, which is evidence and noise."""
    row = attempts.skills.row_of_value()
    target = logit(0.1 + 0.8 * attempts.passed[row])
    return MasteryReadout().fit(attempts, evidence_of(attempts, catalog), target, n_skills=catalog.n_skills)


def mastery_of_everybody(model, attempts, catalog):
    """Mastery of every learner in the attempts, skill by skill, in the order of learners' numbers."""
    found = [
        model.estimate(fold(events_of(attempts, n, catalog), TABLE), catalog, now=NOW)
        for n in np.unique(attempts.learner).tolist()
    ]
    return np.array([[e.mastery, e.low, e.high] for e in found]).ravel()


@dataclass(frozen=True)
class Part:
    """How one part is fitted on attempts and asked for probabilities."""

    fit: Callable
    predict: Callable
    unfitted: tuple[Callable, ...]
    by_attempt: bool = True


def scale(model, attempts, catalog):
    return model.predict(evidence_of(attempts, catalog).features[:, 0])


def some(catalog=CATALOG):
    return columns([(0, 0, 1.0, NAN)], n_learners=1, catalog=catalog)


PARTS = {
    BestLR: Part(
        fit_best_lr,
        lambda model, attempts, catalog: expit(model.predict_logit(attempts, evidence_of(attempts, catalog))),
        (lambda: BestLR().predict_logit(some(), evidence_of(some(), CATALOG)),),
    ),
    PlattScaling: Part(
        lambda attempts, catalog: PlattScaling.fit(
            evidence_of(attempts, catalog).features[:, 0], attempts.passed
        ),
        scale,
        (),  # Unfitted it changes nothing, and says so in its defaults.
    ),
    MasteryReadout: Part(
        fit_mastery,
        mastery_of_everybody,
        (lambda: MasteryReadout().estimate(None, CATALOG, now=NOW),),
        by_attempt=False,
    ),
    SkillModel: Part(
        lambda attempts, catalog: SkillModel().fit(attempts, catalog, seed=SEED),
        lambda model, attempts, catalog: model.predict(attempts, catalog),
        (
            lambda: SkillModel().predict(some(), CATALOG),
            lambda: SkillModel().module_success(None, CATALOG),
            lambda: SkillModel().mastery(None, CATALOG, now=NOW),
            lambda: SkillModel().parts(),
        ),
    ),
}


def discovered() -> set[type]:
    """Every class of the package that is fitted, whether listed above or not."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(recommender.skills.__path__, "recommender.skills.")
    ]
    return {
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "fit")
    }


@pytest.fixture(params=list(PARTS), ids=lambda cls: cls.__name__)
def part(request):
    return PARTS[request.param]


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=30, n_attempts=900)


@pytest.fixture(scope="module")
def others():
    return simulated(np.random.default_rng(2), n_learners=10, n_attempts=200)


def check(probability, n=None):
    assert n is None or probability.shape == (n,)
    assert probability.dtype == np.float64
    assert ((probability > 0) & (probability < 1)).all()


def test_every_part_has_its_place_in_this_file():
    assert discovered() == set(PARTS)


def test_not_fitted():
    for cls, part in PARTS.items():
        for call in part.unfitted:
            with pytest.raises(NotFittedError, match=f"{cls.__name__} is not fitted; call fit first"):
                call()


def test_unfitted_scaling_changes_nothing():
    values = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(PlattScaling().predict(values), expit(values))


@pytest.mark.parametrize("cls", [c for c in PARTS if c is not PlattScaling], ids=lambda cls: cls.__name__)
def test_config_is_kept_documented_and_strict(cls):
    config = cls().config
    assert cls(config).config is config
    assert all(field.description for field in type(config).model_fields.values())
    assert type(config).model_validate_json(config.model_dump_json()) == config
    with pytest.raises(pydantic.ValidationError, match="no_such_hyperparameter"):
        type(config)(no_such_hyperparameter=1)


# The same again


def test_two_fits_are_bit_equal(part, attempts, others):
    one, other = (part.predict(part.fit(attempts, CATALOG), others, CATALOG) for _ in range(2))
    check(one)
    np.testing.assert_array_equal(one, other)


def test_predicting_neither_remembers_nor_mutates(part, attempts, others):
    model = part.fit(attempts, CATALOG)
    first = part.predict(model, others, CATALOG)
    part.predict(model, attempts, CATALOG)
    np.testing.assert_array_equal(part.predict(model, others, CATALOG), first)


def test_fit_does_not_mutate_the_attempts(part, attempts):
    names = ("learner", "item", "module", "passed", "score", "at")
    before = {name: getattr(attempts, name).copy() for name in names}
    part.fit(attempts, CATALOG)
    for name in names:
        np.testing.assert_array_equal(getattr(attempts, name), before[name])


def test_fitted_means_something(part, attempts, others):
    """Predictions differ, so that none of the equalities here is one of constants."""
    assert np.ptp(part.predict(part.fit(attempts, CATALOG), others, CATALOG)) > 0.2


# Names and order carry nothing


def test_other_numbers_of_learners_in_the_same_order(part, attempts, others):
    far = replace(attempts, learner=attempts.learner * 3 + 2, n_learners=attempts.n_learners * 3 + 5)
    one, other = (part.predict(part.fit(a, CATALOG), others, CATALOG) for a in (attempts, far))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_relabelled_learners(part, attempts, others):
    label = np.random.default_rng(3).permutation(attempts.n_learners)
    one = part.predict(part.fit(attempts, CATALOG), others, CATALOG)
    moved = part.predict(
        part.fit(replace(attempts, learner=label[attempts.learner]), CATALOG), others, CATALOG
    )
    if part is PARTS[SkillModel]:
        # Folds and calibration are drawn from learners' numbers: other draws, not another model.
        assert np.corrcoef(logit(one), logit(moved))[0, 1] > 0.98
        assert abs(one.mean() - moved.mean()) < 0.05
    else:
        np.testing.assert_allclose(one, moved, atol=1e-3)


def test_rows_of_learners_may_interleave(part, attempts, others):
    by_learner = np.argsort(attempts.learner, kind="stable")
    rows = np.column_stack([attempts.learner, attempts.item, attempts.passed, attempts.at])[by_learner]
    sorted_rows = columns(rows.tolist(), n_learners=attempts.n_learners)
    one, other = (part.predict(part.fit(a, CATALOG), others, CATALOG) for a in (attempts, sorted_rows))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_items_in_another_order(part, attempts, others):
    place = np.random.default_rng(4).permutation(len(ITEMS))
    ids = tuple(ITEMS)
    moved = make_catalog([ids[old] for old in np.argsort(place)])
    one = part.predict(part.fit(attempts, CATALOG), others, CATALOG)
    fitted = part.fit(replace(attempts, item=place[attempts.item].astype(np.int32)), moved)
    renamed = replace(others, item=place[others.item].astype(np.int32))
    np.testing.assert_allclose(one, part.predict(fitted, renamed, moved), atol=1e-3)


# Little to fit on

ROWS = {
    "one learner": [(0, i % 8, float(i % 3 > 0), float(i)) for i in range(24)],
    "one item": [(i % 4, 0, float(i % 3 > 0), float(i)) for i in range(24)],
    "all passed": [(i % 4, i % 8, 1.0, float(i)) for i in range(24)],
    "all failed": [(i % 4, i % 8, 0.0, float(i)) for i in range(24)],
    "one attempt": [(0, 0, 1.0, 0.0)],
    "two learners, one attempt each": [(0, 0, 1.0, 0.0), (1, 0, 0.0, 1.0)],
    "no skills": [(i % 4, 4, float(i % 3 > 0), float(i)) for i in range(24)],
    "no clock": [(i % 4, i % 8, float(i % 3 > 0), NAN) for i in range(24)],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_small_data(part, rows, others):
    attempts = columns(rows, n_learners=5)
    model = part.fit(attempts, CATALOG)
    for asked in (attempts, others):
        check(part.predict(model, asked, CATALOG), len(asked) if part.by_attempt else None)


def test_nobody_is_asked(part, attempts):
    """No row in, no row out."""
    nothing = columns([], n_learners=3)
    assert part.predict(part.fit(attempts, CATALOG), nothing, CATALOG).shape == (0,)


def test_catalogue_without_skills(part):
    import pyarrow as pa

    catalog = Catalog.from_tables({"items": pa.table({"item_id": ["q0", "q1"]})})
    rows = [(i % 4, i % 2, float(i % 3 > 0), float(i)) for i in range(24)]
    attempts = columns(rows, n_learners=4, catalog=catalog)
    got = part.predict(part.fit(attempts, catalog), attempts, catalog)
    check(got, 24 if part.by_attempt else 0)


def test_many_skills_an_attempt(part, others):
    rows = [(i % 4, i % 8, float(i % 3 > 0), float(i)) for i in range(24)]
    attempts = columns(rows, n_learners=4, skills=[[3, 1, 0, 2]] * 24)
    check(part.predict(part.fit(attempts, CATALOG), others, CATALOG))


# The model that is shipped


@pytest.fixture(scope="module")
def model(attempts):
    return SkillModel().fit(attempts, CATALOG, seed=SEED)


@pytest.fixture(scope="module")
def states(others):
    return [fold(events_of(others, n), TABLE) for n in range(10)]


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
            again.module_success(state, CATALOG), model.module_success(state, CATALOG)
        )
        one, other = (m.mastery(state, CATALOG, now=NOW) for m in (again, model))
        for name in ("mastery", "low", "high", "n_attempts", "last_at", "trend", "faded"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_parts_are_plain(model):
    scalars, arrays = model.parts()
    assert all(isinstance(scalars[name], float) for name in ("intercept", "slope", "offset"))
    assert all(array.dtype == np.float64 and name.isidentifier() for name, array in arrays.items())


def test_another_seed_is_another_model(attempts, others, model):
    other = SkillModel().fit(attempts, CATALOG, seed=SEED + 1)
    assert not np.array_equal(other.predict(others, CATALOG), model.predict(others, CATALOG))


def test_module_success_is_known_where_something_tells(model, states):
    for state in (None, *states):
        success = model.module_success(state, CATALOG)
        assert success.shape == (len(CATALOG.module_ids),)
        # m2 has neither items nor skills.
        assert np.isnan(success).tolist() == [False, False, True, False, False]
        check(np.delete(success, 2))


def test_passes_make_success_likelier(model):
    passed, failed = (
        fold([attempt(f"e{i}", p, float(i)) for i in range(8)], model.difficulty_) for p in (True, False)
    )
    one, nobody, other = (model.module_success(s, CATALOG)[0] for s in (passed, None, failed))
    assert one > nobody > other


def test_ids_nobody_knows_disturb_nobody(model):
    known = fold([attempt("e0", True, 0.0)], model.difficulty_)
    strange = attempt("e1", True, 1.0, item_id="?", skill_ids=("?", "??"), module_id="?")
    state = fold([attempt("e0", True, 0.0), strange], model.difficulty_)
    check(np.delete(model.module_success(state, CATALOG), 2))
    got, before = (model.mastery(s, CATALOG, now=NOW) for s in (state, known))
    check(got.mastery, 4)
    np.testing.assert_array_equal(got.n_attempts, before.n_attempts)


def test_success_agrees_with_the_prediction_of_a_first_attempt(model):
    """A learner without history meets q0, the only item of m0."""
    first = columns([(0, 0, 1.0, NAN)], n_learners=1)
    assert model.module_success(None, CATALOG)[0] == pytest.approx(model.predict(first, CATALOG)[0])


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
