"""A simulated learner as a platform sees it: events come in, and a policy may look at nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import started
from recommender.domain.events import (
    Attempt,
    Completion,
    CompletionStatus,
    CredentialEarned,
    Event,
    to_seconds,
)
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.embeddings.histories import History
from recommender.engine import Engine
from recommender.ranking.eligibility import Eligibility, Rules
from recommender.ranking.gain import Need
from recommender.skills.mastery import MasteryEstimate
from recommender.skills.state import LearnerState
from training.datasets.sample.simulate import START
from training.datasets.sample.state import ABANDONED, COMPLETED, STARTED, Record

_PASS_MARK: Final = 0.5
_STATUSES: Final[dict[int, CompletionStatus]] = {
    STARTED: "started",
    COMPLETED: "completed",
    ABANDONED: "abandoned",
}


@dataclass(frozen=True, eq=False)
class Platform:
    """What is common to all learners of a platform: the engine, and the rules of its catalogue.

    Parameters
    ----------
    engine : Engine
    """

    engine: Engine

    @cached_property
    def rules(self) -> Rules:
        """The rules of what may be offered."""
        return Rules.compile(self.engine.catalog)

    @cached_property
    def credential_ids(self) -> list[str]:
        """Ids of the catalogue's credentials, in its order."""
        table = self.engine.catalog.tables.get("credentials")
        return [] if table is None else table.column("credential_id").to_pylist()


class SimulatedLearner:
    """One learner's record on the platform.

    Parameters
    ----------
    platform : Platform
    profile : LearnerProfile
        Its `target_role_id` is the role that the learner wants to be ready for.
    rest_days : float
        Days for which a module that was given up is not offered again.
    """

    def __init__(self, platform: Platform, profile: LearnerProfile, rest_days: float) -> None:
        self.platform = platform
        self.profile = profile
        self.state: LearnerState = platform.engine.fold(())
        self.now = START.to_pydatetime()
        self.last = -1
        self.resting: dict[int, datetime] = {}
        self._rest = timedelta(days=rest_days)
        self._n_events = 0

    def see(self, record: Record, second: float) -> list[Event]:
        """Fold what a record holds of this learner, empty it, and set the clock; returns the events."""
        events = self._events(record)
        for event in events:
            self.platform.engine.update(self.state, event)
        record.n_rows[:] = 0
        self.now = START.to_pydatetime() + timedelta(seconds=float(second))
        return events

    def rest(self, module: int) -> None:
        """Do not offer a module again for a while."""
        self.resting[module] = self.now + self._rest

    def situation(self) -> Situation:
        """Return what a policy may see now."""
        resting = [module for module, until in self.resting.items() if until > self.now]
        ids = self.platform.engine.catalog.module_ids
        query = Query(k=5, exclude=frozenset(ids[module] for module in resting))
        return Situation(self.platform, self.profile, self.state, query, self.now, self.last)

    def _events(self, record: Record) -> list[Event]:
        catalog, n_attempts, n_completions, n_credentials = self.platform.engine.catalog, *record.n_rows
        rows: list[tuple[float, int, Any]] = [
            *((float(r["second"]), 1, r) for r in record.attempts[:n_attempts]),
            *(
                (float(r["second"]), 0 if r["status"] == STARTED else 2, r)
                for r in record.completions[:n_completions]
            ),
            *((float(r["second"]), 3, r) for r in record.credentials[:n_credentials]),
        ]
        rows.sort(key=lambda row: row[:2])
        start, events = START.to_pydatetime(), list[Event]()
        for second, kind, row in rows:
            event_id, who = f"{self._n_events:06d}", self.profile.learner_id
            at = start + timedelta(seconds=round(second))
            self._n_events += 1
            if kind == 1:
                score = float(row["score"])
                events.append(
                    Attempt(
                        item_id=catalog.item_ids[row["item"]],
                        score=score,
                        passed=score >= _PASS_MARK,
                        duration_seconds=float(row["seconds"]),
                        event_id=event_id,
                        learner_id=who,
                        occurred_at=at,
                    )
                )
            elif kind == 3:
                credential_id = self.platform.credential_ids[row["credential"]]
                events.append(
                    CredentialEarned(
                        credential_id=credential_id, event_id=event_id, learner_id=who, occurred_at=at
                    )
                )
            else:
                events.append(
                    Completion(
                        module_id=catalog.module_ids[row["module"]],
                        status=_STATUSES[int(row["status"])],
                        progress=float(row["progress"]),
                        event_id=event_id,
                        learner_id=who,
                        occurred_at=at,
                    )
                )
        return events


@dataclass(frozen=True, eq=False)
class Situation:
    """A learner at the moment of a choice, as the platform knows them.

    Parameters
    ----------
    platform : Platform
    profile : LearnerProfile
    state : LearnerState
    query : Query
    now : datetime
    last : int
        Module taken last, -1 for none.
    """

    platform: Platform
    profile: LearnerProfile
    state: LearnerState
    query: Query
    now: datetime
    last: int

    @property
    def role(self) -> int:
        """Position of the role that the learner wants to be ready for."""
        return self.platform.engine.catalog.roles.index[self.profile.target_role_id or ""]

    @cached_property
    def need(self) -> Need:
        """What that role asks for."""
        return Need.of_role(self.platform.engine.catalog, self.role)

    @cached_property
    def _estimate(self) -> MasteryEstimate | None:
        engine = self.platform.engine
        if engine.bundle.skills is None:
            return None
        return engine.bundle.skills.mastery(
            self.state, engine.catalog, now=to_seconds(self.now), place=engine.place(self.profile)
        )

    @property
    def mastery(self) -> NDArray[np.float64]:
        """Estimated mastery, (n_skills,), in [0, 1], NaN where nothing is known."""
        n_skills = self.platform.engine.catalog.n_skills
        return np.full(n_skills, np.nan) if self._estimate is None else self._estimate.known()

    @property
    def assumed(self) -> NDArray[np.float64]:
        """Estimated mastery, where nothing is known what the engine expects."""
        engine = self.platform.engine
        usual = engine.bundle.ranking.value.assumed_mastery
        return np.full(engine.catalog.n_skills, usual) if self._estimate is None else self._estimate.mastery

    @cached_property
    def gap(self) -> NDArray[np.float64]:
        """Weighted gap of each skill, (n_skills,): importance x what is missing of the mastery required."""
        missing = np.nan_to_num(self.need.required) - self.assumed
        return self.need.importance * np.maximum(missing, 0.0)

    @cached_property
    def eligibility(self) -> Eligibility:
        """What the platform's rules leave."""
        return self.eligible(self.mastery)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Modules that the platform's rules allow, (n_modules,)."""
        return self.eligibility.allowed

    @cached_property
    def history(self) -> History:
        """Modules begun."""
        return self.platform.engine.history(self.state, self.profile)

    def eligible(self, mastery: NDArray[np.float64]) -> Eligibility:
        """Return what the rules leave to somebody of such mastery, (n_skills,)."""
        engine = self.platform.engine
        finished = np.zeros(engine.catalog.n_modules, np.bool_)
        modules, _, done = started(self.state, engine.catalog)
        finished[modules] = done
        return self.platform.rules.apply(
            finished=finished,
            mastery=mastery,
            query=self.query,
            profile_language=self.profile.language,
            now=to_seconds(self.now),
        )
