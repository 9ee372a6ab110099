"""Traces of requests and of SQL, by OpenTelemetry, where the operator names a collector.

What the instrumentation libraries put into a span holds addresses, and addresses hold learner ids. So of each
span only what is listed here goes out: no other attribute, no event and no text of an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from recommender.errors import ConfigurationError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from sqlalchemy import Engine

# By their names in the semantic conventions of OpenTelemetry, the older ones and those that follow them.
_TOLD = frozenset(
    (
        "db.operation",
        "db.operation.name",
        "db.query.text",
        "db.statement",
        "db.system",
        "db.system.name",
        "error.type",
        "http.flavor",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.scheme",
        "http.status_code",
        "network.protocol.version",
        "url.scheme",
    )
)
# They are asked every few seconds, and nobody looks for them.
_NOT_TRACED = "^https?://[^/]+/(health/|metrics$)"


def exporter_to(endpoint: str) -> SpanExporter:
    """Return what sends spans to a collector.

    Raises
    ------
    ConfigurationError
        If OpenTelemetry is not installed.
    """
    try:
        for library in ("fastapi", "sqlalchemy"):
            import_module(f"opentelemetry.instrumentation.{library}")
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ConfigurationError(
            f"setting SERVING_OTEL_ENDPOINT needs OpenTelemetry, of which {error.name} is not installed; "
            "install adaptive-learning-recommender[otel], or leave the setting out"
        ) from None
    return OTLPSpanExporter(endpoint=endpoint)


class Tracing:
    """Follows an app and the statements of its database until it is closed."""

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = "adaptive-learning-recommender"
        about = Resource.create({"service.name": name, "service.version": version(name)})
        self._provider = TracerProvider(resource=about)
        self._provider.add_span_processor(BatchSpanProcessor(_impersonal(exporter)))

    def follow_requests(self, app: FastAPI) -> None:
        """Trace what the app answers; to be called before it starts."""
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            excluded_urls=_NOT_TRACED,
            exclude_spans=["receive", "send"],
        )

    def follow_statements(self, engine: Engine) -> None:
        """Trace the SQL, without its parameters."""
        from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

        # The library names versions of SQLAlchemy up to 2.0 only; it listens to events that 2.1 has as well.
        SQLAlchemyInstrumentor().instrument(
            engine=engine, tracer_provider=self._provider, skip_dep_check=True
        )

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what waits, and trace no more."""
        from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

        if SQLAlchemyInstrumentor().is_instrumented_by_opentelemetry:
            SQLAlchemyInstrumentor().uninstrument()
        self._provider.shutdown()


def _impersonal(exporter: SpanExporter) -> SpanExporter:
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Impersonal(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([_without_data(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Impersonal()


def _without_data(span: ReadableSpan) -> ReadableSpan:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    return ReadableSpan(
        span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in _TOLD},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
