"""What compiled code reads of a catalogue, a ranker, a learner and a question, as named groups of arrays."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

MAX_REASONS: Final = 3
"""Reasons of a module at most."""
UNKNOWN, REVIEW, ON_LEVEL, STRETCH = range(4)
"""Codes of how difficult a module is for a learner."""

CHOICE: Final = np.dtype(
    [
        ("module", np.int64),  # position in the catalogue, -1 behind the last one
        ("replaced", np.int64),  # the module in whose place it stands because of its difficulty; else -1
        ("score", np.float64),
        ("success", np.float64),  # chance of passing, NaN where unknown
        ("replaced_success", np.float64),  # that of the module replaced
        ("fit", np.int8),  # one of the codes above
        ("by_history", np.bool_),  # somebody of the same place who has done nothing is not in the band
        ("prerequisites_met", np.bool_),
        ("n_unlocked", np.int64),  # modules that finishing it makes reachable
        ("gap_skill", np.int64),  # taught skill that closes most of the role's gap, -1 for none
        ("faded_skill", np.int64),  # taught skill that faded most, -1 for none
        ("faded", np.float64),  # by how much mastery
        ("explored", np.bool_),  # chance put it here
        ("propensity", np.float64),  # chance that such a question shows it, (0, 1]
    ]
)
"""One chosen module."""


class Needs(NamedTuple):
    """Prerequisites, as in `recommender.ranking.prerequisites.Requirements`."""

    module: Any
    needed_module: Any
    needed_skill: Any
    required: Any
    hard: Any
    count: Any


class RuleRows(NamedTuple):
    """What rules look at, by module: codes of language and format, minutes, times; see `Rules`."""

    needs: Needs
    language: Any
    format: Any
    minutes: Any
    published_at: Any
    retired_at: Any


class Asked(NamedTuple):
    """What a question asks of the rules.

    Parameters
    ----------
    now : float
        Seconds since 1970 UTC.
    minutes : float
        Longest module wanted; infinity for any.
    review : bool
        Finished modules may come again.
    foreign : bool array, shape (n_kinds, n_languages)
        Languages that each kind of learner does not understand.
    unfit : bool array, shape (n_formats,)
    excluded : int64 array
        Positions of modules.
    """

    now: float
    minutes: float
    review: bool
    foreign: Any
    unfit: Any
    excluded: Any


class Facts(NamedTuple):
    """Arrays of `recommender.ranking.module_facts.ModuleFacts`; weights of modules nobody started are 0.

    `unstarted` are the positions of these modules; `similar_sum` and `similar_starts` (n_modules,) the sum of
    the weights, and of them times starts.
    """

    learned: Any
    unstarted: Any
    declared: Any
    labels: Any
    skill_start: Any
    skill_values: Any
    needed_start: Any
    needed_values: Any
    role_needs: Any
    similar_start: Any
    similar_modules: Any
    similar_weights: Any
    similar_sum: Any
    similar_starts: Any
    end: float


class Past(NamedTuple):
    """One learner's history: modules, their times, role, and whether the question is ahead of the data."""

    modules: Any
    at: Any
    role: int
    ahead: bool


class Ranking(NamedTuple):
    """A ranker: weights of views (N_STAGES, n_views), stages that trees correct (N_STAGES,), trees, facts.

    `n_candidates`, `max_candidates` and `new_odds` are those of `RankerConfig`.
    """

    weights: Any
    corrected: Any
    least_started: Any
    n_candidates: int
    max_candidates: int
    n_features: int
    new_odds: float
    id_rank: Any
    trees: Any
    facts: Facts


class Weights(NamedTuple):
    """Numbers of `recommender.ranking.value.ValueWeights`, and the falloff of the band."""

    preference: float
    difficulty: float
    out_of_band: float
    declined: float
    declined_half: float
    gap: float
    readiness: float
    unlocking: float
    review: float
    falloff: float


class Asking(NamedTuple):
    """What roles ask for, last no role: (n_roles + 1, n_skills); `scale` (n_roles + 1,) is 1 / all of it."""

    required: Any
    importance: Any
    scale: Any


class Taught(NamedTuple):
    """Skills that modules teach, and the items typical of them; see `TypicalItems`.

    `rate` is how much of each skill is taught, see `GainModel`; `hours` (n_modules,) are above 0.
    """

    start: Any
    skill: Any
    rate: Any
    item_start: Any
    item_skill: Any
    item_weight: Any
    harder: Any
    declared: Any
    hours: Any


class LeadUp(NamedTuple):
    """What leads up to modules: those that are prerequisites, and the skills that each needs or teaches.

    All are back to back: module `m` has ``modules[module_start[m]:module_start[m + 1]]``, and so its skills.
    """

    module_start: Any
    modules: Any
    skill_start: Any
    skills: Any


class Order(NamedTuple):
    """Modules by id, and those of each variant group, back to back: `members[start[g]:start[g + 1]]`.

    `several` are the groups of more than one module.
    `diversity` weighs how modules are alike, as in `recommender.ranking.rerank`; the arrays after it are of
    its `Neighbours`. The last three are those of `recommender.ranking.explore`.
    """

    id_rank: Any
    group: Any
    start: Any
    members: Any
    several: Any
    diversity: float
    alike_start: Any
    alike: Any
    likeness: Any
    exploration: float
    rarity: Any
    by_id: Any


class Codes(NamedTuple):
    """Row of each view's reason, and of the added terms', among `n` codes.

    `of_anybody` is the row of the reason that says nothing of a history, -1 where no view gives it.
    """

    of_view: Any
    of_added: Any
    n: int
    of_anybody: int
