"""Internal champions: who to ask about a skill."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from recommender.domain.disclosure import rounded_down
from recommender.domain.people import Champion, SkillChampions
from recommender.errors import UnknownIdError
from recommender.people.table import MentorTable, may_champion


def champions(
    table: MentorTable, skill_ids: Collection[str] | None = None, *, exclude: Collection[str] = ()
) -> tuple[SkillChampions, ...]:
    """Name the people who master skills best.

    Among those who agreed to be mentors, whose lower end of mastery's interval is ``champion_mastery`` at
    least, with ``min_attempts`` attempts and an interval no wider than ``max_interval``, the highest mastery
    comes first, then the narrower interval, then the id.

    Parameters
    ----------
    table : MentorTable
    skill_ids : collection of str, optional
        By default all skills.
    exclude : collection of str
        People not to name, such as those who took back their agreement after the table was made.

    Returns
    -------
    tuple of SkillChampions
        One for each skill asked for, in that order.

    Raises
    ------
    UnknownIdError
        A skill is not in the catalogue.
    """
    catalog = table.bundle.catalog
    asked = catalog.skill_ids if skill_ids is None else skill_ids
    for skill_id in asked:
        if skill_id not in catalog.skill_index:
            raise UnknownIdError("skill_ids", skill_id)
    allowed = table.without(exclude)
    return tuple(_of_skill(table, catalog.skill_index[skill_id], allowed) for skill_id in asked)


def _of_skill(table: MentorTable, skill: int, allowed: np.ndarray) -> SkillChampions:
    mastery, width = table.mastery[skill], table.width[skill]
    may = may_champion(table.low[skill], width, table.n_attempts[skill], table.config) & allowed
    people = np.flatnonzero(may)
    best = people[np.lexsort((people, width[people], -mastery[people]))][: table.config.n_champions]
    catalog = table.bundle.catalog
    return SkillChampions(
        skill_id=catalog.skill_ids[skill],
        name=catalog.skill_names[skill],
        champions=tuple(Champion(table.ids[i], table.level(skill, i)) for i in best.tolist()),
        n_others=rounded_down(int(table.n_unnamed[skill])) or None,
    )
