"""Up to when all statements can be found that there are or will be (Communication 2.1.3)."""

from __future__ import annotations

import threading

from serving.services import Clock
from serving.store import statements as store
from serving.store.database import Database
from serving.store.tables import xapi_statements
from serving.xapi.telling import milliseconds


class Consistency:
    """Tells the moment, which never goes back.

    The time at which a statement is stored is told while others are kept from writing, and they are until it
    can be found, and it is later than all before it. So while nobody writes that moment is now, and else that
    of the last one that can be found.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._latest = 0
        self._mutex = threading.Lock()

    def through(self) -> int:
        """Return the moment, in milliseconds since 1970 UTC."""
        # This millisecond is not over yet.
        over = milliseconds(self._clock()) - 1
        is_quiet = self._database.nobody_writes(xapi_statements)
        with self._database.read() as connection:
            last = store.last_stored_ms(connection)
        return self.at_least(max(over, last) if is_quiet else last)

    def at_least(self, moment: int) -> int:
        """Remember that one can find all up to a moment; the latest of which that is known."""
        with self._mutex:
            self._latest = max(self._latest, moment)
            return self._latest
