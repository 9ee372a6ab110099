"""``python -m training promote``: let the challenger serve."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from training.commands.outputs import check_writable
from training.registry import CHAMPION, ModelRegistry, Move
from training.tracking import STORE


def promote(
    *,
    version: int | None = None,
    reason: str = "",
    store: Path = STORE,
    pointer: Path | None = None,
    json_file: Path | None = None,
) -> Move:
    """Move ``champion`` to a version and rewrite the pointer file that serving watches; say so in one line.

    Parameters
    ----------
    version : int, optional
        By default the challenger.
    reason : str
        Why, in plain words; kept with the version.
    store : Path
        Folder of MLflow's database, unless ``MLFLOW_TRACKING_URI`` is set.
    pointer : Path, optional
        By default ``champion.json`` in `store`.
    json_file : Path, optional
        Where to write the move for machines.

    Raises
    ------
    InputError
        If there is nothing to promote, or its bundle is gone.
    """
    check_writable(json_file, "--json")
    pointer = pointer or store / f"{CHAMPION}.json"
    move = ModelRegistry.open(store).promote(pointer, version, reason)
    if move.changed:
        before = f"; version {move.previous} is kept for rollback" if move.previous else ""
        typer.echo(f"Version {move.champion} serves now as champion{before}. Pointer: {pointer}")
    else:
        typer.echo(f"Version {move.champion} is champion already. Pointer checked: {pointer}")
    write_move(move, json_file)
    return move


def write_move(move: Move, json_file: Path | None) -> None:
    """Write a move as JSON where a file is asked for."""
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(move), indent=2) + "\n", encoding="utf-8")
