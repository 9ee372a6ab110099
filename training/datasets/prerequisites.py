"""Rules on what comes before what: one target a row, and no way round in a circle."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recommender.domain.circles import Edges, circles
from training.datasets.problems import Problem


def check_prerequisites(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Return the rows of ``prerequisites`` that name no target, two, or a skill without a mastery.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.
    """
    if "prerequisites" not in frames:
        return []
    frame = frames["prerequisites"]
    module, skill = frame["prerequisite_module_id"], frame["prerequisite_skill_id"]
    both = "prerequisite_module_id + prerequisite_skill_id"
    problems = [
        Problem("prerequisites", row, both, None, "is given as a prerequisite", "give one of the two")
        for row in frame.index[module.isna() & skill.isna()]
    ]
    problems += [
        Problem(
            "prerequisites",
            row,
            both,
            (module[row], skill[row]),
            "are two prerequisites in one row",
            "write one row for each",
        )
        for row in frame.index[module.notna() & skill.notna()]
    ]
    problems += [
        Problem(
            "prerequisites",
            row,
            "required_mastery",
            None,
            f"is given for skill {skill[row]!r}",
            "write the mastery it takes, a number from 0 to 1",
        )
        for row in frame.index[skill.notna() & frame["required_mastery"].isna()]
    ]
    return problems


def check_cycles(frames: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Return the rows that close a circle of modules (hard or soft) or of skills and their parents.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables.

    Returns
    -------
    list of Problem
        One per row without which the rest would be free of circles.
    """
    problems: list[Problem] = []
    for table, start, end in (
        ("prerequisites", "module_id", "prerequisite_module_id"),
        ("skills", "skill_id", "parent_skill_id"),
    ):
        if table in frames:
            remedy = "take one of these rows out" if table == "prerequisites" else "mend one of these parents"
            problems += [
                Problem(table, row, end, cycle[-1], f"closes the circle {' -> '.join(cycle)}", remedy)
                for row, cycle in circles(_edges(frames[table], start, end))
            ]
    return problems


def _edges(frame: pd.DataFrame, start: str, end: str) -> Edges:
    edges: dict[str, dict[str, int]] = {}
    pairs = frame[[start, end]].dropna()
    for row, source, target in zip(pairs.index, pairs[start], pairs[end], strict=True):
        edges.setdefault(source, {}).setdefault(target, int(row))
    return edges
