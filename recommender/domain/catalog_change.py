"""From one catalogue to another: where what was learned of the one belongs in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class CatalogChange:
    """The catalogue that something was learned of, and the one it shall serve; matched by ids.

    Each of the arrays gives for every module, skill, item or role of `after` its position in `before`, -1 for
    what is new.
    """

    before: Catalog
    after: Catalog

    @cached_property
    def modules(self) -> Positions:
        """Shape (n_modules,)."""
        return positions_of(self.after.module_ids, self.before.module_index)

    @cached_property
    def skills(self) -> Positions:
        """Shape (n_skills,)."""
        return positions_of(self.after.skill_ids, self.before.skill_index)

    @cached_property
    def items(self) -> Positions:
        """Shape (n_items,)."""
        return positions_of(self.after.item_ids, self.before.item_index)

    @cached_property
    def roles(self) -> Positions:
        """Shape (n_roles,)."""
        return positions_of(self.after.roles.ids, self.before.roles.index)


def positions_of(ids: Sequence[str], index: Mapping[str, int]) -> Positions:
    """Position of each id, -1 for what the index does not hold.

    >>> positions_of(["b", "new"], {"a": 0, "b": 1}).tolist()
    [1, -1]
    """
    return np.array([index.get(value, -1) for value in ids], np.int64)


def taken(values: NDArray[Any], source: Positions, new: Any) -> NDArray[Any]:
    """Rows of `values` in another order.

    Parameters
    ----------
    values : array, shape (n_before, ...)
    source : int64 array, shape (n_after,)
        Row of each row, -1 for a new one.
    new : value or array
        What a new row holds.

    Examples
    --------
    >>> taken(np.array([1.0, 2.0]), np.array([1, -1, 0]), np.nan).tolist()
    [2.0, nan, 1.0]
    """
    rows = np.empty((len(source), *values.shape[1:]), values.dtype)
    rows[source < 0] = new
    rows[source >= 0] = values[source[source >= 0]]
    return rows
