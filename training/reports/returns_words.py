"""What a report on returns says: the answer, how far it can be trusted, what it rests on."""

from __future__ import annotations

import numpy as np

from recommender.domain.disclosure import LEAST
from training.programme.returns import Returns
from training.programme.returns_money import Money
from training.reports.returns_nouns import Nouns, amount, between, decimals, higher
from training.reports.returns_nouns import money as cash


def trust(found: Returns, words: Nouns) -> str:
    """Say whether treated and comparison units moved alike before, and what that means."""
    trends = found.trends
    if trends is None:
        return (
            f"Whether both groups of {words.many} moved alike before cannot be checked, for there are too "
            "few values from before the start. That the difference comes of the programme is only assumed."
        )
    if found.in_doubt:
        digits = decimals(trends.slope)
        slope = (
            ", in a way that chance hardly explains"
            if trends.slope.holds_zero
            else f": it became {higher(trends.slope.value, digits)} each {words.period} "
            f"({between(trends.slope, digits)})"
        )
        return (
            f"This comparison cannot be trusted: already before they began, {words.measure} of these "
            f"{words.many} moved differently from that of the others{slope}. The figures below may come of "
            "that and not of the programme."
        )
    before = words.periods(trends.n_periods)
    if unseen_drift(found) >= abs(found.effect.value):
        return (
            f"Before they began both groups moved alike as far as {before} can tell. That is too little to "
            "rule out that they would have drifted this far apart without the programme."
        )
    return (
        f"In the {before} looked at before they began both groups moved alike; a drift apart that stayed "
        "unseen there would be smaller than the difference found."
    )


def unseen_drift(found: Returns) -> float:
    """Return what the steepest drift that the time before does not rule out would add to the effect."""
    if found.trends is None:
        return np.inf
    slope = found.trends.slope
    # Over the window the mean distance to the base period is (1 + n) / 2.
    return max(abs(slope.low), abs(slope.high)) * (1 + found.design.n_window) / 2


def effect(found: Returns, words: Nouns) -> str:
    """Say how large the effect is."""
    figure, digits = found.effect, decimals(found.effect)
    n, m = int(found.design.treated.sum()), int(found.design.comparison.sum())
    window = words.periods(found.design.n_window)
    expected = _expected(found)
    share = f" That is {abs(figure.value / expected):.1%} of what was expected." if expected > 0 else ""
    said = (
        f"over their first {window}, {words.measure} of {words.units(n)} that began was "
        f"{higher(figure.value, digits)} than would be expected from {words.units(m)} that had not begun"
    )
    if figure.holds_zero:
        return f"No difference that could not be chance: {said} (95% interval: {between(figure, digits)})."
    return f"{said[0].upper()}{said[1:]} (95% interval: {between(figure, digits)}).{share}"


def _expected(found: Returns) -> float:
    course = found.course
    its = course.since >= -found.design.ahead
    return float((course.level - course.effect)[its].mean())


def worth(found: Returns, its: Money | None, value: float | None, words: Nouns) -> list[str]:
    """Say what it brought beside what it cost; the answer first."""
    if not found.cost_told:
        return ["What it cost cannot be told of so few, so whether it was worth it cannot be said."]
    if its is None:
        return ["What it cost is not known (column cost), so whether it was worth it cannot be said."]
    if found.in_doubt:
        return ["So whether it was worth its cost cannot be said.", _cost(found, its, words)]
    if value is None or its.at_end is None:
        return [_depends(its, words), _cost(found, its, words)]
    n, end = int(found.design.treated.sum()), its.at_end
    verdict = "it was worth its cost" if end.low > 0 else "it was not worth its cost"
    if end.holds_zero:
        verdict = "whether it was worth its cost is not certain"
    brought, cost = cash(value * float(its.effect[-1])), cash(float(its.cost[-1]))
    said = (
        f"If both groups would have moved alike without it, {verdict}: at {cash(abs(value))} for one point "
        f"of {words.measure} {_more(value)}, for one {words.one} in one {words.period}, the first "
        f"{words.periods(found.design.n_window)} brought {brought} a {words.one} and cost {cost}: "
        f"{_gain(end.value)} a {words.one} (95% interval: {_gains(end.low, end.high)}). For all "
        f"{words.units(n)} that is {_gain(n * end.value)} ({_gains(n * end.low, n * end.high)})."
    )
    return [said, _paid(found, its, words), _even(its, words)]


def _gain(value: float) -> str:
    return f"{'a loss' if value < 0 else 'a gain'} of {cash(abs(value))}"


def _gains(low: float, high: float) -> str:
    if low < 0 <= high:
        return f"between {_gain(low)} and {_gain(high)}"
    near, far = sorted((low, high), key=abs)
    return f"between {cash(abs(near))} and {cash(abs(far))}"


def _depends(its: Money, words: Nouns) -> str:
    """Answer where no value was given."""
    said = f"Whether it is worth its cost depends on what {words.measure} is worth, which was not given."
    even = _even(its, words)
    if its.break_even is None or its.break_even.low is None:
        return f"{said} {even}"
    return f"{said} If both groups would have moved alike without it: {even[0].lower()}{even[1:]}"


def _more(sign: float) -> str:
    return "less" if sign < 0 else "more"


def _cost(found: Returns, its: Money, words: Nouns) -> str:
    return (
        f"The cost by the end of the first {words.periods(found.design.n_window)} was "
        f"{cash(float(its.cost[-1]))} a {words.one}."
    )


