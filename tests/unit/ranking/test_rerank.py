import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import build_interactions
from recommender.embeddings.content import Content
from recommender.ranking.rerank import likeness
from tests.unit.ranking.compiled import diverse_top

IDS = ["a1", "a2", "a3", "b1", "b2", "c1"]


def by_skills(ids=IDS):
    """Modules teach the skill that they are named after; a1 and b1 teach a second one."""
    second = {"a1": ["x"], "b1": ["y"]}
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": ids,
                    "title": [f"Title {m}" for m in ids],
                    "skill_ids": [[m[0], *second.get(m, [])] for m in ids],
                }
            ),
            "skills": pa.table({"skill_id": list("abcxy")}),
        }
    )


def chosen(weight, k=4, score=(6.0, 5.9, 5.8, 5.0, 4.9, 4.0)):
    scores = np.array(score)
    found = diverse_top(scores, np.ones(6, bool), k, IDS, weight=weight, alike=likeness(by_skills(), {}))
    return [IDS[m] for m in found]


def test_likeness_of_skills_is_their_cosine():
    alike = likeness(by_skills(), {})
    row = slice(alike.start[0], alike.start[1])
    found = {IDS[m]: w for m, w in zip(alike.modules[row], alike.weights[row], strict=True)}
    assert found == pytest.approx({"a2": 1 / np.sqrt(2), "a3": 1 / np.sqrt(2)})


def test_the_heavier_the_weight_the_more_subjects():
    assert chosen(0.0) == ["a1", "a2", "a3", "b1"]
    # a1 and a2 are alike by .71, a2 and a3 by 1: a3 falls below b1, then b2 as well.
    assert chosen(0.9) == ["a1", "a2", "b1", "a3"]
    assert chosen(2.0) == ["a1", "b1", "a2", "c1"]
    assert chosen(50.0) == ["a1", "b1", "c1", "a2"]


def test_what_pays_for_likeness_stays():
    assert chosen(1.0, k=2, score=(6.0, 5.9, 0.0, 5.0, 0.0, 0.0)) == ["a1", "a2"]
    assert chosen(1.4, k=2, score=(6.0, 5.9, 0.0, 5.0, 0.0, 0.0)) == ["a1", "b1"]


def test_the_content_view_says_what_is_alike_where_there_is_one():
    catalog, none = by_skills(), np.zeros(0, int)
    nobody = build_interactions(none, none, np.zeros(0), n_learners=0, role=none, segment=none, n_modules=6)
    view = Content().fit(nobody, catalog, seed=0)
    assert likeness(catalog, {"content": view}) is view.neighbours_


def test_a_large_catalogue_without_skills_is_alike_in_nothing():
    ids = [f"m{i}" for i in range(600)]
    catalog = Catalog.from_tables({"modules": pa.table({"module_id": ids, "title": ids})})
    alike = likeness(catalog, {})
    assert len(alike.modules) == 0
    ordered = diverse_top(np.arange(600.0), np.ones(600, bool), 3, ids, weight=9.0, alike=alike)
    assert ordered == [599, 598, 597]
