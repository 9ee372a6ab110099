"""When mastery is looked at, and what it truly was then."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from tests.model.irt import Floats, Ints
from tests.model.mastery_history import DAY
from tests.model.mastery_laws import Laws
from training.datasets.dataset import Dataset
from training.datasets.sample.parameters import WEEKS_PER_MONTH
from training.datasets.sample.simulate import START, TRUTH

END: Final = "end"
MIDWAY: Final = "midway"
CHECK: Final = "check"
_MASTERY_DIGITS: Final = 0.005
_ABILITY_DIGITS: Final = 0.005
# a check takes less, and the next comes months later
_SAME_CHECK_DAYS: Final = 0.25


def true_mastery(
    dataset: Dataset, laws: Laws, learners: NDArray[np.bool_], rng: np.random.Generator
) -> pd.DataFrame:
    """Return true mastery of some learners in skills at moments.

    For each learner the end of the data and one earlier month drawn from those in ``truth/mastery``, with
    every skill; and just before one skill check drawn from those after the first, with the skills that
    it asks.

    Mastery is the probability to pass the typical item of the skill at that moment: one of the mean
    difficulty of the skill's items, of discrimination 1, with the mean guess and slip of the skill's
    items. ``truth/mastery`` and the simulator's own laws leave out guess and slip; nobody's answers do.

    Returns
    -------
    DataFrame
        ``moment`` (a number), ``kind``, ``learner`` and ``skill`` (positions), ``day`` since the start of the
        simulation, ``latent`` (without guess and slip), ``truth``, and ``rounded``: half a unit of its
        last digit.
    """
    chosen = pd.concat([_months(dataset, laws, learners, rng), _checks(dataset, laws, learners, rng)])
    chosen = chosen.sort_values(["learner", "day", "skill"], kind="stable", ignore_index=True)
    chosen["moment"] = chosen.groupby(["learner", "kind"], sort=False).ngroup()
    guess, span = laws.guess[chosen["skill"]], 1.0 - laws.guess[chosen["skill"]] - laws.slip[chosen["skill"]]
    return chosen.assign(truth=guess + span * chosen["latent"], rounded=span * chosen["rounded"])


def _months(
    dataset: Dataset, laws: Laws, learners: NDArray[np.bool_], rng: np.random.Generator
) -> pd.DataFrame:
    told = pd.read_parquet(dataset.path / TRUTH / "mastery.parquet", columns=["month", "mastery"])
    n, n_skills = len(learners), len(laws.world.skills)
    mastery = told["mastery"].to_numpy(np.float64).reshape(n, -1, n_skills)
    month = told["month"].to_numpy().reshape(n, -1, n_skills)[0, :, 0]
    day = 7.0 * np.rint(month * WEEKS_PER_MONTH)
    who, last = np.flatnonzero(learners), len(month) - 1
    midway = rng.integers(min(1, last), max(last, 1), len(who))
    parts = [(END, who, np.full(len(who), last))] + [(MIDWAY, who, midway)] * (last > 1)
    frames = [
        pd.DataFrame(
            {
                "kind": kind,
                "learner": np.repeat(people, n_skills),
                "day": np.repeat(day[at], n_skills),
                "skill": np.tile(np.arange(n_skills), len(people)),
                "latent": mastery[people, at].ravel(),
                "rounded": _MASTERY_DIGITS,
            }
        )
        for kind, people, at in parts
    ]
    return pd.concat(frames)


def _checks(
    dataset: Dataset, laws: Laws, learners: NDArray[np.bool_], rng: np.random.Generator
) -> pd.DataFrame:
    """Skills asked in one check of each learner: ability does not move during a check."""
    attempts = dataset.tables["attempts"]
    item: Ints = pd.Index(dataset.tables["items"]["item_id"]).get_indexer(attempts["item_id"])
    learner = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(attempts["learner_id"])
    skills = laws.world.item_skills
    hidden = pd.read_parquet(dataset.path / TRUTH / "attempts.parquet", columns=["event_id", "ability"])
    ability = hidden.set_index("event_id")["ability"].reindex(attempts["event_id"]).to_numpy(np.float64)
    seconds = (attempts["occurred_at"] - START).dt.total_seconds() - attempts["duration_seconds"]
    rows = pd.DataFrame(
        {"learner": learner, "day": seconds / DAY, "skill": skills[item, 0], "ability": ability}
    )
    asked = (laws.item_module[item] < 0) & (skills[item, 0] >= 0) & (skills[item, 1] < 0) & learners[learner]
    rows = rows[asked].sort_values(["learner", "day"], kind="stable")
    is_new = (rows["learner"] != rows["learner"].shift()) | (rows["day"].diff() > _SAME_CHECK_DAYS)
    rows["check"] = is_new.cumsum()
    rows["day"] = rows.groupby("check")["day"].transform("min")
    rows = rows[rows["check"] != rows.groupby("learner")["check"].transform("min")]
    by_learner = rows.drop_duplicates("check").assign(draw=lambda found: rng.random(len(found)))
    drawn = by_learner.sort_values("draw").drop_duplicates("learner")["check"]
    rows = rows[rows["check"].isin(drawn)].drop_duplicates(["check", "skill"])
    latent: Floats = expit(rows["ability"].to_numpy() - laws.world.skills["difficulty"][rows["skill"]])
    return pd.DataFrame(
        {
            "kind": CHECK,
            "learner": rows["learner"],
            "day": rows["day"],
            "skill": rows["skill"],
            "latent": latent,
            "rounded": _ABILITY_DIGITS * latent * (1.0 - latent),
        }
    )
