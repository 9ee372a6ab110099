"""``run``: serve the API."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import nullcontext, suppress
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess

from recommender.errors import ConfigurationError
from serving import logs
from serving.prometheus import directory_for_workers
from serving.settings import Settings
from serving.store.migrate import open_database
from serving.tracing import exporter_to


def run(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until stopped. Workers are processes; they share the bundle's memory.

    Raises
    ------
    ConfigurationError
        If the database cannot be used, or host and port cannot be listened on.
    """
    logs.configure(settings.log_level)
    # Once, before the workers: a fault is one sentence here and not one traceback in each of them.
    open_database(settings.database_url).close()
    if settings.otel_endpoint is not None:
        exporter_to(settings.otel_endpoint).shutdown()
    listening = _listening(host, port)
    config = uvicorn.Config(
        "serving.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    if workers == 1:
        signal.signal(signal.SIGTERM, _ended)
        # It has shut down in good order by the time it passes a signal on.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
        return
    with directory_for_workers() if settings.metrics != "off" else nullcontext():
        _Supervisor(config, sockets=[listening]).run()


class _Supervisor(Multiprocess):
    """Stops listening when its workers do: else the system would take connections that nobody answers."""

    def terminate_all(self) -> None:
        for listening in self.sockets:
            listening.close()
        super().terminate_all()


def _ended(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket at this address; uvicorn's own way tells a failure by a log line."""
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection. asyncio does this for sockets of its own only; without it each answer
        # waits 40 ms for the client's delayed acknowledgement (RFC 896 meets RFC 1122, section 4.2.3.2).
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
    except (OSError, UnicodeError) as error:
        if listening is not None:
            listening.close()
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"cannot listen on host {host}, port {port} ({reason}); "
            "give a free --port, and as --host an address of this machine"
        ) from None
    listening.set_inheritable(True)
    return listening
