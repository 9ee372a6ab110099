"""The report on teams: one for all processes, made anew in a fixed rhythm and kept in the store.

`recommender.pathways.team_gap` promises that nothing in one report is of fewer than five people. Two reports
can be compared, so there is one cut of the people, by team and against the role they aim at, and no way to
have another made out of turn: not by a change of the model, nor by asking another process.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool

from recommender.domain.events import to_seconds
from recommender.domain.gap import GroupGaps
from recommender.pathways.team_gap import block_gaps
from serving import people_read
from serving.learner_states import rebuild
from serving.model import ServedModel
from serving.problems import UNAVAILABLE, Problem
from serving.store import reports as store
from serving.store.database import Database
from serving.workshop import Workshop

_NAME = "team_gaps"
# Clocks of processes differ by less. What was made later than that from now was made by a wrong clock.
_CLOCKS_DIFFER_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class TeamPart:
    """What the report says of everybody and of one team.

    Parameters
    ----------
    organisation : dict
        `GroupGaps` of everybody, with the model, and how many people and teams nothing is told of.
    team : dict or None
        `GroupGaps` of the team, None where nothing is told of it.
    """

    made_at: datetime
    next_at: datetime
    organisation: dict[str, Any]
    team: dict[str, Any] | None


class TeamReports:
    """Makes the report when somebody asks and it is due.

    Parameters
    ----------
    database : Database
    every_seconds : float
        The rhythm: a report is due whenever so many seconds since 1970 UTC are a whole number of times over.
    """

    def __init__(self, database: Database, every_seconds: float) -> None:
        self._database = database
        self._every_seconds = every_seconds
        self._workshop = Workshop[None]("the report on teams")

    async def of(self, team_id: str, model: ServedModel | None, now: datetime) -> TeamPart:
        """Return what the report says of a team.

        Raises
        ------
        Problem
            The report is due and cannot be made now, or was gone from the store at once.
        StoreUnavailableError
            If the store cannot be used now.
        """
        found = await self._find(team_id)
        if found is None or self._is_due(found.made_at, to_seconds(now)):
            if model is None:
                raise Problem(UNAVAILABLE, "no model is loaded, so no report can be made; try again later")
            before = None if found is None else found.made_at
            turn = self._turn(to_seconds(now))
            await self._workshop.wait(self._workshop.order(turn, partial(self._make, model, now, before)))
            found = await self._find(team_id)
        if found is None:
            # Such as of a store that was restored in this moment.
            raise Problem(
                UNAVAILABLE, "the report that was made is not in the store any more; try again later"
            )
        return TeamPart(
            made_at=datetime.fromtimestamp(found.made_at, UTC),
            next_at=datetime.fromtimestamp((self._turn(found.made_at) + 1) * self._every_seconds, UTC),
            organisation=json.loads(found.whole),
            team=None if found.part is None else json.loads(found.part),
        )

    def close(self) -> None:
        """Wait for what is being made."""
        self._workshop.close()

    async def _find(self, team_id: str) -> store.StoredReport | None:
        return await run_in_threadpool(store.find, self._database, _NAME, team_id)

    def _is_due(self, made_at: float, now: float) -> bool:
        """Whether a report is of another turn, and not merely by clocks that differ a little."""
        ahead = made_at > now + _CLOCKS_DIFFER_SECONDS
        return self._turn(made_at) < self._turn(now) or (ahead and self._turn(made_at) > self._turn(now))

    def _turn(self, at: float) -> int:
        return int(at // self._every_seconds)

    def _make(self, model: ServedModel, now: datetime, before: float | None = None) -> None:
        """Put a report in the place of the one that was made `before`, and of no other."""
        goes_on = self._workshop.goes_on
        rebuild(self._database, model, now=now, goes_on=goes_on)
        block, teams = people_read.everybody(self._database, model, goes_on)
        report = block_gaps(
            model.engine.bundle, block, teams, by="team", toward="target", now=to_seconds(now)
        )
        about = {
            "bundle_id": model.engine.bundle_id,
            "alias": model.alias,
            "simulated": model.simulated,
        }
        withheld = {
            "n_teams_withheld": report.n_groups_withheld,
            "n_without_profile": report.n_without_profile,
            "model": about,
        }
        parts = {str(group.group_id): json.dumps(_told(group)) for group in report.groups}
        parts[store.WHOLE] = json.dumps(_told(report.whole) | withheld)

        # If another process was faster, its report stays: one a turn is all there is.
        self._database.transact(
            partial(store.save, report=_NAME, parts=parts, at=to_seconds(now), in_place_of=before)
        )


def _told(group: GroupGaps) -> dict[str, Any]:
    told = asdict(group)
    del told["group_id"]
    return told
