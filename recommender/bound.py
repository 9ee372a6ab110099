"""Arrays that compiled code is given again and again, handed over as one thing.

The compiler looks at every array of every argument of every call. What belongs to a bundle is looked at once.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.experimental import structref


@structref.register
class _BoundType(numba.types.StructRef):
    """What a `Bound` is to the compiler."""


class Bound(structref.StructRefProxy):
    """A group of arrays; compiled code finds it as `of`."""

    def __new__(cls, of: Any) -> Bound:
        """Look at every array of a (named) tuple, perhaps of tuples."""
        bound: Bound = _bound(of)
        return bound


structref.define_proxy(Bound, _BoundType, ["of"])  # type: ignore[no-untyped-call]


@numba.njit(cache=True)
def _bound(of):  # type: ignore[no-untyped-def]
    # What the proxy would compile by itself is not cached: seconds, in every process.
    return Bound(of)


def bind(group: Any) -> Bound:
    """Bind a named tuple of arrays, numbers and further tuples; arrays are read-only to compiled code."""
    return Bound(locked(group))


def locked(value: Any) -> Any:
    """Lock all arrays in (named) tuples, so that mapped and made ones are of one type."""
    if isinstance(value, np.ndarray):
        plain = np.ascontiguousarray(value).view(np.ndarray)
        plain.setflags(write=False)
        return plain
    if isinstance(value, tuple):
        parts = [locked(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
