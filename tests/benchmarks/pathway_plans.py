"""How good and how fast plans of pathways are, beside OR-Tools' CP-SAT and SciPy's HiGHS.

``python -m tests.benchmarks.pathway_plans``

Random problems: at each size, minutes of the plan over those of the best that CP-SAT finds in ``--seconds``
(1 is as good), and the median of the time taken, with the processor time of the thread beside it for machines
that are busy. HiGHS (`scipy.optimize.milp`) solves the rows of `recommender.pathways.rows_kernel`, which do
not know that gains asked for come before: its plans may not be possible, its minutes are a lower bound where
it proves them. Last, `Engine.pathway` on the catalogue of data/reskilling, to each of its roles, by somebody
of whom nothing is known.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
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
from recommender.pathways.rows_kernel import ancestors_of
from recommender.pathways.search import rows_of
from recommender.pathways.solver import solve, targets_of
from recommender.ranking.config import RankingConfig
from tests.property.cp_sat import least_minutes
from tests.property.plans import Case, a_case
from tests.unit.worlds import even_table

SIZES = ((30, 8), (60, 10), (200, 15))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Result, milliseconds passed, milliseconds of this thread."""
    wall, own = time.perf_counter(), time.thread_time()
    result = call()
    return result, (time.perf_counter() - wall) * 1e3, (time.thread_time() - own) * 1e3


def highs(case: Case, seconds: float) -> None:
    p = case.arrays()
    _, reached, target = targets_of(p)
    rows = rows_of(p, ancestors_of(p, reached), target)
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


def pathways(data: Path, console: Console) -> None:
    catalog = Catalog.from_tables({name: pq.read_table(data / f"{name}.parquet") for name in CATALOG_TABLES})
    engine = Engine(ModelBundle(catalog, even_table(catalog), None, {}, RankingConfig()))
    found = []
    for role in catalog.roles.ids:
        pathway, passed, mine = timed(lambda role=role: engine.pathway(None, role_id=role, now=NOW))
        found.append((len(pathway.steps), passed, mine))
    steps, passed, mine = np.median(found, axis=0)
    console.print(
        f"Engine.pathway, {len(found)} roles of {data}: median of {steps:.0f} steps in {passed:.1f} ms, "
        f"{mine:.1f} ms of CPU, at most {max(row[2] for row in found):.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20, help="problems of each size")
    parser.add_argument("--seconds", type=float, default=20.0, help="time limit of CP-SAT and of HiGHS")
    parser.add_argument("--data", type=Path, default=Path("data/reskilling"))
    args = parser.parse_args()
    console = Console(soft_wrap=True)
    # What is compiled is compiled before it is timed: a small problem, large ones with short and long plans.
    for n in (8, 40, 60, 80):
        solve(a_case(np.random.default_rng(n), n, n // 6, variants=False, last=False).arrays(), [0], 0.1)
    pathways(args.data, Console(quiet=True))
    console.print(
        "| modules | planned | minutes / CP-SAT | worst | ms | CPU ms | worst CPU ms | CP-SAT ms | HiGHS ms |"
    )
    console.print("| ---: " * 9 + "|")
    for n, k in SIZES:
        compare(n, k, args.repeats, args.seconds, console)
    pathways(args.data, console)


if __name__ == "__main__":
    main()
