"""Postings ask for what roles need, ever more of what changes fast, in words that the catalogue knows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.datasets.sample.catalogs import BARE, written
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.datasets.sample import CATALOG
from training.datasets.sample.postings import demand_trend, postings_table
from training.datasets.sample.simulate import START

MONTHS = 120


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return load_dataset(CATALOG)


@pytest.fixture(scope="module")
def postings(bundled: Dataset) -> pd.DataFrame:
    """Ten years of them."""
    half_life = bundled.tables["skills"]["half_life_days"].to_numpy(float)
    return postings_table(bundled, half_life, START, MONTHS, np.random.default_rng(0)).to_pandas()


def test_there_are_some_every_month_in_order(postings: pd.DataFrame) -> None:
    assert postings["posting_id"].is_unique
    assert postings["posted_at"].is_monotonic_increasing
    assert postings["posted_at"].min() >= START
    assert postings["posted_at"].max() <= START + pd.Timedelta(days=MONTHS * 7 * 52 / 12)
    n = len(postings)
    assert abs(n - 30 * MONTHS) < 4 * np.sqrt(30 * MONTHS)


def test_each_asks_for_skills_of_its_role_by_a_name_they_have(
    postings: pd.DataFrame, bundled: Dataset
) -> None:
    skills = bundled.tables["skills"].set_index("skill_id")
    needed = bundled.tables["role_skills"].groupby("role_id")["skill_id"].agg(set)
    titles = bundled.tables["roles"].set_index("role_id")["title"]
    by_alias = 0
    for row in postings.itertuples():
        asked = list(row.skill_ids)
        assert len(set(asked)) == len(asked) >= 3
        assert set(asked) <= needed[row.role_id]
        assert titles[row.role_id] in row.text
        for skill in asked:
            names = [skills.at[skill, "name"], *skills.at[skill, "aliases"]]
            assert any(name in row.text for name in names), row.text
            by_alias += names[0] not in row.text
    assert by_alias > 1000


def test_the_planted_trend_shows(postings: pd.DataFrame, bundled: Dataset) -> None:
    skills = bundled.tables["skills"]
    trend = pd.Series(demand_trend(skills["half_life_days"].to_numpy(float)), skills["skill_id"])
    month = (postings["posted_at"] - START).dt.days / 30.4
    late = postings["skill_ids"].explode()[month.reindex(postings["skill_ids"].explode().index) > 80]
    early = postings["skill_ids"].explode()[month.reindex(postings["skill_ids"].explode().index) < 40]
    counts = pd.DataFrame({"early": early.value_counts(), "late": late.value_counts()}).reindex(trend.index)
    growth = np.log((counts["late"].fillna(0) + 1) / (counts["early"].fillna(0) + 1))
    assert np.corrcoef(growth, trend)[0, 1] > 0.5
    assert np.ptp(trend) > 0.5


def test_the_trend_is_bounded_and_falls_with_the_half_life() -> None:
    trend = demand_trend(np.linspace(1, 3000, 100))
    assert (np.diff(trend) < 0).all()
    assert (np.abs(trend) < 0.9).all()


def of(dataset: Dataset, half_lives: int) -> pd.DataFrame:
    table = postings_table(dataset, np.full(half_lives, 365.0), START, 6, np.random.default_rng(0))
    return table.to_pandas()


def test_one_skill_is_asked_for_in_a_whole_sentence(tmp_path: Path) -> None:
    tables = BARE | {"role_skills": "role_id,skill_id,required_mastery\nr,s,0.7\n"}
    for text in of(load_dataset(written(tmp_path / "one", tables)), 2)["text"]:
        assert "Ess." in text
        assert " and " not in text


@pytest.mark.parametrize("importance", [("0", "0.5"), ("0", "0")])
def test_what_weighs_nothing_is_not_asked_for(tmp_path: Path, importance: tuple[str, str]) -> None:
    rows = "".join(f"r,{skill},0.7,{value}\n" for skill, value in zip("st", importance, strict=True))
    tables = BARE | {"role_skills": "role_id,skill_id,required_mastery,importance\n" + rows}
    asked = of(load_dataset(written(tmp_path / "zero", tables)), 2)
    expected = {"t"} if importance[1] != "0" else set()
    assert {skill for skills in asked.get("skill_ids", []) for skill in skills} == expected


def test_roles_that_need_nothing_are_not_advertised(full_dataset: Dataset) -> None:
    rows = full_dataset.tables["role_skills"].query("role_id != 'head'")
    less = replace(full_dataset, tables={**full_dataset.tables, "role_skills": rows})
    assert set(of(less, 3)["role_id"]) == {"clerk", "analyst"}
