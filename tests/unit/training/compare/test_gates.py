"""Each gate lets through what it should, and fails what it should, by its own sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.unit.training.compare.worlds import blurred, pair, true_answers
from training.compare import gates
from training.compare.config import GatesConfig
from training.compare.figures import Difference, mean_difference

GATES = GatesConfig()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def candidate(**metrics: float) -> Any:
    def claimed(*names: str) -> float | None:
        return metrics.get(names[-1])

    return SimpleNamespace(name="challenger", claimed=claimed, audit_fraction=0.1)


@pytest.mark.parametrize(
    ("kept", "state"), [(0.1, "passed"), (0.2, "passed"), (0.05, "failed"), (0.0, "failed")]
)
def test_who_has_learned_from_those_it_is_compared_on_fails(kept: float, state: str) -> None:
    verdict = gates.independence(SimpleNamespace(audit_fraction=kept), 0.1)  # type: ignore[arg-type]
    assert verdict.state == state


@pytest.mark.parametrize(
    ("claim", "state", "why"),
    [
        (0.0, "passed", ""),
        (0.15, "failed", "it was tested on what it had seen"),
        (-0.15, "failed", "it has seen what it is compared on"),
    ],
)
def test_own_figures_have_to_hold(claim: float, state: str, why: str) -> None:
    y, p, learner = true_answers(0)
    answers = pair(p, p, y, learner)
    found = answers.auc(rng())
    assert found is not None
    at = found.challenger + claim
    figures = {"auc": at, "auc_ci95_low": at - 0.02, "auc_ci95_high": at + 0.02}
    verdict = gates.own_figures(candidate(**figures), answers, GATES, rng())
    assert verdict.state == state
    assert verdict.reason.endswith(why)


def test_figures_that_nobody_claimed_are_not_judged() -> None:
    y, p, learner = true_answers(0)
    assert gates.own_figures(candidate(), pair(p, p, y, learner), GATES, rng()).state == "not judged"


@pytest.mark.parametrize(("by", "state"), [(0.0, "passed"), (0.1, "passed"), (1.0, "failed")])
def test_who_tells_passes_from_fails_worse_fails(by: float, state: str) -> None:
    y, p, learner = true_answers(0)
    answers = pair(blurred(p, by, 1), p, y, learner)
    assert gates.tracing(answers.auc(rng()), GATES).state == state


def test_who_is_better_never_fails_as_worse() -> None:
    y, p, learner = true_answers(0)
    answers = pair(p, blurred(p, 1.0, 1), y, learner)
    assert gates.tracing(answers.auc(rng()), GATES).state == "passed"


@pytest.mark.parametrize(("shift", "state"), [(0.0, "passed"), (0.05, "failed"), (-0.05, "failed")])
def test_whose_chances_do_not_come_true_fails(shift: float, state: str) -> None:
    y, p, learner = true_answers(0, 400)
    told = np.clip(p + shift, 0.001, 0.999)
    verdict = gates.calibration(pair(told, p, y, learner), GATES, rng())
    assert verdict.state == state
    # In the order of chances nothing has changed.
    assert gates.tracing(pair(told, p, y, learner).auc(rng()), GATES).state == "passed"


def test_a_worse_ranking_fails_relative_to_the_champion() -> None:
    champion = np.random.default_rng(1).random(2_000) * 0.4
    learner = np.arange(2_000)
    for share, state in ((1.0, "passed"), (0.98, "passed"), (0.9, "failed")):
        difference = mean_difference(share * champion, champion, learner, rng())
        assert gates.ranking("temporal", difference, GATES).state == state


def test_too_few_learners_pass_no_gate() -> None:
    y, p, learner = true_answers(0, 19)
    answers = pair(p, p, y, learner)
    verdict = gates.tracing(answers.auc(rng()), GATES)
    assert (verdict.state, verdict.low) == ("failed", None)
    assert "19 learners are too few" in verdict.reason


def test_a_group_that_is_served_worse_is_named_and_others_are_not() -> None:
    y, p, learner = true_answers(0, 400)
    labels = {"group_site": ["south" if i % 4 == 0 else "north" for i in range(400)]}
    south = learner % 4 == 0
    told = np.where(south, np.clip(p + 0.2, 0, 0.999), p)
    verdict = gates.groups(pair(told, p, y, learner), labels, GATES, rng())
    assert verdict.state == "failed"
    assert "group_site south" in verdict.reason
    assert "north" not in verdict.reason
    assert gates.groups(pair(p, told, y, learner), labels, GATES, rng()).state == "passed"


def test_of_many_groups_none_is_named_by_chance() -> None:
    """Models with independent errors of the same size: of 40 worlds with 20 groups each few name one."""
    named = 0
    for seed in range(40):
        y, p, learner = true_answers(seed, 400, 10)
        labels = {"group_team": [f"t{i % 20}" for i in range(400)]}
        one, other = (blurred(p, 0.3, 100 * seed + place) for place in (1, 2))
        named += gates.groups(pair(one, other, y, learner), labels, GATES, rng()).state == "failed"
    assert named <= 4


def test_groups_of_few_are_not_judged() -> None:
    y, p, learner = true_answers(0, 60)
    labels = {"group_site": [f"s{i % 6}" for i in range(60)], "segment": [None] * 60}
    assert gates.groups(pair(p, p, y, learner), labels, GATES, rng()).state == "not judged"


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ({"challenger": 1.4, "champion": 1.0}, "passed"),
        ({"challenger": 1.6, "champion": 1.0}, "failed"),
        ({"challenger": 51.0, "champion": 50.0}, "failed"),
        ({"challenger": 49.0}, "passed"),
        ({"challenger": 51.0}, "failed"),
    ],
)
def test_who_takes_longer_fails(found: dict[str, float], state: str) -> None:
    assert gates.latency(found, GATES).state == state


@pytest.mark.parametrize(
    ("mine", "its", "state"),
    [
        (14, 10, "passed"),
        (16, 10, "failed"),
        (201, 190, "failed"),
        (199, None, "passed"),
        (201, None, "failed"),
    ],
)
def test_who_is_larger_fails(mine: int, its: int | None, state: str) -> None:
    def of(megabytes: int) -> Any:
        return SimpleNamespace(n_bytes=megabytes * 1_000_000)

    assert gates.size(of(mine), None if its is None else of(its), GATES).state == state


def test_of_two_equal_models_few_are_better() -> None:
    """Equal in law, with independent errors: in under 5% of comparisons one is better at something."""
    n_better = 0
    for seed in range(200):
        y, p, learner = true_answers(seed, 100, 10)
        one, other = (blurred(p, 0.5, 1_000 * seed + place) for place in (1, 2))
        generator = np.random.default_rng(seed)
        found = pair(one, other, y, learner).auc(generator)
        values = np.random.default_rng(seed + 7).random((2, 100))
        more = mean_difference(values[0], values[1], np.arange(100), generator)
        last = mean_difference(1 - values[1], values[0], np.arange(100), generator)
        assert found is not None
        differences = {"AUC": found, "leave-last-out": more, "temporal": last}
        n_better += gates.better(differences, GATES).state == "passed"
    assert n_better <= 10


def test_one_that_is_better_at_something_passes_and_says_at_what() -> None:
    same = Difference(0.5, 0.5, np.random.default_rng(0).normal(0, 0.01, 2_000), 100, 100)
    more = Difference(0.6, 0.5, np.random.default_rng(0).normal(0.1, 0.01, 2_000), 100, 100)
    verdict = gates.better({"AUC": same, "NDCG@10 temporal": more}, GATES)
    assert verdict.state == "passed"
    assert verdict.reason == "it is better at NDCG@10 temporal 0.6000 instead of 0.5000"
    assert gates.better({"AUC": same}, GATES).state == "failed"
    assert gates.better({}, GATES).state == "failed"


def test_not_judged_is_no_failure() -> None:
    passed, open_ = gates.Verdict("a", "passed", ""), gates.Verdict("b", "not judged", "")
    assert gates.may_serve([passed, open_])
    assert not gates.may_serve([passed, gates.Verdict("c", "failed", "")])
