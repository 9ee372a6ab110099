"""What a description is made of: a value or the reason why there is none, and how both are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Unit: TypeAlias = Literal["count", "share", "number", "minutes", "days"]
Section = TypeVar("Section")

TOP: Final = 0.1
"""The share of learners or modules that is called the top."""
NO_ATTEMPTS: Final = "it has no attempts"
NO_COMPLETIONS: Final = "it has no completions"
_LABEL: Final = "label"
_UNIT: Final = "unit"


@dataclass(frozen=True, slots=True)
class Value:
    """A number that describes a dataset.

    Parameters
    ----------
    number : float or None
        Finite; None where it is not defined.
    note : str
        Why there is no number; beside a number, what to know before reading it. Part of a sentence whose
        subject is the dataset.

    Raises
    ------
    ValueError
        The number is NaN or infinite, or is None without a reason.

    Examples
    --------
    >>> Value(None, "it has no attempts").number is None
    True
    """

    number: float | None
    note: str = ""

    def __post_init__(self) -> None:
        if self.number is None and not self.note:
            raise ValueError("a value without a number needs the reason why; give a note")
        if self.number is not None and not math.isfinite(self.number):
            raise ValueError(f"a number must be finite; got {self.number}; use None with a reason")


def shown(label: str, unit: Unit) -> dict[str, str]:
    """Return the metadata of a section's field: what its row is called and how its number is written.

    Parameters
    ----------
    label : str
        What stands at the left of the row.
    unit : {"count", "share", "number", "minutes", "days"}
        How a number is written.
    """
    return {_LABEL: label, _UNIT: unit}


def shown_as(metadata: Mapping[str, Any]) -> tuple[str, Unit]:
    """Return the label and the unit that `shown` put into a field's metadata."""
    return metadata[_LABEL], metadata[_UNIT]


def nothing(section: type[Section], reason: str) -> Section:
    """Return a section in which no value is defined, all for one reason.

    Parameters
    ----------
    section : type
        A dataclass whose fields are all `Value`.
    reason : str
        As `Value.note`.
    """
    return section(**{each.name: Value(None, reason) for each in fields(section)})  # type: ignore[arg-type]


def ratio(part: float, whole: float, reason: str) -> Value:
    """Return a part of a whole; no number, for that reason, of a whole that is 0."""
    return Value(float(part / whole)) if whole else Value(None, reason)


def noted(value: Value, note: str) -> Value:
    """Return a number with a note beside it; a value without a number keeps its reason."""
    return value if value.number is None else Value(value.number, note)


def gini(amounts: ArrayLike) -> float:
    """Return the Gini coefficient of amounts: 0 when all are equal, towards 1 when one has everything.

    Parameters
    ----------
    amounts : array, shape (n,)
        At least 0, with a sum above 0.

    Returns
    -------
    float
        In [0, 1 - 1/n].

    Notes
    -----
    sum_i (2 i - n - 1) x_i / (n sum_i x_i) over amounts in ascending order, as in Damgaard and Weiner
    (2000), "Describing inequality in plant size or fecundity", Ecology 81, without their correction for n.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    ascending = np.sort(np.asarray(amounts, np.float64))
    n = len(ascending)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return max(0.0, float(weights @ ascending / (n * ascending.sum())))


def share_of_top(amounts: ArrayLike, top: float = TOP) -> float:
    """Return the share of the sum that belongs to the largest amounts.

    Parameters
    ----------
    amounts : array, shape (n,)
        At least 0, with a sum above 0.
    top : float
        Which share of the amounts, in [0, 1]. Where it cuts through one, that counts in proportion.

    Returns
    -------
    float
        In [top, 1]: 1 minus the Lorenz curve, linear between its points, at 1 - `top`.

    Examples
    --------
    >>> share_of_top([5, 1, 1, 1, 1, 1, 0, 0, 0, 0]), share_of_top([4, 4], 0.25)
    (0.5, 0.25)
    """
    largest_first = np.sort(np.asarray(amounts, np.float64))[::-1]
    held = np.concatenate([[0.0], np.cumsum(largest_first)])
    return float(np.interp(top * len(largest_first), np.arange(len(held)), held) / held[-1])


def quantiles_or(numbers: NDArray[Any], at: tuple[float, ...], reason: str) -> list[Value]:
    """Return quantiles, linear between neighbours; of no numbers as many values without, for that reason."""
    if not len(numbers):
        return [Value(None, reason)] * len(at)
    return [Value(float(found)) for found in np.quantile(numbers.astype(np.float64), at)]
