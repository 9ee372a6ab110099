"""Content on a small catalogue of several languages, and what a word is."""

import numpy as np
import pyarrow as pa
import pydantic
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, History, build_interactions
from recommender.embeddings.content import Content, ContentConfig
from recommender.embeddings.words import Vocabulary, labels_of, texts_of, words

NOBODY = np.zeros(0, int)
MODULES = {
    "en-stats": ("Introduction to statistics", "Samples, variance and regression.", ["Statistics"], ["s"]),
    "en-regr": ("Linear regression", "Variance explained by regression.", ["statistics", "Models"], ["s"]),
    "en-pots": ("Pottery for beginners", "Clay and glaze.", ["craft"], []),
    "de-stat": ("Einführung in die Statistik", "Stichproben, Varianz und Regression.", ["statistics"], ["s"]),
    "de-ton": ("Töpfern", "Ton und GLASUR.", ["craft"], []),
    "zh-ml": ("机器学习基础", "监督学习与神经网络", ["models"], []),
    "zh-nn": ("神经网络", None, None, None),
    "th": ("การเรียนรู้ของเครื่อง", None, ["models"], []),
    "tagged": ("", None, ["craft"], []),
    "bare": ("", None, [], []),
}


def catalog(modules=MODULES, without=()):
    columns = dict(
        zip(("title", "description", "tags", "skill_ids"), zip(*modules.values(), strict=True), strict=True)
    )
    kept = {name: list(column) for name, column in columns.items() if name not in without}
    return Catalog.from_tables(
        {
            "modules": pa.table({"module_id": list(modules), **kept}),
            "skills": pa.table({"skill_id": ["s"]}),
        }
    )


def fit(of=None, **settings):
    of = of or catalog()
    rows = build_interactions(
        NOBODY, NOBODY, np.zeros(0), n_learners=0, role=NOBODY, segment=NOBODY, n_modules=of.n_modules
    )
    return Content(ContentConfig(**settings)).fit(rows, of, seed=0)


def likeness(view, one):
    """Score of every module after `one`, by id."""
    ids = list(MODULES)
    past = History(np.array([ids.index(one)], np.int32), np.zeros(1))
    return dict(zip(ids, view.score(Histories.of(past))[0].tolist(), strict=True))


def test_modules_of_the_same_words_and_labels_are_alike_whatever_the_language():
    near = likeness(fit(), "en-stats")
    assert near["en-regr"] > near["de-stat"] > near["en-pots"]
    assert near["de-stat"] > 0.2
    assert near["en-stats"] == 0, "a module does not speak for itself"
    pots = likeness(fit(), "de-ton")
    assert pots["tagged"] > pots["en-pots"] > pots["en-stats"]
    assert likeness(fit(), "zh-ml")["zh-nn"] > 0.2


def test_what_has_neither_word_nor_label_is_unknown():
    near = likeness(fit(), "en-stats")
    assert [name for name, value in near.items() if np.isnan(value)] == ["bare"]
    assert np.isnan(list(likeness(fit(), "bare").values())).all()


def test_a_module_that_has_only_one_of_both_is_compared_by_it_alone():
    """Its one label is that of the other, so they could not be more alike."""
    assert likeness(fit(), "tagged")["en-pots"] == pytest.approx(1)
    assert likeness(fit(), "en-pots")["de-ton"] == pytest.approx(0.5)


def test_weights_choose_between_words_and_labels():
    by_words = likeness(fit(label_weight=0), "en-stats")
    assert by_words["de-stat"] > 0, "regression is the same word"
    assert np.isnan(by_words["tagged"])
    by_labels = likeness(fit(text_weight=0), "en-stats")
    assert by_labels["de-stat"] == pytest.approx(1)
    assert np.isnan(by_labels["zh-nn"])
    both = likeness(fit(text_weight=1, label_weight=3), "en-stats")
    assert both["de-stat"] == pytest.approx((by_words["de-stat"] + 3 * by_labels["de-stat"]) / 4)


