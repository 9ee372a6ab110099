"""Tables of the reports on skill gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from training.programme.figures import Mean
from training.programme.skill_gaps import Moved, SkillGaps
from training.reports.gaps_names import VERDICTS, Cut
from training.reports.sheet import Kind, Sheet

N_WIDEST: Final = 15
"""Rows of the table of the widest gaps."""
_ON_PAGE: Final = 5
# Figures are told to the tenth of a point.
_DIGITS = 3


def widest(found: SkillGaps) -> list[tuple[str, int, Mean]]:
    """Group, skill and gap: first those that are surely wide, by the lower end of the interval.

    By the mean itself, few people and chance would come first. Where the interval is not told most people are
    alike, and the mean is as good.
    """
    cells = [
        (group.name, skill, gap)
        for group in found.groups
        for skill, gap in group.gaps.items()
        if _surely(gap) > 0.0
    ]
    return sorted(cells, key=lambda cell: (-_surely(cell[2]), cell[0], cell[1]))


def _surely(gap: Mean) -> float:
    return gap.low if gap.has_interval else gap.value


def skills_sheet(found: SkillGaps, skills: Sequence[str]) -> Sheet:
    """Every skill, over everybody who needs it; the one that matters most first."""
    rows = [
        {
            "skill": skills[one.skill],
            "n_people": one.gap.n,
            "required": _told(one.required),
            **_gap(one.gap),
            "is_everybody": "yes" if one.is_all else "no",
        }
        for one in found.skills
    ]
    titles = {
        "skill": "Skill",
        "n_people": "People",
        "required": "Asked for",
        "gap": "Short by, points",
        "low": "between",
        "high": "and",
        "is_everybody": "Everybody who needs it",
    }
    kinds: dict[str, Kind] = {"n_people": "count", "required": "share"}
    return _sheet("skills", rows, titles, kinds | _points("gap", "low", "high"), "skill")


def widest_sheet(found: SkillGaps, cut: Cut, names: Mapping[str, str], skills: Sequence[str]) -> Sheet:
    """Make the table of the widest gaps of one group in one skill."""
    rows = [
        {
            "group": names.get(group, group),
            "skill": skills[skill],
            "n_people": gap.n,
            **_gap(gap),
        }
        for group, skill, gap in widest(found)[:N_WIDEST]
    ]
    titles = {
        "group": cut.by.capitalize(),
        "skill": "Skill",
        "n_people": "People",
        "gap": "Short by, points",
        "low": "between",
        "high": "and",
    }
    return _sheet("widest", rows, titles, _counts("n_people") | _points("gap", "low", "high"), "group")


def moved_sheet(found: SkillGaps) -> Sheet:
    """How everybody moved, since each moment."""
    rows = [{"since": name, **_moved(moved)} for name, moved in found.moved.items()]
    titles = {"since": "Since"} | _MOVED_TITLES
    return _sheet("moved", rows, titles, _moved_kinds(""), "since")


def groups_sheet(found: SkillGaps, cut: Cut, names: Mapping[str, str], main: str | None) -> Sheet:
    """Readiness of every group and how it moved; on the page since one moment, in the file since each."""
    kinds: dict[str, Kind] = {"n_people": "count", "ready": "share", "ready_low": "share"}
    kinds["ready_high"] = "share"
    titles = {
        "group": cut.by.capitalize(),
        "n_people": "People",
        "ready": "Ready now",
        "ready_low": "between",
        "ready_high": "and",
    }
    rows: list[dict[str, Any]] = []
    for group in found.groups:
        short = group.short
        row: dict[str, Any] = {
            "group": names.get(group.name, group.name),
            "n_people": group.n_people,
            "ready": _told(None if short is None else 1.0 - short.value),
            "ready_low": _told(None if short is None else _share(1.0 - short.high)),
            "ready_high": _told(None if short is None else _share(1.0 - short.low)),
        }
        for moment in found.moved:
            moved = group.moved.get(moment)
            row |= {f"{k}_{_key(moment)}": v for k, v in _moved(moved).items()}
        rows.append(row)
    for moment in found.moved:
        kinds |= _moved_kinds(f"_{_key(moment)}")
    if main is not None:
        there = {f"n_people_{_key(main)}": f"There {main}" if main != "the start" else "There at the start"}
        shown = ("change", "low", "high", "verdict")
        titles |= there | {f"{name}_{_key(main)}": _MOVED_TITLES[name] for name in shown}
    return _sheet("groups", rows, titles, kinds, "group")


def gaps_sheet(found: SkillGaps, cut: Cut, names: Mapping[str, str], skills: Sequence[str]) -> Sheet:
    """Gaps of every group in every skill; on the page the skills that matter most, all in the file."""
    titles, kinds = {"group": cut.by.capitalize(), "n_people": "People"}, dict[str, Kind](n_people="count")
    keys = _keys(skills[one.skill] for one in found.skills)
    rows: list[dict[str, Any]] = []
    for group in found.groups:
        row = {"group": names.get(group.name, group.name), "n_people": group.n_people}
        for one, key in zip(found.skills, keys, strict=True):
            gap = group.gaps.get(one.skill)
            its = _gap(gap) | {"n_people": None if gap is None else gap.n}
            row |= {f"{name}_{key}": value for name, value in its.items()}
        rows.append(row)
    for i, (one, key) in enumerate(zip(found.skills, keys, strict=True)):
        kinds |= _counts(f"n_people_{key}") | _points(f"gap_{key}", f"low_{key}", f"high_{key}")
        if i < _ON_PAGE:
            titles[f"gap_{key}"] = skills[one.skill]
    return _sheet("gaps", rows, titles, kinds, "group")


_MOVED_TITLES: Final = {
    "n_people": "People",
    "change": "Change, points",
    "low": "between",
    "high": "and",
    "verdict": "Did it move?",
}


def _moved(moved: Moved | None) -> dict[str, Any]:
    if moved is None:
        return dict.fromkeys((*_MOVED_TITLES, "is_everybody"))
    change = moved.change
    return {
        "n_people": change.n,
        "change": _told(change.value),
        "low": _told(change.low),
        "high": _told(change.high),
        "verdict": VERDICTS[moved.verdict],
        "is_everybody": "yes" if moved.is_all else "no",
    }


def _moved_kinds(suffix: str) -> dict[str, Kind]:
    counts: dict[str, Kind] = {f"n_people{suffix}": "count"}
    return counts | _points(*(f"{name}{suffix}" for name in ("change", "low", "high")))


def _gap(gap: Mean | None) -> dict[str, float | None]:
    if gap is None:
        return {"gap": None, "low": None, "high": None}
    return {"gap": _told(gap.value), "low": _told(_share(gap.low)), "high": _told(_share(gap.high))}


def _share(end: float) -> float:
    """Keep the end of an interval within what a share can be; NaN stays."""
    return float(np.clip(end, 0.0, 1.0))


def _told(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _points(*columns: str) -> dict[str, Kind]:
    return dict.fromkeys(columns, "points")


def _counts(*columns: str) -> dict[str, Kind]:
    return dict.fromkeys(columns, "count")


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "x"


def _keys(names: Iterable[str]) -> list[str]:
    """Names of columns, each another one."""
    keys: list[str] = []
    for name in names:
        key = _key(name)
        while key in keys:
            key += "_x"
        keys.append(key)
    return keys


def _sheet(
    name: str, rows: list[dict[str, Any]], titles: Mapping[str, str], kinds: Mapping[str, Kind], stub: str
) -> Sheet:
    frame = pd.DataFrame(rows, columns=list(titles) if not rows else None)
    # Columns of which nothing may be told are numbers all the same.
    types = {column: "float64" for column in kinds if column in frame}
    return Sheet(name, frame.astype(types).copy(), titles, kinds, stub)
