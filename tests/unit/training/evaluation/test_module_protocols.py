"""Holdout, few-shot, cold modules and rules, from data to report."""

from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import Interactions
from recommender.errors import InputError
from training.evaluation.modules import evaluate_modules
from training.evaluation.protocols import PROTOCOLS, TRAINING_PROTOCOLS, most_splits, splits_of
from training.evaluation.splits_holdout import HeldOut


def popularity(train):
    counts = np.bincount(train.modules, minlength=train.n_modules).astype(np.float64)
    return {"engine": lambda _: counts, "contrary": lambda _: -counts}


def in_order(train):
    """Always the catalogue's own order, first things first."""
    return {"engine": lambda _: -np.arange(train.n_modules, dtype=np.float64)}


def people(*modules, n_modules=20) -> Interactions:
    start = np.cumsum([0, *(len(one) for one in modules)]).astype(np.int64)
    flat = np.array([m for one in modules for m in one], np.int32)
    unknown = np.full(len(modules), -1, np.int32)
    return Interactions(start, flat, np.arange(float(len(flat))), unknown, unknown, n_modules)


def catalogue(n_modules=20, needs=()) -> Catalog:
    modules = [{"module_id": f"m{i:02d}", "title": f"M {i}", "tags": [f"t{i % 2}"]} for i in range(n_modules)]
    rows = [{"module_id": f"m{a:02d}", "prerequisite_module_id": f"m{b:02d}"} for a, b in needs]
    tables = {"modules": pa.Table.from_pylist(modules)}
    return Catalog.from_tables(tables | ({"prerequisites": pa.Table.from_pylist(rows)} if rows else {}))


def held(*pairs) -> HeldOut:
    return HeldOut(np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.int32))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_pools_its_splits_and_shows_how_far_it_is(sequences, protocol):
    called = []

    @contextmanager
    def step(name):
        called.append(name)
        yield

    test_set = held((0, 29), (0, 28), (1, 29))
    given = {"cuts": (0.5, 0.7), "held_out": test_set}
    report = evaluate_modules(popularity, sequences, protocol=protocol, seed=3, progress=step, **given)
    splits = splits_of(sequences, protocol, rng=np.random.default_rng(3).spawn(1)[0], **given)
    assert report.n["targets"] == sum(len(split.learner) for split in splits)
    learners = {learner for split in splits for learner in split.learner.tolist()}
    assert report.n["learners"] == len(learners)
    assert called.pop() == "metrics and bootstrap"
    assert len(called) == len(splits) == most_splits(protocol, (0.5, 0.7))
    assert called[0] == (protocol if len(splits) == 1 else f"{protocol}, 1 of {len(splits)}")
    assert set(report.models["contrary"].difference_ci95) == set(report.models["engine"].ci95)
    again = evaluate_modules(popularity, sequences, protocol=protocol, seed=3, **given)
    assert again.models["engine"].metrics == report.models["engine"].metrics
    assert again.models["engine"].ci95 == report.models["engine"].ci95


def test_what_every_training_is_judged_by_needs_no_table_of_its_own(sequences):
    for protocol in TRAINING_PROTOCOLS:
        assert evaluate_modules(popularity, sequences, protocol=protocol, seed=0).unavailable is None


def test_few_shot_is_told_apart_by_what_is_known(sequences):
    groups = evaluate_modules(popularity, sequences, protocol="few-shot", seed=0).models["engine"].groups
    assert list(groups) == ["1 known", "2 known", "3 known"]
    assert groups["1 known"]["n"] == 60 >= groups["2 known"]["n"] >= groups["3 known"]["n"] > 0


def test_hidden_modules_are_unknown_to_who_counts(sequences):
    """Nothing tells one hidden module from another, so popularity puts each below all that it has seen."""
    report = evaluate_modules(popularity, sequences, protocol="cold-modules", seed=0)
    assert list(report.models["engine"].groups) == ["1 visible", "2-5 visible", "6+ visible"]
    assert report.models["engine"].metrics["hr@10"] < 0.05
    assert report.models["contrary"].metrics["hr@10"] > 0.95


def test_held_out_modules_of_one_learner_share_one_list():
    """Of the first ten: one of one target, one of three, so 2 of 4 hits and a mean share of (1 + 1/3) / 2."""
    source = people([0, 1], [2], n_modules=30)
    test_set = held((1, 3), (0, 5), (1, 20), (1, 21))
    report = evaluate_modules(in_order, source, protocol="holdout", held_out=test_set, seed=0)
    engine = report.models["engine"]
    assert engine.metrics["hr@10"] == pytest.approx(2 / 4)
    assert engine.metrics["recall@10"] == pytest.approx((1 + 1 / 3) / 2)
    low, high = engine.ci95["recall@10"]
    assert (low, high) == (pytest.approx(1 / 3), 1.0)
    assert engine.recommended.sum() == 20, "two lists of ten"
    assert (report.n["targets"], report.n["learners"]) == (4, 2)
    # Learner 0 has started 0 and 1, so 5 is fourth; learner 1 only 2, so 3 is third.
    assert engine.metrics["mrr"] == pytest.approx((1 / 4 + 1 / 3 + 1 / 20 + 1 / 21) / 4)


