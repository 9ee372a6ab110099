"""Of what groups gained everything is told that may be, and nothing else."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from training.programme.growth_groups import GrowthFound, growth
from training.programme.growth_proficiency import Curves, Spells, curves
from training.programme.growth_scale import Scale
from training.programme.growth_sittings import Sittings
from training.programme.ledger import Ledger

MONTHS = (6, 12, 24)


class Flat(Scale):
    """A scale on which everybody stands alike; finds out whom it was asked about."""

    def levels(self, groups: object) -> np.ndarray:
        return np.full((len(self.weights), len(list(groups))), 0.5)  # type: ignore[call-overload]


def drawn(rng: np.random.Generator, n: int) -> tuple[Flat, dict[str, np.ndarray]]:
    """Draw who sat when, for whom which time is over, and in which group each is."""
    chance = rng.choice([0.5, 0.8, 0.95, 1.0], size=4)
    sat = rng.random((4, n)) < chance[:, None]
    n_due = rng.integers(0, 4, n)
    if rng.random() < 0.5:
        n_due[:] = 3
    due = np.arange(4)[:, None] <= n_due
    time, learner = np.nonzero(sat)
    asked = csr_array(np.ones((len(time), 1)))
    made = Sittings("checks", learner, time, asked, asked, due)
    of = rng.integers(0, 3, n) if rng.random() < 0.5 else (rng.random(n) < 0.1).astype(int)
    groups = {f"g{one}": of == one for one in range(3)}
    return Flat(made, np.ones((3, n))), groups


def people_of_growth(found: GrowthFound, scale: Scale, groups: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Whom each shown figure is about, from who sat when."""
    sat, n = scale.sittings, scale.sittings.due.shape[1]
    at = {(t, i): False for t in range(4) for i in range(n)}
    for learner, time in zip(sat.learner, sat.time, strict=True):
        at[int(time), int(learner)] = True
    over = sat.due

    def those(name: str | None, time: int, again: bool | None) -> np.ndarray:
        return np.array(
            [
                (name is None or bool(groups[name][i]))
                and at[0, i]
                and bool(over[0, i])
                and bool(over[time, i])
                and (again is None or at[time, i] == again)
                for i in range(n)
            ]
        )

    about = []
    for row in (*found.everybody, *found.groups):
        time = MONTHS.index(row.months) + 1
        about.append(those(row.group, time, True))
        assert row.gain.n_learners == about[-1].sum() >= 20
        if row.n_eligible is not None:
            about.append(those(row.group, time, None))
            assert row.n_eligible == about[-1].sum()
    for one in found.returned:
        time = MONTHS.index(one.months) + 1
        again, gone = those(None, time, True), those(None, time, False)
        assert (one.n_again, one.n_not) == (again.sum(), gone.sum())
        assert one.n_not >= 20
        about += [again, gone]
    return about


def smallest_part(groups: list[np.ndarray]) -> int:
    """Fewest people who have one combination of groups in common, but for nobody and those in none."""
    counts: dict[tuple[bool, ...], int] = {}
    for person in zip(*groups, strict=True):
        counts[person] = counts.get(person, 0) + 1
    counts.pop((False,) * len(groups), None)
    return min(counts.values(), default=5)


@settings(max_examples=80, deadline=None)
@given(n=st.integers(20, 130), seed=st.integers(0, 2**32 - 1))
def test_no_figures_of_growth_tell_of_one_to_four_people(n: int, seed: int) -> None:
    scale, groups = drawn(np.random.default_rng(seed), n)
    among = np.zeros(n, np.bool_)
    among[scale.sittings.learner] = True
    found = growth(scale, {name: group & among for name, group in groups.items()}, Ledger(among))
    if found is not None:
        about = [*people_of_growth(found, scale, groups), among]
        assert smallest_part(about) >= 5


def people_of_curves(found: Curves, spells: Spells, groups: dict[str, np.ndarray]) -> list[np.ndarray]:
    n, about = len(spells.months), []
    everybody = np.ones(n, np.bool_)
    for name, n_learners in found.n_learners.items():
        about.append((everybody if name is None else groups[name]) & ~np.isnan(spells.months))
        assert n_learners == about[-1].sum()
    for point in found.points:
        group = everybody if point.group is None else groups[point.group]
        reached = [
            bool(group[i] and spells.reached[i] and spells.months[i] <= point.months) for i in range(n)
        ]
        followed = [bool(group[i] and spells.months[i] >= point.months and not reached[i]) for i in range(n)]
        assert (point.n_reached, point.n_followed) == (sum(reached), sum(followed))
        assert point.n_followed >= 20
        about += [np.array(reached), np.array(followed)]
    return about


@settings(max_examples=80, deadline=None)
@given(n=st.integers(20, 150), seed=st.integers(0, 2**32 - 1))
def test_no_points_of_curves_tell_of_one_to_four_people(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    months = rng.choice([0.5, 1.0, 2.0, 5.0, 8.0, 11.0, 14.0, 40.0], size=n)
    months[rng.random(n) < 0.1] = np.nan
    spells = Spells(months, (rng.random(n) < 0.5) & ~np.isnan(months))
    of = rng.integers(0, 2, n) if rng.random() < 0.5 else (rng.random(n) < 0.15).astype(int)
    seen = ~np.isnan(months)
    groups = {f"g{one}": (of == one) & seen for one in range(2)}
    found = curves(spells, groups, Ledger(seen))
    about = people_of_curves(found, spells, groups)
    if about:
        assert smallest_part([*about, seen]) >= 5


def test_everybody_is_told_of_before_groups_and_the_main_time_first() -> None:
    # After 24 months five were not measured, three of the small group and two of the large one: beside
    # everybody then, nothing may be told of groups at other times, nor of how many they could have been.
    n = 80
    sat = np.ones((4, n), np.bool_)
    sat[2, :6] = False
    sat[3, 27:32] = False
    time, learner = np.nonzero(sat)
    asked = csr_array(np.ones((len(time), 1)))
    due = np.ones((4, n), np.bool_)
    made = Sittings("checks", learner, time, asked, asked, due)
    small = np.arange(n) < 30
    ledger = Ledger(np.ones(n, np.bool_))
    found = growth(Flat(made, np.ones((3, n))), {"small": small, "large": ~small}, ledger)
    assert found is not None
    assert found.main == 12
    shown = [(row.months, row.gain.n_learners, row.n_eligible) for row in found.everybody]
    assert shown == [(6, 80, 80), (12, 74, 80), (24, 75, 80)]
    assert [(row.group, row.months, row.n_eligible) for row in found.groups] == [
        ("small", 24, None),
        ("large", 24, None),
    ]
    assert ledger.n_withheld == 6


@pytest.mark.parametrize("combination", list(product([True, False], repeat=2)))
def test_the_smallest_part_is_counted_right(combination: tuple[bool, bool]) -> None:
    groups = [np.array([combination[0]] * 3 + [True] * 9), np.array([combination[1]] * 3 + [False] * 9)]
    same = combination == (True, False)
    assert smallest_part(groups) == (12 if same else 9 if combination == (False, False) else 3)
