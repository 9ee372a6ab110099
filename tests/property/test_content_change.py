"""A changed catalogue: what content keeps and what it compares anew are together what comparing all gives."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange
from recommender.embeddings import build_interactions
from recommender.embeddings.content import Content, ContentConfig, likeness_of, tokens_of
from recommender.embeddings.likeness import reached
from recommender.embeddings.new_modules import NewModules

NOBODY = np.zeros(0, np.int64)
WORDS = ["clay", "glaze", "kiln", "glaze glaze", "variance", "samples", ""]
TAGS = ["craft", "numbers"]
MODULE = st.tuples(
    st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
    st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
)
MODULES = st.dictionaries(st.sampled_from([f"m{i}" for i in range(9)]), MODULE, max_size=9)


def catalog(modules):
    columns = {
        "module_id": pa.array(list(modules), pa.string()),
        "title": pa.array([title for title, _ in modules.values()], pa.string()),
        "tags": pa.array([tags for _, tags in modules.values()], pa.list_(pa.string())),
    }
    return Catalog.from_tables({"modules": pa.table(columns)})


def fit(view, before, started=()):
    started = np.array([before.module_index[name] for name in started], np.int64)
    who = np.arange(len(started))
    rows = build_interactions(
        who,
        started,
        np.full(len(who), np.nan),
        n_learners=len(who),
        role=np.full(len(who), -1),
        segment=np.full(len(who), -1),
        n_modules=before.n_modules,
    )
    return view.fit(rows, before, seed=0)


def by_comparing_all(view, change, among):
    """Neighbours where no row is taken over."""
    nothing_is_the_same = np.zeros(change.after.n_modules, np.bool_)
    tokens = (tokens_of(of, view.config) for of in (change.before, change.after))
    likeness = likeness_of(*tokens, view.config)
    rows = reached(change, nothing_is_the_same, view.fitted(), likeness, among, view.config.n_neighbours)
    assert rows.all()
    return view._strongest(change.after, likeness, rows, among).arrays()


@settings(max_examples=300, deadline=None)
@given(MODULES, MODULES, st.integers(1, 4), st.data())
def test_a_change_gives_what_comparing_all_gives(before, other, n_neighbours, data):
    kept = [name for name in before if name not in other or data.draw(st.booleans())]
    after = {name: before[name] if name in kept else other[name] for name in data.draw(mixed(before, other))}
    change = CatalogChange(catalog(before), catalog(after))
    config = ContentConfig(n_neighbours=n_neighbours, max_df=1.0)
    view = fit(Content(config), change.before)
    everything = np.ones(len(after), np.bool_)
    assert_same(view.with_catalog(change), by_comparing_all(view, change, everything))
    started = data.draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
    new = fit(NewModules(config), change.before, sorted(started))
    among = np.array([name not in started for name in after], np.bool_)
    assert_same(new.with_catalog(change), by_comparing_all(new, change, among))


def mixed(before, other):
    """Some of all modules, in any order."""
    names = sorted({*before, *other})
    return st.permutations(names).flatmap(lambda order: st.integers(0, len(order)).map(lambda n: order[:n]))


def assert_same(view, expected):
    found = view.arrays()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


@pytest.mark.parametrize(("title", "expected"), [("word7 odd", ["m14", "m15", "new"]), ("odd", ["new"])])
def test_few_rows_are_compared_when_one_module_is_added(title, expected):
    """Modules go in pairs of one word; a word that was in none before tells nothing."""
    modules = {f"m{i:02d}": (f"word{i // 2}", []) for i in range(20)}
    change = CatalogChange(catalog(modules), catalog({**modules, "new": (title, [])}))
    view = fit(Content(ContentConfig(n_neighbours=1, max_df=1.0)), change.before)
    tokens = (tokens_of(of, view.config) for of in (change.before, change.after))
    likeness = likeness_of(*tokens, view.config)
    rows = reached(change, change.modules >= 0, view.fitted(), likeness, np.ones(21, np.bool_), 1)
    assert [change.after.module_ids[row] for row in np.flatnonzero(rows)] == expected
