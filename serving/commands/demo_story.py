"""How the demo tells: what a learner stands at, what new evidence changes, what a stranger gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from recommender.domain.simulation import LABEL, labelled
from serving.commands.demo_choice import ANSWERS, SHOWN, DemoData, Opening, choose_module, find_opening
from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_tables import mastery_table, reasons_table, side_by_side, standing_table

NOBODY = "somebody-new"
_WHY_OTHERS_MOVE = (
    "Mastery of other skills moves too: each attempt also tells of the learner's overall ability."
)
_NOBODY_REAL = f"{LABEL}: the model that answers learned from nothing else, from no real person."


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells, from what, to whom.

    Parameters
    ----------
    simulated : bool
        Whether the model that answers learned from simulated data; then every heading says so.
    """

    data: DemoData
    client: DemoClient
    console: Console
    simulated: bool

    @classmethod
    def begin(cls, data: DemoData, client: DemoClient, console: Console) -> Telling:
        """Ask which model answers, and say so first where it has learned from nobody real."""
        simulated = bool(client.model()["simulated"])
        if simulated:
            console.print(_NOBODY_REAL, highlight=False)
        return cls(data, client, console, simulated)

    def heading(self, text: str) -> None:
        """Begin a part of the story."""
        self.console.rule(labelled(text, self.simulated))


def tell_evidence(telling: Telling) -> None:
    """Show somebody amid a course, what failures and passes change, and what a stranger gets."""
    opening = find_opening(telling.data, telling.client)
    console = telling.console
    console.print(_how_chosen(opening))
    console.print(standing_table(f"Learner {opening.learner_id}: mastery by skill", opening.start))
    console.print(reasons_table("What to learn next, and why", opening.start.modules))
    tell_answers(telling, opening)
    stranger = telling.client.recommend(NOBODY, SHOWN)
    telling.heading(f"Somebody of whom nothing is known (fallback: {stranger['fallback']})")
    console.print(reasons_table(f"Learner {NOBODY}", stranger["recommendations"]))


def tell_answers(telling: Telling, opening: Opening) -> None:
    """Show what the failures of an opening changed; then passes on another module, and its completion."""
    learner_id, client = opening.learner_id, telling.client
    telling.heading(f"New evidence: {ANSWERS} attempts failed on “{opening.module['title']}”")
    _show(telling.console, opening.start, opening.failed, opening.module)
    telling.console.print(_WHY_OTHERS_MOVE)
    other = choose_module(telling.data, opening.failed, other_than=opening.module)
    telling.heading(f"New evidence: {ANSWERS} attempts passed on “{other['title']}”")
    client.answer_items(learner_id, telling.data.items_of(other), passed=True, label="passed")
    client.complete(learner_id, other["module_id"])
    telling.console.print("Its completion is recorded too, so it leaves the list.")
    _show(telling.console, opening.failed, client.standing(learner_id, SHOWN), other)


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
    console.print(side_by_side("Next modules", before.modules, after.modules))
