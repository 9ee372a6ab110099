"""The catalogue as arrays that compiled code walks, with the hidden properties of its items drawn."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.dataset_format import DOMAINS, LEVELS, MODULE_FORMATS, SEGMENTS
from training.datasets.dataset import Dataset
from training.datasets.sample.catalog import (
    Floats,
    Ints,
    Tables,
    codes,
    days,
    looked_up,
    needed_modules,
    needed_skills,
    of_list,
    padded,
    positions,
    rows_of,
)
from training.datasets.sample.parameters import Parameters

CORE_SKILLS: Final = (
    "ai-concepts",
    "ai-judgement",
    "prompting",
    "ai-integration",
    "ai-scepticism",
    "appropriate-use",
)
"""What everybody is asked to learn first; a catalogue without these skills has no core."""

MODULE: Final = np.dtype(
    [
        ("level", "i4"),
        ("minutes", "f8"),
        ("format", "i4"),
        ("difficulty", "f8"),
        ("published", "f8"),
        ("retired", "f8"),
        ("variant_of", "i4"),
        ("credential", "i4"),
        ("n_items", "i4"),
        ("is_core", "?"),
        ("is_test", "?"),
        ("is_meeting", "?"),
    ]
)
"""One module: level and format by position; difficulty in logits, the mean of its items; days from the start
on which it is published and retired; positions of its original and its credential, -1 for none."""

ITEM: Final = np.dtype(
    [
        ("difficulty", "f8"),
        ("discrimination", "f8"),
        ("guess", "f8"),
        ("slip", "f8"),
        ("is_graded", "?"),
    ]
)
"""One item, all of it hidden truth; difficulty in logits."""

SKILL: Final = np.dtype(
    [
        ("difficulty", "f8"),
        ("decay", "f8"),
        ("half_life", "f8"),
        ("domain", "i4"),
    ]
)
"""One skill: difficulty of its typical item in logits, exponent of forgetting, days in which half of what
fades is gone."""

_HALF_LIFE_DAYS: Final = 365.0
_MINUTES: Final = 60.0
_DIFFICULTY: Final = 0.35
# levels of those whom modules of each level are for, just after them; and of those whom checks are for
_AUDIENCE: Final = (0.3, 0.42, 0.53)
_NEWCOMERS: Final = 0.4
# formats that are taken in one sitting
_MEETINGS: Final = ("workshop", "mentoring", "simulation", "assessment")
# how far a catalogue errs on the half-life of a skill, a deviation of its log
_HALF_LIFE_NOISE: Final = 0.3
# how far authors of items err on their difficulty, and modules differ in popularity, in all and by segment
_ITEM_NOISE: Final = 1.0
_POPULARITY: Final = (0.85, 0.4)
_IN_SPOTLIGHT: Final = 3
_FOREVER: Final = 1e9


class World(NamedTuple):
    """What the simulation walks; M modules, S skills, I items, R roles, W weeks.

    Lists of positions are rows of a matrix and end with -1.

    Parameters
    ----------
    modules : array of `MODULE`, shape (M,)
    items : array of `ITEM`, shape (I,)
    skills : array of `SKILL`, shape (S,)
    module_skills, module_items, module_needs : int32 arrays, M rows
        Skills that a module teaches, its items in order, the modules it needs.
    need_is_hard : bool array, like `module_needs`
    skill_needs : int32 array, M rows
        Skills that a module needs.
    skill_required : float64 array, like `skill_needs`
    skill_is_hard : bool array, like `skill_needs`
    item_skills : int32 array, I rows
    skill_checks : int32 array, S rows
        Items that skill checks ask.
    n_checks : int32 array, shape (S,)
    popularity : float64 array, shape (n_segments, M)
        Logs.
    spotlight : float64 array, shape (n_periods of four weeks, M)
    leads_to : bool array, shape (M, M)
    role_required, role_importance : float64 arrays, shape (R, S)
    season : float64 array, shape (W,)
        Logits that the time of year takes from learning.
    """

    modules: NDArray[np.void]
    items: NDArray[np.void]
    skills: NDArray[np.void]
    module_skills: Ints
    module_items: Ints
    module_needs: Ints
    need_is_hard: NDArray[np.bool_]
    skill_needs: Ints
    skill_required: Floats
    skill_is_hard: NDArray[np.bool_]
    item_skills: Ints
    skill_checks: Ints
    n_checks: Ints
    popularity: Floats
    spotlight: Floats
    leads_to: NDArray[np.bool_]
    role_required: Floats
    role_importance: Floats
    season: Floats


def build_world(
    dataset: Dataset,
    n_weeks: int,
    start: pd.Timestamp,
    parameters: Parameters,
    rng: np.random.Generator,
) -> World:
    """Turn a catalogue into arrays and draw what it does not say.

    Parameters
    ----------
    dataset : Dataset
        As `check_catalog` accepts it.
    n_weeks : int
    start : Timestamp
        Day 0.
    parameters : Parameters
    rng : numpy Generator
        Draws the hidden properties of items, popularity and campaigns.
    """
    tables = dataset.tables
    at_skill = positions(tables["skills"]["skill_id"])
    item_module = looked_up(tables["items"]["module_id"], positions(tables["modules"]["module_id"]))
    item_skills = of_list(tables["items"]["skill_ids"], at_skill)
    module_skills = of_list(tables["modules"]["skill_ids"], at_skill)
    modules = _modules(dataset, start, parameters, module_skills)
    items = _items(tables["items"], item_module, modules, parameters, rng)
    module_items = rows_of(item_module, len(modules))
    modules["n_items"] = [len(row) for row in module_items]
    for module, own in enumerate(module_items):
        if own:
            modules["difficulty"][module] = items["difficulty"][own].mean()
    checks = _checks(item_module, item_skills, len(at_skill))
    needs, hard = needed_modules(tables)
    skill_needs, skill_required, skill_is_hard = needed_skills(tables)
    required, importance = _roles(tables, at_skill)
    return World(
        modules=modules,
        items=items,
        skills=_skills(tables["skills"], items, item_skills, parameters, rng),
        module_skills=module_skills,
        module_items=padded(module_items),
        module_needs=needs,
        need_is_hard=hard,
        skill_needs=skill_needs,
        skill_required=skill_required,
        skill_is_hard=skill_is_hard,
        item_skills=item_skills,
        skill_checks=padded(checks),
        n_checks=np.array([len(row) for row in checks], np.int32),
        popularity=_popularity(modules["level"], rng),
        spotlight=_spotlight(n_weeks, len(modules), rng),
        leads_to=_leads_to(needs, module_skills, modules["level"]),
        role_required=required,
        role_importance=importance,
        season=_season(n_weeks, start),
    )


def _logit(share: Floats) -> Floats:
    clipped = np.clip(share, 0.02, 0.98)
    return np.log(clipped / (1 - clipped))


def _declared(table: pd.DataFrame) -> Floats:
    return _logit(table["difficulty"].fillna(_DIFFICULTY).to_numpy(np.float64))


def _modules(
    dataset: Dataset, start: pd.Timestamp, parameters: Parameters, module_skills: Ints
) -> NDArray[np.void]:
    table = dataset.tables["modules"]
    modules = np.zeros(len(table), MODULE)
    modules["level"] = codes(table["level"], LEVELS, 1)
    modules["minutes"] = table["duration_minutes"].fillna(_MINUTES)
    modules["format"] = codes(table["format"], MODULE_FORMATS, 0)
    audience = parameters.response.spread * (np.array(_AUDIENCE)[modules["level"]] - 0.5)
    modules["difficulty"] = audience + _declared(table)
    modules["published"] = days(table["published_at"], start, -_FOREVER)
    modules["retired"] = days(table["retired_at"], start, _FOREVER)
    modules["variant_of"] = looked_up(table["variant_of"], positions(table["module_id"]))
    credentials = dataset.tables.get("credentials")
    earned = {} if credentials is None else positions(credentials["credential_id"])
    modules["credential"] = looked_up(table["credential_id"], earned)
    core = np.isin(dataset.tables["skills"]["skill_id"].to_numpy(object), CORE_SKILLS)
    is_core = (module_skills < 0) | core[module_skills]
    modules["is_core"] = is_core.all(axis=1) & (module_skills[:, 0] >= 0) & (modules["level"] == 0)
    modules["is_test"] = modules["format"] == MODULE_FORMATS.index("assessment")
    modules["is_meeting"] = np.isin(modules["format"], [MODULE_FORMATS.index(name) for name in _MEETINGS])
    return modules


def _items(
    table: pd.DataFrame,
    module: Ints,
    modules: NDArray[np.void],
    parameters: Parameters,
    rng: np.random.Generator,
) -> NDArray[np.void]:
    """Return items as hard as declared for their audience, but for what their authors got wrong."""
    items = np.zeros(len(table), ITEM)
    level = modules["level"][module]
    audience = np.where(module >= 0, np.array(_AUDIENCE)[level], _NEWCOMERS)
    items["difficulty"] = parameters.response.spread * (audience - 0.5) + _declared(table)
    items["difficulty"] += _ITEM_NOISE * rng.standard_normal(len(table))
    items["discrimination"] = np.exp(0.18 * rng.standard_normal(len(table)))
    items["guess"] = rng.choice((0.0, 0.1, 0.2), len(table), p=(0.4, 0.3, 0.3))
    items["slip"] = rng.uniform(0.01, 0.06, len(table))
    graded = [MODULE_FORMATS.index(name) for name in ("project", "workshop")]
    items["is_graded"] = (module >= 0) & np.isin(modules["format"][module], graded)
    return items


def _skills(
    table: pd.DataFrame,
    items: NDArray[np.void],
    item_skills: Ints,
    parameters: Parameters,
    rng: np.random.Generator,
) -> NDArray[np.void]:
    skills = np.zeros(len(table), SKILL)
    item, _ = np.nonzero(item_skills >= 0)
    skill = item_skills[item_skills >= 0]
    total = np.bincount(skill, items["difficulty"][item], len(table))
    skills["difficulty"] = total / np.maximum(np.bincount(skill, minlength=len(table)), 1)
    declared = table["half_life_days"].fillna(_HALF_LIFE_DAYS).to_numpy(np.float64)
    skills["half_life"] = declared * np.exp(_HALF_LIFE_NOISE * rng.standard_normal(len(table)))
    skills["decay"] = np.log(2.0) / np.log1p(skills["half_life"] / parameters.learning.forgetting_unit_days)
    skills["domain"] = codes(table["domain"], DOMAINS, 0)
    return skills


def _checks(item_module: Ints, item_skills: Ints, n_skills: int) -> list[list[int]]:
    """Items that skill checks ask: those of no module, or where a skill has none, all of its items."""
    own: list[list[int]] = [[] for _ in range(n_skills)]
    others: list[list[int]] = [[] for _ in range(n_skills)]
    for item, skills in enumerate(item_skills):
        for skill in skills[skills >= 0]:
            (own if item_module[item] < 0 else others)[skill].append(item)
    return [mine or spare for mine, spare in zip(own, others, strict=True)]


def _roles(tables: Tables, at_skill: dict[str, int]) -> tuple[Floats, Floats]:
    rows = tables["role_skills"]
    at_role = positions(tables["roles"]["role_id"])
    place = looked_up(rows["role_id"], at_role), looked_up(rows["skill_id"], at_skill)
    required, importance = np.zeros((2, len(at_role), len(at_skill)))
    required[place] = rows["required_mastery"]
    importance[place] = rows["importance"].fillna(1.0)
    return required, importance


def _popularity(level: Ints, rng: np.random.Generator) -> Floats:
    """Log popularity by segment: a common part, a segment's own, and less for what is harder."""
    common, own = _POPULARITY
    shared = common * rng.standard_normal(len(level)) - 0.5 * level
    return shared + own * rng.standard_normal((len(SEGMENTS), len(level)))


