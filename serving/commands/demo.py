"""``demo``: the promoted model at work over HTTP, in a store that is removed at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from recommender.domain.simulation import LABEL
from serving import logs
from serving.commands import keys
from serving.commands.demo_choice import ANSWERS, SHOWN, DemoData, Opening, choose_module, find_opening
from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_ending import ending
from serving.commands.demo_server import demo_settings, running_server
from serving.commands.demo_tables import mastery_table, reasons_table, side_by_side, standing_table
from serving.commands.load import load

NEXT_COMMANDS = (
    ("make serve", "the API; then the README's three lines give it data and a key"),
    ("make mlflow", "the runs, their plots and the registered model"),
    ("make train DATA=data/oulad", "train again, on this or on your own data"),
)
_WHY_OTHERS_MOVE = (
    "Mastery of other skills moves too: each attempt also tells of the learner's overall ability."
)
_NOBODY_REAL = f"{LABEL}: the model that answers learned from nothing else, from no real person."
_NOBODY = "somebody-new"


def demo(directory: Path, console: Console) -> None:
    """Load a dataset's history, start the API, and show how evidence changes what it answers.

    Raises
    ------
    RecommenderError
        If there is no model to serve, or the dataset cannot be shown.
    """
    with ending() as end, tempfile.TemporaryDirectory(prefix="demo-") as folder:
        with end.allowed():
            data = DemoData(directory)
            settings = demo_settings(Path(folder))
            logs.configure(settings.log_level)
            console.rule(f"History of {data.name} into the store")
            load(settings, directory, console)
            key = keys.create(settings, "demo", ["recommend", "events"])
        headers = {"Authorization": f"Bearer {key}"}
        with (
            running_server(settings, Path(folder) / "server.log", end) as address,
            end.allowed(),
            httpx2.Client(base_url=address, headers=headers, timeout=30) as http,
        ):
            console.rule(f"The API, at {address}")
            _story(data, DemoClient(http), console)
    console.rule("To try next")
    for command, what in NEXT_COMMANDS:
        console.print(f"  [bold]{command:<27}[/] {what}")


def _story(data: DemoData, client: DemoClient, console: Console) -> None:
    if client.model()["simulated"]:
        console.print(_NOBODY_REAL, highlight=False)
    opening = find_opening(data, client)
    learner_id, first = opening.learner_id, opening.module
    console.print(_how_chosen(opening))
    console.print(standing_table(f"Learner {learner_id}: mastery by skill", opening.start))
    console.print(reasons_table("What to learn next, and why", opening.start.modules))
    console.rule(f"New evidence: {ANSWERS} attempts failed on “{first['title']}”")
    _show(console, opening.start, opening.failed, first)
    console.print(_WHY_OTHERS_MOVE)
    other = choose_module(data, opening.failed, other_than=first)
    console.rule(f"New evidence: {ANSWERS} attempts passed on “{other['title']}”")
    client.answer_items(learner_id, data.items_of(other), passed=True, label="passed")
    client.complete(learner_id, other["module_id"])
    console.print("Its completion is recorded too, so it leaves the list.")
    _show(console, opening.failed, client.standing(learner_id, SHOWN), other)
    stranger = client.recommend(_NOBODY, SHOWN)
    console.rule(f"Somebody of whom nothing is known (fallback: {stranger['fallback']})")
    console.print(reasons_table(f"Learner {_NOBODY}", stranger["recommendations"]))


def _how_chosen(opening: Opening) -> str:
    if not opening.changed:
        return f"Learner {opening.learner_id}: failures do not change what comes first for those tried."
    return (
        f"Learner {opening.learner_id}, amid a course: the first, of {opening.n_tried} tried, for whom "
        f"{ANSWERS} failures change what comes first."
    )


def _show(console: Console, before: Standing, after: Standing, module: Mapping[str, Any]) -> None:
    touched = [skill["skill_id"] for skill in module["skills"]]
    console.print(mastery_table("Mastery", before, after, touched))
    console.print(side_by_side("Next modules", before, after))
