"""How time and memory of the module recommender grow with completions and modules.

``python -m tests.benchmarks.module_growth [--completions N ...] [--modules M ...] [--no-ranker]``

Histories are simulated (`simulated_starts`). Each size is fitted in a process of its own, and its bundle is
loaded in another. Peak memory of one fit is what it adds to what was resident before it; it is read from
/proc, so this runs on Linux only.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.bundle import ModelBundle
from recommender.domain.events import Completion
from recommender.embeddings.ease import Ease
from recommender.embeddings.histories import Interactions
from recommender.embeddings.neighbour_view import NeighbourView
from recommender.embeddings.view import View
from recommender.engine import Engine
from recommender.ranking.module_facts import ModuleUse
from tests.benchmarks.simulated_starts import simulated_catalog, simulated_starts
from tests.unit.worlds import NOW, even_table
from training.config import TrainConfig
from training.module_models import fit_ranker

HEADER = """\
| completions | modules | part | seconds | of them on a processor | MB | told beside |
| ---: | ---: | :-- | ---: | ---: | ---: | :-- |"""
N_ASKED, N_STARTED = 300, 10
Show: TypeAlias = Callable[[str], object]


def memory(field: str) -> float:
    """A line of the kernel's account of this process, MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return float(found[field].split()[0]) / 1024


@contextmanager
def measured(what: str, show: Show) -> Iterator[list[str]]:
    """Show a line with seconds, peak memory and what the list that is given back holds at the end."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins here
    told: list[str] = []
    before, started, worked = memory("VmRSS"), time.perf_counter(), time.process_time()
    yield told
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    peak = memory("VmHWM") - before
    show(f"{what} | {seconds:,.1f} | {worked:,.1f} | {peak:,.0f} | {'; '.join(told)}")


def truncated(view: View, interactions: Interactions) -> list[str]:
    """What a fitted view had to leave out."""
    told = []
    if isinstance(view, NeighbourView) and view.neighbours_ is not None:
        kept = np.diff(view.neighbours_.start)
        n_full = int(np.count_nonzero(kept >= view.config.n_neighbours))
        if n_full:
            told.append(f"{n_full:,} modules have the {view.config.n_neighbours} neighbours that are kept")
    if isinstance(view, Ease) and view.neighbours_ is not None:
        n_started = len(np.unique(interactions.modules))
        n_left = n_started - int(np.count_nonzero(view.neighbours_.known))
        if n_left:
            told.append(f"{n_left:,} started modules are not fitted")
    return told


def fit(n_completions: int, n_modules: int, out: Path, show: Show, *, ranker: bool) -> None:
    """Fit every view and the ranker and write a bundle, a line of the table for each."""
    config, catalog = TrainConfig(), simulated_catalog(n_modules)
    with measured("simulate", show) as told:
        interactions = simulated_starts(n_completions, n_modules)
        told.append(f"{interactions.n_learners:,} learners, {len(interactions.modules):,} first starts")
    _warm(config)
    views = {}
    for name in sorted(config.views):
        with measured(name, show) as told:
            view = config.view_class(name)(config.view_config(name))
            views[name] = view.fit(interactions, catalog, seed=0)
            told += truncated(view, interactions)
    learned = None
    if ranker:
        with measured("ranker, views fitted anew in it", show) as told:
            learned = fit_ranker(interactions, catalog, config, views)
            told.append(f"{learned.n_trees} trees, at most {config.slices.max_choices:,} choices")
    bundle = ModelBundle(
        catalog,
        even_table(catalog),
        None,
        views,
        config.ranking,
        {},
        ranker=learned,
        use=ModuleUse.fit(interactions),
    )
    with measured("write the bundle", show) as told:
        bundle.write(out)
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        told.append(f"{size / 1e6:,.1f} MB on disk")


def _warm(config: TrainConfig) -> None:
    """Fit something small first: what is compiled, is compiled before."""
    catalog, interactions = simulated_catalog(50), simulated_starts(1_000, 50)
    views = {
        name: config.view_class(name)(config.view_config(name)).fit(interactions, catalog, seed=0)
        for name in sorted(config.views)
    }
    fit_ranker(interactions, catalog, config, views)


def load(path: Path, show: Show) -> None:
    """Load a bundle and ask it, a line of the table for each."""
    before = memory("VmRSS")
    with measured("load, hashes not checked", show):
        engine = Engine(ModelBundle.open(path, verify=False))
    engine.warm()
    rng, taken = np.random.default_rng(1), []
    for _ in range(N_ASKED):
        modules = rng.choice(engine.catalog.n_modules, N_STARTED, replace=False)
        state = engine.fold(
            Completion(
                event_id=f"{n:02d}",
                learner_id="somebody",
                module_id=engine.catalog.module_ids[module],
                status="completed",
                occurred_at=NOW - timedelta(days=N_STARTED - n),
            )
            for n, module in enumerate(modules.tolist())
        )
        started, worked = time.perf_counter(), time.thread_time()
        engine.recommend(state, now=NOW)
        taken.append((time.perf_counter() - started, time.thread_time() - worked))
    (median, on_processor), (high, _) = np.percentile(taken, [50, 99], axis=0)
    show(
        f"one recommendation | {median:.5f} | {on_processor:.5f} | {memory('VmRSS') - before:,.0f} | "
        f"medians of {N_ASKED}; p99 {1e3 * high:.2f} ms; MB are all that is resident beyond the libraries"
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--completions", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--modules", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--no-ranker", action="store_true", help="views only")
    parser.add_argument("--limit-gb", type=float, default=12.0, help="memory that a fit may take")
    parser.add_argument("--fit", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    show = partial(Console(highlight=False, markup=False).print, soft_wrap=True)
    if given.fit:
        _limit_memory(given.limit_gb)
        with threadpool_limits(1, "blas"):
            fit(given.completions[0], given.modules[0], given.fit, show, ranker=not given.no_ranker)
        return
    if given.load:
        load(given.load, show)
        return
    show(HEADER)
    for n_completions in given.completions:
        for n_modules in given.modules:
            size = ["--completions", str(n_completions), "--modules", str(n_modules)]
            size += ["--limit-gb", str(given.limit_gb), *(["--no-ranker"] if given.no_ranker else [])]
            _show_size(f"| {n_completions:,} | {n_modules:,} |", size, show)


def _limit_memory(gigabytes: float) -> None:
    """Let this process fail rather than others, who share the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 2**30),) * 2)


def _show_size(begin: str, size: list[str], show: Show) -> None:
    with tempfile.TemporaryDirectory() as kept:
        bundle = str(Path(kept) / "bundle")
        for step in (["--fit", bundle, *size], ["--load", bundle]):
            command = [sys.executable, "-m", "tests.benchmarks.module_growth", *step]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
                for line in done.stdout or ():
                    show(f"{begin} {line.strip()} |")
                why = (done.communicate()[1].strip().splitlines() or ["killed"])[-1]
            if done.returncode:
                show(f"{begin} what comes next failed, code {done.returncode} | | | | {why} |")
                return


if __name__ == "__main__":
    main()
