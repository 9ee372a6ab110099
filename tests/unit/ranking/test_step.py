"""What leads up to a module that is too hard, and how the other places are filled."""

import numpy as np
import pytest

from recommender.blocks.model import lead_up_of
from recommender.ranking.difficulty import Band
from recommender.ranking.kernel_arrays import Taught
from recommender.ranking.passes_kernel import Known
from recommender.ranking.step_kernel import refill, step_down
from recommender.ranking.value import ValueWeights
from tests.unit.ranking.compiled import compiled_band, gaps_of, order_of, weights_of

BAND = Band(0.7, 0.85, 1.0)
NOTHING = np.zeros(0, np.int32)


@pytest.fixture
def catalog(make_catalog):
    """`a` needs `b` and skill `t`, and teaches `s`, as `b`, `c` and `d` do; `e` teaches `t`, `f` nothing."""
    modules = {m: {"skill_ids": ["s"]} for m in "abcd"} | {"e": {"skill_ids": ["t"]}, "f": {}}
    rules = [
        {"module_id": "a", "prerequisite_module_id": "b", "strength": "soft"},
        {"module_id": "a", "prerequisite_skill_id": "t", "required_mastery": 0.1, "strength": "soft"},
    ]
    return make_catalog(modules, rules)


def stepped(catalog, chosen, success, allowed="abcdef", liked=None, replaced=None):
    """Modules after the step, and in whose place; by ids, chances in the order of the catalogue."""
    n, index = catalog.n_modules, catalog.module_index
    taught = catalog.module_skills
    by_skill = np.argsort(taught.values, kind="stable")
    counts = np.bincount(taught.values, minlength=catalog.n_skills)
    items = (np.zeros(n + 1, np.int32), NOTHING, NOTHING.astype(float), np.full(n, np.nan))
    rows = Taught(
        taught.start,
        taught.values,
        np.ones(len(by_skill)),
        np.concatenate([[0], np.cumsum(counts)]),
        taught.row_of_value()[by_skill],
        np.ones(len(by_skill)),
        *items,
        np.array(success, float),
        np.ones(n),
    )
    mix = np.full(n, 1 / n) if liked is None else np.array(liked, float)
    known = Known(
        np.array([m in allowed for m in catalog.module_ids]),
        np.ones(n),
        np.zeros(n, np.int64),
        np.array(success, float),
        mix,
        n,
        gaps_of(*np.zeros((3, catalog.n_skills))),
        np.zeros(catalog.n_skills),
        compiled_band(BAND),
    )
    places = np.array([index[m] for m in chosen], np.int64)
    instead = np.full(len(chosen), -1) if replaced is None else np.array([index.get(m, -1) for m in replaced])
    step_down(
        places,
        instead,
        known,
        rows,
        lead_up_of(catalog),
        weights_of(ValueWeights()),
        order_of(catalog.module_ids),
        np.zeros(catalog.n_skills + 1),
        np.empty(n),
    )
    return "".join(catalog.module_ids[m] for m in places), {
        catalog.module_ids[m]: catalog.module_ids[old]
        for m, old in zip(places, instead, strict=True)
        if old >= 0
    }


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        # a, b, c, d, e, f
        ([0.3, 0.6, 0.75, 0.8, 0.8, 0.8], "b"),  # the prerequisite is nearer than before, if not in the band
        ([0.3, 0.2, 0.6, 0.75, 0.5, 0.8], "d"),  # it is harder still: of what teaches the skills the nearest
        ([0.3, 0.2, 0.6, 0.65, 0.75, 0.8], "e"),  # the skill that it needs counts like the one it teaches
        ([0.3, np.nan, 0.4, np.nan, 0.35, 0.8], "c"),
        ([0.3, 0.2, 0.3, 0.1, 0.3, 0.8], "a"),  # nothing is nearer
        ([0.75, 0.8, 0.8, 0.8, 0.8, 0.8], "a"),  # it is not too hard
        ([0.95, 0.8, 0.8, 0.8, 0.8, 0.8], "a"),
        ([np.nan, 0.8, 0.8, 0.8, 0.8, 0.8], "a"),
        ([0.6, 0.995, 0.99, 0.99, 0.99, 0.8], "a"),  # much too easy is not nearer
    ],
)
def test_what_leads_up_takes_the_place(catalog, success, expected):
    assert stepped(catalog, "a", success) == (expected, {} if expected == "a" else {expected: "a"})


def test_only_what_is_allowed_and_not_shown_yet_leads_up(catalog):
    success = [0.3, 0.8, 0.8, 0.8, 0.2, 0.8]
    assert stepped(catalog, "a", success, allowed="acdef")[0] == "c"
    assert stepped(catalog, "ab", success) == ("cb", {"c": "a"})
    assert stepped(catalog, "abc", success) == ("dbc", {"d": "a"})
    assert stepped(catalog, "abcd", success) == ("abcd", {})


def test_of_equally_near_ones_the_best_score_then_the_first_id(catalog):
    success = [0.3, 0.2, 0.75, 0.8, 0.2, 0.8]
    assert stepped(catalog, "a", success)[0] == "c"
    assert stepped(catalog, "a", success, liked=[0.1, 0.1, 0.1, 0.5, 0.1, 0.1])[0] == "d"


def test_two_that_are_too_hard_get_one_each_and_not_each_other(catalog):
    modules, instead = stepped(catalog, "cd", [0.65, 0.1, 0.3, 0.2, 0.1, 0.8])
    assert (modules, instead) == ("ad", {"a": "c"})


def test_where_a_variant_was_swapped_in_it_stays(catalog):
    assert stepped(catalog, "a", [0.3, 0.8, 0.8, 0.8, 0.8, 0.8], replaced="f") == ("a", {"a": "f"})


@pytest.mark.parametrize(
    ("chosen", "instead", "others", "expected"),
    [
        ("abc", "---", "cde", "cde"),
        ("abc", "---", "bac", "bac"),
        ("abc", "-f-", "cde", "cbd"),  # b stands in for f
        ("abc", "-f-", "fbe", "eba"),  # neither f nor b again; what was there before where others run out
        ("abc", "f--", "fab", "abc"),
        ("ab", "--", "c", "ca"),
        ("", "", "", ""),
    ],
)
def test_other_places_are_filled_in_order(chosen, instead, others, expected):
    def numbers(ids):
        return np.array(["abcdef".find(i) for i in ids], np.int64)

    places = numbers(chosen)
    refill(places, numbers(instead), numbers(others))
    assert "".join("abcdef"[m] for m in places) == expected
