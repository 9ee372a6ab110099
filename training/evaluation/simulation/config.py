"""What is simulated, and by which rules: declared before anything was tuned against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recommender.errors import ConfigurationError
from training.datasets.sample.parameters import LEARNER_MODELS

MOST_LEARNERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Rules:
    """How a programme runs, the same for every policy.

    Parameters
    ----------
    ready : float
        Readiness, 1 - open weighted gap / weighted requirement, at which somebody is ready for a role.
    most_minutes : float
        Minutes of study after which a programme ends; who is not ready by then counts with these minutes: a
        restricted mean (Royston and Parmar 2013).
    most_weeks : int
        Weeks after which it ends.
    weekly, weekly_per_motivation : float
        Logit of learning in a week, at average motivation and per unit of it: .69 and more or less. Chosen: a
        programme that has an end, and time set aside for it, is not left to fade as free use is.
    check_share : float
        Share of learners who answer the skill check at the start.
    drop_out_per_failure : float
        Added to the log of the weekly rate of leaving per unit of the running share of failures above
        `usual_failures`. Chosen: those who keep failing leave rather. Leaving is only noted, and the
        programme goes on: minutes to readiness are then not those of whoever happened to stay.
    usual_failures : float
        Share of failures at which the rate of leaving is that of the sample.
    failure_memory : float
        Rate of that running share, per answer.
    most_items : int
        Items that the engine may ask before its first recommendation, in its own adaptive test of the role's
        skills; their time counts. No other policy has a test of its own.
    rest_days : float
        Days for which no policy offers again what a learner gave up.
    followed_minutes : float
        Minutes for which everybody is followed under the engine, ready or not, to hold the chances of passing
        that it tells against what happens. Programmes do not show that: who is really ready, which no
        estimate can know, leaves them, and leaves behind those who are worse than they seem.
    """

    ready: float = 0.8
    most_minutes: float = 3_000.0
    most_weeks: int = 520
    weekly: float = 0.8
    weekly_per_motivation: float = 0.5
    check_share: float = 0.85
    drop_out_per_failure: float = 2.0
    usual_failures: float = 0.35
    failure_memory: float = 0.1
    most_items: int = 30
    rest_days: float = 60.0
    followed_minutes: float = 1_000.0


@dataclass(frozen=True, slots=True)
class Variation:
    """A world in which learners learn or forget otherwise than those whom the bundle was trained on.

    Parameters
    ----------
    learner_model : {"growth", "states"}
    learning : float
        Factor of what an hour of study adds.
    forgetting : float
        Factor of how fast skills fade: half-lives are divided by it.
    """

    learner_model: str
    learning: float = 1.0
    forgetting: float = 1.0

    @property
    def name(self) -> str:
        """Name it.

        >>> Variation("growth", forgetting=2.0).name
        'growth, forgetting x2'
        """
        changed = {"learning": self.learning, "forgetting": self.forgetting}
        return ", ".join([self.learner_model, *(f"{k} x{v:g}" for k, v in changed.items() if v != 1.0)])


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """What to simulate.

    Parameters
    ----------
    learners : int
        Of each seed, at least 5: groups of fewer are not reported.
    seeds : int
        How many organisations of new people, at least 2.
    learner_models : tuple of str
    factors : tuple of float
        Beside the world as it is, worlds with learning, and worlds with forgetting, times each of these.
    ablations : bool
        Whether engines without one of their parts take part.
    rules : Rules
    """

    learners: int = 300
    seeds: int = 10
    learner_models: tuple[str, ...] = tuple(LEARNER_MODELS)
    factors: tuple[float, ...] = ()
    ablations: bool = False
    rules: Rules = Rules()

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises
        ------
        ConfigurationError
        """
        _within("--learners", self.learners, 5, MOST_LEARNERS)
        _within("--seeds", self.seeds, 2, 1000)
        for factor in self.factors:
            if not 0.01 <= factor <= 100.0:
                raise ConfigurationError(f"--factor {factor:g} is out of range; give 0.01 to 100")
        for model in self.learner_models:
            if model not in LEARNER_MODELS:
                known = " or ".join(LEARNER_MODELS)
                raise ConfigurationError(f"--learner-model {model!r} is not known; use {known}")

    @property
    def variations(self) -> tuple[Variation, ...]:
        """Worlds, each learner model as it is first."""
        found = [Variation(model) for model in self.learner_models]
        for model in self.learner_models:
            found += [Variation(model, learning=factor) for factor in self.factors]
            found += [Variation(model, forgetting=factor) for factor in self.factors]
        return tuple(found)


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigurationError(f"{option} {value} is out of range; give {low} to {high}")
