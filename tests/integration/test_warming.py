"""No request waits for a compiler: all run what was compiled before the service says that it is ready."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_nothing_is_compiled_once_the_engine_is_warm(tiny_bundle: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.calls_after_warming", str(tiny_bundle)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert told["late"] == []
    assert told["warmed"] > 20
