"""Whom and what the demo picks: always the same for the same data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_server import DemoError
from serving.dataset_reader import SourceTable

ANSWERS = 3
SHOWN = 4
_FEWEST_ATTEMPTS, _MOST_ATTEMPTS = 4, 14
_LOOKED_AT, _MOST_TRIED = 300, 20


class DemoData:
    """What the demo needs to know of the dataset: who tried what, and which items belong to what.

    Parameters
    ----------
    name : str
        What the dataset is called.
    tables : mapping of str to SourceTable
        Those of `TABLES` that it has.
    """

    TABLES: Final = ("attempts", "items", "modules")

    def __init__(self, name: str, tables: Mapping[str, SourceTable]) -> None:
        self.name = name
        self._tables = tables
        self._by_module: dict[str, list[str]] = {}
        self._by_skill: dict[str, list[str]] = {}
        for row in tables["items"].rows() if "items" in tables else ():
            if "module_id" in row:
                self._by_module.setdefault(row["module_id"], []).append(row["item_id"])
            for skill_id in row.get("skill_ids", ()):
                self._by_skill.setdefault(skill_id, []).append(row["item_id"])

    def learners(self) -> Iterator[str]:
        """Learners with some attempts, not with very many: so that a few more make a difference."""
        rows = self._tables["attempts"].rows() if "attempts" in self._tables else ()
        attempts = Counter(row["learner_id"] for row in rows)
        for learner_id in sorted(attempts):
            if _FEWEST_ATTEMPTS <= attempts[learner_id] <= _MOST_ATTEMPTS:
                yield learner_id

    def items_of(self, module: Mapping[str, Any]) -> Sequence[str]:
        """Return `ANSWERS` items of a module, else of its skills; an item may come more than once."""
        items = self._by_module.get(module["module_id"], [])
        if not items:
            items = [i for skill in module["skills"] for i in self._by_skill.get(skill["skill_id"], ())]
        return [items[i % len(items)] for i in range(ANSWERS)] if items else []


@dataclass(frozen=True, slots=True)
class Opening:
    """A learner, their first recommendation, and how they stand before and after failing at it.

    Parameters
    ----------
    n_tried : int
        Of how many learners, this one included, the failure was tried.
    """

    learner_id: str
    start: Standing
    module: Mapping[str, Any]
    failed: Standing
    n_tried: int

    @property
    def changed(self) -> bool:
        """Whether something else comes first after the failure."""
        return first_id(self.start) != first_id(self.failed)


def find_opening(data: DemoData, client: DemoClient) -> Opening:
    """Return the first learner amid a course whose first recommendation changes when they fail at it.

    Tried is what is shown: the attempts are posted. Where no learner fits, the last one tried is shown, else
    the first one with modules ahead.

    Raises
    ------
    DemoError
        If none of those looked at has modules with items ahead.
    """
    opening, spare, n_tried = None, None, 0
    for _, learner_id in zip(range(_LOOKED_AT), data.learners(), strict=False):
        start = client.standing(learner_id, SHOWN)
        if len(start.modules) < SHOWN or not data.items_of(start.modules[0]):
            continue
        spare = spare or (learner_id, start)
        if amid_course(start):
            n_tried += 1
            opening = fail(data, client, learner_id, start, start.modules[0], n_tried=n_tried)
            if opening.changed or n_tried == _MOST_TRIED:
                break
    if opening is None and spare is not None:
        opening = fail(data, client, *spare, spare[1].modules[0], n_tried=1)
    if opening is None:
        raise DemoError(
            f"the demo found no learner in {data.name} with attempts and modules still ahead; "
            "give a dataset with attempts, items and modules"
        )
    return opening


def amid_course(standing: Standing) -> bool:
    """Whether every next module teaches something of what the learner practised last."""
    latest = max((skill["last_practised_at"] or "" for skill in standing.mastery.values()), default="")
    recent = {i for i, skill in standing.mastery.items() if latest and skill["last_practised_at"] == latest}
    return all(recent.intersection(s["skill_id"] for s in m["skills"]) for m in standing.modules)


def fail(
    data: DemoData,
    client: DemoClient,
    learner_id: str,
    start: Standing,
    module: Mapping[str, Any],
    *,
    n_tried: int,
) -> Opening:
    """Post failures on a module's items and return how the learner stands then."""
    client.answer_items(learner_id, data.items_of(module), passed=False, label="failed")
    return Opening(learner_id, start, module, client.standing(learner_id, SHOWN), n_tried)


def first_id(standing: Standing) -> str | None:
    """Id of the first recommendation."""
    return standing.modules[0]["module_id"] if standing.modules else None


def choose_module(
    data: DemoData, standing: Standing, *, other_than: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Return the best module that has items, another one where there is one.

    Modules that build something the learner's role asks go before those that do not.

    Raises
    ------
    DemoError
        If no module has items.
    """
    able = [module for module in standing.modules if data.items_of(module)]
    if not able:
        raise DemoError("none of the next modules has items to answer; give a dataset with items")
    others = [m for m in able if other_than is None or m["module_id"] != other_than["module_id"]] or able
    asked = (m for m in others if any(skill["required"] is not None for skill in m["skills"]))
    return next(asked, others[0])