@pytest.mark.parametrize("without", [(), ("description",), ("tags",), ("description", "tags", "skill_ids")])
def test_columns_may_be_absent(without):
    known = dict(zip(MODULES, fit(catalog(without=without)).neighbours_.known.tolist(), strict=True))
    assert known["zh-nn"]
    assert not known["bare"]
    assert known["tagged"] == ("tags" not in without)


def test_without_anything_to_read_there_is_no_opinion():
    bare = dict.fromkeys(MODULES, ("", None, None, None))
    assert np.isnan(list(likeness(fit(catalog(bare, ("tags",))), "bare").values())).all()


def test_what_is_everywhere_tells_nothing():
    many = {f"m{i}": ("the same words", None, None, None) for i in range(40)}
    assert not fit(catalog(many, ("tags",))).neighbours_.known.any()
    assert fit(catalog(many, ("tags",)), max_df=1.0).neighbours_.known.all()
    few = dict(list(many.items())[:10])
    assert fit(catalog(few, ("tags",))).neighbours_.known.all()


def test_blocks_of_rows_change_nothing(monkeypatch):
    whole = fit().arrays()
    monkeypatch.setattr("recommender.embeddings.likeness._BLOCK_ROWS", 3)
    for name, array in fit().arrays().items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)


def test_weights_of_nothing_are_refused():
    with pytest.raises(pydantic.ValidationError, match="at least one a positive weight"):
        ContentConfig(text_weight=0, label_weight=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("A b 1", []),
        ("C++ und GLASUR", ["und", "glasur"]),
        ("ﬁne ﬂour", ["fine", "flour"]),
        ("Straße", ["strasse"]),
        ("神", ["神"]),
        ("Python入門 2", ["入門", "python"]),
        ("データ", ["デー", "ータ"]),
        ("машинное обучение", ["машинное", "обучение"]),
    ],
)
def test_words(text, expected):
    assert list(words(text)) == expected


def test_texts_and_labels_of_the_catalogue():
    texts, labels = texts_of(catalog()), labels_of(catalog())
    assert texts[2] == ["pottery", "for", "beginners", "clay", "and", "glaze"]
    assert labels[1] == ["tag statistics", "tag models", "skill s"]
    assert (labels[6], texts[9]) == ([], [])


def weighed(tokens, others=None, **limits):
    return Vocabulary.fit(tokens, max_df=1.0, **limits).weigh(tokens if others is None else others)


def test_tf_idf_by_hand():
    tokens = [["a", "a", "b"], ["b"], [], ["c"]]
    got = weighed(tokens, min_df=1).toarray()
    rare, common = 1 + np.log(5 / 2), 1 + np.log(5 / 3)
    row = np.array([(1 + np.log(2)) * rare, common, 0])
    np.testing.assert_allclose(got, [row / np.linalg.norm(row), [0, 1, 0], [0, 0, 0], [0, 0, 1]])
    assert weighed(tokens, min_df=2).toarray().tolist() == [[1], [1], [0], [0]]
    assert weighed(tokens, min_df=3).shape == (4, 0)


def test_another_catalogue_is_weighed_by_what_was_fitted():
    tokens = [["a", "a", "b"], ["b"], [], ["c"]]
    got = weighed(tokens, [["b", "new"], ["a", "a", "b"], ["new"]], min_df=1).toarray()
    np.testing.assert_array_equal(got[1], weighed(tokens, min_df=1).toarray()[0])
    assert got[[0, 2]].tolist() == [[0, 1, 0], [0, 0, 0]]


def test_weights_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    tokens = [[f"w{i * j % 7}" for j in range(i + 1)] for i in range(9)]
    theirs = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(tokens)
    np.testing.assert_allclose(weighed(tokens, min_df=1).toarray(), theirs.toarray())
