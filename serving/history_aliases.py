"""A dataset's aliases: who its learners are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection

from recommender.errors import DatasetError
from serving.aliases import AliasTakenError, fault_of_home, give
from serving.dataset_reader import SourceTable
from serving.faults import faults_of
from serving.history_places import Place
from serving.problems import Fault
from serving.schemas.aliases import AliasRow
from serving.store.aliases import Alias, spellings

ALIAS_TABLE: Final = "aliases"


def read_aliases(
    table: SourceTable | None, home_pages: frozenset[str], reasons: list[str]
) -> dict[Alias, str]:
    """Ids of learners by alias, as statements spell it; what breaks a rule is added to `reasons`.

    Parameters
    ----------
    home_pages : frozenset of str
        Where the names of accounts are ids of learners.
    """
    found: dict[Alias, str] = {}
    spelled: dict[Alias, str] = {}
    for number, row in enumerate(table.rows() if table is not None else (), start=1):
        place = Place(ALIAS_TABLE, number)
        try:
            read = AliasRow.model_validate({k: v for k, v in row.items() if k in AliasRow.model_fields})
        except ValidationError as error:
            reasons += [place.sentence(fault) for fault in faults_of(error.errors(include_url=False))]
            continue
        alias = read.identity()
        fault = fault_of_home(alias, read.learner_id, home_pages)
        faults = [] if fault is None else [fault]
        ways = spellings(alias)
        other = next((i for way in ways if (i := spelled.get(way, read.learner_id)) != read.learner_id), None)
        if other is not None:
            message = f"name is that of the learner {other!r} too, at this issuer"
            faults.append(Fault("name", message, "give each alias to one learner", read.name))
        reasons += [place.sentence(fault) for fault in faults]
        spelled |= dict.fromkeys(ways, read.learner_id)
        found[alias] = read.learner_id
    return found


def give_aliases(connection: Connection, wanted: Mapping[Alias, str]) -> int:
    """Give learners their aliases; how many learners whom statements had made are others now.

    Raises
    ------
    DatasetError
        If any is the alias of another learner in the store.
    """
    if not wanted:
        return 0
    try:
        return len(give(connection, wanted))
    except AliasTakenError as error:
        remedy = "take it from that learner first, or out of the table"
        raise DatasetError(
            *(
                f"table {ALIAS_TABLE}, issuer {issuer!r}, name {name!r}: in the store it is an alias of the "
                f"learner {other!r}, and not of {wanted[issuer, name]!r}; {remedy}"
                for (issuer, name), other in error.taken.items()
            )
        ) from None
