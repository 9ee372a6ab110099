"""Growth follows its equations, states their probabilities."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from training.datasets.sample import learner_models as models
from training.datasets.sample.parameters import GROWTH, STATES, LearningParameters

pytestmark = pytest.mark.usefixtures("interpreted")

LEARNING = LearningParameters()
HALF_LIFE = 180.0
DECAY = np.log(2) / np.log1p(HALF_LIFE / LEARNING.forgetting_unit_days)
RATE = LEARNING.learn_rate
N = 20_000


def begun(level: float, model: int = GROWTH, rng: object = None) -> np.ndarray:
    skill = np.zeros(models.N_STATE)
    models.start(model, skill, level, rng, LEARNING)
    return skill


def practised(
    skill: np.ndarray, hours: float, *, day: float = 0.0, factor: float = 1.0, level: int = 1
) -> None:
    now = models.level_on(GROWTH, skill, DECAY, HALF_LIFE, day, None, LEARNING)
    models.practise(GROWTH, skill, now, DECAY, day, hours, factor, level, None, LEARNING)


def level(skill: np.ndarray, day: float) -> float:
    return models.level_on(GROWTH, skill, DECAY, HALF_LIFE, day, None, LEARNING)


@pytest.mark.parametrize("start", [0.05, 0.3, 0.55])
@pytest.mark.parametrize("hours", [0.1, 1.0, 4.0])
@pytest.mark.parametrize(("module_level", "factor"), [(0, 1.0), (1, 0.35), (2, 0.8)])
def test_growth_solves_its_equation(start: float, hours: float, module_level: int, factor: float) -> None:
    ceiling = LEARNING.ceilings[module_level]

    def slope(_: float, now: np.ndarray) -> np.ndarray:
        return LEARNING.growth_rate * factor * now * (1 - now / ceiling)

    expected = solve_ivp(slope, (0, hours), [start], rtol=1e-10, atol=1e-12).y[0, -1]
    skill = begun(start)
    practised(skill, hours, factor=factor, level=module_level)
    assert level(skill, 0.0) == pytest.approx(expected, rel=1e-8)


def test_two_sittings_of_a_day_are_as_good_as_one_of_their_length() -> None:
    once, twice = begun(0.2), begun(0.2)
    practised(once, 1.5)
    practised(twice, 0.5)
    practised(twice, 1.0)
    assert level(twice, 0.0) == pytest.approx(level(once, 0.0), rel=1e-12)


@pytest.mark.parametrize("module_level", [0, 1, 2])
def test_practice_never_passes_the_ceiling_and_never_lowers(module_level: int) -> None:
    ceiling = LEARNING.ceilings[module_level]
    for start in np.linspace(0.03, 0.9, 12):
        skill = begun(start)
        before = start
        for _ in range(30):
            practised(skill, 1.0, level=module_level)
            now = level(skill, 0.0)
            assert before - 1e-12 <= now <= max(ceiling, start) + 1e-12
            before = now


def test_after_a_half_life_half_of_what_fades_is_gone() -> None:
    skill = begun(0.2)
    practised(skill, 2.0, day=3.0)
    gain = level(skill, 3.0) - 0.2
    assert gain > 0.3
    left = LEARNING.kept + (1 - LEARNING.kept) / 2
    assert level(skill, 3.0 + HALF_LIFE) == pytest.approx(0.2 + gain * left, rel=1e-12)


def test_what_was_gained_fades_steadily_but_never_below_the_start() -> None:
    skill = begun(0.2)
    practised(skill, 2.0)
    gain = level(skill, 0.0) - 0.2
    levels = np.array([level(skill, day) for day in np.geomspace(0.01, 1e5, 50)])
    assert (np.diff(levels) < 0).all()
    assert (levels > 0.2 + LEARNING.kept * gain).all()
    never = begun(0.4)
    assert level(never, 1e6) == 0.4


@pytest.mark.parametrize("hours", [0.0, 0.03, 0.5])
@pytest.mark.parametrize("days", [(365.0,), (10.0,), (3.0, 40.0, 365.0, 366.0), (200.0, 800.0)])
def test_nobody_knows_less_for_having_practised(days: tuple[float, ...], hours: float) -> None:
    rested, reviewed = begun(0.2), begun(0.2)
    for skill in (rested, reviewed):
        practised(skill, 3.0)
    for day in days:
        practised(reviewed, hours, day=day)
    later = days[-1] + np.r_[0.0, np.geomspace(0.1, 1e4, 60)]
    gain = [level(reviewed, day) - level(rested, day) for day in later]
    assert min(gain) >= -1e-12
    assert gain[20] > 0


def test_practice_in_more_weeks_is_forgotten_more_slowly() -> None:
    massed, spaced = begun(0.2), begun(0.2)
    for day in (0.0, 1.0, 2.0, 2.5):
        practised(massed, 0.5, day=day)
    for day in (0.0, 8.0, 16.0, 23.0):
        practised(spaced, 0.5, day=day)
    assert (massed[models.WEEKS], spaced[models.WEEKS]) == (0, 3)
    shares = [
        models.retention(skill, DECAY, skill[models.FADES_FROM] + 100, LEARNING) for skill in (massed, spaced)
    ]
    exponent = -DECAY / (1 + 3 * LEARNING.spacing)
    expected = LEARNING.kept + (1 - LEARNING.kept) * (1 + 100 / LEARNING.forgetting_unit_days) ** exponent
    assert shares[1] == pytest.approx(expected, rel=1e-12)
    assert shares[0] < shares[1]


def test_time_that_runs_backwards_within_a_week_brings_nothing_back() -> None:
    skill = begun(0.2)
    practised(skill, 1.0, day=5.0)
    assert level(skill, 4.0) == level(skill, 5.0)


def within(count: int, probability: float, n: int = N) -> bool:
    """Whether a count is within four standard deviations of what is expected."""
    return abs(count - n * probability) <= 4 * np.sqrt(n * probability * (1 - probability)) + 1e-9


@pytest.mark.parametrize("start", [0.03, 0.2, 0.5, 0.6, 0.86])
def test_states_begin_beside_the_level_and_right_on_average(start: float) -> None:
    rng = np.random.default_rng(1)
    states = np.array([begun(start, STATES, rng)[models.STATE] for _ in range(N)]).astype(int)
    levels = np.array(LEARNING.state_levels)
    assert np.ptp(states) <= 1
    bounded = np.clip(start, levels[0], levels[2])
    assert levels[states].mean() == pytest.approx(bounded, abs=4 * 0.2 / np.sqrt(N))


def test_all_are_begun_alike() -> None:
    levels = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    states = np.zeros((3, 2, models.N_STATE))
    models.start_all(GROWTH, states, levels, None, LEARNING)
    np.testing.assert_array_equal(states[..., models.BASE], levels)
    np.testing.assert_array_equal(states[..., models.PEAK], levels)
    assert (states[..., models.PRACTISED] == models.NEVER).all()


@pytest.mark.parametrize(("state", "module_level"), [(0, 0), (0, 2), (1, 1)])
@pytest.mark.parametrize("hours", [0.1, 0.7])
def test_a_state_is_gained_with_its_probability(state: int, module_level: int, hours: float) -> None:
    rng, factor, risen = np.random.default_rng(2), 0.6, 0
    for _ in range(N):
        skill = np.zeros(models.N_STATE)
        skill[models.STATE], skill[models.PRACTISED] = state, models.NEVER
        models.practise(STATES, skill, 0.0, DECAY, 0.0, hours, factor, module_level, rng, LEARNING)
        risen += int(skill[models.STATE]) - state
    assert within(risen, 1 - np.exp(-RATE * factor * hours))


@pytest.mark.parametrize(("state", "module_level"), [(1, 0), (2, 0), (2, 1), (2, 2)])
def test_a_module_lifts_nobody_above_its_state(state: int, module_level: int) -> None:
    rng, skill = np.random.default_rng(3), np.zeros(models.N_STATE)
    skill[models.STATE] = state
    for _ in range(50):
        models.practise(STATES, skill, 0.0, DECAY, 0.0, 100.0, 1.0, module_level, rng, LEARNING)
    assert skill[models.STATE] == state


def after(days: list[float], state: int, base: int) -> np.ndarray:
    """How many of N are in each state after looks on some days."""
    rng = np.random.default_rng(4)
    counts = np.zeros(3, int)
    for _ in range(N):
        skill = np.zeros(models.N_STATE)
        skill[models.STATE], skill[models.BASE] = state, base
        for day in days:
            now = models.level_on(STATES, skill, 0.0, HALF_LIFE, day, rng, LEARNING)
        assert now == LEARNING.state_levels[int(skill[models.STATE])]
        counts[int(skill[models.STATE])] += 1
    return counts


@pytest.mark.parametrize("days", [[HALF_LIFE], [60.0, 61.0, HALF_LIFE]])
def test_half_have_dropped_after_a_half_life_however_often_one_looks(days: list[float]) -> None:
    counts = after(days, state=1, base=0)
    assert within(counts[1], 0.5)


def test_two_states_drop_one_after_the_other() -> None:
    rate = np.log(2) / HALF_LIFE * 300
    counts = after([300.0], state=2, base=0)
    for count, probability in zip(
        counts, (1 - np.exp(-rate) * (1 + rate), np.exp(-rate) * rate, np.exp(-rate)), strict=True
    ):
        assert within(count, probability)


def test_nobody_drops_below_where_they_began() -> None:
    assert after([1e6], state=2, base=1).tolist() == [0, N, 0]
    assert after([1e6], state=1, base=1).tolist() == [0, N, 0]
