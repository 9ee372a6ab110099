"""What modules out of the band hand over, and what the answer says of it."""

import numpy as np
import pytest

from recommender.blocks.model import lead_up_of
from recommender.ranking.adjust_kernel import hand_over, tell
from recommender.ranking.difficulty import Band
from tests.unit.ranking.compiled import compiled_band, known_of, order_of, taught_of

BAND = Band(0.7, 0.85, 1.0)
NAN = float("nan")


@pytest.fixture
def variants(make_catalog):
    """`b`, `c`, `d` are variants of `a`; `e` stands alone."""
    return make_catalog({"a": {}, **{m: {"variant_of": "a"} for m in "bcd"}, "e": {}})


@pytest.fixture
def ladder(make_catalog):
    """`a` needs `b` and skill `t`, and teaches `s`, as `b`, `c` and `d` do; `e` teaches `t`, `f` nothing."""
    modules = {m: {"skill_ids": ["s"]} for m in "abcd"} | {"e": {"skill_ids": ["t"]}, "f": {}}
    rules = [
        {"module_id": "a", "prerequisite_module_id": "b", "strength": "soft"},
        {"module_id": "a", "prerequisite_skill_id": "t", "required_mastery": 0.1, "strength": "soft"},
    ]
    return make_catalog(modules, rules)


def known(catalog, success, allowed, liked=None):
    return known_of(
        catalog,
        np.array([m in allowed for m in catalog.module_ids]),
        np.array(success, float),
        np.full(catalog.n_modules, 1.0) if liked is None else np.array(liked, float),
        compiled_band(BAND),
    )


def handed(catalog, success, liked, allowed="abcdef"):
    """What is preferred after handing over; all in the order of the catalogue."""
    its = known(catalog, success, allowed, liked)
    hand_over(its, order_of(catalog.module_ids, catalog.variant_group), lead_up_of(catalog))
    return its.mix.tolist()


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        # a, b, c, d, e; liked 8, 4, 2, 1, 3
        ([0.4, 0.6, 0.8, 0.95, 0.75], [2, 4, 8, 1, 3]),  # too hard
        ([0.99, 0.6, 0.8, 0.95, 0.75], [2, 4, 8, 1, 3]),  # too easy
        ([0.4, 0.6, 0.3, 0.2, 0.75], [4, 8, 2, 1, 3]),  # the nearest, though still too hard
        ([0.4, 0.8, 0.75, 0.8, 0.75], [4, 8, 2, 1, 3]),  # of equally near ones the most liked
        ([0.8, 0.75, 0.8, 0.8, 0.5], [8, 4, 2, 1, 3]),  # inside the band
        ([0.4, 0.3, 0.2, 0.999, 0.5], [8, 4, 2, 1, 3]),  # no variant is nearer
        ([0.4, 0.4, 0.4, 0.4, 0.8], [8, 4, 2, 1, 3]),  # none is any nearer
        ([0.4, NAN, NAN, NAN, 0.8], [8, 4, 2, 1, 3]),  # nothing is known of them
        ([NAN, 0.8, 0.8, 0.8, 0.8], [8, 4, 2, 1, 3]),  # nothing is known of the module itself
    ],
)
def test_the_most_liked_variant_changes_places_with_the_best_fitting_one(variants, success, expected):
    assert handed(variants, success, [8, 4, 2, 1, 3]) == expected


def test_only_allowed_variants_change_places(variants):
    success = [0.4, 0.8, 0.8, 0.8, 0.5]
    assert handed(variants, success, [8, 4, 2, 1, 3], allowed="ae") == [8, 4, 2, 1, 3]
    assert handed(variants, [0.4, 0.3, 0.8, 0.9, 0.5], [8, 4, 2, 1, 3], allowed="bce") == [8, 2, 4, 1, 3]


