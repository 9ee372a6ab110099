"""What a challenger has to pass to serve, each gate with its figures and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from training.audit import LEAST_AUDITED
from training.compare.candidates import Candidate
from training.compare.config import GatesConfig
from training.compare.figures import Difference
from training.compare.measure import Answers
from training.evaluation.auc_bootstrap import auc_interval, bootstrap_aucs
from training.evaluation.metrics import auc

State = Literal["passed", "failed", "not judged"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says.

    Parameters
    ----------
    gate : str
    state : {"passed", "failed", "not judged"}
    reason : str
        One sentence, in plain words.
    challenger, champion : float or None
    low, high : float or None
        Interval of the difference.
    """

    gate: str
    state: State
    reason: str
    challenger: float | None = None
    champion: float | None = None
    low: float | None = None
    high: float | None = None


def independence(challenger: Candidate, wanted: float) -> Verdict:
    """Whether the challenger has not learned from those whom models are compared on."""
    kept = challenger.audit_fraction
    if kept >= wanted > 0:
        return Verdict("independence", "passed", f"it has not learned from {wanted:.0%} of the learners")
    return Verdict(
        "independence",
        "failed",
        f"it has learned from learners whom models are compared on: it kept {kept:.0%} of them apart, and "
        f"{wanted:.0%} are asked about; train with evaluation.audit_fraction = {wanted:g}",
    )


def own_figures(
    challenger: Candidate, answers: Answers, gates: GatesConfig, rng: np.random.Generator
) -> Verdict:
    """Whether what its own training found of it holds for learners it has never seen.

    Two independent groups of learners: the difference has the root of the summed squared errors. A model
    whose own figure is too good has seen what it was tested on; one that is too good here has seen these.
    """
    claimed = challenger.claimed("skills_by_group", "everybody", "auc")
    ends = [challenger.claimed("skills_by_group", "everybody", f"auc_ci95_{end}") for end in ("low", "high")]
    p = answers.p[challenger.name]
    found = auc(answers.y, p)
    interval = auc_interval(bootstrap_aucs(answers.y, {"p": p}, answers.learner, rng)["p"])
    if claimed is None or None in ends or found is None or interval is None:
        return Verdict("own_figures", "not judged", "its training found no AUC that could be looked at again")
    width = norm.ppf((1 + gates.confidence) / 2) / norm.ppf(0.975)
    error = width * math.hypot(ends[1] - ends[0], interval[1] - interval[0]) / 2
    low, high = found - claimed - error, found - claimed + error
    told = f"its training found an AUC of {claimed:.3f}, these learners show {found:.3f}"
    if high < -gates.claim_margin:
        reason = f"{told}: it was tested on what it had seen"
        return Verdict("own_figures", "failed", reason, found, None, low, high)
    if low > gates.claim_margin:
        reason = f"{told}: it has seen what it is compared on"
        return Verdict("own_figures", "failed", reason, found, None, low, high)
    return Verdict("own_figures", "passed", told, found, None, low, high)


def not_worse(
    gate: str,
    difference: Difference,
    margin: float,
    gates: GatesConfig,
    *,
    what: str,
    more_is_better: bool = True,
) -> Verdict:
    """Whether data rule out that the challenger is worse by more than a margin.

    A test of non-inferiority (Wellek 2010, "Testing Statistical Hypotheses of Equivalence and
    Noninferiority", chapter 2): the whole interval of the difference lies on the near side of the margin.
    """
    low, high = difference.interval(gates.confidence)
    said = (
        f"{what} {difference.challenger:.4f}, champion {difference.champion:.4f}; difference "
        f"{difference.value:+.4f}, {gates.confidence:.0%} interval {low:+.4f} to {high:+.4f}, "
        f"{difference.n_learners:,} learners"
    )
    figures = (difference.challenger, difference.champion, low, high)
    worst = -low if more_is_better else high
    if difference.n_learners < LEAST_AUDITED:
        reason = f"{difference.n_learners} learners are too few to compare on; {LEAST_AUDITED} are needed"
        return Verdict(gate, "failed", reason)
    if worst <= margin:
        return Verdict(gate, "passed", said, *figures)
    is_worse = high < 0 if more_is_better else low > 0
    why = "it is worse" if is_worse else "that it is worse is not ruled out"
    return Verdict(gate, "failed", f"{why} by more than {margin:.4f}: {said}", *figures)


def tracing(difference: Difference | None, gates: GatesConfig) -> Verdict:
    """Whether passes are told from fails as well."""
    if difference is None:
        return Verdict("tracing", "not judged", "all attempts have the same outcome")
    return not_worse("tracing", difference, gates.auc_margin, gates, what="AUC")


