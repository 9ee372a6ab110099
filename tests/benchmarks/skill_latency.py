"""How long the skill model takes for one learner, and how large a learner's state is.

``python -m tests.benchmarks.skill_latency``

On made answers: folding one answer and reading mastery of all skills, reading mastery of 500 skills, and
the bytes of a state; and in processes of their own, start-up until compiled code has run once, where its
cache is filled.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from rich.console import Console

from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.events import Attempt, Event
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from recommender.skills.state import fold, update

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
N_ITEMS = 2_000


def made_catalog(n_skills: int) -> Catalog:
    """Catalogue of so many skills, which fade, and items of one or two of them."""
    text_list = pa.list_(pa.string())
    skills = [f"skill-{s:03d}" for s in range(n_skills)]
    of_item = [
        [skills[i % n_skills], *([skills[(i + 1) % n_skills]] if i % 3 == 0 else [])] for i in range(N_ITEMS)
    ]
    items = [f"item-{i:04d}" for i in range(N_ITEMS)]
    module = {"module_id": ["m"], "title": ["M"], "skill_ids": pa.array([skills[:1]], text_list)}
    return Catalog.from_tables(
        {
            "modules": pa.table(module),
            "skills": pa.table({"skill_id": skills, "name": skills, "half_life_days": [90.0] * n_skills}),
            "items": pa.table({"item_id": items, "skill_ids": pa.array(of_item, text_list)}),
        }
    )


def made_model(catalog: Catalog, rng: np.random.Generator) -> SkillModel:
    """Fit to answers at random."""
    n_learners, n_each = 200, 200
    item = rng.integers(0, N_ITEMS, n_learners * n_each).astype(np.int32)
    passed = (rng.random(len(item)) < 0.3 + 0.6 * item / N_ITEMS).astype(np.float64)
    attempts = AttemptColumns(
        learner=np.repeat(np.arange(n_learners), n_each),
        item=item,
        module=np.full(len(item), -1, np.int32),
        skills=Ragged.of([catalog.item_skills[i].tolist() for i in item]),
        passed=passed,
        score=passed,
        at=np.tile(START.timestamp() + 600.0 * np.arange(n_each), n_learners),
        n_learners=n_learners,
    )
    return SkillModel().fit(attempts, catalog, seed=0)


def made_events(catalog: Catalog, n: int, n_skills: int, rng: np.random.Generator) -> list[Event]:
    """So many answers of one learner to items of the first skills, every skill met."""
    usable = [i for i in range(N_ITEMS) if catalog.item_skills[i].max() < n_skills]
    order = np.concatenate([rng.permutation(usable), rng.choice(usable, max(n - len(usable), 0))])[:n]
    return [
        Attempt(
            event_id=f"{k:06d}",
            learner_id="x",
            occurred_at=START + dt.timedelta(minutes=10 * k),
            item_id=catalog.item_ids[i],
            score=float(passed := bool(rng.random() < 0.6)),
            passed=passed,
        )
        for k, i in enumerate(order)
    ]


def milliseconds(do: Callable[[int], object], n: int) -> tuple[float, float]:
    """Median and 99th percentile of `n` calls, each given its number."""
    took = np.empty(n)
    for k in range(n):
        started = time.perf_counter()
        do(k)
        took[k] = time.perf_counter() - started
    return tuple(1e3 * np.percentile(took, [50, 99]))


def start_up(n: int) -> float:
    """Median seconds of a process that compiles or loads the kernels, runs each once and ends."""
    command = [sys.executable, "-c", "from recommender.skills.warm import warm_kernel; warm_kernel()"]
    took = []
    for _ in range(n):
        started = time.perf_counter()
        subprocess.run(command, check=True)
        took.append(time.perf_counter() - started)
    return float(np.median(took))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skills", type=int, default=500)
    parser.add_argument("--events", type=int, default=2_000)
    given, console, rng = parser.parse_args(), Console(), np.random.default_rng(0)
    catalog = made_catalog(given.skills)
    model = made_model(catalog, rng)
    table = model.difficulty_
    events = made_events(catalog, given.events + 1_000, given.skills, rng)
    known, later = events[: given.events], events[given.events :]
    state = fold(known, table)
    now = START.timestamp() + 600.0 * len(events) + 86_400.0

    def answer_and_read(k: int) -> None:
        update(state, later[k], table)
        model.mastery(state, catalog, now=now)

    fifty = fold(made_events(catalog, given.events, 50, rng), table)
    rows = [("update and mastery of all", *milliseconds(answer_and_read, len(later)))]
    for name, of in ((f"{len(state.skills)} skills met", state), ("50 skills met", fifty), ("nobody", None)):
        took = milliseconds(lambda _, of=of: model.mastery(of, catalog, now=now), 2_000)
        rows.append((f"mastery, {name}", *took))
    console.print(f"{given.skills} skills\n\n| what | ms, median | ms, p99 |\n| --- | ---: | ---: |")
    for name, median, p99 in rows:
        console.print(f"| {name} | {median:.3f} | {p99:.3f} |", soft_wrap=True)
    size = len(fifty.to_bytes())
    console.print(f"\nstart-up: {start_up(5):.2f} s")
    console.print(f"state of 50 skills and {given.events:,} events: {size:,} bytes")


if __name__ == "__main__":
    main()
