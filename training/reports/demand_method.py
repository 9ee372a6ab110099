"""What the report on demand cannot show, and how it was worked out."""

from __future__ import annotations

import numpy as np

from training.programme.demand_trend import FALSE_ALARMS, LEAST_DAYS, LEAST_MENTIONS
from training.programme.people import USUAL_LEVEL
from training.reports.demand_told import Told

_MARKET: tuple[str, ...] = (
    "What the market asks for beyond our catalogue of skills: only its skills were looked for. A skill that "
    "postings call by a word that is neither its name nor one of its other names is missed; add the word to "
    "its other names (aliases).",
    "Who posted: each posting counts alike and as independent of the others. One job that is posted many "
    "times counts many times, and intervals are then too narrow.",
    "Ups and downs in between: a change is that of a steady line from the first posting to the last. It does "
    "not say what comes next.",
)


def cannot_show(told: Told) -> tuple[str, ...]:
    """Say what the data do not hold or do not allow to be told."""
    return (*_supply(told), *_trend(told), *_MARKET, *_found(told))


def _supply(told: Told) -> list[str]:
    supply = told.demand.supply
    if supply is None:
        if not told.has_bundle:
            why = "there is no trained model to read mastery with; train one on this dataset"
        elif not told.has_skill_model:
            why = (
                "the trained model has no skill model, since it had no answers to learn from; record attempts"
            )
        else:
            why = "there are fewer than five people"
        return [f"Whether we have the skills: {why}."]
    lines = []
    if supply.n_few:
        lines.append(
            f"Whether we have {_skills(supply.n_few)}: one to four people have answered on it, or have not, "
            "and a mean would give them away."
        )
    if supply.n_unanswered:
        lines.append(f"Whether we have {_skills(supply.n_unanswered)}: nobody here has answered on it.")
    n, n_told = int((~np.isnan(supply.reached)).sum()), int((~np.isnan(supply.mean)).sum())
    if n < n_told:
        lines.append(
            f"How many people are at the level that their role asks for, but for {n} of "
            f"{n_told} skills, the most asked for first. Shares of more skills of the same people, put "
            "together, would single out a few of them."
        )
    if supply.n_unknown:
        lines.append(
            f"Mastery of {_skills(supply.n_unknown)} that came to the catalogue after the model was trained."
        )
    if not n_told:
        return lines
    lines.append(
        "How far the model itself is off: the intervals of mastery are about which people are here, not "
        f"about what the model knows of them. A person has answered on {supply.answered:.0%} of the skills "
        "told of, on average; for the others the model expects what people of the same role with the same "
        "other answers show."
    )
    return lines


def _skills(n: int) -> str:
    return "1 skill" if n == 1 else f"{n} skills"


def _trend(told: Told) -> list[str]:
    trends, found = told.demand.trends, told.demand.found
    lines = []
    n = int((~trends.told).sum())
    if n == len(trends.told):
        lines.append(
            f"Whether a skill is asked for ever more: that takes postings over {LEAST_DAYS} days or more, "
            f"and {LEAST_MENTIONS} that ask for the skill and {LEAST_MENTIONS} that do not."
        )
    elif n:
        lines.append(
            f"Whether {n} of {len(trends.told)} skills are asked for ever more: fewer than {LEAST_MENTIONS} "
            f"postings ask for them, or fewer than {LEAST_MENTIONS} do not."
        )
    if found.more_low > 0 or found.more_high < 0:
        more = "more" if found.more_low > 0 else "fewer"
        lines.append(
            "Whether skills are wanted differently or postings are written differently: postings came to ask "
            f"for {more} skills each ({found.early:.1f} in the first half of the time, {found.late:.1f} in "
            f"the second; a difference of between {found.more_low:+.1f} and {found.more_high:+.1f}), which "
            f"by itself makes skills {'rise' if more == 'more' else 'fall'}."
        )
    return lines


def _found(told: Told) -> list[str]:
    mentions = told.demand.mentions
    lines = []
    if mentions.n_unknown:
        lines.append(
            f"{mentions.n_unknown:,} entries in postings' lists of skills: the catalogue has no skill of "
            "that id."
        )
    if mentions.n_shared_names:
        lines.append(
            f"Which skill is meant by {mentions.n_shared_names} names that several skills share: a text that "
            "holds one counts for each of these skills."
        )
    return lines


def method(told: Told) -> tuple[str, ...]:
    """Say how it was worked out and what was assumed."""
    lines = [
        "A posting asks for a skill that its list names, or whose name or other name stands in its text: "
        "whole words, whatever the case, a hyphen read as a space. The longest name takes its words first, "
        "so \N{LEFT DOUBLE QUOTATION MARK}data quality\N{RIGHT DOUBLE QUOTATION MARK} is not also "
        "\N{LEFT DOUBLE QUOTATION MARK}data\N{RIGHT DOUBLE QUOTATION MARK}. A skill counts once in a "
        "posting. Postings in which nothing was found count among all postings.",
        "Intervals hold the true value in 95 of 100 cases. Those of shares of postings are by Wilson (1927, "
        "Probable inference, the law of succession, and statistical inference).",
        "Change: the log odds that a posting asks for the skill are taken as a straight line over time, "
        "fitted by logistic regression with the correction for small numbers of Firth (1993, Bias reduction "
        "of maximum likelihood estimates); the change is the share at the end of the line less that at its "
        "start, its interval by the delta method. An interval is of one skill by itself. Among many skills "
        "some leave no change out by chance alone, so a skill is called rising or falling only where it "
        "stands the rule of Benjamini and Hochberg (1995, Controlling the false discovery rate): of those "
        f"called, {FALSE_ALARMS:.0%} at most are expected to be false.",
    ]
    if told.demand.supply is not None:
        lines.append(
            "Would pass a typical task: the mean over all people here of their mastery, which is the "
            "probability, as the model reads it now, that a person passes a typical task of the skill. Its "
            "interval is Student's (1908, The probable error of a mean). The level that a role asks for is "
            f"that of the target role, else of the present one; where it asks for none, {USUAL_LEVEL} counts "
            "as having the skill. The interval of that share is Wilson's."
        )
        lines.append(
            "Asked for much: at least as often as the middle one of the skills that are asked for at all. "
            f"Scarce: fewer people than of the middle skill would pass, and fewer than {USUAL_LEVEL:.0%}. "
            "Both lines are a choice; a skill close to one may be on the other side by chance."
        )
    return tuple(lines)
