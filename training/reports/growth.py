"""Reports on learning: whether people learned, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from training.programme.growth import scale_of
from training.programme.growth_groups import GrowthFound, growth
from training.programme.growth_partitions import KINDS, Kind, partition
from training.programme.growth_proficiency import spells
from training.programme.growth_scale import Scale
from training.programme.growth_sittings import first_answers
from training.programme.ledger import Bools, Ledger
from training.programme.programme import Programme
from training.reports import growth_proficiency, growth_words
from training.reports.growth_charts import everybody_chart, groups_chart
from training.reports.growth_tables import everybody_sheet, groups_sheet, rest_sheet, returned_sheet
from training.reports.sheet import NotShown, Report, Section

QUESTION: Final = "Did people learn?"
_UNKNOWN: Final[Mapping[Kind, str]] = {
    "cohort": "nobody has a first answer with a date",
    "segment": "no learner has a segment; with learners.segment, or roles.segment, it would be there",
    "role": "no learner has a role; with learners.role_id it would be there",
}

_FEW: Final = (
    "It cannot be told without few people standing out; it takes more people who were measured twice."
)


def growth_reports(programme: Programme) -> list[Report | NotShown]:
    """Report on what people gained and on how long proficiency takes, by cohort, segment and role.

    Each is a report of its own, with a ledger of its own. Gains are from answers to items, never from
    completions.
    """
    began = first_answers(programme)
    if began is None:
        reason = (
            "There are no answers to items with a date, and only these show learning: completions do not. "
            "With attempts.occurred_at on every attempt and completion it would be there."
        )
        return [NotShown("growth", "Learning", QUESTION, reason)]
    scale, followed = scale_of(programme), spells(programme)
    groups = {kind: partition(programme, kind, began) for kind in KINDS}
    by_gain = {kind: _growth_report(kind, scale, groups[kind]) for kind in KINDS if groups[kind]}
    shown: list[Report | NotShown] = []
    if all(report is None for report in by_gain.values()):
        shown.append(NotShown("growth", "Learning", QUESTION, growth_words.NOT_LINKED))
    else:
        shown += [
            report or NotShown(f"growth-by-{kind}", f"Learning by {kind}", QUESTION, _FEW)
            for kind, report in by_gain.items()
        ]
    if followed is None:
        shown.append(growth_proficiency.NOT_FOLLOWED)
    else:
        shown += [growth_proficiency.report(kind, followed, groups[kind]) for kind in by_gain]
    shown += [
        NotShown(f"growth-by-{kind}", f"Learning by {kind}", QUESTION, f"{_UNKNOWN[kind].capitalize()}.")
        for kind in KINDS
        if not groups[kind]
    ]
    return shown


def _growth_report(kind: Kind, scale: Scale | None, groups: Mapping[str, Bools]) -> Report | None:
    if scale is None:
        return None
    among = np.zeros(scale.sittings.due.shape[1], np.bool_)
    among[scale.sittings.learner] = True
    ledger = Ledger(among)
    found = growth(scale, {name: group & among for name, group in groups.items()}, ledger)
    return None if found is None else as_report(kind, found, ledger)


def as_report(kind: Kind, found: GrowthFound, ledger: Ledger) -> Report:
    """Put what was found into words, charts and tables."""
    sections = [
        Section(
            title="Everybody, at the start and later",
            text=growth_words.READING,
            chart=everybody_chart(found),
            sheet=everybody_sheet(found),
        )
    ]
    if found.groups:
        sections.append(
            Section(
                title=f"By {kind}",
                text=growth_words.about_groups(kind),
                chart=groups_chart(kind, found),
                sheet=groups_sheet(kind, found),
                notes=growth_words.GROUP_NOTES,
            )
        )
    rest = rest_sheet(kind, found)
    if rest is not None:
        sections.append(
            Section(
                title=f"Each {kind} beside everybody else, after {found.main} months",
                text=growth_words.AGAINST_REST,
                sheet=rest,
            )
        )
    if found.returned:
        sections.append(
            Section(
                title="Those who were not measured again",
                text=growth_words.about_returned(found),
                sheet=returned_sheet(found),
            )
        )
    return Report(
        name=f"growth-by-{kind}",
        title=f"Learning by {kind}",
        question=QUESTION,
        answer=growth_words.answer(kind, found),
        sections=tuple(sections),
        cannot_show=growth_words.cannot_show(kind, found),
        method=growth_words.method(found),
        n_withheld=ledger.n_withheld,
    )
