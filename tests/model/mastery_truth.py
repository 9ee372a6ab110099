"""Does mastery track the hidden truth? The judge: skill model, oracle filter, naive estimates.

Everything here is about simulated people: what the model does when the truth is known, not what it does for
people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recommender.errors import DatasetError
from tests.model.irt import Bools, Floats
from tests.model.mastery_estimates import counts, oracle_filter, own_share, skill_mean, skill_model
from tests.model.mastery_figures import BINS, Figures, figures
from tests.model.mastery_history import Steps, histories
from tests.model.mastery_laws import Laws, read_laws
from tests.model.mastery_moments import CHECK, END, MIDWAY, true_mastery
from training.datasets.dataset import Dataset
from training.datasets.load import load_dataset
from training.datasets.sample.parameters import GROWTH

MODEL: Final = "skill model"
ORACLE: Final = "oracle filter"
SKILL_MEAN: Final = "skill mean"
OWN_SHARE: Final = "own share"
TEST_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Judged:
    """Truth and estimates.

    Parameters
    ----------
    dataset : Dataset
    laws : Laws
    histories : dict of int to array of steps
        What was seen of each test learner.
    pairs : DataFrame
        See `true_mastery`, with ``n_attempts`` and ``n_passed`` of the learner in the skill by then.
    estimates : dict of str to float array, shape (n_pairs, 3)
        Mastery and its 80% interval, by estimator.
    """

    dataset: Dataset
    laws: Laws
    histories: dict[int, Steps]
    pairs: pd.DataFrame
    estimates: Mapping[str, Floats]

    def of(self, name: str, rows: Bools) -> Figures:
        """Figures of an estimator on some of the pairs."""
        return figures(self.pairs[rows], self.estimates[name][rows])

    def subsets(self) -> dict[str, Bools]:
        """Return pairs by what is asked of them: with an attempt or all, at each kind of moment."""
        kind, tried = self.pairs["kind"].to_numpy(), self.pairs["n_attempts"].to_numpy() > 0
        found = {"attempted, every moment": tried}
        found |= {f"attempted, {name}": tried & (kind == name) for name in (END, MIDWAY, CHECK)}
        found |= {f"all skills, {name}": kind == name for name in (END, MIDWAY, CHECK)}
        return {name: rows for name, rows in found.items() if rows.any()}

    def by_attempts(self) -> dict[str, Bools]:
        """Return pairs by the number of attempts."""
        n = self.pairs["n_attempts"].to_numpy()
        return {name: rows for name, (low, high) in BINS.items() if (rows := (n >= low) & (n <= high)).any()}


def judge(directory: Path, *, learners: int | None = None, seed: int = 0) -> Judged:
    """Fit on seven in ten of the learners of a simulated dataset and look at the mastery of the others.

    Parameters
    ----------
    directory : Path
    learners : int, optional
        Only so many learners, drawn at random, are fitted on or looked at.
    seed : int
        Of who is drawn, of the moments, of the model's folds and of the filter's samples.

    Raises
    ------
    DatasetError
        The data is not simulated, or not by this simulator.
    """
    dataset = load_dataset(directory)
    if not dataset.simulated:
        raise DatasetError(f"dataset {dataset.name} is not simulated, so nobody knows what is true of it")
    laws, rng = read_laws(dataset), np.random.default_rng(seed)
    n = len(dataset.tables["learners"])
    drawn = rng.permutation(n)[: learners or n]
    train, test = np.zeros((2, n), np.bool_)
    n_test = round(TEST_SHARE * len(drawn))
    test[drawn[:n_test]], train[drawn[n_test:]] = True, True
    pairs = true_mastery(dataset, laws, test, rng)
    seen = histories(dataset, laws, test)
    pairs["n_attempts"], pairs["n_passed"] = counts(laws, seen, pairs)
    estimates = {MODEL: skill_model(dataset, train, pairs, seed)}
    if laws.model == GROWTH:
        estimates[ORACLE] = oracle_filter(dataset, laws, seen, pairs, rng)
    estimates[OWN_SHARE] = own_share(dataset, laws, train, pairs)
    estimates[SKILL_MEAN] = skill_mean(dataset, laws, train, pairs)
    return Judged(dataset, laws, seen, pairs, estimates)
