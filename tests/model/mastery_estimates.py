"""What each estimator says of mastery at the moments: skill model, oracle filter, and two naive ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from recommender.domain.events import Attempt, Completion, Event, SelfAssessment
from recommender.skills.mastery import Place
from recommender.skills.model import SkillModel
from recommender.skills.state import fold
from tests.model.irt import Floats
from tests.model.mastery_filter import N_SAMPLES, OracleFilter
from tests.model.mastery_history import ANSWER, STEP, Steps
from tests.model.mastery_laws import Laws, latent_mastery
from training.columns import attempt_columns, catalog_of
from training.datasets.dataset import Dataset
from training.datasets.sample.simulate import START

PASS_MARK: Final = 0.5
COLUMNS: Final = ("estimate", "low", "high")
_TAILS: Final = (0.1, 0.9)
# answers that the skill's share of passes counts for in somebody's own
_PRIOR_ANSWERS: Final = 2.0


def skill_model(dataset: Dataset, train: NDArray[np.bool_], pairs: pd.DataFrame, seed: int) -> Floats:
    """Fit the skill model as ``train`` does on some learners, and read mastery of others at moments.

    The one place that knows how the model is called.

    Returns
    -------
    float array, shape (n_pairs, 3)
        Mastery, low, high.
    """
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=PASS_MARK)
    if attempts is None:
        raise ValueError(f"{dataset.path} has no attempts; give a dataset with some")
    model = SkillModel().fit(attempts.take(train[attempts.learner]), catalog, seed=seed)
    events = _events(dataset, set(pairs["learner"]))
    out = np.empty((len(pairs), 3))
    for _, rows in pairs.groupby("moment"):
        who = int(rows["learner"].iloc[0])
        place = Place(int(attempts.role[who]), int(attempts.segment[who]))
        now = (START + timedelta(days=float(rows["day"].iloc[0]))).to_pydatetime()
        seen = [event for event in events[who] if event.occurred_at < now]
        found = model.mastery(fold(seen, model.difficulty_), catalog, now=now.timestamp(), place=place)
        skill = rows["skill"].to_numpy()
        out[rows.index] = np.stack([found.mastery, found.low, found.high], axis=1)[skill]
    return out


def oracle_filter(
    dataset: Dataset,
    laws: Laws,
    histories: dict[int, Steps],
    pairs: pd.DataFrame,
    rng: np.random.Generator,
    n_samples: int = N_SAMPLES,
) -> Floats:
    """Return what the oracle filter says, shape (n_pairs, 3): posterior mean, 10% and 90% quantile."""
    oracle = OracleFilter(laws, rng, n_samples)
    role = pd.Index(dataset.tables["roles"]["role_id"]).get_indexer(dataset.tables["learners"]["role_id"])
    out = np.empty((len(pairs), 3))
    nothing = np.zeros(0, STEP)
    for _, rows in pairs.groupby("moment"):
        who, skill = int(rows["learner"].iloc[0]), rows["skill"].to_numpy()
        steps = histories.get(who, nothing)
        theta, log_weight = oracle.abilities(steps, int(role[who]), float(rows["day"].iloc[0]))
        weight = truncated(log_weight)
        mastery = laws.typical(latent_mastery(theta, laws.world.skills["difficulty"]))[:, skill]
        out[rows.index, 0] = weight @ mastery
        out[rows.index, 1:] = _quantiles(mastery, weight)
    return out


def truncated(log_weight: Floats) -> Floats:
    """Return importance weights that sum to 1, none above sqrt(n) times the mean (Ionides 2008).

    Examples
    --------
    >>> truncated(np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    weight = np.exp(log_weight - log_weight.max())
    weight = np.minimum(weight, weight.mean() * np.sqrt(len(weight)))
    return np.asarray(weight / weight.sum())


def _quantiles(values: Floats, weight: Floats) -> Floats:
    """Weighted 10% and 90% quantiles of each column, shape (n_columns, 2)."""
    order = np.argsort(values, axis=0)
    ranked, own = np.take_along_axis(values, order, 0), weight[order]
    share = np.cumsum(own, axis=0) - own / 2
    return np.array([np.interp(_TAILS, share[:, k], ranked[:, k]) for k in range(values.shape[1])])


def skill_mean(dataset: Dataset, laws: Laws, train: NDArray[np.bool_], pairs: pd.DataFrame) -> Floats:
    """Return the share of passes on the skill over training learners, shape (n_pairs, 3); no interval."""
    share = _pass_share(dataset, laws, train)[pairs["skill"]]
    return np.stack([share, np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)], axis=1)


