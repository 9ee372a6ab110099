"""The log of recommendations: one row an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from pydantic_core import to_json
from sqlalchemy import Connection, select, update

from recommender.domain.recommendation import RecommendedModule
from serving.rounding import rounded
from serving.store.database import chunks, streamed
from serving.store.direct import upsert
from serving.store.tables import recommendations


class LoggedModule(NamedTuple):
    """One module of an answer; `propensity` is the probability with which it was shown.

    None stands for what an answer of another service does not tell.
    """

    module_id: str
    rank: int
    score: float | None
    success_probability: float | None
    propensity: float | None


class LoggedRecommendation(NamedTuple):
    """One answer; `generated_at` in seconds since 1970 UTC, modules best first.

    `simulated` tells whether the model was trained on simulated data; None of an answer of another service.
    """

    recommendation_id: str
    learner_id: str
    generated_at: float
    bundle_id: str
    simulated: bool | None
    modules: tuple[LoggedModule, ...]

    def is_as(self, other: LoggedRecommendation) -> bool:
        """Whether another one says the same; what a dataset does not keep of it is not asked."""
        same = other._replace(generated_at=self.generated_at, simulated=self.simulated)
        return row_of(*same) == row_of(*self)


Row: TypeAlias = dict[str, Any]
"""An answer as it is stored: its modules as JSON."""


def append(connection: Connection, rows: Sequence[Row]) -> None:
    """Write answers down; what is there already stays as it is."""
    upsert(connection, recommendations, rows, overwrite=False)


def find(connection: Connection, recommendation_id: str) -> LoggedRecommendation | None:
    """Return one answer by its id."""
    table = recommendations
    row = connection.execute(select(table).where(table.c.recommendation_id == recommendation_id)).first()
    return None if row is None else logged_of(row._asdict())


def give(connection: Connection, old: str, new: str) -> None:
    """Make the answers that one learner was given those of another."""
    table = recommendations
    connection.execute(update(table).where(table.c.learner_id == old).values(learner_id=new))


def found_among(connection: Connection, ids: Iterable[str]) -> dict[str, LoggedRecommendation]:
    """Those of these answers that are there, by id."""
    table, found = recommendations, {}
    for some in chunks(sorted(set(ids))):
        for row in connection.execute(select(table).where(table.c.recommendation_id.in_(some))):
            found[row.recommendation_id] = logged_of(row._asdict())
    return found


def every(connection: Connection) -> Iterator[list[LoggedRecommendation]]:
    """All answers in the order of their ids, some at a time."""
    statement = select(recommendations).order_by(recommendations.c.recommendation_id)
    for rows in streamed(connection, statement):
        yield [logged_of(row._asdict()) for row in rows]


def row_of(
    recommendation_id: str,
    learner_id: str,
    generated_at: float,
    bundle_id: str,
    simulated: bool | None,
    modules: Iterable[LoggedModule | RecommendedModule],
) -> Row:
    """Return an answer as it is stored; see `LoggedRecommendation`."""
    return {
        "recommendation_id": recommendation_id,
        "learner_id": learner_id,
        "generated_at": generated_at,
        "bundle_id": bundle_id,
        "simulated": simulated,
        "modules": to_json([_module(module) for module in modules]).decode(),
    }


def logged_of(row: Mapping[str, Any]) -> LoggedRecommendation:
    """Return what a row says."""
    values = dict(row)
    modules = tuple(LoggedModule(**module) for module in json.loads(values.pop("modules")))
    return LoggedRecommendation(**values, modules=modules)


def _module(module: LoggedModule | RecommendedModule) -> dict[str, object]:
    return {
        "module_id": module.module_id,
        "rank": module.rank,
        "score": rounded(module.score),
        "success_probability": rounded(module.success_probability),
        "propensity": module.propensity,
    }
