"""The report on mentors and champions: how many could help with each skill, of those who agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from recommender.domain.disclosure import LEAST
from recommender.people.config import PeopleConfig
from training.programme.engagement_skills import Skills
from training.programme.ledger import Ledger
from training.programme.mentors import Help, Mentors, SkillHelp, mentors
from training.programme.programme import Programme
from training.reports.engagement_charts import BLUE, ORANGE, Bar, Block, bars
from training.reports.engagement_words import listed
from training.reports.sheet import Chart, Kind, NotShown, Report, Section, Sheet

NAME: Final = "mentors"
TITLE: Final = "Mentors and champions"
QUESTION: Final = "For which skills are there people who could help, and for which are there too few?"
_SHOWN: Final = 25


def mentors_reports(programme: Programme) -> list[Report | NotShown]:
    """Return the report on who could mentor, by skill and without names."""
    return [_report(programme)]


def _report(programme: Programme) -> Report | NotShown:
    if programme.bundle is None or programme.bundle.skills is None:
        return _not("Who masters a skill needs a model of mastery; training on attempts makes one.")
    if not programme.learners["can_mentor"].fillna(False).any():
        return _not("Nobody agreed to be a mentor; it takes can_mentor in the table of learners.")
    help_ = Help.of(programme)
    if not help_.is_asked.any():
        return _not(
            "No role asks for a skill; it takes the tables roles and role_skills and learners with roles."
        )
    ledger = Ledger(help_.people)
    found = mentors(programme, help_, Skills.of(programme), ledger)
    if found is None or not found.skills:
        return _not(f"No skill is lacked by {LEAST} people that could be told of; it takes more people.")
    return Report(
        name=NAME,
        title=TITLE,
        question=QUESTION,
        answer=tuple(_answer(found)),
        sections=(_section(found),),
        cannot_show=tuple(_cannot(found)),
        method=tuple(_method()),
        n_withheld=ledger.n_withheld,
    )


def _not(reason: str) -> NotShown:
    return NotShown(NAME, TITLE, QUESTION, reason)


def without_mentors(found: Mentors) -> list[SkillHelp]:
    """Skills that people lack and fewer than five could mentor, the largest need first."""
    return [skill for skill in found.skills if skill.is_short]


def _answer(found: Mentors) -> list[str]:
    short, n = without_mentors(found), len(found.skills)
    if not short:
        lines = [f"Each of the {n} skills that people lack has at least {LEAST} people who could mentor it."]
    else:
        lines = [
            f"For {len(short)} of the {n} skills that people lack, fewer than five people could be mentors.",
            f"The largest needs among them: {'; '.join(_need(skill) for skill in short[:5])}. Points "
            "short are those of mastery that are missing on average.",
        ]
    enough = [skill for skill in found.skills if not skill.is_short]
    if enough and short:
        lines.append(
            f"For the other {len(enough)} there are five or more; the largest needs among them: "
            f"{'; '.join(_need(skill) for skill in enough[:3])}."
        )
    if found.n_agreed is not None:
        lines.append(f"{found.n_agreed:,} people agreed to be mentors.")
    return lines


def _need(skill: SkillHelp) -> str:
    return (
        f"{skill.name} ({skill.n_asked:,} people's roles ask for it; {100 * skill.mean_gap:.0f} points short)"
    )


def _section(found: Mentors) -> Section:
    return Section(
        "Need and help by skill",
        (
            "Skills in order of what is missing over all people: people whose role asks for the skill, "
            "times how far they are below what it requires on average, in points of mastery (the "
            "probability to pass a typical item, of 100).",
        ),
        _chart(found.skills),
        _sheet(found.skills),
        (
            "Exact numbers of people who lack a skill, could mentor it or are champions of it are there only "
            "where no few people can be worked out from them together with the other figures.",
        ),
    )


def _mentors(skill: SkillHelp) -> str:
    if skill.is_short:
        return f"fewer than {_WORD}"
    return f"{_WORD} or more" if skill.n_mentors is None else f"{skill.n_mentors:,}"


_WORD: Final = "five"


def _chart(skills: Sequence[SkillHelp]) -> Chart:
    rows = []
    for s in skills[:_SHOWN]:
        gap = 100 * s.mean_gap
        colour, hatch = (ORANGE, "//") if s.is_short else (BLUE, "")
        says = f"{gap:.0f} · {_mentors(s)} mentors"
        rows.append(Bar(s.name, gap, gap, gap, says, colour, hatch))
    axis = "points of mastery missing, mean over people whose role asks for it"
    short = [s.name for s in skills[:_SHOWN] if s.is_short]
    says = (
        f"Bars of points missing by skill, the {len(rows)} largest needs of {len(skills)} skills. Hatched: "
        f"fewer than five possible mentors, {len(short)} of them{': ' + listed(short[:3]) if short else ''}"
        f"{' and others' if len(short) > 3 else ''}."
    )
    return Chart(bars([Block("", tuple(rows))], axis=axis), says)


def _sheet(skills: Sequence[SkillHelp]) -> Sheet:
    rows = pd.DataFrame(
        [
            {
                "skill": s.name,
                "area": s.area,
                "n_asked": s.n_asked,
                "missing_points": 100 * s.mean_gap,
                "n_need": s.n_need,
                "mentors": _mentors(s),
                "n_mentors": s.n_mentors,
                "n_champions": s.n_champions,
            }
            for s in skills
        ]
    )
    titles = {
        "skill": "Skill",
        "area": "Area",
        "n_asked": "People whose role asks for it",
        "missing_points": "Missing on average, points",
        "n_need": "Lack it",
        "mentors": "Could mentor it",
        "n_champions": "Champions",
    }
    kinds: dict[str, Kind] = {
        "n_asked": "count",
        "missing_points": "number",
        "n_need": "count",
        "n_mentors": "count",
        "n_champions": "count",
    }
    if not rows["area"].notna().any():
        titles.pop("area")
    return Sheet("skills", rows, titles, kinds, stub="skill")


def _cannot(found: Mentors) -> list[str]:
    lines = [
        "Who they are: names are for the people who look for help, who get them from the service.",
        "Whether there is time for it: nobody knows how many learners a mentor has now or could take.",
        "People who master a skill and did not agree to be mentors: they are not counted.",
    ]
    if found.n_agreed is None:
        lines.append(
            "How many people agreed to be mentors: few people would stand out beside the other figures."
        )
    if found.n_few:
        few = "1 skill" if found.n_few == 1 else f"{found.n_few} skills"
        lines.append(
            f"{few}: fewer than five people lack it, or lack something else than most, or few "
            "people's role asks for it."
        )
    return lines


def _method() -> list[str]:
    config = PeopleConfig()
    return [
        "Lack: mastery is below what the target role requires, else the present role; where nothing tells "
        "mastery it is what the model expects of such a person. These are counts of everybody, not estimates "
        "from a sample, so they have no interval; mastery itself is an estimate.",
        "Could mentor: agreed to it, and would be proposed by the engine to at least half of those who lack "
        "the skill, that is, the lower end of the 80% interval of mastery is at what their role requires.",
        f"Champion: agreed to it, the lower end is at {config.champion_mastery:g} or above, after "
        f"{config.min_attempts} answers or more and with an interval no wider than {config.max_interval:g}.",
    ]
