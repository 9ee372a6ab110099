"""What the service counts, as Prometheus reads it.

With several workers every process keeps its numbers in a file of its own, in the directory that
`PROMETHEUS_MULTIPROC_DIR` names, and whichever of them is asked adds them up. No learner and no key is in a
label.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serving.meter import Meter
from serving.methods import METHODS
from serving.model import ServedModel
from serving.store import catalog
from serving.store.faults import StoreUnavailableError

if TYPE_CHECKING:
    from serving.services import Services

__all__ = ["CONTENT_TYPE_LATEST", "PrometheusMeter", "directory_for_workers"]

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_KINDS = frozenset(("attempt", "completion", "self_assessment", "credential", "feedback"))
_OTHER = "other"


@contextmanager
def directory_for_workers() -> Iterator[None]:
    """Name a directory to the processes that are started in this block; it is removed at its end."""
    with tempfile.TemporaryDirectory(prefix="serving-metrics-") as folder:
        before = os.environ.get(_DIRECTORY)
        os.environ[_DIRECTORY] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[_DIRECTORY]
            else:
                os.environ[_DIRECTORY] = before


class PrometheusMeter(Meter):
    """Counts, and tells Prometheus."""

    def __init__(self) -> None:
        # Times at which counters were made, a second series for each: nobody asked for them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        of_request = ["method", "route", "status"]
        self._requests = Counter(
            "http_requests", "Requests answered, by pattern of the route.", of_request, registry=registry
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte of a request's head to the last of its answer.",
            of_request,
            buckets=_SECONDS,
            registry=registry,
        )
        self._events = Counter(
            "recommender_events", "Events that came in.", ["kind", "outcome"], registry=registry
        )
        self._statements = Counter(
            "recommender_xapi_statements",
            "xAPI statements that came in, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self._recommendations = Counter(
            "recommender_recommendations", "Learners answered.", ["fallback"], registry=registry
        )
        self._replays = Counter(
            "recommender_replays", "Learners whose log was folded again.", ["reason"], registry=registry
        )
        self._written = Counter(
            "recommender_recommendation_log_written", "Recommendations logged.", registry=registry
        )
        self._lost = Counter(
            "recommender_recommendation_log_lost",
            "Recommendations that could not be logged.",
            registry=registry,
        )
        self._faults = Counter(
            "recommender_store_faults",
            "Calls that failed because of the store.",
            ["fault"],
            registry=registry,
        )
        self._waits = Histogram(
            "recommender_store_write_wait_seconds",
            "Time until it was a writer's turn, where writers of a process come one at a time.",
            buckets=_SECONDS,
            registry=registry,
        )
        # A counter and a histogram for each set of labels seen: finding them takes longer than counting.
        self._seen: dict[tuple[str, str | None, int], tuple[Counter, Histogram]] = {}
        self._told: dict[str, Counter] = {}

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer."""
        seen = self._seen.get((method, route, status))
        if seen is None:
            # What callers choose does not become a label: there would be no end of them.
            known = method if method in METHODS else _OTHER
            labels = (known, route or _OTHER, str(status))
            seen = self._requests.labels(*labels), self._durations.labels(*labels)
            if known is method:
                self._seen[method, route, status] = seen
        seen[0].inc()
        seen[1].observe(seconds)

    def events(self, kind: str, outcome: str, n: int = 1) -> None:
        """Count events that came in."""
        self._events.labels(kind if kind in _KINDS else _OTHER, outcome).inc(n)

    def statements(self, outcome: str, n: int = 1) -> None:
        """Count xAPI statements that came in."""
        self._statements.labels(outcome).inc(n)

    def recommendation(self, fallback: str | None) -> None:
        """Count an answer for one learner."""
        told = fallback or "none"
        if told not in self._told:
            self._told[told] = self._recommendations.labels(told)
        self._told[told].inc()

    def replays(self, reason: str, n: int = 1) -> None:
        """Count learners whose log was folded again."""
        self._replays.labels(reason).inc(n)

    def recommendations_logged(self, written: int = 0, lost: int = 0) -> None:
        """Count answers that the log of recommendations took, or had to give up."""
        self._written.inc(written)
        self._lost.inc(lost)

    def store_fault(self, fault: str) -> None:
        """Count a call that failed because of the store."""
        self._faults.labels(fault).inc()

    def write_waited(self, seconds: float) -> None:
        """Tell how long somebody waited until it was their turn to write."""
        self._waits.observe(seconds)

    def page(self, services: Services) -> bytes:
        """Return everything, as `CONTENT_TYPE_LATEST`: counts of all workers, and what this one serves."""
        now = CollectorRegistry()
        now.register(_Present(services))
        if _DIRECTORY not in os.environ:
            return generate_latest(self._registry) + generate_latest(now)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together) + generate_latest(now)


class _Present(Collector):
    """What is so now, looked at when somebody asks."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Tell of the model and the catalogue."""
        models = self._services.models
        yield GaugeMetricFamily(
            "recommender_model_refused",
            "1 while the pointer names a bundle that cannot serve.",
            value=float(models.refused is not None),
        )
        served = models.current
        if served is not None:
            info: Mapping[str, str] = {
                "bundle_id": served.engine.bundle_id,
                "alias": served.alias,
                "version": "" if served.version is None else str(served.version),
                "simulated": str(served.simulated).lower(),
            }
            about = GaugeMetricFamily("recommender_model_info", "The model that serves.", labels=list(info))
            about.add_metric(list(info.values()), 1.0)
            yield about
            trained_at = _trained_at(served)
            if trained_at is not None:
                yield GaugeMetricFamily(
                    "recommender_model_age_seconds",
                    "Time since the model was trained.",
                    value=(self._services.clock() - trained_at).total_seconds(),
                )
        with suppress(StoreUnavailableError):
            yield GaugeMetricFamily(
                "recommender_catalog_revision",
                "Number of the last change of the catalogue, 0 before the first.",
                value=float(catalog.revision(self._services.database)),
            )


def _trained_at(model: ServedModel) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(model.engine.manifest.get("created_at")))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
