"""``python -m serving``: names the commands; what they do lies in `serving.commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recommender.errors import DatasetError, RecommenderError


class _OneSentence(TyperGroup):
    """Turns what a user can mend into exit code 2 and one sentence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RecommenderError as error:
            for line in _lines(error):
                typer.echo(line, err=True)
            raise typer.Exit(2) from None


_SHOWN_REASONS = 20

app = typer.Typer(
    cls=_OneSentence,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Serve recommendations over HTTP, and keep the store they come from.",
)
keys_app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
app.add_typer(keys_app, name="keys")
import_app = typer.Typer(no_args_is_help=True, help="Bring in what other systems recorded.")
app.add_typer(import_app, name="import")


@app.command()
def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Number of processes.")] = 1,
) -> None:
    """Serve the API."""
    from serving.commands.run import run as serve
    from serving.settings import read_settings

    serve(read_settings(), host=host, port=port, workers=workers)


@app.command()
def load(data: Annotated[Path, typer.Option(help="Directory of the dataset.")]) -> None:
    """Bring a dataset's learners and events into the store; all rows or none."""
    from rich.console import Console

    from serving import logs
    from serving.commands.load import load as load_dataset
    from serving.settings import read_settings

    # Counts and progress say what is done; of the log only what is wrong is of interest here.
    logs.configure("warning")
    load_dataset(read_settings(), data, Console())


@import_app.command("xapi")
def import_xapi(
    file: Annotated[
        Path, typer.Option(help="File of xAPI statements: one a line, or a JSON array; plain or .gz.")
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Check all of the file first, and keep nothing of a bad one.")
    ] = False,
    home_page: Annotated[
        list[str] | None,
        typer.Option(
            help="Home page of accounts whose names are learner ids, besides those of "
            "SERVING_XAPI_HOME_PAGES; may be given several times."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Where to write the result for machines.")] = None,
) -> None:
    """Bring xAPI statements of a file into the store; safe to repeat."""
    from rich.console import Console

    from serving import logs
    from serving.commands.import_xapi import import_xapi as import_file
    from serving.settings import read_settings

    logs.configure("warning")
    # what a file holds is no markup
    console = Console(markup=False, emoji=False, highlight=False)
    import_file(read_settings(), file, console, strict=strict, home_pages=home_page or (), json_file=json)


@app.command("export-events")
def export_events(out: Annotated[Path, typer.Option(help="Directory to write the dataset to.")]) -> None:
    """Write the store's learners, events, recommendations and feedback as a dataset."""
    from rich.console import Console

    from serving import logs
    from serving.commands.export_events import export_events as export
    from serving.settings import read_settings

    logs.configure("warning")
    export(read_settings(), out, Console())


@app.command()
def backup(out: Annotated[Path, typer.Option(help="New file to copy the store into.")]) -> None:
    """Copy the store into a file, while it is in use."""
    from serving.commands.backup import run_backup
    from serving.settings import read_settings

    typer.echo(run_backup(read_settings(), out))


@app.command()
def restore(
    from_: Annotated[Path, typer.Option("--from", help="File that backup made.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a store that holds something.")] = False,
) -> None:
    """Put a backup in the place of the store: all of it, or nothing changes."""
    from serving.commands.backup import run_restore
    from serving.settings import read_settings

    typer.echo(run_restore(read_settings(), from_, force=force))


@app.command()
def migrate() -> None:
    """Bring the database to the shape this version needs."""
    from serving.commands.migrate import run_migrations
    from serving.settings import read_settings

    typer.echo(run_migrations(read_settings()))


@app.command()
def vacuum() -> None:
    """Write the database anew, so that no byte of what was erased is left in it."""
    from serving.commands.vacuum import vacuum as write_anew
    from serving.settings import read_settings

    left = write_anew(read_settings())
    for what in left:
        typer.echo(f"Not all could be written anew: {what}", err=True)
    if left:
        raise typer.Exit(1)
    typer.echo("the database is written anew")


@app.command()
def openapi() -> None:
    """Write the API's OpenAPI description to standard output."""
    from serving.commands.openapi import openapi_json

    typer.echo(openapi_json())


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="Directory of the dataset the model was trained on.")],
) -> None:
    """Show the promoted model at work over HTTP, in a store of its own that is removed at the end."""
    from rich.console import Console

    from serving.commands.demo import demo as show

    show(data, Console(width=100))


@app.command()
def audit(
    learner: Annotated[str | None, typer.Option(help="Only what was done to this learner: its id.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this time on, such as 2026-03-01.")] = None,
) -> None:
    """List who administered what, and when."""
    from rich.console import Console

    from serving.commands.audit import listing
    from serving.settings import read_settings

    Console().print(listing(read_settings(), learner_id=learner, since=since))


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Who will use it.")],
    scopes: Annotated[str, typer.Option(help="What it may do, such as recommend,events.")],
) -> None:
    """Make an API key. It is shown once."""
    from serving.commands import keys
    from serving.settings import read_settings

    typer.echo(keys.create(read_settings(), name, scopes.split(",")))


@keys_app.command("list")
def list_keys() -> None:
    """List all keys, without what would let one use them."""
    from rich.console import Console

    from serving.commands import keys
    from serving.settings import read_settings

    Console().print(keys.listing(read_settings()))


@keys_app.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Its id, as keys list shows it.")]) -> None:
    """Make a key useless from now on."""
    from serving.commands import keys
    from serving.settings import read_settings

    keys.revoke(read_settings(), key_id)
    typer.echo(f"{key_id} is revoked")


def _lines(error: RecommenderError) -> list[str]:
    """Return the first reason and the number of all, then others, as ``python -m training`` does."""
    reasons = error.reasons if isinstance(error, DatasetError) else (str(error),)
    count = f" ({len(reasons)} reasons, more below)" if len(reasons) > 1 else ""
    hidden = len(reasons) - _SHOWN_REASONS
    return [
        f"Error: {reasons[0]}{count}",
        *(f"  {reason}" for reason in reasons[1:_SHOWN_REASONS]),
        *([f"  ... and {hidden} more"] if hidden > 0 else []),
    ]
