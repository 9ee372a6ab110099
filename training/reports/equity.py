"""Is anybody disadvantaged? One report for each column of groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import pandas as pd

from training.programme.equity import Audit, audits
from training.programme.equity_gains import MONTHS
from training.programme.equity_offers import MOST_SERVED, K
from training.programme.equity_verdicts import Comparison, Verdict
from training.programme.programme import Programme
from training.reports.equity_charts import MOST_GROUPS, beside_others, of_ten_places
from training.reports.equity_method import METHOD
from training.reports.equity_words import VERDICTS, is_share, sentence_of, title_of
from training.reports.sheet import Kind, NotShown, Report, Section, Sheet

_QUESTION: Final = "Is anybody disadvantaged? Each group beside everybody else."
_MOST_NAMED: Final = 6
_MOST_KNOWN: Final = 0.8
"""Share of comparisons of which enough is known, from which it is said that no difference was found."""
_SIGNED: Final = ("calibration", "gain")
"""Values that are differences themselves."""
_TITLES: Final = {
    "group": "Group",
    "measure": "Measure",
    "n_learners": "People",
    "value": "Value",
    "low": "from",
    "high": "to",
    "difference": "From the others",
    "difference_low": "from",
    "difference_high": "to",
    "verdict": "Verdict",
}
_NOT_AN_INPUT: Final = (
    "Who belongs to which group is no input: neither the skill model nor the recommendations read a column "
    "of groups."
)
_MODEL_TEXT: Final = (
    "Every answer was predicted by a model that had learned from other people only: people were dealt out "
    "to two halves, and each half was predicted from the other.",
    "Passes expected too many: the share of answers that the model expects to pass, less the share that "
    "passed. Above 0 the group is thought to know more than it does and is given what is too hard; below "
    "0 the opposite.",
)
_AUC_TEXT: Final = (
    "Given one answer that passed and one that did not, how often the model holds the first for the "
    "likelier; 50% is guessing. The less, the worse the group is served.",
)
_SURPRISE_TEXT: Final = (
    "Log loss: 0 for somebody who is always certain and right, 0.69 for who says 50% each time. More is "
    "worse. Groups whose answers are closer to even odds surprise any model more, so this alone is no "
    "fault of it.",
)
_FIT_TEXT: Final = (
    f"Of the {K} places of each person's list as of now: on level are modules whose chance of passing lies "
    "in the range that suits the person, neither too easy nor too hard. Chance of passing is the mean "
    "over what is recommended.",
)
_KINDS_TEXT: Final = (
    f"Shares of the {K} places of each person's list; a place that nothing fills counts too. What is "
    "recommended follows what a person has done and wants to do, which differs between groups.",
)
_GAIN_TEXT: Final = (
    f"How much the share passed of the same questions rose within {MONTHS} months, of people who answered "
    "at both times. Everybody else is the mean of the other groups, by how many people they are.",
)


def equity_reports(programme: Programme) -> list[Report | NotShown]:
    """Ask of every column of groups whether anybody in it is served worse than everybody else.

    Parameters
    ----------
    programme : Programme
    """
    found = audits(programme)
    if not found:
        reason = "The table of learners has no column of groups; bring one whose name begins with group_."
        return [NotShown("equity", "Equity", _QUESTION, reason)]
    names: list[str] = []
    for audit in found:
        names.append(_name(audit.column, names))
    return [_report(audit, name) for audit, name in zip(found, names, strict=True)]


def _name(column: str, taken: Sequence[str]) -> str:
    """Name a report by its column, with a number where that name is taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", column.removeprefix("group_").lower()).strip("-") or "groups"
    name, number = f"equity-{slug}", 1
    while name in taken:
        number += 1
        name = f"equity-{slug}-{number}"
    return name


def _report(audit: Audit, name: str) -> Report | NotShown:
    by = audit.column.removeprefix("group_").replace("_", " ")
    title = f"Equity by {by}"
    if not audit.comparisons:
        return NotShown(name, title, _QUESTION, _why_nothing(audit))
    return Report(
        name=name,
        title=title,
        question=_QUESTION,
        answer=_answer(audit),
        sections=tuple(_sections(audit)),
        cannot_show=_cannot_show(audit),
        method=METHOD,
        n_withheld=audit.n_withheld,
    )


def _why_nothing(audit: Audit) -> str:
    if len(audit.sizes) < 2:
        return "There are no two groups of enough people to be told of beside each other."
    return (
        "There is neither a skill model with answers to try it on, nor a model that recommends, nor gains "
        "of two groups; train a bundle on this data."
    )


def _answer(audit: Audit) -> tuple[str, ...]:
    count = Counter(one.verdict for one in audit.comparisons)
    n, n_people = len(audit.comparisons), sum(audit.sizes.values())
    of_all = f"{n:,} comparisons between {len(audit.sizes)} groups of {n_people:,} people together"
    rest = f"{count['same']:,} show no difference that matters, of {count['too few']:,} too little is known"
    if count["different"]:
        first = f"Perhaps: {count['different']:,} of {of_all} show a difference that may matter; {rest}."
    elif count["same"] and count["too few"] > (1 - _MOST_KNOWN) * n:
        first = (
            f"Of {of_all} too little is known for {count['too few']:,}; the other {count['same']:,} show no "
            "difference that matters."
        )
    elif count["same"]:
        first = f"No difference that may matter was found in {of_all}: {rest}."
    else:
        first = f"It cannot be said: for all {of_all} too little is known."
    return (first, *_named(audit.comparisons), _NOT_AN_INPUT)


