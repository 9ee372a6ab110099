"""What an estimate of mastery leaves unsaid: which evidence at hand tells more of the truth.

The logit of true mastery is regressed on the estimate's and on evidence, with an intercept for each skill,
by ridge regression fitted on other learners (five folds). What a group of evidence adds to the estimate, and
what is lost without it when all the rest is there, says what a read-out should take in.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from tests.model.irt import Bools, Floats
from tests.model.mastery_figures import spearman, within
from tests.model.mastery_history import ANSWER, DAY, STEP, STUDY, Steps
from tests.model.mastery_laws import Laws
from training.datasets.dataset import Dataset
from training.datasets.sample.simulate import START

GROUPS: Final = {
    "minutes studied, by level of the module": slice(0, 3),
    "minutes studied since the last attempt": slice(3, 4),
    "time since practice, and what it leaves of minutes": slice(4, 7),
    "weeks with practice": slice(7, 8),
    "own answers on the skill, against the items' difficulty": slice(8, 11),
    "answers on other skills": slice(11, 13),
    "answers on other skills of the domain": slice(13, 14),
    "what the role asks of the skill": slice(14, 17),
    "self-assessment": slice(17, 20),
}
_N: Final = 20
_FOLDS: Final = 5
_RIDGE: Final = 1.0
_SHRINK: Final = 4.0
_HALF_LIFE: Final = 365.0


def rest(
    dataset: Dataset,
    laws: Laws,
    histories: dict[int, Steps],
    pairs: pd.DataFrame,
    estimate: Floats,
    rows: Bools,
) -> pd.DataFrame:
    """Return what evidence adds to an estimate on some of the pairs.

    Returns
    -------
    DataFrame
        By evidence: ``pooled`` and ``within``, rank correlations of the truth with estimate and that evidence
        together, and ``error``, the mean absolute one; ``without``, the rank correlation within skills of
        the estimate with all evidence but that.
    """
    table = evidence(dataset, laws, histories, pairs)[rows]
    own = logit(np.clip(estimate[rows], 0.005, 0.995))[:, None]
    some = pairs[rows]
    columns = {name: table[:, at] for name, at in GROUPS.items()}
    every = list(columns.values())
    found = {
        "the estimate, recalibrated by skill": (_measured(laws, some, [own]), np.nan),
        "and all evidence": (_measured(laws, some, [own, *every]), np.nan),
        "all evidence without the estimate": (_measured(laws, some, every), np.nan),
    }
    for name, column in columns.items():
        others = [other for key, other in columns.items() if key != name]
        without = _measured(laws, some, [own, *others])[1]
        found[f"and {name}"] = (_measured(laws, some, [own, column]), without)
    records = [(name, *measured, without) for name, (measured, without) in found.items()]
    return pd.DataFrame(records, columns=["evidence", "pooled", "within", "error", "without"])


def _measured(laws: Laws, pairs: pd.DataFrame, columns: list[Floats]) -> tuple[float, float, float]:
    skill, truth = pairs["skill"].to_numpy(), pairs["truth"].to_numpy()
    target = logit(np.clip(pairs["latent"].to_numpy(), 0.01, 0.99))
    fold = pairs["learner"].to_numpy() % _FOLDS
    scaled = np.concatenate(columns, axis=1)
    scaled = (scaled - scaled.mean(axis=0)) / np.maximum(scaled.std(axis=0), 1e-9)
    x = np.concatenate([scaled, np.eye(len(laws.guess))[skill]], axis=1)
    said = np.empty(len(x))
    for k in range(_FOLDS):
        fit, held_out = x[fold != k], fold == k
        gram = fit.T @ fit + _RIDGE * np.eye(x.shape[1])
        said[held_out] = x[held_out] @ np.linalg.solve(gram, fit.T @ target[fold != k])
    mastery = laws.guess[skill] + (1.0 - laws.guess - laws.slip)[skill] * expit(said)
    error = float(np.abs(mastery - truth).mean())
    return spearman(mastery, truth), within(skill, mastery, truth), error


def evidence(dataset: Dataset, laws: Laws, histories: dict[int, Steps], pairs: pd.DataFrame) -> Floats:
    """Return what was seen by then of each pair, float array of shape (n_pairs, n_columns), see `GROUPS`."""
    tables, world = dataset.tables, laws.world
    half_life = tables["skills"]["half_life_days"].fillna(_HALF_LIFE).to_numpy(np.float64)
    at_role = pd.Index(tables["roles"]["role_id"])
    role = at_role.get_indexer(tables["learners"]["role_id"])
    target = at_role.get_indexer(tables["learners"]["target_role_id"])
    expected = _item_means(dataset)
    told, out = _told(dataset), np.zeros((len(pairs), _N))
    nothing = np.zeros(0, STEP)
    for _, rows in pairs.groupby("moment"):
        who, day = int(rows["learner"].iloc[0]), float(rows["day"].iloc[0])
        steps = histories.get(who, nothing)
        seen = _seen(steps[steps["known"] < day], laws, expected, half_life, day)
        asked = world.role_required[role[who]]
        wanted = world.role_required[target[who]] if target[who] >= 0 else np.zeros_like(asked)
        seen[:, 14:17] = np.stack([asked, asked > 0, wanted], axis=1)
        said = told.get(who, np.zeros((0, 3)))
        said = said[said[:, 0] < day]
        if len(said):
            seen[:, 19] = said[:, 2].mean() - 0.5
        own = said[:, 1].astype(np.int64)
        seen[own, 17], seen[own, 18] = said[:, 2] - 0.5, 1.0
        out[rows.index] = seen[rows["skill"]]
    return out


def _seen(steps: Steps, laws: Laws, expected: Floats, half_life: Floats, day: float) -> Floats:
    world, n_skills = laws.world, len(laws.world.skills)
    minutes, since = np.zeros((n_skills, 3)), np.zeros(n_skills)
    residual, n, recent, last = np.zeros((4, n_skills))
    practised = np.full(n_skills, -np.inf)
    weeks: set[tuple[int, int]] = set()
    for step in steps:
        if step["kind"] == STUDY and not world.modules["is_test"][step["module"]]:
            skills = world.module_skills[step["module"]]
            skills = skills[skills >= 0]
            share = 60.0 * step["hours"] / np.sqrt(max(len(skills), 1))
            minutes[skills, world.modules["level"][step["module"]]] += share
            since[skills] += share
            practised[skills] = step["day"]
            weeks.update((int(s), int(step["day"] // 7)) for s in skills)
        elif step["kind"] == ANSWER:
            skills = world.item_skills[step["item"]]
            skills = skills[skills >= 0]
            off = step["passed"] - expected[step["item"]]
            residual[skills] += off
            recent[skills] = 0.75 * recent[skills] + off
            last[skills] = off
            n[skills] += 1
            since[skills] = 0.0
    gone = np.minimum(day - practised, 3000.0)
    left = np.exp2(-gone / half_life)
    domain = world.skills["domain"]
    beside = np.bincount(domain, residual, 4)[domain] - residual, np.bincount(domain, n, 4)[domain] - n
    n_weeks = np.bincount([s for s, _ in weeks], minlength=n_skills)
    total = minutes.sum(axis=1)
    columns = [
        *np.log1p(minutes / 15.0).T,
        np.log1p(since / 15.0),
        np.log1p(gone),
        np.log1p(total / 15.0) * left,
        left,
        np.log1p(n_weeks),
        residual / (n + _SHRINK),
        recent,
        last,
        (residual.sum() - residual) / (n.sum() - n + _SHRINK),
        np.log1p(n.sum() - n),
        beside[0] / (beside[1] + _SHRINK),
    ]
    return np.concatenate([np.stack(columns, axis=1), np.zeros((n_skills, _N - len(columns)))], axis=1)


def _item_means(dataset: Dataset) -> Floats:
    """Share of passes of each item, shrunk to that of all."""
    attempts = dataset.tables["attempts"]
    item = pd.Index(dataset.tables["items"]["item_id"]).get_indexer(attempts["item_id"])
    passed = attempts["passed"].to_numpy(np.float64)
    n = np.bincount(item, minlength=len(dataset.tables["items"]))
    return np.asarray((np.bincount(item, passed, len(n)) + 10 * passed.mean()) / (n + 10))


def _told(dataset: Dataset) -> dict[int, Floats]:
    """Self-assessments by learner: rows of day, skill and level, in order of time."""
    frame = dataset.tables.get("self_assessments")
    if frame is None:
        return {}
    learner = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(frame["learner_id"])
    skill = pd.Index(dataset.tables["skills"]["skill_id"]).get_indexer(frame["skill_id"])
    day = (frame["occurred_at"] - START).dt.total_seconds() / DAY
    rows = np.stack([day.to_numpy(), skill, frame["level"].to_numpy(np.float64)], axis=1)
    return {who: rows[at] for who, at in pd.Series(learner).groupby(learner).indices.items()}
