"""What the reports for people in charge are made of: a dataset, a moment, and how everybody stood then."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.blocks.fold import fold_block
from recommender.blocks.learners import LearnerBlock
from recommender.blocks.standing import Standing, read_in_parts
from recommender.bundle import ModelBundle
from recommender.domain.events import to_seconds
from training.datasets.dataset import Dataset
from training.programme.ledger import Bools
from training.scoring.events import read_events


class Programme:
    """A dataset at a moment, with the model that reads mastery where there is one.

    Everything by learner is in the order of `learners`.

    Parameters
    ----------
    dataset : Dataset
        With learners.
    now : datetime
        Aware. What happened later is not looked at.
    bundle : ModelBundle or None
        Reads mastery; None where there is none, or it was made for another catalogue.
    seed : int
        Of what is drawn at random, such as resamples; see `rng`.
    n_resamples : int
        Of bootstrap intervals.
    """

    def __init__(
        self,
        dataset: Dataset,
        now: datetime,
        bundle: ModelBundle | None = None,
        *,
        seed: int = 0,
        n_resamples: int = 1_000,
    ) -> None:
        self.dataset = dataset
        self.now = now
        self.bundle = bundle
        self.n_resamples = n_resamples
        self._seed = seed
        self._blocks: dict[datetime, LearnerBlock] = {}
        self._standings: dict[datetime, Standing] = {}

    @cached_property
    def learners(self) -> pd.DataFrame:
        """The table of learners, sorted by `learner_id`, numbered from 0."""
        table: pd.DataFrame = self.dataset.tables["learners"].sort_values("learner_id", ignore_index=True)
        return table

    @cached_property
    def is_here(self) -> Bools:
        """Whether each learner is hired by `now`, or nobody knows when; shape (n_learners,)."""
        if "hired_at" not in self.learners:
            return np.ones(len(self.learners), np.bool_)
        return ~np.asarray(self.learners["hired_at"] > pd.Timestamp(self.now), np.bool_)

    def table(self, name: str) -> pd.DataFrame | None:
        """Rows of a table that are not of later than `now`; None where there are none.

        Those without a time are there, whenever they were.
        """
        rows = self.dataset.tables.get(name)
        if rows is None or rows.empty:
            return None
        times = [column for column in ("occurred_at", "posted_at", "period_start") if column in rows]
        for column in times:
            rows = rows[~(rows[column] > pd.Timestamp(self.now))]
        return None if rows.empty else rows

    def rng(self, purpose: str) -> np.random.Generator:
        """Return random numbers for one purpose, the same whatever else is drawn."""
        return np.random.default_rng([self._seed, *purpose.encode()])

    def position(self, learner_ids: pd.Series[str]) -> NDArray[np.int64]:
        """Rows of learners in `learners`."""
        found = pd.Index(self.learners["learner_id"]).get_indexer(pd.Index(learner_ids))
        return np.asarray(found, np.int64)

    def block(self, at: datetime | None = None) -> LearnerBlock:
        """Everybody's evidence up to a moment, by default `now`, folded as the engine folds it.

        Raises
        ------
        ValueError
            There is no bundle.
        """
        if self.bundle is None:
            raise ValueError("there is no bundle to fold evidence with; give one to Programme")
        moment = self.now if at is None else min(at, self.now)
        if moment not in self._blocks:
            table = self.bundle.difficulty
            columns = read_events(self.dataset, self.bundle.catalog, table, moment).columns
            events = columns.block(0, len(columns))
            self._blocks[moment] = fold_block(events, table, self.bundle.catalog)
        return self._blocks[moment]

    def standing(self, at: datetime | None = None) -> Standing:
        """How everybody stood in each skill of the bundle's catalogue at a moment, by default `now`.

        Arrays of shape (n_learners, n_skills), from what was known by then.

        Raises
        ------
        ValueError
            There is no bundle.
        """
        block = self.block(at)
        moment = self.now if at is None else min(at, self.now)
        if moment not in self._standings:
            assert self.bundle is not None  # noqa: S101
            parts = [s for _, s in read_in_parts(self.bundle, block, now=to_seconds(moment))]
            self._standings[moment] = Standing(
                *(
                    np.concatenate([getattr(part, name) for part in parts])
                    for name in ("mastery", "used", "low", "high", "n_attempts")
                )
            )
        return self._standings[moment]
