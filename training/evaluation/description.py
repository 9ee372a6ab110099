"""What a dataset looks like: the numbers by which it can be laid beside others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from training.datasets.dataset import Dataset
from training.evaluation.description_activity import Size, Spread, size, spread
from training.evaluation.description_choice import Popularity, Succession, popularity, succession
from training.evaluation.description_events import Clock, events_of, numbered, starts_of
from training.evaluation.description_outcomes import (
    Completion,
    Difficulty,
    Scores,
    completion,
    difficulty,
    scores,
)
from training.evaluation.description_time import Rhythm, Sessions, Stay, rhythm, sessions, stay
from training.evaluation.description_values import NO_ATTEMPTS, NO_COMPLETIONS

TITLE: Final = "title"
"""Key in a field's metadata for the heading of its section."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a dataset looks like, section by section; each section's class defines its numbers.

    Parameters
    ----------
    name, fingerprint, simulated
        As of the dataset.
    clock : {"none", "months", "days", "times"}
        What its times tell; see `Events`.
    size : Size
    events, starts, attempts : Spread
        Over learners: rows of attempts and completions together; first starts; rows of attempts.
    completion : Completion
    attempt_scores, completion_scores : Scores
    difficulty : Difficulty
    popularity : Popularity
    succession : Succession
    sessions : Sessions
    rhythm : Rhythm
    stay : Stay
    """

    name: str
    fingerprint: str
    simulated: bool
    clock: Clock
    size: Size = field(metadata={TITLE: "Size"})
    events: Spread = field(metadata={TITLE: "Events per learner"})
    starts: Spread = field(metadata={TITLE: "First starts per learner"})
    attempts: Spread = field(metadata={TITLE: "Attempts per learner"})
    completion: Completion = field(metadata={TITLE: "Completion"})
    attempt_scores: Scores = field(metadata={TITLE: "Scores of attempts"})
    completion_scores: Scores = field(metadata={TITLE: "Scores of completions"})
    difficulty: Difficulty = field(metadata={TITLE: "Passing, and difficulty of items"})
    popularity: Popularity = field(metadata={TITLE: "Popularity of modules"})
    succession: Succession = field(metadata={TITLE: "What is started next"})
    sessions: Sessions = field(metadata={TITLE: "Gaps and sessions"})
    rhythm: Rhythm = field(metadata={TITLE: "Week and day"})
    stay: Stay = field(metadata={TITLE: "Staying"})


def describe_dataset(dataset: Dataset) -> Description:
    """Describe a dataset in numbers that can be laid beside those of another.

    Parameters
    ----------
    dataset : Dataset
        A loaded dataset; it is not changed.

    Returns
    -------
    Description
        The same for any naming of learners, modules and items. What the data does not tell is None with the
        reason, never a guess.

    Raises
    ------
    DatasetError
        There is neither an attempt nor a completion.
    """
    events, starts = events_of(dataset), starts_of(dataset)
    attempts, completions = dataset.tables.get("attempts"), dataset.tables.get("completions")
    return Description(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        simulated=dataset.simulated,
        clock=events.clock,
        size=size(dataset, events, starts),
        events=spread(events.learner, "it has no events"),
        starts=spread(starts.learner if starts is not None else None, NO_COMPLETIONS),
        attempts=spread(numbered(attempts["learner_id"]) if attempts is not None else None, NO_ATTEMPTS),
        completion=completion(starts),
        attempt_scores=scores(attempts, "attempts"),
        completion_scores=scores(completions, "completions"),
        difficulty=difficulty(attempts),
        popularity=popularity(dataset, starts),
        succession=succession(starts, events.clock),
        sessions=sessions(events),
        rhythm=rhythm(events),
        stay=stay(events),
    )
