"""Which answers tell what finished modules taught, and when mastery was to be read before.

An answer tells of a skill when it asks for this skill alone, when the learner meets its item for the first
time, and when it belongs to no module that is judged by it: a module's own items flatter it, the same
material having just been seen. It comes within `max_days` of finishing a module, and is one of the first
`max_answers` since the last one was finished.

- *After teaching*: modules that teach the skill were finished in these days. Mastery is read just before the
  first of them was begun; every one finished since counts (`Outcomes.taught`).
- *Control*: none was, but others were. Mastery is read just before the middle one of these was begun.
So
  controls are of people who learned over like spans, only something else.

Answers while another module that teaches the skill lies begun and not finished tell of neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.domain.catalog import Catalog
from recommender.skills.columns import AttemptColumns
from recommender.skills.records import SECONDS_A_DAY
from training.gain.config import GainConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Studies:
    """Modules that learners began, one row each: the first time they were begun and finished.

    Parameters
    ----------
    learner, module : int64 arrays, shape (n_studies,)
    begun_at, finished_at : float64 arrays, shape (n_studies,)
        Seconds since 1970 UTC; infinity where a module was not finished.
    """

    learner: Ints
    module: Ints
    begun_at: Floats
    finished_at: Floats

    def __len__(self) -> int:
        return len(self.learner)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Answers that tell, one row each.

    Parameters
    ----------
    row : int64 array, shape (n_outcomes,)
        Of the attempts.
    skill : int64 array, shape (n_outcomes,)
        The one it asks for.
    before_at : float64 array, shape (n_outcomes,)
        When mastery is to be read, seconds since 1970 UTC: just before a module was begun.
    inside : bool array, shape (n_outcomes,)
        Whether the answer was given within another module.
    taught : sparse matrix, shape (n_outcomes, n_taught)
        1 for each taught skill of a module, as in `catalog.module_skills.values`, that was finished between;
        rows of controls are empty.
    """

    row: Ints
    skill: Ints
    before_at: Floats
    inside: NDArray[np.bool_]
    taught: sparse.csr_matrix

    def __len__(self) -> int:
        return len(self.row)

    @property
    def treated(self) -> NDArray[np.bool_]:
        """Whether a module that teaches the skill was finished between, shape (n_outcomes,)."""
        return np.diff(self.taught.indptr) > 0


