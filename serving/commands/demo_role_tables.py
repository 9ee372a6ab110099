"""How the demo shows the way to a role: what it asks, where the learner stands, what leads there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from serving.commands.demo_client import Standing
from serving.commands.demo_people import Organisation
from serving.commands.demo_tables import chance, interval, why

_SHOWN_GAPS = 6
_SHOWN_STEPS = 8


def gaps_table(title: str, organisation: Organisation, role_id: str, standing: Standing) -> Table:
    """Largest gaps between what a role asks and mastery; in its caption the skills without evidence."""
    table = Table(title=title, title_justify="left", caption_justify="left", width=100)
    for name in ("skill", "the role asks", "mastery", "80% interval", "gap", "attempts"):
        table.add_column(name, justify="left" if name == "skill" else "right")
    required = organisation.required(role_id)
    known = {skill_id: standing.mastery[skill_id] for skill_id in required if skill_id in standing.mastery}
    gaps = {skill_id: required[skill_id] - skill["mastery"] for skill_id, skill in known.items()}
    for skill_id in sorted(gaps, key=lambda skill_id: -gaps[skill_id])[:_SHOWN_GAPS]:
        skill, gap = known[skill_id], gaps[skill_id]
        table.add_row(
            organisation.skill_name(skill_id),
            f"{required[skill_id]:.2f}",
            f"{skill['mastery']:.2f}",
            interval(skill),
            f"[red]{gap:.2f}[/]" if gap > 0 else "[green]none[/]",
            str(skill["n_attempts"]),
        )
    unseen = [organisation.skill_name(skill_id) for skill_id in required if skill_id not in known]
    n_open = sum(gap > 0 for gap in gaps.values())
    table.caption = (
        f"{n_open} gaps in the {len(known)} skills with evidence, of the {len(required)} it asks. "
        + (f"No evidence yet: {', '.join(unseen)}." if unseen else "There is evidence of every one.")
    )
    return table


def towards_table(title: str, organisation: Organisation, modules: Sequence[Mapping[str, Any]]) -> Table:
    """Next modules with time, difficulty, what the role asks of what they build, and reasons."""
    table = Table(title=title, title_justify="left", show_lines=True, width=100)
    table.add_column("", justify="right")
    table.add_column("module", width=25)
    table.add_column("chance", justify="right")
    table.add_column("the role asks", width=18)
    table.add_column("why")
    for module in modules:
        table.add_row(
            str(module["rank"]),
            f"{module['title']}{_minutes(module['duration_minutes'])}",
            f"{chance(module)}\n{(module['difficulty_fit'] or '').replace('_', ' ')}",
            _asked(module["skills"], organisation),
            _reasons(module),
        )
    return table


def pathway_table(title: str, way: Mapping[str, Any]) -> Table:
    """First steps of a pathway, and in its caption where it leads."""
    table = Table(title=title, title_justify="left", caption_justify="left", width=100)
    for name in ("weeks", "module", "minutes", "why"):
        table.add_column(name, justify="right" if name == "minutes" else "left")
    for step in way["steps"][:_SHOWN_STEPS]:
        first, last = step["starts_week"], step["ends_week"]
        weeks = f"{first}" if first == last else f"{first} to {last}"
        table.add_row(weeks, step["title"], f"{step['minutes']:.0f}", step["why"])
    more = len(way["steps"]) - _SHOWN_STEPS
    ready = (
        ""
        if way["readiness"] is None
        else f"; readiness {way['readiness']:.0%} now, {way['readiness_expected']:.0%} expected at the end"
    )
    table.caption = (
        f"and {more} more steps; " if more > 0 else ""
    ) + f"{way['weeks']} weeks at {way['weekly_minutes']:.0f} minutes{ready}."
    return table


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else f"\n{minutes:.0f} minutes"


def _asked(skills: Sequence[Mapping[str, Any]], organisation: Organisation) -> str:
    """Return what the role asks of the skills that a module builds, and how much of it is there."""
    lines = [
        f"{organisation.skill_name(skill['skill_id'])} {skill['required']:.2f} ({_has(skill['mastery'])})"
        for skill in skills
        if skill["required"] is not None
    ]
    return "\n".join(lines) or "nothing of this"


def _has(mastery: float | None) -> str:
    return "level unknown" if mastery is None else f"now {mastery:.2f}"


def _reasons(module: Mapping[str, Any]) -> str:
    swapped = module["adjustment"]
    instead = "" if swapped is None else f"\n[yellow]{swapped['direction']} version:[/] {swapped['why']}"
    return f"{why(module['reasons'])}{instead}"