def own_share(dataset: Dataset, laws: Laws, train: NDArray[np.bool_], pairs: pd.DataFrame) -> Floats:
    """Return the learner's share of passes on the skill, beta prior of the skill's mean, (n_pairs, 3)."""
    prior = _PRIOR_ANSWERS * np.clip(_pass_share(dataset, laws, train)[pairs["skill"]], 0.05, 0.95)
    passed, n = pairs["n_passed"].to_numpy(), pairs["n_attempts"].to_numpy()
    beta = stats.beta(prior + passed, _PRIOR_ANSWERS - prior + n - passed)
    return np.stack([beta.mean(), *(beta.ppf(tail) for tail in _TAILS)], axis=1)


def counts(laws: Laws, histories: dict[int, Steps], pairs: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return how often each pair's learner had answered items of the skill by then, and passed."""
    n_skills, out = len(laws.world.skills), np.zeros((2, len(pairs)))
    for _, rows in pairs.groupby("moment"):
        steps = histories.get(int(rows["learner"].iloc[0]), np.zeros(0, STEP))
        answers = steps[(steps["kind"] == ANSWER) & (steps["known"] < rows["day"].iloc[0])]
        skills = laws.world.item_skills[answers["item"]]
        of_answer, _ = np.nonzero(skills >= 0)
        skill = skills[skills >= 0]
        out[0, rows.index] = np.bincount(skill, minlength=n_skills)[rows["skill"]]
        out[1, rows.index] = np.bincount(skill, answers["passed"][of_answer], n_skills)[rows["skill"]]
    return out[0], out[1]


def _pass_share(dataset: Dataset, laws: Laws, train: NDArray[np.bool_]) -> Floats:
    attempts = dataset.tables["attempts"]
    who = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(attempts["learner_id"])
    rows = train[who]
    item = pd.Index(dataset.tables["items"]["item_id"]).get_indexer(attempts["item_id"])[rows]
    skills = laws.world.item_skills[item]
    of_row, _ = np.nonzero(skills >= 0)
    skill, passed = skills[skills >= 0], attempts["passed"].to_numpy(np.float64)[rows]
    n = np.bincount(skill, minlength=len(laws.world.skills))
    overall = float(passed.mean()) if len(passed) else 0.5
    return np.asarray((np.bincount(skill, passed[of_row], len(n)) + overall) / (n + 1))


def _events(dataset: Dataset, learners: set[int]) -> dict[int, list[Event]]:
    """Return what the engine would be told of learners, by position."""
    ids = dataset.tables["learners"]["learner_id"]
    at = {ids.iloc[i]: i for i in learners}
    events: dict[int, list[Event]] = defaultdict(list)
    kinds = {"attempts": _attempt, "completions": _completion, "self_assessments": _self_assessment}
    for name, make in kinds.items():
        frame = dataset.tables.get(name)
        if frame is not None:
            own = frame[frame["learner_id"].isin(at)]
            times = own["occurred_at"].dt.to_pydatetime()
            for row, when in zip(own.to_dict("records"), times, strict=True):
                events[at[row["learner_id"]]].append(make(row, when))
    return events


def _attempt(row: dict, when: object) -> Attempt:
    return Attempt(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        item_id=row["item_id"],
        score=row["score"],
        passed=bool(row["passed"]),
        skill_ids=tuple(row["skill_ids"]),
        module_id=row["module_id"] if isinstance(row["module_id"], str) else None,
        occurred_at=when,
        duration_seconds=row["duration_seconds"],
    )


def _completion(row: dict, when: object) -> Completion:
    return Completion(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        module_id=row["module_id"],
        status=row["status"],
        progress=_known(row["progress"]),
        score=_known(row["score"]),
        occurred_at=when,
        duration_seconds=_known(row["duration_seconds"]),
    )


def _self_assessment(row: dict, when: object) -> SelfAssessment:
    return SelfAssessment(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        skill_id=row["skill_id"],
        level=row["level"],
        occurred_at=when,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
