"""How many recommendations lie in the band of success that suits their learner, where they can.

``python -m tests.benchmarks.difficulty_band --bundle DIR --data DIR``

Learners of a dataset, all their events folded, are recommended to at the time of the last event, once for
each weight of `ranking.value.out_of_band` given, the bundle's own first. A place of an answer can be in the
band if so many eligible modules are: of k places that are min(k, eligible modules in the band). Printed is
the share of these that are, overall and of first places; beside it how many of all places lie above the band,
below it and where nothing tells, how many modules were swapped in, and what share of the list with weight 0
is kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.blocks.fold import fold_block
from recommender.blocks.learners import LearnerBlock
from recommender.bundle import ModelBundle
from recommender.domain.events import to_seconds
from recommender.engine import Engine
from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH
from training.datasets import load_dataset
from training.scoring.events import last_event, read_events

# Learners of a block, which are neighbours by id; blocks are spread evenly.
BLOCK = 100
HEAD = (
    "| out_of_band | in the band, of those that can be | first places | above | below | unknown | swapped in "
    "| as with 0 |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def blocks_of(
    bundle: ModelBundle, data: Path, n_learners: int, now: datetime | None
) -> tuple[list[LearnerBlock], float]:
    """Learners evenly spread over a dataset, and the time at which they ask."""
    dataset = load_dataset(data, pass_mark=bundle.difficulty.pass_mark)
    now = now or last_event(dataset)
    if now is None:
        raise SystemExit(f"no event of {data} has a time; give one with --now")
    columns = read_events(dataset, bundle.catalog, bundle.difficulty, now).columns
    n_blocks = max(1, min(n_learners, len(columns)) // BLOCK)
    starts = np.linspace(0, max(len(columns) - BLOCK, 0), n_blocks).astype(int).tolist()
    spans = [(first, min(first + BLOCK, len(columns))) for first in starts]
    return [fold_block(columns.block(*span), bundle.difficulty) for span in spans], to_seconds(now)


def with_weight(bundle: ModelBundle, out_of_band: float) -> Engine:
    """Engine that weighs being in the band by so much."""
    value = bundle.ranking.value.model_copy(update={"out_of_band": out_of_band})
    return Engine(replace(bundle, ranking=bundle.ranking.model_copy(update={"value": value})))


def fits(engine: Engine, blocks: list[LearnerBlock], k: int, now: float) -> Iterator[NDArray[np.void]]:
    """Choices for each block."""
    return (engine.in_blocks().recommend(block, k=k, now=now).choice for block in blocks)


def is_inside(choice: NDArray[np.void]) -> NDArray[np.bool_]:
    """Places with a module in the band; behind the last module nothing is told."""
    return (choice["module"] >= 0) & (choice["fit"] == ON_LEVEL)


def main() -> None:
    """Print a row for each weight."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--learners", type=int, default=2_000, help="recommended to, about")
    parser.add_argument("--k", type=int, default=5, help="places of an answer")
    parser.add_argument("--now", type=datetime.fromisoformat, help="with its zone; default the last event")
    parser.add_argument("--out-of-band", type=float, nargs="*", default=[0.0], help="further weights to try")
    given, console = parser.parse_args(), Console()
    bundle = ModelBundle.open(given.bundle)
    with threadpool_limits(1):
        blocks, now = blocks_of(bundle, given.data, given.learners, given.now)
        everything = list(fits(with_weight(bundle, 0.0), blocks, bundle.catalog.n_modules, now))
        can_be = np.concatenate([is_inside(choice).sum(axis=1) for choice in everything])
        plain = np.concatenate(list(fits(with_weight(bundle, 0.0), blocks, given.k, now)))["module"]
        console.print(
            f"{len(can_be):,} learners, {(can_be > 0).mean():.1%} with a module in the band\n\n{HEAD}"
        )
        for weight in dict.fromkeys([bundle.ranking.value.out_of_band, *given.out_of_band]):
            choice = np.concatenate(list(fits(with_weight(bundle, weight), blocks, given.k, now)))
            there, inside = choice["module"] >= 0, is_inside(choice)
            share = inside.sum() / np.minimum(can_be, given.k).sum()
            first = inside[can_be > 0, 0].mean()
            kept = (choice["module"][:, :, None] == plain[:, None, :]).any(axis=2)[there].mean()
            told = [(choice["fit"][there] == fit).mean() for fit in (REVIEW, STRETCH, 0)]
            swapped = (choice["replaced"][there] >= 0).mean()
            cells = [share, first, *told, swapped, kept]
            console.print(f"| {weight:g} | {' | '.join(f'{cell:.1%}' for cell in cells)} |", soft_wrap=True)


if __name__ == "__main__":
    main()
