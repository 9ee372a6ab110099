"""Who did and knows what of which skill, as arrays of people by skills, for reports on engagement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from training.programme.ledger import Bools
from training.programme.people import Asked
from training.programme.programme import Programme

Floats = NDArray[np.float64]
FEWEST_IN_AREA: Final = 2
"""Areas that are told of hold at least so many skills; a skill of its own is no area."""


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """Skills of the dataset, in its order, and what they are parts of.

    Parameters
    ----------
    ids, names : tuple of str, length n_skills
    areas : mapping of str to bool array, shape (n_skills,)
        Domains; where no skill has one the skills that others are parts of; empty where there are none of
        these either.
    are_domains : bool
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    areas: dict[str, Bools]
    are_domains: bool

    @classmethod
    def of(cls, programme: Programme) -> Skills:
        """Read the table of skills; none of them where there is no table, as when no row names a skill."""
        table = programme.dataset.tables.get("skills")
        if table is None or table.empty:
            return cls((), (), {}, False)
        ids, names = table["skill_id"].tolist(), table["name"].tolist()
        are_domains = bool(table["domain"].notna().any())
        part_of = table["domain"] if are_domains else _tops(table)
        labels = part_of.fillna("no domain" if are_domains else "").to_numpy(str)
        areas = {str(label): labels == label for label in dict.fromkeys(labels.tolist()) if label}
        if not are_domains:
            areas = {label: skills for label, skills in areas.items() if skills.sum() >= FEWEST_IN_AREA}
        return cls(tuple(ids), tuple(names), areas, are_domains)

    def __len__(self) -> int:
        return len(self.ids)


def _tops(skills: pd.DataFrame) -> pd.Series[str]:
    """Names of the skills that each is a part of, however far down."""
    parent = dict(zip(skills["skill_id"], skills["parent_skill_id"], strict=True))
    name = dict(zip(skills["skill_id"], skills["name"], strict=True))
    top = skills["skill_id"].copy()
    # As many steps as there are skills reach every top; a circle ends somewhere in it.
    for _ in range(len(skills)):
        above = top.map(parent)
        if not (above.notna() & above.isin(skills["skill_id"])).any():
            break
        top = above.where(above.isin(skills["skill_id"]), top)
    return top.map(name)


def by_skill(programme: Programme, rows: pd.DataFrame, skills: Skills) -> Bools:
    """Whether each learner has a row of a module that teaches each skill; shape (n_learners, n_skills).

    Parameters
    ----------
    rows : DataFrame
        With `learner_id` and `module_id`.
    """
    modules = programme.dataset.tables["modules"]
    module = pd.Index(modules["module_id"]).get_indexer(pd.Index(rows["module_id"]))
    learner = programme.position(rows["learner_id"])
    known = (module >= 0) & (learner >= 0)
    shape = len(programme.learners), len(modules)
    did = sparse.csr_array((np.ones(known.sum()), (learner[known], module[known])), shape)
    taught = _taught(modules["skill_ids"].tolist(), skills)
    return np.asarray((did @ taught).toarray() > 0, np.bool_)


def _taught(lists: Iterable[Iterable[str]], skills: Skills) -> sparse.csr_array:
    position = {skill_id: i for i, skill_id in enumerate(skills.ids)}
    pairs = [(m, position[s]) for m, its in enumerate(lists) for s in its if s in position]
    module, skill = np.array(pairs, np.int64).reshape(-1, 2).T
    n_modules = len(lists) if isinstance(lists, list) else 0
    return sparse.csr_array((np.ones(len(pairs)), (module, skill)), (n_modules, len(skills)))


def masters(programme: Programme, skills: Skills, at: datetime | None = None) -> Bools:
    """Whether mastery of each skill is known and at what is asked; shape (n_learners, n_skills).

    Skills are those of the dataset; of one that the model does not know nobody is known to master it.
    """
    assert programme.bundle is not None  # noqa: S101
    standing = programme.standing(at)
    # What is not known compares as not there.
    there = standing.mastery >= Asked.of(programme).level
    column = [programme.bundle.catalog.skill_index.get(skill_id, -1) for skill_id in skills.ids]
    padded = np.column_stack([there, np.zeros(len(there), np.bool_)])
    return np.asarray(padded[:, column], np.bool_)


def last_seen(programme: Programme) -> Floats:
    """When each learner last answered an item or started, finished or left a module.

    Returns
    -------
    float64 array, shape (n_learners,)
        Seconds since 1970 UTC; -infinity where never.
    """
    return _ends(programme)[1]


def first_seen(programme: Programme) -> Floats:
    """When each learner first did so; infinity where never; as `last_seen`."""
    return _ends(programme)[0]


def _ends(programme: Programme) -> tuple[Floats, Floats]:
    n = len(programme.learners)
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    for name in ("attempts", "completions"):
        rows = programme.table(name)
        if rows is None:
            continue
        rows = rows[rows["occurred_at"].notna()]
        learner, at = programme.position(rows["learner_id"]), seconds(rows["occurred_at"])
        np.minimum.at(first, learner, at)
        np.maximum.at(last, learner, at)
    return first, last


def seconds(times: pd.Series[pd.Timestamp]) -> Floats:
    """Seconds since 1970 UTC; NaN where there is no time."""
    since = times - pd.Timestamp(0, tz="UTC")
    return np.asarray(since.dt.total_seconds(), np.float64)
