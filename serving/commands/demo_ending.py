"""How the demo ends when it is told to: soon, with one word, leaving neither processes nor files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Ending:
    """Notes Ctrl-C and SIGTERM, and raises them only where that leaves nothing behind.

    Making and removing the folder and the server are never cut short: between the making of something and the
    ``with`` that removes it, an exception would leave it there.
    """

    def __init__(self) -> None:
        self._asked = False
        self._raises = False

    def note(self, _signal: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self._asked = True
        if self._raises:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raise what was noted."""
        if self._asked:
            raise KeyboardInterrupt

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let the demo be ended anywhere in this block."""
        self._raises = True
        try:
            self.check()
            yield
            # Python swallows what is raised in some callbacks: what was noted still counts.
            self.check()
        finally:
            self._raises = False


@contextmanager
def ending() -> Iterator[Ending]:
    """Take Ctrl-C and SIGTERM until the block ends; KeyboardInterrupt after it if one came."""
    one = Ending()
    before = {which: signal.signal(which, one.note) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield one
        one.check()
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
