"""A report for people in charge, before it has a form: words, tables and charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

import pandas as pd
from matplotlib.figure import Figure

Kind: TypeAlias = Literal["text", "count", "share", "points", "number", "money"]
"""How a column is written: text; whole numbers; shares as percent; differences of shares as percentage
points; two digits; whole units of money."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and what it shows in words.

    Parameters
    ----------
    figure : Figure
        Made without pyplot. What it says by colour it says by shape or label too.
    says : str
        For who cannot see it: what it shows and its main finding, one or two sentences.
    """

    figure: Figure
    says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table, which is also written as CSV.

    Parameters
    ----------
    name : str
        Of its file: small letters, digits and hyphens, unlike those of other tables of the report.
    rows : DataFrame
        Columns by the names that the CSV has: small letters and underscores. A missing value is what may
        not be told, or is not there.
    titles : mapping of str to str
        What each column is called on the page; columns that are not named here are only in the CSV.
    kinds : mapping of str to Kind
        How columns are written; those that are not named are text.
    stub : str, optional
        Column that heads the rows.
    """

    name: str
    rows: pd.DataFrame
    titles: Mapping[str, str]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    stub: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: text, then a chart, then a table, then notes in small print."""

    title: str
    text: tuple[str, ...] = ()
    chart: Chart | None = None
    sheet: Sheet | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One question that people in charge ask, answered.

    Parameters
    ----------
    name : str
        Of its files: small letters, digits and hyphens.
    title : str
        What it is about, a few words.
    question : str
        What it answers, as a person would ask it.
    answer : tuple of str
        The findings in plain words, each with its figure and how sure it is; the most important first.
    sections : tuple of Section
    cannot_show : tuple of str
        What the data do not hold or do not allow to be told, and what would change that.
    method : tuple of str
        How it was worked out and what was assumed, with sources, a paragraph each.
    n_withheld : int
        Groups and figures left out, for fewer than five people would stand out.
    """

    name: str
    title: str
    question: str
    answer: tuple[str, ...]
    sections: tuple[Section, ...]
    cannot_show: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    n_withheld: int = 0

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All tables of the report."""
        return tuple(section.sheet for section in self.sections if section.sheet is not None)


@dataclass(frozen=True, slots=True)
class NotShown:
    """A question that the data do not answer at all.

    Parameters
    ----------
    name, title, question : str
        As of `Report`.
    reason : str
        What is missing and what would bring it, one sentence.
    """

    name: str
    title: str
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class About:
    """What reports of one run are of.

    Parameters
    ----------
    dataset : str
        Its name.
    fingerprint : str
    now : datetime
        The moment that they are of, aware.
    simulated : bool
        Whether nobody in it is real, which every page and file then says.
    model : str or None
        The bundle that mastery is read with.
    """

    dataset: str
    fingerprint: str
    now: datetime
    simulated: bool
    model: str | None = None
