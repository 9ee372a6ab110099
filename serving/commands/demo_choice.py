"""Whom and what the demo picks: always the same for the same data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_server import DemoError
from serving.dataset_reader import read_tables

ANSWERS = 3
SHOWN = 4
_FEWEST_ATTEMPTS, _MOST_ATTEMPTS = 6, 14
_TRIED = 50


class DemoData:
    """What the demo needs to know of the dataset: who tried what, and which items belong to what."""

    def __init__(self, directory: Path) -> None:
        tables = read_tables(directory, ("attempts", "items", "modules"))
        self.name = directory.resolve().name
        attempts = tables["attempts"].rows() if "attempts" in tables else ()
        self._attempts = Counter(row["learner_id"] for row in attempts)
        self._by_module: dict[str, list[str]] = {}
        self._by_skill: dict[str, list[str]] = {}
        for row in tables["items"].rows() if "items" in tables else ():
            if "module_id" in row:
                self._by_module.setdefault(row["module_id"], []).append(row["item_id"])
            for skill_id in row.get("skill_ids", ()):
                self._by_skill.setdefault(skill_id, []).append(row["item_id"])

    def learners(self) -> Iterator[str]:
        """Learners with some attempts, not with very many: so that a few more make a difference."""
        for learner_id in sorted(self._attempts):
            if _FEWEST_ATTEMPTS <= self._attempts[learner_id] <= _MOST_ATTEMPTS:
                yield learner_id

    def items_of(self, module: Mapping[str, Any]) -> Sequence[str]:
        """Return `ANSWERS` items of a module, else of its skills; an item may come more than once."""
        items = self._by_module.get(module["module_id"], [])
        if not items:
            items = [i for skill in module["skills"] for i in self._by_skill.get(skill["skill_id"], ())]
        return [items[i % len(items)] for i in range(ANSWERS)] if items else []


def choose_learner(data: DemoData, client: DemoClient) -> tuple[str, Standing]:
    """Return the first learner with a history and modules ahead, the best of them on skills they have met.

    Raises
    ------
    DemoError
        If there is none among the first fifty.
    """
    for _, learner_id in zip(range(_TRIED), data.learners(), strict=False):
        standing = client.standing(learner_id, SHOWN)
        able = [module for module in standing.modules if data.items_of(module)]
        if len(able) == SHOWN and any(s["skill_id"] in standing.mastery for s in able[0]["skills"]):
            return learner_id, standing
    raise DemoError(
        f"the demo found no learner in {data.name} with attempts and modules still ahead; "
        "give a dataset with attempts, items and modules"
    )


def choose_module(
    data: DemoData, standing: Standing, *, other_than: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Return the best module that has items, and, where there is one, teaches something else than another."""
    able = [module for module in standing.modules if data.items_of(module)]
    taken = {skill["skill_id"] for skill in other_than["skills"]} if other_than else set()
    other = [m for m in able if not taken.intersection(s["skill_id"] for s in m["skills"])]
    if not able:
        raise DemoError("none of the next modules has items to answer; give a dataset with items")
    return (other or able)[0]
