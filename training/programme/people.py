"""Who is in which role, team and segment, and what is asked of whom: one reading for all reports.

As in the engine (`recommender.blocks.learners.Places`), the segment is a learner's own, else that of the
present role, and the role whose skills are asked for is the target role, else the present one. Roles are
those of the dataset; where it has no table of them, those that the model knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.blocks.learners import Places
from recommender.domain.catalog import Floats
from recommender.domain.dataset_format import SEGMENTS
from recommender.ranking.gain import Need
from training.programme.ledger import Bools
from training.programme.programme import Programme

USUAL_LEVEL: Final = 0.7
"""Mastery that counts as mastered where no role says what is required."""
By: TypeAlias = Literal["role", "team", "segment"]
Labels: TypeAlias = NDArray[np.object_]
_COLUMN: Final[dict[By, str]] = {"role": "role_id", "team": "team_id", "segment": "segment"}


def labels(programme: Programme, by: By) -> Labels:
    """Present role, team or segment of each learner.

    Returns
    -------
    array of str, shape (n_learners,)
        Ids, or a member of `SEGMENTS`; "" where it is not known.
    """
    own = _texts(programme.learners, _COLUMN[by])
    if by != "segment":
        return own
    roles = _roles(programme)
    of_role = [roles.get(role_id, ("", ""))[1] for role_id in labels(programme, "role").tolist()]
    return np.where(own == "", np.array(of_role, np.object_), own)


def titles(programme: Programme) -> dict[str, str]:
    """Return what each role is called, by its id: its title, with the id where several have that title."""
    roles = _roles(programme)
    times = Counter(title for title, _ in roles.values())
    return {
        role_id: f"{title} ({role_id})" if title and times[title] > 1 else title or role_id
        for role_id, (title, _) in roles.items()
    }


def groups_by(programme: Programme, by: By) -> dict[str, Bools]:
    """Cut people by present role, team or segment; who has none is in no group.

    Returns
    -------
    dict of str to bool array, shape (n_learners,)
        Groups that hold somebody, by what they are called; segments in the order of `SEGMENTS`, others by
        name.
    """
    its = labels(programme, by)
    called = titles(programme) if by == "role" else {}
    names = {called.get(label, label): label for label in set(its.tolist()) - {""}}
    order = [name for name in SEGMENTS if name in names] if by == "segment" else sorted(names)
    return {name: np.asarray(its == names[name], np.bool_) for name in order}


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked of each learner, by the bundle's catalogue.

    Parameters
    ----------
    role : array of str, shape (n_learners,)
        Target role, else the present one; "" where the model knows neither.
    required : float64 array, shape (n_learners, n_skills)
        Mastery that it requires; NaN where it asks nothing.
    importance : float64 array, shape (n_learners, n_skills)
        0 where it asks nothing.
    """

    role: Labels
    required: Floats
    importance: Floats

    @classmethod
    def of(cls, programme: Programme) -> Asked:
        """Look up the roles of everybody.

        Raises
        ------
        ValueError
            There is no bundle.
        """
        if programme.bundle is None:
            raise ValueError("there is no bundle that says what roles ask for; give one to Programme")
        catalog = programme.bundle.catalog
        n = len(programme.learners)
        places = Places.of(
            catalog.roles,
            role_id=_texts(programme.learners, "role_id").tolist(),
            target_role_id=_texts(programme.learners, "target_role_id").tolist(),
            segment=[None] * n,
            language=[None] * n,
        )
        # -1, no role, is the last of them.
        needs = [Need.of_role(catalog, role) for role in (*range(len(catalog.roles.ids)), -1)]
        return cls(
            np.array([*catalog.roles.ids, ""], np.object_)[places.target],
            np.array([need.required for need in needs])[places.target],
            np.array([need.importance for need in needs])[places.target],
        )

    @property
    def level(self) -> Floats:
        """Mastery that counts as mastered: what is required, else `USUAL_LEVEL`; as `required`."""
        return np.where(np.isnan(self.required), USUAL_LEVEL, self.required)

    def missing(self, used: Floats) -> Floats:
        """Share of what is asked that is not there: 1 - readiness, of everybody at once.

        As `recommender.pathways.readiness.readiness`.

        Parameters
        ----------
        used : float64 array, shape (n_learners, n_skills)
            Mastery.

        Returns
        -------
        float64 array, shape (n_learners,)
            In [0, 1]; NaN where nothing is asked, or none of it weighs anything.
        """
        asked = np.nansum(self.importance * self.required, axis=1)
        weighs = asked > np.finfo(float).tiny * (~np.isnan(self.required)).sum(axis=1)
        short = np.nansum(self.importance * np.maximum(self.required - used, 0.0), axis=1)
        share = np.divide(short, asked, out=np.full(len(asked), np.nan), where=weighs)
        missing: Floats = np.clip(share, 0.0, 1.0)
        return missing


def _roles(programme: Programme) -> dict[str, tuple[str, str]]:
    """Title and segment of each role, "" where not known, by its id."""
    table = programme.dataset.tables.get("roles")
    if table is not None:
        columns = (_texts(table, column).tolist() for column in ("role_id", "title", "segment"))
        return {role_id: (title, segment) for role_id, title, segment in zip(*columns, strict=True)}
    if programme.bundle is None:
        return {}
    roles = programme.bundle.catalog.roles
    segments = np.array([*SEGMENTS, ""], np.object_)[roles.segment].tolist()
    return dict(zip(roles.ids, zip(roles.titles, segments, strict=True), strict=True))


def _texts(table: pd.DataFrame, column: str) -> Labels:
    """Return a column of text, "" where there is none."""
    if column not in table:
        return np.full(len(table), "", np.object_)
    values: list[Any] = table[column].tolist()
    return np.array(["" if pd.isna(value) else str(value) for value in values], np.object_)
