"""How many digits answers carry."""

from __future__ import annotations

from typing import overload

_DIGITS = 4


@overload
def rounded(value: float) -> float: ...
@overload
def rounded(value: None) -> None: ...
@overload
def rounded(value: float | None) -> float | None: ...
def rounded(value: float | None) -> float | None:
    """Four digits after the point: more than the estimates are worth, enough to see a change.

    >>> rounded(0.123456)
    0.1235
    """
    # float(): the engine's numbers may be NumPy's, which JSON does not know.
    return None if value is None else round(float(value), _DIGITS)
