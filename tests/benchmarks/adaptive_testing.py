"""Compare item selectors on simulated learners who take items estimated from real attempts.

Run ``python tests/benchmarks/adaptive_testing.py --data DIR --learners 300 --seed 0``. The learners and their
answers are simulated; the items, their skills and the spread of mastery come from ``DIR/attempts.parquet``.
catsim is compared where it is installed (``pip install catsim==0.21``).

Every learner is asked for some skills, drawn at random from those with enough items, and every selector draws
from all items of those skills. All share one estimator: a normal prior for each skill by itself, at the
population's mean and spread, and the moments of the posterior after each answer (Owen 1975). An item that two
selectors give is answered alike (common random numbers). Nobody is told the truth, and the true difficulties
are known to all. Error is the absolute difference of estimated and true mastery, a probability, averaged over
the skills asked for and over learners.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from scipy.special import expit

from recommender.domain.catalog import Floats, Ragged
from recommender.skills.adaptive_config import AdaptiveConfig
from recommender.skills.item_information import ItemPool, mastery_moments
from tests.benchmarks.item_selectors import (
    Position,
    Select,
    at_random,
    catsim_selectors,
    ours,
    random_by_turns,
)
from tests.benchmarks.simulated_learners import Population, estimate_population

RANDOM = "random order"
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(21)
_SHARES = _SHARES / _SHARES.sum()


@dataclass(frozen=True, slots=True, eq=False)
class Tests:
    """What a selector came to: arrays (n_learners, n_items + 1), by the number of items given."""

    error: Floats
    worst: Floats
    n_given: np.ndarray


def main() -> None:
    """Read the arguments, run every selector and print the comparison as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="directory that holds attempts.parquet")
    parser.add_argument("--learners", type=int, default=300, help="simulated learners")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skills", type=int, default=8, help="skills asked for, of each learner")
    parser.add_argument("--least", type=int, default=10, help="items a skill must have to be asked for")
    parser.add_argument("--most", type=int, default=10**9, help="items a skill may have to be asked for")
    parser.add_argument("--items", type=int, default=60, help="items after which random order is at its end")
    parser.add_argument("--longest", type=int, default=150, help="items after which every test ends")
    args = parser.parse_args()
    console, population = (
        Console(soft_wrap=True, highlight=False, markup=False),
        estimate_population(args.data, np.random.default_rng([args.seed, 3])),
    )
    config = AdaptiveConfig(max_items=args.longest)
    others = catsim_selectors()
    if not others:
        console.print("catsim is not installed: its selectors are left out (pip install catsim==0.21)\n")
    selectors: dict[str, Select] = {
        RANDOM: at_random,
        "random, skills in turn": random_by_turns,
        "ours": ours(config),
        **others,
    }
    n_items = np.bincount(population.item_skills.values, minlength=len(population.typical))
    askable = np.flatnonzero((n_items >= args.least) & (n_items <= args.most))
    results = {
        name: run(select, population, askable, args.learners, args.skills, args.longest, args.seed)
        for name, select in selectors.items()
    }
    console.print(
        f"{args.learners} simulated learners, {len(population.difficulty):,} items, {len(askable)} skills "
        f"with {args.least} items or more, {args.skills} asked for; spread of mastery "
        f"{population.general_spread:.2f} general, {population.specific_spread:.2f} specific, of difficulty "
        f"{population.difficulty.std():.2f}; pass rate of the mean learner "
        f"{expit(-population.difficulty).mean():.2f}\n"
    )
    console.print("\n".join(report(results, args.items, config.target_error)))


def run(
    select: Select,
    population: Population,
    askable: np.ndarray,
    n_learners: int,
    k: int,
    longest: int,
    seed: int,
) -> Tests:
    """Let one selector test every learner; learners, skills and answers depend on `seed` alone."""
    truth = population.draw(n_learners, np.random.default_rng([seed, 0]))
    error, worst = np.empty((2, n_learners, longest + 1))
    n_given = np.empty(n_learners, np.int64)
    for learner in range(n_learners):
        world = np.random.default_rng([seed, 1, learner])
        asked = world.choice(askable, min(k, len(askable)), replace=False)
        pool, weight = _pool(population, asked)
        passes = world.random(len(pool)) < pool.probability(truth[learner])
        m, se, given = population.mean.copy(), np.full(len(weight), population.spread), []
        rng = np.random.default_rng([seed, 2, learner])
        for n in range(longest + 1):
            error[learner, n] = np.abs(expit(m[asked]) - expit(truth[learner, asked])).mean()
            worst[learner, n] = mastery_moments(m[asked], se[asked])[0].max()
            if n == longest or len(given) < n or len(given) == len(pool):
                continue
            item = select(Position(pool, m, se, weight, given, rng))
            if item >= 0:
                given.append(item)
                m, se = update(pool, item, bool(passes[item]), m, se)
        n_given[learner] = len(given)
    return Tests(error, worst, n_given)


