"""Several worker processes over one store and one port."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from serving.commands import keys
from tests.unit.serving.world import KEY_SECRET, bundle, completion, make_settings, write_pointer

__all__ = ["bundle"]


@pytest.mark.skipif(sys.platform == "win32", reason="stops by signal")
def test_two_workers_serve_one_store_and_stop_in_good_order(tmp_path: Path, bundle: Path) -> None:
    settings = make_settings(tmp_path)
    write_pointer(settings.pointer, bundle)
    key = keys.create(settings, "test", ["events", "recommend", "catalog"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "SERVING_KEY_SECRET": KEY_SECRET,
        "SERVING_DATABASE_URL": settings.database_url,
        "SERVING_POINTER": str(settings.pointer),
    }
    command = [sys.executable, "-m", "serving", "run", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        ready = False
        while not ready:
            assert server.poll() is None
            assert time.monotonic() < deadline
            with suppress(httpx2.TransportError):
                ready = httpx2.get(f"{address}/health/ready", timeout=60).is_success
            time.sleep(0.05)
        headers = {"Authorization": f"Bearer {key}"}
        for number in range(20):
            # A connection of its own each, so that both workers get some.
            new = {"rows": [{"module_id": f"new-{number}", "title": "New"}]}
            put = httpx2.put(f"{address}/v1/modules", json=new, headers=headers, timeout=60)
            assert put.json()["catalog_revision"] == number + 1
            # Whichever worker took it, the other knows it by now.
            sent = {"events": [completion(f"c{number}", f"new-{number}")]}
            assert httpx2.post(f"{address}/v1/events", json=sent, headers=headers).json()["stored"] == 1
        answer = httpx2.get(f"{address}/v1/learners/ann/mastery", headers=headers)
        assert answer.json()["n_events"] == 20
    finally:
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0, log
    assert log.count(b"Finished server process") == 2
