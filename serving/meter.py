"""What this process counts, for whoever exports it. Nothing is counted until an exporter takes its place.

One per process, as logs are: what counts lies in every layer, and a process is what Prometheus asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Meter:
    """Counts nothing; `serving.prometheus` has the one that counts."""

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer; `route` is the route's pattern, None where nothing is at the address."""

    def events(self, kind: str, outcome: str, n: int = 1) -> None:
        """Count events that came in, as ``stored``, ``duplicate`` or ``rejected``."""

    def statements(self, outcome: str, n: int = 1) -> None:
        """Count xAPI statements that came in, by what became of them, see `serving.xapi.mapping.Outcome`."""

    def recommendation(self, fallback: str | None) -> None:
        """Count an answer for one learner."""

    def replays(self, reason: str, n: int = 1) -> None:
        """Count learners whose log was folded again.

        ``late``: an event came after later ones. ``table_changed``: somebody asked for this one.
        ``background``: with others, after a swap or because somebody asked for many.
        """

    def recommendations_logged(self, written: int = 0, lost: int = 0) -> None:
        """Count answers that the log of recommendations took, or had to give up."""

    def store_fault(self, fault: str) -> None:
        """Count a call that failed because of the store."""

    def write_waited(self, seconds: float) -> None:
        """Tell how long somebody waited until it was their turn to write."""


METRICS_PATH = "/metrics"
"""Where it is told, if at all."""
_installed = [Meter()]


def current() -> Meter:
    """Return what counts now."""
    return _installed[-1]


@contextmanager
def counting(meter: Meter | None) -> Iterator[None]:
    """Let this one count until the block ends, then again whoever did before; None changes nothing."""
    if meter is None:
        yield
        return
    _installed.append(meter)
    try:
        yield
    finally:
        _installed.remove(meter)
