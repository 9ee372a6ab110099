"""An engine asked again at logged moments, and what comes of a whole log."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recommender.domain.recommendation import Query
from recommender.errors import DatasetError
from training.datasets import Dataset, load_dataset
from training.evaluation.off_policy.baselines import chance, popularity
from training.evaluation.off_policy.engine_policy import learned_before, replay
from training.evaluation.off_policy.events import events_of, profiles_of
from training.evaluation.off_policy.features import Features
from training.evaluation.off_policy.log import Log, read_log, seconds
from training.evaluation.off_policy.reward_model import CrossFitted
from training.evaluation.off_policy.rewards import reward_of


@pytest.fixture(scope="module")
def dataset(logged) -> Dataset:
    return load_dataset(logged)


@pytest.fixture(scope="module")
def amid(dataset, tiny_engine) -> Log:
    """Every fortieth answer, moved to amid the events of its learner."""
    log = read_log(dataset, tiny_engine.catalog.module_ids)
    few = log.only(np.arange(len(log)) % 40 == 0)
    middle = dataset.tables["attempts"].groupby("learner_id")["occurred_at"].median().dt.ceil("s")
    at = seconds(middle.reindex([few.learner_ids[i] for i in few.learner.tolist()]))
    order = np.argsort(at, kind="stable")
    moved = {"at": at[order], "learner": few.learner[order]}
    return Log(**{name: getattr(few, name) for name in Log.__slots__} | moved)


def cut(dataset: Dataset, at: float) -> Dataset:
    """The dataset without anything at or after a moment, of anybody."""
    moment = pd.Timestamp(at, unit="s", tz="UTC")
    tables = {
        name: frame[frame["occurred_at"] < moment] if name in ("attempts", "completions") else frame
        for name, frame in dataset.tables.items()
    }
    return replace(dataset, tables=tables)


def test_an_engine_answers_as_it_would_have_then(dataset, amid, tiny_engine):
    """As `recommend` of the events before, and no other."""
    found = replay(tiny_engine, dataset, amid).chosen
    names = dataset.tables["learners"]["learner_id"].tolist()
    events, profiles = events_of(dataset, names), profiles_of(dataset, names)
    n_known = 0
    for i, at in enumerate(amid.at.tolist()):
        moment = pd.Timestamp(at, unit="s", tz="UTC").to_pydatetime()
        name = amid.learner_ids[amid.learner[i]]
        known = [event for event in events[name] if event.occurred_at < moment]
        n_known += 0 < len(known) < len(events[name])
        query = Query(k=int(amid.n_shown[i]))
        answer = tiny_engine.recommend(known or None, profiles[name], query, now=moment)
        chosen = found.module[found.start[i] : found.start[i + 1]]
        assert [amid.module_ids[m] for m in chosen] == [m.module_id for m in answer.modules]
    assert n_known > 5


def test_what_comes_later_changes_no_choice_of_any_policy(dataset, amid, tiny_engine):
    whole = replay(tiny_engine, dataset, amid)
    popular = popularity(amid, dataset, whole.eligible)
    for i in range(0, len(amid), 5):
        then = cut(dataset, float(amid.at[i]))
        one = amid.only(np.arange(len(amid)) == i)
        again = replay(tiny_engine, then, one)
        rows = slice(whole.chosen.start[i], whole.chosen.start[i + 1])
        assert again.chosen.module.tolist() == whole.chosen.module[rows].tolist()
        assert again.eligible[0].tolist() == whole.eligible[i].tolist()
        rows = slice(popular.start[i], popular.start[i + 1])
        assert popularity(one, then, again.eligible).module.tolist() == popular.module[rows].tolist()


def test_simple_policies_show_as_many_eligible_modules_as_were_shown(dataset, amid, tiny_engine):
    eligible = replay(tiny_engine, dataset, amid).eligible
    sizes = np.minimum(amid.n_shown, [len(candidates) for candidates in eligible])
    for target in (popularity(amid, dataset, eligible), chance(amid, eligible)):
        assert target.mass().tolist() == pytest.approx(sizes.tolist())
        for i, candidates in enumerate(eligible):
            assert set(target.module[target.start[i] : target.start[i + 1]]) <= set(candidates.tolist())


def test_an_exploring_engine_is_asked_without_its_chance(dataset, amid, tiny_engine):
    ranking = tiny_engine.bundle.ranking.model_copy(update={"exploration": 0.5})
    exploring = type(tiny_engine)(replace(tiny_engine.bundle, ranking=ranking))
    plain, found = (replay(engine, dataset, amid).chosen for engine in (tiny_engine, exploring))
    assert found.module.tolist() == plain.module.tolist()


def test_an_engine_that_may_know_what_came_of_it_is_refused(dataset, amid, tiny_engine):
    """It learned from all starts of the data, so of answers amid them it may know the outcome."""
    end = float(tiny_engine.bundle.use.end[0])
    early = Log(**{name: getattr(amid, name) for name in Log.__slots__} | {"at": np.minimum(amid.at, end)})
    with pytest.raises(DatasetError, match="no answer of the log came after the last start"):
        learned_before(tiny_engine, dataset, early)
    last = np.arange(len(early)) == len(early) - 1
    moved = {"at": np.where(last, end + 1, early.at)}
    late = Log(**{name: getattr(early, name) for name in Log.__slots__} | moved)
    assert learned_before(tiny_engine, dataset, late).tolist() == last.tolist()
    same = replace(dataset, fingerprint=tiny_engine.manifest["dataset"]["fingerprint"])
    with pytest.raises(DatasetError, match="was trained on dataset"):
        learned_before(tiny_engine, same, late)


def test_no_prediction_depends_on_the_learner_s_own_rewards(dataset, tiny_engine):
    """Turned over for one learner, they change what others are expected to like and nothing else."""
    log = read_log(dataset, tiny_engine.catalog.module_ids)
    features, reward = Features.of(dataset, log), reward_of("accepted", dataset, log, 7).values
    own = log.learner[log.answer] == log.learner[0]
    turned = np.where(own, 1 - reward, reward)
    found, other = (
        CrossFitted().fit(log, features, values, np.random.default_rng(0)).of_shown(log)
        for values in (reward, turned)
    )
    assert found[own].tolist() == other[own].tolist()
    assert (found[~own] != other[~own]).any()


def test_the_reward_model_learns_what_is_liked(dataset, tiny_engine):
    log = read_log(dataset, tiny_engine.catalog.module_ids)
    features, reward = Features.of(dataset, log), reward_of("accepted", dataset, log, 7).values
    expected = CrossFitted().fit(log, features, reward, np.random.default_rng(0)).of_shown(log)
    even = np.array([int(log.module_ids[m][1:3]) % 2 == 0 for m in log.module])
    assert expected[even].mean() > expected[~even].mean() + 0.2
    assert ((expected >= 0) & (expected <= 1)).all()
