"""What the reports on learning say, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from training.programme.growth import Gain
from training.programme.growth_groups import Growth, GrowthFound
from training.programme.growth_partitions import Kind
from training.programme.growth_sittings import FEWEST_ANSWERS, FEWEST_PEOPLE, MOST_ANSWERS

NOT_LINKED: Final = (
    "Too few people answered the same items at the start as others did, or they themselves, 6, 12 or 24 "
    "months later. Where every item is asked once, at a fixed date, easier items and learning look alike. "
    f"Items asked again at both times, of at least {FEWEST_PEOPLE} people, would show it."
)
READING: Final = (
    "Each row compares people with themselves: only those who answered enough items at both times are in "
    "it. Points are of 100 such items: +5 means that of the same 100 items people pass 5 more than at the "
    "start. The interval says how far chance could move the figure: in 95 of 100 such studies it holds the "
    "true one.",
)
GROUP_NOTES: Final = (
    f"Groups with fewer than {FEWEST_PEOPLE} people measured at both times are not in the table. A dash is "
    "what may not be told without few people standing out.",
)
AGAINST_REST: Final = (
    "How much more or less each gained than everybody else who was measured twice. Among many groups some "
    "look "
    'different by chance alone: "beyond chance" is said only of those for whom that is unlikely even so.',
)


def answer(kind: Kind, found: GrowthFound) -> tuple[str, ...]:
    """Say what was found, the most important first."""
    main = [row for row in found.everybody if row.months == found.main]
    others = [row for row in found.everybody if row.months != found.main]
    lines = [f"{_when(row.months)}, {_change(row)}" for row in (*main, *others)]
    lines += [_again(row, found) for row in main if row.n_eligible is not None]
    lines += _compared(kind, found)
    lines.append(
        "This is how people changed. What changed them it does not show: nobody was without the programme."
    )
    return tuple(lines)


def about_groups(kind: Kind) -> tuple[str, ...]:
    """Say how to read the gains of groups."""
    return (f"Every {kind} is measured on the same scale of items, so that figures compare.",)


def about_returned(found: GrowthFound) -> tuple[str, ...]:
    """Say how those who were not measured again stood at the start."""
    lines = [
        "Who comes back is not a matter of chance. Here is how both stood at the start, on the same items."
    ]
    for row in found.returned:
        lines.append(
            f"At the start those who were measured again after {row.months} months {_stood(row.difference)}"
        )
    return tuple(lines)


def cannot_show(kind: Kind, found: GrowthFound) -> tuple[str, ...]:
    """Say what the data do not hold."""
    lines = [
        "Whether the programme is why people changed: for that it takes people who are alike and began "
        "later, or never. The report on returns looks at that where the data have it.",
        "How those changed who were not measured again.",
    ]
    shown = {row.months for row in found.everybody}
    missing = [str(months) for months in (6, 12, 24) if months not in shown]
    if missing:
        lines.append(
            f"Change after {_listed(missing)} months: fewer than {FEWEST_PEOPLE} people were measured then "
            "and at the start by items that both times have in common, or it would make few people stand "
            "out."
        )
    if not found.groups:
        lines.append(f"A comparison by {kind}: no group has enough people who may be told of.")
    return tuple(lines)


def method(found: GrowthFound) -> tuple[str, ...]:
    """Say how it was worked out."""
    items = (
        "Only items that belong to no module count, such as skill checks and tests: what is asked within a "
        "module comes right after it was taught."
        if found.measured_by == "checks"
        else "All items count, also those asked within modules right after something was taught, since "
        "there are too few skill checks: figures later on may be lifted by that."
    )
    return (
        "The start is the first month from somebody's first answer; later is within a month and a half of "
        f"6, 12 and 24 months after it. {items} Only a person's first answer to an item counts, so nobody "
        f"gains by having seen it. Somebody is measured at a time with at least {FEWEST_ANSWERS} such "
        f"answers; of more than {MOST_ANSWERS} the first {MOST_ANSWERS} count. Who could be measured are "
        "those with a start for whom that time was over. People hired later are not counted.",
        "Items later may be easier or harder. So how hard each item is was estimated together with "
        "everything else, from pairs of answers that one person gave at one time, one right and one wrong, "
        "which tell of the items and not of the person (Rasch 1960; Choppin 1968; Zwinderman 1995). How "
        "able each group is at each time, and how much people in it differ, was estimated on that scale "
        "(Bock and Aitkin 1981). Points are the share that a group would pass of one mix of items: all "
        "that were asked, as often as they were asked.",
        "Intervals are 1.96 standard errors to either side, from drawing people anew, with replacement "
        "(bootstrap, Efron 1979). Each time all was estimated again, how hard items are too. In made "
        "worlds whose truth is known such intervals held it in about 19 of 20.",
        "That low scores rise and high scores fall the next time, by chance alone, makes no gain here: "
        "nobody is chosen by a score (regression to the mean: Galton 1886; Campbell and Kenny 1999).",
        "A group is said to differ from the rest only if that holds with so many groups looked at "
        "(Benjamini and Hochberg 1995, false discoveries 5%). Assumed is that one ability, at a time, "
        "decides all items; where people learn some skills and not others, the figure is the mean over "
        "what they were asked.",
    )


def _when(months: int) -> str:
    return f"{months} months after they began"


def _change(row: Growth) -> str:
    gain = row.gain
    if not gain.is_clear:
        return (
            f"there is no difference from the start that could not be chance ({interval(gain)} of 100 "
            f"items; {gain.n_learners:,} people)."
        )
    return (
        f"people pass {_more(gain)} of the same 100 items than at the start, {row.later * 100:.0f} for "
        f"{row.start * 100:.0f} ({_sizes(gain)}; {gain.n_learners:,} people measured both times)."
    )


def _more(gain: Gain) -> str:
    return f"{abs(gain.gain) * 100:.1f} {'more' if gain.gain > 0 else 'fewer'}"


def _sizes(gain: Gain) -> str:
    """Return the interval of a difference that is clear, without its sign."""
    low, high = sorted((abs(gain.low), abs(gain.high)))
    return f"between {low * 100:.1f} and {high * 100:.1f}"


def interval(gain: Gain) -> str:
    """Return a difference and its interval in points, such as "+1.0, between -0.5 and +2.5"."""
    return f"{gain.gain * 100:+.1f}, {between(gain)}"


def between(gain: Gain) -> str:
    """Return the interval of a difference in points."""
    return f"between {gain.low * 100:+.1f} and {gain.high * 100:+.1f}"


def _again(row: Growth, found: GrowthFound) -> str:
    assert row.n_eligible is not None  # noqa: S101
    told = (
        f"Of {row.n_eligible:,} people who could be measured again after {row.months} months, "
        f"{row.gain.n_learners / row.n_eligible:.0%} were"
    )
    for one in found.returned:
        if one.months == row.months:
            return f"{told}; at the start these {_stood(one.difference)}"
    return f"{told}."


def _stood(difference: Gain) -> str:
    if not difference.is_clear:
        return (
            f"did not differ from the others by more than could be chance ({interval(difference)} of 100 "
            "items)."
        )
    return (
        f"passed {_more(difference)} of 100 items than the others ({_sizes(difference)}), so the gains need "
        "not hold for those."
    )


def _compared(kind: Kind, found: GrowthFound) -> list[str]:
    compared = [row for row in found.groups if row.rest is not None]
    if not compared:
        return []
    lines = []
    for more, word in ((True, "more"), (False, "less")):
        rows = [
            row for row in compared if row.differs and row.rest is not None and (row.rest.gain > 0) == more
        ]
        if rows:
            named = (f"{row.group} ({interval(row.rest)})" for row in rows if row.rest is not None)
            lines.append(f"After {found.main} months gained {word} than everybody else: {_listed(named)}.")
    if not lines:
        n = len(compared)
        what = f"the one {kind} compared did not gain" if n == 1 else f"none of {n} {kind}s compared gained"
        lines.append(
            f"After {found.main} months {what} more or less than everybody else by a difference that could "
            "not be chance."
        )
    return lines


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
