"""How many learners a second one core scores in blocks, beside single calls of the engine.

``python -m tests.benchmarks.score_throughput --data data/reskilling --bundle BUNDLE``

Everything in one process, one thread and in turns, by the time that its core was busy with it, so that other
work on the machine counts little; the figures are medians over the turns. In blocks: events to folded states,
to what is chosen, to rows of Parquet. Single calls: `Engine.recommend` of a state that is folded already, and
of the events themselves. Without ``--bundle`` one is trained first, which takes minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.blocks.fold import fold_block
from recommender.domain.events import to_seconds
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from tests.unit.training.scoring.world import events_of, profiles_of
from training.config import TrainConfig
from training.datasets import Dataset, load_dataset
from training.pipeline import N_STEPS, train
from training.progress import Steps
from training.scoring.columns import LearnerColumns
from training.scoring.events import last_event, read_events
from training.scoring.output import write_rows
from training.scoring.table import as_table

_TURNS = 7


def engine_of(bundle: Path | None, dataset: Dataset, folder: Path) -> Engine:
    """Load a bundle, or train one into a folder."""
    if bundle is None:
        bundle = folder / "bundle"
        steps = Steps(N_STEPS, Console(quiet=True))
        train(dataset, TrainConfig(), bundle, under_id=False, steps=steps, now=datetime.now(UTC))
    engine = Engine.load(bundle)
    engine.warm()
    return engine


def seconds(do: Callable[[], object]) -> float:
    """Processor time of one call."""
    started = time.process_time()
    do()
    return time.process_time() - started


class Turns:
    """The same learners, asked for in every way."""

    def __init__(
        self, engine: Engine, dataset: Dataset, folder: Path, n_learners: int, n_single: int
    ) -> None:
        self.engine, self.folder = engine, folder
        moment = last_event(dataset)
        self.now = datetime.now(UTC) if moment is None else moment
        read = read_events(dataset, engine.catalog, engine.bundle.difficulty, self.now)
        (folder / "events").mkdir()
        read.columns.write(folder / "events")
        self.columns = LearnerColumns.open(folder / "events")
        self.n_learners = min(n_learners, len(self.columns))
        profiles, events = profiles_of(dataset), events_of(dataset)
        chosen = np.linspace(0, len(profiles) - 1, min(n_single, len(profiles))).astype(int)
        self.profiles = [profiles[i] for i in chosen]
        self.events = [events[p.learner_id] for p in self.profiles]
        self.states = [engine.fold(of) for of in self.events]
        self.recommender = engine.in_blocks()
        self.ids = pa.array(engine.catalog.module_ids, pa.string())
        self.parts: dict[str, list[float]] = {}

    def score(self) -> None:
        """Score the learners in one block and write the rows."""
        marks = [time.process_time()]
        block = fold_block(self.columns.block(0, self.n_learners), self.engine.bundle.difficulty)
        marks.append(time.process_time())
        answer = self.recommender.recommend(block, k=Query().k, now=to_seconds(self.now))
        marks.append(time.process_time())
        table = as_table(answer, self.columns.ids.slice(0, self.n_learners), self.ids)
        write_rows(self.folder, [table], None)
        marks.append(time.process_time())
        for name, took in zip(("fold", "recommend", "rows"), np.diff(marks), strict=True):
            self.parts.setdefault(name, []).append(1e6 * took / self.n_learners)

    def single(self) -> None:
        """Ask for one state after the other."""
        for state, profile in zip(self.states, self.profiles, strict=True):
            self.engine.recommend(state, profile, Query(), now=self.now)

    def single_from_events(self) -> None:
        """Fold and ask, one learner after the other."""
        for events, profile in zip(self.events, self.profiles, strict=True):
            self.engine.recommend(events, profile, Query(), now=self.now)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/reskilling"))
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--learners", type=int, default=2_000, help="learners of a block")
    parser.add_argument("--single", type=int, default=300, help="learners asked for one by one")
    given, console = parser.parse_args(), Console()
    dataset = load_dataset(given.data)
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        engine = engine_of(given.bundle, dataset, Path(name))
        turns = Turns(engine, dataset, Path(name), given.learners, given.single)
        ways = {
            "in blocks, from events to rows": (turns.score, turns.n_learners),
            "single calls, state known": (turns.single, len(turns.states)),
            "single calls, from events": (turns.single_from_events, len(turns.states)),
        }
        took: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(1 + _TURNS):
            for way, (do, n) in ways.items():
                spent = seconds(do) / n
                if turn:  # the first one compiles
                    took[way].append(spent)
    catalog = engine.catalog
    size = f"{catalog.n_modules:,} modules, {len(engine.bundle.views)} views"
    per_learner = sum(map(len, turns.events)) / len(turns.events)
    console.print(f"{dataset.name}: {turns.n_learners:,} learners of {per_learner:.0f} events; {size}\n")
    console.print("| one core | learners a second | us a learner | times as many in blocks |")
    console.print("| --- | ---: | ---: | ---: |")
    blocks = np.array(took["in blocks, from events to rows"])
    for way, spent in took.items():
        median, ratio = float(np.median(spent)), float(np.median(np.array(spent) / blocks))
        console.print(f"| {way} | {1 / median:,.0f} | {1e6 * median:,.0f} | {ratio:.1f} |", soft_wrap=True)
    parts = (f"{name} {np.median(values[1:]):.0f} us" for name, values in turns.parts.items())
    console.print(f"\nin blocks: {', '.join(parts)}", soft_wrap=True)


if __name__ == "__main__":
    main()
