"""Who presents which key: looked up in the store, and remembered for a moment."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, TypeAlias

from recommender.domain.events import to_seconds
from serving.security.keys import Caller, caller_with, verify_key
from serving.security.tokens import Tokens, is_token
from serving.store.database import Database

_MOST_REMEMBERED = 10_000
Clock: TypeAlias = Callable[[], datetime]


class _Remembered(NamedTuple):
    """Who it was, until when that holds by the monotonic clock, and when a token ends by the service's."""

    until: float
    caller: Caller
    expires_at: int | None


class KeyRing:
    """Verifies keys, and tokens in their place.

    A key that was good is not looked up again for a moment, so a revoked one may work for that long. A wrong
    one is looked up each time.

    Parameters
    ----------
    database : Database
    key_secret : str
        The service's secret, under which keys are hashed.
    seconds : float
        How long a good key is remembered, 0 for not at all.
    clock : callable
        Tells the present time: tokens end.
    """

    def __init__(self, database: Database, key_secret: str, seconds: float, clock: Clock) -> None:
        self._database = database
        self._key_secret = key_secret
        self._tokens = Tokens(key_secret)
        self._clock = clock
        self._seconds = seconds
        # By a hash: a dump of the memory shows no key that works.
        self._good: dict[bytes, _Remembered] = {}

    def remembered(self, presented: str) -> Caller | None:
        """Return who presents this key, if that was found out a moment ago."""
        found = self._good.get(_digest(presented))
        if found is None or time.monotonic() >= found.until:
            return None
        over = found.expires_at is not None and to_seconds(self._clock()) >= found.expires_at
        return None if over else found.caller

    def was_good(self, presented: str) -> bool:
        """Whether this key was good when it was last looked up: a guessed one never was."""
        return _digest(presented) in self._good

    def verify(self, presented: str) -> Caller | None:
        """Return who presents this key, or None when it is unknown, wrong or revoked, or a token over."""
        now = to_seconds(self._clock())
        claims = self._tokens.read(presented, now=now) if is_token(presented) else None
        with self._database.read() as connection:
            if claims is None:
                caller = verify_key(connection, self._key_secret, presented)
            else:
                caller = caller_with(connection, self._key_secret, claims)
        if caller is None:
            self._good.pop(_digest(presented), None)
            return None
        if len(self._good) >= _MOST_REMEMBERED:
            self._good = {}
        expires = None if claims is None else claims.expires_at
        self._good[_digest(presented)] = _Remembered(time.monotonic() + self._seconds, caller, expires)
        return caller

    def issue(
        self, caller: Caller, scopes: Iterable[str], *, seconds: int, learner_id: str | None = None
    ) -> str:
        """Return a token in the place of a key, see `Tokens.issue`."""
        now = to_seconds(self._clock())
        return self._tokens.issue(caller.key_id, scopes, now=now, seconds=seconds, learner_id=learner_id)


def _digest(presented: str) -> bytes:
    return hashlib.sha256(presented.encode("utf-8", "backslashreplace")).digest()