def _paid(found: Returns, its: Money, words: Nouns) -> str:
    middle, best, worst = (
        None if since is None else since + found.design.ahead + 1 for since in its.first_paid
    )
    never = f"not within the first {words.periods(found.design.n_window)}"
    if middle is None:
        said = f"It had {never.replace('not', 'not paid for itself', 1)}"
    else:
        said = f"It had paid for itself by the end of {words.period} {middle}"
    ends = [never if end is None else f"by {words.period} {end}" for end in (best, worst)]
    if ends[0] == ends[1]:
        return f"{said}; that is so at both ends of the 95% interval."
    return f"{said}; at the better end of the 95% interval {ends[0]}, at the worse end {ends[1]}."


def _even(its: Money, words: Nouns) -> str:
    point = its.break_even
    if point is None:
        return (
            "No cost was recorded, or no effect at all was found: there is no worth at which both are equal."
        )
    if point.low is None or point.high is None:
        return (
            f"No worth of one point of {words.measure} can be named at which it surely pays, for the effect "
            "may be nothing or of the other sign."
        )
    said = (
        f"Value and cost are equal where one point of {words.measure} {_more(point.value)} is worth "
        f"{cash(abs(point.value))} for one {words.one} in one {words.period}"
    )
    low, high = sorted((abs(point.low), abs(point.high)))
    return f"{said} (95% interval: {cash(low)} to {cash(high)}); it pays where it is worth more."


def cannot_show(found: Returns, its: Money | None, words: Nouns) -> tuple[str, ...]:
    """Say what is not in the report, and why."""
    design = found.design
    said = [
        f"Who began when was not drawn by lot. Whatever else changed for these {words.many} when they began, "
        "such as a new tool or a new head, is in the difference too. Drawing by lot who begins first would "
        "settle it.",
        f"Nothing is told of later than {words.periods(design.n_window)} after the start: too few "
        f"{words.many} had not begun by then.",
        f"If {words.many} that had not begun already gained from those that had, the effect is larger than "
        "shown.",
    ]
    if found.trends is not None and not found.in_doubt:
        drift = unseen_drift(found)
        said.append(
            f"A drift apart of up to {amount(_steepest(found), decimals(found.trends.slope))} a "
            f"{words.period} before the start could have stayed unseen. Had it gone on, it would by itself "
            f"make a mean difference of {amount(drift, decimals(found.trends.slope))}, beside the "
            f"{amount(abs(found.effect.value), decimals(found.effect))} found."
        )
    said.append(
        f"Nothing is told of {words.many} that took part so early that there are no values from before, nor "
        "of those with a row that does not say whether they take part (column treated)."
    )
    if not found.cost_told:
        said.append(
            f"What it cost, and for how many {words.many} that is known, is not told: in some {words.period} "
            f"fewer than {LEAST} {words.many} or people stand out by it, and a mean would give theirs away."
        )
    if its is not None and its.cost_known < 1:
        said.append(
            f"Cost is known for {its.cost_known:.0%} of the {words.period}s of those that began; the mean of "
            "what is known stands for the rest. Write 0 where nothing was spent."
        )
    said.append("What else learning brings, such as people who stay longer, is not in this measure.")
    return tuple(said)


def _steepest(found: Returns) -> float:
    assert found.trends is not None  # noqa: S101
    return max(abs(found.trends.slope.low), abs(found.trends.slope.high))


def method(found: Returns, words: Nouns) -> tuple[str, ...]:
    """Say how figures were worked out, with sources."""
    design, panel = found.design, found.panel
    said = [
        f"Difference in differences: how {words.measure} changed from the last {words.period} before the "
        f"start, of the {words.many} that began, minus how it changed over the same {words.period}s of those "
        "that had not begun by the end (Callaway and Sant'Anna 2021). Whoever began in one "
        f"{words.period} is compared apart, always with the same {words.many}, then all are put together "
        f"by their number. No {words.one} that has begun ever stands for one that has not, so an "
        "effect that grows does not bias the comparison, as it does in a regression with one effect for "
        "all (Goodman-Bacon 2021).",
        "Assumed: without the programme both groups would have moved alike. That is tested where it can be, "
        "before the start: on a steady drift, and on any one period that is off; both together raise a false "
        "alarm in at most about 5 of 100 cases. A test that finds nothing does not prove that there is "
        "nothing (Roth 2022).",
        f"How long a time is looked at was chosen from who began when and where values are, so that most "
        f"can be told; no value had a part in it. Only {words.many} with all values of that time are in.",
        f"95% intervals: {words.many} are drawn anew with replacement, each with all its "
        f"{words.period}s (Bertrand, Duflo and Mullainathan 2004), {len(found.draws.effect) - 1:,} times; "
        "the spread is widened for small numbers by Student's t of the smaller group. Of 100 such intervals "
        "about 95 hold the true figure. In the chart each holds for itself, not for all at once.",
        "Cost is all that is recorded for those that began, also from before the start. Neither cost nor "
        "value is discounted. The interval of the worth at which both are equal is by Fieller (1954).",
        f"A {words.one} that stops counts as having begun. Shown are groups of at least {LEAST} "
        f"{words.many} on either side, and of at least {LEAST} people.",
    ]
    if design.ahead:
        said.insert(
            1,
            f"The first {words.period} counted is {words.periods(design.ahead)} before the one in which "
            f"{words.many} are first marked as taking part: an effect may show by then"
            + (", for cost does." if not np.isnan(panel.cost).all() else "."),
        )
    return tuple(said)
