"""Import the Open University Learning Analytics Dataset from its raw files.

A module is a unit of a course: the n-th assessment of its type, the same in every presentation. What a
student handed in becomes an attempt at the item (the raw assessment) and a completion of its module.

Kuzilek, Hlosta, Zdrahal (2017), "Open University Learning Analytics dataset", Scientific Data 4:170171.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.datasets.oulad_raw import RawOulad, read_raw
from training.datasets.oulad_units import prerequisites_of, skill_ids_of, skills_of, units_of, with_units
from training.datasets.write import write_dataset

PASS_SCORE = 40.0
"""Least raw score, of 100, that passes (Kuzilek et al. 2017, table 3)."""

_STARTS = {"B": "02-01", "J": "10-01"}
_GROUPS = {
    "group_region": "region",
    "group_gender": "gender",
    "group_age_band": "age_band",
    "group_disability": "disability",
    "group_imd_band": "imd_band",
    "group_education": "highest_education",
}


@dataclass(frozen=True, slots=True)
class Made:
    """One line of what an import did.

    Parameters
    ----------
    source : str
        The raw file.
    n_read : int
        Its rows.
    table : str
        The table made of it; empty for rows that were left out.
    n_made : int
        Rows of that table, or rows left out.
    note : str
        How, or why not.
    """

    source: str
    n_read: int
    table: str
    n_made: int
    note: str


def import_oulad(raw: Path, out: Path) -> tuple[Made, ...]:
    """Make a dataset of the raw files, as Parquet; the same files give the same bytes.

    Parameters
    ----------
    raw : Path
        Directory with the raw files, ``.csv`` or ``.csv.gz``.
    out : Path
        Directory to write; tables that lie there are replaced, texts stay.

    Returns
    -------
    tuple of Made
        What was made of what, and what was left out.

    Raises
    ------
    DatasetError
        When a raw file is missing, damaged or contradicts another, or `out` holds other things.
    """
    files = read_raw(raw)
    tables = tables_of(files)
    write_dataset(tables, out)
    return _summary(files, tables)


def tables_of(raw: RawOulad) -> Mapping[str, pd.DataFrame]:
    """Return the tables of the dataset by name.

    Parameters
    ----------
    raw : RawOulad
        The raw files.
    """
    assessments = with_units(raw.assessments)
    units = units_of(assessments)
    events = _events(raw.submissions, assessments, units)
    scored = events[events["score"].notna()]
    return {
        "modules": pd.DataFrame(
            {
                "module_id": units["module_id"],
                "title": units["title"],
                "skill_ids": skill_ids_of(units),
                "format": "assessment",
                "language": "en",
            }
        ),
        "skills": skills_of(units),
        "prerequisites": prerequisites_of(units),
        "items": _items(assessments, units),
        "learners": _learners(raw.students),
        "attempts": pd.DataFrame(
            {
                "event_id": scored["event_id"] + "-attempt",
                "learner_id": scored["id_student"],
                "item_id": scored["id_assessment"],
                "score": scored["score"] / 100,
                "passed": scored["score"] >= PASS_SCORE,
                "occurred_at": scored["occurred_at"],
            }
        ),
        "completions": pd.DataFrame(
            {
                "event_id": events["event_id"] + "-completion",
                "learner_id": events["id_student"],
                "module_id": events["module_id"],
                "status": "completed",
                "occurred_at": events["occurred_at"],
            }
        ),
    }


def _items(assessments: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    position = assessments["module_id"].map(units.set_index("module_id")["position"])
    order = ["code_module", "position", "code_presentation"]
    ordered = assessments.assign(position=position).sort_values(order)
    return pd.DataFrame(
        {
            "item_id": ordered["id_assessment"],
            "skill_ids": skill_ids_of(ordered),
            "module_id": ordered["module_id"],
        }
    )


def _learners(students: pd.DataFrame) -> pd.DataFrame:
    first = students.sort_values(["code_presentation", "code_module"]).drop_duplicates("id_student")
    first = first.sort_values("id_student", key=lambda ids: ids.astype("int64"))
    # the published file spells this one band without its sign
    deprivation = first["imd_band"].where(first["imd_band"] != "10-20", "10-20%")
    first = first.assign(imd_band=deprivation)
    return pd.DataFrame(
        {"learner_id": first["id_student"]} | {group: first[column] for group, column in _GROUPS.items()}
    )


def _events(submissions: pd.DataFrame, assessments: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return the submissions of this presentation, with their time and the stem of their event ids.

    The ids hold the unit's place in its course, so that what a learner handed in on one day, of which no
    hour is known, is in the order of the course, and an attempt comes before the completion it brings.
    """
    position = units.set_index("module_id")["position"]
    events = submissions[~submissions["is_banked"]].merge(
        assessments[["id_assessment", "code_module", "code_presentation", "module_id"]], on="id_assessment"
    )
    places = events["module_id"].map(position).astype("str").str.zfill(2)
    days = pd.to_timedelta(events["date_submitted"], unit="D")
    student, course = events["id_student"], events["code_module"]
    events = events.assign(
        event_id=student + "-" + course + "-" + events["code_presentation"] + "-" + places,
        occurred_at=_starts(events["code_presentation"]) + days,
    )
    # by learner first, which packs best; readers of a dataset bring events in order of time
    return events.sort_values(["id_student", "occurred_at", "event_id"], ignore_index=True)


def _starts(presentations: pd.Series) -> pd.Series:
    days = {code: f"{code[:4]}-{_STARTS[code[4]]}" for code in presentations.unique()}
    return pd.to_datetime(presentations.map(days), utc=True).dt.as_unit("us")


def _summary(raw: RawOulad, tables: Mapping[str, pd.DataFrame]) -> tuple[Made, ...]:
    tests, people, handed_in = len(raw.assessments), len(raw.students), len(raw.submissions)
    n = {name: len(table) for name, table in tables.items()}
    banked = int(raw.submissions["is_banked"].sum())
    unscored = handed_in - banked - n["attempts"]
    return (
        Made("assessments", tests, "items", n["items"], "each raw assessment"),
        Made("assessments", tests, "modules", n["modules"], "n-th of its type in a course"),
        Made("assessments", tests, "skills", n["skills"], "courses, and courses by type of assessment"),
        Made("assessments", tests, "prerequisites", n["prerequisites"], "earlier units of a course, soft"),
        Made("studentInfo", people, "learners", n["learners"], "as in their first presentation"),
        Made("studentInfo", people, "", people - n["learners"], "left out: later presentations of a learner"),
        Made("studentAssessment", handed_in, "attempts", n["attempts"], "score / 100, passed from .4"),
        Made("studentAssessment", handed_in, "completions", n["completions"], "one per submission"),
        Made(
            "studentAssessment",
            handed_in,
            "",
            banked,
            "left out: banked (an earlier presentation's)",
        ),
        Made("studentAssessment", handed_in, "", unscored, "no attempt, only a completion: without a score"),
    )
