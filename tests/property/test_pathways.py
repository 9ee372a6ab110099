"""Plans of random problems: the best where all can be looked at, near it elsewhere, never invalid."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.pathways.solver import EXACT_MODULES, solve
from tests.property.cp_sat import least_minutes
from tests.property.plans import Case, a_case, best_plan, open_time


def figures(case: Case, order: list[int]) -> tuple[float, float, float, int]:
    minutes = sum(case.minutes[m] for m in order)
    return case.gap(order), minutes, open_time(case, order), len(order)


def test_plans_of_few_modules_are_the_best_there_are():
    sizes = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        case = a_case(rng, int(rng.integers(4, 11)), int(rng.integers(2, 6)))
        order = solve(case.arrays()).order.tolist()
        assert case.violations(order) == 0, seed
        assert figures(case, order) == pytest.approx(best_plan(case), rel=1e-6, abs=1e-7), seed
        sizes.append(len(order))
    assert np.mean(sizes) > 2


@pytest.mark.parametrize("seed", range(8))
def test_plans_of_thirty_modules_are_within_five_percent_of_cp_sat(seed):
    case = a_case(np.random.default_rng(seed), 30, 8, variants=False, last=False)
    assert len(case.minutes) > EXACT_MODULES
    order = solve(case.arrays()).order.tolist()
    assert case.violations(order) == 0
    assert case.gap(order) == pytest.approx(case.gap(range(len(case.minutes))), abs=1e-6)
    found, bound = least_minutes(case, seconds=20)
    assert bound <= figures(case, order)[1] <= 1.05 * found


def test_no_plan_of_ten_thousand_breaks_a_prerequisite():
    n_needs = n_asks = n_large = 0
    for seed in range(10_000):
        rng = np.random.default_rng(seed)
        # One in fifty is too large to be planned exactly.
        n = int(rng.integers(16, 40)) if seed % 50 == 0 else int(rng.integers(2, 11))
        case = a_case(rng, n, int(rng.integers(1, 7)))
        order = solve(case.arrays()).order.tolist()
        assert case.violations(order) == 0, seed
        n_large += len(case.minutes) > EXACT_MODULES
        n_needs += sum(len(case.needs[m]) for m in order)
        n_asks += sum(level > case.mastery[s] for m in order for s, level in case.asks[m].items())
    assert n_large > 100
    assert min(n_needs, n_asks) > 1000


def test_variants_never_meet_in_a_plan():
    n_grouped = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        case = a_case(rng, 30, 8, variants=False, last=seed % 2 == 0)
        pairs = rng.permutation([m for m in range(len(case.minutes)) if m != case.last])[:12].reshape(-1, 2)
        group = [-1] * len(case.minutes)
        for at, pair in enumerate(pairs.tolist()):
            # Groups are named by positions in a catalogue that is larger than the problem.
            group[pair[0]] = group[pair[1]] = 100 + at
        case = replace(case, group=group)
        order = solve(case.arrays()).order.tolist()
        assert case.violations(order) == 0, seed
        n_grouped += sum(group[m] >= 0 for m in order)
    assert n_grouped > 150


def test_moving_one_module_of_a_long_plan_closes_no_gap_sooner():
    n_long = 0
    for seed in range(20):
        case = a_case(np.random.default_rng(seed), 60, 20, last=seed % 2 == 0)
        order = solve(case.arrays()).order.tolist()
        if len(order) <= EXACT_MODULES:
            continue
        n_long += 1
        least = open_time(case, order)
        for start in range(len(order)):
            rest = order[:start] + order[start + 1 :]
            for end in range(len(order)):
                moved = [*rest[:end], order[start], *rest[end:]]
                assert case.violations(moved) or open_time(case, moved) > least * (1 - 1e-6), (
                    seed,
                    start,
                    end,
                )
    assert n_long > 10


def after_an_answer(case: Case, rng: np.random.Generator) -> Case:
    """One skill a little better or worse known, as one answer moves it."""
    s = int(rng.integers(len(case.mastery)))
    mastery = list(case.mastery)
    mastery[s] = float(np.clip(mastery[s] + rng.choice([-0.03, 0.03]), 0.01, 0.99))
    return replace(case, mastery=mastery)


def test_one_answer_does_not_change_the_order_of_what_remains():
    n_same = n_forced = 0
    for seed in range(600):
        rng = np.random.default_rng(seed)
        case = a_case(rng, int(rng.integers(5, 30)), int(rng.integers(2, 8)))
        order = solve(case.arrays()).order.tolist()
        moved = after_an_answer(case, rng)
        if len(moved.reachable()) < len(moved.minutes):
            continue
        again = solve(moved.arrays(), order, 0.1).order.tolist()
        assert moved.violations(again) == 0, seed
        remaining = [m for m in order if m in again]
        if [m for m in again if m in order] == remaining:
            n_same += 1
            continue
        # It may change only where the old order cannot be kept any more.
        others = [m for m in again if m not in order and m != moved.last]
        done: list[int] = []
        for m in remaining:
            while not moved.may_start(m, set(done)) and any(
                moved.may_start(x, set(done)) for x in others if x not in done
            ):
                done.append(next(x for x in others if x not in done and moved.may_start(x, set(done))))
            if not moved.may_start(m, set(done)):
                break
            done.append(m)
        else:
            pytest.fail(f"seed {seed}: {order} became {again} although the order could be kept")
        n_forced += 1
    assert n_same > 500
    assert n_forced < 0.02 * n_same


def test_what_is_kept_is_kept_unless_it_saves_too_little():
    """The previous plan takes longer than needed by less than the share, and then by more."""
    case = Case(
        minutes=[60.0, 56.0],
        rate=[{0: 0.5}, {0: 0.5}],
        needs=[[], []],
        asks=[{}, {}],
        group=[-1, -1],
        mastery=[0.2],
        required=[0.55],
        weight=[1.0],
    )
    assert solve(case.arrays()).order.tolist() == [1]
    stayed = solve(case.arrays(), [0], 0.1)
    assert (stayed.order.tolist(), stayed.kept) == ([0], True)
    fresh = solve(replace(case, minutes=[60.0, 50.0]).arrays(), [0], 0.1)
    assert (fresh.order.tolist(), fresh.kept) == ([1], False)


def test_ids_not_places_decide_ties():
    """Equal modules are taken in the order of their places here, which is that of their ids."""
    equal = Case([30.0] * 20, [{0: 0.2}] * 20, [[]] * 20, [{}] * 20, [-1] * 20, [0.0], [0.9], [1.0])
    order = solve(equal.arrays()).order.tolist()
    assert order == list(range(len(order)))
    assert len(order) == 11
