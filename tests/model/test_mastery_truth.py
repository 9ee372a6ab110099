"""The judge of mastery is right: who knows the laws comes nearest to the truth, luck comes nowhere."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from tests.model.mastery_estimates import counts, oracle_filter, own_share, skill_mean, truncated
from tests.model.mastery_figures import figures, within
from tests.model.mastery_history import ANSWER, histories
from tests.model.mastery_laws import read_laws
from tests.model.mastery_moments import CHECK, END, MIDWAY, true_mastery
from training.datasets.load import load_dataset
from training.datasets.sample.simulate import TRUTH

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "data" / "reskilling"
N_LEARNERS = 200
N_SAMPLES = 80


def excerpt(file, people):
    """The rows of some people; every row of a table that is not about people."""
    table = pq.read_table(file)
    if "learner_id" in table.column_names:
        return table.filter(pc.is_in(table["learner_id"], people))
    if "event_id" in table.column_names:
        return table.filter(
            pc.is_in(pc.utf8_slice_codeunits(table["event_id"], 0, len("sim-000001")), people)
        )
    return table


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The first people of the shipped organisation and the truth of them: simulating anew compiles long."""
    out = tmp_path_factory.mktemp("mastery") / "some"
    (out / TRUTH).mkdir(parents=True)
    people = pq.read_table(SHIPPED / "learners.parquet")["learner_id"].slice(0, N_LEARNERS).combine_chunks()
    for file in (*SHIPPED.glob("*.parquet"), *SHIPPED.glob(f"{TRUTH}/*.parquet")):
        pq.write_table(excerpt(file, people), out / file.relative_to(SHIPPED))
    shutil.copy(SHIPPED / TRUTH / "parameters.json", out / TRUTH)
    return load_dataset(out)


@pytest.fixture(scope="module")
def laws(data):
    return read_laws(data)


@pytest.fixture(scope="module")
def seen(data, laws):
    return histories(data, laws, np.ones(N_LEARNERS, np.bool_))


@pytest.fixture(scope="module")
def pairs(data, laws, seen):
    found = true_mastery(data, laws, np.ones(N_LEARNERS, np.bool_), np.random.default_rng(0))
    found["n_attempts"], found["n_passed"] = counts(laws, seen, found)
    return found


@pytest.fixture(scope="module")
def oracle(data, laws, seen, pairs):
    return oracle_filter(data, laws, seen, pairs, np.random.default_rng(0), N_SAMPLES)


@pytest.fixture(scope="module")
def naive(data, laws, pairs):
    everybody = np.ones(N_LEARNERS, np.bool_)
    return own_share(data, laws, everybody, pairs), skill_mean(data, laws, everybody, pairs)


@pytest.fixture(scope="module")
def tried(pairs):
    return pairs["n_attempts"].to_numpy() > 0


def test_every_kind_of_moment_is_looked_at(pairs):
    assert set(pairs["kind"]) == {END, MIDWAY, CHECK}
    assert pairs["truth"].between(0, 1).all()
    assert not pairs.duplicated(["moment", "skill"]).any()


def test_the_filter_beats_naive_estimates(pairs, oracle, naive, tried):
    best = figures(pairs[tried], oracle[tried])
    for estimate in naive:
        other = figures(pairs[tried], estimate[tried])
        assert best.pooled > other.pooled + 0.15
        assert best.error < 0.7 * other.error
    own = figures(pairs[tried], naive[0][tried])
    assert best.within > own.within + 0.15


def test_the_filter_comes_near_the_truth_where_there_are_many_answers(pairs, oracle):
    many = pairs["n_attempts"].to_numpy() > 8
    assert figures(pairs[many], oracle[many]).pooled > 0.85


def test_intervals_of_the_filter_cover_what_they_say(pairs, oracle, tried):
    for rows in (tried, ~tried):
        found = figures(pairs[rows], oracle[rows])
        assert 0.74 < found.coverage < 0.86
        assert abs(found.bias) < 0.03


def test_the_filter_sees_nothing_of_the_future(data, laws, seen, pairs, oracle):
    """Answers after a moment, turned round, change nothing at it."""
    midway = pairs[pairs["kind"] == MIDWAY]
    some = midway[midway["learner"] < 20].reset_index(drop=True)
    day = some.groupby("learner")["day"].first()
    changed = {who: steps.copy() for who, steps in seen.items() if who < 20}
    n_changed = 0
    for who, steps in changed.items():
        later = (steps["kind"] == ANSWER) & (steps["known"] >= day[who])
        steps["passed"][later] ^= True
        n_changed += later.sum()
    assert n_changed > 100
    again = oracle_filter(data, laws, changed, some, np.random.default_rng(0), N_SAMPLES)
    np.testing.assert_array_equal(again, oracle[(pairs["kind"] == MIDWAY) & (pairs["learner"] < 20)])


def test_shuffled_among_learners_the_filter_knows_nothing_within_skills(pairs, oracle):
    rng, end = np.random.default_rng(1), (pairs["kind"] == END).to_numpy()
    table = oracle[end, 0].reshape(N_LEARNERS, -1)
    shuffled = table[rng.permutation(N_LEARNERS)].ravel()
    skill, truth = pairs["skill"][end].to_numpy(), pairs["truth"][end].to_numpy()
    assert abs(within(skill, shuffled, truth)) < 0.1
    assert within(skill, table.ravel(), truth) > 0.5


def test_skill_difficulty_alone_wins_nothing_within_skills(pairs, naive, tried):
    assert np.isnan(figures(pairs[tried], naive[1][tried]).within)


def test_who_says_the_truth_is_found_to(pairs):
    truth = pairs["truth"].to_numpy()
    found = figures(pairs, np.stack([truth, truth - 0.1, truth + 0.1], axis=1))
    assert (found.pooled, found.within, found.coverage) == pytest.approx((1, 1, 1))
    assert (found.error, found.width) == pytest.approx((0, 0.2))


def test_a_truth_told_in_digits_is_covered_by_the_share_that_may_be_it():
    told = pd.DataFrame({"skill": [0], "truth": [0.5], "rounded": [0.005]})
    assert figures(told, np.array([[0.5, 0.5, 0.7]])).coverage == pytest.approx(0.5)


def test_no_sample_outweighs_all_others():
    log_weight = np.zeros(100)
    log_weight[0] = np.log(1000.0)
    assert truncated(log_weight).max() < 0.6
    assert truncated(np.log([1.0, 2.0])).tolist() == pytest.approx([1 / 3, 2 / 3])


def test_a_world_that_the_seed_does_not_make_is_refused(data, tmp_path):
    (tmp_path / TRUTH).mkdir()
    for name in ("items.parquet", "skills.parquet", "parameters.json"):
        (tmp_path / TRUTH / name).write_bytes((data.path / TRUTH / name).read_bytes())
    file = tmp_path / TRUTH / "parameters.json"
    file.write_text(file.read_text().replace('"seed": 0', '"seed": 4'))
    moved = type(data)(**{f: getattr(data, f) for f in data.__dataclass_fields__} | {"path": tmp_path})
    with pytest.raises(DatasetError, match="python -m training sample"):
        read_laws(moved)
