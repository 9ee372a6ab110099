"""What was planted is found, what chance brings is not, and what is later than now tells nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.programme.equity_world import World, sites, world
from training.programme.equity import Audit, audits


def found(made: World, patch: pytest.MonkeyPatch) -> Audit:
    (its,) = audits(made.put_in(patch))
    return its


def named(its: Audit) -> set[tuple[str, str]]:
    return {(one.measure.key[0], one.group) for one in its.comparisons if one.verdict == "different"}


def test_a_group_that_the_model_expects_too_much_of_is_found(monkeypatch) -> None:
    labels = sites(600, 0)
    its = found(world(labels, 0, too_high={"c": 0.1}), monkeypatch)
    assert ("calibration", "c") in named(its)
    assert not {group for _, group in named(its)} - {"c"}
    one = next(x for x in its.of("calibration") if x.group == "c")
    assert one.difference_low < 0.1 < one.difference_high
    assert one.difference > 0


def test_a_group_that_is_offered_what_is_too_hard_is_found(monkeypatch) -> None:
    its = found(world(sites(600, 1), 1, too_hard={"d": 0.4}), monkeypatch)
    assert {("on_level", "d"), ("harder", "d")} <= named(its)
    assert not {group for _, group in named(its)} - {"d"}
    on_level, harder = (
        next(x for x in its.of(kind) if x.group == "d").difference for kind in ("on_level", "harder")
    )
    assert on_level < -0.2 < 0.2 < harder


def test_a_group_that_gained_less_is_found(monkeypatch) -> None:
    its = found(world(sites(600, 2), 2, gain={"b": -0.02}), monkeypatch)
    assert named(its) == {("gain", "b")}


def test_random_groups_are_rarely_named(monkeypatch) -> None:
    # In 200 worlds of four sites and 250 people, of other seeds, 4 had an alarm.
    alarms = 0
    for seed in range(12):
        made = world(sites(160, seed, (0.4, 0.3, 0.3)), seed, n_resamples=60)
        alarms += bool(named(found(made, monkeypatch)))
    assert alarms <= 2


def test_shuffled_labels_show_nothing_of_what_was_planted(monkeypatch) -> None:
    labels = sites(600, 3)
    made = world(labels, 3, too_high={"c": 0.1}, too_hard={"d": 0.4})
    assert named(found(made, monkeypatch))
    mixed = np.random.default_rng(9).permutation(labels)
    assert not named(found(replace(made, labels=mixed), monkeypatch))


def test_the_same_programme_gives_the_same(monkeypatch) -> None:
    made = world(sites(200, 5), 5)
    once, again = (repr(found(made, monkeypatch)) for _ in range(2))
    assert once == again
    assert repr(found(replace(made, seed=6), monkeypatch)) != once


def test_whoever_has_no_group_is_one(monkeypatch) -> None:
    labels = sites(200, 6)
    labels[:60] = None
    labels[60:70] = np.nan
    its = found(world(labels, 6), monkeypatch)
    assert its.sizes["not recorded"] == 70
    assert sum(its.sizes.values()) == 200


def test_a_group_truly_called_not_recorded_is_none_of_those_without(monkeypatch) -> None:
    labels = sites(200, 6)
    labels[:60] = None
    labels[60:110] = "not recorded"
    its = found(world(labels, 6), monkeypatch)
    assert its.sizes["not recorded"] == 50
    assert its.sizes["not recorded (no value)"] == 60
    assert sum(its.sizes.values()) == 200


def test_those_without_answers_are_not_in_it(monkeypatch) -> None:
    labels = sites(300, 7, (0.6, 0.4))
    answered = np.arange(300) >= 90
    its = found(world(labels, 7, answered=answered), monkeypatch)
    assert its.sizes == {name: int(((labels == name) & answered).sum()) for name in "ab"}


def test_without_a_model_it_is_about_everybody_and_gains(monkeypatch) -> None:
    labels = sites(300, 8, (0.6, 0.4))
    made = replace(world(labels, 8), answers=None, offered=None)
    its = found(made, monkeypatch)
    assert sum(its.sizes.values()) == 300
    assert {one.measure.key[0] for one in its.comparisons} == {"gain"}
    assert (its.has_model, its.has_offers, its.has_fit, its.has_gain) == (False, False, False, True)


def test_lists_of_some_are_said_to_be(monkeypatch) -> None:
    labels = sites(300, 9, (0.6, 0.4))
    assert not found(world(labels, 9), monkeypatch).is_sampled
    some = np.arange(300) % 2 == 0
    assert found(world(labels, 9, lists=some), monkeypatch).is_sampled


def test_all_columns_of_groups_and_no_others(monkeypatch) -> None:
    made = world(sites(100, 10, (0.5, 0.5)), 10)
    programme = made.put_in(monkeypatch)
    programme.learners["group_b"] = "x"
    programme.learners["team_id"] = "t"
    assert [its.column for its in audits(programme)] == ["group_site", "group_b"]
