"""``run``: serve the API."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn
from uvicorn.supervisors import Multiprocess

from serving import logs
from serving.settings import Settings
from serving.store.migrate import open_database


def run(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until stopped. Workers are processes; they share the bundle's memory.

    Raises
    ------
    ConfigurationError
        If the database cannot be used.
    """
    logs.configure(settings.log_level)
    # Once, before the workers: a fault is one sentence here and not one traceback in each of them.
    open_database(settings.database_url).close()
    config = uvicorn.Config(
        "serving.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    if workers == 1:
        # It has shut down in good order by the time it passes Ctrl-C on.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()
        return
    listening = config.bind_socket()
    # Inherited by every connection. asyncio does this for sockets of its own only; without it each answer of
    # a worker waits 40 ms for the client's delayed acknowledgement (RFC 896 meets RFC 1122, section 4.2.3.2).
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Multiprocess(config, sockets=[listening]).run()
