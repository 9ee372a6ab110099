"""The report on who falls behind, by counts and never by names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from training.programme.engagement_behind import (
    FAILING_DAYS,
    FEWEST_ANSWERS,
    IDLE_DAYS,
    MOST_FAILED,
    PACE_DAYS,
    SIGNS,
    WITHIN_DAYS,
    Behind,
    Group,
    Sign,
    Signs,
    behind,
)
from training.programme.engagement_figures import above_the_rest, differ
from training.programme.ledger import Ledger
from training.programme.programme import Programme
from training.reports.engagement_charts import BLUE, GREEN, ORANGE, Bar, Block, bars
from training.reports.engagement_words import INTERVALS, listed, percent, span
from training.reports.sheet import Chart, Kind, NotShown, Report, Section, Sheet

NAME: Final = "falling-behind"
TITLE: Final = "Who falls behind"
QUESTION: Final = (
    "How many people with something left to learn have stopped, fail much, or get nearer too slowly?"
)

_LABELS: Final[dict[Sign, tuple[str, str, str]]] = {
    "idle": (f"nothing for {IDLE_DAYS} days", BLUE, ""),
    "slow": ("nearer too slowly", ORANGE, "//"),
    "failing": ("many failures", GREEN, ".."),
}
_SAYS: Final[dict[Sign, str]] = {
    "idle": f"did nothing for {IDLE_DAYS} days or more",
    "slow": f"get nearer too slowly to have what their role asks for within {WITHIN_DAYS // 7} weeks",
    "failing": f"failed more than {MOST_FAILED:.0%} of their answers of the last {FAILING_DAYS} days",
}


def behind_report(programme: Programme) -> Report | NotShown:
    """Report how many people show signs of falling behind."""
    if programme.bundle is None or programme.bundle.skills is None:
        return _not(
            "Who has something left to learn needs a model of mastery; training on attempts makes one."
        )
    if not programme.dataset.has_clock:
        return _not("Not every attempt and completion says when it happened; it takes these times.")
    signs = Signs.of(programme)
    ledger = Ledger(signs.people)
    found = behind(programme, signs, ledger)
    if found is None:
        return _not(
            "Fewer than five people are known to be below what a role requires. It takes the tables roles "
            "and role_skills, and learners with roles: without them nobody can tell who stopped from who "
            "is done."
        )
    return Report(
        name=NAME,
        title=TITLE,
        question=QUESTION,
        answer=tuple(_answer(found)),
        sections=tuple(_sections(found)),
        cannot_show=tuple(_cannot(found)),
        method=tuple(_method()),
        n_withheld=ledger.n_withheld,
    )


def _not(reason: str) -> NotShown:
    return NotShown(NAME, TITLE, QUESTION, reason)


def _answer(found: Behind) -> list[str]:
    whole = found.everybody
    first = f"{whole.n:,} people still have something to learn for their role"
    if not whole.signs:
        return [f"{first}; how many of them fall behind cannot be told without few people standing out."]
    many = sorted(whole.signs, key=lambda sign: -whole.signs[sign].n_has)
    each = [f"{percent(whole.signs[sign])} {_SAYS[sign]}" for sign in many]
    lines = [f"{first}. Of them {listed(each)}."]
    for sign in many[:1]:
        lines += _compared(found, sign)
    return lines


def _compared(found: Behind, sign: Sign) -> list[str]:
    """Say of the most frequent sign where it is more frequent."""
    lines = []
    by_segment = {group.name: group.signs[sign] for group in found.segments if sign in group.signs}
    if len(by_segment) > 1:
        if differ(list(by_segment.values())):
            each = [f"{percent(share)} of {name} people" for name, share in by_segment.items()]
            lines.append(f"Segments differ by more than chance: {listed(each)} {_SAYS[sign]}.")
        else:
            lines.append(f"Who {_SAYS[sign]}: no difference between segments that could not be chance.")
    by_role = {group.name: group.signs[sign] for group in found.roles if sign in group.signs}
    if by_role:
        above = above_the_rest(by_role, found.everybody.signs[sign])
        if above:
            each = [f"{name}, {percent(by_role[name])}" for name in above]
            lines.append(f"Roles where more people than elsewhere {_SAYS[sign]}: {listed(each)}.")
        else:
            lines.append(
                f"No role of the {len(by_role)} that can be told of stands out by more than chance in who "
                f"{_SAYS[sign]}."
            )
    return lines


def _sections(found: Behind) -> list[Section]:
    groups = [found.everybody, *found.segments]
    sections = [Section("Everybody, and by segment", (), _chart(groups), _sheet("segments", groups))]
    if found.roles:
        text = "Roles of which figures would make a few people stand out are not there."
        sections.append(
            Section("By present role", (text,), _chart(found.roles), _sheet("roles", found.roles))
        )
    return sections


def _chart(groups: Sequence[Group]) -> Chart | None:
    blocks = [
        Block(
            f"{group.name} ({group.n:,} people)",
            tuple(
                Bar(label, s.value, s.low, s.high, f"{s.value:.0%}", colour, hatch)
                for sign, (label, colour, hatch) in _LABELS.items()
                if (s := group.signs.get(sign)) is not None
            ),
        )
        for group in groups
    ]
    # About forty labels are as many as one reads.
    blocks = [block for block in blocks if block.bars][:12]
    if not blocks:
        return None
    first = blocks[0]
    said = f"{first.title}: {', '.join(f'{bar.says} {bar.label}' for bar in first.bars)}"
    figure = bars(blocks, axis="share of people; the line is the 95% interval", top=1.0)
    return Chart(figure, f"Bars of the share of people with each sign, by group. {said}.")


def _sheet(name: str, groups: Sequence[Group]) -> Sheet:
    rows = pd.DataFrame([_row(group) for group in groups])
    titles, kinds = {"people": "People", "n_people": "With something left to learn"}, dict[str, Kind]()
    kinds["n_people"] = "count"
    for sign, (label, _, _) in _LABELS.items():
        titles |= {f"{sign}_n": label.capitalize(), f"{sign}_share": "Share", f"{sign}_span": "95% interval"}
        kinds |= {f"{sign}_n": "count"}
        kinds |= {f"{sign}_{what}": "share" for what in ("share", "low", "high")}
    return Sheet(name, rows, titles, kinds, stub="people")


def _row(group: Group) -> dict[str, object]:
    row: dict[str, object] = {"people": group.name, "n_people": group.n}
    for sign in _LABELS:
        share = group.signs.get(sign)
        row |= {
            f"{sign}_n": None if share is None else share.n_has,
            f"{sign}_share": None if share is None else share.value,
            f"{sign}_low": None if share is None else share.low,
            f"{sign}_high": None if share is None else share.high,
            f"{sign}_span": span(share),
        }
    return row


def _cannot(found: Behind) -> list[str]:
    lines = [
        "Why somebody stopped: leave, a change of work or a module that did not help look alike in the data. "
        "Ask people before anything is concluded.",
        "Who left the organisation: the table of learners does not say, so they count as having stopped.",
    ]
    missing = [_LABELS[sign][0] for sign in SIGNS if sign not in found.everybody.signs]
    if missing:
        lines.append(f"How many people in all show: {listed(missing)}. Few people would stand out.")
    if not found.segments:
        lines.append("Segments: the learners and their roles name none that can be told of.")
    if not found.roles:
        lines.append("Present roles: none can be told of without few people standing out.")
    return lines


def _method() -> list[str]:
    return [
        "Something left to learn: mastery of some skill is below what the target role requires, else the "
        "present role. Mastery is the probability to pass a typical item of the skill now; where nothing "
        "tells it, it is what the model expects of such a person. People hired later are not counted.",
        "Each person is counted once, under the first sign that holds:",
        f"1. Nothing for {IDLE_DAYS} days: no answer, and no module started, finished or left, since then or "
        "ever. Who was hired since and has not begun is not counted.",
        f"2. Many failures: {FEWEST_ANSWERS} answers or more in the last {FAILING_DAYS} days, of which more "
        f"than {MOST_FAILED:.0%} failed.",
        "3. Nearer too slowly: what is missing for the role (one minus readiness: gaps weighed by "
        f"importance, as a share of all that is asked) has shrunk so little in {PACE_DAYS // 7} weeks that "
        f"at this pace it is not gone within {WITHIN_DAYS // 7} weeks. Only who was there {PACE_DAYS // 7} "
        "weeks ago is judged.",
        f"{INTERVALS} Shares of people: Wilson (1927). Segments are compared by the chi-squared test "
        "(Pearson 1900) at 5%; each role with everybody else by Fisher's exact test (1922), where of the "
        "roles named one in twenty at most is expected to be named by chance (Benjamini and Hochberg 1995).",
    ]
