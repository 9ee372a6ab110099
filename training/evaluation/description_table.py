"""Descriptions side by side: one column a dataset, with notes below, for the screen and as Markdown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from recommender.domain.simulation import LABEL, labelled
from training.evaluation.description import TITLE, Description
from training.evaluation.description_events import Clock
from training.evaluation.description_values import Unit, Value, shown_as

NO_NUMBER: Final = "-"
"""What stands where a number is not defined."""
_TITLE: Final = "What the datasets look like"
_CLOCK: Final[Mapping[Clock, str]] = {
    "none": "none",
    "months": "months",
    "days": "days",
    "times": "time of day",
}
_MINUTES: Final = ((60 * 24, "d"), (60, "h"), (1, "min"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Parameters
    ----------
    label : str
        What is counted or measured, or the heading of a section.
    cells : tuple of str
        One a dataset; none for a heading.
    """

    label: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Descriptions as texts.

    Parameters
    ----------
    title : str
        Begins with the label of simulated data when every dataset is; headings say which one is.
    headings : tuple of str
        Names of the datasets, unique where the directories are, with ``(simulated)`` where they are.
    lines : tuple of Line
        Headings of sections and their lines, in order.
    notes : tuple of str
        The notes that cells point to by ``[1]``, ``[2]`` and so on, in that order.
    """

    title: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def side_by_side(descriptions: Sequence[Description], places: Sequence[str]) -> SideBySide:
    """Lay descriptions side by side.

    Parameters
    ----------
    descriptions : sequence of Description
    places : sequence of str
        The directory of each, which is its heading where two have one name.
    """
    notes: dict[str, int] = {}
    lines = [Line("times", tuple(_CLOCK[each.clock] for each in descriptions))]
    for title, label, unit, values in _rows(descriptions):
        if title:
            lines.append(Line(title))
        lines.append(Line(label, tuple(_cell(value, unit, notes) for value in values)))
    title = labelled(_TITLE, all(each.simulated for each in descriptions))
    return SideBySide(title, _headings(descriptions, places), tuple(lines), tuple(notes))


def as_markdown(table: SideBySide) -> str:
    """Return the table and its notes as Markdown.

    Parameters
    ----------
    table : SideBySide
    """
    empty = [""] * len(table.headings)
    lines = [f"# {table.title}", "", _row(["", *table.headings]), _row(["---", *["---:"] * len(empty)])]
    lines += [
        _row([line.label, *line.cells] if line.cells else [f"**{line.label}**", *empty])
        for line in table.lines
    ]
    if table.notes:
        lines += ["", *(f"- {note}" for note in numbered_notes(table))]
    return "\n".join(lines) + "\n"


def numbered_notes(table: SideBySide) -> list[str]:
    """Return the notes with the marks that cells point to them by."""
    return [f"[{number}] {note}" for number, note in enumerate(table.notes, 1)]


def as_json(description: Description) -> dict[str, Any]:
    """Return a description as plain values: of every number ``value`` and ``note``.

    Parameters
    ----------
    description : Description
    """
    sections = {
        section.name: {name: {"value": value.number, "note": value.note} for name, _, _, value in values}
        for section, values in (
            (each, list(_values(getattr(description, each.name)))) for each in _sections()
        )
    }
    return {
        "dataset": description.name,
        "fingerprint": description.fingerprint,
        "simulated": description.simulated,
        "clock": description.clock,
        **sections,
    }


def written(number: float, unit: Unit) -> str:
    """Write a number for people.

    Examples
    --------
    >>> written(12345, "count"), written(2.5, "count"), written(0.123, "share"), written(0.5, "number")
    ('12,345', '2.5', '12.3%', '0.500')
    >>> written(12, "minutes"), written(90, "minutes"), written(2.25, "days"), written(0.01, "days")
    ('12.0 min', '1.5 h', '2.2 d', '14.4 min')
    """
    if unit == "share":
        return f"{number:.1%}"
    if unit == "number":
        return f"{number:.3f}"
    if unit == "count":
        return f"{number:,.0f}" if number == math.floor(number) else f"{number:,.1f}"
    minutes = number * 60 * 24 if unit == "days" else number
    length, word = next((each for each in _MINUTES if minutes >= each[0]), _MINUTES[-1])
    return f"{minutes / length:,.1f} {word}"


def _sections() -> list[Any]:
    return [each for each in fields(Description) if TITLE in each.metadata]


def _values(section: Any) -> Iterator[tuple[str, str, Unit, Value]]:
    """Name, label, unit and value of each of a section's numbers."""
    for each in fields(section):
        yield each.name, *shown_as(each.metadata), getattr(section, each.name)


def _rows(descriptions: Sequence[Description]) -> Iterator[tuple[str, str, Unit, list[Value]]]:
    """Title (with a section's first row only), label, unit and the values of all datasets."""
    for section in _sections():
        columns = [list(_values(getattr(each, section.name))) for each in descriptions]
        for position, (_, label, unit, _) in enumerate(columns[0]):
            title = "" if position else section.metadata[TITLE]
            yield title, label, unit, [column[position][-1] for column in columns]


def _cell(value: Value, unit: Unit, notes: dict[str, int]) -> str:
    text = NO_NUMBER if value.number is None else written(value.number, unit)
    return f"{text} [{notes.setdefault(value.note, len(notes) + 1)}]" if value.note else text


def _headings(descriptions: Sequence[Description], places: Sequence[str]) -> tuple[str, ...]:
    often = Counter(each.name for each in descriptions)
    names = [
        place if often[each.name] > 1 else each.name for each, place in zip(descriptions, places, strict=True)
    ]
    marks = [f" ({LABEL.split()[0].lower()})" if each.simulated else "" for each in descriptions]
    return tuple(name + mark for name, mark in zip(names, marks, strict=True))


def _row(cells: Sequence[str]) -> str:
    # a name may hold what ends a cell
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
