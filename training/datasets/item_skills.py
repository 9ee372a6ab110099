"""What an item assesses and what an attempt counts for: the one place where skills are looked up."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from training.datasets.normalise import in_order

Frames = Mapping[str, pd.DataFrame]
"""Tables by name, their events not yet in order."""


def with_item_skills(frames: Frames) -> pd.DataFrame:
    """Give every item its skills.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        All tables, `items` among them.

    Returns
    -------
    DataFrame
        The items; ``skill_ids`` the item's own, else those of its first attempt that names some, else its
        module's.
    """
    items = frames["items"]
    skills = items["skill_ids"]
    if "attempts" in frames:
        naming = frames["attempts"][frames["attempts"]["skill_ids"].notna()]
        first = in_order(naming).drop_duplicates("item_id").set_index("item_id")["skill_ids"]
        skills = looked_up(skills, items["item_id"], first)
    if "modules" in frames:
        skills = looked_up(skills, items["module_id"], _by_id(frames, "modules", "skill_ids"))
    return items.assign(skill_ids=skills)


def with_looked_up(attempts: pd.DataFrame, frames: Frames, pass_mark: float) -> pd.DataFrame:
    """Give every attempt a pass or fail, its skills and its module.

    Parameters
    ----------
    attempts : DataFrame
        The attempts.
    frames : mapping of str to DataFrame
        All tables; `items`, which have their skills by now, and `modules` are looked into.
    pass_mark : float
        Least score, in [0, 1], that passes where the row does not say.

    Returns
    -------
    DataFrame
        ``passed`` as bool; ``skill_ids`` the row's own, else the item's, else the module's;
        ``module_id`` the row's own, else the item's.
    """
    passed = attempts["passed"].fillna(attempts["score"] >= pass_mark).astype(bool)
    module, skills = attempts["module_id"], attempts["skill_ids"]
    if "items" in frames:
        module = looked_up(module, attempts["item_id"], _by_id(frames, "items", "module_id"))
        skills = looked_up(skills, attempts["item_id"], _by_id(frames, "items", "skill_ids"))
    if "modules" in frames:
        skills = looked_up(skills, module, _by_id(frames, "modules", "skill_ids"))
    return attempts.assign(passed=passed, module_id=module, skill_ids=skills)


def looked_up(own: pd.Series, ids: pd.Series, known: pd.Series) -> pd.Series:
    """Return `own`, and where it is missing what is `known` of the row's id.

    Parameters
    ----------
    own, ids : Series of str, same index
        What rows say themselves, and the ids they name.
    known : Series of str
        By id.

    Examples
    --------
    >>> text = pd.Series(["x", None], dtype="str")
    >>> looked_up(text, pd.Series(["a", "b"]), pd.Series({"a": "y", "b": "z"}, dtype="str")).tolist()
    ['x', 'z']
    """
    if not own.isna().any() or not known.notna().any():
        return own
    return own.where(own.notna(), ids.map(known)).astype("str")


def _by_id(frames: Frames, table: str, column: str) -> pd.Series:
    return frames[table].set_index(f"{table.removesuffix('s')}_id")[column]
