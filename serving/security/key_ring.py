"""Who presents which key: looked up in the store, and remembered for a moment."""

from __future__ import annotations

import hashlib
import time

from serving.security.keys import Caller, verify_key
from serving.store.database import Database

_MOST_REMEMBERED = 10_000


class KeyRing:
    """Verifies keys.

    A key that was good is not looked up again for a moment, so a revoked one may work for that long. A wrong
    one is looked up each time.

    Parameters
    ----------
    database : Database
    key_secret : str
        The service's secret, under which keys are hashed.
    seconds : float
        How long a good key is remembered, 0 for not at all.
    """

    def __init__(self, database: Database, key_secret: str, seconds: float) -> None:
        self._database = database
        self._key_secret = key_secret
        self._seconds = seconds
        # By a hash: a dump of the memory shows no key that works.
        self._good: dict[bytes, tuple[float, Caller]] = {}

    def remembered(self, presented: str) -> Caller | None:
        """Return who presents this key, if that was found out a moment ago."""
        found = self._good.get(_digest(presented))
        return found[1] if found is not None and time.monotonic() < found[0] else None

    def was_good(self, presented: str) -> bool:
        """Whether this key was good when it was last looked up: a guessed one never was."""
        return _digest(presented) in self._good

    def verify(self, presented: str) -> Caller | None:
        """Return who presents this key, or None when it is unknown, wrong or revoked."""
        with self._database.read() as connection:
            caller = verify_key(connection, self._key_secret, presented)
        if caller is None:
            self._good.pop(_digest(presented), None)
            return None
        if len(self._good) >= _MOST_REMEMBERED:
            self._good = {}
        self._good[_digest(presented)] = (time.monotonic() + self._seconds, caller)
        return caller


def _digest(presented: str) -> bytes:
    return hashlib.sha256(presented.encode("utf-8", "backslashreplace")).digest()