def _spotlight(n_weeks: int, n_modules: int, rng: np.random.Generator) -> Floats:
    """Campaigns: every four weeks another few modules are put forward."""
    light = np.zeros((n_weeks // 4 + 1, n_modules))
    for row in light:
        row[rng.choice(n_modules, min(_IN_SPOTLIGHT, n_modules), replace=False)] = 1.0
    return light


def _leads_to(needs: Ints, module_skills: Ints, level: Ints) -> NDArray[np.bool_]:
    """Whether a module follows another: it needs it, or has the same first skill one level higher."""
    n = len(level)
    follows = np.zeros((n, n), np.bool_)
    module, at = np.nonzero(needs >= 0)
    follows[needs[module, at], module] = True
    first = module_skills[:, 0]
    same = (first[:, None] == first[None, :]) & (first >= 0)[:, None]
    follows |= same & (level[None, :] == level[:, None] + 1)
    return follows


def _season(n_weeks: int, start: pd.Timestamp) -> Floats:
    """Logits that the time of year takes from learning: the turn of the year, the peak season, August."""
    day = start + pd.to_timedelta(7 * np.arange(n_weeks), unit="D")
    week = day.isocalendar().week.to_numpy(np.int64)
    season = 0.25 * np.cos(2 * np.pi * (week - 30) / 52)
    season[np.isin(week, (52, 53, 1))] += 1.8
    season[(week >= 31) & (week <= 34)] += 0.6
    season[(week >= 47) & (week <= 50)] += 0.5
    return season
