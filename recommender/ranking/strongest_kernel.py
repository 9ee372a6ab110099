"""The largest of many numbers without a sort, compiled."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

# Enough to tell two numbers apart of which one is 1% larger.
_HALVINGS = 14
# Rows that numbers are laid out in to see what the largest of them reach.
_ROWS = 16
# Above any place by id.
_LAST_ID: Final = (1 << 31) - 1


@numba.njit(cache=True, nogil=True)
def largest(values: Any) -> float:
    """Largest of `values` (float32), which are at least 0."""
    # The bits of such numbers are ordered as they are, and several are compared at once.
    bits, most = values.view(np.int32), np.int32(0)
    for i in range(len(bits)):
        most = bits[i] if bits[i] > most else most
    return float(np.array([most]).view(np.float32)[0])


@numba.njit(cache=True, nogil=True)
def tops(values: Any, k: int) -> Any:
    """Return `k` (at least 1) or more of `values`, of which the k-th largest is near that of all.

    They are the largest of each column, where the numbers, none of them NaN, are laid out in rows.
    """
    rows = _ROWS if k <= len(values) // _ROWS else 1
    width = len(values) // rows
    found = values[:width].copy()
    for row in range(1, rows):
        others = values[row * width : (row + 1) * width]
        for c in range(width):
            found[c] = others[c] if others[c] > found[c] else found[c]
    return found


@numba.njit(cache=True, nogil=True)
def _near_kth_largest(bits: Any, k: int) -> Any:
    """Return something that `k` integers, none below 0, reach and few more do: 0 where there are fewer."""
    low, high = np.int32(0), np.int32(0)
    for i in range(len(bits)):
        high = bits[i] if bits[i] > high else high
    # Counting is done for several at once, which a sort is not.
    for _ in range(_HALVINGS):
        middle = np.int32(low + (high - low) // 2)
        n = 0
        for i in range(len(bits)):
            n += bits[i] >= middle
        if n >= k:
            low = middle
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def mark_strongest(values: Any, id_rank: Any, k: int, marked: Any) -> None:
    """Mark the modules with the `k` (at least 1) largest values above 0 (float32, none below it or NaN).

    Equal ones go by id.
    """
    # The bits of numbers above 0 are ordered as they are.
    bits = values.view(np.int32)
    top = tops(bits, k)
    least: Any = max(_near_kth_largest(top, k), 1)
    n, strong = 0, np.empty(len(values), np.intp)
    width = max(len(top), 1)
    in_columns = min(len(bits) // width, _ROWS) * width
    for c in range(len(top)):
        if top[c] >= least:
            for m in range(c, in_columns, width):
                strong[n] = m
                n += bits[m] >= least
    for m in range(in_columns, len(bits)):
        strong[n] = m
        n += bits[m] >= least
    # With the place by id behind them, the numbers are ordered as modules are.
    keys = np.empty(n, np.int64)
    for i in range(n):
        keys[i] = (np.int64(bits[strong[i]]) << 32) | (_LAST_ID - id_rank[strong[i]])
    kept = np.partition(keys, n - k)[n - k] if n > k else np.int64(0)
    for i in range(n):
        if keys[i] >= kept:
            marked[strong[i]] = True
