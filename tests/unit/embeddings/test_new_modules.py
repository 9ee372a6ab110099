"""New modules on a small catalogue: whom the view speaks for, and what it has of the content view."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.content import Content, ContentConfig
from recommender.embeddings.new_modules import NewModules

MODULES = {
    "clay": ("Clay glaze", ["craft"]),
    "kiln": ("Clay glaze kiln", ["craft"]),
    "stats": ("Variance samples", ["numbers"]),
    "new-pots": ("Clay pots", ["craft"]),
    "new-regr": ("Variance regression", ["numbers"]),
    "new-bare": ("", []),
}
STARTED = ["clay", "kiln", "stats"]
ADDED = {"added-glaze": ("Glaze", ["craft"]), "added-bare": ("", [])}
SETTINGS = ContentConfig(max_df=1.0)


def catalog(modules=MODULES, ids=None):
    ids = list(ids or modules)
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": ids,
                    "title": [modules[name][0] for name in ids],
                    "tags": pa.array([modules[name][1] for name in ids], pa.list_(pa.string())),
                }
            )
        }
    )


def fit(view_class=NewModules, of=None, started=STARTED, **settings):
    """One learner for each start."""
    of = of or catalog()
    who, none = np.arange(len(started)), np.full(len(started), -1)
    rows = build_interactions(
        who,
        np.array([of.module_index[name] for name in started], np.int64),
        np.full(len(started), np.nan),
        n_learners=len(started),
        role=none,
        segment=none,
        n_modules=of.n_modules,
    )
    config = ContentConfig(**{**SETTINGS.model_dump(), **settings})
    return view_class(config).fit(rows, of, seed=0)


def scores(view, of, *past):
    """Score of every module after those of `past`, by id."""
    history = History(np.array([of.module_index[name] for name in past], np.int32), np.zeros(len(past)))
    return dict(zip(of.module_ids, view.score(Histories.of(history))[0].tolist(), strict=True))


def spoken_for(told):
    return {name for name, value in told.items() if np.isfinite(value)}


def test_it_speaks_for_modules_that_nobody_started_and_that_have_a_word_or_a_label():
    assert spoken_for(scores(fit(), catalog(), "clay")) == {"new-pots", "new-regr"}


@pytest.mark.parametrize(
    ("past", "liked", "other"), [("clay", "new-pots", "new-regr"), ("stats", "new-regr", "new-pots")]
)
@pytest.mark.parametrize("by", ["text_weight", "label_weight"])
def test_it_likes_the_new_module_whose_words_or_labels_are_like_the_history(past, liked, other, by):
    only = {"text_weight": 0, "label_weight": 0, by: 1}
    told = scores(fit(**only), catalog(), past)
    assert told[liked] > told[other]


@pytest.mark.parametrize("name", ["new-pots", "new-regr"])
def test_one_start_by_anybody_and_a_module_is_new_no_more(name):
    other = ({"new-pots", "new-regr"} - {name}).pop()
    told = scores(fit(started=[*STARTED, name]), catalog(), "clay", "stats")
    assert np.isnan(told[name])
    assert spoken_for(told) == {other}


def test_when_all_was_started_it_has_no_opinion():
    assert not spoken_for(scores(fit(started=list(MODULES)), catalog(), "clay"))


def test_when_nothing_was_started_it_is_the_content_view():
    new, content = fit(started=[]).arrays(), fit(Content).arrays()
    assert new.pop("new").all()
    assert new.keys() == content.keys()
    for name in new:
        np.testing.assert_array_equal(new[name], content[name], err_msg=name)


def test_a_learner_s_start_of_a_new_module_tells_what_others_are_like():
    """After training somebody starts one; it still has neighbours among the new ones."""
    told = scores(fit(started=["stats"]), catalog(), "new-pots")
    assert told["clay"] > told["new-regr"] == 0


@pytest.mark.parametrize("past", [["clay"], ["stats", "kiln"], ["new-pots", "clay", "stats"]])
def test_its_weights_are_those_of_the_content_view_on_new_modules(past):
    new, content = scores(fit(), catalog(), *past), scores(fit(Content), catalog(), *past)
    for name in ("new-pots", "new-regr"):
        assert new[name] == content[name]


def test_started_modules_take_no_place_among_the_neighbours_kept():
    """The content view's nearest to clay is the kiln, which was started."""
    content = scores(fit(Content, n_neighbours=1), catalog(), "clay")
    assert content["kiln"] > 0 == content["new-pots"]
    new = scores(fit(n_neighbours=1), catalog(), "clay")
    assert new["new-pots"] == scores(fit(Content), catalog(), "clay")["new-pots"] > 0


