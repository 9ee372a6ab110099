"""Of which groups of a column a figure is told, beside what is told of them and of other columns already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.programme.common_value import common_value, gives_none_away
from training.programme.equity_links import Groups, Key, Links
from training.programme.ledger import Bools, Ledger

Floats = NDArray[np.float64]
# Values closer together are one.
_NEAR: Final = 1e-9


class Told:
    """What is told of the groups of one column.

    Parameters
    ----------
    ledger : Ledger
        Of the people of the report.
    links : Links
        What is told by columns before this one.

    Attributes
    ----------
    n_groups, n_values : int
        Groups that the ledger lets pass and columns before this one do not; values of groups, with 1 for
        each measure, that are withheld though it is told how many people they are of.
    """

    def __init__(self, ledger: Ledger, links: Links) -> None:
        self._ledger, self._links = ledger, links
        self.n_groups = 0
        self.n_values = 0

    @property
    def n_withheld(self) -> int:
        """Groups and values of groups that are not told."""
        return self._ledger.n_withheld + self.n_groups + self.n_values

    def people(self, of_what: str, groups: Mapping[str, Bools]) -> Groups:
        """Choose disjoint groups of which it may be told how many they are; these are taken as told."""
        key, some = (of_what,), {name: group for name, group in groups.items() if group.any()}
        if not some:
            return {}
        chosen = self._links.choose(key, some, [np.ones_like(next(iter(some.values())))])
        self.n_groups += len(some) - len(chosen)
        told = self._ledger.split(chosen)
        self._links.tell(key, told)
        return told

    def values(
        self, keys: Sequence[Key], columns: Sequence[Floats], groups: Mapping[str, Bools], everybody: Bools
    ) -> Groups:
        """Choose groups that measures made of values of people may be told of; these are taken as told.

        Parameters
        ----------
        keys : sequence of tuple of str
            Of the measures: told of a group together, or not.
        columns : sequence of float64 array, shape (n_people,)
            Values that means, sums and ratios of them are made of.
        groups : mapping of str to bool array, shape (n_people,)
            That may be told of; see `people`.
        everybody : bool array, shape (n_people,)
            All people who have such values: what most of them have may be known.

        Returns
        -------
        dict of str to bool array
            Two groups at least, so that they can be compared, or none.
        """
        chosen = self._chosen(keys, columns, groups, everybody)
        told = chosen if len(chosen) > 1 else {}
        self.n_values += len(keys) * (len(groups) - len(told))
        for key in keys:
            self._links.tell(key, told)
        return told

    def _chosen(
        self, keys: Sequence[Key], columns: Sequence[Floats], groups: Mapping[str, Bools], everybody: Bools
    ) -> Groups:
        common = [common_value(its[everybody]) for its in columns]
        safe = {
            name: group
            for name, group in groups.items()
            if all(gives_none_away(its[group], usual) for its, usual in zip(columns, common, strict=True))
        }
        known = [(its, value) for its, usual in zip(columns, common, strict=True) for value in {0.0, usual}]
        differ = [~np.isclose(its, value, rtol=0.0, atol=_NEAR) for its, value in known if value is not None]
        for key in keys:
            safe = self._links.choose(key, safe, differ)
        return safe
