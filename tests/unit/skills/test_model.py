"""The learner-skill model as shipped: how its parts are fitted together."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import recommender.skills.model as model_module
from recommender.domain.catalog import Catalog
from recommender.skills.calibration import PlattScaling
from recommender.skills.difficulty import DifficultyConfig, fit_difficulty
from recommender.skills.linear import LinearConfig
from recommender.skills.mastery_training import MasteryConfig
from recommender.skills.memory import MemoryConfig, MemoryInput
from recommender.skills.model import SkillModel, SkillModelConfig
from recommender.skills.records import FEATURE
from recommender.skills.state import fold
from recommender.skills.trees import TreesConfig
from tests.unit.skills.streams import CATALOG, SMALL, columns, events_of, simulated

SEED, N_LEARNERS = 11, 40
OF_THE_TABLE = [
    FEATURE[name] for name in ("difficulty", "skill_difficulty", "expected_score", "item_log_count")
]


@pytest.fixture(scope="module")
def attempts():
    return simulated(np.random.default_rng(1), n_learners=N_LEARNERS, n_attempts=2000)


@pytest.fixture(scope="module")
def held_out():
    return np.arange(N_LEARNERS) % 4 == 0


def fit(attempts, catalog=CATALOG, held_out=None, **config):
    chosen = SkillModelConfig.model_validate(SMALL.model_dump() | config)
    return SkillModel(chosen).fit(attempts, catalog, seed=SEED, held_out=held_out)


@pytest.fixture(scope="module")
def usual(attempts):
    return fit(attempts)


def flipped(attempts, rows):
    passed = np.where(rows, 1 - attempts.passed, attempts.passed)
    return replace(attempts, passed=passed, score=passed)


# What is seen by what


class Seen:
    """What a fit did, in order: whom each difficulty and memory saw, and what was replayed by them."""

    def __init__(self, patch):
        self.memories, self.replays = [], []
        self._learners_of = {}
        real_fit, real_memory, real_replay = (
            getattr(model_module, name) for name in ("fit_difficulty", "fit_memory", "replay")
        )

        def fit_difficulty(attempts, *args, **kwargs):
            table = real_fit(attempts, *args, **kwargs)
            # A table that takes up a memory keeps its arrays.
            self._learners_of[id(table.item_difficulty)] = (
                table.item_difficulty,
                set(attempts.learner.tolist()),
            )
            return table

        def fit_memory(attempts, *args, **kwargs):
            fitted = real_memory(attempts, *args, **kwargs)
            self.memories.append((fitted[0], set(attempts.learner.tolist())))
            return fitted

        def replay(attempts, catalog, table, output=None):
            features = real_replay(attempts, catalog, table, output)
            self.replays.append((attempts, table, features))
            return features

        for function in (fit_difficulty, fit_memory, replay):
            patch.setattr(model_module, function.__name__, function)

    def by_difficulty(self, table):
        return self._learners_of[id(table.item_difficulty)][1]

    def by_memory(self, table):
        return next((learners for memory, learners in self.memories if memory is table.memory), set())


@pytest.fixture
def seen(monkeypatch):
    return Seen(monkeypatch)


def test_what_features_rest_on_has_not_seen_their_learner(attempts, seen):
    fit(attempts, n_folds=3)
    assert len(seen.replays) == 2 * (3 + 1)
    assert len(seen.memories) == 3 + 1
    for rows, table, _ in seen.replays:
        mine = set(rows.learner.tolist())
        assert mine
        assert not mine & seen.by_difficulty(table)
        assert not mine & seen.by_memory(table)
    # The second time by tables with a memory, and everybody once.
    assert all(len(table.memory.item) for _, table, _ in seen.replays[4:])
    replayed = [n for rows, _, _ in seen.replays[:4] for n in np.unique(rows.learner).tolist()]
    assert sorted(replayed) == list(range(N_LEARNERS))


def features_while_fitting(attempts, learner, held_out):
    """Features of one learner's rows in both passes, in the order of time."""
    with pytest.MonkeyPatch.context() as patch:
        seen = Seen(patch)
        fit(attempts, held_out=held_out)
    found = [f[rows.learner == learner] for rows, _, f in seen.replays if (rows.learner == learner).any()]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("learner", [3, 17, 4], ids=["training", "another", "held out"])
def test_no_answer_of_a_learner_moves_the_table_that_their_features_rest_on(attempts, held_out, learner):
    mine = attempts.learner == learner
    before, after = (
        features_while_fitting(a, learner, held_out) for a in (attempts, flipped(attempts, mine))
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[:, OF_THE_TABLE], other[:, OF_THE_TABLE])
        # But what the answers themselves tell is another story.
        assert (one[1:, FEATURE["pass_mean"]] != other[1:, FEATURE["pass_mean"]]).any()


def test_a_last_answer_moves_nothing_that_was_known_before_it(attempts, held_out):
    last = np.flatnonzero(attempts.learner == 17)[-1]
    before, after = (
        features_while_fitting(a, 17, held_out)[1]
        for a in (attempts, flipped(attempts, np.arange(len(attempts)) == last))
    )
    known = np.delete(np.arange(before.shape[1]), FEATURE["memory_logit"])
    np.testing.assert_array_equal(before[:, known], after[:, known])
    # The memory comes from others' answers, and those are read beside tables that this answer is in.
    memory = FEATURE["memory_logit"]
    assert np.abs(before[:, memory] - after[:, memory]).max() < 0.05 * np.ptp(before[:, memory])


