"""``python -m training promote``: let the challenger serve."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer

from recommender.domain.simulation import LABEL
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

    A second line says when the version was trained on simulated data, and whether it takes the place of one
    that was not.

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
    registry = ModelRegistry.open(store)
    served = registry.version(CHAMPION)
    move = registry.promote(pointer, version, reason)
    if move.changed:
        before = f"; version {move.previous} is kept for rollback" if move.previous else ""
        typer.echo(f"Version {move.champion} serves now as champion{before}. Pointer: {pointer}")
    else:
        typer.echo(f"Version {move.champion} is champion already. Pointer checked: {pointer}")
    if registry.simulated(move.champion):
        typer.echo(_simulated(registry, move, served))
    write_move(move, json_file)
    return move


def _simulated(registry: ModelRegistry, move: Move, served: int | None) -> str:
    """One sentence on a champion trained on simulated data; `served` was champion when the command began."""
    said = f"{LABEL}: version {move.champion} was trained on it, so no real person's learning is in it"
    # a promotion that was killed half-way may have moved the champion already
    replaced = move.previous if move.changed and served == move.champion else served
    if replaced in (None, move.champion) or registry.simulated(replaced):
        return f"{said}."
    return f"{said}; it takes the place of version {replaced}, which was trained on real data."


def write_move(move: Move, json_file: Path | None) -> None:
    """Write a move as JSON where a file is asked for."""
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(move), indent=2) + "\n", encoding="utf-8")
