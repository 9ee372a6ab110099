import json
from itertools import count, pairwise

import numpy as np
import pytest

from recommender.embeddings.histories import Interactions
from recommender.errors import InputError
from training.evaluation.modules import TimedScorer, evaluate_modules


def popularity(train):
    counts = np.bincount(train.modules, minlength=train.n_modules).astype(np.float64)
    return lambda _: counts


def next_in_order(train):
    """Score the modules after the last one; no opinion on those before it or without a history."""

    def score(history):
        scores = np.full(train.n_modules, np.nan)
        if len(history.modules):
            after = np.arange(history.modules[-1] + 1, train.n_modules)
            scores[after] = -after.astype(np.float64)
        return scores

    return score


def fit(train):
    return {"engine": TimedScorer(next_in_order(train), 0.5), "popularity": popularity(train)}


def without_clock(source):
    at = np.full(len(source.at), np.nan)
    return Interactions(source.start, source.modules, at, source.role, source.segment, source.n_modules)


@pytest.fixture(scope="module")
def last_out(sequences):
    return evaluate_modules(fit, sequences, protocol="leave-last-out", seed=1)


@pytest.fixture(scope="module")
def temporal(sequences):
    return evaluate_modules(fit, sequences, protocol="temporal", seed=1)


def test_a_model_that_knows_the_order_beats_popularity(last_out):
    engine, popular = last_out.models["engine"], last_out.models["popularity"]
    assert engine.metrics["hr@5"] > 0.95 > popular.metrics["hr@5"]
    low, high = popular.difference_ci95["ndcg@10"]
    assert low < popular.metrics["ndcg@10"] - engine.metrics["ndcg@10"] < high < 0
    assert engine.difference_ci95 == {}
    for result in (engine, popular):
        for name, (low, high) in result.ci95.items():
            assert low <= result.metrics[name] <= high


def test_every_value_stands_in_the_json_of_the_interface(temporal, last_out):
    written = json.loads(json.dumps(temporal.as_json("toy")))
    assert set(written) == {"dataset", "protocol", "n", "models"}
    assert (written["dataset"], written["protocol"]) == ("toy", "temporal")
    model = written["models"]["popularity"]
    assert set(model) == {
        *("hr@5", "hr@10", "ndcg@10", "recall@10", "mrr", "coverage@10", "ci95", "groups"),
        *("intra_list_diversity@10", "exposure_gini@10", "fit_seconds", "recommend_us_per_learner"),
    }
    assert set(model["ci95"]["difference_to_engine"]) == {"hr@5", "hr@10", "ndcg@10", "recall@10", "mrr"}
    assert model["fit_seconds"] is None
    assert written["models"]["engine"]["fit_seconds"] == 2.5, "five cuts of half a second"
    assert set(model["groups"]["known"]) == {"n", "hr@10", "ndcg@10"}
    assert sum(group["n"] for group in model["groups"].values()) == written["n"]["targets"]
    assert set(last_out.models["engine"].groups) == {"known"}


def test_no_opinion_is_chance_not_a_crash(temporal):
    """New learners have no history here, so every module ties, and hr@10 is near 10 / 30."""
    new = temporal.models["engine"].groups["new"]
    assert new["hr@10"] == pytest.approx(10 / 30, abs=0.06)


def test_cuts_are_pooled(sequences, temporal):
    alone = [
        evaluate_modules(fit, sequences, protocol="temporal", cuts=(cut,), seed=0).n["targets"]
        for cut in (0.5, 0.6, 0.7, 0.8, 0.9)
    ]
    assert temporal.n["targets"] == sum(alone)
    assert temporal.n["learners"] < sum(alone)


def test_modules_already_started_are_never_shown(sequences):
    """Who loves only what is known already gets it filtered, and is left with ties over the rest."""

    def only_the_seen(train):
        def score(history):
            scores = np.zeros(train.n_modules)
            scores[history.modules] = 9.0
            return scores

        return {"engine": score}

    report = evaluate_modules(only_the_seen, sequences, protocol="leave-last-out", seed=0)
    n_seen = np.diff(sequences.start)[np.diff(sequences.start) > 1] - 1
    expected = np.mean(10 / (sequences.n_modules - n_seen))
    assert report.models["engine"].metrics["hr@10"] == pytest.approx(expected, abs=0.06)


def test_the_same_seed_gives_the_same_report(sequences, last_out):
    again = evaluate_modules(fit, sequences, protocol="leave-last-out", seed=1)
    for name, result in last_out.models.items():
        assert again.models[name].metrics == result.metrics
        assert again.models[name].ci95 == result.ci95


def test_a_sample_of_learners_is_tested_but_all_are_learned_from(sequences):
    sizes = []

    def watching(train):
        sizes.append(len(train.modules))
        return fit(train)

    report = evaluate_modules(watching, sequences, protocol="leave-last-out", seed=1, max_learners=20)
    assert report.n["learners"] == report.n["targets"] == 20
    n_targets = np.count_nonzero(np.diff(sequences.start) > 1)
    assert sizes == [len(sequences.modules) - n_targets]


def test_time_a_learner_is_measured_with_the_clock_given(sequences):
    ticks = count()
    report = evaluate_modules(
        fit, sequences, protocol="leave-last-out", seed=1, max_learners=5, clock=lambda: float(next(ticks))
    )
    assert report.models["engine"].recommend_us_per_learner == 1e6