@pytest.mark.parametrize(
    ("success", "expected"),
    [
        # a, b, c, d, e, f; liked 8, 1, 1, 1, 1, 1
        ([0.3, 0.6, 0.75, 0.8, 0.8, 0.8], 8),  # nearer than before, if not in the band
        ([0.3, 0.2, 0.6, 0.75, 0.5, 0.8], 1),  # harder still
        ([0.68, 0.69, 0.6, 0.75, 0.5, 0.8], 1),  # hardly nearer
        ([0.75, 0.8, 0.8, 0.8, 0.8, 0.8], 1),  # it is not too hard
        ([0.95, 0.8, 0.8, 0.8, 0.8, 0.8], 1),
        ([NAN, 0.8, 0.8, 0.8, 0.8, 0.8], 1),
        ([0.3, NAN, 0.8, 0.8, 0.8, 0.8], 1),
        ([0.6, 0.995, 0.99, 0.99, 0.99, 0.8], 1),  # much too easy is not nearer
    ],
)
def test_what_is_too_hard_lends_to_its_prerequisites(ladder, success, expected):
    assert handed(ladder, success, [8, 1, 1, 1, 1, 1]) == [8, expected, 1, 1, 1, 1]
    assert handed(ladder, success, [0.5, 1, 1, 1, 1, 1]) == [0.5, 1, 1, 1, 1, 1]
    assert handed(ladder, success, [8, 1, 1, 1, 1, 1], allowed="acdef") == [8, 1, 1, 1, 1, 1]


def told(catalog, chosen, wanted, success, allowed="abcdef"):
    """In whose place chosen modules stand, by ids."""
    index, ids = catalog.module_index, catalog.module_ids
    places, free = (np.array([index[m] for m in of], np.intp) for of in (chosen, wanted))
    replaced = np.empty(len(places), np.intp)
    order = order_of(ids, catalog.variant_group)
    tell(
        places,
        free,
        known(catalog, success, allowed),
        taught_of(catalog),
        order,
        lead_up_of(catalog),
        replaced,
    )
    return {ids[m]: ids[old] for m, old in zip(places, replaced, strict=True) if old >= 0}


def test_a_variant_that_is_nearer_stands_in_the_place(variants):
    success = [0.4, 0.6, 0.8, 0.95, 0.75]
    assert told(variants, "c", "a", success) == {"c": "a"}
    assert told(variants, "ec", "ea", success) == {"c": "a"}
    # d is as far away on the other side, and nobody wanted e's place.
    assert told(variants, "ed", "ea", [0.4, 0.6, 0.8, 0.999, 0.75]) == {}


def test_what_is_in_the_list_was_not_replaced(variants):
    success = [0.4, 0.6, 0.8, 0.95, 0.75]
    assert told(variants, "ca", "ab", success) == {"c": "a"}  # told before the second place is seen
    assert told(variants, "ac", "ac", success) == {}


def test_each_is_told_once_and_not_before_it_would_have_come(variants):
    success = [0.3, 0.3, 0.8, 0.6, 0.5]
    assert told(variants, "cd", "ab", success) == {"c": "a", "d": "b"}
    assert told(variants, "cd", "ae", success) == {"c": "a"}
    assert told(variants, "ecd", "eba", success) == {"c": "b", "d": "a"}


@pytest.mark.parametrize(
    ("chosen", "success", "expected"),
    [
        ("b", [0.3, 0.6, 0.75, 0.8, 0.8, 0.8], {"b": "a"}),  # the prerequisite
        ("c", [0.3, 0.2, 0.6, 0.75, 0.5, 0.8], {"c": "a"}),  # it teaches what a teaches
        ("e", [0.3, 0.2, 0.6, 0.65, 0.75, 0.8], {"e": "a"}),  # and this what a needs
        ("f", [0.3, 0.2, 0.6, 0.65, 0.75, 0.8], {}),  # and this neither
        ("c", [0.3, 0.2, 0.2, 0.65, 0.75, 0.8], {}),  # harder still
        ("c", [0.95, 0.8, 0.8, 0.8, 0.8, 0.8], {}),  # nothing leads up to what is too easy
        ("c", [NAN, 0.8, 0.8, 0.8, 0.8, 0.8], {}),
    ],
)
def test_what_leads_up_is_told(ladder, chosen, success, expected):
    assert told(ladder, chosen, "a", success) == expected


def test_nothing_chosen_nothing_told(variants):
    assert told(variants, "", "a", [0.3] * 5) == {}
