"""The way to pyBKT and back, with a stand-in of its interface; the package itself is optional."""

import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.domain.catalog import Ragged
from recommender.errors import NotFittedError
from recommender.skills.columns import AttemptColumns
from training.evaluation.bkt import BayesianKnowledgeTracing, one_skill, why_not


def attempts(skills: list[list[int]]) -> AttemptColumns:
    n = len(skills)
    passed = (np.arange(n) % 2).astype(np.float64)
    items = np.arange(n, dtype=np.int32)
    return AttemptColumns(np.arange(n) % 3, items, Ragged.of(skills), items, passed, passed, passed, 3)


def test_rows_with_one_skill_are_found():
    assert one_skill(attempts([[0], [], [1, 2], [2]])).tolist() == [True, False, False, True]


def test_answers_come_back_in_the_order_of_the_rows(pybkt):
    """The stand-in sorts its rows by learner, as pyBKT does, and answers with the skill."""
    model = BayesianKnowledgeTracing(seed=4).fit(attempts([[2], [5], [2], [5]]))
    assert (model.model_.seed, model.model_.parallel) == (4, False)
    asked = attempts([[5], [2], [7], [5], [2]])
    assert model.predict(asked).tolist() == [0.05, 0.02, 0.5, 0.05, 0.02]


def test_skills_that_nobody_learned_from_are_not_asked_of_it(pybkt):
    """PyBKT refuses a question without any skill that it knows."""
    model = BayesianKnowledgeTracing(seed=0).fit(attempts([[2], [2]]))
    assert model.predict(attempts([[7], [8]])).tolist() == [0.5, 0.5]


def test_nothing_is_predicted_before_it_is_fitted():
    with pytest.raises(NotFittedError):
        BayesianKnowledgeTracing(seed=0).predict(attempts([[1]]))


def test_one_that_runs_has_no_reason_against_it(pybkt):
    assert why_not() is None


def test_one_that_does_not_run_is_said_to(pybkt: Path):
    (pybkt / "models.py").write_text("raise AttributeError('no such dtype')\n")
    sys.modules.pop("pyBKT.models", None)
    assert why_not().startswith("pyBKT does not run here (AttributeError: no such dtype); install it")


def test_none_is_said_to_be_absent(no_pybkt):
    assert why_not() == "the package pyBKT is not installed (extra bench)"
