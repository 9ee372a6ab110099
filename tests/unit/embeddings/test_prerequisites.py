"""The graph of prerequisites, edges by hand."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.prerequisites import Prerequisites, PrerequisitesConfig

NOBODY = np.zeros(0, int)
TEACHES = {"a": ["s"], "b": ["s", "t"], "c": [], "d": ["s"], "e": []}
SCHEMA = pa.schema(
    [(n, pa.string()) for n in ("module_id", "prerequisite_module_id", "prerequisite_skill_id", "strength")]
    + [("required_mastery", pa.float64())]
)


def fit(rules, teaches=TEACHES, **settings):
    catalog = Catalog.from_tables(
        {
            "modules": pa.table({"module_id": list(teaches), "skill_ids": list(teaches.values())}),
            "skills": pa.table({"skill_id": ["s", "t", "u"]}),
            "prerequisites": pa.Table.from_pylist(rules, SCHEMA),
        }
    )
    rows = build_interactions(
        NOBODY, NOBODY, np.zeros(0), n_learners=0, role=NOBODY, segment=NOBODY, n_modules=catalog.n_modules
    )
    return Prerequisites(PrerequisitesConfig(**settings)).fit(rows, catalog, seed=0)


def after(view, *modules):
    started = np.array(["abcde".index(m) for m in modules], np.int32)
    return view.score(Histories.of(History(started, np.zeros(len(started)))))[0].tolist()


def on_module(module, needed, strength="hard"):
    return {"module_id": module, "prerequisite_module_id": needed, "strength": strength}


def on_skill(module, needed, mastery=0.5, strength="hard"):
    return {
        "module_id": module,
        "prerequisite_skill_id": needed,
        "required_mastery": mastery,
        "strength": strength,
    }


NAN = pytest.approx(np.nan, nan_ok=True)


def test_prerequisites_of_a_module_share_its_weight():
    view = fit([on_module("c", "a"), on_module("c", "b"), on_module("d", "a")])
    assert after(view, "a") == [NAN, NAN, 0.5, 1, NAN]
    assert after(view, "b") == [NAN, NAN, 0.5, 0, NAN]
    assert after(view, "c") == [NAN] * 5, "nothing asks for it"


def test_soft_ones_count_less():
    assert after(fit([on_module("c", "a", "soft")]), "a")[2] == 0.5
    assert after(fit([on_module("c", "a", "soft")], soft_weight=0.25), "a")[2] == 0.25
    assert not fit([on_module("c", "a", "soft")], soft_weight=0).neighbours_.known.any()


def test_those_who_teach_a_skill_share_it():
    view = fit([on_skill("e", "s"), on_skill("e", "t")])
    assert after(view, "a")[4] == pytest.approx(0.5 / 3)
    assert after(view, "b")[4] == pytest.approx(0.5 / 3 + 0.5)
    assert after(view, "c") == [NAN] * 5


def test_what_teaches_what_it_asks_for_does_not_speak_for_itself():
    view = fit([on_skill("a", "s")])
    assert after(view, "b") == [0.5, NAN, NAN, NAN, NAN]
    assert after(view, "a") == [NAN] * 5


def test_a_skill_that_nobody_teaches_is_no_edge():
    assert not fit([on_skill("a", "u")]).neighbours_.known.any()


def test_a_rule_said_twice_counts_once():
    once, twice = fit([on_skill("c", "t")]), fit([on_skill("c", "t", 0.5), on_skill("c", "t", 0.9)])
    assert after(once, "b") == [NAN, NAN, 1, NAN, NAN]
    assert after(twice, "b") == [NAN, NAN, 1, NAN, NAN]


def test_no_rules_no_opinion():
    assert after(fit([]), "a") == [NAN] * 5
