"""The raw files of the Open University Learning Analytics Dataset, read and checked.

Kuzilek, Hlosta, Zdrahal (2017), Scientific Data 4:170171, tables 1 to 3 describe them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.errors import DatasetError
from training.datasets.files import read_csv
from training.datasets.problems import Problem

_COLUMNS = {
    "assessments": ("code_module", "code_presentation", "id_assessment", "assessment_type", "date"),
    "studentInfo": (
        "code_module",
        "code_presentation",
        "id_student",
        "gender",
        "region",
        "highest_education",
        "imd_band",
        "age_band",
        "disability",
    ),
    "studentAssessment": ("id_assessment", "id_student", "date_submitted", "is_banked", "score"),
}
# Older copies of the release write a question mark where newer ones leave the cell empty.
_MISSING = "?"
_PRESENTATION = r"^\d{4}[BJ]$"
_TYPES = ("CMA", "TMA", "Exam")


@dataclass(frozen=True, slots=True)
class RawOulad:
    """The three raw tables the importer uses; the index of each counts rows from 1.

    Parameters
    ----------
    assessments : DataFrame
        One row per assessment; ``date`` is its day of the presentation, NaN where unknown.
    students : DataFrame
        One row per student and presentation.
    submissions : DataFrame
        One row per submission; ``date_submitted`` in days, ``score`` in [0, 100] or NaN, ``is_banked`` bool.
    """

    assessments: pd.DataFrame
    students: pd.DataFrame
    submissions: pd.DataFrame


def read_raw(path: Path) -> RawOulad:
    """Read the raw files in a directory; the others of the release may be there or not.

    Parameters
    ----------
    path : Path
        Directory with ``assessments``, ``studentInfo`` and ``studentAssessment``, as ``.csv`` or ``.csv.gz``.

    Raises
    ------
    DatasetError
        When a file is missing or damaged, or its rows contradict each other.
    """
    if not path.is_dir():
        raise DatasetError(f"there is no directory {path}; give the one with the raw Open University files")
    assessments, students, submissions = (_read(path, name) for name in _COLUMNS)
    assessments["date"] = _days(assessments, "assessments", "date", required=False)
    submissions["date_submitted"] = _days(submissions, "studentAssessment", "date_submitted", required=True)
    submissions["score"] = _numbers(submissions, "studentAssessment", "score")
    submissions["is_banked"] = submissions["is_banked"] == "1"
    raw = RawOulad(assessments, students, submissions)
    problems = _problems(raw)
    if problems:
        raise DatasetError(*(problem.sentence for problem in problems))
    return raw


def _read(path: Path, name: str) -> pd.DataFrame:
    file = next(
        (entry for ending in (".csv", ".csv.gz") if (entry := path / (name + ending)).is_file()), None
    )
    if file is None:
        raise DatasetError(f"{path} has no file {name}.csv or {name}.csv.gz; give the whole raw release")
    frame: pd.DataFrame = read_csv(file).to_pandas()
    missing = [column for column in _COLUMNS[name] if column not in frame.columns]
    if missing:
        raise DatasetError(f"{file.name} has no column {missing[0]}; give the file as it was published")
    if frame.empty:
        raise DatasetError(f"{file.name} has no rows; give the file as it was published")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame.mask(frame == _MISSING)


def _numbers(frame: pd.DataFrame, file: str, column: str) -> pd.Series:
    values = pd.to_numeric(frame[column], errors="coerce").astype("float64")
    bad = frame.index[frame[column].notna() & ~np.isfinite(values)]
    _refuse(file, column, frame[column].loc[bad], "is not a number")
    return values


def _days(frame: pd.DataFrame, file: str, column: str, *, required: bool) -> pd.Series:
    values = _numbers(frame, file, column)
    fractions = frame.index[values.notna() & (values % 1 != 0)]
    _refuse(file, column, frame[column].loc[fractions], "is not a whole number of days")
    if required:
        _refuse(file, column, frame[column][values.isna()], "is given where a day is needed")
    return values


def _refuse(file: str, column: str, cells: pd.Series, fault: str) -> None:
    problems = _each(file, column, cells, fault)
    if problems:
        raise DatasetError(*(problem.sentence for problem in problems))


def _each(file: str, column: str, cells: pd.Series, fault: str) -> list[Problem]:
    remedy = "mend it or take the published file"
    return [
        Problem(file, int(str(row)), column, None if pd.isna(value) else value, fault, remedy)
        for row, value in cells.items()
    ]


def _problems(raw: RawOulad) -> list[Problem]:
    tests, people, handed_in = raw.assessments, raw.students, raw.submissions
    ids = tests["id_assessment"]
    cells = [
        ("assessments", "code_presentation", tests["code_presentation"], ~_is_presentation(tests)),
        ("assessments", "assessment_type", tests["assessment_type"], ~tests["assessment_type"].isin(_TYPES)),
        ("studentInfo", "code_presentation", people["code_presentation"], ~_is_presentation(people)),
    ]
    problems = [
        problem
        for file, column, values, bad in cells
        for problem in _each(file, column, values[bad], "is not known here")
    ]
    problems += _each("assessments", "id_assessment", ids[ids.duplicated()], "is there twice")
    for column, known, where in (
        ("id_assessment", ids, "assessments"),
        ("id_student", people["id_student"], "studentInfo"),
    ):
        lost = handed_in[column][~handed_in[column].isin(known)]
        problems += _each("studentAssessment", column, lost, f"is not in {where}")
    again = handed_in["id_student"][handed_in.duplicated(["id_student", "id_assessment"])]
    problems += _each("studentAssessment", "id_student", again, "handed this assessment in twice")
    beyond = handed_in["score"][(handed_in["score"] < 0) | (handed_in["score"] > 100)]
    return problems + _each("studentAssessment", "score", beyond, "is not from 0 to 100")


def _is_presentation(frame: pd.DataFrame) -> pd.Series:
    return frame["code_presentation"].str.match(_PRESENTATION, na=False)
