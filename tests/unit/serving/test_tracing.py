"""Traces: requests by their pattern, SQL without its parameters, and nothing else."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.testclient import TestClient
from typer.testing import CliRunner

from recommender.errors import ConfigurationError
from serving.app import create_app
from serving.cli import app as command_line
from serving.security.keys import create_key
from serving.security.scopes import Scope
from serving.settings import Settings
from serving.store.migrate import open_database
from serving.tracing import Tracing, exporter_to
from tests.unit.serving.world import (
    KEY_SECRET,
    NOW,
    FixedClock,
    attempt,
    make_settings,
    running_service,
    write_pointer,
)

PRIVATE = "private-person"


@contextmanager
def traced(folder: Path, bundle: Path) -> Iterator[tuple[TestClient, InMemorySpanExporter, Tracing]]:
    settings, spans = make_settings(folder, pointer_poll_seconds=60), InMemorySpanExporter()
    write_pointer(settings.pointer, bundle)
    database = open_database(settings.database_url)
    with database.write() as connection:
        key = create_key(connection, KEY_SECRET, name="tests", scopes=list(Scope), now=NOW)
    database.close()
    app, tracing = create_app(settings, clock=FixedClock()), Tracing(spans)
    tracing.follow_requests(app)
    with TestClient(app, headers={"X-API-Key": key}, raise_server_exceptions=False) as client:
        tracing.follow_statements(app.state.services.database.engine)
        yield client, spans, tracing
        tracing.close()


def kept(span: ReadableSpan) -> str:
    return f"{span.name} {dict(span.attributes or {})} {span.status.description} {span.events} {span.links}"


def test_a_request_is_a_span_with_its_pattern_and_its_statements_below_it(
    tmp_path: Path, bundle: Path
) -> None:
    with traced(tmp_path, bundle) as (client, spans, tracing):
        trace = "0af7651916cd43dd8448eb211c80319c"
        sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        client.post("/v1/events", json={"events": [attempt("private-event", PRIVATE)]}, headers=sent)
        assert client.get(f"/v1/learners/{PRIVATE}/mastery").status_code == 200
        assert client.get(f"/{PRIVATE}?{PRIVATE}={PRIVATE}").status_code == 404
        client.get("/health/live")
        tracing.flush()
        found = list(spans.get_finished_spans())
    names = [span.name for span in found]
    assert "POST /v1/events" in names
    assert "GET /v1/learners/{learner_id:text}/mastery" in names
    assert not [name for name in names if "health" in name]
    posted = next(span for span in found if span.name == "POST /v1/events")
    assert format(posted.context.trace_id, "032x") == trace
    attributes = posted.attributes or {}
    assert attributes["http.route"] == "/v1/events"
    assert attributes["http.method"] == "POST"
    assert attributes["http.status_code"] == 200
    inserted = next(
        span for span in found if "INSERT INTO events" in str((span.attributes or {}).get("db.statement"))
    )
    assert inserted.parent is not None
    assert inserted.parent.trace_id == posted.context.trace_id
    told = " ".join(map(kept, found))
    assert [secret for secret in ("private", "testclient", "alr_") if secret in told] == []


def test_of_a_failure_only_that_it_failed_goes_out(tmp_path: Path, bundle: Path) -> None:
    with traced(tmp_path, bundle) as (client, spans, tracing):

        def raises(learner_id: str) -> None:
            raise KeyError(learner_id)

        client.app.add_api_route("/raises/{learner_id}", raises)  # type: ignore[attr-defined]
        with client.app.state.services.database.write() as connection:  # type: ignore[attr-defined]
            connection.exec_driver_sql("DROP TABLE events")
        assert client.get(f"/raises/{PRIVATE}").status_code == 500
        assert client.post("/v1/events", json={"events": [attempt("e", PRIVATE)]}).status_code == 500
        tracing.flush()
        found = list(spans.get_finished_spans())
    failed = [span for span in found if span.status.status_code is StatusCode.ERROR]
    assert {"GET /raises/{learner_id}", "POST /v1/events"} <= {span.name for span in failed}
    assert PRIVATE not in " ".join(map(kept, found))


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A real server that takes what OTLP over HTTP sends."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_collector_gets_the_spans_when_the_service_stops_at_the_latest(
    tmp_path: Path, bundle: Path
) -> None:
    with collector() as (address, received):
        with running_service(tmp_path, bundle, otel_endpoint=address) as service:
            service.post_events(attempt("private-event", PRIVATE))
        names = {
            span.name
            for request in received
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        }
        about = {
            pair.key: pair.value.string_value
            for request in received
            for of_resource in request.resource_spans
            for pair in of_resource.resource.attributes
        }
    assert "POST /v1/events" in names
    assert about["service.name"] == "adaptive-learning-recommender"
    assert PRIVATE.encode() not in b"".join(request.SerializeToString() for request in received)


def test_without_opentelemetry_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.sqlalchemy", None)
    with pytest.raises(ConfigurationError, match=r"install adaptive-learning-recommender\[otel\]"):
        exporter_to("http://localhost:4318/v1/traces")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setenv("SERVING_OTEL_ENDPOINT", "http://localhost:4318/v1/traces")
    result = CliRunner().invoke(command_line, ["run"])
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: setting SERVING_OTEL_ENDPOINT needs OpenTelemetry")
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("address", ["collector:4318", "grpc://collector:4317", "http://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="begins with http"):
        Settings(_env_file=None, key_secret=KEY_SECRET, otel_endpoint=address)
