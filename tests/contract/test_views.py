"""What every view must do; views are found by themselves: classes with `fit` and `score` in the package."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pydantic
import pytest

import recommender.embeddings
from recommender.embeddings import VIEWS, Histories, History, Interactions, View, build_interactions
from recommender.embeddings.content import Content
from recommender.embeddings.new_modules import NewModules
from recommender.errors import NotFittedError
from tests.contract.views import (
    FEW,
    SEED,
    assert_close,
    assert_same_arrays,
    check_scores,
    discovered,
    may_speak_for,
    past,
    score,
)

# Registration and configuration


def test_every_view_is_listed_once_under_its_name():
    assert {cls.kind: cls for cls in discovered()} == VIEWS
    assert len(discovered()) == len(VIEWS) >= 7


def test_satisfies_the_protocol(view_class):
    assert isinstance(view_class(), View)


def test_config_round_trips_and_refuses_what_it_does_not_know(view_class):
    config_class = view_class.config_class()
    config = view_class().config
    assert type(config) is config_class
    assert config_class.model_validate_json(config.model_dump_json()) == config
    with pytest.raises(pydantic.ValidationError, match="no_such_hyperparameter"):
        config_class(no_such_hyperparameter=1)


def test_every_hyperparameter_is_documented_and_fixed(view_class):
    fields = view_class.config_class().model_fields
    assert "kind" not in fields, "in a configuration it names the class"
    assert all(field.description for field in fields.values())
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(view_class().config, next(iter(fields)), 1)


def test_config_given_is_config_kept(view_class):
    config = view_class.config_class()()
    assert view_class(config).config is config


# Before fit, and little to fit on


def test_not_fitted(view_class):
    for call in (lambda view: score(view, History.empty()), lambda view: view.arrays()):
        with pytest.raises(NotFittedError, match=f"{view_class.__name__} is not fitted"):
            call(view_class())


@pytest.mark.parametrize(
    ("rows", "n_learners", "n_modules"),
    [
        pytest.param([], 0, 0, id="empty catalogue"),
        pytest.param([], 3, 0, id="empty catalogue, learners"),
        pytest.param([], 0, 4, id="no learner"),
        pytest.param([], 3, 4, id="learners without rows"),
        pytest.param([(0, 0)], 1, 1, id="one module"),
        pytest.param([(0, 1)], 1, 4, id="one interaction"),
        pytest.param([(0, 1), (0, 2), (0, 0)], 1, 4, id="one learner"),
        pytest.param([(1, 1), (4, 2)], 6, 4, id="most learners without rows"),
    ],
)
def test_small_data(view_class, build, name_modules, rows, n_learners, n_modules):
    interactions = build(rows, n_learners=n_learners, n_modules=n_modules)
    view = view_class().fit(interactions, name_modules([f"m{i}" for i in range(n_modules)]), seed=SEED)
    histories = [History.empty(), *(past(m) for m in range(n_modules)), past(*range(n_modules))]
    for history in histories:
        check_scores(score(view, history), n_modules)
    again = view_class.from_arrays(view.config, view.arrays())
    np.testing.assert_array_equal(score(again, histories[-1]), score(view, histories[-1]))


@pytest.mark.parametrize("who", [(-1, -1), (0, -1), (-1, 0), (1, 2)])
def test_empty_history(view_class, planted, catalog, who):
    scores = score(view_class().fit(planted, catalog, seed=SEED), History.empty(*who))
    check_scores(scores, catalog.n_modules)
    assert np.isnan(scores).all() or np.isfinite(scores).any()


@pytest.mark.usefixtures("related_by_starts")
def test_module_without_interactions_changes_nothing_but_its_place(view_class, planted, catalog):
    view = view_class().fit(planted, catalog, seed=SEED)
    unknown = catalog.n_modules - 1
    assert unknown not in planted.modules
    check_scores(score(view, past(unknown)), catalog.n_modules)
    check_scores(score(view, past(unknown, 3, 9)), catalog.n_modules)
    assert_close(score(view, past(unknown, 3, 9)), score(view, past(3, 9)))


def test_a_module_without_interactions_tells_new_modules_what_it_tells_content(planted, catalog):
    new, content = (cls().fit(planted, catalog, seed=SEED) for cls in (NewModules, Content))
    unknown, others = catalog.n_modules - 1, may_speak_for(NewModules, planted)
    assert others[unknown]
    for history in (past(unknown), past(unknown, 3, 9), past(3, 9)):
        scores = score(new, history)
        check_scores(scores, catalog.n_modules)
        assert_close(scores[others], score(content, history)[others])
        assert np.isnan(scores[~others]).all()
    assert np.nanmax(score(new, past(unknown))) > 0


def test_has_an_opinion_on_known_modules(view_class, planted, catalog):
    scores = score(view_class().fit(planted, catalog, seed=SEED), planted.history(5))
    check_scores(scores, catalog.n_modules)
    spoken_for = may_speak_for(view_class, planted)
    assert np.isfinite(scores[spoken_for]).sum() > spoken_for.sum() / 2
    assert np.isnan(scores[~spoken_for]).all()
    assert np.nanmax(scores) > np.nanmin(scores)


# Blocks


def test_a_block_is_its_histories_one_by_one_bit_for_bit(view_class, planted, catalog):
    view = view_class().fit(planted, catalog, seed=SEED)
    unknown = past(catalog.n_modules - 1, role=-1, segment=-1)
    histories = [History.empty(), *(planted.history(i) for i in range(30)), unknown, past(*range(60))]
    block = view.score(Histories.of(*histories))
    assert (block.shape, block.dtype) == ((33, catalog.n_modules), np.float32)
    np.testing.assert_array_equal(block, np.stack([score(view, history) for history in histories]))


def test_a_block_of_nobody_is_empty(view_class, planted, catalog):
    block = view_class().fit(planted, catalog, seed=SEED).score(Histories.of())
    assert (block.shape, block.dtype) == ((0, catalog.n_modules), np.float32)


# On disk


def test_round_trip_through_read_only_memory_maps(view_class, planted, catalog, tmp_path):
    view = view_class().fit(planted, catalog, seed=SEED)
    arrays = view.arrays()
    for name, array in arrays.items():
        assert name.isidentifier()
        assert array.dtype.kind in "biufU", f"{name} is not plain"
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=False)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in arrays}
    assert all(not array.flags.writeable for array in mapped.values())
    again = view_class.from_arrays(view.config, mapped)
    assert_same_arrays(arrays, again.arrays())
    for history in (History.empty(), planted.history(0), past(0, 30, 59)):
        np.testing.assert_array_equal(score(view, history), score(again, history))


def test_holds_nothing_per_learner(view_class, build, catalog, planted):
    """The same people twice, and people without a row, make no array larger."""
    rows = list(zip(planted.learners().tolist(), planted.modules.tolist(), strict=True))
    twice = rows + [(learner + 300, module) for learner, module in rows]
    once = view_class().fit(build(rows, n_learners=300, n_modules=60), catalog, seed=SEED).arrays()
    more = view_class().fit(build(twice, n_learners=977, n_modules=60), catalog, seed=SEED).arrays()
    assert {n: a.shape for n, a in once.items()} == {n: a.shape for n, a in more.items()}


def test_scoring_loads_no_training_library(planted, catalog, tmp_path):
    for name, view_class in VIEWS.items():
        view = view_class().fit(planted, catalog, seed=SEED)
        np.savez(tmp_path / f"{name}.npz", **view.arrays())
    script = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from recommender.embeddings import VIEWS, Histories, History\n"
        "for name, cls in VIEWS.items():\n"
        f"    arrays = dict(np.load(Path({str(tmp_path)!r}) / f'{{name}}.npz'))\n"
        "    view = cls.from_arrays(cls.config_class()(), arrays)\n"
        "    view.score(Histories.of(History(np.array([1], np.int32), np.ones(1))))\n"
        "heavy = {'implicit', 'sklearn', 'pandas', 'mlflow', 'matplotlib', 'threadpoolctl'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)\n"
    )
    root = Path(recommender.embeddings.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr


# The same again


def test_two_fits_are_bit_equal(view_class, planted, catalog):
    one, other = (view_class().fit(planted, catalog, seed=SEED) for _ in range(2))
    assert_same_arrays(one.arrays(), other.arrays())
    np.testing.assert_array_equal(score(one, past(3, 9)), score(other, past(3, 9)))


def test_refitting_forgets_the_first_fit(view_class, build, planted, catalog):
    few = build(FEW, n_learners=4, n_modules=60)
    refitted = view_class().fit(planted, catalog, seed=SEED).fit(few, catalog, seed=SEED)
    assert_same_arrays(refitted.arrays(), view_class().fit(few, catalog, seed=SEED).arrays())


def test_permuting_the_catalogue_permutes_scores(view_class, planted, catalog, name_modules):
    place = np.random.default_rng(1).permutation(catalog.n_modules)  # place[old position] = new position
    ids = [catalog.module_ids[old] for old in np.argsort(place)]
    moved = Interactions(
        planted.start,
        place[planted.modules].astype(np.int32),
        planted.at,
        planted.role,
        planted.segment,
        planted.n_modules,
    )
    before = view_class().fit(planted, catalog, seed=SEED)
    after = view_class().fit(moved, name_modules(ids), seed=SEED)
    for learner in range(20):
        old, new = planted.history(learner), moved.history(learner)
        assert_close(score(before, old), score(after, new)[place])


def test_order_of_learners_changes_nothing(view_class, planted, catalog):
    label = np.random.default_rng(2).permutation(planted.n_learners)
    order = np.argsort(label)
    shuffled = build_interactions(
        label[planted.learners()],
        planted.modules,
        planted.at,
        n_learners=planted.n_learners,
        role=planted.role[order],
        segment=planted.segment[order],
        n_modules=planted.n_modules,
    )
    before = view_class().fit(planted, catalog, seed=SEED)
    after = view_class().fit(shuffled, catalog, seed=SEED)
    for learner in range(20):
        history = planted.history(learner)
        np.testing.assert_array_equal(history.modules, shuffled.history(int(label[learner])).modules)
        assert_close(score(before, history), score(after, history))


def test_score_neither_remembers_nor_mutates(view_class, planted, catalog):
    view = view_class().fit(planted, catalog, seed=SEED)
    learned = {name: array.copy() for name, array in view.arrays().items()}
    history = planted.history(4)
    modules, at = history.modules.copy(), history.at.copy()
    first = score(view, history)
    kept = first.copy()
    score(view, planted.history(9))[:] = -1
    score(view, History.empty())[:] = -1
    np.testing.assert_array_equal(score(view, History(modules, at, history.role, history.segment)), kept)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(history.modules, modules)
    np.testing.assert_array_equal(history.at, at)
    assert_same_arrays(view.arrays(), learned)


def test_fit_does_not_mutate_interactions(view_class, planted, catalog):
    names = ("start", "modules", "at", "role", "segment")
    before = {name: getattr(planted, name).copy() for name in names}
    view_class().fit(planted, catalog, seed=SEED)
    assert_same_arrays(before, {name: getattr(planted, name) for name in names})
