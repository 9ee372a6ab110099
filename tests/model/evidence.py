"""What the tables of a dataset say of each answer and of the practice before it; truth is not looked at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.dataset_format import LEVELS
from tests.model.irt import Bools, Floats, Ints

_DAY = 86400
_WEEK = 7 * _DAY
# the epoch was a Thursday; weeks begin on Mondays
_MONDAY = 4 * _DAY
# a repeat that begins so soon after the answer before it is a retry, with the feedback at hand
_RETRY_SECONDS = 60
_PASS_MARK = 0.5


@dataclass(frozen=True, slots=True)
class Answers:
    """Unaided answers: retries are left out.

    Parameters
    ----------
    row : int array, shape (n,)
        In the table ``attempts``.
    learner, item, skill, role : int arrays, shape (n,)
        Positions in their tables; the skill is the item's first.
    passed : bool array, shape (n,)
    second : int array, shape (n,)
        Since the epoch.
    is_check : bool array, shape (n,)
        Of a skill check: the item belongs to no module and is answered without feedback.
    has_one_skill : bool array, shape (n,)
    hours : float array, shape (n, 3)
        Of study up to the answer, in modules of each level that teach the skill.
    weeks : int array, shape (n,)
        In which the skill was practised so far.
    days : float array, shape (n,)
        Since the skill was last practised; infinite if never.
    half_life : float array, shape (n,)
        Of the skill, in days.
    """

    row: Ints
    learner: Ints
    item: Ints
    skill: Ints
    role: Ints
    passed: Bools
    second: Ints
    is_check: Bools
    has_one_skill: Bools
    hours: Floats
    weeks: Ints
    days: Floats
    half_life: Floats

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: NDArray[np.generic]) -> Answers:
        """Return some of the answers, by position or by a mask."""
        return Answers(*(getattr(self, column.name)[rows] for column in fields(self)))


def read_answers(directory: Path) -> Answers:
    """Read the unaided answers of a dataset with skills, modules, items, learners and completions."""
    tables = {
        name: pd.read_parquet(directory / f"{name}.parquet")
        for name in ("attempts", "completions", "items", "modules", "skills", "learners")
    }
    items, skills, learners = tables["items"], tables["skills"], tables["learners"]
    attempts = _coded(tables["attempts"], tables)
    attempts["item"] = pd.Index(items["item_id"]).get_indexer(attempts["item_id"])
    attempts = attempts[~_is_retry(attempts)]
    item = attempts["item"].to_numpy()
    skill = pd.Index(skills["skill_id"]).get_indexer(items["skill_ids"].str[0])[item]
    role = pd.factorize(learners["role_id"])[0][attempts["learner"]]
    half_life = skills["half_life_days"].to_numpy(np.float64)[skill]
    practice = _practice(attempts, tables)
    hours, weeks, days = _before(attempts, skill, practice, len(skills))
    return Answers(
        row=attempts.index.to_numpy(),
        learner=attempts["learner"].to_numpy(),
        item=item,
        skill=skill,
        role=role,
        passed=attempts["score"].to_numpy() >= _PASS_MARK,
        second=attempts["second"].to_numpy(),
        is_check=items["module_id"].isna().to_numpy()[item],
        has_one_skill=(items["skill_ids"].map(len) == 1).to_numpy()[item],
        hours=hours,
        weeks=weeks,
        days=days,
        half_life=half_life,
    )


def _coded(events: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return events with the position of their learner and the second they happened."""
    learner = pd.Index(tables["learners"]["learner_id"]).get_indexer(events["learner_id"])
    second = events["occurred_at"].dt.as_unit("s").astype(np.int64)
    return events.assign(learner=learner, second=second)


