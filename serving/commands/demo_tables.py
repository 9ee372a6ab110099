"""How the demo shows answers: tables that can be read at 100 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from serving.commands.demo_client import Standing

_LARGEST_SKILL_LIST = 6


def reasons_table(title: str, modules: Sequence[Mapping[str, Any]]) -> Table:
    """Next modules with chance of passing and reasons."""
    table = Table(title=title, title_justify="left", show_lines=True, width=100)
    table.add_column("", justify="right")
    table.add_column("module", max_width=30)
    table.add_column("chance", justify="right")
    table.add_column("why")
    for module in modules:
        table.add_row(str(module["rank"]), module["title"], chance(module), why(module["reasons"]))
    return table


def percents(weights: Sequence[float]) -> list[int]:
    """Return shares as whole per cents that add up to what the shares add up to (largest remainders).

    >>> percents([0.335, 0.335, 0.33])
    [34, 33, 33]
    """
    exact = [100 * weight for weight in weights]
    whole = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(whole)
    for i in sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])[:missing]:
        whole[i] += 1
    return whole


def why(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Reasons with their shares, one a line."""
    shares = percents([reason["weight"] for reason in reasons])
    lines = [f"{share}% {reason['text']}" for share, reason in zip(shares, reasons, strict=True)]
    return "\n".join(lines) or "nothing speaks for it strongly"


def standing_table(title: str, standing: Standing) -> Table:
    """Mastery as it is, the surest skills first."""
    table = Table(title=title, title_justify="left", width=100)
    for name in ("skill", "mastery", "80% interval", "attempts", "trend"):
        table.add_column(name, justify="left" if name in ("skill", "trend") else "right")
    most_practised = sorted(standing.mastery.values(), key=lambda skill: -skill["n_attempts"])
    for skill in most_practised[:_LARGEST_SKILL_LIST]:
        table.add_row(
            skill["name"],
            f"{skill['mastery']:.3f}",
            interval(skill),
            str(skill["n_attempts"]),
            skill["trend"],
        )
    return table


def mastery_table(title: str, before: Standing, after: Standing, touched: Sequence[str]) -> Table:
    """Mastery before and after, the touched skills first."""
    table = Table(title=title, title_justify="left", width=100)
    for name in ("skill", "before", "after", "change", "80% interval", "attempts", "trend"):
        table.add_column(name, justify="left" if name in ("skill", "trend") else "right")
    order = sorted(after.mastery, key=lambda skill_id: skill_id not in touched)
    for skill_id in order[:_LARGEST_SKILL_LIST]:
        now, then = after.mastery[skill_id], before.mastery.get(skill_id)
        table.add_row(
            f"[bold]{now['name']}[/]" if skill_id in touched else now["name"],
            "" if then is None else f"{then['mastery']:.3f}",
            f"{now['mastery']:.3f}",
            _change(now["mastery"], None if then is None else then["mastery"]),
            interval(now),
            str(now["n_attempts"]),
            now["trend"],
        )
    return table


def side_by_side(
    title: str,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    headings: tuple[str, str] = ("before", "after"),
) -> Table:
    """Next modules of two answers, and how the second differs."""
    table = Table(title=title, title_justify="left", width=100, show_lines=True)
    for name in ("", headings[0], "chance", headings[1], "chance"):
        table.add_column(name, justify="right" if name in ("", "chance") else "left")
    then = [module["module_id"] for module in before]
    for rank in range(max(len(before), len(after))):
        old, new = _at(before, rank), _at(after, rank)
        moved = "" if new is None else _moved(new["module_id"], then, rank)
        table.add_row(
            str(rank + 1),
            "" if old is None else old["title"],
            "" if old is None else chance(old),
            "" if new is None else f"{new['title']}{moved}",
            "" if new is None else chance(new),
        )
    return table


def chance(module: Mapping[str, Any]) -> str:
    """Chance of passing, in per cent."""
    probability = module["success_probability"]
    return "unknown" if probability is None else f"{probability:.1%}"


def _change(now: float, then: float | None) -> str:
    if then is None or now == then:
        return "new" if then is None else "="
    return f"[green]+{now - then:.3f}[/]" if now > then else f"[red]{now - then:.3f}[/]"


def interval(skill: Mapping[str, Any]) -> str:
    """Interval of mastery."""
    low, high = skill["interval"]
    return f"{low:.2f} to {high:.2f}"


def _moved(module_id: str, then: Sequence[str], rank: int) -> str:
    if module_id not in then:
        return " [yellow](new here)[/]"
    steps = then.index(module_id) - rank
    return "" if steps == 0 else f" [green](up {steps})[/]" if steps > 0 else f" [red](down {-steps})[/]"


def _at(modules: Sequence[Mapping[str, Any]], rank: int) -> Mapping[str, Any] | None:
    return modules[rank] if rank < len(modules) else None
