"""Logs of an exploring engine of which the truth is known, for the guide to off-policy estimates.

``before`` cuts a simulated dataset at a moment, to train on. ``log`` lets a bundle trained on that answer at
random moments after it, with the events that the learner had by then, and decides by a formula what is
accepted. ``truth`` asks another bundle at the same moments and adds up what that formula gives its answers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich import print

from recommender.domain.recommendation import Query
from recommender.engine import Engine
from training.datasets import Dataset, load_dataset, write_dataset
from training.evaluation.off_policy.engine_policy import replay
from training.evaluation.off_policy.events import events_of, profiles_of
from training.evaluation.off_policy.log import read_log

NOTICE = {"notice": "Answers of an engine to people who exist nowhere, accepted by a formula."}
EVENTS = ("attempts", "completions", "self_assessments", "credentials_earned")
K, PER_LEARNER = 3, 10


def moment(dataset: Dataset, share: float) -> pd.Timestamp:
    """Moment at a share of the time that completions span."""
    at = dataset.tables["completions"]["occurred_at"]
    return at.min() + (at.max() - at.min()) * share


def before(data: Path, out: Path, share: float) -> None:
    dataset = load_dataset(data)
    cut = moment(dataset, share)
    tables = {
        name: frame[frame["occurred_at"] < cut] if name in EVENTS else frame
        for name, frame in dataset.tables.items()
        if name not in ("adoption", "outcomes", "postings")
    }
    write_dataset(tables, out, simulation=NOTICE)
    print(f"{len(tables['completions']):,} completions before {cut:%Y-%m-%d %H:%M}")


def accepts(learner_ids: np.ndarray, module_ids: np.ndarray) -> np.ndarray:
    """Probability of accepting, by taste for the module and by keenness, both fixed by the ids."""
    taste = np.array([_normal("module", m) for m in module_ids])
    own = np.array([_normal(one, m) for one, m in zip(learner_ids, module_ids, strict=True)])
    keen = np.array([_normal("keen", one) for one in learner_ids])
    return 1.0 / (1.0 + np.exp(1.5 - taste - 0.5 * own - 0.5 * keen))


def _normal(*key: str) -> float:
    seed = int.from_bytes(" ".join(key).encode(), "big") % (1 << 63)
    return float(np.random.default_rng(seed).normal())


def log(data: Path, bundle: Path, out: Path, share: float) -> None:
    dataset, engine, rng = load_dataset(data), Engine.load(bundle), np.random.default_rng(0)
    cut, end = moment(dataset, share), moment(dataset, 1.0)
    names = dataset.tables["learners"]["learner_id"].tolist()
    events, profiles = events_of(dataset, names), profiles_of(dataset, names)
    rows = []
    for name in names:
        after = np.sort(rng.uniform(0, (end - cut).total_seconds(), PER_LEARNER))
        for at in cut + pd.to_timedelta(after, unit="s").floor("s"):
            known = [e for e in events[name] if e.occurred_at is not None and e.occurred_at < at]
            answer = engine.recommend(known, profiles[name], Query(k=K), now=at.to_pydatetime())
            rows += [
                (f"{name} {at:%Y-%m-%dT%H:%M:%S}", name, m.module_id, m.rank, m.propensity, at)
                for m in answer.modules
            ]
    columns = ["recommendation_id", "learner_id", "module_id", "rank", "propensity", "occurred_at"]
    shown = pd.DataFrame(rows, columns=columns).assign(bundle_id=engine.bundle_id)
    taken = rng.random(len(shown)) < accepts(shown["learner_id"].to_numpy(), shown["module_id"].to_numpy())
    feedback = shown.loc[taken, ["recommendation_id", "module_id", "occurred_at"]].assign(kind="accepted")
    feedback["occurred_at"] += pd.Timedelta(hours=1)
    write_dataset({**dataset.tables, "recommendations": shown, "feedback": feedback}, out, simulation=NOTICE)
    print(f"{shown['recommendation_id'].nunique():,} answers, {len(feedback):,} modules accepted")


def truth(data: Path, bundle: Path) -> None:
    dataset, engine = load_dataset(data), Engine.load(bundle)
    logged = read_log(dataset, engine.catalog.module_ids)
    chosen = replay(engine, dataset, logged).chosen
    learner = np.array(logged.learner_ids, object)[logged.learner[chosen.answer]]
    expected = accepts(learner, np.array(logged.module_ids, object)[chosen.module])
    print(f"{expected.sum() / len(logged):.3f} modules accepted per answer")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["before", "log", "truth"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--share", type=float, default=0.6)
    given = parser.parse_args()
    if given.what == "before":
        before(given.data, given.out, given.share)
    elif given.what == "log":
        log(given.data, given.bundle, given.out, given.share)
    else:
        truth(given.data, given.bundle)


if __name__ == "__main__":
    main()
