"""What an estimate of gains rests on and how it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GainReport:
    """An estimate in numbers.

    Parameters
    ----------
    overall, overall_error : float
        Rate of a usual length of time for a skill and its standard error.
    sharing : float
        How skills share a module's time, see `recommender.ranking.gain.Dosage`.
    by_level : mapping of str to float
        Mean rate of the skills taught by modules of each level; nothing where rates go by time alone.
    n_modules : int
        Modules that answers come after.
    n_learners, n_answers, n_controls : int
        Learners with an answer after teaching; answers after teaching, and those of controls.
    n_negative : int
        Taught skills whose estimate is below 0 and counts as 0.
    drift : float
        Mean residual of controls before the drift was fitted: what would have passed for gain.
    log_loss : mapping of str to float
        Of answers after teaching by learners held out, in nats: as `declared`, `by_time` alone, and as
        `estimated`.
    by_mastery : mapping of str to list of mapping
        By level, in bins of mastery before: from where, number of answers, rate, standard error, and the
        rate that the modules have by the estimate. Where the two part, the share depends on the learner's
        state.
    """

    overall: float
    overall_error: float
    sharing: float
    by_level: Mapping[str, float]
    n_modules: int
    n_learners: int
    n_answers: int
    n_controls: int
    n_negative: int
    drift: float
    log_loss: Mapping[str, float]
    by_mastery: Mapping[str, list[dict[str, float]]]

    def metrics(self) -> dict[str, Any]:
        """Numbers for tracking, nested by what they are of."""
        found = asdict(self)
        found.pop("by_mastery")
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything, for the manifest."""
        return asdict(self)

    def sentence(self) -> str:
        """Say it in a sentence."""
        levels = ", ".join(f"{name} {rate:.1%}" for name, rate in self.by_level.items())
        of_levels = f" ({levels})" if levels else ""
        return (
            f"A usual length of time for a skill adds {self.overall:.1%} ± {self.overall_error:.1%} of what "
            f"is missing{of_levels}, by {self.n_answers:,} answers of {self.n_learners:,} learners after "
            f"{self.n_modules:,} modules, beside {self.n_controls:,} after others."
        )
