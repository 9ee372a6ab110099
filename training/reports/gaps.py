"""Reports on skill gaps: where skills are short of what roles ask for, and whether it is getting better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recommender.domain.disclosure import LEAST
from training.programme.programme import Programme
from training.programme.skill_gaps import Moved, SkillGaps, skill_gaps
from training.programme.skill_gaps_people import GapPeople, gap_people
from training.reports.gaps_charts import heat_map, readiness_chart, shown_groups, shown_skills
from training.reports.gaps_method import cannot_show, method
from training.reports.gaps_names import (
    CUTS,
    Cut,
    change_between,
    group_names,
    people,
    percent,
    points,
    ready_between,
    short_between,
    skill_names,
)
from training.reports.gaps_sheets import (
    gaps_sheet,
    groups_sheet,
    moved_sheet,
    skills_sheet,
    widest,
    widest_sheet,
)
from training.reports.sheet import Chart, NotShown, Report, Section

_QUESTION: Final = "Where are our skills short, and is it getting better?"


def gaps_reports(programme: Programme) -> list[Report | NotShown]:
    """Report skill gaps by role, by team and by segment, each as far as the data tell.

    Parameters
    ----------
    programme : Programme

    Returns
    -------
    list of Report or NotShown
        One for each partition; one for all where mastery or what roles ask for is not known.
    """
    reason = _missing(programme)
    if reason is not None:
        return [NotShown("gaps", "Skill gaps", _QUESTION, reason)]
    who = gap_people(programme)
    return [_report(programme, who, cut) for cut in CUTS]


def _missing(programme: Programme) -> str | None:
    bundle = programme.bundle
    if bundle is None:
        return "There is no trained model to read mastery with; train one on data with answers."
    if bundle.skills is None:
        return "The model was trained without answers to items and cannot read mastery; train it with some."
    if not len(bundle.catalog.roles.profile.values):
        return (
            "No role says which skills it asks for; give the tables roles and role_skills, and learners a "
            "role_id or target_role_id."
        )
    return None


@dataclass(frozen=True, slots=True)
class _Told:
    """What the words of one report are about."""

    cut: Cut
    found: SkillGaps
    names: Mapping[str, str]
    skills: Sequence[str]
    main: str | None

    def name(self, group: str) -> str:
        return self.names.get(group, group)


def _report(programme: Programme, who: GapPeople, cut: Cut) -> Report | NotShown:
    labels = who.labels[cut.by]
    if not (labels[who.among] != "").any():
        reason = f"Of nobody who has a role with a profile is a {cut.by} known; give it in learners."
        return NotShown(cut.name, cut.title, cut.question, reason)
    found = skill_gaps(who, labels)
    if found is None or not found.groups:
        reason = f"No {cut.by} is of at least {LEAST} people who have a role with a profile."
        return NotShown(cut.name, cut.title, cut.question, reason)
    assert programme.bundle is not None  # noqa: S101
    catalog = programme.bundle.catalog
    main = next(iter(found.moved), None)
    told = _Told(cut, found, group_names(cut, programme), skill_names(catalog), main)
    return Report(
        name=cut.name,
        title=cut.title,
        question=cut.question,
        answer=_answer(told),
        sections=tuple(_sections(told)),
        cannot_show=cannot_show(cut, found, who),
        method=method(),
        n_withheld=found.n_withheld,
    )


def _answer(told: _Told) -> tuple[str, ...]:
    found = told.found
    lines = [
        *_short_skill(told),
        _ready_line(found),
    ]
    lines += [_movement(name, moved) for name, moved in found.moved.items()]
    if found.moved:
        lines.append(_groups_moved(told))
    else:
        lines.append("Whether it is getting better cannot be told; see below.")
    lines += _widest_gap(told)
    least = found.groups[0]
    if len(found.groups) > 1 and least.short is not None:
        lines.append(
            f"The least ready {told.cut.by} is {told.name(least.name)}, at "
            f"{percent(1.0 - least.short.value)} ({ready_between(least.short)})."
        )
    return tuple(lines)


def _ready_line(found: SkillGaps) -> str:
    if found.short is None:
        return f"How ready people are on average may not be told: fewer than {LEAST} would stand out."
    return (
        f"People are {percent(1.0 - found.short.value)} ready on average for their target role or, without "
        f"one, their present role ({ready_between(found.short)}). At 100% all have every skill as far as the "
        "role asks for it."
    )


def _least_ready(told: _Told) -> str:
    least = told.found.groups[0]
    return f"{told.name(least.name)} is the least ready" if least.short else "readiness may not be told"


def _movement(name: str, moved: Moved) -> str:
    change = moved.change
    whom = f"Since {name}, readiness of the same {people(change.n)}"
    if moved.verdict in ("up", "down"):
        did = "rose" if moved.verdict == "up" else "fell"
        return f"{whom} {did} by {points(change.value)} points ({change_between(change)})."
    sure = change_between(change)
    if moved.verdict == "untold":
        way = "up" if change.value > 0.0 else "down"
        return f"{whom} went {way} by {points(change.value)} points ({sure})."
    return f"{whom} shows no difference that could not be chance ({sure})."


def _groups_moved(told: _Told) -> str:
    main, many = told.main, told.cut.many
    moved = [group.moved[main] for group in told.found.groups if main is not None and main in group.moved]
    if not moved:
        return f"How single {many} moved may not be told: fewer than {LEAST} people of each would stand out."
    said = Counter(one.verdict for one in moved)
    rest = len(moved) - said["up"] - said["down"]
    of = f"{len(moved):,} {many} whose movement since {main} may be told"
    if rest == len(moved):
        return f"Of {of}, none rose or fell by more than chance brings."
    return (
        f"Of {of}, {said['up']:,} rose and {said['down']:,} fell by more than chance brings; {rest:,} show "
        "no difference that could not be chance."
    )


def _short_skill(told: _Told) -> list[str]:
    skills = told.found.skills
    if not skills or not skills[0].gap.value > 0.0:
        return []
    gap = skills[0].gap
    return [
        f"The gap that matters most is in {told.skills[skills[0].skill]}: those whose role asks for it are "
        f"{points(gap.value)} points short of what it asks on average ({short_between(gap)})."
    ]


def _widest_gap(told: _Told) -> list[str]:
    cells = widest(told.found)
    if not cells:
        return []
    group, skill, gap = cells[0]
    return [
        f"The gap of one {told.cut.by} in one skill that is most surely wide is that of "
        f"{told.name(group)} in {told.skills[skill]}: {points(gap.value)} points short "
        f"({short_between(gap)}; it is picked by the lower of these two, so another may be wider on average "
        "but less sure, and one that is picked is likely somewhat less wide than it looks)."
    ]


def _sections(told: _Told) -> list[Section]:
    cut, found, names, skills = told.cut, told.found, told.names, told.skills
    sections = []
    if found.skills:
        sections += [_heat(told), _widest(told)]
    sections.append(_readiness(told))
    if found.moved:
        sections.append(
            Section(
                f"How everybody moved, of whose {cut.by} it may be told",
                ("Each line compares the same people at two moments, against what their role asks today.",),
                sheet=moved_sheet(found),
            )
        )
    if found.skills:
        sections.append(
            Section(
                "Every skill",
                (
                    "The skill that matters most comes first: importance to the role times gap, summed over "
                    "the people whose role asks for it.",
                ),
                sheet=skills_sheet(found, skills),
            )
        )
        sections.append(
            Section(
                f"Every {cut.by} and skill",
                ("The page shows the skills that matter most; the file has every skill that may be told.",),
                sheet=gaps_sheet(found, cut, names, skills),
                notes=(_EMPTY,),
            )
        )
    return sections


_EMPTY: Final = (
    f"Empty: no role there asks for the skill, or few would stand out: fewer than {LEAST} need it, lack "
    "something or differ from the others, also when figures are taken from each other or from readiness."
)


def _heat(told: _Told) -> Section:
    found, cut = told.found, told.cut
    first = told.skills[found.skills[0].skill]
    cells = widest(found)
    finding = (
        f"The gap that is most surely wide is that of {told.name(cells[0][0])} in {told.skills[cells[0][1]]}."
        if cells
        else f"The skill that matters most is {first}."
    )
    n, of = len(shown_groups(found)), len(found.groups)
    which = f"the {n} least ready of {of:,} {cut.many}" if n < of else f"{cut.many}, the least ready first"
    return Section(
        "Where skills are short",
        (
            "A number says by how many points the average person who needs the skill is short of what the "
            "role asks for. Points are of mastery: the chance, in percent, to pass a typical question of the "
            "skill. Somebody who has more than is asked counts as 0.",
        ),
        Chart(
            heat_map(found, told.names, told.skills),
            f"Gaps in the {len(shown_skills(found))} skills that matter most (rows, {first} first), of "
            f"everybody and by {cut.by} (columns: {which}; {_least_ready(told)}). Darker is a wider "
            f"gap, grey is empty. {finding}",
        ),
        notes=(_EMPTY,),
    )


def _widest(told: _Told) -> Section:
    return Section(
        f"The gaps of one {told.cut.by} in one skill that are most surely wide",
        (
            "In the order of the lower end of the interval, so that small groups do not come first by "
            "chance. Both ends are for a group looked at for its own sake, and hold in about 95 of 100 such "
            "cases; one picked because its gap is the widest is likely somewhat less short than it looks.",
        ),
        sheet=widest_sheet(told.found, told.cut, told.names, told.skills),
    )


def _readiness(told: _Told) -> Section:
    found, cut, main = told.found, told.cut, told.main
    n, of = len(shown_groups(found)), len(found.groups)
    which = f"the {n} least ready of {of:,} {cut.many}" if n < of else f"{of:,} {cut.many}"
    text = [
        f"Readiness is the share of what the role asks for that is there, important skills counting more. "
        f"The chart shows {which}; the table has all that may be told."
    ]
    says = f"Readiness of {which}, with 95% intervals: {_least_ready(told)}."
    if main is not None:
        text.append(
            f"Change compares the same people now and {_at(main)}. A filled triangle moved up or down by "
            "more than chance brings among so many. A ring shows no difference that could not be chance. "
            "Nothing is drawn where it may not be told."
        )
        says += f" Beside it the change since {main}. {_groups_moved(told)}"
    return Section(
        f"How ready {cut.many} are, and how that moved",
        tuple(text),
        Chart(readiness_chart(found, told.names, main), says),
        groups_sheet(found, cut, told.names, main),
    )


def _at(moment: str) -> str:
    return f"at {moment}" if moment == "the start" else moment
