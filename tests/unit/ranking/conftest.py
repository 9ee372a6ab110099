"""A small catalogue from rows, as every test of ranking wants one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import Query
from recommender.ranking.eligibility import Eligibility, Rules

MODULE_COLUMNS = pa.schema(
    [
        ("module_id", pa.string()),
        ("title", pa.string()),
        ("skill_ids", pa.list_(pa.string())),
        ("language", pa.string()),
        ("format", pa.string()),
        ("level", pa.string()),
        ("duration_minutes", pa.float64()),
        ("variant_of", pa.string()),
        ("published_at", pa.timestamp("us", "UTC")),
        ("retired_at", pa.timestamp("us", "UTC")),
    ]
)
PREREQUISITE_COLUMNS = pa.schema(
    [
        ("module_id", pa.string()),
        ("prerequisite_module_id", pa.string()),
        ("prerequisite_skill_id", pa.string()),
        ("required_mastery", pa.float64()),
        ("strength", pa.string()),
    ]
)


def make_catalog(
    modules: dict[str, dict[str, Any]],
    prerequisites: list[dict[str, Any]] | None = None,
    skills: str = "st",
    **tables: pa.Table,
) -> Catalog:
    rows = [{"module_id": key, "title": f"Module {key}", **row} for key, row in modules.items()]
    return Catalog.from_tables(
        {
            "modules": pa.Table.from_pylist(rows, MODULE_COLUMNS),
            "skills": pa.table({"skill_id": list(skills), "name": [f"Skill {s}" for s in skills]}),
            "prerequisites": pa.Table.from_pylist(prerequisites or [], PREREQUISITE_COLUMNS),
            **tables,
        }
    )


class Learner:
    """One learner's answer from the rules, by ids instead of positions."""

    def __init__(self, catalog: Catalog, finished: str = "", **mastery: float) -> None:
        self.catalog, self.rules = catalog, Rules.compile(catalog)
        self.finished = np.array([m in finished for m in catalog.module_ids], bool)
        self.mastery = np.array([mastery.get(s, np.nan) for s in catalog.skill_ids], float)

    def ask(self, language: str | None = None, now: float = 0.0, **query: Any) -> Eligibility:
        return self.rules.apply(
            finished=self.finished,
            mastery=self.mastery,
            query=Query(**query),
            profile_language=language,
            now=now,
        )

    def ids(self, mask: np.ndarray) -> str:
        return "".join(m for m, kept in zip(self.catalog.module_ids, mask, strict=True) if kept)


@pytest.fixture(name="make_catalog")
def _make_catalog() -> Callable[..., Catalog]:
    return make_catalog


@pytest.fixture(name="learner")
def _learner() -> type[Learner]:
    return Learner
