"""Making the arrays of a plan's problem from rows, and those of a part of it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats
from recommender.pathways.plan_kernel import ASK, BY, MODULE, SKILL, TEACH, PlanArrays

Positions: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = tuple[NDArray[Any], ...]


def plan_arrays(
    *,
    minutes: Floats,
    teaches: Rows,
    needs: Rows,
    asks: Rows,
    group: Positions,
    mastery: Floats,
    required: Floats,
    weight: Floats,
    last: int = -1,
) -> PlanArrays:
    """Bring rows into the shape of compiled code, see `PlanArrays`.

    Parameters
    ----------
    minutes : float64 array, shape (n,)
    teaches : module, skill, gain
        One row per taught skill, at most one of a module and a skill.
    needs : module, needed module
    asks : module, skill, level
    group : int64 array, shape (n,)
    mastery, required, weight : float64 arrays, shape (k,)
    last : int
    """
    n, k = len(minutes), len(mastery)
    modules, skills = np.zeros(n + 1, MODULE), np.zeros(k + 1, SKILL)
    modules["minutes"][:n], modules["group"][:n] = minutes, group
    skills["unmastered"][:k], skills["required"][:k], skills["weight"][:k] = 1.0 - mastery, required, weight
    modules["teach"], teach = _grouped(n, teaches, TEACH)
    modules["need"], need = _grouped(n, needs, np.dtype([("module", np.int64)]))
    modules["ask"], ask = _grouped(n, asks, ASK)
    module, skill, gain = teaches
    order = np.argsort(module, kind="stable")
    skills["by"], by = _grouped(k, (skill[order], module[order], gain[order]), BY)
    return PlanArrays(modules, teach, need["module"].copy(), ask, skills, by, last)


def only(p: PlanArrays, members: Positions, skills: Positions | None = None) -> PlanArrays:
    """Return the problem of some of its modules and skills.

    Parameters
    ----------
    p : PlanArrays
    members : int64 array, sorted
        What they need must be among them.
    skills : int64 array, sorted
        Every skill that they ask for must be among them; all by default.
    """
    n, k = len(p.modules) - 1, len(p.skills) - 1
    if skills is None:
        skills = np.arange(k)
    place, at = np.full(n, -1, np.int64), np.full(k, -1, np.int64)
    place[members], at[skills] = np.arange(len(members)), np.arange(len(skills))

    def rows(name: str, values: NDArray[Any]) -> Rows:
        row = place[np.repeat(np.arange(n), np.diff(p.modules[name]))]
        return row[row >= 0], values[row >= 0]

    module, taught = rows("teach", p.teaches)
    there = at[taught["skill"]] >= 0
    needing, needed = rows("need", p.needs)
    asking, asked = rows("ask", p.asks)
    return plan_arrays(
        minutes=p.modules["minutes"][members],
        teaches=(module[there], at[taught["skill"][there]], taught["gain"][there]),
        needs=(needing, place[needed]),
        asks=(asking, at[asked["skill"]], asked["level"]),
        group=p.modules["group"][members],
        mastery=1.0 - p.skills["unmastered"][skills],
        required=p.skills["required"][skills],
        weight=p.skills["weight"][skills],
        last=int(place[p.last]) if p.last >= 0 else -1,
    )


def _grouped(n: int, rows: Rows, dtype: np.dtype[Any]) -> tuple[Positions, NDArray[Any]]:
    """Sort rows by their first column, (n,) of its values; the others as records, and where each begins."""
    row, *values = rows
    order = np.argsort(row, kind="stable")
    records = np.zeros(len(row), dtype)
    for name, value in zip(dtype.names or (), values, strict=True):
        records[name] = value[order]
    counts = np.bincount(row, minlength=n) if len(row) else np.zeros(n, np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), records
