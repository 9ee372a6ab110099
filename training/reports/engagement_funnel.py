"""The report on how far learning gets: started, finished, mastered, used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from training.programme.engagement_figures import Ratio, vary
from training.programme.engagement_funnel import STEPS, Funnel, Line, Reached, funnel
from training.programme.engagement_skills import Skills
from training.programme.engagement_told import Step
from training.programme.engagement_use import Change, Uses, Who, changes
from training.programme.ledger import Ledger
from training.programme.people import USUAL_LEVEL
from training.programme.programme import Programme
from training.reports.engagement_charts import BLUE, GREEN, ORANGE, Bar, Block, bars
from training.reports.engagement_words import INTERVALS, listed, of_hundred, signed, span
from training.reports.sheet import Chart, Kind, NotShown, Report, Section, Sheet

NAME: Final = "engagement"
TITLE: Final = "From learning to use"
QUESTION: Final = "Do people finish, master and use what they learn?"
HALF: Final = 0.5
"""Share of finished skills below which an area counts as finished but not mastered."""

_RATIOS: Final[dict[Step, tuple[str, str, str]]] = {
    "finished": ("finished, of those started", BLUE, ""),
    "mastered": ("mastered, of those finished", ORANGE, "//"),
    "used": ("used weekly, of those recorded", GREEN, ".."),
}
_WHO: Final[dict[Who, str]] = {
    "mastered": "finished a module of it and master it",
    "finished": "finished a module of it but are not known to master it",
    "neither": "finished no module of it",
}


def funnel_report(programme: Programme) -> Report | NotShown:
    """Report how many skills people bring to each step."""
    skills = Skills.of(programme)
    if not len(skills):
        return _not("No skill is named; it takes the table skills, or modules with skill_ids.")
    uses = Uses.of(programme, skills)
    reached = Reached.of(programme, skills, uses)
    if reached is None:
        return _not("Nobody completed a module; it takes the table completions.")
    ledger = Ledger(reached.people)
    found = funnel(programme, reached, skills, ledger)
    if found is None or not found.everybody.per_person:
        return _not("Fewer than five people started a module; it takes more people.")
    changed: tuple[Change, ...] = ()
    if uses is not None:
        finished, mastered = reached.steps["finished"], reached.steps.get("mastered")
        changed = changes(uses, finished, mastered, reached.people, ledger)
    return Report(
        name=NAME,
        title=TITLE,
        question=QUESTION,
        answer=tuple(_answer(found, changed, skills)),
        sections=tuple(_sections(found, changed)),
        cannot_show=tuple(_cannot(found, uses, changed, skills)),
        method=tuple(_method(found, uses)),
        n_withheld=ledger.n_withheld + found.n_withheld,
    )


def _not(reason: str) -> NotShown:
    return NotShown(NAME, TITLE, QUESTION, reason)


def _answer(found: Funnel, changed: Sequence[Change], skills: Skills) -> list[str]:
    whole = found.everybody
    lines = [_whole(whole)]
    if any("mastered" in line.ratios for line in found.areas):
        lines.append(_weak(found, skills))
    if "used" in whole.ratios:
        lines.append(
            "Of 100 skills that people finished and master, and whose use at work is recorded, they used "
            f"{of_hundred(whole.ratios['used'])} once a week or more in the last full quarter."
        )
    lines += _segments(found)
    if changed:
        lines.append(_changed(changed))
    return lines


def _whole(whole: Line) -> str:
    shares = []
    if "finished" in whole.ratios:
        shares.append(
            "Of 100 skills that people started a module of, they finished one of "
            f"{of_hundred(whole.ratios['finished'])}"
        )
    if "mastered" in whole.ratios:
        shares.append(
            "Of 100 skills that people finished a module of, they are known to master "
            f"{of_hundred(whole.ratios['mastered'])}"
        )
    step, n = next(iter(whole.per_person.items()))
    each = f"That is of {whole.n_people:,} people, who {step} a module of {n:.1f} skills each on average."
    return ". ".join([*shares, each])


def weak_areas(found: Funnel) -> list[Line]:
    """Areas of which surely less than half of what is finished is mastered, the least first."""
    weak = [line for line in found.areas if "mastered" in line.ratios and line.ratios["mastered"].high < HALF]
    return sorted(weak, key=lambda line: line.ratios["mastered"].value)


def _weak(found: Funnel, skills: Skills) -> str:
    weak = weak_areas(found)
    if weak:
        each = [f"{_area(line, skills)}, {of_hundred(line.ratios['mastered'])}" for line in weak]
        return (
            "Finished but not mastered: of 100 skills finished, clearly fewer than half are mastered of "
            f"{listed(each)}."
        )
    known = [line for line in found.areas if "mastered" in line.ratios]
    least = min(known, key=lambda line: line.ratios["mastered"].value)
    return (
        "No area stands out as finished but not mastered. Of 100 skills finished, fewest are mastered of "
        f"{_area(least, skills)}: {of_hundred(least.ratios['mastered'])}."
    )


def _area(line: Line, skills: Skills) -> str:
    return f"{line.name} skills" if skills.are_domains else line.name


def _segments(found: Funnel) -> list[str]:
    step: Step = "mastered" if "mastered" in found.everybody.ratios else "finished"
    lines = {line.name: line.ratios[step] for line in found.segments if step in line.ratios}
    if len(lines) < 2:
        return []
    if not vary(list(lines.values())):
        return [f"Between segments there is no difference in what is {step} that could not be chance."]
    best, worst = max(lines, key=lambda n: lines[n].value), min(lines, key=lambda n: lines[n].value)
    return [
        f"Segments differ by more than chance: of 100 skills, {best} people {_got(step)} "
        f"{of_hundred(lines[best])} and {worst} people {of_hundred(lines[worst])}."
    ]


def _got(step: Step) -> str:
    return "master" if step == "mastered" else "finished"


def _changed(changed: Sequence[Change]) -> str:
    each = []
    for one in changed:
        low, high = one.change.low, one.change.high
        sure = "" if not one.change.holds_zero else ", no difference that could not be chance"
        each.append(
            f"{signed(one.change.value)} uses a quarter (between {signed(low)} and {signed(high)}{sure}) "
            f"for the {one.change.n:,} people who {_WHO[one.who]}"
        )
    return (
        "Use of a skill at work in the last full quarter, against the first quarter on record: "
        f"{'; '.join(each)}. This does not say that learning brings use: who uses a skill more may learn it "
        "more."
    )


def _sections(found: Funnel, changed: Sequence[Change]) -> list[Section]:
    lines = [found.everybody, *found.areas]
    sections = [
        Section(
            "By area of skills",
            ("All rows are about the same people. Each row counts the skills of its area.",),
            _chart(lines, found),
            _sheet("areas", lines, found, "Skills"),
            _notes(found),
        )
    ]
    if found.segments:
        sections.append(
            Section(
                "By segment of people",
                ("Each row counts all skills of the people of one segment.",),
                None,
                _sheet("segments", found.segments, found, "Segment"),
            )
        )
    if changed:
        sections.append(_use(changed))
    return sections


def _notes(found: Funnel) -> tuple[str, ...]:
    if any(set(line.per_person) != set(found.everybody.per_person) for line in found.areas):
        return ("Where a figure is not there, it would tell of fewer than five people.",)
    return ()


def _chart(lines: Sequence[Line], found: Funnel) -> Chart | None:
    blocks = [
        Block(
            _title(line, found),
            tuple(
                Bar(label, r.value, r.low, r.high, f"{r.value:.0%}", colour, hatch)
                for step, (label, colour, hatch) in _RATIOS.items()
                if (r := line.ratios.get(step)) is not None
            ),
        )
        for line in lines
    ]
    blocks = [block for block in blocks if block.bars]
    if not blocks:
        return None
    first = blocks[0]
    said = [f"{first.title}: {', '.join(f'{bar.says} {bar.label}' for bar in first.bars)}"]
    known = [line for line in found.areas if "mastered" in line.ratios]
    if known:
        least = min(known, key=lambda line: line.ratios["mastered"].value)
        said.append(f"the least is mastered in {least.name}, {least.ratios['mastered'].value:.0%}")
    if all(len(block.bars) == 1 for block in blocks):
        title = first.bars[0].label
        blocks = [Block(title, tuple(replace(block.bars[0], label=block.title) for block in blocks))]
    figure = bars(blocks, axis="share of skills; the line is the 95% interval", top=1.0)
    return Chart(figure, f"Bars of how much of each step is left by area. {'; '.join(said)}.")


def _title(line: Line, found: Funnel) -> str:
    return "all skills" if line is found.everybody else line.name


def _sheet(name: str, lines: Sequence[Line], found: Funnel, stub: str) -> Sheet:
    steps = [step for step in STEPS if step in found.steps]
    rows = pd.DataFrame([_row(line, found, steps) for line in lines])
    titles, kinds = {"of": stub, "n_people": "People"}, dict[str, Kind]({"n_people": "count"})
    kinds |= dict.fromkeys(steps, "number")
    # Numbers of the later steps are in the file; their shares tell more.
    titles[steps[0]] = f"{steps[0].capitalize()}, skills a person"
    for step, (label, _, _) in _RATIOS.items():
        if step in steps[1:]:
            titles |= {f"{step}_share": label.capitalize(), f"{step}_span": "95% interval"}
            kinds |= {f"{step}_{what}": "share" for what in ("share", "low", "high")}
    return Sheet(name, rows, titles, kinds, stub="of")


def _row(line: Line, found: Funnel, steps: Sequence[Step]) -> dict[str, object]:
    row: dict[str, object] = {"of": _title(line, found), "n_people": line.n_people}
    row |= {step: line.per_person.get(step) for step in steps}
    for step in _RATIOS:
        if step in steps[1:]:
            row |= _cells(step, line.ratios.get(step))
    return row


def _cells(step: Step, ratio: Ratio | None) -> dict[str, object]:
    return {
        f"{step}_share": None if ratio is None else ratio.value,
        f"{step}_low": None if ratio is None else ratio.low,
        f"{step}_high": None if ratio is None else ratio.high,
        f"{step}_span": span(ratio),
    }


def _use(changed: Sequence[Change]) -> Section:
    rows = pd.DataFrame(
        [
            {
                "who": _WHO[one.who],
                "n_people": one.change.n,
                "first": one.first,
                "last": one.last,
                "change": one.change.value,
                "low": one.change.low,
                "high": one.change.high,
            }
            for one in changed
        ]
    )
    titles = {
        "who": "People who, of a skill on record,",
        "n_people": "People",
        "first": "Uses in their first quarter",
        "last": "Uses in the last full quarter",
        "change": "Difference",
        "low": "from",
        "high": "to",
    }
    kinds: dict[str, Kind] = {"n_people": "count"}
    kinds |= dict.fromkeys(("first", "last", "change", "low", "high"), "number")
    text = "Uses of the same people and skills, a quarter. Each person is in one row, the first that holds."
    return Section("Use at work, then and now", (text,), None, Sheet("use", rows, titles, kinds, stub="who"))


def _cannot(found: Funnel, uses: Uses | None, changed: Sequence[Change], skills: Skills) -> list[str]:
    lines = []
    if "started" not in found.steps:
        lines.append(
            "What people started and did not finish: the data name finished modules only. Completions with "
            "the status started would bring it."
        )
    if "mastered" not in found.steps:
        lines.append(
            "What people master: there is no model that reads mastery. Training on attempts makes one."
        )
    if uses is None:
        lines.append(
            "Whether skills are used at work: there is no quarter of use on record. The table adoption would "
            "bring it."
        )
    elif not changed:
        lines.append("How use at work changed: too few people have a first and a last quarter on record.")
    if not found.segments:
        lines.append("Segments of people: the learners and their roles name none, or none of five people.")
    if not skills.areas:
        lines.append("Areas of skills: the skills name no domain and are not parts of other skills.")
    return lines


def _method(found: Funnel, uses: Uses | None) -> list[str]:
    lines = [
        "Started, finished: the person has such a row for a module that teaches the skill. Each step counts "
        "only skills that reached the step before.",
        "A figure is a mean over all people of its row, of how many skills each brought to the step; a share "
        "is the ratio of two such figures. So people with many skills weigh more in it than people with few. "
        "A step is told only where those who brought another number of skills to it than most or than none, "
        "or lost another number on the way to it, are nobody or at least five people.",
    ]
    if "mastered" in found.steps:
        lines.append(
            "Mastered: mastery, the probability to pass a typical item of the skill now, is known and at "
            "what the person's target role requires, else their present role; where it requires nothing, "
            f"at {USUAL_LEVEL:g}. What is not known counts as not mastered."
        )
    if "used" in found.steps and uses is not None:
        lines.append(
            f"Used weekly: {uses.weeks} uses or more in the quarter from {uses.start:%d %B %Y}, the last "
            "that is over. Only skills with a record of that quarter can be counted, so the share is of "
            "these."
        )
    return [
        *lines,
        f"{INTERVALS} Shares: ratio of sums over people (Cochran 1977, equation 6.13) with Wilson's "
        "interval (1927) at the number of independent things of that variance (Kott and Carr 1997, Korn "
        "and Graubard 1998). Means: Student (1908). An area is named as finished but not mastered where "
        f"the interval lies below {HALF:.0%}. Segments are compared by Cochran's test of homogeneity "
        "(1954), at 5%.",
    ]