def test_coverage_counts_what_was_shown(last_out):
    result = last_out.models["popularity"]
    assert result.metrics["coverage@10"] == pytest.approx(np.mean(result.recommended > 0))
    assert result.recommended.sum() == 10 * last_out.n["targets"]


def test_a_protocol_that_the_data_does_not_allow_says_why(sequences):
    report = evaluate_modules(fit, without_clock(sequences), protocol="temporal", seed=0)
    assert report.models == {}
    assert "have no time (occurred_at)" in report.as_json("toy")["unavailable"]


def test_an_unknown_protocol_is_refused_with_the_known_ones(sequences):
    with pytest.raises(InputError, match=r"'random' is not known; use one of leave-last-out, temporal"):
        evaluate_modules(fit, sequences, protocol="random", seed=0)


def test_a_scorer_of_another_catalogue_is_refused(sequences):
    def foreign(_):
        return {"engine": lambda _: np.zeros(3)}

    with pytest.raises(ValueError, match=r"'engine' must score 30 modules; got shape \(3,\)"):
        evaluate_modules(foreign, sequences, protocol="leave-last-out", seed=0)


def test_models_that_come_and_go_between_cuts_are_refused(sequences):
    calls = count()

    def moody(train):
        return {f"model{next(calls)}": popularity(train)}

    with pytest.raises(ValueError, match=r"same models for every split; got \['model1'\]"):
        evaluate_modules(moody, sequences, protocol="temporal", seed=0)


def told(source):
    """Ranks that somebody gave every start: all different, so that none can be taken for another."""
    return np.random.default_rng(2).permutation(len(source.modules)) + 1


def test_known_ranks_are_those_of_the_targets(sequences):
    """Every learner's last start is the target; found here by looping."""
    ranks = told(sequences)
    report = evaluate_modules(
        fit, sequences, protocol="leave-last-out", seed=1, known={"told": ranks, "best": ranks * 0 + 1}
    )
    lasts = [ranks[end - 1] for start, end in pairwise(sequences.start) if end - start > 1]
    expected = {"hr@5": np.mean(np.array(lasts) <= 5), "mrr": np.mean(1 / np.array(lasts))}
    for name, value in expected.items():
        assert report.models["told"].metrics[name] == pytest.approx(value)
    assert report.models["best"].metrics["mrr"] == 1


def test_known_ranks_are_those_of_the_targets_after_each_cut(sequences):
    ranks, cuts = told(sequences), (0.4, 0.6)
    report = evaluate_modules(fit, sequences, protocol="temporal", cuts=cuts, seed=1, known={"told": ranks})
    first, span = sequences.at.min(), np.ptp(sequences.at)
    found = []
    for cut in cuts:
        for start, end in pairwise(sequences.start):
            after = [row for row in range(start, end) if sequences.at[row] >= first + cut * span]
            found += [ranks[after[0]]] if after else []
    assert report.n["targets"] == len(found)
    assert report.models["told"].metrics["mrr"] == pytest.approx(np.mean(1 / np.array(found)))


def test_ranks_without_lists_have_no_coverage_and_no_time(sequences):
    known = {"told": told(sequences)}
    report = evaluate_modules(fit, sequences, protocol="temporal", seed=1, known=known)
    result = report.models["told"]
    for name in ("coverage@10", "intra_list_diversity@10", "exposure_gini@10"):
        assert result.metrics[name] is None
    assert result.recommend_us_per_learner is result.fit_seconds is None
    assert not result.recommended.any()
    written = json.loads(json.dumps(report.as_json("toy")))["models"]["told"]
    assert set(written) == set(json.loads(json.dumps(report.as_json("toy")))["models"]["popularity"])
    assert sum(group["n"] for group in written["groups"].values()) == report.n["targets"]


def test_known_ranks_change_nothing_of_the_models_beside_them(sequences, temporal):
    known = {"told": told(sequences)}
    report = evaluate_modules(fit, sequences, protocol="temporal", seed=1, known=known)
    assert list(report.models) == [*temporal.models, "told"]
    for name, result in temporal.models.items():
        assert report.models[name].metrics == result.metrics
        assert report.models[name].groups == result.groups
        for metric, bounds in result.ci95.items():
            assert report.models[name].ci95[metric] == pytest.approx(bounds, abs=1e-12)


def test_known_ranks_of_a_sample_of_learners_are_theirs(sequences):
    """Two who were told the same are equally good on whoever is drawn."""
    ranks = told(sequences)
    ours = evaluate_modules(
        lambda _: {"engine": lambda _: np.zeros(sequences.n_modules)},
        sequences,
        protocol="leave-last-out",
        seed=4,
        max_learners=25,
        known={"told": ranks},
    )
    drawn = np.random.default_rng(4).choice(np.flatnonzero(np.diff(sequences.start) > 1), 25, replace=False)
    expected = np.mean(1 / ranks[sequences.start[drawn + 1] - 1])
    assert ours.models["told"].metrics["mrr"] == pytest.approx(expected)


def test_known_ranks_of_other_rows_are_refused(sequences):
    with pytest.raises(ValueError, match=rf"one a row \({len(sequences.modules)}\); got 3"):
        evaluate_modules(fit, sequences, protocol="temporal", seed=1, known={"told": np.ones(3, np.int64)})
