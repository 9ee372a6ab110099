"""The report on which skills the market asks for, and whether we have them."""

from __future__ import annotations

from typing import Final

import pandas as pd

from training.programme.demand import LEAST_POSTINGS, demand
from training.programme.programme import Programme
from training.reports.demand_charts import quadrant_chart, trend_chart
from training.reports.demand_method import cannot_show, method
from training.reports.demand_tables import all_sheet, rows_of, short_sheet, trend_sheet, years_sheet
from training.reports.demand_told import Told
from training.reports.demand_words import answer, found_words, scarce_words, trend_words
from training.reports.sheet import NotShown, Report, Section

_NAME: Final = "skill-demand"
_TITLE: Final = "Skills the market asks for"
_QUESTION: Final = "Which skills does the market ask for, and do we have them?"


def demand_reports(programme: Programme) -> list[Report | NotShown]:
    """Report on the skills that job postings ask for, and on how many of our people have them."""
    postings, skills = programme.table("postings"), programme.table("skills")
    reason = _why_not(postings, skills)
    if postings is None or skills is None or reason:
        return [NotShown(_NAME, _TITLE, _QUESTION, reason)]
    found = demand(programme, skills, postings)
    rows = rows_of(found, skills)
    bundle = programme.bundle
    has_skill_model = bundle is not None and bundle.skills is not None
    told = Told(found, rows, programme.now, bundle is not None, has_skill_model)
    sections = [
        Section(
            "Asked for ever more, and ever less", trend_words(told), trend_chart(rows), trend_sheet(rows)
        ),
        Section("Every skill", ("The skill most asked for is first.",), None, all_sheet(rows)),
        Section("What was found in the postings", found_words(told), None, years_sheet(found)),
    ]
    if found.quadrants is not None:
        chart = quadrant_chart(rows, found.quadrants) if rows["mastery"].notna().any() else None
        first = Section("Asked for much, and scarce here", scarce_words(told), chart, short_sheet(rows))
        sections.insert(0, first)
    return [
        Report(
            _NAME,
            _TITLE,
            _QUESTION,
            answer(told),
            tuple(sections),
            cannot_show(told),
            method(told),
            0 if found.supply is None else found.supply.n_withheld,
        )
    ]


def _why_not(postings: pd.DataFrame | None, skills: pd.DataFrame | None) -> str:
    if postings is None:
        return "There are no job postings; a table of them (postings) up to this moment would bring it."
    if len(postings) < LEAST_POSTINGS:
        return (
            f"There are {len(postings)} job postings, too few to tell what a market asks for; "
            f"{LEAST_POSTINGS} or more would bring it."
        )
    if skills is None:
        return "There is no catalogue of skills to look for; a table of them (skills) would bring it."
    return ""
