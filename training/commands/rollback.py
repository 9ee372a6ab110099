"""``python -m training rollback``: return to what served before."""

from __future__ import annotations

from pathlib import Path

import typer

from training.commands.outputs import check_writable
from training.commands.promote import write_move
from training.registry import CHAMPION, ModelRegistry, Move
from training.tracking import STORE


def rollback(
    *,
    reason: str = "",
    store: Path = STORE,
    pointer: Path | None = None,
    json_file: Path | None = None,
) -> Move:
    """Swap ``champion`` and ``previous`` and rewrite the pointer file; say so in one line.

    Parameters
    ----------
    reason : str
        Why, in plain words; kept with the version that stops serving.
    store, pointer, json_file : Path
        As in `training.commands.promote.promote`.

    Raises
    ------
    InputError
        If nothing served before, or its bundle is gone.
    """
    check_writable(json_file, "--json")
    pointer = pointer or store / f"{CHAMPION}.json"
    move = ModelRegistry.open(store).rollback(pointer, reason)
    kept = f"version {move.previous} is kept as previous"
    typer.echo(f"Version {move.champion} serves again as champion; {kept}. Pointer: {pointer}")
    write_move(move, json_file)
    return move
