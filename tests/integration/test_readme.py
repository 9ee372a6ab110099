"""The README's example prints what the README says, on the bundle that `make demo` makes."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from training.config import load_config
from training.datasets import load_dataset
from training.pipeline import N_STEPS, train
from training.progress import Steps
from training.registry import write_pointer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.S).groups()
    # Judged on few learners to save time: what is learned does not depend on it.
    config = load_config(overrides=["evaluation.max_learners=10", "evaluation.cuts=[0.9]"])
    trained = train(
        load_dataset(ROOT / "data/oulad"),
        config,
        tmp_path / "mlruns/bundles",
        steps=Steps(N_STEPS, Console(quiet=True)),
        now=datetime.now(UTC),
    )
    content = {"bundle": f"bundles/{trained.bundle.id}", "bundle_id": trained.bundle.id}
    write_pointer(tmp_path / "mlruns/champion.json", content)
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout == shown
