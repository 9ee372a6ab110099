"""Off-policy estimates as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from rich import box
from rich.table import Table

from recommender.domain.simulation import labelled
from training.evaluation.off_policy.engine_policy import ENGINE
from training.evaluation.off_policy.intervals import Estimate
from training.evaluation.off_policy.report import ESTIMATORS, OffPolicyReport, PolicyResult
from training.evaluation.off_policy.target import AS_LOGGED

REWARD_TITLES: Final = {
    "accepted": "modules accepted",
    "finished": "modules finished",
    "passed": "modules' items passed for the first time, as shares of each module's",
}


def off_policy_table(report: OffPolicyReport, *, simulated: bool) -> Table:
    """Show what each policy would have earned per answer, and how well the log covers it.

    Parameters
    ----------
    report : OffPolicyReport
    simulated : bool
        Whether the log is of simulated data, which its title then says.
    """
    n = report.n
    title = f"{REWARD_TITLES[report.reward].capitalize()} within {report.window_days:g} days, per answer"
    caption = (
        f"{n['answers']:,} answers to {n['learners']:,} learners, {n['explored']:,} of which chance could "
        "have changed; ± is half a 95% interval over learners; ESS: effective sample size, in learners"
    )
    table = Table(
        title=labelled(title, simulated),
        caption=caption,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("policy", no_wrap=True)
    for column in (*map(str.upper, ESTIMATORS), "ESS", "max\nweight", "no\nsupport"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in report.policies.items():
        table.add_row(name, *_cells(name, result), style="bold" if name == ENGINE else "")
    return table


def refusals(report: OffPolicyReport) -> Iterator[str]:
    """Say of every refused policy why, one sentence each."""
    for result in report.policies.values():
        if result.refused:
            yield result.refused


def _cells(name: str, result: PolicyResult) -> Iterator[str]:
    for estimator in ESTIMATORS:
        yield _interval(result.estimates.get(estimator), "refused" if result.refused else "-")
    overlap = result.overlap
    yield f"{overlap.effective:,.0f}"
    yield f"{overlap.max_weight:,.1f}"
    yield "-" if name == AS_LOGGED else f"{overlap.unsupported:.1%}"


def _interval(estimate: Estimate | None, none: str) -> str:
    if estimate is None or math.isnan(estimate.value):
        return none
    if math.isnan(estimate.low):
        return f"{estimate.value:.3f} ±-"
    return f"{estimate.value:.3f} ±{(estimate.high - estimate.low) / 2:.3f}"
