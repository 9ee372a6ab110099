"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def bar(console: Console) -> Progress:
    """Return a progress bar that counts, and shows only on a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class Steps:
    """Counts off the named steps of one piece of work and remembers how long each took.

    Parameters
    ----------
    n_steps : int
    console : Console
    """

    def __init__(self, n_steps: int, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._n_steps, self._console = n_steps, console
        self._bar = bar(console)
        self._task = self._bar.add_task("", total=n_steps)

    @contextmanager
    def running(self) -> Iterator[Steps]:
        """Show the bar while the work goes on."""
        with self._bar:
            yield self

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run one step; its line appears when it is done."""
        self._bar.update(self._task, description=escape(name))
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started
        self._bar.advance(self._task)
        self._console.print(f"  {escape(name)} [dim]{self.seconds[name]:.1f} s[/dim]", highlight=False)
