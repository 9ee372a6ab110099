"""``python -m training benchmark``: models beside published baselines."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli_options import DataDirectory, JsonFile

benchmarks = typer.Typer(help="Judge models beside published baselines; keep none.", no_args_is_help=True)


@benchmarks.command()
def skills(
    data: DataDirectory,
    fold: Annotated[
        int | None, typer.Option(help="Test this fold of the table folds, not learners drawn at random.")
    ] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Share of the learners tested, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    json: JsonFile = None,
) -> None:
    """Predict the next answer of unseen learners, beside item means, Best-LR and, where installed, pyBKT."""
    from training.commands.benchmark_skills import run

    run(data, fold=fold, test_fraction=test_fraction, seed=seed, json_file=json)


@benchmarks.command()
def modules(
    data: DataDirectory,
    protocol: Annotated[
        str,
        typer.Option(help="What is predicted: leave-last-out, temporal, holdout, few-shot or cold-modules."),
    ],
    cut: Annotated[
        list[float] | None,
        typer.Option(
            help="Where temporal cuts, a fraction of the time span; repeatable, default .5 .6 .7 .8 .9."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    eligible: Annotated[
        bool,
        typer.Option(
            "--eligible", help="Leave out modules that are retired or lack a module that must come first."
        ),
    ] = False,
    max_learners: Annotated[
        int | None, typer.Option(help="Test no more than so many learners, drawn at random; default all.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Predict the next module, beside popularity and single views, by full ranking of the catalogue.

    leave-last-out: the last module each learner started, from those before it.

    temporal: each learner's next module after a cut in time.

    holdout: the pairs of the table holdout.

    few-shot: the next module of learners whom no model has seen, from their first one, two and three.

    cold-modules: modules that are hidden from training, a fifth at a time.
    """
    from training.commands.benchmark_modules import run

    run(
        data,
        protocol=protocol,
        cuts=cut or (),
        seed=seed,
        eligible=eligible,
        max_learners=max_learners,
        json_file=json,
    )
