"""``python -m training``: the commands. What a command does lies in its module under `training.commands`.

Modules are imported when their command runs, so that ``--help`` and bad arguments answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recommender.errors import BundleError, DatasetError, InputError
from training.cli_benchmarks import benchmarks
from training.cli_options import DataDirectory, JsonFile

BAD_INPUT = 2
"""Exit code where what came in is wrong (0: done, 1: ran and failed its gate); stderr says what."""

_MOST_REASONS = 20


class Commands(TyperGroup):
    """The commands; bad input to any of them is told on stderr and ends with exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except (InputError, BundleError) as error:
            _tell(error)
            raise typer.Exit(BAD_INPUT) from error


def _tell(error: Exception) -> None:
    """Write to stderr one sentence, and of several reasons their count and the first of them below."""
    reasons = error.reasons if isinstance(error, DatasetError) else (str(error),)
    count = f" ({len(reasons)} reasons, more below)" if len(reasons) > 1 else ""
    typer.echo(f"Error: {reasons[0]}{count}", err=True)
    for reason in reasons[1:_MOST_REASONS]:
        typer.echo(f"  {reason}", err=True)
    if len(reasons) > _MOST_REASONS:
        typer.echo(f"  ... and {len(reasons) - _MOST_REASONS} more", err=True)


