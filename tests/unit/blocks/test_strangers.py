"""Strangers: what anybody in the same place would be told."""

import numpy as np
import pytest

from recommender.blocks.strangers import StrangerBook
from recommender.domain.recommendation import Query
from recommender.embeddings import History
from recommender.ranking.config import RankingConfig
from recommender.ranking.value import ValueWeights
from tests.unit.worlds import NOW, answers, finished, make_engine, plain_skills

MODULES = {f"m{i}": {"difficulty": d, "skill_ids": ["s"]} for i, d in enumerate((0.1, 0.3, 0.5, 0.7))}
TABLES = {
    "skills": [{"skill_id": "s", "name": "Sums"}],
    "roles": [{"role_id": "analyst", "title": "Analyst"}, {"role_id": "tester", "title": "Tester"}],
    "items": [{"item_id": "q", "skill_ids": ["s"]}],
}
STARTED = [["m0", "m1"]] * 6 + [["m2"]] * 3 + [["m3", "m0"]]


def book_of(engine):
    return StrangerBook(engine.bundle, engine.bundle.preferences)


def places(*pairs):
    role, segment = np.array(pairs, np.int32).T
    return role, segment


@pytest.fixture(scope="module")
def engine():
    views = ["popularity", "transitions"]
    return make_engine(
        MODULES, started=STARTED, views=views, model=plain_skills([0.4], 1, n_roles=2), **TABLES
    )


def test_a_stranger_is_somebody_with_no_history(engine):
    found = book_of(engine).of(*places((0, 1), (-1, -1), (0, 1)), ahead=False, floor=0.05)
    everything = np.ones(engine.catalog.n_modules, np.bool_)
    for row, (role, segment) in enumerate([(0, 1), (-1, -1), (0, 1)]):
        history = History.empty(role, segment)
        liked = engine.bundle.preferences.prefer(history, everything, 0.05).mix
        np.testing.assert_array_equal(found.liked[row], liked)
    told = {m.module_id: m.success_probability for m in engine.recommend(None, now=NOW).modules}
    expected = [told[module_id] for module_id in engine.catalog.module_ids]
    np.testing.assert_allclose(found.success[1], expected)


def test_an_even_share_is_that_of_the_question(engine):
    book, nobody = book_of(engine), places((-1, -1))
    little, much = (book.of(*nobody, ahead=False, floor=floor).liked[0] for floor in (0.05, 0.5))
    assert np.ptp(much) < np.ptp(little)


def test_without_a_skill_model_the_declared_difficulty_is_told():
    plain = make_engine(MODULES, **TABLES)
    found = book_of(plain).of(*places((-1, -1)), ahead=False, floor=0.05)
    np.testing.assert_allclose(found.success[0], [0.9, 0.7, 0.5, 0.3])
    np.testing.assert_allclose(found.liked[0], 0.25)


def text_of(engine, learner, module_id, **query):
    asked = Query(k=10, **query)
    (module,) = [
        m for m in engine.recommend(learner, None, asked, now=NOW).modules if m.module_id == module_id
    ]
    return {r.code: r.text for r in module.reasons}.get("right_difficulty")


def test_what_was_done_is_named_where_it_put_the_chance_into_the_band():
    """With nothing known the chance is one half, below what newcomers are offered; passes make it 5 in 6."""
    engine = make_engine({"sums": {"skill_ids": ["s"]}}, model=plain_skills([0.0], 1, n_roles=2), **TABLES)
    said = text_of(engine, answers("++++", start=NOW), "sums", challenge="easier")
    assert said.startswith("Your chance of passing is about 83%; what you have done puts that inside the ")


def test_what_was_done_is_not_named_where_anybody_would_be_in_the_band():
    """With nothing known the chance is four in five already."""
    inside = TABLES | {"items": [{"item_id": "q", "skill_ids": ["s"], "module_id": "sums"}]}
    easy = plain_skills([np.log(0.25)], 1, n_roles=2)
    engine = make_engine({"sums": {"skill_ids": ["s"]}}, model=easy, **inside)
    for learner in (None, answers("+-", start=NOW)):
        said = text_of(engine, learner, "sums")
        assert said.startswith("Your chance of passing is about 80%, inside the ")


def test_where_only_the_band_moved_the_sentence_is_true_as_well():
    """Thirty passes move the band down to .45; the chance, which is declared, is that of everybody."""
    engine = make_engine({"sums": {"difficulty": 0.53}})
    assert text_of(engine, None, "sums") is None
    said = text_of(engine, answers("+" * 30, start=NOW), "sums")
    assert said.startswith("Your chance of passing is about 47%; what you have done puts that inside the 4")


def test_what_was_handed_over_is_not_said_to_be_taken_by_many():
    """Nobody started the easier variant; what it stands for is told under adjustment."""
    variants = {
        "hard": {"difficulty": 0.8, "variant_of": None},
        "easy": {"difficulty": 0.3, "variant_of": "hard"},
        "other": {"difficulty": 0.9},
    }
    ranking = RankingConfig(value=ValueWeights(preference=4.0))
    engine = make_engine(variants, started=[["hard"]] * 9, views=["popularity"], ranking=ranking)
    first = engine.recommend(None, None, Query(k=3), now=NOW).modules[0]
    assert first.module_id == "easy"
    assert first.adjustment.from_module_id == "hard"
    assert {reason.code for reason in first.reasons} == {"right_difficulty"}


def test_tiny_parts_of_popularity_divide_nothing_by_nothing():
    ranking = RankingConfig(view_weights={"transitions": 1.0, "popularity": 1e-20})
    engine = make_engine(
        MODULES, started=STARTED, views=["popularity", "transitions"], ranking=ranking, **TABLES
    )
    answer = engine.recommend(finished("m0"), now=NOW)
    assert [m.module_id for m in answer.modules]
