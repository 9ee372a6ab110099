"""``demo``: the promoted model at work over HTTP, in a store that is removed at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from serving import logs
from serving.commands import keys
from serving.commands.demo_choice import SHOWN, DemoData, choose_learner, choose_module
from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_server import demo_settings, running_server, terminated_like_interrupted
from serving.commands.demo_tables import mastery_table, reasons_table, side_by_side, standing_table
from serving.commands.load import load

NEXT_COMMANDS = (
    ("make serve", "the API on this machine; its documentation at http://127.0.0.1:8000/docs"),
    ("make mlflow", "the runs, their plots and the registered model"),
    ("make help", "everything else there is to do"),
)
_NOBODY = "somebody-new"


def demo(directory: Path, console: Console) -> None:
    """Load a dataset's history, start the API, and show how evidence changes what it answers.

    Raises
    ------
    RecommenderError
        If there is no model to serve, or the dataset cannot be shown.
    """
    with terminated_like_interrupted(), tempfile.TemporaryDirectory(prefix="demo-") as folder:
        data = DemoData(directory)
        settings = demo_settings(Path(folder))
        logs.configure(settings.log_level)
        console.rule(f"History of {data.name} into the store")
        load(settings, directory, console)
        key = keys.create(settings, "demo", ["recommend", "events"])
        with (
            running_server(settings, Path(folder) / "server.log") as address,
            httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30) as http,
        ):
            console.rule(f"The API, at {address}")
            _story(data, DemoClient(http), console)
    console.rule("To try next")
    for command, what in NEXT_COMMANDS:
        console.print(f"  [bold]{command:<12}[/] {what}")


def _story(data: DemoData, client: DemoClient, console: Console) -> None:
    learner_id, start = choose_learner(data, client)
    console.print(standing_table(f"Learner {learner_id}: mastery by skill", start))
    console.print(reasons_table("What to learn next, and why", start.modules))
    first = choose_module(data, start)
    failed = _answers(data, client, console, learner_id, start, first, passed=False)
    other = choose_module(data, failed, other_than=first)
    _answers(data, client, console, learner_id, failed, other, passed=True)
    stranger = client.recommend(_NOBODY, SHOWN)
    console.rule(f"Somebody of whom nothing is known (fallback: {stranger['fallback']})")
    console.print(reasons_table(f"Learner {_NOBODY}", stranger["recommendations"]))


def _answers(
    data: DemoData,
    client: DemoClient,
    console: Console,
    learner_id: str,
    before: Standing,
    module: Mapping[str, Any],
    *,
    passed: bool,
) -> Standing:
    word = "passed" if passed else "failed"
    console.rule(f"New evidence: attempts {word} on “{module['title']}”")
    counts = client.answer_items(learner_id, data.items_of(module), passed=passed, label=word)
    after = client.standing(learner_id, SHOWN)
    console.print(f"{counts['stored']} attempts stored")
    touched = [skill["skill_id"] for skill in module["skills"]]
    console.print(mastery_table("Mastery", before, after, touched))
    console.print(side_by_side("Next modules", before, after))
    return after
