"""The weeks: skill checks, leaving for good, learning less and less, and the room for it all."""

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.datasets.sample.lives import BUSY, Lives, lived
from tests.unit.training.datasets.sample.shipped import Organisation
from training.datasets.dataset import Dataset
from training.datasets.sample import SampleConfig
from training.datasets.sample.parameters import CHECK_WEEKS, ActivityParameters, Parameters
from training.datasets.sample.world import World

pytestmark = pytest.mark.usefixtures("interpreted")

WEEK = pd.Timedelta(days=7)


@pytest.fixture(scope="module")
def lives(interpreted: None, full_dataset: Dataset, full_world: World) -> Lives:
    return lived(full_dataset, full_world, SampleConfig(16, 18, 3, parameters=BUSY))


def checks_of(lives: Lives) -> np.ndarray:
    rows = lives.record.attempts[: lives.record.n_rows[0]]
    no_module = np.ones(len(lives.world.items), bool)
    no_module[lives.world.module_items[lives.world.module_items >= 0]] = False
    return rows[no_module[rows["item"]]]


def test_checks_come_when_they_are_due_and_ask_no_item_twice(lives: Lives) -> None:
    rows = checks_of(lives)
    assert len(rows)
    assert not rows["is_retry"].any()
    joins = lives.people.block.people["joins"][rows["learner"]]
    since = (rows["second"] // (7 * 86400)).astype(int) - joins
    assert set(since) <= set(CHECK_WEEKS)
    asked = pd.DataFrame({"learner": rows["learner"], "since": since, "item": rows["item"]})
    assert not asked.duplicated().any()
    skill = lives.world.item_skills[rows["item"], 0]
    assert asked.groupby(["learner", "since", skill]).size().max() == 2
    assert asked.groupby(["learner", "since"]).size().max() <= ActivityParameters().check_items


def test_checks_ask_only_what_a_role_needs(full_dataset: Dataset, full_world: World) -> None:
    needless = full_world._replace(role_importance=np.zeros_like(full_world.role_importance))
    lives = lived(full_dataset, needless, SampleConfig(8, 7, 3, parameters=BUSY))
    assert not len(checks_of(lives))


def test_nothing_but_checks_after_leaving_for_good(full_dataset: Dataset, full_world: World) -> None:
    hasty = Parameters(activity=ActivityParameters(base=0.8, drop_out=0.08, check_when_gone=1.0))
    lives = lived(full_dataset, full_world, SampleConfig(16, 14, 3, parameters=hasty))
    gone = lives.record.gone
    assert (gone >= 0).sum() > 5
    for rows in (
        lives.record.completions[: lives.record.n_rows[1]],
        lives.record.credentials[: lives.record.n_rows[2]],
    ):
        left = gone[rows["learner"]]
        assert (rows["second"] / (7 * 86400) <= left)[left >= 0].all()
    checks = checks_of(lives)
    left = gone[checks["learner"]]
    assert (checks["second"] / (7 * 86400) > left)[left >= 0].any()


def test_nobody_does_anything_outside_their_time(lives: Lives) -> None:
    person = lives.people.block.people
    for rows, n in zip(
        (lives.record.attempts, lives.record.completions, lives.record.credentials),
        lives.record.n_rows,
        strict=True,
    ):
        rows = rows[:n]
        assert (rows["second"] >= 7 * 86400 * person["joins"][rows["learner"]]).all()
        assert (rows["second"] < 7 * 86400 * person["leaves"][rows["learner"]]).all()


def test_mastery_is_noted_every_month_of_everybody(lives: Lives) -> None:
    mastery = lives.record.mastery
    assert mastery.shape == (16, 19, 3)
    assert ((mastery > 0) & (mastery < 1)).all()
    assert mastery[:, -1].mean() > mastery[:, 0].mean() + 0.05


def test_a_full_record_is_told(full_dataset: Dataset, full_world: World) -> None:
    with pytest.raises(AssertionError):
        lived(full_dataset, full_world, SampleConfig(16, 18, 3, parameters=BUSY), room=(410, 110, 60))


# The same of the shipped organisation -----------------------------------------------------------------------


def test_teams_that_lag_learn_less(shipped: Organisation) -> None:
    n = shipped["truth/starts"]["event_id"].str.rsplit("-", n=1).str[0].value_counts()
    people = shipped.people.set_index("learner_id")
    starts = n.reindex(people.index).fillna(0)
    lagging, others = starts[people["lags"]], starts[~people["lags"]]
    assert len(lagging) > 100
    assert lagging.mean() < 0.7 * others.mean()


def test_the_motivated_learn_more_and_stay_longer(shipped: Organisation) -> None:
    n = shipped["truth/starts"]["event_id"].str.rsplit("-", n=1).str[0].value_counts()
    people = shipped.people.set_index("learner_id")
    starts = n.reindex(people.index).fillna(0)
    high = people["motivation"] > 0.5
    low = people["motivation"] < -0.5
    assert starts[high].mean() > 2 * starts[low].mean()
    left = people["dropped_out_at"].notna()
    assert left[high].mean() < left[low].mean() - 0.05


def test_learning_is_less_at_the_turn_of_the_year(shipped: Organisation) -> None:
    week = shipped["completions"].query("status == 'started'")["occurred_at"].dt.isocalendar().week
    count = week.value_counts()
    assert count.reindex([52, 1]).mean() < 0.4 * count.reindex(range(10, 20)).mean()


def test_work_is_done_on_workdays_in_daytime(shipped: Organisation) -> None:
    at = shipped["attempts"]["occurred_at"]
    assert (at.dt.day_of_week < 5).mean() > 0.85
    assert ((at.dt.hour >= 8) & (at.dt.hour < 19)).mean() > 0.75
