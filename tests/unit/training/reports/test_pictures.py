"""What the pictures show is what the engine says, and the rule picks whom it says it picks."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest

from recommender.skills.records import FAILURES_A_STEP, QUICK_PASSES_A_STEP
from training.datasets import Dataset, load_dataset
from training.reports.pictures import NAMES, gap_figure, pathway_figure, pictures
from training.reports.shown_learner import MOST_READY, MOST_WEEKS, SCRIPT, moments, shown_learner


@pytest.fixture(scope="module")
def dataset(tiny_dataset) -> Dataset:
    """The small dataset, in which everybody wants to change roles."""
    found = load_dataset(tiny_dataset)
    people = found.tables["learners"].copy()
    swapped = {"analyst": "manager", "manager": "analyst"}
    people["target_role_id"] = people["role_id"].map(swapped).astype(people["role_id"].dtype)
    people["weekly_minutes"] = 60.0
    return replace(found, tables={**found.tables, "learners": people})


@pytest.fixture(scope="module")
def shown(tiny_engine, dataset):
    return shown_learner(tiny_engine, dataset)


@pytest.fixture(scope="module")
def told(tiny_engine, shown):
    return moments(tiny_engine, shown.profile, shown.now)


def test_whom_the_rule_picks(dataset, shown):
    assert shown.profile.target_role_id != shown.profile.role_id
    assert shown.gaps.role.role_id == shown.pathway.role_id == shown.profile.target_role_id
    assert shown.gaps.role.readiness <= MOST_READY
    assert 0 < shown.pathway.weeks <= MOST_WEEKS
    assert shown.pathway.weekly_minutes == 60.0


def test_of_equals_who_answered_most_is_picked(tiny_engine, dataset, shown):
    answers = dataset.tables["attempts"]["learner_id"].value_counts()
    people = dataset.tables["learners"]
    others = people[people["learner_id"] != shown.profile.learner_id]
    second = shown_learner(tiny_engine, replace(dataset, tables={**dataset.tables, "learners": others}))
    kinds = [{step.why for step in one.pathway.steps} for one in (shown, second)]
    if len(kinds[0]) == len(kinds[1]):
        assert answers[shown.profile.learner_id] >= answers[second.profile.learner_id]
    else:
        assert len(kinds[0]) > len(kinds[1])


def test_nobody_without_time_is_picked(tiny_engine, dataset, shown):
    people = dataset.tables["learners"].copy()
    people.loc[people["learner_id"] == shown.profile.learner_id, "weekly_minutes"] = 0.0
    other = shown_learner(tiny_engine, replace(dataset, tables={**dataset.tables, "learners": people}))
    assert other.profile.learner_id != shown.profile.learner_id


def test_readiness_runs_from_that_of_today_to_what_the_pathway_expects(shown):
    weeks, ready = zip(*shown.readiness(), strict=True)
    assert weeks[0] == 0
    assert list(weeks) == sorted(weeks)
    assert ready[0] == pytest.approx(shown.gaps.role.readiness)
    assert ready[0] == pytest.approx(shown.pathway.readiness)
    assert ready[-1] == pytest.approx(shown.pathway.readiness_expected)
    assert (np.diff(ready) >= 0).all()


def test_a_module_lies_by_its_band_where_the_engine_says(told):
    assert [moment.outcome for moment in told] == [None, *SCRIPT]
    for moment in told:
        chance, band = moment.module.success_probability, moment.band
        fit = "review" if chance > band.high else "stretch" if chance < band.low else "on_level"
        assert moment.module.difficulty_fit == fit


def test_runs_of_answers_move_the_band_at_once(tiny_engine, shown):
    script = ["pass"] * 3 + ["fail"] * FAILURES_A_STEP
    found = [moment.band.low for moment in moments(tiny_engine, shown.profile, shown.now, script)]
    steps = np.diff(found)
    assert steps[-1] > 0.04
    assert steps[-1] == steps.max()


def test_quick_passes_need_a_usual_time(tiny_engine, shown):
    """The small dataset has no times, so passes are never quick there."""
    lows = [
        moments(tiny_engine, shown.profile, shown.now, [outcome] * QUICK_PASSES_A_STEP)[-1].band.low
        for outcome in ("pass", "quick")
    ]
    assert lows[0] == lows[1]


def test_what_somebody_set_for_their_plots_changes_no_byte(shown, told):
    plain = pictures(shown, told)
    with matplotlib.rc_context({"font.size": 24, "axes.facecolor": "black"}):
        assert pictures(shown, told) == plain
    assert list(plain) == list(NAMES)


def test_a_skill_of_which_nothing_is_known_says_so(shown):
    first, *rest = shown.gaps.skills
    unknown = replace(first, mastery=None, interval=None)
    figure = gap_figure(replace(shown, gaps=replace(shown.gaps, skills=(unknown, *rest))))
    assert "nothing known yet" in [text.get_text() for text in figure.axes[0].texts]
    assert first.name in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_every_step_has_a_bar_over_its_weeks(shown):
    bars = pathway_figure(shown).axes[1].patches
    told = [(bar.get_x() + 1, bar.get_x() + bar.get_width()) for bar in bars]
    assert told == [(step.starts_week, step.ends_week) for step in shown.pathway.steps]
