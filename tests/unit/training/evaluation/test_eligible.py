"""Rules as far as first starts can tell."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import History
from training.evaluation.eligible import StartRules

MODULES = [
    {"module_id": "first", "title": "First", "language": "de"},
    {"module_id": "second", "title": "Second"},
    {"module_id": "skilled", "title": "Skilled"},
    {"module_id": "old", "title": "Old", "retired": 100},
    {"module_id": "new", "title": "New", "published": 200},
]
NEEDS = [
    {"module_id": "second", "prerequisite_module_id": "first", "strength": "hard"},
    {"module_id": "new", "prerequisite_module_id": "first", "strength": "soft"},
    {"module_id": "skilled", "prerequisite_skill_id": "s", "required_mastery": 1.0, "strength": "hard"},
]
SECONDS = pa.timestamp("s", "UTC")


@pytest.fixture(scope="module")
def rules() -> StartRules:
    modules = pa.table(
        {
            "module_id": [m["module_id"] for m in MODULES],
            "title": [m["title"] for m in MODULES],
            "language": [m.get("language") for m in MODULES],
            "retired_at": pa.array([m.get("retired") for m in MODULES], SECONDS),
            "published_at": pa.array([m.get("published") for m in MODULES], SECONDS),
        }
    )
    needs = pa.Table.from_pylist(
        NEEDS,
        pa.schema(
            [(n, pa.string()) for n in ("module_id", "prerequisite_module_id", "prerequisite_skill_id")]
            + [("strength", pa.string()), ("required_mastery", pa.float64())]
        ),
    )
    skills = pa.table({"skill_id": ["s"], "name": ["S"]})
    return StartRules.compile(
        Catalog.from_tables({"modules": modules, "prerequisites": needs, "skills": skills})
    )


def allowed(rules, started, at, moment=np.nan) -> set[str]:
    ids = [m["module_id"] for m in MODULES]
    history = History(np.array([ids.index(m) for m in started], np.int32), np.array(at, np.float64))
    return {ids[place] for place in np.flatnonzero(rules.allowed(history, moment))}


def test_without_a_time_only_hard_prerequisites_on_modules_remove(rules):
    assert allowed(rules, [], []) == {"first", "skilled", "old", "new"}


def test_what_was_started_is_gone_and_unlocks(rules):
    assert allowed(rules, ["first"], [np.nan]) == {"second", "skilled", "old", "new"}


@pytest.mark.parametrize(
    ("last", "offered"),
    [(50, {"second", "skilled", "old"}), (150, {"second", "skilled"}), (200, {"second", "skilled", "new"})],
)
def test_the_last_known_start_tells_the_time(rules, last, offered):
    assert allowed(rules, ["first"], [last]) == offered


def test_the_moment_of_the_split_goes_before_it(rules):
    assert allowed(rules, ["first"], [50], moment=300) == {"second", "skilled", "new"}
    assert allowed(rules, [], [], moment=50) == {"first", "skilled", "old"}


def test_a_start_without_a_time_does_not_hide_an_earlier_one(rules):
    assert allowed(rules, ["first", "skilled"], [150, np.nan]) == {"second"}
