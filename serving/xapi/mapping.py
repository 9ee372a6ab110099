"""From statements to events: which activity is which module or item, and what a result is worth.

Any JSON may come here, so nothing is taken for granted of its form. What becomes of a statement is an
outcome: `USED`, or the reason why it says nothing that the engine learns from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from recommender.domain.catalog import Catalog
from serving.schemas.fields import MAX_ID_LENGTH
from serving.xapi.activities import INTERACTIONS
from serving.xapi.agents import Identity, identity_of, is_group
from serving.xapi.formats import duration_seconds, is_duration
from serving.xapi.statements import CONTEXT_ACTIVITIES, activities_around
from serving.xapi.verbs import FAILED, MEANINGS, PASSED, PROGRESSED, Meaning

# Progress, and what is all of it: the profiles of cmi5 (section 9.5.5.1) and of video.
_PROGRESS = {
    "https://w3id.org/xapi/cmi5/result/extensions/progress": 100.0,
    "https://w3id.org/xapi/video/extensions/progress": 1.0,
}
_QUESTIONS = frozenset(
    (
        "http://adlnet.gov/expapi/activities/cmi.interaction",
        "http://adlnet.gov/expapi/activities/question",
        "http://adlnet.gov/expapi/activities/assessment",
    )
)


class Outcome(StrEnum):
    """What became of a statement."""

    USED = "used"
    VOIDING = "voiding"
    VOIDED = "voided"
    NO_LEARNER = "no_learner"
    GROUP = "group"
    NO_ACTIVITY = "no_activity"
    UNKNOWN_VERB = "unknown_verb"
    NO_EVIDENCE = "no_evidence"
    UNKNOWN_ACTIVITY = "unknown_activity"
    NO_RESULT = "no_result"
    NO_MODEL = "no_model"
    REFUSED = "refused"


ABOUT: Mapping[Outcome, str] = {
    Outcome.USED: "says of a learner and a module, item or credential what counts: it became events",
    Outcome.VOIDING: "takes another statement back, and what that one said",
    Outcome.VOIDED: "another statement had taken it back before it came",
    Outcome.NO_LEARNER: "names no actor that can be told from others",
    Outcome.GROUP: "is about a group, not about one learner",
    Outcome.NO_ACTIVITY: "is about no activity, but about a person or another statement",
    Outcome.UNKNOWN_VERB: "its verb is none of those that say something of learning",
    Outcome.NO_EVIDENCE: "its verb says nothing of what somebody learned, such as a pause",
    Outcome.UNKNOWN_ACTIVITY: "its activity is no id or framework_uri of a module, item or credential "
    "of the catalogue",
    Outcome.NO_RESULT: "has no score, success or completion that its verb could count by",
    Outcome.NO_MODEL: "no model was promoted, so there was no catalogue to find its activity in",
    Outcome.REFUSED: "what it says breaks a rule for events, such as a time in the future",
}
"""What each outcome means, of a statement."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement says.

    Parameters
    ----------
    outcome : Outcome
    learner : Identity or None
        Of whom; None where nobody is named.
    events : tuple of dict
        As ``POST /v1/events`` takes them, without ids, learner and time; empty unless it is used.
    """

    outcome: Outcome
    learner: Identity | None = None
    events: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """What activities are, by their ids.

    Parameters
    ----------
    modules, items, credentials : mapping of str to str
        From an activity's id to the id in the catalogue.
    """

    modules: Mapping[str, str]
    items: Mapping[str, str]
    credentials: Mapping[str, str]


@lru_cache(maxsize=2)
def places_of(catalog: Catalog | None) -> Places:
    """Find what activities are by the ids of a catalogue and by its `framework_uri`."""
    if catalog is None:
        return Places({}, {}, {})
    credentials = catalog.tables.get("credentials")
    return Places(
        _by_address(catalog, "modules", "module_id"),
        _by_address(catalog, "items", "item_id"),
        {} if credentials is None else {i: i for i in credentials.column("credential_id").to_pylist()},
    )


def _by_address(catalog: Catalog, name: str, key: str) -> dict[str, str]:
    table = catalog.tables.get(name)
    if table is None:
        return {}
    ids = table.column(key).to_pylist()
    found = {}
    if "framework_uri" in table.column_names:
        addresses = table.column("framework_uri").to_pylist()
        found = {address: its for address, its in zip(addresses, ids, strict=True) if address}
    # An id is an id, whatever address it looks like.
    return found | {its: its for its in ids}


def read_statement(statement: Mapping[str, Any], places: Places) -> Reading:
    """Tell what a statement says, by the catalogue's `places`."""
    actor, verb, target = statement.get("actor"), statement.get("verb"), statement.get("object")
    learner = None if is_group(actor) else identity_of(actor)
    if learner is None:
        return Reading(Outcome.GROUP if is_group(actor) else Outcome.NO_LEARNER)
    if not isinstance(target, dict) or target.get("objectType", "Activity") in _NO_ACTIVITIES:
        return Reading(Outcome.NO_ACTIVITY, learner)
    # In the lenient mode anything may stand there.
    verb_id = verb.get("id") if isinstance(verb, dict) and isinstance(verb.get("id"), str) else None
    meaning = None if verb_id is None else MEANINGS.get(verb_id)
    result = statement.get("result")
    said = _Result.of(result if isinstance(result, dict) else {}, verb_id)
    if said.completed:
        meaning = Meaning.COMPLETED if meaning in (None, Meaning.NOTHING, Meaning.STARTED) else meaning
    if meaning is None or meaning is Meaning.NOTHING:
        return Reading(Outcome.UNKNOWN_VERB if meaning is None else Outcome.NO_EVIDENCE, learner)
    outcome, events = _events(meaning, said, target, statement, places)
    return Reading(outcome, learner, tuple(events))


