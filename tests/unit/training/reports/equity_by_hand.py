"""Figures of the report on equity, recomputed from what people did."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from tests.unit.training.programme.equity_world import NOW, World
from training.reports.equity import equity_reports
from training.reports.sheet import About, Report

ABOUT = About("made", "0" * 12, NOW, False)
SHEETS = ["expected", "told-apart", "surprise", "difficulty", "kinds", "gain"]
MATTERS = {"Surprise": 0.03, "Passes expected too many": 0.02, "Pass told from fail": 0.03} | {
    "Chance of passing": 0.05,
    "Gain in 12 months": 0.05,
}
LIST_MEASURES = (
    "Places filled",
    "Places on level",
    "Places easier than that",
    "Places harder than that",
    "Places with format “video”",
    "Places with format “course”",
    "Places with level “beginner”",
)


def report(made: World, patch: pytest.MonkeyPatch) -> Report:
    (its,) = equity_reports(made.put_in(patch))
    assert isinstance(its, Report)
    return its


def all_rows(its: Report) -> pd.DataFrame:
    return pd.concat([sheet.rows for sheet in its.sheets], ignore_index=True)


def value_of(made: World, measure: str, people: np.ndarray) -> float:
    """A measure of some people, in a loop over them."""
    answers, offered = made.answers, made.offered
    rows = [i for i, who in enumerate(answers.learner.tolist()) if people[who]]
    y, p = answers.passed[rows], answers.predicted[rows]
    match measure:
        case "Passes expected too many":
            return float(sum(p) / len(p) - sum(y) / len(y))
        case "Pass told from fail":
            return float(roc_auc_score(y, p))
        case "Surprise":
            return float(log_loss(y, p))
        case "Gain in 12 months":
            counts = [(made.gain.get(made.labels[i], 0.1)) for i in np.flatnonzero(people & made.twice)]
            return float(np.mean(counts))
        case "Chance of passing":
            who = np.flatnonzero(people)
            return float(offered.success[who].sum() / offered.n_success[who].sum())
    counts = places_of(made)
    who = [i for i in range(len(people)) if people[i] and offered.served[i]]
    return sum(counts[measure][i] / 10 for i in who) / len(who)


def places_of(made: World) -> dict[str, np.ndarray]:
    """Places by measure."""
    offered = made.offered
    return {
        "Places filled": offered.filled,
        "Places on level": offered.on_level,
        "Places easier than that": offered.easier,
        "Places harder than that": offered.harder,
    } | {f"Places with {what} “{name}”": its for (what, name), its in offered.kinds.items()}


def values_of(made: World, measure: str) -> dict[str, np.ndarray]:
    """What each person brings to a measure, in a loop over answers."""
    answers, offered, n = made.answers, made.offered, len(made.labels)
    if measure in LIST_MEASURES:
        return {"places": places_of(made)[measure], "other places": 10 - places_of(made)[measure]}
    if measure == "Chance of passing":
        mean = offered.success / np.maximum(offered.n_success, 1)
        return {"sum": offered.success, "modules": offered.n_success, "mean": mean}
    if measure == "Gain in 12 months":
        start, later = made.shares.T
        return {"start": start, "later": later, "gain": later - start}
    found = {name: np.zeros(n) for name in ("answers", "passes", "fails", "too many", "loss")}
    for who, y, p in zip(answers.learner, answers.passed, answers.predicted, strict=True):
        found["answers"][who] += 1
        found["passes"][who] += y
        found["fails"][who] += 1 - y
        found["too many"][who] += p - y
        found["loss"][who] -= np.log(p if y else 1 - p)
    return found


def people_of(made: World, measure: str) -> np.ndarray:
    """Whom a measure is of."""
    answered = np.isin(np.arange(len(made.labels)), made.answers.learner)
    if measure in LIST_MEASURES:
        return answered & made.offered.served
    if measure == "Chance of passing":
        return answered & (made.offered.n_success > 0)
    return answered & made.twice if measure == "Gain in 12 months" else answered


def error_of(made: World, measure: str, group: np.ndarray, rest: np.ndarray) -> tuple[float, float]:
    """Standard errors of a value and of a difference, by drawing people one by one."""
    if measure == "Gain in 12 months":
        one = 0.04 / 1.959964
        sizes = [(made.labels[rest] == name).sum() for name in sorted(set(made.labels[rest]))]
        weights = np.array(sizes) / sum(sizes)
        return one, float(np.sqrt(one**2 + ((weights * one) ** 2).sum()))
    rng = np.random.default_rng(11)
    own, gaps = [], []
    people = len(made.labels)
    for _ in range(60):
        values = []
        for part in (group, rest):
            drawn = np.bincount(rng.choice(np.flatnonzero(part), part.sum()), minlength=people)
            values.append(weighted(made, measure, drawn))
        own.append(values[0])
        gaps.append(values[0] - values[1])
    few = np.sqrt(group.sum() / (group.sum() - 1))
    return few * np.std(own, ddof=1), few * np.std(gaps, ddof=1)


def weighted(made: World, measure: str, times: np.ndarray) -> float:
    """A measure of people who each count several times."""
    answers, offered = made.answers, made.offered
    w = times[answers.learner]
    y, p = answers.passed, answers.predicted
    match measure:
        case "Passes expected too many":
            return float(np.average(p - y, weights=w))
        case "Pass told from fail":
            return float(roc_auc_score(y, p, sample_weight=w))
        case "Surprise":
            return float(log_loss(y, p, sample_weight=w))
        case "Chance of passing":
            return float((times * offered.success).sum() / (times * offered.n_success).sum())
    counts = places_of(made)
    return float((times * counts[measure]).sum() / (10 * times.sum()))