def test_learners_held_out_decide_when_boosting_stops_and_the_calibration_only(attempts, held_out):
    one = fit(attempts, held_out=held_out)
    other = fit(flipped(attempts, held_out[attempts.learner]), held_out=held_out)
    assert one.difficulty_.id == other.difficulty_.id
    np.testing.assert_array_equal(one.linear_.weight_, other.linear_.weight_)
    np.testing.assert_array_equal(one.memory_.item, other.memory_.item)
    assert one.calibration_ != other.calibration_
    gone = fit(attempts.take(~held_out[attempts.learner]), held_out=np.zeros(N_LEARNERS, bool))
    np.testing.assert_array_equal(one.linear_.weight_, gone.linear_.weight_)
    np.testing.assert_array_equal(one.memory_.item, gone.memory_.item)


def test_what_is_served_reads_difficulty_and_memory_from_all_but_those_held_out(attempts, held_out):
    config = DifficultyConfig(item_prior_attempts=3.0)
    served = fit(attempts, held_out=held_out, difficulty=config).difficulty_
    assert len(served.memory.item) == len(CATALOG.item_ids)
    expected = fit_difficulty(attempts.take(~held_out[attempts.learner]), CATALOG, config)
    assert replace(served, memory=MemoryInput.none()).id == expected.id
    everybody = fit(attempts, held_out=np.zeros(N_LEARNERS, bool), difficulty=config).difficulty_
    whole = fit_difficulty(attempts, CATALOG, config)
    assert replace(everybody, memory=MemoryInput.none()).id == whole.id


@pytest.mark.parametrize("n", [0, 1, 3], ids=["nobody", "one learner", "three"])
def test_without_enough_held_out_there_are_no_trees(attempts, n):
    model = fit(attempts, held_out=np.arange(N_LEARNERS) < n)
    assert len(model.trees_.feature_) == 0
    assert model.memory_.item.any()


def test_nor_with_held_out_learners_who_all_pass(attempts, held_out):
    passed = np.where(held_out[attempts.learner], 1.0, attempts.passed)
    model = fit(replace(attempts, passed=passed), held_out=held_out)
    assert len(model.trees_.feature_) == 0
    assert np.isfinite(model.predict(attempts, CATALOG)).all()


# Configuration


def test_every_part_is_given_its_configuration(attempts, usual):
    assert fit(attempts, difficulty=DifficultyConfig(skill_prior_attempts=1)).difficulty_.id != (
        usual.difficulty_.id
    )
    shrunk = fit(attempts, linear=LinearConfig(inverse_penalty=1e-4))
    assert np.abs(shrunk.linear_.weight_).max() < np.abs(usual.linear_.weight_).max()
    assert len(fit(attempts, memory=MemoryConfig(epochs=0)).memory_.item) == 0
    assert (
        len(fit(attempts, trees=TreesConfig(max_rounds=0)).trees_.feature_) == 0 < len(usual.trees_.feature_)
    )
    leaning = fit(attempts, mastery=MasteryConfig(penalty=1e6))
    assert leaning.mastery_.weight_.sum() < 0.1 * usual.mastery_.weight_.sum()
    assert fit(attempts, n_folds=2).calibration_ != usual.calibration_
    assert fit(attempts, held_out_fraction=0.5).calibration_ != usual.calibration_


def test_of_too_many_attempts_learners_are_drawn_whole(attempts, seen):
    fit(attempts, max_attempts=1000)
    rows = [rows for rows, _, _ in seen.replays[:4]]
    assert 800 < sum(len(r) for r in rows) <= 1000
    for replayed in rows:
        counts = np.bincount(replayed.learner, minlength=N_LEARNERS)
        whole = np.bincount(attempts.learner, minlength=N_LEARNERS)
        np.testing.assert_array_equal(counts[counts > 0], whole[counts > 0])


def test_where_one_learner_is_too_much_one_is_taken(attempts):
    """Nothing at all would be a model of nothing."""
    model = fit(attempts, max_attempts=1)
    assert model.linear_.weight_.any()
    assert np.isfinite(model.predict(attempts, CATALOG)).all()


def test_one_learner_leaves_the_scale_alone():
    few = simulated(np.random.default_rng(2), n_learners=1, n_attempts=100)
    assert fit(few).calibration_ == PlattScaling()


def test_learners_without_attempts_count_for_nothing(attempts, usual):
    more = fit(replace(attempts, n_learners=N_LEARNERS + 50))
    np.testing.assert_array_equal(more.mastery_.weight_, usual.mastery_.weight_)
    np.testing.assert_array_equal(more.linear_.weight_, usual.linear_.weight_)


def test_mastery_is_of_an_item_met_for_the_first_time():
    """Where the second try on an item nearly always succeeds, mastery must not count on second tries."""
    n_items, n_learners, n_each = 12, 150, 24
    catalog = Catalog.from_tables(
        {
            "skills": pa.table({"skill_id": ["s"], "name": ["S"]}),
            "items": pa.table({"item_id": [f"i{i}" for i in range(n_items)], "skill_ids": [["s"]] * n_items}),
        }
    )
    rng = np.random.default_rng(3)
    item = rng.integers(0, n_items, (n_learners, n_each))
    rows = []
    for learner in range(n_learners):
        seen = set()
        for step, asked in enumerate(item[learner].tolist()):
            passed = rng.random() < (0.95 if asked in seen else 0.35)
            seen.add(asked)
            rows.append((learner, asked, float(passed), float(step)))
    attempts = columns(rows, n_learners=n_learners, catalog=catalog)
    model = fit(attempts, catalog)
    mastery = [
        model.mastery(fold(events_of(attempts, n, catalog), model.difficulty_), catalog, now=1e4).mastery[0]
        for n in range(n_learners)
    ]
    assert attempts.passed.mean() > 0.6
    assert np.mean(mastery) < 0.5


def test_config_refuses_what_it_cannot_use():
    for wrong in ({"n_folds": 1}, {"folds": 5}, {"held_out_fraction": 0}, {"max_attempts": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SkillModelConfig(**wrong)
