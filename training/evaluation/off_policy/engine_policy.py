"""What an engine would have answered at the logged moments, and which modules it was free to show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recommender.blocks.learners import LearnerBlock
from recommender.domain.events import Event, event_key
from recommender.domain.learner import LearnerProfile
from recommender.engine import Engine
from recommender.errors import DatasetError
from training.datasets.dataset import Dataset
from training.evaluation.off_policy.events import events_of, profiles_of
from training.evaluation.off_policy.log import Ints, Log
from training.evaluation.off_policy.target import Target

ENGINE: Final = "engine"


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """Answers of an engine.

    Parameters
    ----------
    chosen : Target
        What it would have shown, as many modules as were shown.
    eligible : tuple of int64 arrays, length n_answers
        Modules that its rules left, in its order.
    """

    chosen: Target
    eligible: tuple[Ints, ...]


def without_chance(engine: Engine) -> Engine:
    """Return the same engine as it answers when it does not explore."""
    ranking = engine.bundle.ranking.model_copy(update={"exploration": 0.0})
    return Engine(replace(engine.bundle, ranking=ranking))


def learned_before(engine: Engine, dataset: Dataset, log: Log) -> np.ndarray:
    """Which answers came after everything that the engine learned from, bool array of shape (n_answers,).

    Of other answers it may know what came of them.

    Raises
    ------
    DatasetError
        It was trained on this very dataset, or no answer came after.
    """
    trained_on = engine.manifest.get("dataset")
    if isinstance(trained_on, Mapping) and trained_on.get("fingerprint") == dataset.fingerprint:
        raise DatasetError(
            f"the bundle was trained on dataset {dataset.name} itself, so it knows what came of these "
            "answers; train it on what was there before the first of them"
        )
    use = engine.bundle.use
    end = -np.inf if use is None or np.isnan(use.end[0]) else float(use.end[0])
    after: np.ndarray = log.at > end
    if not after.any():
        raise DatasetError(
            "no answer of the log came after the last start that the bundle learned from, so it may know "
            "what came of them; train it on what was there before the first of them"
        )
    return after


def replay(engine: Engine, dataset: Dataset, log: Log) -> Replayed:
    """Ask an engine again at every moment of a log, with what the learner had done before it.

    Wishes of the moment (minutes, formats, a role asked for) are in no log, and profiles are those of the
    dataset: where they differed, the answer would have been another.

    Parameters
    ----------
    engine : Engine
        Its exploration, if any, is left out.
    log : Log
        Its `module_ids` hold those of the engine's catalogue.
    """
    engine = without_chance(engine)
    place = {module_id: i for i, module_id in enumerate(log.module_ids)}
    of_catalog = np.array([place[m] for m in engine.catalog.module_ids], np.int64)
    chosen: dict[int, Ints] = {}
    eligible: dict[int, Ints] = {}
    for i, block in _moments(engine, dataset, log):
        for k, into in ((int(log.n_shown[i]), chosen), (engine.catalog.n_modules, eligible)):
            found = engine.in_blocks().recommend(block, k=k, now=float(log.at[i])).module[0]
            into[i] = of_catalog[found[found >= 0]]
    in_order = range(len(log))
    return Replayed(Target.of(ENGINE, [chosen[i] for i in in_order]), tuple(eligible[i] for i in in_order))


def _moments(engine: Engine, dataset: Dataset, log: Log) -> Iterator[tuple[int, LearnerBlock]]:
    """Walk through the events of every learner and stop at their answers."""
    names = {log.learner_ids[i] for i in np.unique(log.learner).tolist()}
    events, profiles = events_of(dataset, names), profiles_of(dataset, names)
    answers: dict[str, list[int]] = defaultdict(list)
    for i, learner in enumerate(log.learner.tolist()):
        answers[log.learner_ids[learner]].append(i)
    for name, asked in answers.items():
        yield from _of_learner(engine, events[name], profiles[name], asked, log)


def _of_learner(
    engine: Engine, events: list[Event], profile: LearnerProfile, asked: list[int], log: Log
) -> Iterator[tuple[int, LearnerBlock]]:
    state, done = engine.fold([]), 0
    for i in asked:
        while done < len(events) and event_key(events[done])[0] < log.at[i]:
            engine.update(state, events[done])
            done += 1
        yield i, LearnerBlock.of_states([state if done else None], [profile], engine.catalog)
