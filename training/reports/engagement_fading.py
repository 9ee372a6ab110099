"""The report on what is fading for want of practice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from training.programme.engagement_fading import BACK_DAYS, Fade, Fading, FadingSkill, fading
from training.programme.engagement_figures import differ
from training.programme.ledger import Ledger
from training.programme.people import USUAL_LEVEL
from training.programme.programme import Programme
from training.reports.engagement_charts import BLUE, Bar, Block, bars
from training.reports.engagement_words import INTERVALS, listed, percent, points, span
from training.reports.sheet import Chart, Kind, NotShown, Report, Section, Sheet

NAME: Final = "fading"
TITLE: Final = "What is fading"
QUESTION: Final = "Which skills lose mastery for want of practice, and how many people are due for review?"
_SHOWN: Final = 20
_WEEKS: Final = BACK_DAYS // 7


def fading_report(programme: Programme) -> Report | NotShown:
    """Report what faded over half a year."""
    if programme.bundle is None or programme.bundle.skills is None:
        return _not("What fades needs a model of mastery; training on attempts makes one.")
    if not programme.dataset.has_clock:
        return _not("Not every attempt and completion says when it happened; it takes these times.")
    if np.isnan(programme.bundle.catalog.half_life_days).all():
        return _not(
            "No skill says how fast it fades, so the model lets none fade; it takes half_life_days in the "
            "table of skills."
        )
    fade = Fade.of(programme)
    ledger = Ledger(fade.people)
    found = fading(programme, fade, ledger)
    if found.due is None and not found.skills:
        return _not(
            "It cannot be told without few people standing out; it takes more people whose mastery was known "
            f"{_WEEKS} weeks ago."
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


def fell(found: Fading) -> list[FadingSkill]:
    """Skills that lost mastery by more than chance, what lost most over all people first."""
    return [skill for skill in found.skills if skill.lost.low > 0.0]


def _answer(found: Fading) -> list[str]:
    lines = []
    if found.due is not None:
        lines.append(
            f"{percent(found.due)} of {found.due.n:,} people are due for review: {_WEEKS} weeks ago they had "
            "some skill at what their role requires, have not practised it since, and are below it now."
        )
    lost = fell(found)
    if lost:
        each = [f"{s.name}, {points(s.lost)} over {s.n_asked:,} people" for s in lost[:3]]
        lines.append(
            f"Most faded, on average over all people whose role asks for the skill: {listed(each)}. "
            f"Of {len(found.skills)} skills, {len(lost)} lost more than could be chance."
        )
    elif found.skills:
        lines.append("No skill lost mastery by more than could be chance.")
    shares = found.by_segment
    if len(shares) > 1:
        if differ(list(shares.values())):
            each = [f"{percent(share)} of {name} people" for name, share in shares.items()]
            lines.append(f"Segments differ by more than chance: {listed(each)} are due for review.")
        else:
            lines.append("Between segments there is no difference in it that could not be chance.")
    lines.append(
        "Nobody was tested for this: it is what the model expects of people who did not practise. A short "
        "test of those due would tell."
    )
    return lines


def _sections(found: Fading) -> list[Section]:
    sections = []
    if found.skills:
        text = (
            "Mastery is the probability to pass a typical item of the skill now; a point is a hundredth of "
            "it. People who practised the skill, or whose mastery was not known then, count with nothing "
            "lost."
        )
        note = (
            "Only for some skills can those who did not practise be told of by themselves. Skills are in "
            "order of what was lost over all people, so large groups come first."
        )
        sections.append(
            Section(
                f"Mastery lost in {_WEEKS} weeks, by skill",
                (text,),
                _chart(found.skills),
                _skills(found.skills),
                (note,),
            )
        )
    if found.due is not None:
        sections.append(Section("People due for review", (), None, _due(found)))
    return sections


def _chart(skills: Sequence[FadingSkill]) -> Chart:
    shown = skills[:_SHOWN]
    rows = tuple(
        Bar(
            s.name, 100 * s.lost.value, 100 * s.lost.low, 100 * s.lost.high, f"{100 * s.lost.value:.1f}", BLUE
        )
        for s in shown
    )
    axis = "points of mastery lost, mean over people whose role asks for it"
    figure = bars([Block("", rows)], axis=axis)
    first = shown[0]
    return Chart(
        figure,
        f"Bars of points lost by skill, {len(shown)} of {len(skills)} skills, what was lost most over all "
        f"people first: {first.name}, {points(first.lost)}.",
    )


def _skills(skills: Sequence[FadingSkill]) -> Sheet:
    rows = pd.DataFrame(
        [
            {
                "skill": s.name,
                "n_asked": s.n_asked,
                "lost": -s.lost.value,
                "lost_low": -s.lost.high,
                "lost_high": -s.lost.low,
                "n_unpractised": None if s.unpractised is None else s.unpractised.n,
                "then": None if s.unpractised is None else s.unpractised.then,
                "now": None if s.unpractised is None else s.unpractised.now,
            }
            for s in skills
        ]
    )
    titles = {
        "skill": "Skill",
        "n_asked": "People whose role asks for it",
        "lost": "Change for want of practice, points",
        "lost_low": "from",
        "lost_high": "to",
        "n_unpractised": "Of them without practice",
        "then": "Their mastery then",
        "now": "Now",
    }
    kinds: dict[str, Kind] = {"n_asked": "count", "n_unpractised": "count"}
    kinds |= dict.fromkeys(("lost", "lost_low", "lost_high"), "points")
    kinds |= dict.fromkeys(("then", "now"), "share")
    return Sheet("skills", rows, titles, kinds, stub="skill")


def _due(found: Fading) -> Sheet:
    shares = {} if found.due is None else {"everybody": found.due} | dict(found.by_segment)
    rows = pd.DataFrame(
        [
            {
                "people": name,
                "n_people": share.n,
                "n_due": share.n_has,
                "share": share.value,
                "low": share.low,
                "high": share.high,
                "span": span(share),
            }
            for name, share in shares.items()
        ]
    )
    titles = {
        "people": "People",
        "n_people": "How many",
        "n_due": "Due for review",
        "share": "Share",
        "span": "95% interval",
    }
    kinds: dict[str, Kind] = {"n_people": "count", "n_due": "count"}
    kinds |= dict.fromkeys(("share", "low", "high"), "share")
    return Sheet("due", rows, titles, kinds, stub="people")


def _cannot(found: Fading) -> list[str]:
    lines = [
        "What people truly forgot: without a test nobody knows. The model lets mastery fade by the half-life "
        "that the table of skills declares for each skill, and by nothing that it measured of these people.",
        f"What faded more than {_WEEKS} weeks ago: the report compares two moments.",
    ]
    if found.due is None:
        lines.append("How many people are due for review: few people would stand out.")
    if found.due is not None and not found.by_segment:
        lines.append("Segments: there are none, or few people would stand out beside the figures by skill.")
    if not found.skills:
        lines.append("Skills: no role asks for one, or few people would stand out.")
    if found.n_few:
        few = "1 skill" if found.n_few == 1 else f"{found.n_few} skills"
        lines.append(
            f"{few}: few people's role asks for it, or few of these lost anything, or "
            "something else than most."
        )
    return lines


def _method() -> list[str]:
    return [
        f"Without practice: mastery was known {_WEEKS} weeks ago, and since then there was no answer on the "
        "skill and no module of it finished. For these people mastery then is compared with mastery now. "
        "Answers on other skills can raise it a little in between, so what faded may be more.",
        "Due for review: without practice, at what the target role requires then, else the present role, and "
        f"below it now; where the role requires nothing, {USUAL_LEVEL:g}. It is the rule by which a pathway "
        "plans reviews.",
        "Forgetting is exponential in the days since the last pass or finished module (Ebbinghaus 1885, as "
        "read by Settles and Meeder 2016, equation 1).",
        f"{INTERVALS} Means: Student (1908). Shares: Wilson (1927). Segments are compared by the chi-squared "
        "test (Pearson 1900) at 5%.",
    ]
