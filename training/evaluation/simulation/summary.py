"""From programmes to figures: what each policy reached, against the engine, with intervals, by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import bootstrap_means, interval
from training.evaluation.simulation.config import SimulationConfig, Variation
from training.evaluation.simulation.kernel import READY
from training.evaluation.simulation.policies import ENGINE, ORACLE
from training.evaluation.simulation.run import Cell

Floats = NDArray[np.float64]

LEAST_PEOPLE: Final = 5
"""Groups of fewer are not reported."""
_BINS: Final = 10


@dataclass(frozen=True, eq=False)
class WorldReport:
    """What the policies reached in one world.

    Parameters
    ----------
    variation : Variation
    n : mapping of str to int
        Learners in all, those not ready when they began, and those of them whom the oracle gets ready in
        time: the ones that figures are of.
    policies : mapping of str to mapping of str to float
        By policy and metric; see `METRICS`.
    intervals : mapping of str to mapping of str to (low, high)
        95% intervals over learners.
    ratios : mapping of str to (ratio, low, high)
        Minutes to readiness of the engine over those of each other policy, with 95% intervals of the paired
        ratio.
    everybody : mapping of str to float
        Minutes to readiness over all learners who were not ready when they began.
    groups : mapping of str to mapping of str to mapping of str to float
        Minutes to readiness by group, value and policy, of at least `LEAST_PEOPLE` learners; ``n`` beside.
    calibration : mapping of str to mapping of str to float
        Of engines what share of the modules taken lay in the band, where any could; of the engine also the
        error of the chance of success that it told of everybody, ready or not.
    """

    variation: Variation
    n: Mapping[str, int]
    policies: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    ratios: Mapping[str, tuple[float, float, float]]
    everybody: Mapping[str, float]
    groups: Mapping[str, Mapping[str, Mapping[str, float]]]
    calibration: Mapping[str, Mapping[str, float]]

    @property
    def best_other(self) -> str:
        """Name of the policy with the fewest minutes beside the engines and the oracle."""
        others = [name for name in self.policies if not name.startswith(ENGINE) and name != ORACLE]
        return min(others, key=lambda name: self.policies[name]["minutes_to_ready"])

    def as_json(self) -> dict[str, Any]:
        """Everything, for machines."""
        ratio = dict(zip(("ratio", "low", "high"), self.ratios[self.best_other], strict=True))
        return {
            "world": self.variation.name,
            "n": dict(self.n),
            "best_other": {"policy": self.best_other, "engine_minutes": ratio},
            "policies": {
                name: {
                    **values,
                    "minutes_to_ready_everybody": self.everybody[name],
                    "engine_minutes_ratio": list(self.ratios[name]),
                    "ci95": {metric: list(pair) for metric, pair in self.intervals[name].items()},
                    **self.calibration.get(name, {}),
                }
                for name, values in self.policies.items()
            },
            "groups": self.groups,
        }


METRICS: Final = {
    "minutes_to_ready": "minutes of study until ready, at most the time there is",
    "modules_to_ready": "modules begun until then",
    "ready": "share who get ready in time",
    "readiness_per_hour": "readiness gained per hour of study",
    "failed": "share of first answers in modules that failed",
    "given_up": "share of modules begun that were given up",
    "left": "share who, free to leave, would have left before they were ready",
}
"""What is measured of a policy."""


def summarise(cells: Sequence[Cell], config: SimulationConfig) -> list[WorldReport]:
    """Put programmes together, world by world."""
    found = []
    for variation in config.variations:
        by_policy: dict[str, list[Cell]] = {}
        for cell in cells:
            if cell.variation == variation:
                by_policy.setdefault(cell.policy, []).append(cell)
        found.append(_world(variation, by_policy, config))
    return found


def _world(
    variation: Variation, by_policy: Mapping[str, list[Cell]], config: SimulationConfig
) -> WorldReport:
    rules = config.rules
    programmes = {name: np.concatenate([c.programmes for c in cells]) for name, cells in by_policy.items()}
    first = by_policy[ENGINE]
    groups = {name: np.concatenate([c.groups[name] for c in first]) for name in first[0].groups}
    begins = programmes[ORACLE]["readiness_before"] < rules.ready
    counted = begins & (programmes[ORACLE]["end"] == READY)
    names = list(programmes)
    minutes = np.column_stack([_capped(programmes[name], "minutes", rules.most_minutes) for name in names])
    rng, who = np.random.default_rng(0), np.arange(int(counted.sum()))
    means = bootstrap_means(minutes[counted], who, rng)
    at = names.index(ENGINE)
    ratios = {}
    for j, name in enumerate(names):
        low, high = interval(means[:, [at]] / means[:, [j]])[0]
        ratios[name] = (
            float(minutes[counted, at].mean() / minutes[counted, j].mean()),
            float(low),
            float(high),
        )
    policies, intervals = {}, {}
    for j, name in enumerate(names):
        rows = programmes[name][counted]
        policies[name], intervals[name] = _measures(rows, minutes[counted, j], rng)
    return WorldReport(
        variation=variation,
        n={"learners": len(begins), "not_ready": int(begins.sum()), "counted": int(counted.sum())},
        policies=policies,
        intervals=intervals,
        ratios=ratios,
        everybody={name: float(minutes[begins, j].mean()) for j, name in enumerate(names)},
        groups={
            group: _by_value(values[counted], minutes[counted], names) for group, values in groups.items()
        },
        calibration={name: found for name, cells in by_policy.items() if (found := _told(cells))},
    )


def _capped(rows: NDArray[np.void], field: str, most: float) -> Floats:
    """Minutes to readiness; `most` for those who did not get there."""
    return np.where(rows["end"] == READY, np.minimum(rows[field], most), most)


def _measures(
    rows: NDArray[np.void], minutes: Floats, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Means of every metric, and their 95% intervals over learners."""
    one, hours = np.ones(len(rows)), rows["minutes"] / 60.0
    ready = rows["end"] == READY
    parts: dict[str, tuple[Any, Any]] = {
        "minutes_to_ready": (minutes, one),
        "modules_to_ready": (rows["modules"], one),
        "ready": (ready, one),
        "readiness_per_hour": (rows["readiness_after"] - rows["readiness_before"], hours),
        "failed": (rows["n_failed"], rows["n_asked"]),
        "given_up": (rows["n_given_up"], rows["modules"]),
        "left": (~np.isnan(rows["leaves"]), one),
    }
    above = np.column_stack([top for top, _ in parts.values()]).astype(np.float64)
    # Who has nothing to count weighs nothing.
    below = np.maximum(np.column_stack([bottom for _, bottom in parts.values()]).astype(np.float64), 1e-12)
    means = interval(bootstrap_means(above / below, np.arange(len(rows)), rng, weights=below))
    values = above.sum(axis=0) / below.sum(axis=0)
    return (
        {name: float(v) for name, v in zip(parts, values, strict=True)},
        {name: (float(low), float(high)) for name, (low, high) in zip(parts, means, strict=True)},
    )


