"""What reports on skill gaps cannot show, and how they were worked out."""

from __future__ import annotations

from recommender.domain.disclosure import LEAST
from training.programme.skill_gaps import SkillGaps
from training.programme.skill_gaps_people import LEAST_ANSWERS, MONTHS, START_DAYS, GapPeople
from training.reports.gaps_names import Cut


def cannot_show(cut: Cut, found: SkillGaps, people: GapPeople) -> tuple[str, ...]:
    """Say what is missing from a report, and why."""
    lines = []
    if not people.moments:
        lines.append(
            "Whether it is getting better: the data do not say when answers were given, or begin less than "
            f"{START_DAYS + 30} days ago. Give answers their time, and come back later."
        )
    else:
        named = [f"{months} months ago" for months in MONTHS] + ["the start"]
        gone = [name for name in named if name not in found.moved]
        if gone:
            lines.append(
                f"A comparison with {' or '.join(gone)}: the data do not reach back so far, or too few "
                f"people had given {LEAST_ANSWERS} answers by then."
            )
        if any(not moved.is_all for moved in found.moved.values()):
            lines.append(
                f"Movement of everybody who was there then: where fewer than {LEAST} people of a {cut.by} "
                f"came or went, those of the {cut.by} or of a role in it are left out."
            )
    lines += [
        "Whether learning brought the movement: nobody is compared with people who did not take part, so "
        "this says that readiness moved and not why.",
        "How wrong the model may be: mastery is what it reads from answers, and the intervals say how much "
        "depends on which people there are, not how far the model is off. As more answers come, its reading "
        "of a person may move without the person having changed.",
        "Earlier roles: the data hold only those of today, so earlier readiness is for what they ask.",
        "People whose role is not known or has no profile, or who are hired later: no figure is about them.",
    ]
    return tuple(lines)


def method() -> tuple[str, ...]:
    """Say how figures were worked out, with sources."""
    return (
        "Mastery of a skill is the probability to pass a typical item of it at that moment, read by the "
        "model from the answers until then, with forgetting; where somebody gave none on the skill, it is "
        "what the model expects by the answers on other skills, role and segment. The gap is "
        "max(0, required - mastery). Readiness is 1 - sum(importance x gap) / sum(importance x required) "
        "over the skills that the role asks for: the definitions that recommendations are made with. The "
        "role is the target role, else the present one. Figures of a group are means over its people.",
        f"Movement is readiness now less readiness then of the same people: those who had given at least "
        f"{LEAST_ANSWERS} answers by then, for before, the model knows a person only as one of many. The "
        f"start is {START_DAYS} days after anybody's first answer, so that first checks are in it.",
        "Intervals are 95% intervals of the bootstrap over people; of changes, each person's two values stay "
        "together (paired). The standard error is the bootstrap's for infinitely many resamples, which is "
        "known without drawing any (Efron and Tibshirani 1993, An Introduction to the Bootstrap), set right "
        "for small groups by n / (n - 1) and Student's t (Hesterberg 2015, What Teachers Should Know About "
        "the Bootstrap). It is assumed that people vary independently of each other. Of "
        "made lopsided figures such intervals held the truth in 92 to 93 of 100 cases with 5 to 30 people, "
        "in 96 with 200.",
        "No mean is told where only one to four people lack anything (or changed, or are not ready), nor "
        f"where that is so of those whose value fewer than {LEAST} share, for the mean times the number of "
        "people would give theirs away; the same holds for what is left when groups are taken from each "
        "other. Readiness is made of gaps: where the two together would give few people away, further gaps "
        "are withheld, the least important first, or else readiness is. How ready people were earlier is not "
        "told beside how far they moved, for the same reason.",
        "With many groups, some intervals miss 0 by chance. Groups are said to have moved only where at "
        "most 5% of those said so are expected to be wrong (Benjamini and Hochberg 1995, Controlling the "
        "False Discovery Rate).",
    )
