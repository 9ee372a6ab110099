"""How long gaps, mentors and reports of groups take in an organisation of some size.

``python -m tests.benchmarks.people_and_gaps --data data/reskilling --bundle BUNDLE``

The people of the dataset, repeated under further ids and in further teams up to ``--learners``. Medians in
one process, by the time that its core was busy with it, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from recommender.engine import Engine
from recommender.pathways.team_gap import team_gaps
from recommender.people.champions import champions
from recommender.people.mentors import assign_mentors, find_mentors
from recommender.people.table import MentorTable
from tests.unit.training.scoring.world import events_of, profiles_of
from training.datasets import load_dataset
from training.scoring.events import last_event

_CALLS, _TURNS = 200, 3


def median(do: Callable[[int], object], n: int) -> float:
    """Seconds of a call, each given its number."""
    took = np.empty(n)
    for k in range(n):
        started = time.process_time()
        do(k)
        took[k] = time.process_time() - started
    return float(np.median(took))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--learners", type=int, default=30_000)
    parser.add_argument("--distinct", type=int, default=1_000, help="people whose events are folded")
    given, console = parser.parse_args(), Console()
    dataset, engine = load_dataset(given.data), Engine.load(given.bundle)
    engine.warm()
    now = last_event(dataset)
    events = events_of(dataset)
    agreed = dataset.tables["learners"].set_index("learner_id")["can_mentor"].fillna(False)
    some = [replace(p, can_mentor=bool(agreed[p.learner_id])) for p in profiles_of(dataset)[: given.distinct]]
    folded = [engine.fold(events[p.learner_id]) for p in some]
    copies = [divmod(i, len(some)) for i in range(given.learners)]
    states = [folded[i] for _, i in copies]
    people = [
        replace(some[i], learner_id=f"{some[i].learner_id}-{c}", team_id=f"{some[i].team_id}-{c}")
        for c, i in copies
    ]
    rows: list[tuple[str, float]] = []

    def timed(name: str, do: Callable[[int], object], n: int) -> None:
        do(0)
        rows.append((name, median(do, n)))

    timed("gaps of one learner", lambda k: engine.gaps(states[k], people[k], now=now), _CALLS)
    first = slice(0, 10_000)
    timed(
        f"report by team, {len(states[first]):,} learners",
        lambda _: team_gaps(engine.bundle, states[first], people[first], now=now),
        _TURNS,
    )
    willing = [replace(p, can_mentor=True) for p in people]
    for name, profiles in (("as they agreed", people), ("all agreed", willing)):
        table = MentorTable.of(engine.bundle, states, profiles, now=now)
        what = f"{len(table):,} mentors ({name})"
        timed(f"table of {what}", lambda _, p=profiles: MentorTable.of(engine.bundle, states, p, now=now), 1)
        timed(
            f"mentors of one learner, {what}",
            lambda k, t=table: find_mentors(t, states[k], people[k], now=now),
            _CALLS,
        )
        timed(f"champions of all skills, {what}", lambda _, t=table: champions(t), _TURNS)
    table = MentorTable.of(engine.bundle, states, people, now=now)
    for n in (100, 300, 1_000):
        timed(
            f"assignment of {n:,} learners to {len(table):,} mentors",
            lambda _, n=n: assign_mentors(table, states[:n], people[:n], now=now),
            1,
        )
    console.print("| what | ms, median |\n| --- | ---: |")
    for name, took in rows:
        console.print(f"| {name} | {1e3 * took:,.2f} |", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