app = typer.Typer(
    cls=Commands,
    help="Prepare data, train and evaluate models, and decide what serves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
importers = typer.Typer(help="Make a dataset of the files that somebody publishes.", no_args_is_help=True)
app.add_typer(importers, name="import")
app.add_typer(benchmarks, name="benchmark")


@app.command()
def validate(
    data: DataDirectory,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Go on without the rows that break a rule.")
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where --lenient writes those rows.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Check a dataset and print what was found."""
    from training.commands.validate import run

    run(data, lenient=lenient, rejects=rejects, json_file=json)


@app.command()
def describe(
    data: Annotated[list[Path], typer.Option("--data", help="Directory of a dataset; repeatable.")],
    json: JsonFile = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write the table here as Markdown.")
    ] = None,
) -> None:
    """Show what datasets look like, side by side."""
    from training.commands.describe import run

    run(data, json_file=json, markdown_file=markdown)


@importers.command()
def oulad(
    raw: Annotated[Path, typer.Option("--raw", help="Directory with the raw files, .csv or .csv.gz.")],
    out: Annotated[Path, typer.Option("--out", help="Directory to write the dataset to.")],
) -> None:
    """Open University Learning Analytics Dataset."""
    from training.commands.import_oulad import run

    run(raw, out)


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="Directory to write the dataset to.")],
    learners: Annotated[int, typer.Option(help="How many people.")] = 3000,
    months: Annotated[int, typer.Option(help="How long.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    learner_model: Annotated[
        str, typer.Option(help="How hidden skills move: growth (and power-law forgetting) or states.")
    ] = "growth",
    catalog: Annotated[
        Path | None, typer.Option(help="Directory of a catalogue of your own; default the bundled one.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Simulate an organisation on a catalogue: a dataset, and beside it the hidden truth."""
    from training.commands.sample import run
    from training.datasets.sample import SampleConfig

    run(out, SampleConfig(learners, months, seed, learner_model), catalog, json)


@app.command()
def train(
    data: DataDirectory,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as skills.n_folds=3; repeatable.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="local.")] = "local",
    out: Annotated[
        Path | None, typer.Option("--out", help="Directory for the bundle; default mlruns/bundles/ID.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Validate, fit, evaluate, track in MLflow and register as challenger."""
    from training.commands.train import run

    run(data, config_file=config, overrides=overrides or (), engine=engine, out=out, json_file=json)


@app.command()
def score(
    bundle: Annotated[
        Path, typer.Option("--bundle", help="Directory of the bundle, or the pointer file that names it.")
    ],
    data: DataDirectory,
    out: Annotated[Path, typer.Option("--out", help="Directory for the result; new or empty.")],
    k: Annotated[int, typer.Option("--k", help="Modules per learner at most, 1 to 100.")] = 5,
    now: Annotated[
        str | None,
        typer.Option("--now", help="Moment to recommend for, ISO 8601; default that of the last event."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Processes; default as many as there are cores.")
    ] = None,
    block: Annotated[int, typer.Option("--block", help="Learners that a process scores at a time.")] = 2000,
    json: JsonFile = None,
) -> None:
    """Recommend to every learner of a dataset; the rows are written as Parquet."""
    from training.commands.score import run

    run(bundle, data, out, k=k, now=now, jobs=jobs, block=block, json_file=json)


@app.command()
def simulate(
    bundle: Annotated[
        Path, typer.Option("--bundle", help="Directory of the bundle, or the pointer file that names it.")
    ],
    data: Annotated[
        Path, typer.Option("--data", help="Directory of the simulated dataset that it was trained on.")
    ] = Path("data/reskilling"),
    learners: Annotated[int, typer.Option(help="How many people of each seed.")] = 300,
    seeds: Annotated[int, typer.Option(help="How many organisations of new people.")] = 10,
    learner_model: Annotated[
        list[str] | None, typer.Option(help="growth or states; repeatable, default both.")
    ] = None,
    factor: Annotated[
        list[float] | None,
        typer.Option(help="Also worlds with learning, and with forgetting, times this; repeatable."),
    ] = None,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="Also engines that lack one of their parts.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Processes; default as many as there are cores.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Let simulated learners take what each policy recommends, and compare minutes until they are ready."""
    from training.commands.simulate import run
    from training.datasets.sample.parameters import LEARNER_MODELS
    from training.evaluation.simulation.config import SimulationConfig

    models = tuple(learner_model or LEARNER_MODELS)
    config = SimulationConfig(learners, seeds, models, tuple(factor or ()), ablations)
    run(bundle, data, config, jobs=jobs, json_file=json)


@app.command()
def pictures(
    bundle: Annotated[
        Path, typer.Option("--bundle", help="Directory of the bundle, or the pointer file that names it.")
    ],
    data: Annotated[
        Path, typer.Option("--data", help="Directory of the simulated dataset that it was trained on.")
    ] = Path("data/reskilling"),
    out: Annotated[
        Path, typer.Option("--out", help="Directory for the pictures; those there are replaced.")
    ] = Path("docs/pictures"),
) -> None:
    """Draw what the engine says of one simulated learner, for the guide for learning designers."""
    from training.commands.pictures import run

    run(bundle, data, out)


@app.command()
def oracle(
    data: DataDirectory,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as skills.n_folds=3; repeatable.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Evaluate as train does, beside an oracle that knows the hidden truth; simulated data only."""
    from training.commands.oracle import run

    run(data, config_file=config, overrides=overrides or (), json_file=json)


@app.command()
def report(
    data: DataDirectory,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Bundle that mastery is read with, or the pointer file that names it."),
    ] = None,
    now: Annotated[
        str | None, typer.Option(help="Moment the reports are of, ISO 8601; default the last event.")
    ] = None,
    value_per_unit: Annotated[
        float | None,
        typer.Option(help="Worth of one unit of the outcome measured, in the money of its costs."),
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Outcome that worth is of; needed where there are several.")
    ] = None,
    anticipation: Annotated[
        int | None, typer.Option(help="Periods before the start in which there may be an effect already.")
    ] = None,
    importance: Annotated[
        Path | None,
        typer.Option(help="Write the table role_skills here, its importance moved by what postings ask for."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of resamples.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the pages and tables too; must not exist.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Report to people in charge: gaps, learning, use, demand, return, equity, mentors; kept in MLflow."""
    from training.commands.report import run

    run(
        data,
        bundle=bundle,
        now=now,
        value_per_unit=value_per_unit,
        measure=measure,
        anticipation=anticipation,
        importance=importance,
        seed=seed,
        out=out,
        json_file=json,
    )


@app.command(name="off-policy")
def off_policy(
    data: DataDirectory,
    bundle: Annotated[
        Path, typer.Option("--bundle", help="Bundle to judge, or the pointer file that names it.")
    ],
    reward: Annotated[
        str, typer.Option(help="What counts after an answer: accepted, finished or passed.")
    ] = "accepted",
    window_days: Annotated[float, typer.Option(help="Days after an answer in which it counts.")] = 28.0,
    seed: Annotated[int, typer.Option(help="Seed of the folds of the reward model.")] = 0,
    json: JsonFile = None,
) -> None:
    """Estimate from logged answers what another model would have earned; refused without overlap."""
    from training.commands.off_policy import run

    run(data, bundle, reward=reward, window_days=window_days, seed=seed, json_file=json)


@app.command()
def promote(
    version: Annotated[int | None, typer.Option(help="Which version; default the challenger.")] = None,
    reason: Annotated[str, typer.Option(help="Why, in plain words.")] = "",
    json: JsonFile = None,
) -> None:
    """Let the challenger serve: move the champion alias and the pointer file that serving watches."""
    from training.commands.promote import promote as run

    run(version=version, reason=reason, json_file=json)


@app.command()
def rollback(
    reason: Annotated[str, typer.Option(help="Why, in plain words.")] = "",
    json: JsonFile = None,
) -> None:
    """Return to the model that served before."""
    from training.commands.rollback import rollback as run

    run(reason=reason, json_file=json)


@app.command()
def mlflow(
    host: Annotated[str, typer.Option(help="Address of this machine to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5000,
) -> None:
    """Serve MLflow's pages and API: to this machine, or to a team where MLFLOW_AUTH_CONFIG_PATH is set."""
    from training.commands.mlflow_server import run

    run(host, port)
