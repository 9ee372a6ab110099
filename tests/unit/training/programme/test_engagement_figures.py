"""Intervals that hold the truth as often as they say, and groups that are named by chance rarely."""

from __future__ import annotations

import numpy as np
import pytest

from training.programme.engagement_figures import Ratio, Share, above_the_rest, differ, vary


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.97])
def test_ratios_over_people_hold_the_truth_in_about_95_of_100_worlds(chance: float) -> None:
    rng, held, n_worlds = np.random.default_rng(0), 0, 500
    for _ in range(n_worlds):
        whole = rng.integers(0, 8, 80).astype(float)
        # People differ in how much they bring, so what they have is not independent.
        mine = rng.beta(4 * chance, 4 * (1 - chance), 80)
        part = rng.binomial(whole.astype(int), mine).astype(float)
        ratio = Ratio.of(part, whole)
        held += ratio.low <= chance <= ratio.high
    assert 0.93 <= held / n_worlds <= 0.97


def test_a_ratio_is_of_sums_and_all_or_none_leaves_room() -> None:
    ratio = Ratio.of(np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 4.0]))
    assert ratio.value == pytest.approx(4 / 6)
    none = Ratio.of(np.zeros(9), np.ones(9))
    assert (none.value, none.low) == (0.0, 0.0)
    assert 0.2 < none.high < 0.4
    # Those without anything do not make it surer.
    assert Ratio.of(np.zeros(19), np.r_[np.ones(9), np.zeros(10)]).high == pytest.approx(none.high)


def test_shares_have_the_interval_of_wilson() -> None:
    share = Share.of(3, 20)
    z, p, n = 1.959964, 0.15, 20
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (share.low, share.high) == pytest.approx((centre - half, centre + half), abs=1e-5)


def test_groups_that_differ_by_chance_only_are_called_different_in_about_one_of_twenty_worlds() -> None:
    rng, n_worlds = np.random.default_rng(1), 200
    differed = varied = named = 0
    for _ in range(n_worlds):
        has = rng.binomial(60, 0.3, 4)
        shares = {f"g{i}": Share.of(int(k), 60) for i, k in enumerate(has)}
        differed += differ(list(shares.values()))
        named += bool(above_the_rest(shares, Share.of(int(has.sum()), 240)))
        whole = rng.integers(1, 6, (4, 60)).astype(float)
        part = rng.binomial(whole.astype(int), rng.beta(2, 3, whole.shape)).astype(float)
        varied += vary([Ratio.of(p, w) for p, w in zip(part, whole, strict=True)])
    assert 0.02 <= differed / n_worlds <= 0.09
    assert 0.02 <= varied / n_worlds <= 0.09
    assert named / n_worlds <= 0.08


def test_a_group_that_stands_out_is_named_and_one_below_is_not() -> None:
    shares = {"low": Share.of(5, 100), "usual": Share.of(31, 100), "high": Share.of(60, 100)}
    assert above_the_rest(shares, Share.of(96, 300)) == ["high"]
    assert differ(list(shares.values()))
    assert not differ([Share.of(0, 10), Share.of(0, 20)])
    assert not differ([Share.of(3, 10)])
    # Beside all people, itself among them, the first would not stand out.
    halves = {"more": Share.of(22, 50), "less": Share.of(10, 50)}
    assert above_the_rest(halves, Share.of(32, 100)) == ["more"]
    assert above_the_rest({}, Share.of(3, 10)) == []


def test_ratios_that_differ_are_seen() -> None:
    rng = np.random.default_rng(2)
    whole = np.full((2, 80), 4.0)
    part = rng.binomial(4, [[0.3], [0.6]], (2, 80)).astype(float)
    assert vary([Ratio.of(p, w) for p, w in zip(part, whole, strict=True)])
    assert not vary([Ratio.of(part[0], whole[0]), Ratio.of(whole[1], whole[1])])
