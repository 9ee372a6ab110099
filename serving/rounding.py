"""How many digits answers carry."""

from __future__ import annotations

from math import floor
from typing import Any, overload

_DIGITS = 4
_SCALE = 10.0**_DIGITS
# Far beyond what is ever told, and far below where products lose digits.
_MOST = 1e9


@overload
def rounded(value: float) -> float: ...
@overload
def rounded(value: None) -> None: ...
@overload
def rounded(value: float | None) -> float | None: ...
def rounded(value: float | None) -> float | None:
    """Four digits after the point: more than the estimates are worth, enough to see a change.

    What lies in the middle is rounded up.

    >>> rounded(0.123456)
    0.1235
    """
    if value is None:
        return None
    # A third of the time of round(), and there are some fifty numbers in an answer.
    if -_MOST < value < _MOST:
        return floor(float(value) * _SCALE + 0.5) / _SCALE
    # float(): the engine's numbers may be NumPy's, which JSON does not know.
    return round(float(value), _DIGITS)


def all_rounded(answer: dict[str, Any]) -> dict[str, Any]:
    """Round every float of an answer, however deep; tuples become lists.

    >>> all_rounded({"skills": ({"gap": 0.123456, "n_attempts": 3},), "role": None})
    {'skills': [{'gap': 0.1235, 'n_attempts': 3}], 'role': None}
    """
    return {name: _all_rounded(value) for name, value in answer.items()}


def _all_rounded(value: Any) -> Any:
    match value:
        case float():
            return rounded(value)
        case dict():
            return all_rounded(value)
        case list() | tuple():
            return [_all_rounded(each) for each in value]
    return value
