"""The whole comparison: from two models and a dataset to a verdict of every gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np

from recommender.domain.catalog import Catalog
from training.audit import audited_only, without_audited
from training.columns import catalog_of
from training.compare import gates
from training.compare.baseline import BASELINE, item_mean, popularity
from training.compare.candidates import Candidate, Tracer, check_same_question
from training.compare.config import GatesConfig
from training.compare.figures import Difference
from training.compare.gates import Verdict
from training.compare.measure import answers_of, labels_of, milliseconds, starts_of
from training.datasets.dataset import Dataset
from training.evaluation.module_exam import Scorer
from training.evaluation.protocols import TRAINING_PROTOCOLS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a challenger.

    Parameters
    ----------
    verdicts : tuple of Verdict
        One a gate.
    champion : str or None
        Id of the bundle it was compared with; None for what a first model has to beat.
    fraction : float
        Share of the learners they were compared on.
    """

    verdicts: tuple[Verdict, ...]
    champion: str | None
    fraction: float

    @property
    def passed(self) -> bool:
        """Whether the challenger may serve."""
        return gates.may_serve(self.verdicts)


@dataclass(frozen=True, slots=True)
class Asked:
    """How models are compared.

    Parameters
    ----------
    gates : GatesConfig
    audit_fraction : float
        Share of the learners whom no model learns from.
    cuts : sequence of float
        Of the temporal protocol.
    seed : int
    now : datetime
        Moment of the recommendations that are timed.
    """

    gates: GatesConfig
    audit_fraction: float
    cuts: Sequence[float]
    seed: int
    now: datetime


def compare(
    dataset: Dataset,
    challenger: Candidate,
    champion: Candidate | None,
    asked: Asked,
) -> Comparison:
    """Compare two models, or the first one with what it has to beat.

    Parameters
    ----------
    dataset : Dataset
        The whole one.
    challenger, champion : Candidate
        With the catalogue of the dataset.
    """
    fraction = _fraction(challenger, champion, asked.audit_fraction)
    catalog = catalog_of(dataset)
    audited = audited_only(dataset, fraction)
    rng = np.random.default_rng(asked.seed)
    if champion is None:
        learned = without_audited(dataset, fraction)
        other, tracer = BASELINE, item_mean(learned, catalog, challenger.pass_mark)
        scorer = popularity(learned, catalog)
    else:
        check_same_question(challenger, champion)
        other, tracer, scorer = champion.name, champion.tracer(), champion.scorer()
    found: dict[str, Difference] = {}
    verdicts = [gates.independence(challenger, asked.audit_fraction)]
    tracers = _both(challenger.name, challenger.tracer(), other, tracer)
    scorers = _both(challenger.name, challenger.scorer(), other, scorer)
    verdicts += _tracing(audited, catalog, challenger, tracers, asked, rng, found)
    verdicts += _ranking(audited, catalog, scorers, asked, rng, found)
    candidates = [one for one in (challenger, champion) if one is not None]
    times = milliseconds(audited, candidates, now=asked.now)
    verdicts.append(
        gates.latency(times, asked.gates)
        if times
        else Verdict("latency", "not judged", "nobody to recommend to is among the learners compared on")
    )
    verdicts.append(gates.size(challenger, champion, asked.gates))
    verdicts.append(gates.better(found, asked.gates))
    return Comparison(tuple(verdicts), None if champion is None else champion.trained.id, fraction)


def _fraction(challenger: Candidate, champion: Candidate | None, wanted: float) -> float:
    """Share of the learners whom neither has learned from, as far as there is one."""
    kept = [
        one.audit_fraction for one in (challenger, champion) if one is not None and one.audit_fraction > 0
    ]
    return min([*kept, wanted])


def _both(name: str, mine: T | None, other: str, its: T | None) -> Mapping[str, T] | None:
    return None if mine is None or its is None else {name: mine, other: its}


def _tracing(
    audited: Dataset,
    catalog: Catalog,
    challenger: Candidate,
    tracers: Mapping[str, Tracer] | None,
    asked: Asked,
    rng: np.random.Generator,
    found: dict[str, Difference],
) -> list[Verdict]:
    names = ("own_figures", "tracing", "calibration", "groups")
    answers = None if tracers is None else answers_of(audited, catalog, tracers, challenger.pass_mark)
    if answers is None or not len(answers.y):
        reason = "no attempts, or one of the two traces no skills"
        return [Verdict(name, "not judged", reason) for name in names]
    difference = answers.auc(rng)
    if difference is not None:
        found["AUC"] = difference
    return [
        gates.own_figures(challenger, answers, asked.gates, rng),
        gates.tracing(difference, asked.gates),
        gates.calibration(answers, asked.gates, rng),
        gates.groups(answers, labels_of(audited), asked.gates, rng),
    ]


def _ranking(
    audited: Dataset,
    catalog: Catalog,
    scorers: Mapping[str, Scorer] | None,
    asked: Asked,
    rng: np.random.Generator,
    found: dict[str, Difference],
) -> list[Verdict]:
    verdicts = []
    for protocol in TRAINING_PROTOCOLS:
        name = protocol.replace("-", "_")
        starts = (
            "one of the two has learned from no completion"
            if scorers is None
            else starts_of(audited, catalog, scorers, protocol=protocol, cuts=asked.cuts, seed=asked.seed)
        )
        if isinstance(starts, str):
            verdicts.append(Verdict(name, "not judged", starts))
            continue
        found[f"NDCG@10 {protocol}"] = difference = starts.difference(rng)
        verdicts.append(gates.ranking(name, difference, asked.gates))
    return verdicts
