"""What the organisation measures depends on the truth as planted, and nothing else does."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import PoissonRegressor

from tests.unit.training.datasets.sample.shipped import MONTH, Organisation
from training.datasets.dataset import Dataset
from training.datasets.sample import Parameters, measures
from training.datasets.sample.parameters import GROWTH, WEEKS_PER_MONTH
from training.datasets.sample.people import People, draw_people, roles_of
from training.datasets.sample.simulate import START
from training.datasets.sample.state import COMPLETED, STARTED, Record, empty_record
from training.datasets.sample.tables import Names, Place
from training.datasets.sample.world import World

pytestmark = pytest.mark.usefixtures("interpreted")

PLANTED = Parameters().measures
N, N_MONTHS = 3000, 24
PLACE = Place(0, 0, START.value // 1000)


@pytest.fixture(scope="module")
def names(full_dataset: Dataset) -> Names:
    def ids(table: str, column: str) -> pa.Array:
        return pa.array(full_dataset.tables[table][column].tolist(), pa.string())

    return Names(
        ids("modules", "module_id"),
        ids("skills", "skill_id"),
        ids("items", "item_id"),
        ids("roles", "role_id"),
        ids("credentials", "credential_id"),
    )


@pytest.fixture(scope="module")
def people(interpreted: None, full_dataset: Dataset, full_world: World) -> People:
    rng = np.random.default_rng(0)
    return draw_people(GROWTH, N, 104, full_world, roles_of(full_dataset), Parameters(), rng)


@pytest.fixture(scope="module")
def record() -> Record:
    """Mastery that wanders, so that nothing else can stand in for it."""
    record = empty_record(N, 3, N_MONTHS, (1, 6, 1))
    rng = np.random.default_rng(1)
    record.mastery[:] = rng.random((N, 1, 3)) * 0.6 + 0.4 * rng.random((N, N_MONTHS + 1, 3))
    return record


def frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas()


def positions(column: pd.Series, ids: pa.Array | None = None) -> np.ndarray:
    if ids is None:
        return column.str.slice(-5).astype(int).to_numpy() - 1
    return column.map({name: i for i, name in enumerate(ids.to_pylist())}).to_numpy()


def months_since_start(times: pd.Series) -> np.ndarray:
    return ((times - START) / MONTH).to_numpy()


def calendar_months(times: pd.Series) -> "pd.Series[int]":
    """Months of the calendar since that of the start."""
    return 12 * (times.dt.year - START.year) + times.dt.month - START.month


def poisson(columns: list[np.ndarray], uses: np.ndarray) -> np.ndarray:
    """Intercept and slopes of a Poisson regression."""
    model = PoissonRegressor(alpha=0, max_iter=1000, tol=1e-8).fit(np.stack(columns, axis=1), uses)
    return np.r_[model.intercept_, model.coef_]


def fixed_effects(value: np.ndarray, cause: np.ndarray) -> tuple[float, float]:
    """Slope within teams and months, and its standard error; both of shape (n_teams, n_months)."""

    def within(matrix: np.ndarray) -> np.ndarray:
        return matrix - matrix.mean(0) - matrix.mean(1, keepdims=True) + matrix.mean()

    y, x = within(value), within(cause)
    slope = float((x * y).sum() / (x * x).sum())
    free = (y.shape[0] - 1) * (y.shape[1] - 1) - 1
    return slope, float(np.sqrt(((y - slope * x) ** 2).sum() / free / (x * x).sum()))


def test_use_at_work_follows_mastery(people: People, record: Record, names: Names, full_world: World) -> None:
    rng = np.random.default_rng(2)
    used = frame(measures.adoption_table(people, record, PLACE, names, full_world, Parameters(), rng))
    month = np.rint(months_since_start(used["period_start"])).astype(int)
    assert set(month) == set(range(0, N_MONTHS - 2, 3))
    learner = positions(used["learner_id"])
    assert (people.hired_days[learner] <= 7 * WEEKS_PER_MONTH * month).all()
    assert (people.hired_days > 0).any()
    mastery = record.mastery[learner, month + 2, positions(used["skill_id"], names.skills)]
    since = month - people.block.people["joins"][learner] / WEEKS_PER_MONTH
    worn = np.log1p(np.maximum(since, 0) / 3)
    rate, slope, fade = poisson([mastery, worn], used["uses"].to_numpy())
    assert rate == pytest.approx(PLANTED.adoption_rate, abs=0.06)
    assert slope == pytest.approx(PLANTED.adoption_slope, rel=0.03)
    assert -fade == pytest.approx(PLANTED.adoption_fade, rel=0.15)


def test_outcomes_of_teams_follow_mastery(people: People, record: Record, full_world: World) -> None:
    rng = np.random.default_rng(3)
    record.n_rows[:] = 0
    table = frame(measures.outcomes_table(people, record, PLACE, full_world, Parameters(), rng))
    n_teams = len(people.is_comparison)
    assert len(table) == n_teams * N_MONTHS
    weight = full_world.role_importance[people.block.people["role"]]
    able = (record.mastery[:, 1:] * weight[:, None, :]).sum(2) / weight.sum(1)[:, None]
    day = np.arange(N_MONTHS) * WEEKS_PER_MONTH * 7
    leaves = 7 * people.block.people["leaves"]
    employed = (people.hired_days[:, None] <= day) & (day < leaves[:, None])
    teams = pd.DataFrame(np.where(employed, able, np.nan)).groupby(people.team).mean().to_numpy()
    # where nobody is employed, all count
    able = np.where(np.isnan(teams), pd.DataFrame(able).groupby(people.team).mean().to_numpy(), teams)
    np.testing.assert_allclose(
        measures._team_means(people, record.mastery[:, 1:, 0]),
        np.where(
            np.isnan(teams),
            pd.DataFrame(record.mastery[:, 1:, 0]).groupby(people.team).mean(),
            pd.DataFrame(np.where(employed, record.mastery[:, 1:, 0], np.nan)).groupby(people.team).mean(),
        ),
        rtol=1e-6,
    )
    slope, error = fixed_effects(table["value"].to_numpy().reshape(n_teams, N_MONTHS), able)
    assert abs(slope - PLANTED.outcome_effect) < 4 * error
    assert error < 1.5
    assert (table["cost"] == 0).all()
    assert set(table["unit_kind"]) == {"team"}


def test_hours_are_of_the_team_and_month_and_only_where_they_are_known(
    people: People, record: Record, full_world: World
) -> None:
    rows = record.completions
    first, second = people.block.team_start[0], people.block.team_start[1]
    month = WEEKS_PER_MONTH * 7 * 86400
    rows["learner"] = [first, first + 1, second, second, first, first]
    rows["status"] = [COMPLETED, COMPLETED, COMPLETED, STARTED, COMPLETED, COMPLETED]
    rows["second"] = np.array([0.5, 0.6, 1.5, 1.5, N_MONTHS + 0.01, 3.5]) * month
    rows["seconds"] = [3600, 1800, 7200, np.nan, 360, 1e9]
    # the last row is beyond those that are filled
    record.n_rows[:] = 0, 5, 0
    rng = np.random.default_rng(3)
    table = frame(measures.outcomes_table(people, record, PLACE, full_world, Parameters(), rng))
    cost = table["cost"].to_numpy().reshape(-1, N_MONTHS)
    expected = np.zeros_like(cost)
    expected[0, 0], expected[1, 1], expected[0, -1] = 1.5 * 42, 2 * 42, round(0.1 * 42)
    np.testing.assert_allclose(cost, expected)


def test_what_people_say_of_themselves_follows_the_truth_and_leans_to_the_good(
    people: People, record: Record, names: Names, full_world: World
) -> None:
    rng = np.random.default_rng(4)
    table = frame(
        measures.self_assessments_table(people, record, PLACE, names, full_world, Parameters(), rng)
    )
    assert set(table["level"]) == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert table["event_id"].is_unique
    month = np.floor(months_since_start(table["occurred_at"])).astype(int)
    learner = positions(table["learner_id"])
    truth = record.mastery[learner, month, positions(table["skill_id"], names.skills)]
    lean = table["level"].to_numpy() - truth
    weak, strong = lean[truth < 0.25].mean(), lean[truth > 0.75].mean()
    assert weak > 0.15
    assert weak > strong + 0.2
    slope = np.polyfit(truth, table["level"], 1)[0]
    # the ends of the scale take a little of it
    assert 0.8 < slope / PLANTED.self_slope < 1.05


def test_nobody_tells_or_uses_anything_who_is_not_there(
    people: People, record: Record, names: Names, full_world: World
) -> None:
    gone = record._replace(gone=np.zeros(N, np.int32))
    rng = np.random.default_rng(5)
    told = measures.self_assessments_table(people, gone, PLACE, names, full_world, Parameters(), rng)
    used = measures.adoption_table(people, gone, PLACE, names, full_world, Parameters(), rng)
    assert told.num_rows == 0
    assert set(frame(used)["period_start"]) <= {START}


# The same of the shipped organisation, from its files alone ------------------------------------------------


def test_shipped_self_assessments_are_as_poor_as_the_literature_finds(shipped: Organisation) -> None:
    told = shipped["self_assessments"]
    month = ((told["occurred_at"] - START) / MONTH).astype(int)
    known = np.array([0, 6, 12, 24, 36])
    nearest = known[np.abs(month.to_numpy()[:, None] - known).argmin(axis=1)]
    truth = shipped.mastery_at(told, nearest)
    near = (np.abs(nearest - month) <= 3) & np.isfinite(truth)
    assert near.sum() > 2000
    level = told["level"].to_numpy()[near]
    assert 0.15 < np.corrcoef(truth[near], level)[0, 1] < 0.45
    lean = level - truth[near]
    assert lean[truth[near] < 0.3].mean() > lean[truth[near] > 0.7].mean() + 0.15


def test_shipped_use_at_work_follows_mastery(shipped: Organisation) -> None:
    used = shipped["adoption"].merge(shipped.people[["learner_id", "joined_at"]], on="learner_id")
    month = ((used["period_start"] - START) / MONTH).round().astype(int)
    # the truth is noted in months 6, 12, 24 and 36; a quarter uses the skill as it is in its third month
    close = month.isin([3, 9, 21, 33])
    used, month = used[close], month[close]
    mastery = shipped.mastery_at(used, month + 3)
    since = np.maximum((used["period_start"] - used["joined_at"]) / MONTH, 0)
    _, slope, fade = poisson([mastery, np.log1p(since.to_numpy() / 3)], used["uses"].to_numpy())
    assert slope == pytest.approx(PLANTED.adoption_slope, rel=0.25)
    assert fade < 0


def test_shipped_outcomes_recover_the_planted_effect(shipped: Organisation) -> None:
    wide = shipped["truth/mastery"].pivot_table(
        index=["learner_id", "month"], columns="skill_id", values="mastery", observed=True
    )
    months = [6, 12, 24, 36]
    weights = shipped["role_skills"].pivot(index="role_id", columns="skill_id", values="importance")
    people = shipped["learners"].set_index("learner_id")
    weight = weights.reindex(columns=wide.columns).fillna(0)
    able = {}
    for month in months:
        now = wide.xs(month, level="month").reindex(people.index)
        own = weight.reindex(people["role_id"]).to_numpy()
        each = pd.Series((now.to_numpy() * own).sum(axis=1) / own.sum(axis=1), people.index)
        able[month] = each.groupby(people["team_id"]).mean()
    cause = pd.DataFrame(able).sort_index()
    out = shipped["outcomes"]
    month = calendar_months(out["occurred_at"]) + 1
    value = out.assign(month=month)[month.isin(months)].pivot(
        index="unit_id", columns="month", values="value"
    )
    slope, error = fixed_effects(value.loc[cause.index, months].to_numpy(), cause.to_numpy())
    assert abs(slope - PLANTED.outcome_effect) < 4 * error
    # a ninth of the months is used: those whose truth is noted
    assert error < 0.5 * PLANTED.outcome_effect


def test_shipped_outcomes_are_of_the_last_days_of_months(shipped: Organisation) -> None:
    out = shipped["outcomes"]
    assert out["occurred_at"].dt.is_month_end.all()
    assert (out["occurred_at"] == out["occurred_at"].dt.normalize()).all()
    assert set(calendar_months(out["occurred_at"])) == set(range(36))


def test_shipped_teams_are_treated_from_the_month_after_they_joined(shipped: Organisation) -> None:
    joined = shipped.people.groupby("team_id")["joined_at"].min()
    out = shipped["outcomes"]
    begins = START + calendar_months(out["occurred_at"]) * MONTH
    since = (begins - pd.to_datetime(out["unit_id"].map(joined))) / pd.Timedelta(days=1)
    treated = out["treated"].to_numpy(bool)
    # times are whole days: a month that begins on the day of joining may fall on either side
    assert treated[since > 1].all()
    assert not treated[since < -1].any()
    assert 0.3 < treated.mean() < 0.95
    comparison = shipped.people.groupby("team_id")["is_comparison"].first()
    half = START + 18 * MONTH
    early = out[begins < half]
    assert not early["treated"][early["unit_id"].map(comparison)].any()


def test_shipped_costs_are_hours_times_the_rate(shipped: Organisation) -> None:
    done = shipped["completions"].dropna(subset="duration_seconds")
    done = done.merge(shipped["learners"][["learner_id", "team_id"]], on="learner_id")
    month = np.minimum(((done["occurred_at"] - START) / MONTH).astype(int), 35)
    hours = done["duration_seconds"].groupby([done["team_id"], month]).sum() / 3600
    out = shipped["outcomes"]
    at = calendar_months(out["occurred_at"])
    expected = hours.reindex(list(zip(out["unit_id"], at, strict=True))).fillna(0).to_numpy()
    assert expected.sum() > 1000
    np.testing.assert_allclose(out["cost"], PLANTED.hourly_cost * expected, atol=2)
