"""The bridge to other libraries, with a real peer: popularity, in a process of its own."""

import sys
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import Interactions
from recommender.embeddings.popularity import BASELINES, Popularity
from recommender.errors import InputError
from tests.benchmarks.peers.bridge import Bench, judge_with_peers, run_peer, task_of, tuning_of, write_tasks
from tests.benchmarks.peers.exchange import (
    NOBODY,
    Told,
    answered,
    read_answer,
    read_task,
    write_answer,
    write_task,
)
from training.module_models import scored

N_LEARNERS, N_MODULES = 120, 40
PROTOCOLS = ("leave-last-out", "temporal", "few-shot", "cold-modules")
NO_TIME = Told({}, None, 0.0, 0.0, None, 0)


@pytest.fixture(scope="module")
def starts() -> Interactions:
    """Learners who prefer early modules; some have one start only, some meet at the same time."""
    rng = np.random.default_rng(3)
    lengths = rng.integers(1, 7, N_LEARNERS)
    share = 1 / np.arange(1, N_MODULES + 1)
    modules = [rng.choice(N_MODULES, n, replace=False, p=share / share.sum()) for n in lengths]
    at = [np.sort(rng.integers(0, 50, n)) for n in lengths]
    unknown = np.full(N_LEARNERS, -1, np.int32)
    return Interactions(
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate(modules).astype(np.int32),
        np.concatenate(at).astype(np.float64),
        unknown,
        unknown,
        N_MODULES,
    )


