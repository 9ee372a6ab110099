"""Importance moves towards demand, as far as postings carry it, and never out of [0, 1]."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.demand_world import IDS, PROFILES, SKILLS, postings_of
from training.programme.demand_importance import importance_from_demand
from training.programme.demand_mentions import Mentions, read_mentions


@pytest.fixture(scope="module")
def mentions() -> Mentions:
    return read_mentions(SKILLS, postings_of(200, 4))


def by_loops(profiles: pd.DataFrame, mentions: Mentions, weight: float, steady: float) -> list[float]:
    out = []
    for row in profiles.itertuples():
        old = 0.5 if row.importance != row.importance else float(str(row.importance))
        its = [at for at, role in enumerate(mentions.role_ids) if role == row.role_id]
        profile = profiles.loc[profiles["role_id"] == row.role_id, "skill_id"]
        counts = {s: sum(bool(mentions.asked[at, IDS.index(s)]) for at in its) for s in profile if s in IDS}
        top = max(counts.values(), default=0)
        if row.skill_id not in counts or top == 0:
            out.append(old)
            continue
        moved = weight * len(its) / (len(its) + steady)
        out.append((1 - moved) * old + moved * counts[str(row.skill_id)] / top)
    return out


@pytest.mark.parametrize(("weight", "steady"), [(0.5, 20.0), (1.0, 3.0), (0.2, 500.0)])
def test_the_blend(mentions: Mentions, weight: float, steady: float) -> None:
    more = pd.DataFrame(
        {"role_id": ["quiet", "clerk"], "skill_id": ["sql", "unheard-of"], "importance": [0.3, 0.6]}
    )
    profiles = pd.concat([PROFILES, more])
    found = importance_from_demand(profiles, mentions, weight=weight, steady=steady)
    assert found["importance"].tolist() == pytest.approx(by_loops(profiles, mentions, weight, steady))
    assert found["importance"].tolist()[-2:] == [0.3, 0.6]
    assert list(found.columns) == ["role_id", "skill_id", "importance"]
    assert found.index.equals(profiles.index)
    for column in ("role_id", "skill_id"):
        assert found[column].tolist() == profiles[column].tolist()


def test_no_weight_changes_nothing_and_none_is_a_half(mentions: Mentions) -> None:
    found = importance_from_demand(PROFILES, mentions, weight=0.0)
    assert found["importance"].tolist() == [0.8, 0.5, 0.2, 1.0, 0.0]
    assert PROFILES["importance"].isna().sum() == 1, "what is given is left as it is"


def test_only_postings_for_the_role_count(mentions: Mentions) -> None:
    clerks = mentions.take(mentions.role_ids == "clerk")
    whole, part = (importance_from_demand(PROFILES, m)["importance"] for m in (mentions, clerks))
    is_clerk = PROFILES["role_id"] == "clerk"
    assert whole[is_clerk].tolist() == pytest.approx(part[is_clerk].tolist())
    assert part[~is_clerk].tolist() == [1.0, 0.0]
    assert len(clerks) == (mentions.role_ids == "clerk").sum()


def test_where_the_market_asks_for_nothing_of_a_role_all_stays(mentions: Mentions) -> None:
    silent = Mentions(
        mentions.skill_ids,
        mentions.posted_at,
        mentions.role_ids,
        np.zeros_like(mentions.listed),
        np.zeros_like(mentions.named),
        mentions.has_list,
        mentions.has_text,
    )
    found = importance_from_demand(PROFILES, silent, weight=1.0)
    assert found["importance"].tolist() == [0.8, 0.5, 0.2, 1.0, 0.0]


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_a_weight_out_of_range_is_refused(mentions: Mentions, wrong: float) -> None:
    with pytest.raises(ValueError, match=r"weight is .*; give a number from 0 to 1"):
        importance_from_demand(PROFILES, mentions, weight=wrong)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_steady_out_of_range_is_refused(mentions: Mentions, wrong: float) -> None:
    with pytest.raises(ValueError, match=r"steady is .*; give a number of postings above 0"):
        importance_from_demand(PROFILES, mentions, steady=wrong)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), weight=st.floats(0, 1), steady=st.floats(1e-9, 1e9))
def test_importance_stays_between_none_and_all(seed: int, weight: float, steady: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 40))
    listed = rng.random((n, len(IDS))) < rng.random()
    flags = np.ones(n, np.bool_)
    roles = rng.choice(np.array(["clerk", "coach", None], object), n)
    mentions = Mentions(tuple(IDS), np.zeros(n, "datetime64[s]"), roles, listed, listed, flags, flags)
    profiles = PROFILES.assign(importance=rng.choice([0.0, 1.0, np.nan, 0.3], len(PROFILES)))
    found = importance_from_demand(profiles, mentions, weight=weight, steady=steady)["importance"]
    assert found.between(0, 1).all()
    assert found.tolist() == pytest.approx(by_loops(profiles, mentions, weight, steady))