def test_what_the_test_set_takes_from_training_is_counted():
    source = people([0, 1, 2, 3], [4])
    report = evaluate_modules(in_order, source, protocol="holdout", held_out=held((0, 1)), seed=0)
    assert (report.n["held_out_starts"], report.n["later_starts"]) == (1, 2)
    assert report.n["interactions"] == 5
    others = evaluate_modules(in_order, source, protocol="leave-last-out", seed=0)
    assert "later_starts" not in others.n


def test_no_test_set_is_said():
    report = evaluate_modules(in_order, people([0, 1]), protocol="holdout", seed=0)
    assert "no table holdout" in report.unavailable
    assert report.models == {}


def test_rules_remove_modules_and_the_targets_among_them():
    """The last start of learner 0 lacks what it needs; that of learner 1 does not, and moves up."""
    source = people([0, 1, 9], [0, 1, 2])
    catalog = catalogue(needs=[(9, 8), *((m, 9) for m in range(3, 8)), (2, 1)])
    given = {"protocol": "leave-last-out", "seed": 0, "catalog": catalog}
    report = evaluate_modules(in_order, source, eligible=True, **given)
    assert report.n["ineligible_targets"] == 1
    engine = report.models["engine"]
    assert engine.metrics["hr@10"] == engine.metrics["ndcg@10"] == engine.metrics["mrr"] == 0.5
    # Ten of each list: 2 and 8, then 10 to 17; nothing that needs 9, and not 9.
    assert np.flatnonzero(engine.recommended).tolist() == [2, 8, *range(10, 18)]
    free = evaluate_modules(in_order, source, **given)
    assert "ineligible_targets" not in free.n
    assert free.models["engine"].metrics["hr@10"] == 1.0


def test_rules_know_the_moment_of_a_cut():
    """Modules 10 and up come at time 5; the cut is before it, and leave-last-out after it."""
    source = people([0, 1, 10], [2, 3, 11])
    published = [None] * 10 + [5] * 10
    modules = catalogue().tables["modules"]
    modules = modules.append_column("published_at", pa.array(published, pa.timestamp("s", "UTC")))
    catalog = Catalog.from_tables({"modules": modules})
    given = {"seed": 0, "catalog": catalog, "eligible": True}
    cut = evaluate_modules(in_order, source, protocol="temporal", cuts=(0.3,), **given)
    assert (cut.n["targets"], cut.n["ineligible_targets"]) == (2, 1)
    last = evaluate_modules(in_order, source, protocol="leave-last-out", **given)
    # Known of learner 0 are starts up to time 1, of learner 1 up to time 4.
    assert last.n["ineligible_targets"] == 2


def test_rules_without_a_catalogue_are_refused():
    with pytest.raises(ValueError, match="pass catalog"):
        evaluate_modules(in_order, people([0, 1]), protocol="leave-last-out", seed=0, eligible=True)


def test_lists_are_as_varied_as_the_catalogue_says():
    """Tags alternate: of ten modules five have each, so 25 of 45 pairs differ."""
    source = people([0, 1], [2, 3])
    given = {"protocol": "leave-last-out", "seed": 0}
    metrics = evaluate_modules(in_order, source, catalog=catalogue(), **given).models["engine"].metrics
    # Known are 0 and 2; nine modules of the ten others are in both lists.
    first, second = [*range(1, 11)], [0, 1, *range(3, 11)]
    pairs = [sum(a % 2 != b % 2 for a in one for b in one) / 90 for one in (first, second)]
    assert metrics["intra_list_diversity@10"] == pytest.approx(np.mean(pairs))
    assert 0 < metrics["exposure_gini@10"] < 1
    blank = Catalog.from_tables({"modules": pa.table({"module_id": [str(i) for i in range(20)]})})
    assert (
        evaluate_modules(in_order, source, catalog=blank, **given)
        .models["engine"]
        .metrics["intra_list_diversity@10"]
        is None
    )


def test_known_ranks_of_what_was_never_started_are_refused():
    source = people([0, 1], [2])
    with pytest.raises(ValueError, match="some targets are no start"):
        evaluate_modules(
            in_order,
            source,
            protocol="holdout",
            held_out=held((0, 9)),
            seed=0,
            known={"told": np.ones(3, np.int64)},
        )


def test_an_unknown_protocol_is_refused_with_all_that_are_known(sequences):
    with pytest.raises(InputError, match=r"'sideways' is not known; use one of .*, holdout, few-shot, cold"):
        splits_of(sequences, "sideways", rng=np.random.default_rng(0))
