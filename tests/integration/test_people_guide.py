"""The examples of the guide to people and teams print what stands below them."""

from __future__ import annotations

import re
from contextlib import chdir, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from training.config import load_config
from training.datasets import load_dataset
from training.pipeline import N_STEPS, train
from training.progress import Steps

GUIDE = Path(__file__).parents[2] / "docs/guides/people-and-teams.md"


def test_the_examples_print_what_the_guide_shows(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(python|text)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    names: dict[str, object] = {}
    printed, shown = [], []
    with chdir(tmp_path):
        for kind, text in blocks:
            if kind == "text":
                shown.append(text)
                continue
            out = StringIO()
            with redirect_stdout(out):
                exec(compile(text, str(GUIDE), "exec"), names)  # noqa: S102 - the guide is our own
            if not Path("people-bundle").exists():
                _train(Path("people"), Path("people-bundle"))
            if out.getvalue():
                printed.append(out.getvalue())
    assert len(shown) == 4
    assert printed == shown


def _train(data: Path, out: Path) -> None:
    """Do what the guide's command does, without MLflow."""
    steps = Steps(N_STEPS, Console(quiet=True))
    train(load_dataset(data), load_config(), out, under_id=False, steps=steps, now=datetime.now(UTC))
