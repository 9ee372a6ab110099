"""Which sums and means of values give no few people away to who knows the value that most of them share.

Where of a hundred people all but two have seven places on level, the mean and the seven tell what the two
have. So those who differ from the value that is shared are nobody or at least five, in each group and in what
is put together of groups and values.

Known is at most one value beside 0, and who has it. `training.programme.ledger.may_tell` takes every value
that five people share for known. That is stricter, and too strict for small whole numbers: among thousands
of people with 0 to 10 places there are nearly always one to four with a number that few have.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST
from training.programme.ledger import DIGITS, Bools

_AT_ONCE: Final = 2


def common_value(values: Floats) -> float | None:
    """Return the value that more than half of some people share; None where there is none.

    >>> common_value(np.array([7.0, 7.0, 7.0, 3.0])), common_value(np.array([7.0, 3.0]))
    (7.0, None)
    """
    found, n_sharing = np.unique(np.round(values, DIGITS), return_counts=True)
    if not len(found) or 2 * n_sharing.max() <= len(values):
        return None
    value: float = found[n_sharing.argmax()].item()
    return value


def gives_none_away(values: Floats, common: float | None = None) -> bool:
    """Whether the mean of some people's values gives none of them away.

    Those who differ from 0, from what most people have, and from what more of these people have than have
    not, are nobody or at least `LEAST`. Values that differ by rounding are the same.

    Parameters
    ----------
    values : float64 array, shape (n_people,)
    common : float, optional
        What most of a larger group have, of which these are some.

    Examples
    --------
    Of six people four have something else than most of a hundred others, and the mean is theirs:

    >>> six = np.array([7.0, 7.0, 1.0, 2.0, 3.0, 4.0])
    >>> gives_none_away(six), gives_none_away(six, common=7.0)
    (True, False)
    """
    found, n_sharing = np.unique(np.round(values, DIGITS), return_counts=True)
    n, n_alike = len(values), int(n_sharing.max(initial=0))
    n_else = [n - n_alike] if 2 * n_alike > n else []
    n_else += [n - int(n_sharing[found == known].sum()) for known in (0.0, common) if known is not None]
    return not any(0 < few < LEAST for few in n_else)


def rates(part: Floats, whole: Floats, among: Bools) -> Floats:
    """Return each person's own ratio; where the whole is 0 that of most people, so that nobody differs by it.

    >>> half, nothing = np.array([1.0, 2.0, 0.0]), np.array([2.0, 4.0, 0.0])
    >>> rates(half, nothing, np.ones(3, np.bool_)).tolist()
    [0.5, 0.5, 0.5]
    """
    has = whole != 0
    own = np.divide(part, whole, out=np.zeros(len(whole)), where=has)
    own[~has] = common_value(own[has & among]) or 0.0
    return own


def put_together(n: int) -> Iterator[list[int]]:
    """Choose which of some things a reader may add up: one, two, or all of them.

    >>> list(put_together(3))
    [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]
    """
    for size in sorted({*range(1, min(n, _AT_ONCE) + 1), n} - {0}):
        yield from map(list, combinations(range(n), size))
