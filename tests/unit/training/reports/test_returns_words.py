"""What reports on returns say: words that fit figures, doubts before figures, a chart one can read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.unit.training.programme.returns_world import learners
from tests.unit.training.reports.returns_by_hand import report, simple, tables, world


def test_the_answer_tells_figures_of_the_tables() -> None:
    _, _, rows = world()
    found = report(rows, value_per_unit=40.0)
    given = tables(found)
    end, after = given["return"].iloc[-1], given["by-period"][given["by-period"]["month"] > 0]
    said = " ".join(found.answer)
    assert f"gain of {end['return_so_far']:,.0f} a team" in said
    assert f"cost {end['cost_so_far']:,.0f}:" in said
    assert f"For all 11 teams that is a gain of {11 * end['return_so_far']:,.0f}" in said
    assert f"was {after['difference'].mean():.1f} higher than would be expected" in said
    share = after["difference"].mean() / after["expected"].mean()
    assert f"That is {share:.1%} of what was expected" in said
    paid = given["return"]["return_so_far"] >= 0
    month = next(m for m in given["return"]["month"] if paid[given["return"]["month"] >= m].all())
    assert f"paid for itself by the end of month {month};" in said
    even = end["cost_so_far"] / end["effect_so_far"]
    assert f"more is worth {even:,.0f} for one team" in said or f"more is worth {even:,.2f} for" in said


@pytest.mark.parametrize(
    ("effect", "cost", "worth", "verdict"),
    [
        (5.0, 10.0, 10.0, "it was worth its cost"),
        (5.0, 99.0, 10.0, "it was not worth its cost"),
        (5.0, 50.0, 10.0, "whether it was worth its cost is not certain"),
        (-5.0, 10.0, -10.0, "it was worth its cost"),
        (5.0, 10.0, -10.0, "it was not worth its cost"),
    ],
)
def test_the_first_sentence_is_the_verdict(effect: float, cost: float, worth: float, verdict: str) -> None:
    found = report(simple(effect, cost), learners([8] * 20), value_per_unit=worth)
    assert found.answer[0].startswith(f"If both groups would have moved alike without it, {verdict}: ")
    assert ("point of sales less" if worth < 0 else "point of sales more") in found.answer[0]


def test_without_a_value_the_worth_that_pays_is_told() -> None:
    found = report(simple(5.0, 50.0), learners([8] * 20))
    assert "depends on what sales is worth, which was not given" in found.answer[0]
    assert "return_so_far" not in tables(found)["return"]
    chance = report(simple(0.0, 50.0), learners([8] * 20))
    assert any(line.startswith("No difference that could not be chance: over") for line in chance.answer)
    assert "can be named at which it surely pays" in chance.answer[0]
    assert chance.sections[1].chart is None


def test_different_trends_come_first_and_take_the_trust() -> None:
    drifting = report(simple(0.0, 5.0, drift=0.8), learners([8] * 20), value_per_unit=9.0)
    assert drifting.answer[0].startswith("This comparison cannot be trusted: already before they began")
    assert "cannot be trusted" in drifting.sections[0].chart.says  # type: ignore[union-attr]
    assert ": it became 0.8" in drifting.answer[0]
    assert any("whether it was worth its cost cannot be said" in line for line in drifting.answer)
    assert "return_so_far" not in tables(drifting)["return"]
    assert drifting.sections[1].chart is None
    steady = report(simple(5.0, 5.0), learners([8] * 20), value_per_unit=9.0)
    assert not any("cannot be trusted" in line for line in steady.answer)
    assert any("both groups moved alike" in line for line in steady.answer)


def test_what_cannot_be_checked_is_said_so() -> None:
    blind = report(simple(5.0, 5.0, first=1), learners([8] * 20))
    assert any("moved alike before cannot be checked" in line for line in blind.answer)
    weak = report(simple(0.3, 5.0, first=2, noise=3.0), learners([8] * 20))
    assert any("too little to rule out" in line for line in weak.answer)


def test_without_cost_only_the_effect_is_told() -> None:
    rows = simple(5.0, 5.0).assign(cost=np.nan)
    found = report(rows, learners([8] * 20), value_per_unit=9.0)
    assert found.answer[0].startswith("Over their first 8 months, sales of 10 teams that began was ")
    assert found.answer[-1].startswith("What it cost is not known")
    assert "return" not in tables(found)


def test_words_on_the_chart_do_not_lie_on_each_other() -> None:
    chart = report(world()[2], value_per_unit=40.0).sections[0].chart
    assert chart is not None
    chart.figure.canvas.draw()
    (axes,) = chart.figure.axes
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.x0)
    assert len(boxes) == 2
    assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= chart.figure.bbox.x1
