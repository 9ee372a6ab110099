"""Progress: a bar for people who watch, lines for everything else."""

import io
import re

import pytest
from rich.console import Console

from training.progress import Steps


def worked(console: Console, *names: str) -> Steps:
    steps = Steps(3, console)
    with steps.running() as running:
        assert running is steps
        for name in names:
            with steps.step(name):
                pass
    return steps


def test_elsewhere_each_step_is_one_plain_line_when_it_is_done():
    out = io.StringIO()
    steps = worked(Console(file=out, width=80), "read [events]", "fit")
    assert re.fullmatch(r"  read \[events\] \d\.\d s\n  fit \d\.\d s\n", out.getvalue())
    assert list(steps.seconds) == ["read [events]", "fit"]
    assert all(seconds >= 0 for seconds in steps.seconds.values())


def test_on_a_terminal_a_bar_counts_the_steps():
    out = io.StringIO()
    worked(Console(file=out, width=80, force_terminal=True), "read events", "fit")
    assert "━" in out.getvalue()
    assert "2/3" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_a_step_that_fails_is_not_called_done():
    out = io.StringIO()
    steps = Steps(1, Console(file=out))
    with pytest.raises(RuntimeError), steps.running(), steps.step("fit"):
        raise RuntimeError
    assert out.getvalue() == ""
    assert steps.seconds == {}
