"""From what was sent to a row of the log, and from there to the engine's event.

The log keeps what the sender sent, in one canonical spelling without defaults. What the service adds (the
time of receipt, the pass mark) stays out of it, so an honest retry compares equal. One thing is added, apart
from what was sent: the skills of an item that no model was trained with, so that the log alone says, to every
process and for ever, what an answer to it counts for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from recommender.domain.catalog import Catalog
from recommender.domain.events import (
    Attempt,
    Completion,
    CredentialEarned,
    Event,
    Feedback,
    SelfAssessment,
    from_seconds,
    to_seconds,
)
from recommender.skills.difficulty import DifficultyTable
from serving.faults import row_faults
from serving.problems import USE_A_LISTED_ID, Fault
from serving.schemas.events import EVENT_ADAPTER, AttemptIn, EventIn
from serving.store.events import LoggedEvent

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
CATALOG_SKILLS = "catalog_skill_ids"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRules:
    """What an event is judged by besides its schema.

    Parameters
    ----------
    received_at : datetime
        Now, aware.
    future_tolerance_seconds : float
        How far ahead of it an event may be.
    catalog : Catalog or None
        Its modules, skills and credentials are the known ones; None accepts all. A kind of which the
        catalogue lists nothing is not checked: there is nothing to check against.
    trained : DifficultyTable or None
        The items and modules that states know by themselves.
    without_time_is_now : bool
        Whether an event without a time happened at its receipt; else it comes before all with a time.
    """

    received_at: datetime
    future_tolerance_seconds: float
    catalog: Catalog | None
    trained: DifficultyTable | None = None
    without_time_is_now: bool = True


def read_event(raw: object, rules: RowRules) -> LoggedEvent | tuple[Fault, ...]:
    """Judge one event as sent; return what to log, or what is wrong with it."""
    try:
        event = EVENT_ADAPTER.validate_python(raw)
    except ValidationError as error:
        return row_faults(error.errors(include_url=False))
    faults = (*_time_faults(event, rules), *_unknown_ids(event, rules.catalog))
    if faults:
        return faults
    received = to_seconds(rules.received_at)
    without_time = received if rules.without_time_is_now else None
    return LoggedEvent(
        event_id=event.event_id,
        learner_id=event.learner_id,
        kind=event.kind,
        occurred_at=without_time if event.occurred_at is None else to_seconds(event.occurred_at),
        received_at=received,
        payload=canonical(event, _catalog_skills(event, rules)),
    )


def canonical(event: EventIn, catalog_skills: Sequence[str] = ()) -> str:
    """One spelling for all ways to send the same: sorted, UTC, without what equals its default.

    Parameters
    ----------
    catalog_skills : sequence of str
        What the catalogue says that an attempt counts for which names no skills.
    """
    content = {
        name: _plain(value) for name, value in event.model_dump(mode="json", exclude_defaults=True).items()
    }
    if catalog_skills:
        content[CATALOG_SKILLS] = list(catalog_skills)
    return CANONICAL.encode(content)


def canonical_text(value: Any) -> str:
    """Spell a JSON value as `canonical` spells it."""
    return CANONICAL.encode(_plain(value))


def _plain(value: Any) -> Any:
    # Plus zero: -0.0 becomes 0.0, which it equals.
    return value + 0.0 if isinstance(value, float) else value


def same_as_sent(payload: str, other: str) -> bool:
    """Whether two payloads are of the same event, whatever the catalogue said when each came."""
    return payload == other or _as_sent(payload) == _as_sent(other)


def to_event(logged: LoggedEvent, pass_mark: float, trained_items: Container[str] = ()) -> Event:
    """Make the engine's event of a row of the log.

    Parameters
    ----------
    pass_mark : float
        Score from which an attempt counts as passed where its sender did not say.
    trained_items : container of str
        Items whose skills the state knows by itself; to others those count that the catalogue had.
    """
    sent = json.loads(logged.payload)
    if CATALOG_SKILLS in sent and sent["item_id"] not in trained_items:
        sent["skill_ids"] = sent[CATALOG_SKILLS]
    return _MAKERS[logged.kind](logged, sent, pass_mark)


def _attempt(logged: LoggedEvent, sent: Mapping[str, Any], pass_mark: float) -> Event:
    return Attempt(
        event_id=logged.event_id,
        learner_id=logged.learner_id,
        item_id=sent["item_id"],
        score=sent["score"],
        passed=sent.get("passed", sent["score"] >= pass_mark),
        skill_ids=tuple(sent.get("skill_ids", ())),
        module_id=sent.get("module_id"),
        occurred_at=_time(logged),
        duration_seconds=sent.get("duration_seconds"),
    )


def _completion(logged: LoggedEvent, sent: Mapping[str, Any], _pass_mark: float) -> Event:
    return Completion(
        event_id=logged.event_id,
        learner_id=logged.learner_id,
        module_id=sent["module_id"],
        status=sent.get("status", "completed"),
        progress=sent.get("progress"),
        score=sent.get("score"),
        rating=sent.get("rating"),
        occurred_at=_time(logged),
        duration_seconds=sent.get("duration_seconds"),
    )


def _self_assessment(logged: LoggedEvent, sent: Mapping[str, Any], _pass_mark: float) -> Event:
    return SelfAssessment(
        event_id=logged.event_id,
        learner_id=logged.learner_id,
        skill_id=sent["skill_id"],
        level=sent["level"],
        occurred_at=_time(logged),
    )


def _credential(logged: LoggedEvent, sent: Mapping[str, Any], _pass_mark: float) -> Event:
    expires = sent.get("expires_at")
    return CredentialEarned(
        event_id=logged.event_id,
        learner_id=logged.learner_id,
        credential_id=sent["credential_id"],
        occurred_at=_time(logged),
        expires_at=None if expires is None else datetime.fromisoformat(expires),
    )


def _feedback(logged: LoggedEvent, sent: Mapping[str, Any], _pass_mark: float) -> Event:
    return Feedback(
        event_id=logged.event_id,
        learner_id=logged.learner_id,
        kind=sent["feedback"],
        module_id=sent.get("module_id"),
        recommendation_id=sent["recommendation_id"],
        occurred_at=_time(logged),
    )


_MAKERS: Mapping[str, Callable[[LoggedEvent, Mapping[str, Any], float], Event]] = {
    "attempt": _attempt,
    "completion": _completion,
    "self_assessment": _self_assessment,
    "credential": _credential,
    "feedback": _feedback,
}


def _time(logged: LoggedEvent) -> datetime | None:
    return None if logged.occurred_at is None else from_seconds(logged.occurred_at)


def too_far_ahead(at: datetime | None, now: datetime, tolerance_seconds: float) -> Fault | None:
    """Return what is wrong with the time of an event, None when it can have happened by now."""
    ahead = 0.0 if at is None else (at - now).total_seconds()
    if at is None or ahead <= tolerance_seconds:
        return None
    message = f"occurred_at is {ahead:.0f} s ahead of this service's clock"
    remedy = "send the time at which it happened, with its zone, and check the sender's clock"
    return Fault("occurred_at", message, remedy, at.isoformat())


def _time_faults(event: EventIn, rules: RowRules) -> Sequence[Fault]:
    fault = too_far_ahead(event.occurred_at, rules.received_at, rules.future_tolerance_seconds)
    return () if fault is None else (fault,)


def _catalog_skills(event: EventIn, rules: RowRules) -> list[str]:
    """Skills of an item that was put into the catalogue, else of such a module; else none."""
    catalog, trained = rules.catalog, rules.trained
    if not isinstance(event, AttemptIn) or event.skill_ids or catalog is None or trained is None:
        return []
    found: Sequence[int] = ()
    if event.item_id not in trained.item_index:
        if (item := catalog.item_index.get(event.item_id)) is not None:
            found = catalog.item_skills[item].tolist()
        if not found and event.module_id is not None and event.module_id not in trained.module_index:
            found = catalog.module_skills[catalog.module_index[event.module_id]].tolist()
    return [catalog.skill_ids[skill] for skill in found]


def _as_sent(payload: str) -> str:
    if CATALOG_SKILLS not in payload:
        return payload
    content = json.loads(payload)
    content.pop(CATALOG_SKILLS, None)
    return CANONICAL.encode(content)


@lru_cache(maxsize=2)
def known_ids(catalog: Catalog | None) -> Mapping[str, Collection[str]]:
    """Ids that a field may name, by field; fields that may name anything are not there."""
    if catalog is None:
        return {}
    credentials = catalog.tables.get("credentials")
    found: dict[str, Collection[str]] = {
        "module_id": catalog.module_index,
        "skill_ids": catalog.skill_index,
        "skill_id": catalog.skill_index,
        "credential_id": frozenset(credentials.column("credential_id").to_pylist() if credentials else ()),
    }
    return {field: ids for field, ids in found.items() if ids}


def _unknown_ids(event: EventIn, catalog: Catalog | None) -> list[Fault]:
    faults, sent = [], event.__dict__
    for field, known in known_ids(catalog).items():
        value = sent.get(field)
        if isinstance(value, list):
            named = {f"{field}[{position}]": id_ for position, id_ in enumerate(value)}
        else:
            named = {field: value}
        faults += [
            _unknown(place, id_) for place, id_ in named.items() if id_ is not None and id_ not in known
        ]
    return faults


def _unknown(field: str, value: str) -> Fault:
    what = field.split("_", maxsplit=1)[0]
    return Fault(field, f"{field} is not a {what} of the catalogue", USE_A_LISTED_ID, value)
