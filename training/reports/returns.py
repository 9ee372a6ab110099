"""Is it worth its cost? The effect of beginning on each measure of the outcomes, and what it returns."""

from __future__ import annotations

import math
import re
from typing import Final

from recommender.errors import ConfigurationError
from training.programme.programme import Programme
from training.programme.returns import Returns, judge
from training.programme.returns_money import Money, money
from training.programme.returns_panel import Panel, panels
from training.reports.returns_charts import course_chart, money_chart, worth_chart
from training.reports.returns_nouns import Nouns, nouns
from training.reports.returns_sheets import cohort_sheet, course_sheet, money_sheet, who_sheet
from training.reports.returns_words import cannot_show, effect, method, trust, worth
from training.reports.sheet import NotShown, Report, Section

_TITLE: Final = "Return on learning"
_QUESTION: Final = "Is the programme worth its cost?"


def returns_reports(
    programme: Programme,
    *,
    value_per_unit: float | None = None,
    measure: str | None = None,
    ahead: int | None = None,
) -> list[Report | NotShown]:
    """Report on each measure of the outcomes what came of taking part, and whether it is worth its cost.

    Parameters
    ----------
    programme : Programme
    value_per_unit : float, optional
        What one unit of the measure is worth in money, for one team (or learner) in one period; negative
        where less of it is better. Without it the worth at which value and cost are equal is shown.
    measure : str, optional
        The only one to report on; needed beside `value_per_unit` where there are several.
    ahead : int, optional
        Anticipation: periods before the marked start in which there may be an effect; by default as many as
        cost was recorded for.

    Returns
    -------
    list of Report or NotShown
        One for each measure and kind of unit.

    Raises
    ------
    ConfigurationError
        `value_per_unit` is no finite number other than 0, or could be of several measures; `measure` is not
        there; or `ahead` is below 0.
    """
    _check(value_per_unit, ahead)
    outcomes = programme.table("outcomes")
    found = [] if outcomes is None else panels(outcomes)
    names = list(dict.fromkeys(panel.measure for panel in found))
    if measure is not None and measure not in names:
        raise ConfigurationError(
            f"--measure {measure!r} is not in outcomes; give one of those there: {names}"
        )
    if value_per_unit is not None and measure is None and len(names) > 1:
        raise ConfigurationError(
            f"--value-per-unit is of one measure, outcomes have {names}; give --measure as well"
        )
    if not found:
        reason = "there are no outcomes; a table outcomes of teams or people over time would bring it"
        return [NotShown("returns", _TITLE, _QUESTION, reason)]
    its = [panel for panel in found if measure in (None, panel.measure)]
    return [
        _report(programme, panel, name, value_per_unit, ahead)
        for panel, name in zip(its, _names(its), strict=True)
    ]


def _check(value_per_unit: float | None, ahead: int | None) -> None:
    if value_per_unit is not None and (not math.isfinite(value_per_unit) or value_per_unit == 0):
        raise ConfigurationError(
            f"--value-per-unit is {value_per_unit}; give a finite amount of money other than 0"
        )
    if ahead is not None and ahead < 0:
        raise ConfigurationError(f"--anticipation is {ahead}; give 0 or more periods")


def _names(its: list[Panel]) -> list[str]:
    """Names of files, each once."""
    names: list[str] = []
    for panel in its:
        words = re.findall(r"[a-z0-9]+", f"returns {panel.measure} {panel.kind}".lower())
        name = "-".join(words)
        names.append(name if name not in names else f"{name}-{len(names) + 1}")
    return names


def _report(
    programme: Programme, panel: Panel, name: str, value: float | None, ahead: int | None
) -> Report | NotShown:
    words = nouns(panel)
    title = f"{_TITLE}: {words.measure} of {words.many}"
    found = judge(programme, panel, ahead=ahead)
    if isinstance(found, str):
        return NotShown(name, title, _QUESTION, f"Nothing can be told of {words.measure}, for {found}.")
    its = money(found, value)
    # What cannot be trusted says so before anything else, and no return is drawn from it.
    value = None if found.in_doubt else value
    basis = [effect(found, words), trust(found, words)]
    answer, *more = worth(found, its, value, words)
    if found.in_doubt:
        told = [*reversed(basis), answer]
    else:
        told = [*basis, answer] if its is None else [answer, *basis]
    # The ledger counts what sections leave out.
    sections = _sections(found, its, words, value)
    return Report(
        name=name,
        title=title,
        question=_QUESTION,
        answer=(*told, *more),
        sections=sections,
        cannot_show=cannot_show(found, its, words),
        method=method(found, words),
        n_withheld=found.people.ledger.n_withheld,
    )


def _sections(found: Returns, its: Money | None, words: Nouns, value: float | None) -> tuple[Section, ...]:
    sections = [
        Section(
            f"What changed when {words.many} began",
            chart=course_chart(found, words),
            sheet=course_sheet(found, words),
        )
    ]
    if its is not None:
        chart = None
        if not found.in_doubt:
            chart = worth_chart(found, its, words) if value is None else money_chart(found, its, words, value)
        sections.append(Section("Value and cost", chart=chart, sheet=money_sheet(found, its, words, value)))
    cohorts = cohort_sheet(found, words)
    if cohorts is not None:
        sections.append(Section("By when they began", sheet=cohorts))
    sections.append(Section("Who is in this report", sheet=who_sheet(found, words)))
    return tuple(sections)
