"""What holds for the description of any dataset."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.dataset import Dataset
from training.evaluation.description import TITLE, Description, describe_dataset
from training.evaluation.description_choice import most_common_successor, most_common_successor_of_others
from training.evaluation.description_values import gini, share_of_top

AMOUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any)
STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25)
# steps of seconds, minutes, days and months, so that every kind of gap occurs
ROWS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 4),
        st.sampled_from(["started", "completed", "abandoned"]),
        st.sampled_from([0, 1, 60, 1800, 86_400, 90 * 86_400]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


def dataset(rows, learner="l{}", module="m{}") -> Dataset:
    """Completions, and of some rows attempts too, as the loader gives them."""
    at = pd.to_datetime(1_700_000_000 + np.cumsum([row[3] for row in rows]), unit="s", utc=True)
    events = pd.DataFrame(
        {
            "learner_id": pd.Series([learner.format(row[0]) for row in rows], dtype="str"),
            "module_id": pd.Series([module.format(row[1]) for row in rows], dtype="str"),
            "status": pd.Series([row[2] for row in rows], dtype="str"),
            "occurred_at": at.as_unit("us"),
            "score": [row[1] / 4 for row in rows],
        }
    )
    tried = events[[row[4] for row in rows]].rename(columns={"module_id": "item_id"})
    tables = {
        "completions": events,
        "attempts": tried.assign(passed=tried["score"] >= 0.5).reset_index(drop=True),
        "modules": pd.DataFrame({"module_id": [module.format(number) for number in range(5)]}),
    }
    return Dataset("any", Path("any"), tables, (), "0", has_clock=True, simulated=False)


def numbers(found: Description) -> dict[tuple[str, str], tuple[float | None, str]]:
    return {
        (section.name, name): (value["number"], value["note"])
        for section in fields(found)
        if TITLE in section.metadata
        for name, value in asdict(getattr(found, section.name)).items()
    }


@given(AMOUNTS, st.integers(2, 4))
def test_gini_and_top_share_have_their_bounds_and_know_no_scale_and_no_copies(amounts, times):
    n = len(amounts)
    assert 0 <= gini(amounts) <= 1 - 1 / n + 1e-12
    assert 0.1 - 1e-12 <= share_of_top(amounts) <= 1
    for changed in (np.array(amounts) * times, amounts * times, amounts[::-1]):
        assert gini(changed) == pytest.approx(gini(amounts))
        assert share_of_top(changed) == pytest.approx(share_of_top(amounts))


@given(STEPS)
def test_the_best_successor_as_seen_in_others_is_what_leaving_each_pair_out_gives(steps):
    module, successor = (np.array(column) for column in zip(*steps, strict=True))
    hits = 0.0
    for left_out, (at, to) in enumerate(steps):
        others = [b for position, (a, b) in enumerate(steps) if a == at and position != left_out]
        best = {b for b in others if others.count(b) == max(map(others.count, others))}
        hits += (to in best) / max(len(best), 1)
    found = most_common_successor_of_others(module, successor)
    assert found == pytest.approx(hits / len(steps))
    assert found <= most_common_successor(module, successor)


@given(ROWS)
def test_names_do_not_matter(rows):
    found = numbers(describe_dataset(dataset(rows)))
    renamed = [(4 - learner, (module * 2) % 5, *rest) for learner, module, *rest in rows]
    again = numbers(describe_dataset(dataset(renamed, "{}-someone", "{}-something")))
    # the scores of this test are made of the module's number
    free = [key for key in found if not key[0].endswith("scores") and key[0] != "difficulty"]
    assert len(free) > 40
    for key in free:
        assert again[key] == (
            pytest.approx(found[key][0]) if found[key][0] is not None else None,
            found[key][1],
        )


@given(ROWS)
def test_shares_are_shares_and_parts_sum_to_one(rows):
    found = describe_dataset(dataset(rows))
    for section in fields(found):
        if TITLE not in section.metadata:
            continue
        for each in fields(getattr(found, section.name)):
            number = getattr(getattr(found, section.name), each.name).number
            if each.metadata["unit"] == "share" and number is not None:
                assert 0 <= number <= 1, (section.name, each.name)
    week = list(asdict(found.rhythm).values())
    assert sum(day["number"] for day in week[:7]) == pytest.approx(1)
    assert sum(part["number"] for part in week[7:11]) == pytest.approx(1)


@given(ROWS)
def test_a_catalogue_row_that_nobody_starts_changes_one_number(rows):
    plain = dataset(rows)
    more = pd.concat([plain.tables["modules"], pd.DataFrame({"module_id": ["new"]})], ignore_index=True)
    found = numbers(describe_dataset(plain))
    again = numbers(describe_dataset(replace(plain, tables={**plain.tables, "modules": more})))
    assert {key for key in found if found[key] != again[key]} == {
        ("popularity", "never"),
        ("size", "modules"),
    }