@pytest.fixture(scope="module")
def own():
    """Fit our own popularity, under the name of what all are compared with."""
    ids = [f"m{i:02d}" for i in range(N_MODULES)]
    catalog = Catalog.from_tables({"modules": pa.table({"module_id": ids, "title": ids})})

    def fit(train):
        view = Popularity(BASELINES["popularity"]).fit(train, catalog, seed=0)
        return {"engine": partial(scored, view)}

    return fit


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_popularity_of_another_process_is_judged_like_our_own(starts, own, tmp_path, protocol):
    bench = Bench(starts, protocol, seed=4)
    write_tasks(tmp_path, bench)
    run_peer(sys.executable, "popularity_peer.py", tmp_path)
    report, told = judge_with_peers(own, bench, tmp_path)
    peer, ours = report.models["peer_popularity"], report.models["engine"]
    assert peer.metrics == ours.metrics
    assert peer.groups == ours.groups
    assert peer.ci95 == ours.ci95
    assert 0 < ours.metrics["mrr"] < 1
    assert set(peer.difference_ci95.values()) == {(0.0, 0.0)}
    assert peer.recommend_us_per_learner is None, "the peer measured no single call"
    assert peer.fit_seconds == pytest.approx(sum(each.fit_seconds for each in told["peer_popularity"]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tasks_come_back_as_they_were_written_and_tell_no_target(starts, tmp_path, protocol):
    bench = Bench(starts, protocol, seed=4)
    n_splits = write_tasks(tmp_path, bench)
    splits = bench.splits()
    assert n_splits == len(splits)
    for number, split in enumerate(splits):
        task = read_task(tmp_path / str(number) / "task.npz")
        write_task(tmp_path / "again.npz", task)
        for read in (task, read_task(tmp_path / "again.npz")):
            wanted = task_of(split)
            assert (read.n_learners, read.n_modules) == (N_LEARNERS, N_MODULES)
            assert not len(read.target)
            for name in ("learner", "module", "at", "list_start", "list_module", "list_at", "list_learner"):
                np.testing.assert_array_equal(getattr(read, name), getattr(wanted, name), name)
        np.testing.assert_array_equal(task.module, split.train.modules)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_settings_are_chosen_inside_the_training_part(starts, protocol):
    """What tuning learns from, knows and asks for are starts of the split's own training part."""
    bench = Bench(starts, protocol, seed=4)
    n_asked = 0
    for split in bench.splits():
        trained = set(zip(split.train.learners().tolist(), split.train.modules.tolist(), strict=True))
        tuning = tuning_of(split, bench)
        assert set(zip(tuning.learner.tolist(), tuning.module.tolist(), strict=True)) < trained
        assert {int(module) for module in tuning.target} <= {module for _, module in trained}
        for i, target in enumerate(tuning.target.tolist()):
            known = tuning.list_module[tuning.list_start[i] : tuning.list_start[i + 1]].tolist()
            assert target not in known
            # Somebody of the training part started exactly these before it.
            assert any(
                target in rest
                and [module for module in rest[: rest.index(target)] if module in known] == known
                for rest in map(split.train.history, range(N_LEARNERS))
                for rest in [rest.modules.tolist()]
            )
        n_asked += tuning.n_lists
    assert n_asked


def test_only_somebody_with_exactly_this_history_is_called_a_learner_of_training(starts):
    last_out = task_of(Bench(starts, "leave-last-out").splits()[0])
    assert (last_out.list_learner != NOBODY).all()
    unseen = task_of(Bench(starts, "few-shot").splits()[0])
    assert (unseen.list_learner == NOBODY).all()
    (cut,) = Bench(starts, "temporal", cuts=(0.5,)).splits()
    task = task_of(cut)
    np.testing.assert_array_equal(task.list_learner == NOBODY, np.diff(task.list_start) == 0)


def test_scores_are_given_to_the_history_they_belong_to(starts, own, tmp_path):
    """A peer that answers every history with the truth is right every time, under every split."""
    bench = Bench(starts, "temporal", seed=1)
    write_tasks(tmp_path, bench)
    for number, split in enumerate(bench.splits()):
        of_split = tmp_path / str(number)
        task = read_task(of_split / "task.npz")
        order = np.argsort(split.learner)  # one target a learner: lists come by learner
        scores = np.zeros((task.n_lists, N_MODULES))
        scores[np.arange(task.n_lists), split.module[order]] = 1.0
        write_answer(of_split, "seer", scores, NO_TIME)
    report, _ = judge_with_peers(own, bench, tmp_path)
    assert report.models["seer"].metrics["ndcg@10"] == 1.0
    assert report.models["engine"].metrics["ndcg@10"] < 0.9


def test_no_opinion_ties_and_what_is_started_is_never_shown(starts, own, tmp_path):
    """NaN everywhere is chance, and so is loving only what is started."""
    bench = Bench(starts, "leave-last-out")
    write_tasks(tmp_path, bench)
    task = read_task(tmp_path / "0" / "task.npz")
    silent = np.full((task.n_lists, N_MODULES), np.nan)
    write_answer(tmp_path / "0", "silent", silent, NO_TIME)
    loving = silent.copy()
    loving[task.list_rows(), task.list_module] = 9.0
    write_answer(tmp_path / "0", "loving", loving, NO_TIME)
    report, _ = judge_with_peers(own, bench, tmp_path)
    chance = float(np.mean(10 / (N_MODULES - np.diff(task.list_start))))
    for name in ("silent", "loving"):
        assert report.models[name].metrics["hr@10"] == pytest.approx(chance, abs=0.12)


def test_answers_to_other_questions_are_refused(starts, own, tmp_path):
    bench = Bench(starts, "few-shot", seed=1)
    write_tasks(tmp_path, bench)
    task = read_task(tmp_path / "0" / "task.npz")
    write_answer(tmp_path / "0", "short", np.zeros((task.n_lists - 1, N_MODULES)), NO_TIME)
    with pytest.raises(ValueError, match="run that peer again"):
        read_answer(tmp_path / "0", "short", task)
    with pytest.raises(ValueError, match="write tasks again"):
        judge_with_peers(own, Bench(starts, "few-shot", seed=2), tmp_path)
    write_tasks(tmp_path, bench)
    assert answered(tmp_path / "0") == [], "old answers do not outlive their task"
    with pytest.raises(RuntimeError, match="popularity_peer"):
        run_peer(sys.executable, "popularity_peer.py", tmp_path / "nowhere")
    with pytest.raises(InputError, match="use another one"):
        write_tasks(tmp_path, Bench(starts, "holdout"))
