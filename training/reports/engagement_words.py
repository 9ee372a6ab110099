"""How figures of reports on engagement are written in sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

INTERVALS: Final = (
    "Between two figures lies a 95% interval: taken so, it holds the true figure in about 95 of 100 "
    "programmes like this one, if people are a sample of those who could have been in it."
)

_TO: Final = "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}"


class Figure95(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float:
        """The figure."""
        ...

    @property
    def low(self) -> float:
        """Lower end."""
        ...

    @property
    def high(self) -> float:
        """Upper end."""
        ...


def percent(share: Figure95) -> str:
    """Write a share with its interval: "21% (between 20% and 22%)"."""
    return f"{share.value:.0%} (between {share.low:.0%} and {share.high:.0%})"


def of_hundred(share: Figure95) -> str:
    """Write how many of a hundred: "21 (between 20 and 22)"."""
    ends = f"between {100 * share.low:.0f} and {100 * share.high:.0f}"
    return f"{100 * share.value:.0f} ({ends})"


def span(share: Figure95 | None) -> str | None:
    """Write an interval for a table, "20% to 22%", that breaks over no line; None where there is none."""
    return None if share is None else f"{share.low:.0%}{_TO}{share.high:.0%}"


def points(mean: Figure95) -> str:
    """Write a mean difference of shares: "1.5 points (between 1.4 and 1.6)"."""
    low, high = 100 * mean.low, 100 * mean.high
    return f"{100 * mean.value:.1f} points (between {low:.1f} and {high:.1f})"


def signed(number: float) -> str:
    """Write a difference.

    >>> signed(1.25)
    '+1.2'
    """
    return f"{number:+.1f}".replace("-", "\N{MINUS SIGN}")


def listed(words: Sequence[str]) -> str:
    """Write some words as a list.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
