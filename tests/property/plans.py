"""Random problems of pathways, and their best plans by looking at every set and every order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import inf, log

import numpy as np

from recommender.pathways.arrays import plan_arrays


@dataclass(frozen=True)
class Case:
    """A problem in plain Python: rates and requirements, nothing in logarithms."""

    minutes: list[float]
    rate: list[dict[int, float]]
    needs: list[list[int]]
    asks: list[dict[int, float]]
    group: list[int]
    mastery: list[float]
    required: list[float]
    weight: list[float]
    last: int = -1

    def mastery_after(self, modules) -> list[float]:
        left = [1 - m for m in self.mastery]
        for m in modules:
            for s, rate in self.rate[m].items():
                left[s] *= 1 - rate
        return [1 - x for x in left]

    def gap(self, modules) -> float:
        after = self.mastery_after(modules)
        return sum(w * max(0, r - a) for w, r, a in zip(self.weight, self.required, after, strict=True))

    def may_start(self, m: int, before) -> bool:
        after = self.mastery_after(before)
        return all(x in before for x in self.needs[m]) and all(
            after[s] >= level - 1e-8 for s, level in self.asks[m].items()
        )

    def violations(self, order) -> int:
        """Modules that stand before something they need, or beside a variant, or behind the last one."""
        found = 0
        for at, m in enumerate(order):
            before = set(order[:at])
            found += not self.may_start(m, before)
            found += any(self.group[x] == self.group[m] >= 0 for x in before)
            found += self.last in before
        return found

    def arrays(self):
        teaches = [(m, s, -log(1 - r)) for m, skills in enumerate(self.rate) for s, r in skills.items()]
        needs = [(m, x) for m, needed in enumerate(self.needs) for x in needed]
        asks = [
            (m, s, log((1 - self.mastery[s]) / (1 - level)))
            for m, asked in enumerate(self.asks)
            for s, level in asked.items()
            if level > self.mastery[s]
        ]

        def columns(rows, kinds):
            return tuple(np.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds))

        return plan_arrays(
            minutes=np.array(self.minutes, np.float64),
            teaches=columns(teaches, (np.int64, np.int64, np.float64)),
            needs=columns(needs, (np.int64, np.int64)),
            asks=columns(asks, (np.int64, np.int64, np.float64)),
            group=np.array(self.group, np.int64),
            mastery=np.array(self.mastery, np.float64),
            required=np.array(self.required, np.float64),
            weight=np.array(self.weight, np.float64),
            last=self.last,
        )

    def only(self, kept: list[int]) -> Case:
        """The problem of some modules; those that need others are gone with them."""
        at = {m: i for i, m in enumerate(kept)}
        return Case(
            [self.minutes[m] for m in kept],
            [self.rate[m] for m in kept],
            [[at[x] for x in self.needs[m]] for m in kept],
            [self.asks[m] for m in kept],
            [self.group[m] for m in kept],
            self.mastery,
            self.required,
            self.weight,
            at.get(self.last, -1),
        )

    def ending_in(self, last: int) -> Case:
        """The problem without what can only be taken after one module, which comes last."""
        apart = replace(self, needs=[[*x, m] if m == last else x for m, x in enumerate(self.needs)])
        kept = sorted({*apart.reachable(), last})
        return replace(self.only(kept), last=kept.index(last))

    def reachable(self) -> list[int]:
        """Modules that can be taken in some order, variants left aside."""
        done: list[int] = []
        while True:
            more = [m for m in range(len(self.minutes)) if m not in done and self.may_start(m, set(done))]
            if not more:
                return sorted(done)
            done += more


def a_case(rng: np.random.Generator, n: int, k: int, *, variants: bool = True, last: bool = True) -> Case:
    """A problem whose modules can all be reached; it may have fewer than n."""
    every_rate = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.3 else 0.0
    rate = [
        {
            int(s): every_rate or float(rng.uniform(0.05, 0.7))
            for s in rng.choice(k, rng.integers(0, min(3, k) + 1), replace=False)
        }
        for _ in range(n)
    ]
    place = rng.permutation(n)
    needs = [[int(x) for x in range(n) if place[x] < place[m] and rng.random() < 1.2 / n] for m in range(n)]
    asks = [
        {int(rng.integers(k)): float(rng.uniform(0.2, 0.7))} if rng.random() < 0.2 else {} for _ in range(n)
    ]
    group = [-1] * n
    if variants and n >= 4 and rng.random() < 0.5:
        first, second = (int(x) for x in rng.choice(n, 2, replace=False))
        # Groups are named by positions in a catalogue that is larger than the problem.
        group[first] = group[second] = 3 * n
        if rng.random() < 0.6:
            rate[second] = rate[first]
    required = [float(x) if rng.random() < 0.8 else 0.0 for x in rng.uniform(0.4, 0.95, k)]
    case = Case(
        minutes=[float(x) for x in rng.choice([15, 30, 30, 45, 60, 60, 90, 240, 37.5], n)],
        rate=rate,
        needs=needs,
        asks=asks,
        group=group,
        mastery=[float(x) for x in rng.uniform(0.05, 0.8, k)],
        required=required,
        weight=[float(w) if r > 0 else 0.0 for w, r in zip(rng.uniform(0.1, 1.0, k), required, strict=True)],
        last=-1,
    )
    case = case.only(case.reachable())
    if last and case.minutes and max(case.group) < 0 and rng.random() < 0.4:
        case = case.ending_in(int(rng.integers(len(case.minutes))))
    return case


def orderable(case: Case, modules: frozenset[int]) -> bool:
    done: set[int] = set()
    while True:
        more = {m for m in modules - done if m != case.last and case.may_start(m, done)}
        if not more:
            break
        done |= more
    if case.last in modules and case.may_start(case.last, done):
        done.add(case.last)
    return done == modules


def best_plan(case: Case) -> tuple[float, float, float, int]:
    """Gap, minutes, gap open over time, and number of modules of the best plan."""
    n = len(case.minutes)
    sets = [frozenset(c) for size in range(n + 1) for c in combinations(range(n), size)]
    groups = [frozenset(m for m in range(n) if case.group[m] == g) for g in set(case.group) - {-1}]
    sets = [
        s
        for s in sets
        if (case.last < 0 or case.last in s) and all(len(s & g) < 2 for g in groups) and orderable(case, s)
    ]
    gaps = {s: case.gap(sorted(s)) for s in sets}
    least = min(gaps.values(), default=inf)
    sets = [s for s in sets if gaps[s] <= least + 1e-9]
    minutes = {s: sum(case.minutes[m] for m in s) for s in sets}
    fewest = min(minutes.values(), default=inf)
    sets = [s for s in sets if minutes[s] <= fewest + 1e-6]
    open_time = {s: _soonest(case, s) for s in sets}
    area = min(open_time.values(), default=inf)
    sets = [s for s in sets if open_time[s] <= area + 1e-6 * (1 + area)]
    return least, fewest, area, min((len(s) for s in sets), default=0)


def _soonest(case: Case, modules: frozenset[int]) -> float:
    @cache
    def from_here(done: frozenset[int]) -> float:
        if done == modules:
            return 0.0
        rest = modules - done
        gap = case.gap(sorted(done))
        return min(
            (
                case.minutes[m] * gap + from_here(done | {m})
                for m in rest
                if case.may_start(m, done) and (m != case.last or len(rest) == 1)
            ),
            default=inf,
        )

    return from_here(frozenset())


def open_time(case: Case, order) -> float:
    return sum(case.minutes[m] * case.gap(order[:at]) for at, m in enumerate(order))
