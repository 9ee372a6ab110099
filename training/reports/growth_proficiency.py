"""Report on how long proficiency takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from training.programme.growth_partitions import Kind
from training.programme.growth_proficiency import LAST, PASSED, CurvePoint, Curves, Spells, curves
from training.programme.growth_sittings import FEWEST_PEOPLE
from training.programme.ledger import Bools, Ledger
from training.reports.growth_charts import curves_chart
from training.reports.growth_tables import curves_sheet
from training.reports.sheet import NotShown, Report, Section

QUESTION: Final = "How long does it take until people are proficient in a skill?"
_TITLE: Final = "Time to proficiency"
NOT_FOLLOWED: Final = NotShown(
    "proficiency",
    _TITLE,
    QUESTION,
    "No answer with a date is to an item of a skill; it takes attempts on such.",
)
_PROFICIENT: Final = (
    f"Somebody counts as proficient in a skill once, of their last {LAST} answers to items of it, each the "
    f"first to its item, at least {PASSED} passed. Looked at is the first skill in which that is so."
)


def report(kind: Kind, found: Spells, groups: Mapping[str, Bools]) -> Report | NotShown:
    """Report on proficiency in one partition of people."""
    name, title = f"proficiency-by-{kind}", f"{_TITLE} by {kind}"
    seen = ~np.isnan(found.months)
    ledger = Ledger(seen)
    told = curves(found, {name: group & seen for name, group in groups.items()}, ledger)
    if not told.points:
        reason = (
            f"It takes {FEWEST_PEOPLE} people who are still followed at some month, and that few people "
            "stand out at none."
        )
        return NotShown(name, title, QUESTION, reason)
    return Report(
        name=name,
        title=title,
        question=QUESTION,
        answer=_answer(kind, told),
        sections=(
            Section(
                title="Share proficient, by months since the first answer",
                text=(_PROFICIENT,),
                chart=curves_chart(kind, told),
                sheet=curves_sheet(kind, told),
                notes=(
                    "The share is an estimate for the case that everybody had gone on: people who stopped "
                    "answering count for as long as they answered.",
                ),
            ),
        ),
        cannot_show=(
            "Who knew it before: the share in the first month holds what people brought along.",
            "Faster than items are asked nobody can be proficient: five answers to items of one skill are "
            "needed, and where these come at fixed dates the curve follows the dates.",
            f"Months for which fewer than {FEWEST_PEOPLE} people were still followed, and those between the "
            "ones shown, in which single people would stand out.",
        ),
        method=(
            "Time runs from somebody's first answer to the answer that made them proficient, or to their "
            "last one where that was not reached (Kaplan and Meier 1958); intervals by the exponential "
            "Greenwood formula (Hosmer, Lemeshow and May 2008). Assumed is that those who stop answering "
            "would have gone on like the others. If those stop who learn least, the true share is lower.",
            f"By luck alone somebody who passes every second item passes {PASSED} of {LAST} about one time "
            "in five, so proficiency here is a first sign and no certificate. Repeated answers to an item "
            "do not count, nor do people who are hired later.",
        ),
        n_withheld=ledger.n_withheld,
    )


def _answer(kind: Kind, told: Curves) -> tuple[str, ...]:
    everybody = [point for point in told.points if point.group is None]
    lines = []
    main = _main(everybody)
    if main is not None:
        n = told.n_learners[None]
        lines.append(
            f"{main.months} months after their first answer an estimated {main.share:.0%} of people are "
            f"proficient in at least one skill (between {main.low:.0%} and {main.high:.0%}; {n:,} people)."
        )
        half = next((point for point in everybody if point.low >= 0.5), None)
        lines.append(
            f"At least half are by month {half.months} ({half.share:.0%}, between {half.low:.0%} and "
            f"{half.high:.0%})."
            if half is not None
            else "At no time shown is it sure that half of them are."
        )
    lines += _groups(kind, told)
    return tuple(lines)


def _main(points: list[CurvePoint]) -> CurvePoint | None:
    """Take the point at 12 months, or the last before it, or the first."""
    before = [point for point in points if point.months <= 12]
    return before[-1] if before else points[0] if points else None


def _groups(kind: Kind, told: Curves) -> list[str]:
    """Say which groups are told most and least of, at the month that most groups have."""
    points = [point for point in told.points if point.group is not None]
    by_month = {
        month: [p for p in points if p.months == month] for month in sorted({p.months for p in points})
    }
    if not by_month:
        return []
    month = max(by_month, key=lambda one: (len(by_month[one]), one))
    rows = by_month[month]
    if len(rows) < 2:
        return []
    most, least = max(rows, key=lambda p: p.share), min(rows, key=lambda p: p.share)
    if most.low > least.high:
        return [
            f"By month {month} of {len(rows)} {kind}s most are in {most.group} ({most.share:.0%}, between "
            f"{most.low:.0%} and {most.high:.0%}), fewest in {least.group} ({least.share:.0%}, between "
            f"{least.low:.0%} and {least.high:.0%})."
        ]
    return [
        f"By month {month} the shares of {len(rows)} {kind}s reach from {least.share:.0%} to "
        f"{most.share:.0%}: no difference that could not be chance."
    ]
