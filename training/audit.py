"""Learners whom no model learns from, so that any two models can be compared on them.

Who they are follows from their ids alone. So it stays the same as data grow, it is the same for every model
of an organisation, and of two shares the smaller is part of the larger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.disclosure import rounded_down
from training.datasets.dataset import Dataset

Bools = NDArray[np.bool_]

LEAST_AUDITED: Final = 20
"""Below so many an interval by resampling learners says little."""
_PURPOSE: Final = b"audit\0"
# What nobody but those in it is told by: it stays whole.
_KEPT: Final = "learners"


def are_audited(learner_ids: Iterable[str], fraction: float) -> Bools:
    """Whether each learner is one whom no model learns from, shape (n_learners,).

    Parameters
    ----------
    learner_ids : iterable of str
    fraction : float
        Share of all learners, in [0, 1).

    Examples
    --------
    >>> few, many = (are_audited(map(str, range(1000)), share) for share in (0.1, 0.5))
    >>> int(few.sum()), bool(many[few].all()), bool(are_audited(["a"], 0.0).any())
    (93, True, False)
    """
    drawn = [
        int.from_bytes(hashlib.blake2b(_PURPOSE + one.encode(), digest_size=8).digest(), "big")
        for one in learner_ids
    ]
    return np.array(drawn, np.float64) / 2.0**64 < fraction


@dataclass(frozen=True, slots=True)
class Audit:
    """Who is kept apart.

    Parameters
    ----------
    fraction : float
        Share of the learners.
    learners : int
        How many of them did something, rounded down to a multiple of five.
    """

    fraction: float
    learners: int

    @classmethod
    def of(cls, dataset: Dataset, fraction: float) -> Audit:
        """Keep this share apart, or nobody where that is too few who did something.

        Such a dataset is too small to compare models on, and all of it is learned from.
        """
        active: set[str] = set()
        for name in ("attempts", "completions"):
            if name in dataset.tables:
                active.update(dataset.tables[name]["learner_id"].unique().tolist())
        n = int(are_audited(sorted(active), fraction).sum())
        return cls(fraction, rounded_down(n)) if n >= LEAST_AUDITED else cls(0.0, 0)


def without_audited(dataset: Dataset, fraction: float) -> Dataset:
    """Take what those learners did out of a dataset; the table of learners stays as it is."""
    return _only(dataset, fraction, False)


def audited_only(dataset: Dataset, fraction: float) -> Dataset:
    """Take out of a dataset what all other learners did; the table of learners stays as it is."""
    return _only(dataset, fraction, True)


def _only(dataset: Dataset, fraction: float, wanted: bool) -> Dataset:
    def rows(table: pd.DataFrame) -> pd.DataFrame:
        kept: pd.DataFrame = table[are_audited(table["learner_id"], fraction) == wanted]
        return kept.reset_index(drop=True)

    tables = {
        name: rows(table) if "learner_id" in table and name != _KEPT else table
        for name, table in dataset.tables.items()
    }
    return replace(dataset, tables=tables)
