"""Circles among things that lead to one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

Edges: TypeAlias = Mapping[str, Mapping[str, int]]
"""From where, to where, and which row says so."""


def circles(edges: Edges) -> list[tuple[int, list[str]]]:
    """Find the rows that close a circle.

    Walks depth first, without recursion; an edge back onto the path walked closes a circle.

    Parameters
    ----------
    edges : mapping of str to mapping of str to int

    Returns
    -------
    list of (int, list of str)
        A row, and the circle it closes, which begins and ends with the same. Without these rows the rest is
        free of circles.

    Examples
    --------
    >>> circles({"a": {"b": 1}, "b": {"c": 2}, "c": {"b": 3}})
    [(3, ['b', 'c', 'b'])]
    """
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
