"""The catalogue changes after training: what is new is there at once, what is gone never shows."""

from dataclasses import replace
from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.domain.events import SelfAssessment
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.embeddings.histories import Histories
from recommender.engine import Engine
from recommender.errors import BundleError, DatasetError
from tests.unit.worlds import NOW, answers, finished

PROFILES = [LearnerProfile(learner_id="ada"), LearnerProfile(learner_id="bob", role_id="analyst")]
PASTS = [
    [],
    finished("m00"),
    [*finished("m00", "m04"), *answers("+-+", "q08")],
    finished("m08", "m09", "m01"),
]
NEW = {
    "module_id": "n00",
    "title": "Statistics 5",
    "skill_ids": ["statistics"],
    "duration_minutes": 20.0,
    "format": "video",
    "language": "en",
}


def rows(catalog, name):
    return catalog.tables[name].to_pylist()


def changed(catalog, **tables):
    """The catalogue with other rows in some tables, of the same columns."""
    return Catalog.from_tables(
        {
            **catalog.tables,
            **{name: pa.Table.from_pylist(r, catalog.tables[name].schema) for name, r in tables.items()},
        }
    )


def with_new(catalog, **fields):
    return changed(catalog, modules=[*rows(catalog, "modules"), {**NEW, **fields}])


def ask(engine, events, profile=PROFILES[0], **query):
    return engine.recommend(events, profile, Query(**{"k": 100, **query}), now=NOW)


def ids(answer):
    return [m.module_id for m in answer.modules]


def same_but_for_rounding(one, other):
    assert ids(one) == ids(other)
    for a, b in zip(one.modules, other.modules, strict=True):
        assert a.score == pytest.approx(b.score, abs=1e-6)
        assert a.success_probability == pytest.approx(b.success_probability)
        assert [(r.code, r.text) for r in a.reasons] == [(r.code, r.text) for r in b.reasons]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("events", PASTS)
def test_the_same_catalogue_in_any_order_gives_the_same_answers(tiny_engine, events, profile):
    catalog, rng = tiny_engine.catalog, np.random.default_rng(3)
    shuffled = {
        name: table.take(pa.array(rng.permutation(table.num_rows))) for name, table in catalog.tables.items()
    }
    for tables in (catalog.tables, shuffled):
        other = tiny_engine.with_catalog(Catalog.from_tables(tables))
        same_but_for_rounding(ask(other, events, profile), ask(tiny_engine, events, profile))
        state = tiny_engine.fold(events)
        assert other.difficulty_id == tiny_engine.difficulty_id
        known = {s.skill_id: s for s in tiny_engine.mastery(state, profile, now=NOW)}
        assert {s.skill_id: s for s in other.mastery(state, profile, now=NOW)} == known


def test_a_new_module_like_the_learner_s_is_among_the_best_of_content_at_once(tiny_engine):
    engine = tiny_engine.with_catalog(with_new(tiny_engine.catalog))
    assert (engine.catalog.n_modules, tiny_engine.catalog.n_modules) == (15, 14)
    state = engine.fold(finished("m04"))
    history = engine.history(state, None)
    new = engine.catalog.module_index["n00"]
    scores = {name: view.score(Histories.of(history))[0] for name, view in engine.bundle.views.items()}
    content = np.nan_to_num(scores.pop("content"))
    assert new in np.argsort(-content, kind="stable")[:4]
    of_new = scores.pop("new_modules")
    assert of_new[new] > np.nanmax(np.delete(of_new, new))
    assert all(np.isnan(of_view[new]) for of_view in scores.values())
    # By the declared mix: what a ranker makes of content alone is learned.
    mixing = Engine(replace(tiny_engine.bundle, ranker=None))
    alike, odd = (
        mixing.with_catalog(with_new(tiny_engine.catalog, title=title, skill_ids=[]))
        for title in ("Statistics 5", "Falconry")
    )
    scored = [{m.module_id: m.score for m in ask(e, state).modules}["n00"] for e in (alike, odd)]
    assert scored[0] > scored[1] + 0.1
    # It has no items, so its skill tells how likely it is passed.
    expected = engine.bundle.skills.mastery_.base_[engine.catalog.skill_index["statistics"]]
    success = {m.module_id: m for m in ask(engine, None).modules}["n00"].success_probability
    better, slope = engine.bundle.skills.mastery_.inside_
    assert success == pytest.approx(1 / (1 + np.exp(-(better + slope * expected))))


