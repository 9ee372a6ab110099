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
from recommender.domain.catalog import Catalog
from recommender.domain.events import to_seconds
from recommender.errors import NotFittedError
from recommender.skills.calibration import PlattScaling
from recommender.skills.linear import LinearModel
from recommender.skills.mastery import MasteryReadout
from recommender.skills.memory import MemoryConfig
from recommender.skills.model import SkillModel
from recommender.skills.replay import replay
from recommender.skills.state import fold
from recommender.skills.trees import BoostedTrees
from tests.unit.skills.streams import (
    CATALOG,
    ITEMS,
    SMALL,
    START,
    TABLE,
    columns,
    events_of,
    make_catalog,
    simulated,
)

SEED = 11
# Without draws of attempts, which depend on the order of rows.
CONFIG = SMALL.model_copy(update={"trees": SMALL.trees.model_copy(update={"attempt_share": 1.0})})
WITHOUT_MEMORY = CONFIG.model_copy(update={"memory": MemoryConfig(epochs=0)})
NOW = to_seconds(START) + 100 * 86_400
NAN = float("nan")


def table_of(catalog):
    """The table of the tests, for a catalogue of the same items in any order, or of none of them."""
    place = np.array([TABLE.item_index.get(i, 0) for i in catalog.item_ids], np.int64)
    known = {"skill_ids": catalog.skill_ids, "skill_difficulty": TABLE.skill_difficulty[: catalog.n_skills]}
    return replace(
        TABLE,
        item_ids=catalog.item_ids,
        item_difficulty=TABLE.item_difficulty[place],
        item_score=TABLE.item_score[place],
        item_skills=catalog.item_skills,
        skill_score=TABLE.skill_score[: catalog.n_skills],
        module_ids=catalog.module_ids,
        module_skills=catalog.module_skills,
        **known,
    )


def features_of(attempts, catalog):
    return replay(attempts, catalog, table_of(catalog))


def every_fourth(attempts):
    """Rows of a quarter of the learners, by what they did and not by their number."""
    learner, row = np.unique(attempts.learner, return_inverse=True)
    n, passed, item = (np.bincount(row, weights) for weights in (None, attempts.passed, attempts.item))
    rank = np.empty(len(learner), np.int64)
    rank[np.lexsort((item, passed, n))] = np.arange(len(learner))
    return rank[row] % 4 == 1


def fit_trees(attempts, catalog):
    """On top of nothing; none where one side has one outcome only."""
    held_out = every_fourth(attempts)
    trees = BoostedTrees(CONFIG.trees)
    if any(len(np.unique(attempts.passed[rows])) < 2 for rows in (held_out, ~held_out)):
        return trees.none()
    start = np.zeros(len(attempts))
    return trees.fit(features_of(attempts, catalog), attempts.passed, start, held_out, seed=SEED)


def mastery_of_everybody(model, attempts, catalog):
    """Mastery of every learner in the attempts, skill by skill, in the order of learners' numbers."""
    found = [
        model.estimate(fold(events_of(attempts, n, catalog), table_of(catalog)), catalog, now=NOW)
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


def ability(attempts, catalog):
    return features_of(attempts, catalog)[:, 0].astype(np.float64)


def some(catalog=CATALOG):
    return columns([(0, 0, 1.0, NAN)], n_learners=1, catalog=catalog)


PARTS = {
    LinearModel: Part(
        lambda attempts, catalog: LinearModel().fit(features_of(attempts, catalog), attempts.passed),
        lambda model, attempts, catalog: expit(model.predict_logit(features_of(attempts, catalog))),
        (lambda: LinearModel().predict_logit(features_of(some(), CATALOG)),),
    ),
    BoostedTrees: Part(
        fit_trees,
        lambda model, attempts, catalog: expit(model.predict_logit(features_of(attempts, catalog))),
        (lambda: BoostedTrees().predict_logit(features_of(some(), CATALOG)),),
    ),
    PlattScaling: Part(
        lambda attempts, catalog: PlattScaling.fit(ability(attempts, catalog), attempts.passed),
        lambda model, attempts, catalog: model.predict(ability(attempts, catalog)),
        (),  # Unfitted it changes nothing, and says so in its defaults.
    ),
    MasteryReadout: Part(
        lambda attempts, catalog: MasteryReadout().fit(
            attempts, features_of(attempts, catalog), catalog, table_of(catalog)
        ),
        mastery_of_everybody,
        (lambda: MasteryReadout().estimate(None, CATALOG, now=NOW),),
        by_attempt=False,
    ),
    SkillModel: Part(
        lambda attempts, catalog: SkillModel(CONFIG).fit(attempts, catalog, seed=SEED),
        lambda model, attempts, catalog: model.predict(attempts, catalog),
        (
            lambda: SkillModel().predict(some(), CATALOG),
            lambda: SkillModel().item_success(None, np.zeros(1, np.int64), now=NOW),
            lambda: SkillModel().module_success(None, CATALOG, now=NOW),
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
    return simulated(np.random.default_rng(1), n_learners=60, n_attempts=2400)


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


def test_every_part_of_the_model_is_there(attempts):
    """Or half of what is below would be of nothing."""
    model = SkillModel(CONFIG).fit(attempts, CATALOG, seed=SEED)
    assert (model.trees_.feature_ >= 0).any()
    assert len(model.memory_.item) == len(ITEMS)
    assert model.linear_.weight_.any()


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


def alike(one, other):
    assert np.corrcoef(logit(one), logit(other))[0, 1] > 0.97
    assert abs(one.mean() - other.mean()) < 0.05


def test_other_numbers_of_learners_in_the_same_order(part, attempts, others):
    far = replace(attempts, learner=attempts.learner * 3 + 2, n_learners=attempts.n_learners * 3 + 5)
    one, other = (part.predict(part.fit(a, CATALOG), others, CATALOG) for a in (attempts, far))
    np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("cls", [c for c in PARTS if c is not SkillModel], ids=lambda cls: cls.__name__)
def test_relabelled_learners(cls, attempts, others):
    part, label = PARTS[cls], np.random.default_rng(3).permutation(attempts.n_learners)
    moved = replace(attempts, learner=label[attempts.learner])
    one, other = (part.predict(part.fit(a, CATALOG), others, CATALOG) for a in (attempts, moved))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_relabelled_learners_of_the_whole_model(others):
    """Folds and learners held out are drawn from learners' numbers: other draws, not another model."""
    attempts = simulated(np.random.default_rng(1), n_learners=240, n_attempts=6000)
    label = np.random.default_rng(3).permutation(attempts.n_learners)
    moved = replace(attempts, learner=label[attempts.learner])
    alike(
        *(SkillModel(CONFIG).fit(a, CATALOG, seed=SEED).predict(others, CATALOG) for a in (attempts, moved))
    )


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
    other = part.predict(fitted, renamed, moved)
    if part is PARTS[SkillModel]:
        # The memory's first vectors are drawn item by item.
        alike(one, other)
    else:
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_items_in_another_order_without_a_memory(attempts, others):
    place = np.random.default_rng(4).permutation(len(ITEMS))
    moved = make_catalog([tuple(ITEMS)[old] for old in np.argsort(place)])
    predicted = [
        SkillModel(WITHOUT_MEMORY)
        .fit(replace(attempts, item=where[attempts.item]), catalog, seed=SEED)
        .predict(replace(others, item=where[others.item]), catalog)
        for where, catalog in ((np.arange(8, dtype=np.int32), CATALOG), (place.astype(np.int32), moved))
    ]
    np.testing.assert_allclose(*predicted, atol=1e-3)


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
