"""Pages and files of reports: whole, the same each time, and safe to open."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from training.reports.page import as_page, overview, write_report
from training.reports.sheet import About, Chart, NotShown, Report, Section, Sheet

ABOUT = About("acme", "0123456789abcdef", datetime(2026, 3, 2, 12, tzinfo=UTC), False, "m-1")
ROWS = pd.DataFrame(
    {
        "team": ["north & co", "=HYPERLINK(1)", None],
        "n": [1200, 7, None],
        "share": [0.256, None, 1.0],
        "change": [0.05, -0.021, None],
        "hidden": ["x", "y", "z"],
    }
)
SHEET = Sheet(
    "teams",
    ROWS,
    {"team": "Team", "n": "People", "share": "Ready", "change": "Change"},
    {"n": "count", "share": "share", "change": "points"},
    stub="team",
)


def chart() -> Chart:
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([1, 2], [1, 3])
    return Chart(figure, 'Ready people <rise> to "3".')


def report(**changed: Any) -> Report:
    sections = (
        Section("Teams", ("By team.",), chart(), SHEET, ("Small print.",)),
        Section("Again", (), chart()),
    )
    given: dict[str, Any] = {
        "name": "teams-ready",
        "title": "Teams",
        "question": "Are teams ready?",
        "answer": ("26% are ready <now>.",),
        "sections": sections,
        "cannot_show": ("Nothing of managers.",),
        "method": ("Counted.",),
    }
    return Report(**given | changed)


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


class Read(HTMLParser):
    """Every element's name and attributes, and the text of cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_cell = tag in ("td", "th")
        if self._in_cell:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data.strip()


def test_a_page_loads_nothing_from_anywhere() -> None:
    page = as_page(report(), ABOUT)
    for tag, attributes in Read(page).elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form", "img")
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"@import|url\((?!#)", page)


def test_numbers_are_written_for_people_and_columns_without_a_title_are_not() -> None:
    cells = Read(as_page(report(), ABOUT)).cells
    assert cells[:4] == ["Team", "People", "Ready", "Change"]
    assert cells[4:8] == ["north & co", "1,200", "26%", "+5.0"]
    assert cells[8:] == ["=HYPERLINK(1)", "7", "\u2013", "\u22122.1", "\u2013", "\u2013", "100%", "\u2013"]


def test_text_of_others_is_no_markup() -> None:
    page = as_page(report(answer=("<script>1</script>",)), ABOUT)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_pictures_say_what_they_show_and_ids_are_there_once() -> None:
    elements = Read(as_page(report(), ABOUT)).elements
    pictures = [attributes for tag, attributes in elements if tag == "svg"]
    assert [p["aria-label"] for p in pictures] == ['Ready people <rise> to "3".'] * 2
    assert all(p["role"] == "img" for p in pictures)
    two = report(sections=(Section("A", (), chart()), Section("B", (), Chart(chart().figure, "Other."))))
    ids = [a["id"] for _, a in Read(as_page(two, ABOUT)).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_what_is_simulated_says_so_on_the_page_and_in_each_row(tmp_path: Path) -> None:
    simulated = About("acme", "0123", ABOUT.now, True)
    page, table = write_report(report(), simulated, tmp_path)
    assert "<title>Simulated data: Teams</title>" in page.read_text()
    assert "nobody in this report exists" in page.read_text()
    assert [row["simulated"] for row in rows_of(table)] == ["true"] * 3
    real, table = write_report(report(), ABOUT, tmp_path)
    assert "imulated" not in real.read_text()
    assert [row["simulated"] for row in rows_of(table)] == ["false"] * 3


def test_files_hold_all_columns_and_no_formula_of_a_spreadsheet(tmp_path: Path) -> None:
    _, table = write_report(report(), ABOUT, tmp_path)
    assert table == tmp_path / "tables" / "teams-ready-teams.csv"
    assert "The same table as a file: tables/teams-ready-teams.csv" in as_page(report(), ABOUT)
    rows = rows_of(table)
    assert [row["team"] for row in rows] == ["north & co", "'=HYPERLINK(1)", ""]
    assert [row["n"] for row in rows] == ["1200", "7", ""]
    assert [row["change"] for row in rows] == ["0.05", "-0.021", ""]
    assert [row["hidden"] for row in rows] == ["x", "y", "z"]


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for one, other in zip(
        write_report(report(), ABOUT, tmp_path / "a"),
        write_report(report(), ABOUT, tmp_path / "b"),
        strict=True,
    ):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", ["", "Teams", "../teams", "a_b", "a--b"])
def test_what_is_no_name_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a file"):
        write_report(report(name=name), ABOUT, tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = (Section("A", sheet=SHEET), Section("B", sheet=SHEET))
    with pytest.raises(ValueError, match="have one name"):
        write_report(report(sections=twice), ABOUT, tmp_path)


def test_the_page_says_how_many_groups_were_left_out() -> None:
    assert "Nothing was left out for it." in as_page(report(), ABOUT)
    assert "1 group was left out for it." in as_page(report(n_withheld=1), ABOUT)
    assert "1,234 groups were left out for it." in as_page(report(n_withheld=1234), ABOUT)


def test_the_overview_tells_of_each_report_and_of_what_is_not_shown() -> None:
    none = NotShown("roi", "Return", "Is it worth it?", "There are no outcomes.")
    first = overview([report(n_withheld=3), none])
    assert first.answer == ("Teams: 26% are ready <now>.",)
    assert first.cannot_show == ("Return: There are no outcomes.",)
    assert first.sheets[0].rows.to_dict("records") == [
        {"title": "Teams", "question": "Are teams ready?", "page": "teams-ready.html"}
    ]
    assert first.n_withheld == 3
    assert overview([none]).sections == ()


def test_the_overview_says_the_same_finding_once() -> None:
    by = [report(name=f"gaps-{by}", title=f"Gaps by {by}") for by in ("role", "team")]
    assert overview(by).answer == ("Gaps by role, by team: 26% are ready <now>.",)
    assert len(overview(by).sheets[0].rows) == 2