@pytest.mark.parametrize("events", PASTS)
def test_a_new_module_that_is_like_nothing_moves_the_others_together(tiny_engine, events):
    """Its share of what is spread evenly is all that it takes; all others lose the same factor."""
    odd = with_new(tiny_engine.catalog, title="Falconry", skill_ids=[])
    without_trees = replace(tiny_engine.bundle, ranker=replace_trees(tiny_engine.bundle.ranker))
    before, after = Engine(without_trees), Engine(without_trees).with_catalog(odd)
    old = {m.module_id: m.score for m in ask(before, events).modules}
    new = {m.module_id: m.score for m in ask(after, events).modules}
    assert set(new) == {*old, "n00"}
    n, floor = len(old), before.bundle.ranking.value.uniform_floor
    for module, score in old.items():
        # The score is log(mix x n): the even share of n modules stays floor, the rest grows by (n + 1) / n.
        assert score - 1e-6 <= new[module] <= score + np.log((n + 1) / n) + 1e-6
    # Nothing tells its chance of passing either.
    value = before.bundle.ranking.value
    assert new["n00"] == pytest.approx(np.log(floor) - value.out_of_band / 2)


def replace_trees(ranker):
    """Keep only the weights of the views: trees look at a module's place among others, odds lift new ones."""
    kept = type(ranker)(ranker.config.model_copy(update={"new_odds": 1.0})).none()
    kept.weights_, kept.corrected_ = ranker.weights_, np.zeros_like(ranker.corrected_)
    return kept


def without(catalog, *gone):
    """Modules, their items and the rules that name them."""
    kept = {
        name: [row for row in rows(catalog, name) if row["module_id"] not in gone]
        for name in ("modules", "items", "prerequisites")
    }
    kept["prerequisites"] = [r for r in kept["prerequisites"] if r["prerequisite_module_id"] not in gone]
    return changed(catalog, **kept)


@pytest.mark.parametrize("events", PASTS)
def test_a_module_that_is_gone_never_shows(tiny_engine, events):
    engine = tiny_engine.with_catalog(without(tiny_engine.catalog, "m01", "m08"))
    answer = ask(engine, events)
    assert answer.modules
    assert not {"m01", "m08"} & set(ids(answer))
    said = {r.text for m in answer.modules for r in m.reasons}
    assert not any("Ethics 1" in text or "Python 2" in text for text in said)


def test_retiring_a_module_takes_it_out_at_once(tiny_engine):
    catalog = tiny_engine.catalog
    retired = [m | ({"retired_at": NOW} if m["module_id"] == "m05" else {}) for m in rows(catalog, "modules")]
    engine = tiny_engine.with_catalog(changed(catalog, modules=retired))
    assert "m05" in ids(ask(tiny_engine, finished("m04")))
    assert "m05" not in ids(ask(engine, finished("m04")))


def test_a_new_rule_holds_at_once(tiny_engine):
    needs = {"module_id": "n00", "prerequisite_module_id": "m04", "strength": "hard"}
    catalog = with_new(tiny_engine.catalog)
    catalog = changed(catalog, prerequisites=[*rows(catalog, "prerequisites"), needs])
    engine = tiny_engine.with_catalog(catalog)
    assert "n00" not in ids(ask(engine, None))
    assert "n00" in ids(ask(engine, finished("m04")))
    scores = engine.bundle.views["prerequisites"].score(
        Histories.of(engine.history(engine.fold(finished("m04")), None))
    )[0]
    assert scores[engine.catalog.module_index["n00"]] > 0


def test_new_skills_items_and_roles_are_those_of_which_nothing_is_known(tiny_engine):
    catalog = tiny_engine.catalog
    catalog = changed(
        catalog,
        modules=[*rows(catalog, "modules"), {**NEW, "skill_ids": ["welding"]}],
        skills=[{"skill_id": "welding", "name": "Welding"}, *rows(catalog, "skills")],
        items=[{"item_id": "w1", "module_id": "n00", "skill_ids": ["welding"]}, *rows(catalog, "items")],
        roles=[{"role_id": "welder", "title": "Welder", "priority": 1.0}, *rows(catalog, "roles")],
        role_skills=[
            {"role_id": "welder", "skill_id": "welding", "required_mastery": 0.9, "importance": 1.0},
            *rows(catalog, "role_skills"),
        ],
    )
    engine = tiny_engine.with_catalog(catalog)
    welder, analyst = (LearnerProfile(learner_id="ada", role_id=r) for r in ("welder", "analyst"))
    events = PASTS[2]
    new = {m.module_id: m for m in ask(engine, events, welder).modules}["n00"]
    assert new.reasons[0].text.startswith("It builds Welding, where the role «Welder» asks 0.90")
    assert 0 < new.success_probability < 1
    known = {m.module_id: m for m in ask(tiny_engine, events, analyst).modules}
    for module in ask(engine, events, analyst).modules:
        if module.module_id != "n00":
            assert module.success_probability == pytest.approx(known[module.module_id].success_probability)
    # A test asks only what it knows something of; an answer to another item counts once it is known.
    rng = np.random.default_rng(0)
    asked = engine.next_item(None, welder, skill_ids=["welding", "python"], now=NOW, rng=rng)
    assert asked.item_id in {i["item_id"] for i in rows(tiny_engine.catalog, "items")}
    said = SelfAssessment(event_id="s", learner_id="ada", skill_id="welding", level=1.0, occurred_at=NOW)
    plain, sure = ({m.module_id: m for m in ask(engine, e, welder).modules}["n00"] for e in ([], [said]))
    assert sure.success_probability >= plain.success_probability


