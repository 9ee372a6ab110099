"""Mentors: people who agreed to be one and master what a learner lacks, with loads kept even.

Somebody masters a skill where the lower end of the 80% interval of mastery is at what the learner's role
requires; for a skill asked for that the role does not require or that the learner has, where it is ``margin``
above the learner. The lower end, for who teaches should be known to be able to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock
from recommender.blocks.standing import read_in_parts, read_standing
from recommender.domain.catalog import Floats
from recommender.domain.events import to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.people import Mentor, MentorAssignment, MentorSkill
from recommender.errors import UnknownIdError
from recommender.people.lack import Lack
from recommender.people.table import MentorTable, spoken
from recommender.skills.state import LearnerState

Ints = NDArray[np.int64]
# Steps in which coverage counts last of all.
_FINE = 1 << 20
# Finest step, of weighted gap, that an assignment tells apart; and what floating-point numbers count to.
_STEP, _EXACT = 1e-6, 2.0**52


def find_mentors(
    table: MentorTable,
    state: LearnerState | None,
    profile: LearnerProfile,
    *,
    role_id: str | None = None,
    skill_id: str | None = None,
    load: Mapping[str, int] | None = None,
    exclude: Collection[str] = (),
    now: datetime,
) -> tuple[Mentor, ...]:
    """Propose mentors to one learner, best first, at most ``n_mentors``.

    First comes who covers more of the weighted gap, in steps of ``coverage_step`` of all of it: smaller
    differences are within what is not known of it. Then, in this order, the same language, fewer learners at
    the moment, the same team, the same present role, the exact share covered, the id.

    Parameters
    ----------
    table : MentorTable
    state : LearnerState or None
        Folded against the bundle of the table.
    profile : LearnerProfile
        The learner is never proposed to themselves.
    role_id : str, optional
        Role whose gaps count; by default the target role, else the present one.
    skill_id : str, optional
        The one skill to find help with.
    load : mapping of str to int, optional
        Learners that each mentor has now; who has ``capacity`` of them is not proposed.
    exclude : collection of str
        People not to propose.
    now : datetime
        Aware.

    Raises
    ------
    UnknownIdError
        `role_id` or `skill_id` is not in the catalogue.
    InputError
        A load is below 0.
    """
    catalog, config = table.bundle.catalog, table.config
    block = LearnerBlock.of_states([state], [profile], catalog)
    role = int(block.places.target[0])
    if role_id is not None:
        role = _position(catalog.roles.index, "role_id", role_id)
    used = read_standing(table.bundle, block, now=to_seconds(now)).used[0]
    if skill_id is None:
        lack = Lack.of_role(catalog, role, used)
    else:
        skill = _position(catalog.skill_index, "skill_id", skill_id)
        lack = Lack.of_skill(catalog, skill, role, used, config.margin)
    if not len(lack.skills):
        return ()
    loads, covered = table.loads(load or {}), lack.covered(table)
    may = _others(table, profile, exclude) & (covered > 0.0) & (loads < config.capacity)
    people = np.flatnonzero(may)
    near = [same[people] for same in _near(table, profile, int(block.places.role[0]))]
    behind = -_key(table, near, covered[people] / lack.weight.sum(), loads[people])
    if len(people) > config.n_mentors:
        first = np.flatnonzero(behind <= np.partition(behind, config.n_mentors - 1)[config.n_mentors - 1])
        people, behind = people[first], behind[first]
    best = people[np.argsort(behind, kind="stable")][: config.n_mentors]
    return tuple(_mentor(table, lack, i) for i in best.tolist())


def assign_mentors(
    table: MentorTable,
    states: Sequence[LearnerState | None],
    profiles: Sequence[LearnerProfile],
    *,
    load: Mapping[str, int] | None = None,
    exclude: Collection[str] = (),
    now: datetime,
) -> tuple[MentorAssignment, ...]:
    """Give each learner one mentor at most, none of whom gets past ``capacity``.

    The sum of weighted gaps covered is the largest there is, to a millionth for each learner and a little
    coarser above some thousand learners. Among equals the language is the same for most, then loads are even,
    then team and present role are the same for most.

    It is an assignment of learners to free places, solved by `scipy.optimize.linear_sum_assignment` (Crouse
    2016, "On implementing 2D rectangular assignment algorithms"): exact, and already needed here. A mentor's
    second place is worth a little less than the first, which is what keeps loads even; as a flow that would
    need a cost that rises with it. The table of learners by free places is dense: 1,000 learners and 10,000
    places take 80 MB; make larger batches one after the other, with the loads that the former leave.

    Parameters
    ----------
    table, load, exclude, now
        As in `find_mentors`.
    states, profiles : sequences, length n_learners
        Of different people.

    Returns
    -------
    tuple of MentorAssignment
        In the order of `profiles`.

    Raises
    ------
    InputError
        A load is below 0.
    """
    from scipy.optimize import linear_sum_assignment

    capacity, loads, n = table.config.capacity, table.loads(load or {}), len(profiles)
    block = LearnerBlock.of_states(states, profiles, table.bundle.catalog)
    lacks: list[Lack] = []
    covered, near = np.zeros((n, len(table))), np.zeros((n, len(table)), np.int64)
    for rows, standing in read_in_parts(table.bundle, block, now=to_seconds(now)):
        for i, used in zip(range(rows.start, rows.stop), standing.used, strict=True):
            lack = Lack.of_role(table.bundle.catalog, int(block.places.target[i]), used)
            lacks.append(lack)
            covered[i] = lack.covered(table) * _others(table, profiles[i], exclude)
            of_language, of_team, of_role = _near(table, profiles[i], int(block.places.role[i]))
            near[i] = 4 * capacity * of_language + 2 * of_team + of_role
    free = np.where(covered.any(axis=0), np.clip(capacity - loads, 0, n), 0)
    place = np.repeat(np.arange(len(table)), free)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(free) - free, free)
    even = 4 * (capacity - 1 - loads[place] - nth)
    # Whole numbers, and all that is said to count less sums to less than one step of what counts more.
    less = 8 * capacity * n + 1
    step = max(_STEP, n * less * float(covered.max(initial=0.0)) / _EXACT)
    worth = np.ceil(covered[:, place] / step) * less + (near[:, place] + even) * (covered[:, place] > 0.0)
    mentors: list[Mentor | None] = [None] * n
    learner, chosen = linear_sum_assignment(worth, maximize=True)
    for i, at in zip(learner.tolist(), chosen.tolist(), strict=True):
        if worth[i, at] > 0.0:
            mentors[i] = _mentor(table, lacks[i], int(place[at]))
    return tuple(MentorAssignment(p.learner_id, m) for p, m in zip(profiles, mentors, strict=True))


def _position(index: Mapping[str, int], field: str, value: str) -> int:
    if value not in index:
        raise UnknownIdError(field, value)
    return index[value]


def _others(table: MentorTable, profile: LearnerProfile, exclude: Collection[str]) -> NDArray[np.bool_]:
    may = table.without(exclude)
    if profile.learner_id in table.index:
        may[table.index[profile.learner_id]] = False
    return may


def _near(table: MentorTable, profile: LearnerProfile, role: int) -> tuple[Ints, Ints, Ints]:
    """1 for each mentor of the learner's language, team and present role, where these are known, else 0."""
    # -2 is nobody's.
    language = table.languages.get(spoken(profile.language) or "", -2)
    team = table.teams.get(profile.team_id or "", -2)
    pairs = ((table.language, language), (table.team, team), (table.role, role if role >= 0 else -2))
    same_language, same_team, same_role = ((theirs == its).astype(np.int64) for theirs, its in pairs)
    return same_language, same_team, same_role


def _key(table: MentorTable, near: Sequence[Ints], share: Floats, loads: Ints) -> Ints:
    """Whole numbers that order mentors as `find_mentors` says, the largest first."""
    (language, team, role), capacity = near, table.config.capacity
    key: Ints = np.floor(share / table.config.coverage_step + 1e-9).astype(np.int64) * 2 + language
    key = key * capacity + np.maximum(capacity - 1 - loads, 0)
    key = (key * 2 + team) * 2 + role
    return key * _FINE + np.rint(share * (_FINE - 1)).astype(np.int64)


def _mentor(table: MentorTable, lack: Lack, mentor: int) -> Mentor:
    catalog, mastered = table.bundle.catalog, lack.mastered(table, mentor)
    order = np.argsort(-lack.weight, kind="stable")
    skills = tuple(
        MentorSkill(catalog.skill_ids[s], catalog.skill_names[s], table.level(s, mentor))
        for s in lack.skills[order][mastered[order]].tolist()
    )
    return Mentor(table.ids[mentor], skills, float(lack.weight[mastered].sum() / lack.weight.sum()))