def test_the_order_of_the_catalogue_changes_nothing():
    told = scores(fit(), catalog(), "clay", "stats")
    for seed in range(5):
        of = catalog(ids=np.random.default_rng(seed).permutation(list(MODULES)).tolist())
        assert scores(fit(of=of), of, "clay", "stats") == pytest.approx(told, nan_ok=True)


def changed(view, ids=None):
    after = catalog({**MODULES, **ADDED}, ids)
    return view.with_catalog(CatalogChange(catalog(), after)), after


@pytest.mark.parametrize("ids", [None, ["added-bare", "added-glaze", *reversed(MODULES)]])
def test_what_is_added_to_the_catalogue_is_new_and_what_was_started_stays_silent(ids):
    view, after = changed(fit(), ids)
    told = scores(view, after, "kiln")
    assert spoken_for(told) == {"new-pots", "new-regr", "added-glaze"}
    assert told["added-glaze"] > told["new-pots"] > told["new-regr"]


def test_an_added_module_leaves_the_weights_of_the_others():
    view, after = changed(fit())
    before, told = scores(fit(), catalog(), "clay", "stats"), scores(view, after, "clay", "stats")
    assert {name: told[name] for name in MODULES} == pytest.approx(before, nan_ok=True)


def test_added_modules_weigh_what_the_content_view_gives_them():
    (new, after), (content, _) = changed(fit()), changed(fit(Content))
    name = "added-glaze"
    assert scores(new, after, "clay", "kiln")[name] == scores(content, after, "clay", "kiln")[name] > 0


def test_a_module_that_left_the_catalogue_is_gone():
    after = catalog(ids=["new-regr", "stats", "clay"])
    view = fit().with_catalog(CatalogChange(catalog(), after))
    assert spoken_for(scores(view, after, "stats")) == {"new-regr"}


def test_a_module_without_words_that_nobody_started_stays_new_until_it_has_some():
    """In training it had neither word nor label; then the catalogue says what it is about."""
    now_told = {**MODULES, "new-bare": ("Clay", ["craft"])}
    view = fit()
    for of_view in (view, NewModules.from_arrays(view.config, view.arrays())):
        after = catalog(now_told)
        told = scores(of_view.with_catalog(CatalogChange(catalog(), after)), after, "clay")
        assert spoken_for(told) == {"new-pots", "new-regr", "new-bare"}
        assert told["new-bare"] > told["new-regr"]


def test_a_started_module_without_words_stays_silent_when_it_has_some():
    after = catalog({**MODULES, "new-bare": ("Clay", ["craft"])})
    view = fit(started=[*STARTED, "new-bare"]).with_catalog(CatalogChange(catalog(), after))
    assert spoken_for(scores(view, after, "clay")) == {"new-pots", "new-regr"}


def test_arrays_of_before_new_was_kept_are_read():
    arrays = fit().arrays()
    del arrays["new"]
    assert spoken_for(scores(NewModules.from_arrays(SETTINGS, arrays), catalog(), "clay")) == {
        "new-pots",
        "new-regr",
    }


@pytest.mark.parametrize("new", [np.ones(5, bool), np.ones(6), np.zeros(6, bool)])
def test_arrays_that_do_not_say_what_is_new_are_refused(new):
    with pytest.raises(ValueError, match="which modules are new"):
        NewModules.from_arrays(SETTINGS, fit().arrays() | {"new": new})
