"""How a report on returns calls units, periods, figures and money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from training.programme.returns import Interval
from training.programme.returns_panel import Panel

_MINUS: Final = "\N{MINUS SIGN}"
_PERIODS: Final = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}


@dataclass(frozen=True, slots=True)
class Nouns:
    """Words for a panel.

    Parameters
    ----------
    measure : str
    one, many : str
        A unit, and more of them.
    period : str
        One; `periods` counts them.
    """

    measure: str
    one: str
    many: str
    period: str

    def periods(self, k: int) -> str:
        """Count periods.

        >>> Nouns("output", "team", "teams", "month").periods(2)
        '2 months'
        """
        if self.period in _PERIODS.values():
            return f"{k} {self.period}{'' if k == 1 else 's'}"
        return f"{k} {self.period.replace('period', 'period' if k == 1 else 'periods')}"

    def units(self, k: int) -> str:
        """Count units."""
        return f"{k:,} {self.one if k == 1 else self.many}"


def nouns(panel: Panel) -> Nouns:
    """Words for a panel."""
    one, many = ("team", "teams") if panel.kind == "team" else ("person", "people")
    return Nouns(
        panel.measure.replace("_", " "), one, many, _PERIODS.get(panel.step, f"period of {panel.step} months")
    )


def decimals(figure: Interval) -> int:
    """Digits after the point that a figure is worth: two that count, of half its interval.

    >>> decimals(Interval(0.97, 0.32, 1.61)), decimals(Interval(120.0, 70.0, 170.0))
    (2, 0)
    """
    half = (figure.high - figure.low) / 2
    if not half > 0:
        return 2
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def amount(value: float, digits: int) -> str:
    """Write a number, with a minus sign that reads as one.

    >>> amount(-1234.5, 0)
    '\N{MINUS SIGN}1,234'
    """
    text = f"{abs(value):,.{digits}f}"
    return f"{_MINUS}{text}" if value < 0 and any(c in "123456789" for c in text) else text


def money(value: float) -> str:
    """Write an amount of money: whole from 10 on, else with two digits.

    >>> money(1234.56), money(-3.456)
    ('1,235', '\N{MINUS SIGN}3.46')
    """
    return amount(value, 0 if abs(value) >= 10 else 2)


def higher(value: float, digits: int) -> str:
    """Write a difference in words.

    >>> higher(-0.5, 1), higher(0.5, 1)
    ('0.5 lower', '0.5 higher')
    """
    return f"{amount(abs(value), digits)} {'lower' if value < 0 else 'higher'}"


def between(figure: Interval, digits: int) -> str:
    """Write the interval of a difference in words.

    >>> between(Interval(1.0, 0.5, 1.5), 1), between(Interval(0.0, -0.5, 0.5), 1)
    ('between 0.5 and 1.5 higher', 'between 0.5 lower and 0.5 higher')
    """
    low, high = (higher(end, digits) for end in (figure.low, figure.high))
    if figure.low >= 0:
        return f"between {amount(figure.low, digits)} and {high}"
    if figure.high <= 0:
        return f"between {amount(-figure.high, digits)} and {low}"
    return f"between {low} and {high}"
