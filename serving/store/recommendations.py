"""The log of recommendations: one row an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from serving.rounding import rounded
from serving.store.dialect import upsert
from serving.store.tables import recommendations

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModule:
    """One module of an answer; `propensity` is the probability with which it was shown."""

    module_id: str
    rank: int
    score: float
    success_probability: float | None
    propensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRecommendation:
    """One answer; `generated_at` in seconds since 1970 UTC, modules best first."""

    recommendation_id: str
    learner_id: str
    generated_at: float
    bundle_id: str
    modules: tuple[LoggedModule, ...]


def append(rows: Sequence[LoggedRecommendation], connection: Connection) -> None:
    """Write answers down; what is there already stays as it is."""
    upsert(connection, recommendations, [_row(row) for row in rows], overwrite=False)


def find(connection: Connection, recommendation_id: str) -> LoggedRecommendation | None:
    """Return one answer by its id."""
    table = recommendations
    row = connection.execute(select(table).where(table.c.recommendation_id == recommendation_id)).first()
    if row is None:
        return None
    values = dict(row._mapping)
    modules = tuple(LoggedModule(**module) for module in json.loads(values.pop("modules")))
    return LoggedRecommendation(**values, modules=modules)


def _row(logged: LoggedRecommendation) -> dict[str, object]:
    return {
        "recommendation_id": logged.recommendation_id,
        "learner_id": logged.learner_id,
        "generated_at": logged.generated_at,
        "bundle_id": logged.bundle_id,
        "modules": _COMPACT.encode([_module(module) for module in logged.modules]),
    }


def _module(module: LoggedModule) -> dict[str, object]:
    return {
        "module_id": module.module_id,
        "rank": module.rank,
        "score": rounded(module.score),
        "success_probability": rounded(module.success_probability),
        "propensity": module.propensity,
    }
