"""How long one recommendation takes in process, from a learner's state to modules with reasons.

``python -m tests.benchmarks.recommend_latency``

On made catalogues of several sizes, with every view of the default configuration, a ranker with trees and a
skill model fitted on a made organisation: the median and 99th percentile of `Engine.recommend` and of its
parts, in turns and each time for the next of many learners, and beside them `implicit` folding in the same
histories (alternating least squares of 64 factors, ``recommend(recalculate_user=True)``). Learners are those
of the data, each with 15 starts and 50 answers. Everything runs in one thread; the time of that thread alone
stands beside the time that passed, for machines that are busy with other things. ``--keep`` names a folder
where fitted bundles are kept for the next time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.bundle import ModelBundle
from recommender.domain.events import to_seconds
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from tests.benchmarks.module_world import NOW, MadeWorld, fitted, made_world
from training.config import TrainConfig, load_config

Rows: TypeAlias = list[tuple[str, NDArray[np.float64]]]
Things: TypeAlias = list[tuple[str, Callable[[int], object]]]

# Calls of one thing before the next takes its turn.
ROUND = 100
HEAD = "| what | median | p99 | median of CPU | p99 of CPU |\n| --- | ---: | ---: | ---: | ---: |"
# The ranker learns from fewer slices, of views that are faster to fit, and with smaller steps: what counts
# here is that it has as many trees as on real data.
RANKED = (
    "ranking.ranker.learning_rate=0.02",
    "ranking.ranker.max_rounds=175",
    "ranking.ranker.patience=175",
    "slices.n_folds=2",
    "slices.cuts=[0.7]",
    "slices.max_choices=4000",
    "views.ease.max_modules=1500",
)


def bundle_of(world: MadeWorld, folder: Path | None) -> ModelBundle:
    """Fit on the world, or open what is kept of it."""
    path = folder / f"modules-{world.catalog.n_modules}" if folder else None
    if path is not None and path.exists():
        return ModelBundle.open(path)
    bundle = fitted(world, TrainConfig(), load_config(overrides=RANKED))
    return bundle if path is None else bundle.write(path)


def microseconds(things: Things, n: int) -> Rows:
    """Median and 99th percentile of `n` calls of each, given their numbers: of time passed, of CPU time.

    They take turns in rounds, so that all of them meet the hours in which a machine is slow.
    """
    passed, used = np.empty((2, len(things), n))
    for first in (0, *range(0, n, ROUND)):  # once more than is kept, to warm up
        for i, (_, do) in enumerate(things):
            for k in range(first, min(first + ROUND, n)):
                before = time.thread_time()
                started = time.perf_counter()
                do(k)
                passed[i, k] = time.perf_counter() - started
                used[i, k] = time.thread_time() - before
    names = [name for name, _ in things]
    return [
        (name, 1e6 * np.percentile([one, other], [50, 99], axis=1).T.ravel())
        for name, one, other in zip(names, passed, used, strict=True)
    ]


def peer(world: MadeWorld) -> Callable[[int], object]:
    """Fit `implicit`, and return what recommends to one learner by folding their history in."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    rows = world.interactions
    shape = (rows.n_learners, rows.n_modules)
    starts = csr_matrix((np.ones(len(rows.modules), np.float32), rows.modules.copy(), rows.start), shape)
    starts.sort_indices()
    model = AlternatingLeastSquares(factors=64, num_threads=1)
    model.fit(starts, show_progress=False)
    return lambda k: model.recommend(k, starts[k], N=5, recalculate_user=True)


def rows_of(world: MadeWorld, engine: Engine, n: int, n_learners: int) -> Rows:
    """Name and times of everything measured."""
    people = [world.learner(k) for k in range(n_learners)]
    states, profiles = [engine.fold(events) for _, events in people], [profile for profile, _ in people]
    model, preferences, catalog = engine.bundle.skills, engine.bundle.preferences, engine.catalog
    floor, now = engine.bundle.ranking.value.uniform_floor, to_seconds(NOW)
    histories = [engine.history(s, p) for s, p in zip(states, profiles, strict=True)]
    allowed = np.ones(catalog.n_modules, np.bool_)
    fold_in = peer(world)
    x = np.zeros((60, preferences.n_features), np.float32)

    def ask(k: int, query: Query, **left_out: Any) -> object:
        given = {"learner": states[k % n_learners], **left_out}
        return engine.recommend(given["learner"], profiles[k % n_learners], query, now=NOW)

    things: Things = [
        ("recommend, k = 5", lambda k: ask(k, Query())),
        ("recommend, k = 20", lambda k: ask(k, Query(k=20))),
        ("recommend, k = 5, nobody known", lambda k: ask(k, Query(), learner=None)),
        ("  history", lambda k: engine.history(states[k % n_learners], profiles[k % n_learners])),
        ("  mastery", lambda k: model.mastery(states[k % n_learners], catalog, now=now)),
        ("  chance of passing", lambda k: model.module_success(states[k % n_learners], catalog, now=now)),
        ("  preference", lambda k: preferences.prefer(histories[k % n_learners], allowed, floor)),
        (f"    {preferences.ranker.n_trees} trees, 60 rows", lambda _: preferences.ranker.predict_logit(x)),
        ("implicit, recommend(recalculate_user=True)", lambda k: fold_in(k % n_learners)),
    ]
    return microseconds(things, n)


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=int, nargs="+", default=[1_200, 10_000])
    parser.add_argument("--people", type=int, default=3_000, help="in the made organisation")
    parser.add_argument("--learners", type=int, default=300, help="whom recommendations are made for")
    parser.add_argument("--calls", type=int, default=2_000, help="timed, of each kind")
    parser.add_argument("--keep", type=Path, help="folder where fitted bundles are kept")
    given, console = parser.parse_args(), Console()
    with threadpool_limits(1):
        for n_modules in given.modules:
            world = made_world(n_modules, given.people)
            engine = Engine(bundle_of(world, given.keep))
            engine.warm()
            console.print(f"\n{n_modules:,} modules, us\n\n{HEAD}")
            for name, took in rows_of(world, engine, given.calls, given.learners):
                console.print(f"| {name} | {' | '.join(f'{t:,.0f}' for t in took)} |", soft_wrap=True)


if __name__ == "__main__":
    main()
