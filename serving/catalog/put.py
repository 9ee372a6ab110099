"""Putting rows into the catalogue: all of a call or none, and served before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from recommender.domain.catalog import Tables
from recommender.domain.dataset_format import TABLES
from serving import meter
from serving.catalog.overlay import first_faults
from serving.catalog.rows import REMOVED, Overlay, PutRow, key_of, payload_of, read_payload
from serving.catalog.rules import row_faults
from serving.catalog.tables import keys_of
from serving.problems import INTERNAL, INVALID, UNAVAILABLE, Fault, Problem
from serving.schemas.catalog import PutResponse
from serving.services import Services
from serving.store import catalog
from serving.store.audit import AuditEntry, record
from serving.store.catalog import StoredRow
from serving.store.faults import StoreUnavailableError


@dataclass(frozen=True, slots=True)
class _Sent:
    """One row as it came: its key, and how it is stored."""

    key: str
    payload: str


def put_rows(services: Services, audit: AuditEntry, table: str, sent: Sequence[BaseModel]) -> PutResponse:
    """Put rows into a table of the catalogue.

    Raises
    ------
    Problem
        If any row breaks a rule; then nothing is stored. Or if the rows are stored and cannot be served yet,
        which it says.
    """
    rows = _read(table, [row.model_dump(mode="json", exclude_none=True) for row in sent])
    model = services.models.current
    tables = None if model is None else model.trained.catalog.tables

    def store(connection: Connection) -> PutResponse:
        before = catalog.lock(connection)
        answer, changed = _judged(table, rows, tables, catalog.rows(connection), before)
        if changed:
            catalog.save(connection, changed, revision=answer.catalog_revision)
            record(connection, audit.about(f"catalogue revision {answer.catalog_revision}"))
        return answer

    answer = services.database.transact(store)
    _serve(services, table, rows, answer.catalog_revision)
    return answer


def _serve(services: Services, table: str, rows: Sequence[_Sent], revision: int) -> None:
    """See to it that rows that are stored are served, or tell the truth."""
    stored = f"the rows are stored, as revision {revision} of the catalogue"
    try:
        model = services.models.up_to_date()
    except StoreUnavailableError as error:
        meter.current().store_fault(error.fault)
        detail = (
            f"{stored}, and served as soon as the store can be read again; sending them again does no harm"
        )
        raise Problem(UNAVAILABLE, detail) from None
    sent = {(table, row.key) for row in rows}
    unused = () if model is None else model.catalog_unused
    reason = next((its.reason for its in unused if (its.table, its.key) in sent), None)
    if reason is not None:
        raise Problem(INTERNAL, f"{stored}, but not all of them can be served: {reason}")


def _read(table: str, sent: Sequence[dict[str, Any]]) -> list[_Sent]:
    """Read rows as they came, judging each by itself."""
    faults: list[Fault] = []
    read: list[_Sent] = []
    first: dict[str, int] = {}
    for number, row in enumerate(sent):
        removed, key = row.pop(REMOVED, False), key_of(table, row)
        payload = payload_of(table, row, removed=removed)
        found = row_faults(table, read_payload(payload) or row, removed=removed)
        if first.setdefault(key, number) != number:
            message = f"rows[{number}] names the same as rows[{first[key]}]"
            found = [*found, Fault("", message, "send one row of each", _shown(table, row))]
        faults += [fault.under(f"rows[{number}]") for fault in found]
        read.append(_Sent(key, payload))
    if faults:
        raise _refused(faults)
    return read


def _judged(
    table: str, rows: Sequence[_Sent], trained: Tables | None, stored: Sequence[StoredRow], before: int
) -> tuple[PutResponse, list[StoredRow]]:
    """Judge rows together with all others: what is answered, and what is to be written."""
    revision, overlay, tables = before + 1, Overlay.of(stored, before), trained or {}
    known = {(row.table_name, row.row_key): row.payload for row in stored}
    put = {name: dict(its) for name, its in overlay.rows.items()}
    there = set() if table not in tables else set(keys_of(table, tables[table]).to_pylist())
    there -= {key for key, its in put[table].items() if its.row is None}
    there |= {key for key, its in put[table].items() if its.row is not None}
    new = [row for row in rows if known.get((table, row.key)) != row.payload]
    if trained is not None:
        # Without a model nobody knows what is not there: then its removal is kept for the model that comes.
        new = [row for row in new if row.key in there or read_payload(row.payload) is not None]
    # All rows that came are judged, also those that are there: what they name may be gone.
    put[table] |= {row.key: PutRow(read_payload(row.payload), revision) for row in rows}
    found = first_faults(tables, put, revision)
    if found:
        number = {row.key: i for i, row in enumerate(rows)}
        ordered = sorted((number[key], faults) for (_, key), faults in found.items())
        raise _refused([fault.under(f"rows[{i}]") for i, faults in ordered for fault in faults])
    gone = [row for row in new if read_payload(row.payload) is None]
    kept = [row for row in new if read_payload(row.payload) is not None]
    n_new, n_removed = sum(row.key not in there for row in kept), sum(row.key in there for row in gone)
    answer = PutResponse(
        new=n_new,
        changed=len(kept) - n_new,
        removed=n_removed,
        unchanged=len(rows) - len(kept) - n_removed,
        catalog_revision=revision if new else before,
    )
    return answer, [
        StoredRow(table_name=table, row_key=row.key, revision=revision, payload=row.payload) for row in new
    ]


def _refused(faults: Sequence[Fault]) -> Problem:
    return Problem(INVALID, f"{faults[0].message}; {faults[0].remedy}. Nothing was stored", faults)


def _shown(table: str, row: dict[str, Any]) -> str:
    return " + ".join(str(row[column]) for column in TABLES[table].key if column in row)
