"""Every report on the least data that loads: each is shown, or says why it is not, and none fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.worlds import make_engine
from training.datasets import load_dataset
from training.programme.programme import Programme
from training.reports.demand import demand_reports
from training.reports.engagement import engagement_reports
from training.reports.equity import equity_reports
from training.reports.gaps import gaps_reports
from training.reports.growth import growth_reports
from training.reports.mentors import mentors_reports
from training.reports.returns import returns_reports
from training.reports.sheet import NotShown, Report

Maker = Callable[[Programme], list[Report | NotShown]]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAKERS: Mapping[str, Maker] = {
    "gaps": gaps_reports,
    "growth": growth_reports,
    "engagement": engagement_reports,
    "mentors": mentors_reports,
    "demand": demand_reports,
    "returns": returns_reports,
    "equity": equity_reports,
}


def rows(header: str, line: str, n: int) -> str:
    """Lines of a file; `{i}` is the number of a line, and `{who}` one of twelve learners."""
    return "\n".join([header, *(line.format(i=i, who=i % 12, mark=i % 2) for i in range(n))]) + "\n"


MANY = rows("learner_id", "l{i}", 12)
ATTEMPTS = rows("learner_id,item_id,score,occurred_at", "l{who},q{i},{mark},2025-03-01T00:00:00Z", 48)
COMPLETIONS = rows(
    "learner_id,module_id,status,occurred_at", "l{who},m{mark},completed,2025-03-01T00:00:00Z", 24
)
DATASETS: Mapping[str, Mapping[str, str]] = {
    "only learners": {"learners": MANY},
    "one learner": {"learners": "learner_id\nl0\n"},
    "five learners": {"learners": rows("learner_id", "l{i}", 5)},
    "one learner who answered": {
        "learners": "learner_id\nl0\n",
        "attempts": "learner_id,item_id,score,occurred_at\nl0,q0,1,2025-03-01T00:00:00Z\n",
    },
    "completions": {"learners": MANY, "completions": COMPLETIONS},
    "attempts without skills": {"learners": MANY, "attempts": ATTEMPTS},
    "both without skills": {"learners": MANY, "attempts": ATTEMPTS, "completions": COMPLETIONS},
    "attempts without times": {
        "learners": MANY,
        "attempts": rows("learner_id,item_id,score,skill_ids", "l{who},q{i},{mark},s{mark}", 48),
    },
    "completions without times": {
        "learners": MANY,
        "completions": rows("learner_id,module_id,status", "l{who},m{mark},completed", 24),
    },
    "people who are hired later": {
        "learners": rows("learner_id,hired_at", "l{i},2026-06-01T00:00:00Z", 12),
        "attempts": ATTEMPTS,
    },
}


def programme_of(name: str, directory: Path, *, with_bundle: bool = False) -> Programme:
    for table, text in DATASETS[name].items():
        (directory / f"{table}.csv").write_text(text)
    bundle = None
    if with_bundle:
        items = [{"item_id": f"q{i}", "skill_ids": []} for i in range(48)]
        bundle = make_engine({"m0": {}, "m1": {}}, items=items).bundle
    return Programme(load_dataset(directory), NOW, bundle, n_resamples=20)


@pytest.mark.parametrize("with_bundle", [False, True])
@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("maker", MAKERS)
def test_each_is_shown_or_says_why_not(maker: str, name: str, with_bundle: bool, tmp_path: Path) -> None:
    found = MAKERS[maker](programme_of(name, tmp_path, with_bundle=with_bundle))
    assert found
    for one in found:
        assert isinstance(one, Report | NotShown)
        assert one.answer if isinstance(one, Report) else one.reason
    names = [one.name for one in found]
    assert len(set(names)) == len(names)
