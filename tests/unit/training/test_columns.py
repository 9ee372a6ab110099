"""From tables to arrays: numbering, lists, times, segments."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.domain.dataset_format import SEGMENTS
from training.columns import attempt_columns, catalog_of, folds_of, held_out_of, interactions_of
from training.datasets import load_dataset

MODULES = "module_id,title,description,difficulty,skill_ids,tags\nb,B,,0.3,t,\na,A,,,s|t,\n"
SKILLS = "skill_id,name\ns,S\nt,T\n"


@pytest.fixture
def load(tmp_path: Path):
    """Load a dataset from its tables as text."""

    def loaded(**tables: str):
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return load_dataset(tmp_path)

    return loaded


def test_the_catalogue_keeps_the_order_and_drops_columns_without_a_value(load):
    catalog = catalog_of(load(modules=MODULES, skills=SKILLS))
    assert catalog.module_ids == ("b", "a")
    assert catalog.tables["modules"].column_names == ["module_id", "title", "skill_ids", "difficulty"]
    assert [catalog.module_skills[i].tolist() for i in range(2)] == [[1], [0, 1]]
    np.testing.assert_array_equal(catalog.difficulty, [0.3, np.nan])
    assert set(catalog.tables) == {"modules", "skills"}


def test_events_are_no_part_of_the_catalogue(load):
    dataset = load(completions="learner_id,module_id\nx,a\n")
    assert set(dataset.tables) == {"modules", "learners", "completions"}
    assert set(catalog_of(dataset).tables) == {"modules"}


def test_absent_tables_are_none(load):
    dataset = load(modules=MODULES, skills=SKILLS)
    catalog = catalog_of(dataset)
    assert attempt_columns(dataset, catalog, pass_mark=0.5) is None
    assert interactions_of(dataset, catalog) is None


def test_folds_are_by_the_learners_of_their_table(load):
    dataset = load(learners="learner_id\nx\ny\nz\n", folds="learner_id,fold\nz,1\nx,4\n")
    assert folds_of(dataset).tolist() == [4, 0, 1]


def test_no_folds_are_none(load):
    assert folds_of(load(modules=MODULES, skills=SKILLS)) is None


def test_the_test_set_keeps_the_order_of_its_table(load):
    dataset = load(modules=MODULES, skills=SKILLS, holdout="learner_id,module_id\ny,a\nx,b\ny,b\n")
    found = held_out_of(dataset, catalog_of(dataset))
    learners = dataset.tables["learners"]["learner_id"].tolist()
    assert [learners[place] for place in found.learner] == ["y", "x", "y"]
    assert found.module.tolist() == [1, 0, 0]


def test_no_test_set_is_none(load):
    dataset = load(modules=MODULES, skills=SKILLS)
    assert held_out_of(dataset, catalog_of(dataset)) is None


def test_a_table_without_a_row_is_none_too(tiny_dataset):
    dataset = load_dataset(tiny_dataset)
    catalog = catalog_of(dataset)
    for name in ("attempts", "completions"):
        dataset.tables[name] = dataset.tables[name].iloc[:0]
    assert attempt_columns(dataset, catalog, pass_mark=0.5) is None
    assert interactions_of(dataset, catalog) is None


def test_learners_are_numbered_as_in_their_table_also_those_without_an_attempt(load):
    dataset = load(
        learners="learner_id\nz\nidle\na\n", attempts="learner_id,item_id,score\na,i,1\nz,i,0\na,j,0.25\n"
    )
    attempts = attempt_columns(dataset, catalog_of(dataset), pass_mark=0.5)
    assert attempts.learner.tolist() == [2, 0, 2]
    assert attempts.n_learners == 3
    assert attempts.item.tolist() == [0, 0, 1]
    assert attempts.score.tolist() == [1, 0, 0.25]
    assert attempts.passed.tolist() == [1, 0, 0]
    assert attempts.module.tolist() == [-1, -1, -1]
    assert np.isnan(attempts.at).all()


def test_skills_of_an_attempt_are_its_own_once_each_and_in_its_order(load):
    dataset = load(
        modules=MODULES,
        skills=SKILLS,
        items="item_id,module_id,skill_ids\ni,a,t\nj,a,\nk,,\n",
        attempts="learner_id,item_id,score,skill_ids\nx,i,1,t|s|t\nx,i,1,\nx,j,1,\nx,k,1,\n",
    )
    attempts = attempt_columns(dataset, catalog_of(dataset), pass_mark=0.5)
    assert [attempts.skills[i].tolist() for i in range(4)] == [[1, 0], [1], [0, 1], []]
    assert attempts.module.tolist() == [1, 1, 1, -1]


def test_times_are_seconds(load):
    dataset = load(
        attempts="learner_id,item_id,score,occurred_at\nx,i,1,1970-01-02T00:00:00.5Z\n",
        completions="learner_id,module_id,occurred_at\nx,a,1970-01-01T00:00:09Z\n",
        modules=MODULES,
        skills=SKILLS,
    )
    catalog = catalog_of(dataset)
    np.testing.assert_array_equal(attempt_columns(dataset, catalog, pass_mark=0.5).at, [86_400.5])
    np.testing.assert_array_equal(interactions_of(dataset, catalog).at, [9])


def test_where_some_events_have_no_time_none_is_used_and_those_come_first(load):
    dataset = load(
        attempts="learner_id,item_id,score,occurred_at\nx,i,1,1970-01-02T00:00:00.5Z\nx,i,0,\n",
        completions="learner_id,module_id,occurred_at\nx,a,1970-01-01T00:00:09Z\nx,b,\n",
        modules=MODULES,
        skills=SKILLS,
    )
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=0.5)
    assert attempts.passed.tolist() == [0, 1]
    assert np.isnan(attempts.at).all()
    starts = interactions_of(dataset, catalog)
    assert np.isnan(starts.at).all()
    assert [catalog.module_ids[m] for m in starts.modules] == ["b", "a"], "what has no time comes first"


def test_a_segment_is_the_learner_s_own_else_the_role_s(load):
    dataset = load(
        modules=MODULES,
        skills=SKILLS,
        roles="role_id,title,segment\nlead,Lead,leader\nodd,Odd,\n",
        learners="learner_id,role_id,segment\nown,lead,user\nby_role,lead,\nno_segment,odd,\nnobody,,\nonly,,builder\n",
        completions="learner_id,module_id\nown,a\n",
    )
    starts = interactions_of(dataset, catalog_of(dataset))
    assert starts.role.tolist() == [0, 0, 1, -1, -1]
    named = [None if s < 0 else SEGMENTS[s] for s in starts.segment]
    assert named == ["user", "leader", None, None, "builder"]


def test_without_roles_nobody_has_one(load):
    dataset = load(completions="learner_id,module_id\nx,a\ny,a\n")
    starts = interactions_of(dataset, catalog_of(dataset))
    assert starts.role.tolist() == starts.segment.tolist() == [-1, -1]


def test_only_first_starts_are_kept(load):
    rows = ["x,a,2024-01-03", "x,b,2024-01-02", "x,a,2024-01-01", "y,b,2024-01-01"]
    dataset = load(
        modules=MODULES,
        skills=SKILLS,
        completions="learner_id,module_id,occurred_at\n" + "\n".join(rows) + "\n",
    )
    starts = interactions_of(dataset, catalog_of(dataset))
    assert starts.start.tolist() == [0, 2, 3]
    assert starts.modules.tolist() == [1, 0, 0]
    assert starts.at[:2].tolist() == [pd.Timestamp(f"2024-01-0{day}").timestamp() for day in (1, 2)]
    assert starts.n_modules == 2


def test_another_pass_mark_makes_another_table_of_difficulty(tiny_dataset):
    """States folded with another pass mark differ, so they must be known by another name."""
    from recommender.skills.difficulty import fit_difficulty

    dataset = load_dataset(tiny_dataset)
    catalog = catalog_of(dataset)
    ids = {
        fit_difficulty(attempt_columns(dataset, catalog, pass_mark=mark), catalog).id for mark in (0.5, 0.6)
    }
    assert len(ids) == 2