def _by_value(values: NDArray[np.str_], minutes: Floats, names: Iterable[str]) -> dict[str, dict[str, float]]:
    """Mean minutes of each policy for everybody of each value, with `LEAST_PEOPLE` or more."""
    found = {}
    for value in np.unique(values).tolist():
        rows = values == value
        if (n := int(rows.sum())) >= LEAST_PEOPLE:
            means = minutes[rows].mean(axis=0).tolist()
            found[value] = {"n": float(n), **dict(zip(names, means, strict=True))}
    return found


def _told(cells: Sequence[Cell]) -> dict[str, float]:
    """Hold what an engine told against what happened."""
    said = np.concatenate([c.said for c in cells])
    followed = _calibration(np.concatenate([c.followed for c in cells]))
    return {**_in_band(said), **followed} if np.isfinite(said["success"]).any() else {}


def _in_band(said: NDArray[np.void]) -> dict[str, float]:
    """Share of the modules taken that lay in the band, where any allowed module did."""
    can = said["any_fits"]
    return {"in_band": float((said["fits"][can] == 1).mean()) if can.any() else float("nan")}


def _calibration(said: NDArray[np.void]) -> dict[str, float]:
    """Error of the chance of success that was told, in bins of as many answers each."""
    told = said[~np.isnan(said["success"]) & (said["n_asked"] > 0)]
    if not len(told):
        return {}
    told = told[np.argsort(told["success"], kind="stable")]
    n, passed = told["n_asked"], told["n_asked"] - told["n_failed"]
    bins = np.minimum((np.cumsum(n) - n) * _BINS // n.sum(), _BINS - 1)
    asked = np.bincount(bins, n, _BINS)
    gap = np.abs(np.bincount(bins, told["success"] * n, _BINS) - np.bincount(bins, passed, _BINS))
    return {
        "success_told": float((told["success"] * n).sum() / n.sum()),
        "success_seen": float(passed.sum() / n.sum()),
        "calibration_error": float(gap[asked > 0].sum() / asked.sum()),
    }
