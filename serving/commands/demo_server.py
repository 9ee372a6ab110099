"""A server of the demo's own, which ends with the demo however that ends."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
from pydantic import SecretStr

from recommender.errors import RecommenderError
from serving.commands.demo_ending import Ending
from serving.settings import Settings

_HOST = "127.0.0.1"
# The first service of a clone compiles the engine, which took more than a minute on two shared cores.
_START_SECONDS = 600.0
# Its store is removed anyway: no need to wait long for good order.
_STOP_SECONDS = 3.0
_PR_SET_PDEATHSIG = 1


class DemoError(RecommenderError):
    """The demo cannot show what it should; the sentence says why and what to do."""


def demo_settings(folder: Path) -> Settings:
    """Return the settings of a service that keeps everything in `folder`, under a secret made now."""
    return Settings(
        key_secret=SecretStr(secrets.token_hex(32)),
        database_url=f"sqlite:///{folder / 'demo.db'}",
        log_level="warning",
    )


@contextmanager
def running_server(settings: Settings, log: Path, end: Ending) -> Iterator[str]:
    """Run the service as a process of its own until the block ends; yields its address.

    Parameters
    ----------
    log : Path
        File that receives its log lines.
    end : Ending
        May end the wait for the server, never its start or stop.

    Raises
    ------
    DemoError
        If it does not get ready.
    """
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            [sys.executable, "-m", "serving", "run", "--host", _HOST, "--port", str(port)],
            env={**os.environ, **_environment(settings)},
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            # Ctrl-C goes to the demo alone, which then stops the server in good order.
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        try:
            address = f"http://{_HOST}:{port}"
            with end.allowed():
                _wait_until_ready(process, address, log)
            yield address
        finally:
            _stop(process)


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "SERVING_KEY_SECRET": settings.key_secret.get_secret_value(),
        "SERVING_DATABASE_URL": settings.database_url,
        "SERVING_POINTER": str(settings.pointer),
        "SERVING_LOG_LEVEL": settings.log_level,
    }


def _end_with_parent() -> None:
    # Also a parent that is killed outright takes the server with it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    reason = "it did not answer;"
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            answer = httpx2.get(f"{address}/health/ready", timeout=5)
            if answer.is_success:
                return
            # It loads its model before it answers at all: waiting on would not help.
            reason = answer.json()["detail"]
            break
        time.sleep(0.1)
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise DemoError(
        f"the server did not get ready: {reason} {' '.join(last)}; train and promote a model first"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
