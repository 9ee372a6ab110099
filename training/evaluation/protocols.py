"""The protocols of ``benchmark modules`` by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from recommender.embeddings.histories import Interactions
from recommender.errors import InputError
from training.evaluation.splits import Split, Unavailable, leave_last_out, temporal
from training.evaluation.splits_cold import N_FOLDS, cold_modules
from training.evaluation.splits_few_shot import few_shot
from training.evaluation.splits_holdout import HeldOut, holdout

TEMPORAL: Final = "temporal"
PROTOCOLS: Final = ("leave-last-out", TEMPORAL, "holdout", "few-shot", "cold-modules")
TRAINING_PROTOCOLS: Final = ("leave-last-out", TEMPORAL)
"""What every training is judged by: they need no table of their own, and models are fitted few times."""
CUTS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)


def require_known(protocol: str) -> None:
    """Refuse a protocol that is not among `PROTOCOLS`.

    Raises
    ------
    InputError
        Names those that are.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"protocol {protocol!r} is not known; use one of {', '.join(PROTOCOLS)}")


def most_splits(protocol: str, cuts: Sequence[float] = CUTS) -> int:
    """How often models are fitted under a protocol, at most.

    Examples
    --------
    >>> most_splits("temporal", (0.5, 0.8)), most_splits("few-shot"), most_splits("cold-modules")
    (2, 1, 5)
    """
    return {TEMPORAL: len(cuts), "cold-modules": N_FOLDS}.get(protocol, 1)


def splits_of(
    interactions: Interactions,
    protocol: str,
    *,
    cuts: Sequence[float] = CUTS,
    held_out: HeldOut | None = None,
    rng: np.random.Generator,
) -> list[Split] | Unavailable:
    """Split the data as a protocol says; the targets of all its splits are pooled.

    Parameters
    ----------
    interactions : Interactions
        First starts of all learners.
    protocol : str
        One of `PROTOCOLS`.
    cuts : sequence of float
        Fractions of the time span, for ``temporal`` only.
    held_out : HeldOut, optional
        For ``holdout`` only.
    rng : numpy Generator
        Draws the unseen learners of ``few-shot`` and the folds of ``cold-modules``.

    Returns
    -------
    list of Split, or Unavailable
        At least one; Unavailable when the data does not allow the protocol, with the first reason met.

    Raises
    ------
    InputError
        If the protocol is unknown.
    """
    require_known(protocol)
    match protocol:
        case "leave-last-out":
            return _all_of([leave_last_out(interactions)])
        case "holdout":
            return _all_of([holdout(interactions, held_out)])
        case "few-shot":
            return _all_of([few_shot(interactions, rng)])
        case "cold-modules":
            return cold_modules(interactions, rng)
    return _all_of(temporal(interactions, cut) for cut in cuts)


def _all_of(splits: Iterable[Split | Unavailable]) -> list[Split] | Unavailable:
    usable: list[Split] = []
    for split in splits:
        if isinstance(split, Unavailable):
            return split
        usable.append(split)
    return usable
