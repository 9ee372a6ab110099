"""``demo``: a model at work over HTTP, in a store that is removed at the end."""

from __future__ import annotations

import json
import shlex
import tempfile
from pathlib import Path

import httpx2
from rich.console import Console

from serving import logs
from serving.commands import keys
from serving.commands.demo_choice import DemoData
from serving.commands.demo_client import DemoClient
from serving.commands.demo_ending import ending
from serving.commands.demo_people import Organisation, Person, write_histories
from serving.commands.demo_role import tell_role
from serving.commands.demo_server import demo_settings, running_server
from serving.commands.demo_story import Telling, tell_evidence
from serving.commands.load import load
from serving.dataset_reader import read_tables
from serving.settings import Settings

NEXT_COMMANDS = (
    ("make serve", "the API; then the README's three lines give it data and a key"),
    ("make report DATA=data/oulad", "what people learned and who is served worse, as pages in MLflow"),
    ("make mlflow", "the runs, their plots, reports and the registered model"),
    ("make train DATA=data/oulad", "train again, on this or on your own data"),
)


def demo(directory: Path, console: Console) -> None:
    """Load a dataset's history, start the API, and show how evidence changes what it answers.

    Of a dataset with people on their way to another role, one of these is shown; then only the histories of
    those looked at are loaded.

    Raises
    ------
    RecommenderError
        If there is no model to serve, or the dataset cannot be shown.
    """
    person = None
    with ending() as end, tempfile.TemporaryDirectory(prefix="demo-") as folder:
        with end.allowed():
            tables = read_tables(directory, (*DemoData.TABLES, *Organisation.TABLES))
            data = DemoData(directory.resolve().name, tables)
            organisation = Organisation(tables)
            movers = organisation.movers()
            settings = demo_settings(Path(folder))
            logs.configure(settings.log_level)
            console.rule(f"History of {data.name} into the store")
            if movers:
                histories = write_histories(directory, movers, Path(folder) / "histories")
                load(settings, histories, console)
                console.print(f"These {len(movers)} of {organisation.n_people:,} people are enough here.")
            else:
                load(settings, directory, console)
            key = keys.create(settings, "demo", ["recommend", "events"])
        headers = {"Authorization": f"Bearer {key}"}
        with (
            running_server(settings, Path(folder) / "server.log", end) as address,
            end.allowed(),
            httpx2.Client(base_url=address, headers=headers, timeout=30) as http,
        ):
            console.rule(f"The API, at {address}")
            telling = Telling.begin(data, DemoClient(http), console)
            if movers:
                person = tell_role(telling, organisation, movers)
            else:
                tell_evidence(telling)
    console.rule("To try next")
    if person is not None:
        _tell_how_to_play(console, settings, directory, person)
    for command, what in NEXT_COMMANDS:
        console.print(f"  [bold]{command:<27}[/] {what}")


def _tell_how_to_play(console: Console, settings: Settings, directory: Path, person: Person) -> None:
    """Print commands that serve the same model and data, for a shell in the project's folder."""
    asked = {"learner_id": person.learner_id, "k": 3, "target_role_id": person.target_role_id}
    pointer, data = shlex.quote(str(settings.pointer)), shlex.quote(str(directory))
    lines = (
        f"export SERVING_POINTER={pointer} SERVING_DATABASE_URL=sqlite:///demo-organisation.db",
        "make serve &",
        f".venv/bin/python -m serving load --data {data}",
        "KEY=$(.venv/bin/python -m serving keys create --name me --scopes recommend,events)",
        'curl -s localhost:8000/v1/recommendations -H "Authorization: Bearer $KEY" \\',
        f"     -H 'Content-Type: application/json' \\\n       -d {shlex.quote(json.dumps(asked))}",
    )
    console.print("To ask this model yourself, in a shell of its own:")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print("To simulate an organisation of another size:")
    console.print("  .venv/bin/python -m training sample --learners 300 --out /tmp/org", highlight=False)
    console.print("And:")
