"""What every view must do when the catalogue changes after it was fitted."""

import numpy as np
import pytest

from recommender.domain.catalog_change import CatalogChange
from recommender.embeddings.new_modules import NewModules
from recommender.errors import NotFittedError
from tests.contract.views import SEED, assert_close, assert_same_arrays, check_scores, past, score

NEW = "m70"


@pytest.fixture
def view(view_class, planted, catalog):
    return view_class().fit(planted, catalog, seed=SEED)


def test_not_fitted(view_class, catalog):
    with pytest.raises(NotFittedError):
        view_class().with_catalog(CatalogChange(catalog, catalog))


def test_the_same_catalogue_changes_nothing(view, catalog):
    same = view.with_catalog(CatalogChange(catalog, catalog))
    assert same is not view
    assert same.config is view.config
    assert_same_arrays(same.arrays(), view.arrays())


def test_permuting_the_catalogue_permutes_scores(view, catalog, planted, name_modules):
    order = np.random.default_rng(1).permutation(catalog.n_modules)
    moved = name_modules([catalog.module_ids[m] for m in order])
    other = view.with_catalog(CatalogChange(catalog, moved))
    place = np.argsort(order)
    for learner in range(20):
        history = planted.history(learner)
        there = past(*place[history.modules].tolist(), role=history.role, segment=history.segment)
        assert_close(score(other, there), score(view, history)[order])


def changed(view, catalog, name_modules, gone="m03"):
    """Without one module and with a new one at the front."""
    ids = [NEW, *(m for m in catalog.module_ids if m != gone)]
    after = name_modules(ids)
    return view.with_catalog(CatalogChange(catalog, after)), after


@pytest.mark.usefixtures("from_starts")
def test_a_new_module_is_not_known_and_the_others_score_as_before(view, catalog, planted, name_modules):
    """Known it is to the view of new modules alone, whenever that has an opinion."""
    other, after = changed(view, catalog, name_modules)
    kept = [catalog.module_index[m] for m in after.module_ids[1:]]
    n_scored = 0
    for learner in range(40):
        history = planted.history(learner)
        if 3 in history.modules:
            continue
        there = past(
            *(after.module_index[catalog.module_ids[m]] for m in history.modules),
            role=history.role,
            segment=history.segment,
        )
        scores = score(other, there)
        check_scores(scores, after.n_modules)
        assert np.isfinite(scores[0]) == (type(view) is NewModules and np.isfinite(scores).any())
        assert_close(scores[1:], score(view, history)[kept])
        n_scored += np.isfinite(scores).any()
    assert n_scored > 10


def test_what_is_gone_is_gone_whoever_started_what(view, catalog, name_modules):
    other, after = changed(view, catalog, name_modules)
    for m in range(after.n_modules):
        check_scores(score(other, past(m)), after.n_modules)
    again = type(view).from_arrays(other.config, other.arrays())
    np.testing.assert_array_equal(score(again, past(0, 9)), score(other, past(0, 9)))


def test_a_view_of_the_catalogue_alone_knows_a_new_module(view_class, view, catalog, name_modules):
    if not view_class.of_catalog_only:
        pytest.skip("it learns from starts")
    after = name_modules([*catalog.module_ids, "m60"])
    other = view.with_catalog(CatalogChange(catalog, after))
    scores = score(other, past(51, 59))
    assert scores[60] > 0
    old = score(view, past(51, 59))
    assert_close(scores[:60], old)
