from dataclasses import replace

import numpy as np
import pytest

from recommender.skills.difficulty import fit_difficulty
from recommender.skills.model import SkillModelConfig
from recommender.skills.records import FEATURE
from recommender.skills.replay import replay
from tests.unit.training.gain.world import DAY, START, Studies, make_world, with_answers
from training.gain.before import read_before, with_questions
from training.gain.config import GainConfig
from training.gain.outcomes import find_outcomes

CONFIG = SkillModelConfig()


@pytest.fixture(scope="module")
def world():
    return make_world(90, seed=0)


@pytest.fixture(scope="module")
def outcomes(world):
    return find_outcomes(world.attempts, world.studies, world.catalog, GainConfig())


@pytest.fixture(scope="module")
def fold(world):
    return np.arange(world.attempts.n_learners) % 3


def read(world, outcomes, fold):
    return read_before(world.attempts, outcomes, world.catalog, CONFIG, fold)


def test_nobody_of_a_fold_is_in_what_predicts_it(world, outcomes, fold):
    """All answers of the fold from the first module on are turned round: what was expected of it stays."""
    attempts = world.attempts
    its, later = fold[attempts.learner] == 1, attempts.at > START + 5.0 * DAY
    turned = with_answers(world, np.where(its & later, 1.0 - attempts.passed, attempts.passed))
    before, after = read(world, outcomes, fold), read(turned, outcomes, fold)
    of_fold = fold[attempts.learner[outcomes.row]] == 1
    for name in ("mastery_logit", "item_logit"):
        np.testing.assert_array_equal(getattr(before, name)[of_fold], getattr(after, name)[of_fold])
        assert (getattr(before, name)[~of_fold] != getattr(after, name)[~of_fold]).any(), "others learn of it"


def test_what_was_passed_before_counts(world, outcomes, fold):
    attempts = world.attempts
    first = attempts.at < START + 5.0 * DAY
    better = with_answers(world, np.where(first & (fold[attempts.learner] == 1), 1.0, attempts.passed))
    of_fold = fold[attempts.learner[outcomes.row]] == 1
    gained = read(better, outcomes, fold).mastery_logit - read(world, outcomes, fold).mastery_logit
    assert gained[of_fold].min() >= 0.0
    assert gained[of_fold].mean() > 0.3


def test_outcomes_do_not_change_with_what_comes_after(world, outcomes):
    """Cut off in the middle of the second check, what is left is the same."""
    attempts, studies = world.attempts, world.studies
    cut = START + 60.0 * DAY + 7.5
    kept = attempts.at <= cut
    rows = np.flatnonzero(kept)
    fewer = replace(
        attempts,
        skills=type(attempts.skills)(np.arange(len(rows) + 1), attempts.skills.values[rows]),
        **{
            name: getattr(attempts, name)[rows]
            for name in ("learner", "item", "module", "passed", "score", "at")
        },
    )
    again = find_outcomes(fewer, studies, world.catalog, GainConfig())
    same = kept[outcomes.row]
    assert 0 < same.sum() < len(outcomes)
    np.testing.assert_array_equal(rows[again.row], outcomes.row[same])
    np.testing.assert_array_equal(again.before_at, outcomes.before_at[same])
    assert (again.taught != outcomes.taught[same]).nnz == 0


def test_controls_are_of_skills_that_nothing_taught(world, outcomes):
    studies, learner = world.studies, world.attempts.learner[outcomes.row]
    done = set(zip(studies.learner.tolist(), (studies.module % 4).tolist(), strict=True))
    pairs = zip(learner.tolist(), outcomes.skill.tolist(), strict=True)
    assert [pair in done for pair in pairs] == outcomes.treated.tolist()
    entry = outcomes.taught[outcomes.treated].indices
    assert (entry % 4 == outcomes.skill[outcomes.treated]).all()
    begun = {(i, m): t for i, m, t in zip(studies.learner, studies.module, studies.begun_at, strict=True)}
    treated = zip(learner[outcomes.treated], entry, outcomes.before_at[outcomes.treated], strict=True)
    assert all(at == begun[i, m] for i, m, at in treated)


def test_what_belongs_to_the_module_itself_or_comes_late_tells_nothing(world):
    studies, attempts, catalog = world.studies, world.attempts, world.catalog
    one = studies.learner == 0
    only = Studies(
        *(getattr(studies, name)[one][:1] for name in ("learner", "module", "begun_at", "finished_at"))
    )
    skill = int(only.module[0]) % 4
    inside = np.full(len(attempts), only.module[0], np.int32)
    its = find_outcomes(replace(attempts, module=inside), only, catalog, GainConfig())
    assert not its.treated.any()
    assert len(its)
    assert (its.skill != skill).all()
    assert len(find_outcomes(attempts, only, catalog, GainConfig(max_days=20.0))) == 0
    few = find_outcomes(attempts, only, catalog, GainConfig(max_answers=3))
    assert few.treated.sum() == 3
    unfinished = replace(only, finished_at=np.array([np.inf]))
    assert len(find_outcomes(attempts, unfinished, catalog, GainConfig())) == 0


def test_a_question_sees_what_came_before_its_moment_and_changes_nothing(world):
    attempts, catalog = world.attempts, world.catalog
    table = fit_difficulty(attempts, catalog)
    finished = float(world.studies.finished_at[0])
    skill = int(world.studies.module[0]) % 4
    moments = np.array([START - 1.0, finished, finished + 1.0, START + 61.0 * DAY])
    who = np.zeros(4, np.int64)
    rows, place = with_questions(attempts, who, np.full(4, skill), moments)
    features = replay(rows, catalog, table)
    np.testing.assert_array_equal(rows.at[place], moments)
    taught = features[place, FEATURE["skill_log_taught_hours"]]
    np.testing.assert_allclose(taught, np.log1p([0.0, 0.0, 1.0, 1.0]), rtol=1e-6)
    assert features[place, FEATURE["skill_log_attempts"]].tolist() == pytest.approx(
        np.log1p([0, 4, 4, 8]).tolist()
    )
    answers = np.setdiff1d(np.arange(len(rows)), place)
    order = np.argsort(attempts.learner, kind="stable")
    np.testing.assert_array_equal(features[answers], replay(attempts, catalog, table)[order])
