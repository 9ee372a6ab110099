"""Which of the parts of a whole may be told of, so that no few people are found by subtraction.

This is cell suppression with complementary suppression for one whole and its parts (Hundepool and others
2012, "Statistical Disclosure Control", chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.domain.disclosure import LEAST


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What may be told.

    Parameters
    ----------
    whole : bool array, shape (n_columns,)
    parts : bool array, shape (n_parts, n_columns)
    """

    whole: NDArray[np.bool_]
    parts: NDArray[np.bool_]


def tellable(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each count is of nobody or of enough people.

    >>> tellable(np.array([0, 1, 4, 5])).tolist()
    [True, False, False, True]
    """
    enough: NDArray[np.bool_] = (counts == 0) | (counts >= LEAST)
    return enough


def choose_told(
    counts: NDArray[np.int64], elsewhere: NDArray[np.int64], allowed: NDArray[np.bool_] | None = None
) -> Told:
    """Choose what is told of each column of a table on its own.

    A part is told of where it holds somebody and all of its counts are `tellable`. Where what is left of the
    whole without the parts told of would not be, the smallest of those are withheld, one after the other,
    until it is. The whole itself is told of where its counts are tellable.

    Parameters
    ----------
    counts : int64 array, shape (n_parts, n_columns, n_kinds)
        People of each part, by kinds that are told apart: those of a kind are a part of their own.
    elsewhere : int64 array, shape (n_columns, n_kinds)
        People of the whole who are in no part.
    allowed : bool array, shape (1 + n_parts, n_columns), optional
        What may be told of at most: the whole, then the parts.

    Examples
    --------
    Without the part of 3, that of 6 is found out if the other is told of.

    >>> told = choose_told(np.array([[[20]], [[3]], [[6]]]), np.zeros((1, 1), np.int64))
    >>> told.whole.tolist(), told.parts[:, 0].tolist()
    ([True], [True, False, False])
    """
    whole = counts.sum(axis=0) + elsewhere
    may_whole = tellable(whole).all(axis=-1) & (whole.sum(axis=-1) > 0)
    may_parts = tellable(counts).all(axis=-1) & (counts.sum(axis=-1) > 0)
    if allowed is not None:
        may_whole, may_parts = may_whole & allowed[0], may_parts & allowed[1:]
    size = counts.sum(axis=-1)
    rest = whole - (counts * may_parts[..., None]).sum(axis=0)
    # Where the whole is not told of, nothing can be taken from it.
    for column in np.flatnonzero(may_whole & ~tellable(rest).all(axis=-1)).tolist():
        left = rest[column].copy()
        for part in np.argsort(size[:, column], kind="stable").tolist():
            if tellable(left).all():
                break
            if may_parts[part, column]:
                may_parts[part, column] = False
                left += counts[part, column]
    return Told(may_whole, may_parts)
