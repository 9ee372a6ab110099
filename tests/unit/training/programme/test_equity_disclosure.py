"""What somebody can work out who adds and takes away all that is told, and knows what most people have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, combinations_with_replacement, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.equity_world import World, alike, world
from tests.unit.training.programme.known_values import few, known_of
from tests.unit.training.reports.equity_by_hand import (
    LIST_MEASURES,
    people_of,
    places_of,
    values_of,
)
from training.programme.equity import Audit, audits
from training.programme.equity_verdicts import Comparison
from training.reports.equity_words import title_of

FAMILIES = (LIST_MEASURES[1:4], LIST_MEASURES[4:6], LIST_MEASURES[6:])
Shown = Mapping[str, Mapping[str, set[str]]]


def subsets(names: Iterable[Any]) -> list[tuple[Any, ...]]:
    names = sorted(names)
    return [some for size in range(len(names) + 1) for some in combinations(names, size)]


def shown_in(found: Sequence[Audit], columns: Iterable[str]) -> Shown:
    """Groups that are told of, by column and measure."""
    shown: dict[str, dict[str, set[str]]] = {}
    for column, its in zip(columns, found, strict=True):
        shown[column] = defaultdict(set)
        for one in its.comparisons:
            shown[column][title_of(one.measure)].add(one.group)
    return shown


def leaks_of_groups(made: World, columns: Mapping[str, np.ndarray], shown: Shown) -> list[str]:
    """Add and take away groups of two columns in all ways; tell which of them give few people away."""
    leaks = []
    for measure in sorted({measure for of_it in shown.values() for measure in of_it}):
        people, values = people_of(made, measure), values_of(made, measure)
        # Whom a sum may be of: anybody, and who has another value than is known.
        found = {"people": people} | {
            f"{name}, not {value:g}": people & ~np.isclose(its, value)
            for name, its in values.items()
            for value in known_of(its[people])
        }
        for one, other in combinations_with_replacement(sorted(columns), 2):
            # Sums of one column alone come with each pair.
            others = shown[other][measure] if one != other else ()
            pairs = list(product(subsets(shown[one][measure]), subsets(others)))
            left = [np.isin(columns[one], some) != np.isin(columns[other], less) for some, less in pairs]
            n = np.array(left, np.int64) @ np.array(list(found.values()), np.int64).T
            whom = list(found)
            leaks += [
                f"{measure}: {n[i, j]} of {whom[j]}, by {pairs[i]} of {one} and {other}"
                for i, j in np.argwhere((n > 0) & (n < 5))
            ]
        leaks += [
            f"{measure} by {name}: {group} of {column}"
            for column, names in columns.items()
            for group in shown[column][measure]
            for name, its in values.items()
            if few(its[people & (names == group)], its[people])
        ]
    return leaks


def leaks_of_kinds(made: World, columns: Mapping[str, np.ndarray], shown: Shown) -> list[str]:
    """Add kinds of places of one group in all ways, and take them from all places."""
    leaks, places = [], places_of(made)
    listed = people_of(made, "Places filled")
    for column, family in product(columns, FAMILIES):
        for group in {group for measure in family for group in shown[column][measure]}:
            told = [measure for measure in family if group in shown[column][measure]]
            own = listed & (columns[column] == group)
            wholes = {"all": np.full(len(own), 10.0)}
            if group in shown[column]["Places filled"]:
                wholes["filled"] = made.offered.filled
            for some in subsets(told)[1:]:
                both = sum(places[measure] for measure in some)
                sums = {"": both} | {f" less than {name}": its - both for name, its in wholes.items()}
                leaks += [
                    f"{group} of {column}: {some}{name}"
                    for name, its in sums.items()
                    if few(its[own], its[listed])
                ]
    return leaks


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(12, 80),
    n_sites=st.integers(2, 4),
    n_moved=st.integers(0, 12),
    n_unlike=st.one_of(st.integers(0, 20), st.just(80)),
)
def test_nobody_is_told_apart(seed: int, n: int, n_sites: int, n_moved: int, n_unlike: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(list("abcd")[:n_sites], n).astype(object)
    labels[rng.random(n) < 0.1] = None
    # Another column that is nearly the same, or in which two groups are one.
    near = np.where(pd.isna(labels), "e", labels)
    near = np.where((near == "a") & (rng.random() < 0.5), "b", near)
    near[rng.permutation(n)[:n_moved]] = rng.choice(list("abe"))
    masks = [rng.random(n) < rng.choice([0.5, 0.85, 1.0]) for _ in range(4)]
    masks[0][0] = True
    names = ("answered", "lists", "chances", "twice")
    made = world(
        labels, seed, n_resamples=10, columns={"group_near": near}, **dict(zip(names, masks, strict=True))
    )
    made = alike(made, rng.permutation(n) >= n_unlike)
    with pytest.MonkeyPatch.context() as patch:
        found = audits(made.put_in(patch))
    columns = {"site": np.where(pd.isna(labels), "not recorded", labels), "near": near}
    shown = shown_in(found, columns)
    assert leaks_of_groups(made, columns, shown) == []
    assert leaks_of_kinds(made, columns, shown) == []
    for its, (column, names_of) in zip(found, columns.items(), strict=True):
        hold_parts(made, its.comparisons, names_of, shown[column])


def hold_parts(
    made: World, found: Sequence[Comparison], names: np.ndarray, shown: Mapping[str, set[str]]
) -> None:
    """No way to put together groups of one column and the others leaves one to four of its people."""
    told = []
    for one in found:
        measure = title_of(one.measure)
        people, others = people_of(made, measure), shown[measure] - {one.group}
        told += [people & (names == one.group), people & np.isin(names, list(others))]
        assert (one.n_learners, one.n_others) == (told[-2].sum(), told[-1].sum())
    among = np.isin(np.arange(len(names)), made.answers.learner)
    if told:
        assert (np.unique(np.array(told).T[among], axis=0, return_counts=True)[1] >= 5).all()


@pytest.mark.parametrize(("n_unlike", "is_told"), [(0, True), (1, False), (4, False), (25, True)])
def test_of_a_group_in_which_all_but_few_are_alike_nothing_is_told(
    monkeypatch, n_unlike: int, is_told: bool
) -> None:
    labels = np.repeat(["a", "b", "c"], 40).astype(object)
    made = world(labels, 5, n_resamples=10, twice=np.ones(120, np.bool_))
    made = alike(made, np.arange(120) >= n_unlike)
    (its,) = audits(made.put_in(monkeypatch))
    told = {title_of(one.measure) for one in its.comparisons if one.group == "a"}
    elsewhere = {title_of(one.measure) for one in its.comparisons if one.group == "b"}
    # Nobody of b failed, so passes cannot be told from fails.
    measures = {"Passes expected too many", "Surprise", "Chance of passing", "Gain in 12 months"}
    assert measures <= elsewhere
    assert measures & told == (measures if is_told else set())
    assert (its.n_values_withheld == 0) == is_told


@pytest.mark.parametrize(("n_unlike", "is_told"), [(1, False), (4, False), (5, True)])
def test_how_few_failed_is_not_told(monkeypatch, n_unlike: int, is_told: bool) -> None:
    made = world(np.repeat(["a", "b", "c"], 40).astype(object), 6, n_resamples=10)
    passed = made.answers.passed.copy()
    passed[(made.answers.learner < 40) & (made.answers.learner >= n_unlike)] = 1.0
    passed[made.answers.learner < n_unlike] = np.arange((made.answers.learner < n_unlike).sum()) % 2
    made = replace(made, answers=replace(made.answers, passed=passed))
    (its,) = audits(made.put_in(monkeypatch))
    for kind in ("auc", "calibration", "log_loss"):
        assert [one.group for one in its.of(kind)] == ["a", "b", "c"][not is_told :]