def calibration(answers: Answers, gates: GatesConfig, rng: np.random.Generator) -> Verdict:
    """Whether chances come true as often as they say."""
    margin, difference = gates.calibration_margin, answers.calibration(rng)
    return not_worse("calibration", difference, margin, gates, what="calibration error", more_is_better=False)


def ranking(name: str, difference: Difference, gates: GatesConfig) -> Verdict:
    """Whether what learners started next is as far up."""
    margin = gates.ranking_margin * difference.champion
    return not_worse(name, difference, margin, gates, what="NDCG@10")


def groups(
    answers: Answers,
    labels: Mapping[str, Sequence[str | None]],
    gates: GatesConfig,
    rng: np.random.Generator,
) -> Verdict:
    """Whether no group of learners is served worse.

    A group fails where its mean squared error is larger by more than the margin, and beyond chance: one-sided
    tests of all groups together (Holm 1979).
    """
    found: list[tuple[str, Difference]] = []
    for column, of_learner in labels.items():
        of_row = np.array([of_learner[i] or "" for i in answers.learner.tolist()], np.str_)
        for value in sorted(set(of_row.tolist()) - {""}):
            rows = of_row == value
            if len(np.unique(answers.learner[rows])) >= LEAST_AUDITED:
                found.append((f"{column} {value}", answers.brier(rows, rng)))
    if not found:
        return Verdict("groups", "not judged", f"no group has {LEAST_AUDITED} learners to compare on")
    ordered = sorted(found, key=lambda one: one[1].chance_within(gates.group_margin))
    worse = []
    for place, (name, difference) in enumerate(ordered):
        if difference.chance_within(gates.group_margin) * (len(ordered) - place) >= 1 - gates.confidence:
            break
        worse.append(f"{name} ({difference.challenger:.4f} instead of {difference.champion:.4f})")
    if worse:
        reason = f"chances of passing are further off for {', '.join(worse)}"
        return Verdict("groups", "failed", reason)
    return Verdict("groups", "passed", f"for none of {len(found)} groups are chances further off")


def latency(found: Mapping[str, float], gates: GatesConfig) -> Verdict:
    """Whether a recommendation takes no longer; `found` is the milliseconds by name, the challenger first."""
    challenger, *others = found.values()
    champion = others[0] if others else None
    said = f"{challenger:.2f} ms a recommendation"
    if champion is not None:
        said += f", champion {champion:.2f} ms"
    if challenger > gates.most_milliseconds:
        return Verdict(
            "latency", "failed", f"{said}; at most {gates.most_milliseconds:g} are allowed", challenger
        )
    if champion is not None and challenger > gates.latency_ratio * champion:
        reason = f"{said}: more than {gates.latency_ratio:g} times as long"
        return Verdict("latency", "failed", reason, challenger, champion)
    return Verdict("latency", "passed", said, challenger, champion)


def size(challenger: Candidate, champion: Candidate | None, gates: GatesConfig) -> Verdict:
    """Whether the bundle is not much larger."""
    mine, its = challenger.n_bytes / 1e6, None if champion is None else champion.n_bytes / 1e6
    said = f"{mine:.1f} MB" + ("" if its is None else f", champion {its:.1f} MB")
    if mine > gates.most_megabytes:
        return Verdict("size", "failed", f"{said}; at most {gates.most_megabytes:g} are allowed", mine, its)
    if its is not None and mine > gates.size_ratio * its:
        return Verdict("size", "failed", f"{said}: more than {gates.size_ratio:g} times as large", mine, its)
    return Verdict("size", "passed", said, mine, its)


def better(differences: Mapping[str, Difference], gates: GatesConfig) -> Verdict:
    """Whether the challenger is better at anything, beyond chance.

    One-sided tests of all together (Holm 1979): of two equal models one is let through by chance in at most
    ``1 - confidence`` of all comparisons.
    """
    if not differences:
        return Verdict("better", "failed", "nothing could be compared, so nothing speaks for it")
    chances = {name: its.chance_within() for name, its in differences.items()}
    best = min(chances, key=lambda name: chances[name])
    its, adjusted = differences[best], min(1.0, chances[best] * len(chances))
    figures = (its.challenger, its.champion, *its.interval(gates.confidence))
    said = f"{best} {its.challenger:.4f} instead of {its.champion:.4f}"
    if adjusted < 1 - gates.confidence:
        return Verdict("better", "passed", f"it is better at {said}", *figures)
    reason = f"at nothing is it better beyond chance; nearest is {said}, p = {adjusted:.2f}"
    return Verdict("better", "failed", reason, *figures)


def may_serve(verdicts: Sequence[Verdict]) -> bool:
    """Whether no gate failed."""
    return all(one.state != "failed" for one in verdicts)
