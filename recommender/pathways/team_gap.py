"""Gaps of teams, segments, roles and the organisation, told such that no few people are found in them.

What a report promises, for every skill on its own:

- nothing is told of fewer than five people, nor left when groups are taken from the whole: then further
  groups are withheld, the smallest first (`recommender.pathways.withhold`);
- the share below the requirement is told only where those below and those not below are nobody or at least
  five each, in the group and in what is left. Otherwise "one of six is below" beside a mean gap would be the
  gap of one person;
- counts are rounded down to multiples of five, means to hundredths and shares to twentieths. Skills are asked
  of people by role, so exact counts of two skills could differ by the few people of one role;
- readiness of a group is worked out from the cells that are told of, so it tells nothing of anybody's
  evidence that they do not.

It is a promise about one report. Two reports that cut the same people in different ways, or before and after
somebody came, can be compared; rounding blurs what that tells and does not rule it out. Choose one cut and a
fixed rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.blocks.learners import LearnerBlock
from recommender.blocks.standing import read_in_parts
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Floats
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.disclosure import LEAST, rounded_down
from recommender.domain.events import to_seconds
from recommender.domain.gap import GroupedBy, GroupGap, GroupGaps, TeamGapReport, Toward
from recommender.domain.learner import LearnerProfile
from recommender.errors import ConfigurationError
from recommender.pathways.readiness import gaps
from recommender.pathways.withhold import choose_told
from recommender.ranking.gain import Need
from recommender.skills.state import LearnerState

_BY: tuple[GroupedBy, ...] = ("organisation", "team", "segment", "role")
_TOWARD: tuple[Toward, ...] = ("target", "present")


def team_gaps(
    bundle: ModelBundle,
    states: Sequence[LearnerState | None],
    profiles: Sequence[LearnerProfile],
    *,
    by: GroupedBy = "team",
    toward: Toward = "target",
    now: datetime,
) -> TeamGapReport:
    """Tell gaps of everybody and of each group.

    Parameters
    ----------
    bundle : ModelBundle
    states, profiles : sequences, length n_learners
        Of the same people, in the same order; None is somebody without events.
    by : {"organisation", "team", "segment", "role"}
        What groups are; "organisation" is no groups.
    toward : {"target", "present"}
        The role that gaps are against, and that groups by role are of: the target role, else the present
        one; or the present one.
    now : datetime
        Aware.

    Raises
    ------
    ConfigurationError
        `by` or `toward` is not one of these words.
    """
    block = LearnerBlock.of_states(states, profiles, bundle.catalog)
    return block_gaps(bundle, block, [p.team_id for p in profiles], by=by, toward=toward, now=to_seconds(now))


def block_gaps(
    bundle: ModelBundle,
    block: LearnerBlock,
    team_ids: Sequence[str | None],
    *,
    by: GroupedBy,
    toward: Toward,
    now: float,
) -> TeamGapReport:
    """`team_gaps` of learners in arrays; `now` in seconds since 1970 UTC."""
    for field, value, words in (("by", by, _BY), ("toward", toward, _TOWARD)):
        if value not in words:
            raise ConfigurationError(f"{field} is {value!r}; use one of {', '.join(words)}")
    catalog = bundle.catalog
    role = block.places.target if toward == "target" else block.places.role
    group_ids, group = _groups(catalog, block, team_ids, role, by)
    sums = _Sums.of(bundle, block, role, group, len(group_ids), now)
    profiled = sums.n_people.sum(axis=1)
    told = choose_told(sums.n[:-1, :, None], sums.n[-1][:, None])
    allowed = np.concatenate([told.whole[None], told.parts])
    kinds = np.stack([sums.n_below, sums.n - sums.n_below], axis=-1)
    shares = choose_told(kinds[:-1], kinds[-1], allowed)
    groups = [
        _group(catalog, group_ids[g], sums.take([g]), told.parts[g], shares.parts[g], by)
        for g in range(len(group_ids))
        if profiled[g] >= LEAST
    ]
    everybody = sums.take(np.arange(len(group_ids) + 1))
    return TeamGapReport(
        by=by,
        toward=toward,
        whole=_group(catalog, None, everybody, told.whole, shares.whole, "organisation"),
        groups=tuple(groups),
        n_groups_withheld=len(group_ids) - len(groups),
        n_without_profile=rounded_down(len(block) - int(profiled.sum())),
    )


def _groups(
    catalog: Catalog,
    block: LearnerBlock,
    team_ids: Sequence[str | None],
    role: NDArray[np.int32],
    by: GroupedBy,
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Ids of the groups that have somebody, sorted, and the group of each learner, -1 for none."""
    labels: Sequence[str | None] = [None] * len(block)
    if by == "team":
        labels = team_ids
    elif by == "segment":
        labels = [SEGMENTS[s] if s >= 0 else None for s in block.places.segment.tolist()]
    elif by == "role":
        labels = [catalog.roles.ids[r] if r >= 0 else None for r in role.tolist()]
    ids = tuple(sorted({label for label in labels if label is not None}))
    index = {label: i for i, label in enumerate(ids)}
    return ids, np.array([-1 if label is None else index[label] for label in labels], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over the people of each group, and last over those of none.

    `n_people` is (n_groups + 1, n_roles), of people whose role has a profile; the others are
    (n_groups + 1, n_skills), over people whose role requires the skill.
    """

    n_people: NDArray[np.int64]
    n: NDArray[np.int64]
    n_below: NDArray[np.int64]
    required: Floats
    gap: Floats
    mastery: Floats

    @classmethod
    def of(
        cls,
        bundle: ModelBundle,
        block: LearnerBlock,
        role: NDArray[np.int32],
        group: NDArray[np.int64],
        n_groups: int,
        now: float,
    ) -> _Sums:
        n_roles, n_skills = len(bundle.catalog.roles.ids), bundle.catalog.n_skills
        # The last row is of no role.
        required = np.array([Need.of_role(bundle.catalog, r).required for r in (*range(n_roles), -1)])
        asked = ~np.isnan(required[:-1])
        n_people = np.zeros((n_groups + 1, n_roles), np.int64)
        has_profile = np.append(asked.any(axis=1), False)[role]
        np.add.at(n_people, (group[has_profile], role[has_profile]), 1)
        below, gap, mastery = (np.zeros((n_groups + 1, n_skills)) for _ in range(3))
        for rows, standing in read_in_parts(bundle, block, now=now):
            n = len(standing)
            member = sparse.csr_array(
                (np.ones(n), (group[rows] % (n_groups + 1), np.arange(n))), (n_groups + 1, n)
            )
            wanted = required[role[rows]]
            short = np.nan_to_num(gaps(wanted, standing.used))
            counted = np.where(np.isnan(wanted), 0.0, standing.used)
            is_below = (short > 0.0).astype(np.float64)
            for total, values in ((below, is_below), (gap, short), (mastery, counted)):
                total += np.asarray(member @ values)
        return cls(
            n_people,
            n_people @ asked.astype(np.int64),
            np.rint(below).astype(np.int64),
            n_people @ np.nan_to_num(required[:-1]),
            gap,
            mastery,
        )

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> _Sums:
        """Put groups together, as the one row of what is returned."""
        parts = (self.n_people, self.n, self.n_below, self.required, self.gap, self.mastery)
        return _Sums(*(part[rows].sum(axis=0, keepdims=True) for part in parts))


def _group(
    catalog: Catalog,
    group_id: str | None,
    sums: _Sums,
    told: NDArray[np.bool_],
    share_told: NDArray[np.bool_],
    by: GroupedBy,
) -> GroupGaps:
    n_people = int(sums.n_people.sum())
    cells = [
        GroupGap(
            skill_id=catalog.skill_ids[s],
            name=catalog.skill_names[s],
            n_learners=rounded_down(int(sums.n[0, s])),
            mean_gap=round(float(sums.gap[0, s] / sums.n[0, s]), 2),
            mean_mastery=round(float(sums.mastery[0, s] / sums.n[0, s]), 2),
            share_below=round(round(20 * float(sums.n_below[0, s] / sums.n[0, s])) / 20, 2)
            if share_told[s]
            else None,
        )
        for s in np.flatnonzero(told).tolist()
    ]
    return GroupGaps(
        group_id=group_id,
        n_learners=rounded_down(n_people) if n_people >= LEAST else None,
        readiness=_readiness(catalog, group_id if by == "role" else None, sums, told),
        skills=tuple(cells),
        n_withheld=int(((sums.n[0] > 0) & ~told).sum()),
    )


def _readiness(catalog: Catalog, role_id: str | None, sums: _Sums, told: NDArray[np.bool_]) -> float | None:
    """Readiness of people taken together, over the skills told of.

    ``1 - sum_s importance_s (sum of gaps)_s / sum_s importance_s (sum of requirements)_s``. People of one
    role weigh a skill alike, and this is the mean of their readiness; else the importance of a skill is its
    mean over the roles of the catalogue that require it.
    """
    roles = catalog.roles
    if role_id is not None:
        weight = Need.of_role(catalog, roles.index[role_id]).importance
    else:
        n = np.bincount(roles.profile.values, minlength=catalog.n_skills)
        total = np.bincount(roles.profile.values, roles.importance, catalog.n_skills)
        weight = total / np.maximum(n, 1)
    asked = float((weight * sums.required[0])[told].sum())
    if not asked > 0.0:
        return None
    value = 1.0 - float((weight * sums.gap[0])[told].sum()) / asked
    return round(min(max(value, 0.0), 1.0), 2)
