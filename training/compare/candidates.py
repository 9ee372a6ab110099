"""The two models that are compared, with the catalogue of today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.engine import Engine
from recommender.errors import ConfigurationError
from recommender.skills.columns import AttemptColumns
from training.evaluation.module_exam import Scorer
from training.module_models import preferred

Tracer: TypeAlias = Callable[[AttemptColumns], NDArray[np.float64]]
"""The chance of passing each attempt, told from the earlier ones of its learner."""

CHALLENGER = "challenger"
CHAMPION = "champion"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model that serves or wants to.

    Parameters
    ----------
    name : str
        `CHALLENGER` or `CHAMPION`.
    trained : ModelBundle
        As it was trained.
    bundle : ModelBundle
        The same with the catalogue of the data it is judged on.
    engine : Engine
        Of that.
    """

    name: str
    trained: ModelBundle
    bundle: ModelBundle
    engine: Engine

    @classmethod
    def of(cls, name: str, trained: ModelBundle, catalog: Catalog) -> Candidate:
        """Let a model know of a catalogue what it would know of it when it serves."""
        bundle = trained.with_catalog(catalog)
        return cls(name, trained, bundle, Engine(bundle))

    @property
    def audit_fraction(self) -> float:
        """Share of the learners it has not learned from; 0 where it has learned from all."""
        audit = self.trained.manifest.get("audit", {})
        return float(audit.get("fraction", 0.0))

    @property
    def pass_mark(self) -> float:
        """Score from which an attempt passes."""
        return self.trained.difficulty.pass_mark

    @property
    def n_bytes(self) -> int:
        """Size of the bundle on disk."""
        if self.trained.path is None:
            raise ValueError("a candidate was read from a directory")
        return sum(file.stat().st_size for file in Path(self.trained.path).rglob("*") if file.is_file())

    def tracer(self) -> Tracer | None:
        """Return what tells the chance of passing; None where it traces no skills."""
        skills = self.bundle.skills
        return None if skills is None else lambda attempts: skills.predict(attempts, self.bundle.catalog)

    def scorer(self) -> Scorer | None:
        """Return what ranks modules; None where it has learned from no completion."""
        if not self.bundle.views:
            return None
        return partial(preferred, self.bundle.preferences, self.bundle.ranking.value.uniform_floor)

    def claimed(self, *names: str) -> Any:
        """Return a figure of its own training by its path in the metrics; None where there is none."""
        found: Any = self.trained.manifest.get("metrics", {})
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def check_same_question(one: Candidate, other: Candidate) -> None:
    """Refuse two models that were asked different questions.

    Raises
    ------
    ConfigurationError
        They judge passing by different marks.
    """
    if one.pass_mark != other.pass_mark:
        raise ConfigurationError(
            f"{one.name} {one.trained.id} was trained with data.pass_mark = {one.pass_mark:g}, {other.name} "
            f"{other.trained.id} with {other.pass_mark:g}: they say when another thing is passed, so they "
            "cannot be compared; train with the mark of the champion, or promote with --force"
        )
