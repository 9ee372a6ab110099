"""Whether what a model is trained on is what is known online, event by event, on a whole dataset.

``python -m tests.benchmarks.online_equality --data DIR [--data DIR ...]``

A model is fitted to each dataset; then every answer is described twice by its difficulty table and memory, by
columns as in training and from a state that is updated one event at a time as in serving. Exits with 1 where
a feature of an answer differs by more than 1e-9.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from recommender.domain.catalog import Catalog
from recommender.domain.events import Attempt
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from recommender.skills.records import FEATURES
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, update
from tests.unit.skills.streams import known_before
from training.columns import attempt_columns, catalog_of
from training.datasets import load_dataset

TOLERANCE = 1e-9


def event_of(attempts: AttemptColumns, row: int, catalog: Catalog) -> Attempt:
    """One attempt, with its skills said, as a platform sends it."""
    at = attempts.at[row]
    return Attempt(
        event_id=f"{row:09d}",
        learner_id=str(attempts.learner[row]),
        occurred_at=None if np.isnan(at) else dt.datetime.fromtimestamp(at, dt.UTC),
        item_id=catalog.item_ids[attempts.item[row]],
        skill_ids=tuple(catalog.skill_ids[s] for s in attempts.skills[row]),
        score=float(attempts.score[row]),
        passed=bool(attempts.passed[row]),
    )


def differences(attempts: AttemptColumns, catalog: Catalog, model: SkillModel) -> np.ndarray:
    """Largest absolute difference of each feature over all attempts; infinite where only one is known."""
    table = model.difficulty_
    batch = replay(attempts, catalog, table, model.memory_)
    largest = np.zeros(len(FEATURES))
    learner, state = -1, LearnerState(table.id)
    for row in track(range(len(attempts)), console=Console(stderr=True)):
        if attempts.learner[row] != learner:
            learner, state = attempts.learner[row], LearnerState(table.id)
        event = event_of(attempts, row, catalog)
        online = known_before(state, event, table, model.memory_)
        gap = np.abs(online.astype(np.float64) - batch[row])
        gap[np.isnan(online) & np.isnan(batch[row])] = 0.0
        largest = np.fmax(largest, np.where(np.isnan(gap), np.inf, gap))
        update(state, event, table)
    return largest


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    given, console, worst = parser.parse_args(), Console(), 0.0
    console.print("| set | attempts | largest difference | in |\n| --- | ---: | ---: | --- |")
    for data in given.data:
        dataset = load_dataset(data)
        catalog = catalog_of(dataset)
        attempts = attempt_columns(dataset, catalog, pass_mark=0.5)
        if attempts is None or len(attempts.lessons):
            raise SystemExit(f"{data} needs attempts, and neither completions nor self-assessments")
        order = np.argsort(attempts.learner, kind="stable")
        if (np.diff(order) != 1).any():
            raise SystemExit(f"{data} does not stand learner by learner")
        largest = differences(attempts, catalog, SkillModel().fit(attempts, catalog, seed=0))
        at = int(largest.argmax())
        row = f"| {data.name} | {len(attempts):,} | {largest[at]:.2e} | {FEATURES[at]} |"
        console.print(row, soft_wrap=True)
        worst = max(worst, float(largest[at]))
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