def update(pool: ItemPool, item: int, passed: bool, m: Floats, se: Floats) -> tuple[Floats, Floats]:
    """Mean and standard error of mastery after an answer, by the moments of the posterior."""
    skills = pool.item_skills[item]
    spread = float(np.sqrt((se[skills] ** 2).sum())) / len(skills)
    p = expit(pool.logit(m)[item] + spread * _NODES)
    joint = _SHARES * (p if passed else 1.0 - p)
    share = joint / joint.sum()
    shift = float(share @ _NODES)
    left = float(share @ _NODES**2) - shift**2
    # Regression of each skill on the standardised mean over the item's skills.
    slope = se[skills] ** 2 / (len(skills) * spread)
    m, variance = m.copy(), se**2
    m[skills] += slope * shift
    variance[skills] -= slope**2 * (1.0 - left)
    return m, np.sqrt(variance)


def report(results: dict[str, Tests], n_items: int, target: float) -> list[str]:
    """Error by number of items, and the items that each selector needs for what random order reached."""
    marks = [
        n for n in (0, 10, 20, 30, 40, 60, 80, 100, 150) if n < next(iter(results.values())).error.shape[1]
    ]
    lines = ["| mean absolute error of mastery after | " + " | ".join(f"{n}" for n in marks) + " |"]
    lines.append("| --- |" + " ---: |" * len(marks))
    for name, tests in results.items():
        mean = tests.error.mean(axis=0)
        lines.append(f"| {name} | " + " | ".join(f"{mean[n]:.4f}" for n in marks) + " |")
    goal = results[RANDOM].error[:, n_items].mean()
    ends = n_until_precise(results[RANDOM], target)
    base, at_end = ends.mean(), results[RANDOM].error[np.arange(len(ends)), ends].mean()
    lines += [
        "",
        f"| selector | items to random's error after {n_items} ({goal:.4f}) | share "
        f"| items to random's error where its tests stop, at {base:.1f} ({at_end:.4f}) | share "
        f"| items until every error <= {target:g} | share | tests that got there | error then |",
        "| --- |" + " ---: |" * 8,
    ]
    for name, tests in results.items():
        need, stop = n_until_error(tests, goal), n_until_precise(tests, target)
        late = n_until_error(tests, at_end)
        then = tests.error[np.arange(len(stop)), stop].mean()
        there = (tests.worst.min(axis=1) <= target).mean()
        lines.append(
            f"| {name} | {need:.1f} | {need / n_items:.0%} | {late:.1f} | {late / base:.0%} "
            f"| {stop.mean():.1f} | {stop.mean() / base:.0%} "
            f"| {there:.0%} | {then:.4f} |"
        )
    return lines


def n_until_error(tests: Tests, goal: float) -> float:
    """Items, interpolated, at which the mean error first is `goal`; NaN where it never is."""
    mean = tests.error.mean(axis=0)
    below = np.flatnonzero(mean <= goal)
    if len(below) == 0 or below[0] == 0:
        return float("nan") if len(below) == 0 else 0.0
    n = int(below[0])
    return float(n - (goal - mean[n]) / (mean[n - 1] - mean[n]))


def n_until_precise(tests: Tests, target: float) -> np.ndarray:
    """Items of each test until every skill asked for is known to `target`, or all that were given."""
    there = tests.worst <= target
    return np.where(there.any(axis=1), there.argmax(axis=1), tests.n_given)


def _pool(population: Population, asked: np.ndarray) -> tuple[ItemPool, Floats]:
    weight = np.zeros(len(population.typical))
    weight[asked] = 1.0
    rows = population.item_skills
    items = np.unique(rows.row_of_value()[weight[rows.values] > 0])
    of_item = Ragged.of([rows[i].tolist() for i in items])
    return ItemPool(population.difficulty[items], population.typical, of_item), weight


if __name__ == "__main__":
    main()
