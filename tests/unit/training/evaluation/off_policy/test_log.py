"""From tables to answers and rewards: nothing from before, nothing twice, nothing lost silently."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recommender.errors import ConfigurationError, DatasetError
from training.datasets import Dataset, load_dataset, write_dataset
from training.evaluation.off_policy.features import OF_LEARNER, Features
from training.evaluation.off_policy.log import read_log
from training.evaluation.off_policy.rewards import REWARDS, mature, reward_of

DAY = pd.Timedelta(days=1)
T0 = pd.Timestamp("2026-03-01", tz="UTC")


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    for name in ("occurred_at",):
        if name in frame:
            frame[name] = T0 + pd.to_timedelta(frame[name], unit="D")
    return frame


def tables() -> dict[str, pd.DataFrame]:
    """Ann is shown a and b on day 0 and 10, c on day 20; times in days."""
    return {
        "modules": pd.DataFrame(
            {"module_id": list("abcd"), "title": list("ABCD"), "difficulty": [0.2, 0.4, None, 0.6]}
        ),
        "items": pd.DataFrame({"item_id": ["a1", "a2", "b1"], "module_id": ["a", "a", "b"]}),
        "learners": pd.DataFrame({"learner_id": ["ann", "bob"], "segment": ["leader", None]}),
        "recommendations": table(
            "recommendation_id learner_id module_id rank propensity occurred_at",
            ("r2", "ann", "b", 2, 0.9, 10),
            ("r2", "ann", "a", 1, 1.0, 10),
            ("r1", "ann", "a", 1, 1.0, 0),
            ("r1", "ann", "b", 2, 0.9, 0),
            ("r3", "bob", "c", 1, 0.1, 20),
        ),
        "feedback": table(
            "event_id recommendation_id kind module_id occurred_at",
            ("f1", "r1", "accepted", "a", 1),
            ("f2", "r2", "dismissed", "a", 11),
            ("f3", "r2", "accepted", "b", 40),
            ("f4", "r3", "accepted", None, 21),
            ("f5", "r3", "accepted", "c", 20),
        ),
        "completions": table(
            "event_id learner_id module_id status occurred_at",
            ("c0", "ann", "d", "completed", -3),
            ("c1", "ann", "a", "completed", 12),
            ("c2", "ann", "b", "started", 12),
            ("c3", "ann", "b", "completed", 10),
            ("c4", "bob", "c", "completed", 19),
            ("c5", "bob", "a", "completed", 60),
        ),
        "attempts": table(
            "event_id learner_id item_id score occurred_at",
            ("t0", "ann", "a1", 0.0, -2),
            ("t1", "ann", "a1", 1.0, 2),
            ("t2", "ann", "a1", 1.0, 11),
            ("t3", "ann", "a2", 1.0, 11),
            ("t4", "ann", "b1", 0.0, 11),
            ("t5", "bob", "b1", 1.0, 21),
        ),
    }


@pytest.fixture
def made(tmp_path) -> Dataset:
    write_dataset(tables(), tmp_path / "made")
    return load_dataset(tmp_path / "made")


def broken(tmp_path, **changed: pd.DataFrame | None) -> Dataset:
    all_of_them = {name: frame for name, frame in (tables() | changed).items() if frame is not None}
    write_dataset(all_of_them, tmp_path / "broken")
    return load_dataset(tmp_path / "broken")


def earned(dataset: Dataset, name: str, days: float) -> tuple[dict[tuple[str, str], float], int]:
    log = read_log(dataset)
    reward = reward_of(name, dataset, log, days)
    keys = [
        (log.recommendation_ids[i], log.module_ids[m])
        for i, m in zip(log.answer.tolist(), log.module.tolist(), strict=True)
    ]
    return dict(zip(keys, reward.values.tolist(), strict=True)), reward.unused


def test_answers_are_in_the_order_of_time_and_modules_in_that_of_rank(made):
    log = read_log(made)
    assert log.recommendation_ids == ("r1", "r2", "r3")
    assert [log.module_ids[m] for m in log.module] == ["a", "b", "a", "b", "c"]
    assert log.propensity.tolist() == [1.0, 0.9, 1.0, 0.9, 0.1]
    assert log.n_shown.tolist() == [2, 2, 1]
    kept = log.only(np.array([False, True, True]))
    assert kept.recommendation_ids == ("r2", "r3")
    assert kept.start.tolist() == [0, 2, 3]
    assert kept.propensity.tolist() == [1.0, 0.9, 0.1]
    assert read_log(made, ["d", "new"]).module_ids == ("a", "b", "c", "d", "new")


def test_accepted_is_of_that_answer_and_module_within_the_window(made):
    """f3 comes too late, f4 names no module; f5, at the very second, answers."""
    found, unused = earned(made, "accepted", 14)
    assert found == {("r1", "a"): 1, ("r1", "b"): 0, ("r2", "a"): 0, ("r2", "b"): 0, ("r3", "c"): 1}
    assert unused == 2
    assert earned(made, "accepted", 30)[0]["r2", "b"] == 1


def test_what_was_finished_counts_for_the_first_answer_within_the_window(made):
    """a on day 12 is within 14 days of both answers; b on day 10 is at the moment of the second."""
    found, unused = earned(made, "finished", 14)
    assert found == {("r1", "a"): 1, ("r1", "b"): 1, ("r2", "a"): 0, ("r2", "b"): 0, ("r3", "c"): 0}
    assert unused == 3  # before any answer: d and bob's c; never shown to bob: a
    found, _ = earned(made, "finished", 5)
    assert found == {("r1", "a"): 0, ("r1", "b"): 0, ("r2", "a"): 1, ("r2", "b"): 0, ("r3", "c"): 0}


def test_passed_counts_the_items_passed_for_the_first_time(made):
    found, unused = earned(made, "passed", 14)
    assert found == {("r1", "a"): 1.0, ("r1", "b"): 0, ("r2", "a"): 0, ("r2", "b"): 0, ("r3", "c"): 0}
    assert unused == 1
    assert earned(made, "passed", 5)[0] == {
        ("r1", "a"): 0.5,
        ("r1", "b"): 0,
        ("r2", "a"): 0.5,
        ("r2", "b"): 0,
        ("r3", "c"): 0,
    }


@pytest.mark.parametrize("name", REWARDS)
def test_what_came_before_the_answers_changes_no_reward(made, name):
    later = {
        table: frame[frame["occurred_at"] >= T0] if table in ("completions", "attempts") else frame
        for table, frame in made.tables.items()
    }
    assert earned(made, name, 14)[0] == earned(replace(made, tables=later), name, 14)[0]


def test_answers_whose_window_is_not_over_are_not_ready(made):
    log = read_log(made)
    assert mature(log, made, 28).tolist() == [True, True, True]
    assert mature(log, made, 45).tolist() == [True, True, False]


def test_what_is_asked_wrongly_is_told(made):
    log = read_log(made)
    with pytest.raises(ConfigurationError, match="'joy'; it must be one of accepted, finished, passed"):
        reward_of("joy", made, log)
    with pytest.raises(ConfigurationError, match="--window-days is 0"):
        reward_of("accepted", made, log, 0)


def test_a_log_that_cannot_be_read_is_refused_with_the_remedy(tmp_path):
    rows = tables()["recommendations"]
    cases = {
        "no table recommendations": None,
        "propensity is missing; give the chance": rows.assign(propensity=[None, 1, 1, 1, 1]),
        "propensity is 0, but it was shown": rows.assign(propensity=[0.5, 1, 1, 0.0, 1]),
        "occurred_at is missing": rows.drop(columns="occurred_at"),
        "answer 'r1', module 'b': learner_id is not": rows.assign(learner_id=["ann"] * 3 + ["bob"] * 2),
    }
    for i, (what, frame) in enumerate(cases.items()):
        dataset = broken(tmp_path / str(i), recommendations=frame)
        with pytest.raises(DatasetError, match=what):
            read_log(dataset)


def test_without_times_of_events_it_is_refused(tmp_path):
    untimed = tables()["attempts"].drop(columns="occurred_at")
    with pytest.raises(DatasetError, match="events without occurred_at"):
        read_log(broken(tmp_path, attempts=untimed))


def test_features_by_hand(made):
    """Ann had finished d and failed a1 before day 0; what happens on day 10 itself is not yet known then."""
    features = Features.of(made, read_log(made))
    found = dict(zip(OF_LEARNER, features.of_learner[0].tolist(), strict=True))
    assert found == pytest.approx(
        {
            "log_attempts": np.log(2),
            "passed_share": 1 / 3,
            "log_finished": np.log(2),
            "log_days_since_event": np.log(3),
        }
    )
    assert features.of_learner[1, :3].tolist() == pytest.approx([np.log(3), 2 / 4, np.log(2)])
    assert features.difficulty.tolist() == pytest.approx([0.2, 0.4, 0.4, 0.6])
    assert features.segment.tolist() == [2, 2, 3]


def test_later_events_of_the_learner_change_no_feature(made):
    """Everything after each answer is taken away, and then turned over."""
    log = read_log(made)
    whole = Features.of(made, log)
    for i, at in enumerate(log.at):
        moment = pd.Timestamp(at, unit="s", tz="UTC")
        for change in ("gone", "other"):
            changed = dict(made.tables)
            for name in ("attempts", "completions"):
                frame = changed[name]
                late = frame["occurred_at"] >= moment
                assert late.any()
                if change == "gone":
                    changed[name] = frame[~late]
                elif name == "attempts":
                    changed[name] = frame.assign(passed=frame["passed"] ^ late)
            then = Features.of(replace(made, tables=changed), log)
            assert then.of_learner[i].tolist() == whole.of_learner[i].tolist()
    assert (whole.matrix(log.answer, log.module).toarray()[:, :4].sum(axis=1) == 1).all()
