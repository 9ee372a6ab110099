"""Metrics of lists against their definitions, written out naively."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommender.domain.catalog import Catalog
from training.evaluation.list_metrics import coverage, exposure_gini, intra_list_diversity, module_content

N_MODULES, N_FEATURES = 7, 5
FEATURES = st.lists(st.sets(st.integers(0, N_FEATURES - 1)), min_size=N_MODULES, max_size=N_MODULES)
LISTS = st.lists(
    st.lists(st.integers(0, N_MODULES - 1), unique=True, max_size=N_MODULES), min_size=1, max_size=6
)


def padded(lists, k=N_MODULES):
    return np.array([[*shown, *[-1] * (k - len(shown))] for shown in lists])


def content_of(features) -> sparse.csr_array:
    dense = np.zeros((N_MODULES, N_FEATURES))
    for module, has in enumerate(features):
        dense[module, list(has)] = 1 / np.sqrt(max(len(has), 1))
    return sparse.csr_array(dense)


@given(LISTS, FEATURES)
def test_diversity_is_the_mean_over_lists_of_the_mean_over_pairs(lists, features):
    found = intra_list_diversity(padded(lists), content_of(features))
    per_list = []
    for shown in lists:
        described = [features[module] for module in shown if features[module]]
        cosines = [len(a & b) / np.sqrt(len(a) * len(b)) for a, b in combinations(described, 2) if described]
        per_list += [1 - np.mean(cosines)] if cosines else []
    assert found == (pytest.approx(np.mean(per_list), abs=1e-12) if per_list else None)


@given(LISTS)
def test_coverage_is_the_share_that_was_shown(lists):
    shown = {module for modules in lists for module in modules}
    assert coverage(padded(lists), N_MODULES) == len(shown) / N_MODULES


@given(st.lists(st.integers(0, 20), min_size=2, max_size=10).filter(any))
def test_gini_is_half_the_mean_difference_over_the_mean(counts):
    """Mean over pairs of different modules: Gini (1912), so that one module that takes all gives 1."""
    n = len(counts)
    differences = [abs(a - b) for a in counts for b in counts]
    expected = sum(differences) / (n * (n - 1)) / (2 * np.mean(counts))
    found = exposure_gini(np.array(counts))
    assert found == pytest.approx(expected)
    assert -1e-12 <= found <= 1 + 1e-12


@pytest.mark.parametrize("counts", [[0, 0, 0], [4], []])
def test_gini_of_nothing_or_of_one_module_is_not_defined(counts):
    assert exposure_gini(np.array(counts, np.int64)) is None


def catalog(**columns) -> Catalog:
    modules = {"module_id": ["a", "b", "c"], "title": ["A", "B", "C"], **columns}
    skills = {"skill_id": ["x", "y"], "name": ["X", "Y"]}
    return Catalog.from_tables({"modules": pa.table(modules), "skills": pa.table(skills)})


def test_skills_and_tags_of_one_name_are_two_features():
    found = module_content(catalog(skill_ids=[["x"], ["x"], []], tags=[["x", "t"], None, ["t"]]))
    dense = found.toarray()
    assert dense.shape == (3, 4)
    np.testing.assert_allclose(np.linalg.norm(dense, axis=1), 1)
    np.testing.assert_allclose(dense[0] @ dense[1], 1 / np.sqrt(3))
    np.testing.assert_allclose(dense[0] @ dense[2], 1 / np.sqrt(3))
    assert dense[1] @ dense[2] == 0


def test_a_skill_or_tag_said_twice_counts_once():
    found = module_content(catalog(skill_ids=[["x", "x"], ["x"], ["y"]], tags=[["t", "t"], ["t"], []]))
    np.testing.assert_allclose(found.toarray()[0], found.toarray()[1])


def test_a_catalogue_without_skills_and_tags_has_no_content():
    assert module_content(catalog()) is None
    assert module_content(catalog(tags=[[], None, []])) is None
    assert module_content(Catalog.from_tables({})) is None
