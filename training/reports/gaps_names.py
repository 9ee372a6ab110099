"""What partitions, groups and figures of the reports on skill gaps are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recommender.domain.catalog import Catalog
from training.programme.figures import Mean
from training.programme.people import By, titles
from training.programme.programme import Programme
from training.programme.skill_gaps_verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to part people into groups.

    Parameters
    ----------
    by : {"role", "team", "segment"}
        What a group is.
    many : str
        Several.
    """

    by: By
    many: str

    @property
    def name(self) -> str:
        """Of the report and its files."""
        return f"gaps-by-{self.by}"

    @property
    def title(self) -> str:
        """Of the report."""
        return f"Skill gaps by {self.by}"

    @property
    def question(self) -> str:
        """What the report answers."""
        return f"Where are our skills short, {self.by} by {self.by}, and is it getting better?"


CUTS: Final = (Cut("role", "roles"), Cut("team", "teams"), Cut("segment", "segments"))
VERDICTS: Final[Mapping[Verdict, str]] = {
    "up": "rose",
    "down": "fell",
    "chance": "could be chance",
    "many": "could be chance, with so many compared",
    "untold": "how sure may not be told",
}


def group_names(cut: Cut, programme: Programme) -> dict[str, str]:
    """Return names of groups that are called otherwise than their id."""
    names = {"": f"No {cut.by} given"}
    if cut.by == "role":
        names |= titles(programme)
    elif cut.by == "segment":
        names |= {"user": "Users", "builder": "Builders", "leader": "Leaders"}
    return names


def skill_names(catalog: Catalog) -> tuple[str, ...]:
    """Names of skills, with the id where two are called alike or one is not called anything."""
    times = Counter(catalog.skill_names)
    return tuple(
        name if name and times[name] == 1 else f"{name} ({skill_id})".strip()
        for skill_id, name in zip(catalog.skill_ids, catalog.skill_names, strict=True)
    )


def people(n: int) -> str:
    """Write a count of people.

    >>> people(1200)
    '1,200 people'
    """
    return f"{n:,} people"


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.256)
    '26%'
    """
    return f"{share:.0%}"


def points(difference: float) -> str:
    """Write a difference of shares, without its sign.

    >>> points(-0.0213)
    '2.1'
    """
    return f"{abs(100.0 * difference):.1f}"


def ready_between(short: Mean) -> str:
    """Say of how many a readiness is and how sure, given one less readiness."""
    if not short.has_interval:
        return f"{people(short.n)}; how sure that is may not be told"
    low, high = max(1.0 - short.high, 0.0), min(1.0 - short.low, 1.0)
    return f"{people(short.n)}; between {percent(low)} and {percent(high)}"


def short_between(gap: Mean) -> str:
    """Say of how many a gap is and how sure."""
    if not gap.has_interval:
        return f"{people(gap.n)}; how sure that is may not be told"
    return f"{people(gap.n)}; between {points(max(gap.low, 0.0))} and {points(min(gap.high, 1.0))}"


def change_between(change: Mean) -> str:
    """Say between what a change lies, with the direction of each end."""
    if not change.has_interval:
        return "how sure that is may not be told"
    if change.low >= 0.0 or change.high <= 0.0:
        low, high = sorted((abs(change.low), abs(change.high)))
        return f"between {points(low)} and {points(high)} points"
    return f"between {points(change.low)} points down and {points(change.high)} points up"
