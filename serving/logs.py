"""Log lines as JSON, one per line on stderr, each with the id of its request. Nothing personal is logged."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import structlog

from serving.methods import METHODS
from serving.tracebacks import impersonal_traceback

REQUESTS = "serving.requests"
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that is being answered; None outside of any."""
_requests = logging.getLogger(REQUESTS)
# Their lines hold addresses, and addresses hold learner ids; alembic's say nothing an operator needs.
_QUIET = ("uvicorn.access", "httpx2", "httpcore2", "alembic")


def configure(level: str) -> None:
    """Set up logging for this process: ours and that of the libraries, in one form."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _without_objects,
        structlog.processors.ExceptionRenderer(_render),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def request_line(method: str, route: str | None, status: int, milliseconds: float) -> None:
    """Write that a request was answered.

    There is one such line for every request, so it does not go the way of the others, through a dozen
    functions: it is put together here, in the same form, and written.

    Parameters
    ----------
    route : str or None
        The route's pattern, never the address: addresses hold learner ids.
    """
    if not _requests.isEnabledFor(logging.INFO):
        return
    its_id = request_id.get()
    of = "" if its_id is None else f', "request_id": {json.dumps(its_id)}'
    at = datetime.now(UTC).isoformat(timespec="microseconds")[:-6]
    spelled = f'"{method}"' if method in METHODS else json.dumps(method)
    line = (
        f'{{"status": {status}, "milliseconds": {milliseconds:.2f}, "method": {spelled}, '
        f'"route": {json.dumps(route)}, "event": "request", "level": "info", "logger": "{REQUESTS}", '
        f'"timestamp": "{at}Z"{of}}}\n'
    )
    sys.stderr.write(line)


def _add_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    its_id = request_id.get()
    if its_id is not None:
        event["request_id"] = its_id
    return event


def _without_objects(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # The lines after the first one show tasks and what they raised, as Python spells it: with values.
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _render(exc_info: Any) -> str:
    return impersonal_traceback(exc_info[1])
