import hashlib
import json

import numpy as np
import pytest

from recommender.ranking.explore import draws_of, explore
from recommender.ranking.rank import rank_ids

IDS = [f"m{i}" for i in range(8)]
RARITY = np.array([0.1, 0.1, 0.1, 0.1, 1.0, 0.5, 0.25, 0.25])
ALLOWED = np.array([1, 1, 1, 1, 1, 1, 1, 0], bool)


def ask(draws, k=3, probability=0.2, allowed=ALLOWED, order=None):
    """Ids shown and their propensities; the best are m0, m1, ..."""
    order = list(range(8)) if order is None else order
    ids = [IDS[i] for i in order]
    shown = explore(
        np.array([ids.index(m) for m in IDS[:k]]),
        allowed[order],
        probability=probability,
        rarity=RARITY[order],
        by_id=np.argsort(rank_ids(ids)),
        draws=draws,
    )
    return [ids[m] for m in shown.modules.tolist()], shown.propensity.tolist(), shown.place


def test_off_it_leaves_everything_as_it_was():
    assert ask((0.0, 0.0, 0.0), probability=0.0) == (["m0", "m1", "m2"], [1.0, 1.0, 1.0], -1)


def test_most_answers_are_as_they_were_but_for_what_might_have_been_left_out():
    assert ask((0.2, 0.0, 0.0)) == (["m0", "m1", "m2"], [1.0, 1.0, 0.8], -1)


def test_a_drawn_module_pushes_out_the_last_one_only():
    """Free are m3 to m6, of rarity .1, 1, .5 and .25, together 1.85."""
    expected = pytest.approx([1.0, 0.2 / 1.85, 1.0])
    assert ask((0.19, 0.0, 0.5)) == (["m0", "m4", "m1"], expected, 1)
    assert ask((0.0, 0.99, 0.0))[0] == ["m0", "m1", "m3"]
    assert ask((0.0, 0.99, 0.9999999)) == (["m0", "m1", "m6"], pytest.approx([1, 1, 0.05 / 1.85]), 2)


def test_a_single_place_may_be_drawn_for():
    assert ask((0.0, 0.99, 0.0), k=1) == (["m1"], [pytest.approx(0.2 * 0.1 / 2.05)], 0)
    assert ask((0.9, 0.0, 0.0), k=1) == (["m0"], [0.8], -1)


def test_with_nothing_left_to_draw_nothing_is_left_to_chance():
    allowed = np.array([1, 1, 1, 0, 0, 0, 0, 0], bool)
    assert ask((0.0, 0.0, 0.0), allowed=allowed) == (["m0", "m1", "m2"], [1.0, 1.0, 1.0], -1)
    assert ask((0.0, 0.0, 0.0), k=0) == ([], [], -1)


def test_the_order_of_the_catalogue_changes_nothing():
    rng = np.random.default_rng(0)
    for _ in range(50):
        draws = (0.0, *rng.random(2))
        assert ask(draws, order=rng.permutation(8).tolist()) == ask(draws)


def test_logged_propensities_are_the_frequencies():
    """Every module's share of answers, over many keys, within four standard errors of what is logged."""
    n, shown, logged = 20_000, dict.fromkeys(IDS, 0), {}
    n_places = np.zeros(3)
    for i in range(n):
        ids, propensity, place = ask(draws_of("bundle", f"learner {i}", "2026-01-01"))
        n_places[place] += place >= 0
        for module, p in zip(ids, propensity, strict=True):
            shown[module] += 1
            # In a full list nothing was left to chance but its last place; the second may be last now.
            logged.setdefault(module, set()).add(round(p, 12))
    assert shown["m7"] == 0
    assert shown["m0"] == shown["m1"] == n
    for module in IDS[2:7]:
        (p,) = logged[module]
        assert abs(shown[module] / n - p) < 4 * np.sqrt(p * (1 - p) / n)
    assert n_places[0] == 0
    assert abs(n_places[1] - n_places[2]) < 4 * np.sqrt(n_places.sum())


def test_rewards_divided_by_propensities_estimate_another_policy():
    """Horvitz and Thompson: the mean reward of always showing m0, m1 and m5, from answers that seldom did."""
    reward = np.arange(8.0)
    n, total = 20_000, 0.0
    for i in range(n):
        ids, propensity, _ = ask(draws_of("bundle", f"learner {i}", "2026-01-02"), probability=0.5)
        wanted = {"m0", "m1", "m5"}
        total += sum(reward[IDS.index(m)] / p for m, p in zip(ids, propensity, strict=True) if m in wanted)
    p = 0.5 * 0.5 / 1.85
    assert abs(total / n - 6.0) < 4 * 5.0 * np.sqrt((1 - p) / p / n)


def test_draws_can_be_made_again_by_anybody():
    text = json.dumps(["b", "ada", "2026-01-01"], separators=(",", ":")).encode()
    digest = hashlib.blake2b(text, digest_size=24).digest()
    expected = [int.from_bytes(digest[i : i + 8], "big") // 2**11 / 2**53 for i in (0, 8, 16)]
    assert list(draws_of("b", "ada", "2026-01-01")) == expected


def test_draws_are_even_and_keys_do_not_run_together():
    drawn = np.array([draws_of("b", str(i), "2026-01-01") for i in range(4000)])
    assert ((drawn >= 0) & (drawn < 1)).all()
    counts = np.stack([np.histogram(column, 10, (0, 1))[0] for column in drawn.T])
    assert (np.abs(counts - 400) < 5 * np.sqrt(360)).all()
    assert np.abs(np.corrcoef(drawn.T)[np.triu_indices(3, 1)]).max() < 5 / np.sqrt(4000)
    assert draws_of("a", "bc", "d") != draws_of("ab", "c", "d")
