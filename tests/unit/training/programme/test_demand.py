"""Every figure of demand and supply, worked out again by loops over a made world."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.unit.training.programme.demand_world import (
    IDS,
    NOW,
    SKILLS,
    Planted,
    asked_in,
    bar_of,
    holders,
    named_in,
    postings_of,
    wilson,
    world,
)
from training.programme.demand import Demand, Level, demand, level_of, quadrants
from training.programme.demand_mentions import Mentions, read_mentions
from training.programme.demand_trend import trends
from training.programme.people import Asked


def worked_out(programme: Planted) -> Demand:
    postings = programme.table("postings")
    assert postings is not None
    return demand(programme, SKILLS, postings)


def recent(postings: pd.DataFrame) -> list[Any]:
    since = pd.Timestamp(NOW) - pd.Timedelta(days=365)
    return [row for row in postings.itertuples() if row.posted_at > since]


@pytest.fixture(scope="module")
def made() -> Planted:
    return world()


@pytest.fixture(scope="module")
def found(made: Planted) -> Demand:
    return worked_out(made)


def test_each_posting_asks_for_what_its_list_and_its_text_say(made: Planted, found: Demand) -> None:
    rows = list(made.tables_of("postings").itertuples())
    for at, row in enumerate(rows):
        assert {IDS[k] for k in np.flatnonzero(found.mentions.asked[at])} == asked_in(row)
        assert {IDS[k] for k in np.flatnonzero(found.mentions.named[at])} == named_in(row.text)
        assert {IDS[k] for k in np.flatnonzero(found.mentions.listed[at])} == set(row.skill_ids) & set(IDS)
        assert found.mentions.has_list[at] == (len(row.skill_ids) > 0)
        assert found.mentions.has_text[at] == isinstance(row.text, str)
        expected = row.role_id if isinstance(row.role_id, str) else None
        assert found.mentions.role_ids[at] == expected
    unknown = sum(skill not in IDS for row in rows for skill in row.skill_ids)
    assert found.mentions.n_unknown == unknown > 0
    assert sum(asked_in(row) == set() for row in rows) > 0


def test_how_often_each_skill_is_asked_for_in_the_last_year(made: Planted, found: Demand) -> None:
    rows = recent(made.tables_of("postings"))
    assert 30 <= len(rows) < len(made.tables_of("postings"))
    assert found.level.n == len(rows)
    assert found.level.is_recent
    for at, skill in enumerate(IDS):
        k = sum(skill in asked_in(row) for row in rows)
        assert found.level.count[at] == k
        assert found.level.share[at] == pytest.approx(k / len(rows))
        assert (found.level.low[at], found.level.high[at]) == pytest.approx(wilson(k, len(rows)))
    counts = found.level.count[found.level.order]
    assert (np.diff(counts) <= 0).all()


def of(days_ago: list[float], n_asking: int = 1) -> Mentions:
    now = np.datetime64("2026-03-01T12:00:00")
    at = now - (np.array(days_ago) * 86_400).astype("timedelta64[s]")
    listed = (np.arange(len(at)) < n_asking)[:, None]
    none = np.zeros_like(listed)
    flags = np.ones(len(at), np.bool_)
    return Mentions(("s",), at, np.full(len(at), None, object), listed, none, flags, flags)


def test_the_last_year_begins_a_year_ago_and_with_fewer_than_thirty_in_it_all_count() -> None:
    now = np.datetime64("2026-03-01T12:00:00")
    level = level_of(of([364.99] * 30 + [365.0, 365.01]), now)
    assert (level.n, level.is_recent) == (30, True)
    level = level_of(of([364.99] * 29 + [365.0, 365.01]), now)
    assert (level.n, level.is_recent) == (31, False)


def test_mastery_of_all_who_are_here(made: Planted, found: Demand) -> None:
    supply = found.supply
    assert supply is not None
    assert made.mastery is not None
    here, _ = holders(made, "data")
    rows = [at for at, who in enumerate(made.learners["learner_id"]) if who in here]
    assert supply.n_people == len(rows) < len(made.learners)
    for at in range(len(IDS)):
        values = [float(made.mastery[row, at]) for row in rows]
        mean, n = statistics.fmean(values), len(values)
        half = stats.t.ppf(0.975, n - 1) * statistics.stdev(values) / math.sqrt(n)
        assert supply.mean[at] == pytest.approx(mean)
        assert (supply.low[at], supply.high[at]) == pytest.approx((mean - half, mean + half))
    answered = [float(value > 0.5) for row in rows for value in made.mastery[row]]
    assert supply.answered == pytest.approx(statistics.fmean(answered))


def test_shares_at_the_level_that_the_role_asks_for(made: Planted, found: Demand) -> None:
    supply = found.supply
    assert supply is not None
    told = 0
    for at, skill in enumerate(IDS):
        here, has = holders(made, skill)
        if np.isnan(supply.reached[at]):
            assert np.isnan(supply.reached_low[at])
            assert np.isnan(supply.reached_high[at])
            continue
        told += 1
        assert supply.reached[at] == pytest.approx(len(has) / len(here))
        ends = supply.reached_low[at], supply.reached_high[at]
        assert ends == pytest.approx(wilson(len(has), len(here)))
    assert 0 < told < len(IDS)
    assert supply.n_withheld == len(IDS) - told
    assert not np.isnan(supply.reached[found.level.order[0]]), "the most asked for is told first"


@pytest.mark.parametrize("n_answered", [0, 1, 4, 5, 12, 15, 16, 19, 20])
def test_a_mean_is_told_only_where_few_neither_answered_nor_did_not(n_answered: int) -> None:
    plain = world(n_people=20).learners.assign(hired_at=pd.Timestamp(NOW) - pd.Timedelta(days=1))
    programme = world(learners=plain)
    # Others stand at what the model expects of anybody: the mean times 20 would tell of one who answered.
    programme.mastery = np.full((20, len(IDS)), 0.4)
    programme.answered = np.ones((20, len(IDS)), np.bool_)
    at = IDS.index("data")
    programme.answered[n_answered:, at] = False
    programme.mastery[:n_answered, at] = 0.93
    supply = worked_out(programme).supply
    assert supply is not None
    is_told = n_answered in (5, 12, 15, 20)
    for name in ("mean", "low", "high"):
        assert np.isnan(getattr(supply, name)[at]) != is_told
        assert not np.isnan(np.delete(getattr(supply, name), at)).any()
    assert is_told or np.isnan(supply.reached[at])
    assert (supply.n_unanswered, supply.n_few) == (n_answered == 0, not is_told and n_answered > 0)
    assert supply.n_unknown == 0
    told = programme.answered if is_told else np.delete(programme.answered, at, axis=1)
    assert supply.answered == pytest.approx(told.mean())


def test_a_level_is_that_of_the_target_role_else_of_the_present_one_else_seven_tenths(made: Planted) -> None:
    assert made.bundle is not None
    asked = Asked.of(made).level
    index = made.bundle.catalog.skill_index
    for row, person in enumerate(made.learners.itertuples()):
        for skill in IDS:
            assert asked[row, index[skill]] == bar_of(person, skill)
    assert {0.4, 0.5, 0.6, 0.7, 0.8, 0.9} == set(np.unique(asked))
    strange = made.tables_of("learners").assign(role_id="unheard-of", target_role_id=None)
    assert (Asked.of(world(learners=strange)).level == 0.7).all()


def test_who_is_exactly_at_the_level_has_the_skill() -> None:
    mastery = np.zeros((20, len(IDS)))
    mastery[:8, IDS.index("data")] = 0.7
    plain = world(n_people=20).learners.assign(role_id=None, target_role_id=None)
    # Of whom nobody knows when they were hired is here.
    plain["hired_at"] = pd.Series(pd.NaT, plain.index, dtype="datetime64[us, UTC]")
    programme = world(learners=plain)
    programme.mastery = mastery
    supply = worked_out(programme).supply
    assert supply is not None
    assert supply.n_people == 20
    assert supply.reached[IDS.index("data")] == pytest.approx(0.4)


def test_what_is_much_and_what_is_scarce(found: Demand) -> None:
    supply, corner = found.supply, found.quadrants
    assert supply is not None
    assert corner is not None
    line = statistics.median(
        share for share, k in zip(found.level.share, found.level.count, strict=True) if k
    )
    middle = statistics.median(supply.mean)
    assert corner.demand_line == pytest.approx(line)
    assert corner.supply_line == pytest.approx(min(middle, 0.7))
    for at in range(len(IDS)):
        much = found.level.count[at] > 0 and found.level.share[at] >= line
        assert corner.much[at] == much
        assert corner.surely_much[at] == (much and found.level.low[at] >= line)
        assert corner.scarce[at] == (supply.mean[at] <= middle and supply.mean[at] < 0.7)
        assert corner.short[at] == (much and corner.scarce[at])


def level_with(count: list[int], n: int = 100) -> Level:
    k = np.array(count)
    share = k / n
    return Level(np.ones(n, np.bool_), True, n, k, share, share - 0.05, share + 0.05)


def test_what_nobody_asks_for_is_not_much_and_what_most_master_is_not_scarce() -> None:
    corner = quadrants(level_with([0, 0, 10, 20]), np.array([0.1, 0.2, 0.3, 0.9]))
    assert corner.much.tolist() == [False, False, False, True]
    assert corner.scarce.tolist() == [True, True, False, False]
    none = quadrants(level_with([0, 0]), np.array([0.1, 0.2]))
    assert not none.much.any()
    rich = quadrants(level_with([5, 6]), np.array([0.7, 0.95]))
    assert not rich.scarce.any()
    assert rich.supply_line == 0.7
    unknown = quadrants(level_with([5, 6]), np.array([np.nan, np.nan]))
    assert not unknown.scarce.any()


def test_how_well_skills_were_found(made: Planted, found: Demand) -> None:
    rows = list(made.tables_of("postings").itertuples())
    assert found.found.nothing == pytest.approx(sum(not asked_in(row) for row in rows) / len(rows))
    both = [row for row in rows if len(row.skill_ids) and isinstance(row.text, str)]
    listed = [set(row.skill_ids) & set(IDS) for row in both]
    named = [named_in(row.text) for row in both]
    agreed = sum(len(a & b) for a, b in zip(listed, named, strict=True))
    assert found.found.named_of_listed == pytest.approx(agreed / sum(map(len, listed)))
    assert found.found.listed_of_named == pytest.approx(agreed / sum(map(len, named)))
    assert found.found.named_of_listed != pytest.approx(found.found.listed_of_named)
    times = [row.posted_at for row in rows]
    middle = min(times) + (max(times) - min(times)) / 2
    early = [len(asked_in(row)) for row in rows if row.posted_at < middle]
    late = [len(asked_in(row)) for row in rows if row.posted_at >= middle]
    assert found.found.early == pytest.approx(statistics.fmean(early))
    assert found.found.late == pytest.approx(statistics.fmean(late))
    parts = [statistics.variance(half) / len(half) for half in (late, early)]
    free = sum(parts) ** 2 / sum(p**2 / (len(h) - 1) for p, h in zip(parts, (late, early), strict=True))
    half = stats.t.ppf(0.975, free) * math.sqrt(sum(parts))
    more = statistics.fmean(late) - statistics.fmean(early)
    assert (found.found.more_low, found.found.more_high) == pytest.approx((more - half, more + half))


def test_the_rising_skill_rises_and_dates_that_are_shuffled_show_nothing() -> None:
    wide = world(n_postings=600)
    assert worked_out(wide).trends.call.tolist() == [0, 0, 0, 1, 0, 0]
    rng = np.random.default_rng(0)
    mentions = read_mentions(SKILLS, wide.tables_of("postings"))
    calls = [trends(mentions.asked, rng.permutation(mentions.posted_at)).call != 0 for _ in range(200)]
    # Each skill by itself seldom; any of them in 5% of worlds, which is 10 give or take chance.
    assert (np.mean(calls, axis=0) <= 0.05).all()
    assert np.any(calls, axis=1).sum() <= stats.binom.ppf(0.999, 200, 0.05)


def test_an_alias_is_found_and_part_of_a_word_is_not() -> None:
    texts = ["Mentoring", "metadata and SQLite", "JVM"] * 20
    table = postings_of(60, 1).assign(text=texts, skill_ids=[[] for _ in range(60)])
    mentions = read_mentions(SKILLS, table)
    assert dict(zip(IDS, mentions.asked.sum(axis=0).tolist(), strict=True)) == {
        "data": 0,
        "quality": 0,
        "java": 20,
        "sql": 0,
        "coaching": 20,
        "spare": 0,
    }


def test_nothing_of_later_than_now_counts() -> None:
    first = world()
    later = postings_of(200, 9, until=NOW + pd.Timedelta(days=2000)).query("posted_at > @NOW")
    later = later.assign(posting_id="later-" + later["posting_id"])
    assert len(later) > 100
    more = first.learners.tail(3).assign(
        learner_id=["z1", "z2", "z3"], hired_at=pd.Timestamp(NOW) + pd.Timedelta(days=3)
    )
    changed = world(
        postings=pd.concat([first.tables_of("postings"), later]),
        learners=pd.concat([first.learners, more], ignore_index=True),
    )
    assert first.mastery is not None
    changed.mastery = np.vstack([first.mastery, np.ones((3, len(IDS)))])
    one, other = worked_out(first), worked_out(changed)
    for part in ("level", "trends", "found", "supply", "quadrants"):
        a, b = getattr(one, part), getattr(other, part)
        for name in a.__slots__:
            assert np.array_equal(
                getattr(a, name), getattr(b, name), equal_nan=getattr(a, name) is not None
            ), name


def test_without_a_model_and_with_too_few_people_nothing_is_told_of_them() -> None:
    assert worked_out(world(model=False)).supply is None
    assert worked_out(world(n_people=4)).supply is None
    assert worked_out(world(n_people=5)).supply is not None
    bare = world()
    bare.bundle.skills = None  # type: ignore[union-attr, misc]
    assert worked_out(bare).quadrants is None


def test_a_skill_that_the_model_does_not_know_has_no_supply_and_is_not_scarce() -> None:
    programme = world()
    skills = pd.concat([SKILLS, pd.DataFrame({"skill_id": ["new"], "name": ["Novelty"], "aliases": [[]]})])
    postings = programme.table("postings")
    assert postings is not None
    found = demand(programme, skills, postings)
    assert found.supply is not None
    assert found.quadrants is not None
    assert np.isnan(found.supply.mean[-1])
    assert np.isnan(found.supply.reached[-1])
    assert not found.quadrants.scarce[-1]
    known = worked_out(programme).supply
    assert known is not None
    assert np.allclose(found.supply.mean[:-1], known.mean)
