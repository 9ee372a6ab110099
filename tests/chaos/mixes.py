"""Tells an answer that one model made of one moment from one that is mixed from several.

Some learners' evidence does not change. What each bundle answers of them is therefore known: its own engine
says it, from the state that it folds itself and at the time that the answer names. One module's title names
the edition of the catalogue, so an answer from two editions is told too, and one from an edition that was
replaced before anybody asked.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from recommender.skills.state import LearnerState
from serving.answers import recommended
from serving.catalog.rows import Overlay, PutRow, key_of
from serving.evidence import RowRules, read_event, to_event
from serving.model import ServedModel
from serving.store.events import LoggedEvent
from tests.unit.serving.world import ITEMS, MODULES, SKILLS

N_STEADY = 12
# All there are, so that whatever differs is seen.
K = len(MODULES)
_EDITION = re.compile(r"edition (\d+)")
_ANY = "edition *"
_ID = UUID(int=0)


def steady_events() -> dict[str, list[dict[str, Any]]]:
    """Evidence by learner, of whom none is sent any more: each has another past."""
    rng, now = random.Random(0), datetime.now(UTC)
    return {
        f"steady-{n}": [
            {
                "kind": "attempt",
                "event_id": f"steady-{n}-{i}",
                "learner_id": f"steady-{n}",
                "item_id": rng.choice(ITEMS),
                "score": rng.random(),
                "occurred_at": (now - timedelta(days=rng.uniform(1, 60))).isoformat(),
            }
            for i in range(3 + n)
        ]
        for n in range(N_STEADY)
    }


def edition(number: int | str) -> dict[str, Any]:
    """Row of the first module in the catalogue, of which nothing but the title ever changes."""
    return {
        "module_id": MODULES[0],
        "title": f"Fractions, edition {number}",
        "skill_ids": [SKILLS[0]],
        "duration_minutes": 30.0,
        "format": "video",
        "language": "en",
    }


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle with the catalogue as it is served, and the state it folds of each steady learner."""

    model: ServedModel
    states: Mapping[str, LearnerState]

    @classmethod
    def of(cls, path: Path, evidence: Mapping[str, Sequence[dict[str, Any]]]) -> Bundle:
        """Load it."""
        engine, now = Engine.load(path), datetime.now(UTC)
        rules = RowRules(received_at=now, future_tolerance_seconds=300, catalog=None)
        row = edition("*")
        rows = {"modules": {key_of("modules", row): PutRow(row, 1)}}
        model = ServedModel(engine, engine, "champion", None, now).with_overlay(Overlay(1, rows))
        states = {}
        for learner_id, sent in evidence.items():
            logged = [event for row in sent if isinstance(event := read_event(row, rules), LoggedEvent)]
            states[learner_id] = engine.fold(to_event(event, model.pass_mark) for event in logged)
        return cls(model, states)

    def answer(self, learner_id: str, state: LearnerState, at: datetime) -> dict[str, Any]:
        """Return what is answered of a learner with this state, without what no two answers share."""
        profile = LearnerProfile(learner_id=learner_id)
        told = self.model.engine.recommend(state, profile, Query(k=K), now=at)
        return _comparable(to_json(recommended(_ID, told, self.model)).decode())


class Judge:
    """Says what is wrong with answers.

    Parameters
    ----------
    bundles : mapping of bundle id to Bundle
    mark : mapping of bundle id to str
        What the titles of a bundle's modules end with.
    """

    def __init__(self, bundles: Mapping[str, Bundle], mark: Mapping[str, str]) -> None:
        self._bundles, self._mark = bundles, mark

    def faults(self, told: dict[str, Any], editions: tuple[int, int]) -> list[str]:
        """Return what is wrong with one answer, in words.

        Parameters
        ----------
        editions : (int, int)
            The last one that was put before the question, and the last one that anybody had begun to put when
            the answer came.
        """
        if told["fallback"] == "no_model" or told["model"] is None:
            return [f"{told['learner_id']} was answered without a model"]
        bundle_id = told["model"]["bundle_id"]
        if not told["recommendations"]:
            return [
                f"bundle {bundle_id} recommended nothing to {told['learner_id']}: {told['empty_because']}"
            ]
        text = json.dumps(told)
        return [
            *self._of_titles(told, bundle_id),
            *_of_editions(text, editions),
            *self._of_numbers(text, told),
        ]

    def _of_titles(self, told: dict[str, Any], bundle_id: str) -> list[str]:
        marks = [mark for mark in self._mark.values() if mark]
        ours = self._mark[bundle_id]
        titles = [m["title"] for m in told["recommendations"] if m["module_id"] != MODULES[0]]
        odd = [t for t in titles if not t.endswith(ours) or any(t.endswith(m) for m in marks if m != ours)]
        return [f"bundle {bundle_id} told titles of another: {odd}"] if odd else []

    def _of_numbers(self, text: str, told: dict[str, Any]) -> list[str]:
        bundle, learner_id = self._bundles[told["model"]["bundle_id"]], told["learner_id"]
        if learner_id not in bundle.states:
            return []
        expected = bundle.answer(
            learner_id, bundle.states[learner_id], datetime.fromisoformat(told["generated_at"])
        )
        got = _comparable(text)
        if got == expected:
            return []
        return [f"of {learner_id} the bundle says otherwise than its answer: {_difference(expected, got)}"]


def _of_editions(text: str, editions: tuple[int, int]) -> list[str]:
    found = {int(number) for number in _EDITION.findall(text)}
    if len(found) > 1:
        return [f"an answer names the editions {sorted(found)}"]
    if found and not editions[0] <= min(found) <= editions[1]:
        return [f"an answer has edition {min(found)} where {editions[0]} to {editions[1]} could be"]
    return []


def _comparable(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_EDITION.sub(_ANY, text))
    # Each answer has another, and the time is what the expected one is made with.
    return {n: v for n, v in told.items() if n not in ("recommendation_id", "generated_at")}


def _difference(expected: Any, got: Any, place: str = "") -> str | None:
    """Name the first place where two values differ, and both."""
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        pairs = [(f"{place}.{name}", expected[name], got[name]) for name in expected]
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = [(f"{place}[{i}]", *pair) for i, pair in enumerate(zip(expected, got, strict=True))]
    else:
        return None if expected == got else f"{place} is {expected} there, and {got} here"
    return next((found for at, one, other in pairs if (found := _difference(one, other, at))), None)
