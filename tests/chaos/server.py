"""The service as a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import httpx2
import psutil

from tests.unit.serving.world import KEY_SECRET

# In a new checkout the first start compiles.
START_SECONDS = 300.0


class Server:
    """``python -m serving run``, in a process group of its own.

    Parameters
    ----------
    database_url : str
    pointer : Path
    log : Path
        Where its log lines go.
    workers : int
    settings : str
        More settings, by their names without prefix.
    """

    def __init__(
        self, database_url: str, pointer: Path, log: Path, *, workers: int = 1, **settings: object
    ) -> None:
        self._env = os.environ | {
            "SERVING_KEY_SECRET": KEY_SECRET,
            "SERVING_DATABASE_URL": database_url,
            "SERVING_POINTER": str(pointer),
            **{f"SERVING_{name.upper()}": str(value) for name, value in settings.items()},
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._log: IO[bytes] = log.open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Id of the process, of the supervisor where there are several workers."""
        assert self._process is not None
        return self._process.pid

    def command(self, *words: str) -> str:
        """Run another command with the same settings; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "serving", *words],
            env=self._env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        words = ["run", "--port", str(self.port), "--workers", str(self._workers)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "serving", *words], env=self._env, stderr=self._log, start_new_session=True
        )
        end = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the service did not start: {self._process.poll()}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether it answers calls."""
        try:
            return httpx2.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        """Kill it with all of its workers at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def processes(self) -> list[psutil.Process]:
        """Those that answer calls: the workers, or the one process there is."""
        if self._workers == 1:
            return [psutil.Process(self.pid)]
        children = psutil.Process(self.pid).children()
        # Beside them there is one that looks after what they share.
        return [child for child in children if _is_worker(child)]

    def kill_a_worker(self, rng: random.Random) -> None:
        """Kill one worker alone; the supervisor starts another."""
        if workers := self.processes():
            # It may have ended by itself meanwhile.
            with suppress(psutil.NoSuchProcess):
                rng.choice(workers).kill()

    def asked(self) -> set[int]:
        """Processes that somebody is connected to at this moment, by their ids."""
        return {
            process.pid
            for process in self.processes()
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == self.port
        }

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(60)
        finally:
            self._log.close()


class LogReader:
    """Reads what a service has written to its log since the last time.

    Attributes
    ----------
    served : Counter of str
        By bundle id, how often a process began to serve it.
    faults : list of str
        Lines that tell of errors.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("rb")
        self._rest = b""
        self.served: Counter[str] = Counter()
        self.faults: list[str] = []

    def read(self) -> None:
        """Read on."""
        *lines, self._rest = (self._rest + self._log.read()).split(b"\n")
        for line in lines:
            # There is one for each request; they tell nothing here.
            if b'"event": "request"' not in line:
                self._note(line)

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _note(self, line: bytes) -> None:
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            self.faults.append(f"the service's log: {line.decode(errors='replace')}")
            return
        if told["event"] == "model serves":
            self.served[told["bundle_id"]] += 1
        if told["level"] in ("error", "critical"):
            self.faults.append(f"the service's log: {told}")


def _is_worker(child: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in child.cmdline())
    except psutil.NoSuchProcess:
        # Killed a moment ago, and nobody has waited for it yet.
        return False
