"""Warm an engine in a process of its own, ask it everything, and print which kernels that still compiled.

``python -m tests.integration.calls_after_warming BUNDLE``
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from recommender import Engine
from recommender.domain.events import Attempt, Completion, Event
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query

QUERIES = (
    {"k": 1},
    {"k": 100},
    {"scenario": "review"},
    {"scenario": "explore"},
    {"challenge": "easier"},
    {"challenge": "harder"},
    {"minutes": 60},
    {"minutes": 45.5},
    {"languages": ("en",)},
    {"formats": ("video", "course")},
)


def compiled() -> dict[str, int]:
    """For how many types of arguments each kernel of the engine is compiled."""
    kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    names = [f"{one.py_func.__module__}.{one.py_func.__name__}" for one in kernels]
    return {
        name: len(one.signatures)
        for name, one in zip(names, kernels, strict=True)
        if name.startswith("recommender.")
    }


def learners(engine: Engine) -> Iterator[tuple[list[Event] | None, LearnerProfile | None]]:
    """Tell of somebody unknown and of somebody who did much, each with and without a role."""
    now, roles = datetime.now(UTC), engine.catalog.roles.ids
    items = list(engine.bundle.difficulty.item_index)[:40]
    attempts = [
        Attempt(
            event_id=f"a{i:03d}",
            learner_id="w",
            item_id=item,
            score=float(i % 2),
            passed=bool(i % 2),
            occurred_at=now - timedelta(days=90 - i),
        )
        for i, item in enumerate(items)
    ]
    completions = [
        Completion(
            event_id=f"c{i}", learner_id="w", module_id=module, occurred_at=now - timedelta(days=9 - i)
        )
        for i, module in enumerate(engine.catalog.module_ids[:6])
    ]
    profile = LearnerProfile(learner_id="w", role_id=roles[0], target_role_id=roles[-1], weekly_minutes=60)
    for who in (None, [*attempts, *completions]):
        yield who, None
        yield who, profile


def ask(engine: Engine) -> None:
    """Ask everything that a request can ask."""
    now, rng = datetime.now(UTC), np.random.default_rng(0)
    for who, profile in learners(engine):
        state = None if who is None else engine.fold(who)
        query: dict[str, Any]
        for query in ({}, *QUERIES, {"exclude": engine.catalog.module_ids[:2]}):
            engine.recommend(who, profile, Query(**query), now=now)
        for role in engine.catalog.roles.ids:
            engine.gaps(who, profile, role_id=role, now=now)
            plan = engine.pathway(who, profile, role_id=role, now=now)
            engine.pathway(who, profile, role_id=role, weekly_minutes=30, previous=plan, now=now)
        if state is not None:
            engine.mastery(state, profile, now=now)
            newest = Completion(
                event_id="z", learner_id="w", module_id=engine.catalog.module_ids[0], occurred_at=now
            )
            engine.update(state, newest)
        engine.next_item(state, profile, now=now, rng=rng)


def main() -> None:
    """Print a JSON object: how many kernels warming compiled, and which were compiled later."""
    engine = Engine.load(Path(sys.argv[1]))
    engine.warm()
    before = compiled()
    ask(engine)
    after = compiled()
    late = sorted(name for name, n in after.items() if n != before.get(name, 0))
    json.dump({"warmed": sum(n > 0 for n in before.values()), "late": late}, sys.stdout)


if __name__ == "__main__":
    main()