def _named(comparisons: Sequence[Comparison]) -> list[str]:
    """Tell the differences that may matter, the widest first; without any the widest of the others."""
    differ = _widest(comparisons, "different")
    if not differ:
        begin = "The widest of those known well enough, too small to matter: "
        return [begin + sentence_of(one) for one in _widest(comparisons, "same")[:1]]
    lines = [sentence_of(one) for one in differ[:_MOST_NAMED]]
    if len(differ) > _MOST_NAMED:
        lines.append(f"And {len(differ) - _MOST_NAMED:,} more, in the tables below.")
    return lines


def _widest(comparisons: Sequence[Comparison], verdict: Verdict) -> list[Comparison]:
    """Sort by size in units of what matters; of two groups that are each the other's rest one is kept."""
    n_groups = Counter(one.measure.key for one in comparisons)
    kept: dict[object, Comparison] = {}
    for one in comparisons:
        if one.verdict == verdict:
            pair = one.measure.key if n_groups[one.measure.key] == 2 else (one.measure.key, one.group)
            kept.setdefault(pair, one)
    return sorted(kept.values(), key=lambda one: -abs(one.difference) / one.measure.matters)


def _sections(audit: Audit) -> list[Section]:
    model, told_apart = audit.of("calibration"), audit.of("auc")
    places, kinds = audit.of("on_level", "easier", "harder"), audit.of("offered", "format", "level")
    surprise, chances, gains = audit.of("log_loss"), audit.of("success"), audit.of("gain")
    found = []
    if model:
        chart = beside_others(model)
        sheet = _sheet("expected", model)
        found.append(Section("How well the model knows each group", _MODEL_TEXT, chart, sheet, _notes(model)))
    if told_apart:
        sheet = _sheet("told-apart", told_apart)
        found.append(
            Section("How well it tells a pass from a fail", _AUC_TEXT, beside_others(told_apart), sheet)
        )
    if surprise:
        sheet = _sheet("surprise", surprise)
        found.append(Section("How much answers surprise it", _SURPRISE_TEXT, beside_others(surprise), sheet))
    if places or chances:
        of_ten = of_ten_places(places) if places else None
        sheet = _sheet("difficulty", (*places, *chances))
        notes = _notes(places)
        found.append(Section("How difficult what is recommended is", _FIT_TEXT, of_ten, sheet, notes))
    if kinds:
        found.append(Section("How much is recommended, and what", _KINDS_TEXT, None, _sheet("kinds", kinds)))
    if gains:
        found.append(
            Section(
                "What people gained", _GAIN_TEXT, beside_others(gains), _sheet("gain", gains), _notes(gains)
            )
        )
    return found


def _sheet(name: str, comparisons: Sequence[Comparison]) -> Sheet:
    """Write comparisons as rows; differences of shares are in points, others in the measure's unit."""
    rows = pd.DataFrame(
        [
            {
                "group": one.group,
                "measure": title_of(one.measure),
                "n_learners": one.n_learners,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "n_others": one.n_others,
                "others": one.others,
                "difference": one.difference,
                "difference_low": one.difference_low,
                "difference_high": one.difference_high,
                "matters_from": one.measure.matters,
                "adjusted_p": one.adjusted,
                "verdict": VERDICTS[one.verdict],
            }
            for one in comparisons
        ]
    )
    first = comparisons[0].measure
    differ: Kind = "points" if is_share(first) else "number"
    own: Kind = "share" if is_share(first) and first.key[0] not in _SIGNED else differ
    is_one = all(one.measure == first for one in comparisons)
    titles = {name: title for name, title in _TITLES.items() if not (is_one and name == "measure")}
    kinds: dict[str, Kind] = {"n_learners": "count", "n_others": "count", "adjusted_p": "number"}
    kinds |= dict.fromkeys(("value", "low", "high", "others"), own)
    kinds |= dict.fromkeys(("difference", "difference_low", "difference_high", "matters_from"), differ)
    return Sheet(name, rows, titles, kinds)


def _notes(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    if len({one.group for one in comparisons}) <= MOST_GROUPS:
        return ()
    return (f"The picture shows the {MOST_GROUPS} largest groups; the table has all.",)


def _cannot_show(audit: Audit) -> tuple[str, ...]:
    asked = (
        (
            audit.has_model,
            "How well the model knows each group: there is no skill model, or too few answers.",
        ),
        (audit.has_offers, "What is recommended to whom: there is no bundle that recommends modules."),
        (
            audit.has_fit or not audit.has_offers,
            "How difficult what is recommended is: without a skill model chances of passing are not known.",
        ),
        (
            audit.has_gain,
            "Whether one group gained more than another: of no two groups enough people answered the same "
            f"questions again after {MONTHS} months.",
        ),
        (not audit.has_model, "People who have not answered a single question: they are not in this report."),
        (
            not audit.is_sampled,
            f"Lists of everybody: they were made for {MOST_SERVED:,} people, drawn at random.",
        ),
        (
            not audit.n_values_withheld,
            f"{audit.n_values_withheld:,} values of groups: all but fewer than five people of the group have "
            "the same, so that the value would be theirs, or it would follow from other values, or no second "
            "group is left to compare with. Everybody else is then the other groups whose value is told.",
        ),
    )
    always = (
        "Why a difference is there, and whether it is unfair: groups also differ in their roles, in how "
        "much they have done and in what they chose. Nor is everything fair where no difference was found.",
        "People who belong to several groups at once, such as the older ones of one place: each report "
        "looks at one kind of group.",
    )
    return (*(words for is_there, words in asked if not is_there), *always)