def _is_retry(attempts: pd.DataFrame) -> pd.Series:
    """Whether the same learner answered the same item a moment before."""
    ordered = attempts.sort_values(["learner", "item", "second"], kind="stable")
    before = ordered.shift()
    same = (ordered["learner"] == before["learner"]) & (ordered["item"] == before["item"])
    pause = ordered["second"] - ordered["duration_seconds"] - before["second"]
    return (same & (pause < _RETRY_SECONDS)).sort_index()


def _practice(attempts: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return study as rows of learner, skill, second, hours and level of the module.

    The items of a module divide its minutes evenly, in their order. So an answer, or the end of the module,
    tells how far somebody has come since the one before; several skills of a module share the time.
    """
    items, modules = tables["items"], tables["modules"]
    of_item = pd.Index(modules["module_id"]).get_indexer(items["module_id"])
    place = items.groupby("module_id").cumcount().to_numpy()
    n_items = np.bincount(of_item[of_item >= 0], minlength=len(modules))
    answered = attempts[["learner", "second"]].assign(
        module=of_item[attempts["item"]], place=place[attempts["item"]]
    )
    noted = _coded(tables["completions"], tables)
    noted["module"] = pd.Index(modules["module_id"]).get_indexer(noted["module_id"])
    begun, ended = (noted[noted["status"] == status] for status in ("started", "completed"))
    events = pd.concat(
        [
            begun[["learner", "second", "module"]].assign(place=-1, kind=0),
            answered[answered["module"] >= 0].assign(kind=1),
            ended[["learner", "second", "module"]].assign(place=n_items[ended["module"]] - 1, kind=2),
        ],
        ignore_index=True,
    ).sort_values(["learner", "module", "second", "kind"], kind="stable")
    passed_by = (events["place"] - events["place"].shift()).where(events["kind"] > 0, 0)
    minutes = np.where(modules["format"] == "assessment", 0.0, modules["duration_minutes"])
    n_skills = modules["skill_ids"].map(len).to_numpy(np.int64)
    hours = minutes / 60 / np.maximum(n_items, 1) / np.maximum(n_skills, 1)
    events["hours"] = passed_by.clip(lower=0) * hours[events["module"]]
    events["level"] = pd.Index(LEVELS).get_indexer(pd.Index(modules["level"]))[events["module"]]
    events["skill_id"] = modules["skill_ids"].to_numpy()[events["module"]]
    rows = events[events["kind"] > 0].explode("skill_id")
    return rows.assign(skill=pd.Index(tables["skills"]["skill_id"]).get_indexer(rows["skill_id"]))


def _before(
    attempts: pd.DataFrame, skill: Ints, practice: pd.DataFrame, n_skills: int
) -> tuple[Floats, Ints, Floats]:
    """Return hours by level, weeks with practice, and days since the last, for each answer."""
    practice = practice.assign(pair=practice["learner"] * n_skills + practice["skill"])
    practice = practice.sort_values(["pair", "second"], kind="stable")
    pair, second = practice["pair"].to_numpy(), practice["second"].to_numpy()
    asked, now = attempts["learner"].to_numpy() * n_skills + skill, attempts["second"].to_numpy()
    latest = max(second.max(initial=0), now.max(initial=0)) + 1
    end = np.searchsorted(pair * latest + second, asked * latest + now, side="right")
    start = np.searchsorted(pair, asked)
    level = practice["level"].to_numpy()[:, None] == np.arange(len(LEVELS))
    hours = _sums(level * practice["hours"].to_numpy()[:, None], start, end)
    week = (second - _MONDAY) // _WEEK
    is_new = np.r_[True, (pair[1:] != pair[:-1]) | (week[1:] != week[:-1])][: len(pair)]
    last = second[np.maximum(end - 1, 0)]
    days = np.where(end > start, (now - last) / _DAY, np.inf)
    return hours, _sums(is_new, start, end).astype(np.int64), days


def _sums(values: Floats | Bools, start: Ints, end: Ints) -> Floats:
    """Return the sum of the values of each stretch."""
    total = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=total[1:])
    return total[end] - total[start]
