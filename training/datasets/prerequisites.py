"""Rules on what comes before what: one target a row, and no way round in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from training.datasets.problems import Problem

Edges = Mapping[str, Mapping[str, int]]


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
                for row, cycle in _cycles(_edges(frames[table], start, end))
            ]
    return problems


def _edges(frame: pd.DataFrame, start: str, end: str) -> Edges:
    edges: dict[str, dict[str, int]] = {}
    pairs = frame[[start, end]].dropna()
    for row, source, target in zip(pairs.index, pairs[start], pairs[end], strict=True):
        edges.setdefault(source, {}).setdefault(target, int(row))
    return edges


def _cycles(edges: Edges) -> list[tuple[int, list[str]]]:
    """Walk depth first, without recursion; an edge back onto the path walked closes a circle."""
    found: list[tuple[int, list[str]]] = []
    done: set[str] = set()
    for root in edges:
        if root in done:
            continue
        path: dict[str, Iterator[tuple[str, int]]] = {root: iter(edges[root].items())}
        while path:
            here = next(reversed(path))
            step = next(path[here], None)
            if step is None:
                done.add(here)
                del path[here]
                continue
            target, row = step
            if target in path:
                walked = list(path)
                found.append((row, [*walked[walked.index(target) :], target]))
            elif target not in done:
                path[target] = iter(edges.get(target, {}).items())
    return found
