"""What skills weigh in the profiles of roles, moved towards what the market asks for."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from training.programme.demand_mentions import Mentions

USUAL_IMPORTANCE: Final = 0.5
"""Taken where a profile says none, as the engine does."""


def importance_from_demand(
    role_skills: pd.DataFrame, mentions: Mentions, *, weight: float = 0.5, steady: float = 20.0
) -> pd.DataFrame:
    """Blend the importance that profiles declare with how often postings for the role ask for the skill.

    Of a role r with n_r postings, and a skill s that c_rs of them ask for,

    ::

        demand_rs     = c_rs / max_s c_rs                  over the skills of its profile
        w_r           = weight n_r / (n_r + steady)
        importance_rs = (1 - w_r) declared_rs + w_r demand_rs

    So few postings move little: `w_r` is the weight of data in a linear credibility estimate (Bühlmann 1967,
    "Experience rating and credibility"), times `weight`. What a role asks for stays as declared where no
    posting for the role asks for any of it, and so does a skill that is not in the catalogue, since nobody
    looked for it. A skill that the market has another word for falls wrongly: look at what changed before
    use.

    Parameters
    ----------
    role_skills : DataFrame
        With `role_id`, `skill_id` and `importance`, in [0, 1] or missing (`USUAL_IMPORTANCE`).
    mentions : Mentions
        Of the postings that shall count, such as those of the last year (`Mentions.take`).
    weight : float
        In [0, 1]: how far importance moves with endless postings. 0 changes nothing.
    steady : float
        Above 0: number of postings that moves it half as far.

    Returns
    -------
    DataFrame
        `role_id`, `skill_id` and `importance` in [0, 1]; rows, their order and their index as given.

    Raises
    ------
    ValueError
        `weight` or `steady` is out of range.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight is {weight}; give a number from 0 to 1")
    if not 0.0 < steady < np.inf:
        raise ValueError(f"steady is {steady}; give a number of postings above 0")
    declared = role_skills["importance"].fillna(USUAL_IMPORTANCE).to_numpy(np.float64)
    role_ids = pd.Index(role_skills["role_id"].unique())
    role = role_ids.get_indexer(pd.Index(role_skills["role_id"]))
    skill = pd.Index(mentions.skill_ids).get_indexer(pd.Index(role_skills["skill_id"]))
    posted = role_ids.get_indexer(pd.Index(mentions.role_ids))
    counts = np.zeros((len(role_ids), len(mentions.skill_ids) + 1))
    np.add.at(counts[:, :-1], posted[posted >= 0], mentions.asked[posted >= 0])
    # Skills that were not looked for are at the last column, where nothing was counted.
    asked = counts[role, skill]
    most = np.zeros(len(role_ids))
    np.maximum.at(most, role, asked)
    n = np.bincount(posted[posted >= 0], minlength=len(role_ids))
    moves = (most[role] > 0) & (skill >= 0)
    share = np.where(moves, (weight * n / (n + steady))[role], 0.0)
    demand = asked / np.where(moves, most[role], 1.0)
    importance = np.clip((1.0 - share) * declared + share * demand, 0.0, 1.0)
    return role_skills[["role_id", "skill_id"]].assign(importance=importance)
