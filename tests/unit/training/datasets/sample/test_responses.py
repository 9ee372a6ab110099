"""Answers follow the response model, and what a graded item earns follows from passing."""

from types import SimpleNamespace

import numpy as np
import pytest

from training.datasets.sample import responses
from training.datasets.sample.parameters import ResponseParameters
from training.datasets.sample.state import ATTEMPT
from training.datasets.sample.world import ITEM

pytestmark = pytest.mark.usefixtures("interpreted")

N = 8_000
ITEMS = np.array(
    [(0.3, 1.2, 0.0, 0.01, False), (-0.5, 0.8, 0.2, 0.06, False), (0.0, 1.0, 0.1, 0.02, True)], ITEM
)
SKILLS = np.array([[0, -1, -1], [1, -1, -1], [0, 1, -1]])
THETA = np.array([[0.9, -0.4]])


def scene(room: int = 1) -> SimpleNamespace:
    return SimpleNamespace(
        items=ITEMS.view(np.recarray),
        item_skills=SKILLS,
        theta=THETA,
        response=(ResponseParameters(),),
        attempts=np.zeros(room, ATTEMPT).view(np.recarray),
        n_rows=np.zeros(3, np.int64),
    )


def planted(item: int, theta: float) -> float:
    difficulty, discrimination, guess, slip, _ = ITEMS[item].item()
    return guess + (1 - guess - slip) / (1 + np.exp(-discrimination * (theta - difficulty)))


@pytest.mark.parametrize("item", range(3))
def test_probability_is_the_logistic_model_with_guess_and_slip(item: int) -> None:
    items = ITEMS.view(np.recarray)
    grid = np.linspace(-4, 4, 21)
    found = [responses.pass_probability(items, item, theta) for theta in grid]
    np.testing.assert_allclose(found, [planted(item, theta) for theta in grid], rtol=1e-12)
    assert (np.diff(found) > 0).all()
    _, _, guess, slip, _ = ITEMS[item].item()
    assert responses.pass_probability(items, item, -60.0) == pytest.approx(guess, abs=1e-12)
    assert responses.pass_probability(items, item, 60.0) == pytest.approx(1 - slip, abs=1e-12)


def test_ability_is_the_mean_over_skills() -> None:
    assert responses.mean_ability(THETA[0], SKILLS[0]) == 0.9
    assert responses.mean_ability(THETA[0], SKILLS[2]) == pytest.approx(0.25)
    assert responses.mean_ability(THETA[0], np.array([-1])) == 0.0


@pytest.mark.parametrize("boost", [0.0, 0.7])
@pytest.mark.parametrize(("item", "theta"), [(0, 0.9), (1, -0.4), (2, 0.25)])
def test_answers_pass_as_often_as_they_should(item: int, theta: float, boost: float) -> None:
    here, rng = scene(N), np.random.default_rng(item)
    for _ in range(N):
        responses.answer(here, 0, item, 100.0, boost, rng)
    rows = here.attempts
    expected = planted(item, theta + boost)
    assert abs((rows["score"] >= 0.5).mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / N)
    np.testing.assert_allclose(rows["probability"], expected, rtol=1e-12)
    np.testing.assert_allclose(rows["ability"], theta + boost, rtol=1e-12)
    assert set(rows["is_retry"]) == {boost > 0}
    assert (rows["second"] == 100.0 + rows["seconds"]).all()
    assert here.n_rows.tolist() == [N, 0, 0]


def test_times_are_whole_seconds_around_their_median() -> None:
    here, rng = scene(N), np.random.default_rng(0)
    for _ in range(N):
        responses.answer(here, 0, 1, 0.0, 0.0, rng)
    seconds = here.attempts["seconds"]
    assert (seconds == np.rint(seconds)).all()
    assert seconds.min() >= 3
    assert seconds.max() <= 3600
    assert np.median(seconds) == pytest.approx(60 * ResponseParameters().item_minutes, rel=0.03)
    assert np.log(seconds).std() == pytest.approx(0.5, rel=0.03)


def test_scores_are_of_the_kind_of_the_item() -> None:
    here, rng = scene(4000), np.random.default_rng(5)
    returned = [responses.answer(here, 0, item, 0.0, 0.0, rng)[0] for _ in range(2000) for item in (0, 2)]
    assert returned == here.attempts["score"].tolist()
    plain, graded = np.array(returned).reshape(-1, 2).T
    assert set(plain) == {0.0, 1.0}
    assert set(np.round(10 * graded).astype(int)) == set(range(11))
    np.testing.assert_allclose(10 * graded, np.round(10 * graded), atol=1e-9)


class Scripted:
    """Draws that a test has written."""

    def __init__(self, *draws: float) -> None:
        self.draws = list(draws)

    def random(self) -> float:
        return self.draws.pop(0)

    def standard_normal(self) -> float:
        return 0.0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1 - 1e-12])
@pytest.mark.parametrize("item", [0, 2])
def test_a_score_passes_exactly_when_the_draw_does(item: int, share: float) -> None:
    chance = planted(item, responses.mean_ability(THETA[0], SKILLS[item]))
    passed, _ = responses.answer(scene(), 0, item, 0.0, 0.0, Scripted(chance - 1e-9, share))
    failed, _ = responses.answer(scene(), 0, item, 0.0, 0.0, Scripted(chance + 1e-9, share))
    assert 0 <= failed < 0.5 <= passed <= 1
