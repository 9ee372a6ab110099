"""Units of the Open University's courses: the modules made of their assessments."""

from __future__ import annotations

import numpy as np
import pandas as pd

_TYPE_NAMES = {
    "CMA": "computer-marked assignment",
    "TMA": "tutor-marked assignment",
    "Exam": "final exam",
}
# on the same day a computer-marked assignment prepares the tutor-marked one, and the exam ends the course
_TYPE_ORDER = {name: position for position, name in enumerate(_TYPE_NAMES)}


def with_units(assessments: pd.DataFrame) -> pd.DataFrame:
    """Say for each raw assessment which unit of its course it is.

    Parameters
    ----------
    assessments : DataFrame
        One row per raw assessment.

    Returns
    -------
    DataFrame
        With ``n``, the position among the assessments of its type in its presentation in date order (those
        without a date last, ties by number), and ``module_id``, the same for every presentation.
    """
    ordered = assessments.assign(number=assessments["id_assessment"].astype("int64")).sort_values(
        ["code_module", "code_presentation", "assessment_type", "date", "number"], na_position="last"
    )
    n = ordered.groupby(["code_module", "code_presentation", "assessment_type"]).cumcount() + 1
    module_id = ordered["code_module"] + "-" + ordered["assessment_type"] + "-" + n.astype("str")
    return ordered.drop(columns="number").assign(n=n, module_id=module_id)


def units_of(assessments: pd.DataFrame) -> pd.DataFrame:
    """Return the units of every course in one order that holds for all presentations.

    Parameters
    ----------
    assessments : DataFrame
        As `with_units` gives them.

    Returns
    -------
    DataFrame
        ``code_module``, ``assessment_type``, ``n``, ``module_id``, ``position`` (from 1 within the course,
        by the median day over presentations, never against the order within a type) and ``title``.
    """
    keys = ["code_module", "assessment_type", "n", "module_id"]
    days = assessments.groupby(keys)["date"].median()
    units = days.reset_index().sort_values(keys[:3])
    of_type = units.groupby(["code_module", "assessment_type"])
    day = units["date"].fillna(np.inf).groupby([units["code_module"], units["assessment_type"]]).cummax()
    units = units.assign(day=day, of_type=of_type["n"].transform("size"))
    units["rank"] = units["assessment_type"].map(_TYPE_ORDER)
    units = units.sort_values(["code_module", "day", "rank", "n"], ignore_index=True)
    units["position"] = units.groupby("code_module").cumcount() + 1
    number = (" " + units["n"].astype("str")).where(units["of_type"] > 1, "")
    units["title"] = units["code_module"] + ", " + units["assessment_type"].map(_TYPE_NAMES) + number
    return units.loc[:, [*keys, "position", "title"]]


def skills_of(units: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``skills``: each course, and below it each of its types of assessment.

    Parameters
    ----------
    units : DataFrame
        As `units_of` gives them.
    """
    courses = units[["code_module"]].drop_duplicates()
    types = units[["code_module", "assessment_type"]].drop_duplicates().sort_values(list(units.columns[:2]))
    names = types["code_module"] + ", " + types["assessment_type"].map(_TYPE_NAMES) + "s"
    top = pd.DataFrame({"skill_id": courses["code_module"], "name": "Course " + courses["code_module"]})
    below = pd.DataFrame(
        {
            "skill_id": types["code_module"] + "-" + types["assessment_type"],
            "name": names,
            "parent_skill_id": types["code_module"],
        }
    )
    return pd.concat([top, below], ignore_index=True)


def prerequisites_of(units: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``prerequisites``: every earlier unit of a course, softly, before every later one.

    Parameters
    ----------
    units : DataFrame
        As `units_of` gives them.
    """
    pairs = units.merge(units, on="code_module", suffixes=("", "_before"))
    pairs = pairs[pairs["position_before"] < pairs["position"]]
    return pd.DataFrame(
        {
            "module_id": pairs["module_id"],
            "prerequisite_module_id": pairs["module_id_before"],
            "strength": "soft",
        }
    ).reset_index(drop=True)


def skill_ids_of(rows: pd.DataFrame) -> list[list[str]]:
    """Return what each row's unit or assessment assesses: its course, and its course by type.

    Parameters
    ----------
    rows : DataFrame
        With ``code_module`` and ``assessment_type``.
    """
    pairs = zip(rows["code_module"], rows["assessment_type"], strict=True)
    return [[course, f"{course}-{kind}"] for course, kind in pairs]
