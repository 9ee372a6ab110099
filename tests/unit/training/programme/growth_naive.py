"""The same figures once more, by loops and a general optimiser; shares no code with what it checks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import minimize

WINDOWS = {0: (0.0, 1.0), 6: (4.5, 7.5), 12: (10.5, 13.5), 24: (22.5, 25.5)}
Sitting = dict[str, bool]
"""Whether each item was passed."""
Sittings = dict[tuple[str, int], Sitting]


def months_between(start: pd.Timestamp, end: pd.Timestamp) -> float:
    return float((end - start).total_seconds()) / 86_400 / 30.4375


def sittings_of(attempts: pd.DataFrame, now: pd.Timestamp) -> Sittings:
    """Sittings of 5 to 20 first answers to items of no module, by learner and month."""
    found: Sittings = defaultdict(dict)
    rows = attempts[attempts["occurred_at"] <= now].sort_values(["occurred_at", "event_id"])
    for learner, own in rows.groupby("learner_id"):
        start, seen = own["occurred_at"].iloc[0], set()
        for one in own.itertuples():
            if one.item_id in seen:
                continue
            seen.add(one.item_id)
            if isinstance(one.module_id, str):
                continue
            month = months_between(start, one.occurred_at)
            for at, (low, high) in WINDOWS.items():
                if low <= month < high and len(found[str(learner), at]) < 20:
                    found[str(learner), at][one.item_id] = bool(one.passed)
    return {key: sitting for key, sitting in found.items() if len(sitting) >= 5}


def is_over(attempts: pd.DataFrame, learner: str, month: int, now: pd.Timestamp) -> bool:
    start = attempts.loc[attempts["learner_id"] == learner, "occurred_at"].min()
    return months_between(start, now) >= WINDOWS[month][1]


def difficulties(sittings: Sittings, weight: Mapping[str, float]) -> dict[str, float]:
    """Penalised pairwise likelihood, maximised; centred over all answers."""
    items = sorted({item for sitting in sittings.values() for item in sitting})
    at = {item: i for i, item in enumerate(items)}
    wins: dict[tuple[int, int], float] = defaultdict(float)
    for (learner, _), sitting in sittings.items():
        for better, passed in sitting.items():
            for worse, other in sitting.items():
                if passed and not other:
                    wins[at[better], at[worse]] += 2 / len(sitting) * weight[learner]
    pairs = np.array(list(wins))
    counts = np.array(list(wins.values()))

    def loss(b: np.ndarray) -> float:
        return float(counts @ np.logaddexp(0, b[pairs[:, 0]] - b[pairs[:, 1]]) + (b @ b) / 50)

    def slope(b: np.ndarray) -> np.ndarray:
        # The chance that the answer that passed was the other one.
        wrong = counts / (1 + np.exp(b[pairs[:, 1]] - b[pairs[:, 0]]))
        out = b / 25
        np.add.at(out, pairs[:, 0], wrong)
        np.add.at(out, pairs[:, 1], -wrong)
        return out

    b = minimize(loss, np.zeros(len(items)), jac=slope, method="BFGS", options={"gtol": 1e-7}).x
    mix = mix_of(sittings)
    middle = sum(share * b[at[item]] for item, share in mix.items())
    return {item: float(b[at[item]] - middle) for item in items}


def mix_of(sittings: Sittings) -> dict[str, float]:
    counts: dict[str, int] = defaultdict(int)
    for sitting in sittings.values():
        for item in sitting:
            counts[item] += 1
    total = sum(counts.values())
    return {item: count / total for item, count in counts.items()}


def level(
    chosen: Sittings,
    b: Mapping[str, float],
    mix: Mapping[str, float],
    weight: Mapping[str, float],
    b_of_all: Mapping[str, float],
) -> float:
    """Share of the mix passed by a group, in three parts by how hard its items were, or as it has 20s."""

    def hard(key: tuple[str, int]) -> float:
        return sum(b_of_all[item] for item in chosen[key]) / len(chosen[key])

    keys = sorted(sorted(chosen), key=hard)
    n_parts = max(1, min(3, len(keys) // 20))
    sizes = [len(keys) // n_parts + (at < len(keys) % n_parts) for at in range(n_parts)]
    total = people = 0.0
    for at, size in enumerate(sizes):
        part = {key: chosen[key] for key in keys[sum(sizes[:at]) : sum(sizes[:at]) + size]}
        own = sum(weight[learner] for learner, _ in part)
        if own:
            total += own * level_of_part(part, b, mix, weight)
            people += own
    return total / people


def level_of_part(
    chosen: Sittings, b: Mapping[str, float], mix: Mapping[str, float], weight: Mapping[str, float]
) -> float:
    """Share of the mix passed, with the normal distribution that makes the answers most likely."""
    nodes = np.linspace(-5.4, 5.4, 19)
    likelihoods, weights = [], []
    for (learner, _), sitting in chosen.items():
        chance = {item: 1 / (1 + np.exp(-(nodes - b[item]))) for item in sitting}
        likelihoods.append(
            np.prod(
                [chance[item] if passed else 1 - chance[item] for item, passed in sitting.items()], axis=0
            )
        )
        weights.append(weight[learner])
    table, counts = np.array(likelihoods), np.array(weights)

    def prior(x: np.ndarray) -> np.ndarray:
        density = np.exp(-0.5 * ((nodes - x[0]) / max(0.5, math.exp(x[1]))) ** 2)
        return density / density.sum()

    best = minimize(
        lambda x: -(counts @ np.log(table @ prior(x))),
        [0.0, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-8},
    ).x
    joint = table * prior(best)
    mass = counts @ (joint / joint.sum(axis=1, keepdims=True)) / counts.sum()
    expected = sum(share / (1 + np.exp(-(nodes - b[item]))) for item, share in mix.items())
    return float(mass @ expected)


def survival(months: list[float], reached: list[bool], until: float) -> tuple[float, float, float]:
    """1 less the product-limit estimate up to a month, with its exponential Greenwood interval."""
    surviving, variance = 1.0, 0.0
    for time in sorted({m for m, r in zip(months, reached, strict=True) if r and m <= until}):
        followed = sum(m >= time for m in months)
        events = sum(m == time and r for m, r in zip(months, reached, strict=True))
        surviving *= 1 - events / followed
        variance += events / followed / (followed - events) if followed > events else math.inf
    if surviving in (0.0, 1.0):
        return 1 - surviving, 1 - surviving, 1 - surviving
    middle = math.log(-math.log(surviving))
    width = 1.959964 * math.sqrt(variance) / abs(math.log(surviving))
    bounds = [1 - math.exp(-math.exp(middle + side * width)) for side in (-1, 1)]
    return 1 - surviving, bounds[0], bounds[1]


def spell(attempts: pd.DataFrame, now: pd.Timestamp) -> dict[str, tuple[float, bool]]:
    """Months to the first skill of which 4 of the last 5 first answers passed, or to the last answer."""
    found = {}
    rows = attempts[attempts["occurred_at"] <= now].sort_values(["occurred_at", "event_id"])
    for learner, own in rows.groupby("learner_id"):
        start, end, reached = own["occurred_at"].iloc[0], own["occurred_at"].iloc[-1], False
        seen: set[str] = set()
        answers: dict[str, list[bool]] = defaultdict(list)
        for one in own.itertuples():
            if one.item_id in seen:
                continue
            seen.add(one.item_id)
            for skill in one.skill_ids:
                answers[skill].append(bool(one.passed))
                if not reached and len(answers[skill]) >= 5 and sum(answers[skill][-5:]) >= 4:
                    end, reached = one.occurred_at, True
        found[str(learner)] = (months_between(start, end), reached)
    return found
