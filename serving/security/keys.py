"""API keys: ``alr_<key_id>_<secret>``.

The secret has 256 random bits, so a fast keyed hash is enough: there is nothing to guess. What is stored is
its HMAC-SHA256 under the service's own secret, which a stolen copy of the database does not hold.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from recommender.domain.events import to_seconds
from serving.security.scopes import Scope
from serving.security.tokens import Claims
from serving.store import api_keys, erasure
from serving.store.api_keys import StoredKey

PREFIX = "alr"
_KEY_ID_BYTES = 6
_SECRET_BYTES = 32
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds a valid key, or a token in its place.

    Parameters
    ----------
    learner_id : str or None
        The only learner of whom they may ask; None for all.
    """

    key_id: str
    name: str
    scopes: frozenset[str]
    learner_id: str | None = None


def create_key(
    connection: Connection, key_secret: str, *, name: str, scopes: Iterable[Scope], now: datetime
) -> str:
    """Store a new key and return it; it cannot be shown again.

    Parameters
    ----------
    key_secret : str
        The service's secret, under which keys are hashed.
    """
    key_id, secret = secrets.token_hex(_KEY_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
    stored = StoredKey(
        key_id=key_id,
        name=name,
        hash=_hash(secret, key_secret),
        last4=secret[-4:],
        scopes=" ".join(sorted(scope.value for scope in set(scopes))),
        created_at=to_seconds(now),
    )
    api_keys.add(connection, stored)
    return f"{PREFIX}_{key_id}_{secret}"


def key_id_of(key: str) -> str:
    """Return the part of a key that names it and is no secret.

    >>> key_id_of("alr_0123_4567")
    '0123'
    """
    return key.split("_")[1]


def verify_key(connection: Connection, key_secret: str, presented: str) -> Caller | None:
    """Return who presents this key, or None when it is unknown, wrong or revoked."""
    prefix, _, rest = presented.partition("_")
    key_id, _, secret = rest.partition("_")
    stored = api_keys.find(connection, key_id) if prefix == PREFIX else None
    # Compared also when there is no such key, so that time does not tell which ids exist.
    matches = hmac.compare_digest(_hash(secret, key_secret), stored.hash if stored else _NOBODY)
    if stored is None or not matches or stored.revoked_at is not None:
        return None
    return Caller(stored.key_id, stored.name, frozenset(stored.scopes.split()))


def caller_with(connection: Connection, key_secret: str, claims: Claims) -> Caller | None:
    """Return who presents a token; None where its key is gone or revoked, or its learner was erased since."""
    stored = api_keys.find(connection, claims.key_id)
    if stored is None or stored.revoked_at is not None:
        return None
    if claims.learner_id is not None:
        erased = erasure.erased_at(connection, erasure_mark(key_secret, claims.learner_id))
        if erased is not None and claims.issued_at <= erased:
            return None
    # What the key may not do any more, its tokens may not either.
    scopes = claims.scopes.intersection(stored.scopes.split())
    return Caller(stored.key_id, stored.name, scopes, claims.learner_id)


def erasure_mark(key_secret: str, learner_id: str) -> str:
    """Return what stands for an erased learner: it tells nothing to whoever lacks the service's secret."""
    # A key's secret is hexadecimal, so it never is the hash of one.
    return _hash(f"erased:{learner_id}", key_secret)


def _hash(secret: str, key_secret: str) -> str:
    return hmac.new(key_secret.encode(), secret.encode(), hashlib.sha256).hexdigest()
