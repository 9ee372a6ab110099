"""How good and how fast plans of pathways are, beside OR-Tools' CP-SAT and SciPy's HiGHS.

``python -m tests.benchmarks.pathway_plans --bundle BUNDLE --data data/reskilling``

Random problems: at each size, minutes of the plan over those of the best that CP-SAT finds in ``--seconds``
(1 is as good), and the median of the time taken, with the processor time of the thread beside it for machines
that are busy. HiGHS (`scipy.optimize.milp`) solves the rows of `recommender.pathways.rows_kernel`, which do
not know that gains asked for come before: its plans may not be possible, its minutes are a lower bound where
it proves them.

Then whole calls of `Engine.pathway` on the dataset, by how many modules are relevant to each, see
`recommender.pathways.problem`: where a bundle is given, of ``--learners`` learners who want to another role,
drawn by ``--seed``, at the end of the data; and to each role by somebody of whom nothing is known.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from recommender.bundle import ModelBundle
from recommender.domain.catalog import CATALOG_TABLES, Catalog
from recommender.engine import Engine
from recommender.pathways import planner
from recommender.pathways.plan_kernel import PlanArrays
from recommender.pathways.search import cover_of, rows_of
from recommender.pathways.solver import Plan, solve, targets_of
from recommender.ranking.config import RankingConfig
from tests.property.cp_sat import least_minutes
from tests.property.plans import Case, a_case
from tests.unit.training.scoring.world import events_of, profiles_of
from tests.unit.worlds import even_table
from training.datasets import load_dataset
from training.scoring.events import last_event

SIZES = ((30, 8), (60, 10), (200, 15))
BY = (0, 50, 100, 150, 1000)  # relevant modules
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Result, milliseconds passed, milliseconds of this thread."""
    wall, own = time.perf_counter(), time.thread_time()
    result = call()
    return result, (time.perf_counter() - wall) * 1e3, (time.thread_time() - own) * 1e3


def highs(case: Case, seconds: float) -> None:
    p = case.arrays()
    _, reached, target = targets_of(p)
    rows = rows_of(cover_of(p, reached, target))
    shape = (len(rows.rows) - 1, len(case.minutes))
    matrix = csr_array((rows.cells["coefficient"], rows.cells["module"], rows.rows["start"]), shape=shape)
    milp(
        np.array(case.minutes),
        constraints=LinearConstraint(matrix, rows.rows["least"][:-1] - 1e-9, np.inf),
        bounds=Bounds(0, 1),
        integrality=np.ones(shape[1]),
        options={"time_limit": seconds},
    )


def compare(n: int, k: int, repeats: int, seconds: float, console: Console) -> None:
    ratios, times, own, cp, lp, sizes = [], [], [], [], [], []
    for seed in range(repeats):
        case = a_case(np.random.default_rng(seed), n, k, variants=False, last=False)
        arrays = case.arrays()
        plan, passed, mine = timed(lambda arrays=arrays: solve(arrays))
        (best, _), of_cp, _ = timed(lambda case=case: least_minutes(case, seconds))
        _, of_lp, _ = timed(lambda case=case: highs(case, seconds))
        ratios.append(plan.minutes / best if best > 0 else 1.0)
        times.append(passed)
        own.append(mine)
        cp.append(of_cp)
        lp.append(of_lp)
        sizes.append(len(plan.order))
    console.print(
        f"| {n} | {np.median(sizes):.0f} | {np.mean(ratios):.4f} | {max(ratios):.3f} | "
        f"{np.median(times):.1f} | "
        f"{np.median(own):.1f} | {max(own):.1f} | {np.median(cp):.0f} | {np.median(lp):.0f} |"
    )


class WholeCalls:
    """Times of whole calls of `Engine.pathway`, and how many modules were relevant to each."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, float, float]] = []

    def take(self, engine: Engine, *args: Any, **kwargs: Any) -> None:
        sizes = []

        def counting(p: PlanArrays, *more: Any) -> Plan:
            sizes.append(len(p.modules) - 1)
            return solve(p, *more)

        planner.solve = counting  # type: ignore[attr-defined]
        pathway, passed, mine = timed(lambda: engine.pathway(*args, **kwargs))
        planner.solve = solve  # type: ignore[attr-defined]
        self.rows.append((sizes[-1], len(pathway.steps), passed, mine))

    def tell(self, name: str, console: Console) -> None:
        console.print(
            f"\n{name}\n\n| relevant modules | calls | steps | ms | p95 | most | CPU ms | p95 | most |\n"
            f"{'| ---: ' * 9}|"
        )
        sizes, steps, *times = np.array(self.rows).T
        for low, high in (*pairwise(BY), (0, BY[-1])):
            among = (sizes >= low) & (sizes < high)
            if among.any():
                cells = [f"{x:.1f}" for t in times for x in np.percentile(t[among], (50, 95, 100))]
                console.print(
                    f"| {sizes[among].min():.0f} to {sizes[among].max():.0f} | {among.sum()} | "
                    f"{np.median(steps[among]):.0f} | {' | '.join(cells)} |"
                )


def whole_calls(data: Path, bundle: Path | None, n: int, seed: int, console: Console) -> None:
    if bundle is None:
        tables = {name: pq.read_table(data / f"{name}.parquet") for name in CATALOG_TABLES}
        catalog = Catalog.from_tables(tables)
        engine = Engine(ModelBundle(catalog, even_table(catalog), None, {}, RankingConfig()))
    else:
        engine = Engine.load(bundle)
    engine.warm()
    nobody, learners = WholeCalls(), WholeCalls()
    for calls in (WholeCalls(), nobody):  # once more than is told, to warm up
        for role in engine.catalog.roles.ids:
            calls.take(engine, None, role_id=role, now=NOW)
    if bundle is not None:
        dataset = load_dataset(data)
        events, now = events_of(dataset), last_event(dataset)
        wanting = [profile for profile in profiles_of(dataset) if profile.target_role_id]
        for i in np.random.default_rng(seed).permutation(len(wanting))[:n].tolist():
            learners.take(engine, engine.fold(events[wanting[i].learner_id]), wanting[i], now=now)
        learners.tell(f"Engine.pathway of learners of {data}", console)
    nobody.tell("Engine.pathway to each role, nothing known", console)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20, help="problems of each size")
    parser.add_argument("--seconds", type=float, default=20.0, help="time limit of CP-SAT and of HiGHS")
    parser.add_argument("--data", type=Path, default=Path("data/reskilling"))
    parser.add_argument("--bundle", type=Path, help="trained on the data; without it nobody is known")
    parser.add_argument("--learners", type=int, default=200, help="whose pathways are planned")
    parser.add_argument("--seed", type=int, default=0, help="of who they are")
    args = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False)
    # What is compiled is compiled before it is timed: a small problem, large ones with short and long plans.
    for n in (8, 40, 60, 80):
        solve(a_case(np.random.default_rng(n), n, n // 6, variants=False, last=False).arrays(), [0], 0.1)
    if args.repeats:
        console.print(
            "| modules | planned | minutes / CP-SAT | worst | ms | CPU ms | worst CPU ms | CP-SAT ms | "
            "HiGHS ms |"
        )
        console.print("| ---: " * 9 + "|")
    for n, k in SIZES if args.repeats else ():
        compare(n, k, args.repeats, args.seconds, console)
    whole_calls(args.data, args.bundle, args.learners, args.seed, console)


if __name__ == "__main__":
    main()
