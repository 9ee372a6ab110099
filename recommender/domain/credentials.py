"""Credentials of a catalogue and the skills that each of them certifies."""

from __future__ import annotations

from recommender.domain.catalog import Catalog, Ragged


def credentials_of(catalog: Catalog) -> tuple[tuple[str, ...], Ragged]:
    """Return the ids of all credentials and their skills, positions in the catalogue.

    A skill that the catalogue does not hold is left out, as is one named twice.

    Parameters
    ----------
    catalog : Catalog
        Without a table of credentials there are none.

    Examples
    --------
    >>> ids, skills = credentials_of(Catalog.from_tables({}))
    >>> ids, len(skills)
    ((), 0)
    """
    table = catalog.tables.get("credentials")
    if table is None:
        return (), Ragged.of([])
    ids = tuple(str(value) for value in table.column("credential_id").to_pylist())
    named = table.column("skill_ids").to_pylist() if "skill_ids" in table.column_names else [None] * len(ids)
    index = catalog.skill_index
    return ids, Ragged.of([[index[s] for s in dict.fromkeys(row or ()) if s in index] for row in named])
