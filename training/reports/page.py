"""Reports as files: a page that needs nothing from outside, and its tables as CSV."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import pandas as pd
from great_tables import GT
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure

from recommender.domain.disclosure import LEAST
from recommender.domain.simulation import LABEL, labelled
from training.reports.sheet import About, Kind, NotShown, Report, Section, Sheet

_OVERVIEW: Final = "overview"
TABLES: Final = "tables"
"""Folder of the tables beside the pages."""
MISSING: Final = "\N{EN DASH}"
"""Written where a value is missing."""
_SIMULATED_WORDS: Final = f"{LABEL}: nobody in this report exists. It shows what such a report looks like."
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FORMULA: Final = re.compile(r"(?=[=+\-@\t\r])")


def write_report(report: Report, about: About, folder: Path) -> list[Path]:
    """Write ``NAME.html``, and ``tables/NAME-TABLE.csv`` for each table, into a folder that is there.

    The same report gives the same bytes.

    Returns
    -------
    list of Path
        The page first.

    Raises
    ------
    ValueError
        The report or a table has a name that no file has, or two tables have one.
    """
    names = [sheet.name for sheet in report.sheets]
    for name in (report.name, *names):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a file; use small letters, digits and hyphens")
    if len(set(names)) < len(names):
        raise ValueError(f"two tables of report {report.name} have one name; give each its own")
    if names:
        (folder / TABLES).mkdir(exist_ok=True)
    page = folder / f"{report.name}.html"
    page.write_text(as_page(report, about), encoding="utf-8")
    return [page, *(_write_csv(sheet, report, about, folder) for sheet in report.sheets)]


def as_page(report: Report, about: About) -> str:
    """Return a report as one HTML page, with styles and pictures in it."""
    return _template().render(
        report=report,
        about=about,
        title=labelled(report.title, about.simulated),
        simulated_words=_SIMULATED_WORDS,
        of=_of(about),
        parts=[_part(section, report) for section in report.sections],
        withheld=_withheld(report),
    )


def overview(reports: Sequence[Report | NotShown]) -> Report:
    """Return the first page: what each report found, where to read more, and what cannot be shown."""
    found = [report for report in reports if isinstance(report, Report)]
    # Reports that cut the same people in several ways may begin with the same finding.
    titles: dict[str, list[str]] = {}
    for report in found:
        if report.answer:
            titles.setdefault(report.answer[0], []).append(report.title)
    rows = [(report.title, report.question, f"{report.name}.html") for report in found]
    pages = Sheet(
        "pages",
        pd.DataFrame(rows, columns=["title", "question", "page"]),
        {"title": "Report", "question": "Question", "page": "Page"},
        stub="title",
    )
    return Report(
        name=_OVERVIEW,
        title="What the programme brings",
        question="What did each report find, and where does it stand?",
        answer=tuple(f"{_enumerated(of)}: {finding}" for finding, of in titles.items()),
        sections=(Section("Where to read more", ("Each page stands beside this one.",), sheet=pages),)
        if rows
        else (),
        cannot_show=tuple(f"{one.title}: {one.reason}" for one in reports if isinstance(one, NotShown)),
        n_withheld=sum(report.n_withheld for report in found),
    )


def _enumerated(titles: Sequence[str]) -> str:
    """Write titles that begin alike once.

    >>> _enumerated(["Gaps by role", "Gaps by team"]), _enumerated(["Mentors", "Learning"])
    ('Gaps by role, by team', 'Mentors, Learning')
    """
    first, at, _ = titles[0].partition(" by ")
    start = first + at
    if at and all(title.startswith(start) for title in titles):
        return ", ".join((titles[0], *(f"by {title.removeprefix(start)}" for title in titles[1:])))
    return ", ".join(titles)


def as_svg(figure: Figure, says: str) -> str:
    """Return a figure as SVG with its description, the same bytes for the same figure."""
    text = io.StringIO()
    # Text stays text. Marks have ids that are hashes: those of two pictures on one page differ.
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": says}
    with mpl.rc_context(settings):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{Markup.escape(says)}" ', 1)


def as_table(sheet: Sheet) -> str:
    """Return a table as HTML, its numbers written for people."""
    shown = sheet.rows[list(sheet.titles)]
    if sheet.stub is not None:
        shown = shown.fillna({sheet.stub: MISSING})
    table = GT(shown, rowname_col=sheet.stub, id=sheet.name)
    for column in sheet.titles:
        kind = sheet.kinds.get(column, "text")
        table = _written(table, column, kind)
    numbers = [name for name in sheet.titles if sheet.kinds.get(name, "text") != "text"]
    texts = [name for name in sheet.titles if name not in numbers and name != sheet.stub]
    if numbers:
        table = table.cols_align("right", columns=numbers)
    if texts:
        table = table.cols_align("left", columns=texts)
    table = table.sub_missing(missing_text=MISSING)
    titles: dict[str, Any] = dict(sheet.titles)
    if sheet.stub is not None:
        table = table.tab_stubhead(titles.pop(sheet.stub))
    whole = table.cols_label(titles).as_raw_html()
    found = re.search(r"<table\b.*?</table>", whole, re.DOTALL)
    if found is None:
        raise AssertionError("a table was made")
    # The page has styles of its own for all tables.
    return re.sub(r' style="[^"]*"', "", found[0])


def _written(table: GT, column: str, kind: Kind) -> GT:
    match kind:
        case "count":
            return table.fmt_integer(columns=column)
        case "share":
            return table.fmt_percent(columns=column, decimals=0)
        case "points":
            return table.fmt_number(columns=column, decimals=1, scale_by=100, force_sign=True)
        case "number":
            return table.fmt_number(columns=column, decimals=2)
        case "money":
            return table.fmt_number(columns=column, decimals=0)
        case "text":
            return table


def _part(section: Section, report: Report) -> dict[str, Any]:
    chart, sheet = section.chart, section.sheet
    return {
        "title": section.title,
        "text": section.text,
        "notes": section.notes,
        "says": "" if chart is None else chart.says,
        "svg": None if chart is None else Markup(as_svg(chart.figure, chart.says)),  # noqa: S704
        "table": None if sheet is None else Markup(as_table(sheet)),  # noqa: S704
        "file": None if sheet is None else _csv_name(report, sheet),
    }


def _write_csv(sheet: Sheet, report: Report, about: About, folder: Path) -> Path:
    """Write all columns; the last says whether the rows are of simulated people."""
    file = folder / _csv_name(report, sheet)
    rows: pd.DataFrame = sheet.rows.assign(simulated="true" if about.simulated else "false")
    for name in rows:
        if sheet.kinds.get(str(name)) == "count":
            rows[name] = rows[name].astype("Int64")
        elif sheet.kinds.get(str(name), "text") == "text":
            # What begins like a formula is one to a spreadsheet, whoever named a team so.
            rows[name] = rows[name].map(lambda v: f"'{v}" if _is_formula(v) else v)
    rows.to_csv(file, index=False, lineterminator="\r\n")
    return file


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and _FORMULA.match(value) is not None


def _csv_name(report: Report, sheet: Sheet) -> str:
    return f"{TABLES}/{report.name}-{sheet.name}.csv"


def _of(about: About) -> str:
    model = "" if about.model is None else f" Mastery is read by model {about.model}."
    at = about.now.astimezone(UTC)
    return f"Data {about.dataset} ({about.fingerprint[:12]}), as of {at:%d %B %Y, %H:%M} UTC.{model}"


def _withheld(report: Report) -> str:
    n = report.n_withheld
    rule = f"No figure of this report is about fewer than {LEAST} people, nor can "
    if report.name == _OVERVIEW:
        rule = f"No figure here is about fewer than {LEAST} people. In each report by itself neither can "
    rule += f"two of its figures be taken from each other to learn of fewer than {LEAST}."
    if not n:
        return f"{rule} Nothing was left out for it."
    return f"{rule} {n:,} group{'s were' if n > 1 else ' was'} left out for it."


@cache
def _template() -> Template:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html", "j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html.j2")
