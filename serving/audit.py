"""Who did what of the calls and commands that administer, without a learner's id.

A call with one of the scopes admin and catalog that changes or hands out something takes `AuditDep` of
`serving.dependencies`, and records it in its transaction; a command does so with `command_entry`.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from recommender.domain.events import to_seconds
from serving import logs
from serving.security.keys import Caller
from serving.security.scopes import Scope
from serving.services import Clock, Services
from serving.store.audit import AuditEntry, record
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = [
    "CALLER",
    "AuditEntry",
    "call_entry",
    "command_entry",
    "learner_subject",
    "record",
    "record_if_possible",
    "record_soon_if_possible",
    "refusal_entry",
]

# Where `serving.dependencies` leaves who calls.
CALLER = "serving.caller"
_PURPOSE = b"audit log: subjects"
_SUBJECT_DIGITS = 32
_ADMINISTERS = (Scope.ADMIN, Scope.CATALOG)
_log = structlog.get_logger(__name__)


def learner_subject(key_secret: str, learner_id: str) -> str:
    """Return what stands for a learner in the audit log.

    HMAC-SHA256 of the id, the first 32 hexadecimal digits, under a key of its own that is derived from
    `SERVING_KEY_SECRET`: whoever has the secret and an id can look for it, and nobody can read an id out.

    Examples
    --------
    >>> learner_subject("a secret", "ann") == learner_subject("a secret", "ann")
    True
    >>> learner_subject("a secret", "ann") == learner_subject("another one", "ann")
    False
    """
    key = hmac.new(key_secret.encode(), _PURPOSE, hashlib.sha256).digest()
    # Whatever Python can hold: a lone surrogate is no learner's id, but may be asked for.
    text = learner_id.encode("utf-8", "surrogatepass")
    return "learner:" + hmac.new(key, text, hashlib.sha256).hexdigest()[:_SUBJECT_DIGITS]


def call_entry(services: Services, request: Request) -> AuditEntry:
    """Return the entry of a call that goes on; its subject is the learner of its address, if it names one."""
    return _of_call(services, request, request.scope[CALLER])


def command_entry(clock: Clock, action: str, subject: str | None = None) -> AuditEntry:
    """Return the entry of a command, done by whoever runs it."""
    return AuditEntry(
        audit_id=str(uuid4()),
        at=to_seconds(clock()),
        actor=f"command:{_user()}",
        action=action,
        subject=subject,
    )


def refusal_entry(services: Services, request: Request, caller: Caller, scope: str) -> AuditEntry | None:
    """Return the entry of a call whose key lacks a scope that administers; else None.

    Once a minute, key and call: who is refused a thousand times fills no table.
    """
    entry = _of_call(services, request, caller).ended("forbidden")
    noted = scope in _ADMINISTERS and services.limits.worth_noting(caller.key_id, entry.action)
    return entry if noted else None


def record_if_possible(database: Database, entry: AuditEntry) -> None:
    """Record what changes nothing in the store, or is done already: a store that fails does not undo it."""
    try:
        database.transact(partial(record, entry=entry))
    except StoreUnavailableError as error:
        _not_audited(entry, error)


async def record_soon_if_possible(services: Services, entry: AuditEntry) -> None:
    """Do likewise beside the event loop."""
    try:
        await services.writers.do(partial(record_if_possible, services.database, entry))
    except StoreUnavailableError as error:
        # So many wait to write that it did not come to it.
        _not_audited(entry, error)


def _not_audited(entry: AuditEntry, error: StoreUnavailableError) -> None:
    _log.warning("not audited", action=entry.action, outcome=entry.outcome, reason=str(error))


def _of_call(services: Services, request: Request, caller: Caller) -> AuditEntry:
    learner_id = request.path_params.get("learner_id")
    secret = services.settings.key_secret.get_secret_value()
    return AuditEntry(
        audit_id=str(uuid4()),
        at=to_seconds(services.clock()),
        actor=f"key:{caller.key_id}",
        action=request.scope["route"].name,
        subject=None if learner_id is None else learner_subject(secret, str(learner_id)),
        request_id=logs.request_id.get(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container a user may have a number and no name.
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