# Looked up by value: what stands there may be anything.
_NO_ACTIVITIES = ("Agent", "Group", "SubStatement", "StatementRef")


@dataclass(frozen=True, slots=True)
class _Result:
    score: float | None
    passed: bool | None
    completed: bool
    progress: float | None
    seconds: float | None

    @classmethod
    def of(cls, result: Mapping[str, Any], verb_id: str | None) -> _Result:
        success, duration = result.get("success"), result.get("duration")
        passed = success if isinstance(success, bool) else None
        if passed is None:
            passed = True if verb_id in PASSED else False if verb_id in FAILED else None
        score, progress = score_of(result.get("score")), _progress(result.get("extensions"))
        if verb_id == PROGRESSED:
            # How far somebody came is not how well they did; Open edX sends it as a score.
            score, progress = None, score if progress is None else progress
        return cls(
            score=score if score is not None or passed is None else float(passed),
            passed=passed,
            completed=result.get("completion") is True,
            progress=progress,
            seconds=duration_seconds(str(duration)) if is_duration(duration) else None,
        )


def score_of(score: Any) -> float | None:
    """Return a score as a share of the marks, in [0, 1], None where it cannot be told.

    `scaled` goes before `raw`, which says something only with `max`; without `min` the least is 0. Below
    nothing is nothing.

    >>> score_of({"scaled": 0.8}), score_of({"raw": 30, "min": 20, "max": 40}), score_of({"raw": 3})
    (0.8, 0.5, None)
    >>> score_of({"scaled": -0.5})
    0.0
    """
    if not isinstance(score, dict):
        return None
    scaled, raw = _number(score.get("scaled")), _number(score.get("raw"))
    low, high = _number(score.get("min", 0)), _number(score.get("max"))
    if scaled is None and raw is not None and low is not None and high is not None and high > low:
        scaled = (raw - low) / (high - low)
    return None if scaled is None or not -1.0 <= scaled <= 1.0 else max(scaled, 0.0)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None


def _progress(extensions: Any) -> float | None:
    if isinstance(extensions, dict):
        for name, whole in _PROGRESS.items():
            value = _number(extensions.get(name))
            if value is not None and 0.0 <= value <= whole:
                return value / whole
    return None


def _events(
    meaning: Meaning, said: _Result, target: Mapping[str, Any], statement: Mapping[str, Any], places: Places
) -> tuple[Outcome, list[dict[str, Any]]]:
    its = target.get("id")
    if not isinstance(its, str):
        return Outcome.NO_ACTIVITY, []
    if meaning is Meaning.EARNED:
        credential = places.credentials.get(its)
        if credential is not None:
            return Outcome.USED, [{"kind": "credential", "credential_id": credential}]
        # Open edX says so of a section's grade too, anew with every answer in it: the answers are evidence.
        known = its in places.modules or its in places.items
        return Outcome.NO_EVIDENCE if known else Outcome.UNKNOWN_ACTIVITY, []
    module, item = places.modules.get(its), places.items.get(its)
    around = None
    if module is None:
        around = _module_around(statement, places)
        # A question of a known module is an item, though the catalogue does not list it.
        if item is None and around is not None and _is_question(target) and len(its) <= MAX_ID_LENGTH:
            item = its
    if module is None and item is None:
        return Outcome.UNKNOWN_ACTIVITY, []
    events = []
    if said.score is not None and (meaning in (Meaning.JUDGED, Meaning.COMPLETED) or item is not None):
        events.append(_attempt(item or module or its, module or around, said))
    if module is not None and meaning is not Meaning.JUDGED:
        events.append(_completion(module, meaning, said))
    return (Outcome.USED, events) if events else (Outcome.NO_RESULT, [])


def _attempt(item: str, module: str | None, said: _Result) -> dict[str, Any]:
    told = {"module_id": module, "passed": said.passed, "duration_seconds": said.seconds}
    return {"kind": "attempt", "item_id": item, "score": said.score} | _known(told)


def _completion(module: str, meaning: Meaning, said: _Result) -> dict[str, Any]:
    status = {Meaning.STARTED: "started", Meaning.LEFT: "abandoned"}.get(meaning, "completed")
    told = {"progress": said.progress, "score": said.score, "duration_seconds": said.seconds}
    return {"kind": "completion", "module_id": module, "status": status} | _known(told)


def _known(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _is_question(target: Mapping[str, Any]) -> bool:
    definition = target.get("definition")
    if not isinstance(definition, dict):
        return False
    kind, type_ = definition.get("interactionType"), definition.get("type")
    return (isinstance(kind, str) and kind in INTERACTIONS) or (
        isinstance(type_, str) and type_ in _QUESTIONS
    )


def _module_around(statement: Mapping[str, Any], places: Places) -> str | None:
    """Return the nearest module among the activities around."""
    for one in activities_around(statement, CONTEXT_ACTIVITIES[:2]):
        its = one.get("id") if isinstance(one, dict) else None
        if isinstance(its, str) and its in places.modules:
            return places.modules[its]
    return None
