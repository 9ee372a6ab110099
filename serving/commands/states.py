"""What commands that bring in history do at their end: make the states of learners, all at once."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import Progress

from serving.learner_states import rebuild
from serving.model import ModelHolder
from serving.services import Clock
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError


def make_states(database: Database, models: ModelHolder, console: Console, clock: Clock) -> int:
    """Make the states that are missing, and say how many there were, or why there can be none now."""
    if models.current is None:
        why = f" ({models.refused})" if models.refused else ""
        console.print(f"no model is promoted yet{why}: states are made when there is one", soft_wrap=True)
        return 0
    started = time.perf_counter()
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("states", total=None)
            made = rebuild(
                database,
                models.current,
                now=clock(),
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    except StoreUnavailableError as error:
        # Loaded is loaded; whoever serves makes what is missing.
        console.print(f"states are made when the service runs: {error.reason}", soft_wrap=True)
        return 0
    console.print(f"states of {made:,} learners made in {time.perf_counter() - started:.1f} s")
    return made