def test_changes_start_from_what_was_trained(tiny_engine):
    catalog = tiny_engine.catalog
    back = tiny_engine.with_catalog(without(catalog, "m05", "m03-easy")).with_catalog(catalog)
    for events in PASTS:
        assert ask(back, events) == ask(tiny_engine, events)


def test_what_is_compiled_for_the_trained_catalogue_serves_another(tiny_engine):
    import numba

    changed = tiny_engine.with_catalog(with_new(tiny_engine.catalog))
    one, other = (
        [numba.typeof(part) for part in engine.bundle.skills.mastery_.compiled(engine.catalog)]
        for engine in (tiny_engine, changed)
    )
    assert one == other


def test_the_model_keeps_its_id_and_is_not_written_anew(tiny_engine, tmp_path):
    engine = tiny_engine.with_catalog(with_new(tiny_engine.catalog))
    assert engine.bundle_id == tiny_engine.bundle_id
    with pytest.raises(BundleError, match="not the one it was trained on"):
        engine.bundle.write(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_without_skills_or_views_takes_another_catalogue_too(tiny_engine):
    bundle = tiny_engine.bundle
    bare = ModelBundle(bundle.catalog, bundle.difficulty, None, {}, bundle.ranking, {"id": "bare"})
    engine = Engine(bare).with_catalog(with_new(bundle.catalog))
    assert "n00" in ids(ask(engine, None))


def test_without_any_module_nothing_is_recommended(tiny_engine):
    nothing = {name: table.slice(0, 0) for name, table in tiny_engine.catalog.tables.items()}
    for tables in ({}, nothing):
        engine = tiny_engine.with_catalog(Catalog.from_tables(tables))
        for events, profile in product(PASTS, PROFILES):
            assert ids(ask(engine, events, profile)) == []
            assert engine.mastery(engine.fold(events), profile, now=NOW) == ()


def test_bare_modules_are_served(tiny_engine):
    bare = Catalog.from_tables({"modules": pa.table({"module_id": ["m04", "x"]})})
    engine = tiny_engine.with_catalog(bare)
    assert set(ids(ask(engine, None))) == {"m04", "x"}
    assert ids(ask(engine, finished("m04"))) == ["x"]


def test_a_skill_that_is_gone_counts_for_nothing(tiny_engine):
    catalog = tiny_engine.catalog

    def without_python(name):
        return [
            {**row, "skill_ids": [s for s in row["skill_ids"] or () if s != "python"]}
            for row in rows(catalog, name)
        ]

    tables = {name: without_python(name) for name in ("modules", "items")}
    tables |= {
        name: [row for row in rows(catalog, name) if row["skill_id"] != "python"]
        for name in ("skills", "role_skills")
    }
    engine = tiny_engine.with_catalog(changed(catalog, **tables))
    for events, profile in product(PASTS, PROFILES):
        state = engine.fold(events)
        known = {s.skill_id: s for s in tiny_engine.mastery(state, profile, now=NOW)}
        left = {s.skill_id: s for s in engine.mastery(state, profile, now=NOW)}
        assert left == {skill: known[skill] for skill in known if skill != "python"}
        answer = ask(engine, events, profile)
        assert answer.modules
        assert "python" not in {s.skill_id for m in answer.modules for s in m.skills}


def test_a_module_that_goes_and_leaves_what_names_it_is_refused(tiny_engine):
    catalog = tiny_engine.catalog
    left = [row for row in rows(catalog, "modules") if row["module_id"] != "m00"]
    with pytest.raises(DatasetError, match="'m00' is not in the catalogue; add what it names, or leave out"):
        changed(catalog, modules=left)


def test_a_module_that_is_there_twice_is_refused(tiny_engine):
    catalog = tiny_engine.catalog
    with pytest.raises(DatasetError, match="table modules, row 15, module_id: 'm00' is there already"):
        changed(catalog, modules=[*rows(catalog, "modules"), rows(catalog, "modules")[0]])