def find_outcomes(
    attempts: AttemptColumns, studies: Studies, catalog: Catalog, config: GainConfig
) -> Outcomes:
    """Find the answers that tell; none without a clock.

    Parameters
    ----------
    attempts : AttemptColumns
    studies : Studies
    catalog : Catalog
    config : GainConfig
    """
    row = _telling(attempts)
    learner, skill, at = attempts.learner[row], _skill(attempts, row), attempts.at[row]
    own = _module_of(attempts, catalog)[row]
    span = config.max_days * SECONDS_A_DAY
    n_skills = max(catalog.n_skills, 1)

    entries = _Spread.of(studies, catalog)
    key = entries.learner * n_skills + entries.skill
    pair = learner * n_skills + skill
    # Of every answer, the modules on its skill that were begun before it.
    answer, entry = _joined(pair, key)
    begun, finished = entries.begun_at[entry], entries.finished_at[entry]
    its, is_own = at[answer], entries.module[entry] == own[answer]
    recent = (finished < its) & (finished >= its - span)
    open_ = (begun < its) & (begun >= its - span) & (finished >= its) & ~is_own
    before = np.full(len(row), np.inf)
    np.minimum.at(before, answer[recent], begun[recent])
    counted = (finished < its) & (finished >= before[answer])
    spoilt = np.zeros(len(row), np.bool_)
    spoilt[answer[open_ | (counted & is_own)]] = True

    placebo, latest = _placebos(learner, at, studies, span)
    treated = np.isfinite(before)
    last_taught = np.full(len(row), -np.inf)
    np.maximum.at(last_taught, answer[counted], finished[counted])
    latest = np.where(treated, last_taught, latest)
    before = np.where(treated, before, placebo)
    kept = np.isfinite(before) & ~spoilt
    kept[kept] = _rank(pair[kept], latest[kept]) < config.max_answers

    place = np.cumsum(kept) - 1
    counted &= kept[answer]
    taught = sparse.csr_matrix(
        (np.ones(int(counted.sum())), (place[answer[counted]], entries.entry[entry[counted]])),
        (int(kept.sum()), len(catalog.module_skills.values)),
    )
    return Outcomes(row[kept], skill[kept], before[kept], own[kept] >= 0, taught)


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Studies, a row for each skill that the module teaches; `entry` is its place in the catalogue."""

    learner: Ints
    module: Ints
    skill: Ints
    entry: Ints
    begun_at: Floats
    finished_at: Floats

    @classmethod
    def of(cls, studies: Studies, catalog: Catalog) -> _Spread:
        taught = catalog.module_skills
        counts = np.diff(taught.start)[studies.module]
        study = np.repeat(np.arange(len(studies)), counts)
        entry = np.repeat(taught.start[studies.module], counts) + _within(counts)
        return cls(
            studies.learner[study],
            studies.module[study],
            taught.values[entry].astype(np.int64),
            entry,
            studies.begun_at[study],
            studies.finished_at[study],
        )


def _telling(attempts: AttemptColumns) -> Ints:
    """Rows that ask for one skill, at a known time, by an item that the learner meets for the first time."""
    first = np.zeros(len(attempts), np.bool_)
    pairs = attempts.learner * (int(attempts.item.max(initial=0)) + 1) + attempts.item
    first[np.unique(pairs, return_index=True)[1]] = True
    alone = np.diff(attempts.skills.start) == 1
    return np.flatnonzero(first & alone & np.isfinite(attempts.at))


def _skill(attempts: AttemptColumns, row: Ints) -> Ints:
    return attempts.skills.values[attempts.skills.start[row]].astype(np.int64)


def _module_of(attempts: AttemptColumns, catalog: Catalog) -> Ints:
    """Find the module of each attempt, by itself or by its item; -1 for none."""
    of_item = np.append(catalog.item_module, -1)[attempts.item]
    return np.where(attempts.module >= 0, attempts.module, of_item).astype(np.int64)


def _joined(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Positions of all pairs of equal keys."""
    order = np.argsort(right, kind="stable")
    low, high = (np.searchsorted(right[order], left, side) for side in ("left", "right"))
    counts = high - low
    return np.repeat(np.arange(len(left)), counts), order[np.repeat(low, counts) + _within(counts)]


def _within(counts: Ints) -> Ints:
    """0, 1, 2 and so on within each group, for groups of so many."""
    total = np.cumsum(counts)
    within: Ints = np.arange(total[-1] if len(total) else 0) - np.repeat(total - counts, counts)
    return within


def _placebos(learner: Ints, at: Floats, studies: Studies, span: float) -> tuple[Floats, Floats]:
    """Find, of the modules finished in the time before, when the middle one was begun, the last one finished.

    NaN and minus infinity where there is none.
    """
    done = np.flatnonzero(np.isfinite(studies.finished_at))
    done = done[np.lexsort((studies.finished_at[done], studies.learner[done]))]
    # One number in the order of learner and time.
    times = np.concatenate([studies.finished_at[done], at, at - span])
    rank = np.unique(times, return_inverse=True)[1].astype(np.int64)
    finished, now, since = np.split(rank, [len(done), len(done) + len(at)])
    width = int(rank.max(initial=0)) + 1
    key = studies.learner[done] * width + finished
    low, high = np.searchsorted(key, learner * width + since), np.searchsorted(key, learner * width + now)
    middle = (low + high) // 2
    found = high > low
    begun, latest = np.full(len(at), np.nan), np.full(len(at), -np.inf)
    begun[found] = studies.begun_at[done[middle[found]]]
    latest[found] = studies.finished_at[done[high[found] - 1]]
    return begun, latest


def _rank(pair: Ints, since: Floats) -> Ints:
    """Count the rows before each of the same learner, skill and last module; they are in order of time."""
    group = np.unique(
        np.column_stack([pair, np.unique(since, return_inverse=True)[1]]), axis=0, return_inverse=True
    )[1]
    order = np.argsort(group.ravel(), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = _within(np.bincount(group.ravel()))
    return rank
