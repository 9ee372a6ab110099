"""How time and memory of the skill model grow with the number of attempts.

``python tests/benchmarks/skill_growth.py --data DIR [--rows N ...]``

The learners of a dataset are repeated under new names until there are as many attempts as asked for, so items
stay as they are and only learners grow. Each size is fitted in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from recommender.domain.catalog import Ragged
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.columns import attempt_columns, catalog_of
from training.datasets import load_dataset

PASS_MARK = 0.5
HELD_OUT = 0.1


def tiled(attempts: AttemptColumns, n_rows: int) -> AttemptColumns:
    """Repeat whole learners until there are at least `n_rows` attempts, or take the first of them."""
    counts = np.bincount(attempts.learner, minlength=attempts.n_learners)
    copies = n_rows // len(attempts)
    rest = attempts.take((np.cumsum(counts) <= n_rows - copies * len(attempts))[attempts.learner])
    parts = [attempts] * copies + [rest]
    learner = [part.learner + i * attempts.n_learners for i, part in enumerate(parts)]
    lengths = np.concatenate([np.diff(part.skills.start) for part in parts])
    names = ("item", "module", "passed", "score", "at")
    return replace(
        attempts,
        learner=np.concatenate(learner),
        skills=Ragged(
            np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            np.concatenate([part.skills.values for part in parts]),
        ),
        n_learners=attempts.n_learners * len(parts),
        role=None,
        segment=None,
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
    )


def measure(data: Path, n_rows: int) -> str:
    """Fit on so many rows and return a row of the table."""
    dataset = load_dataset(data)
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=PASS_MARK)
    if attempts is None or len(attempts.lessons):
        raise SystemExit(f"{data} needs attempts, and neither completions nor self-assessments")
    # Copies of one learner are all held out or none: else they are known and boosting never stops.
    held_out = np.random.default_rng(0).random(attempts.n_learners) < HELD_OUT
    attempts = tiled(attempts, n_rows)
    held_out = np.resize(held_out, attempts.n_learners)
    SkillModel().fit(tiled(attempts, 2_000), catalog, seed=0)  # what is compiled, is compiled before
    started = time.perf_counter()
    SkillModel().fit(attempts, catalog, seed=0, held_out=held_out)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {len(attempts):,} | {seconds:.1f} | {1e6 * seconds / len(attempts):.1f} | {peak:,.0f} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given, console = parser.parse_args(), Console()
    if given.one:
        console.print(measure(given.data, given.one), soft_wrap=True)
        return
    console.print("| attempts | seconds | seconds a million | peak MB |\n| ---: | ---: | ---: | ---: |")
    for n_rows in given.rows:
        command = [sys.executable, __file__, "--data", str(given.data), "--one", str(n_rows)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        console.print(done.stdout.strip(), soft_wrap=True)


if __name__ == "__main__":
    main()
