import numpy as np
import pytest
from pydantic import ValidationError

from recommender.ranking.difficulty import Band, BandConfig, Recent, band_for
from tests.unit.ranking.compiled import classify, distance, fit

# Narrow, so that floor and ceiling are within reach of single shifts.
NARROW = BandConfig(low=0.7, high=0.85, floor=0.5, ceiling=0.97)
CONFIG = NARROW.model_copy(update={"caution": 0.0})
BAND = Band(0.7, 0.85, 1.0)
NAN = float("nan")


def edges(challenge="balanced", rate=NAN, n=0.0, config=CONFIG, push=0.0):
    band = band_for(challenge, Recent(rate, n, push), config)
    return round(band.low, 6), round(band.high, 6)


@pytest.mark.parametrize(
    ("challenge", "expected"), [("balanced", (0.7, 0.85)), ("easier", (0.8, 0.95)), ("harder", (0.6, 0.75))]
)
def test_what_is_asked_for_shifts_one_step(challenge, expected):
    assert edges(challenge) == expected


@pytest.mark.parametrize(("rate", "n"), [(NAN, 10), (NAN, 0), (0.0, 0), (0.7, 10), (0.85, 10)])
def test_no_evidence_or_answers_inside_the_band_move_nothing(rate, n):
    assert edges(rate=rate, n=n) == (0.7, 0.85)


def test_failures_make_it_easier_and_successes_harder_by_the_documented_amount():
    assert edges(rate=0.6, n=5) == (0.725, 0.875)  # half the miss of .1, half trusted
    assert edges(rate=0.97, n=5) == (0.67, 0.82)
    assert edges(rate=0.0, n=1000) == (0.8, 0.95)  # never more than recent_max
    assert edges(rate=1.0, n=1000)[0] > 0.6


def test_each_step_of_the_push_shifts_beside_what_is_asked_for():
    assert edges(push=1.0) == (0.76, 0.91)
    assert edges(push=-2.0) == (0.58, 0.73)
    assert edges("harder", push=1.0) == (0.66, 0.81)
    assert edges("easier", push=2.0) == (0.82, 0.97)  # the ceiling


def test_of_whom_little_is_known_the_lower_edge_is_raised():
    config = NARROW.model_copy(update={"caution": 0.05, "caution_half": 10.0})
    assert edges(config=config) == (0.75, 0.85)
    assert edges(rate=0.8, n=10, config=config) == (0.725, 0.85)
    low, high = edges(rate=0.8, n=1e6, config=config)
    assert (low, high) == (0.7, 0.85)


def test_the_band_stops_at_floor_and_ceiling_with_its_width():
    assert edges("easier", rate=0.0, n=1000) == (0.82, 0.97)
    wide = CONFIG.model_copy(update={"challenge_step": 0.5})
    assert edges("harder", config=wide) == (0.5, 0.65)
    assert edges("easier", config=wide) == (0.82, 0.97)


@pytest.mark.parametrize("bias", [-0.4, -0.15, 0.1, 0.25])
def test_the_loop_settles_when_predictions_are_off(bias):
    rate, centres = 0.78, []
    for _ in range(30):
        band = band_for("balanced", Recent(rate, 50.0), CONFIG)
        centres.append((band.low + band.high) / 2)
        rate = min(max(centres[-1] + bias, 0.0), 1.0)  # the learner passes less or more often than predicted
    steps = np.abs(np.diff(centres))
    assert steps[-1] < 1e-4
    assert (np.diff(steps[1:]) <= 1e-12).all()


@pytest.mark.parametrize(
    "values",
    [
        {"low": 0.9},
        {"floor": 0.75},
        {"ceiling": 0.8},
        {"recent_gain": 1.0},
        {"lows": 0.7},
        {"low": 0.7, "caution": 0.2},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(values):
    with pytest.raises(ValidationError):
        BandConfig(**values)


def test_fit_is_one_inside_and_falls_outside():
    values = fit(np.array([0.0, 0.5, 0.7, 0.8, 0.85, 0.95, 1.0, np.nan]), BAND)
    assert values[2:5].tolist() == [1.0, 1.0, 1.0]
    assert values[7] == 0.5  # an unknown fit counts as neither
    assert values[0] < 1e-9 < values[1] < 1 > values[5] > 1e-9 > values[6]


def test_fit_follows_its_formula_and_falloff():
    logit = np.log(0.7 / 0.3)
    assert fit(np.array([0.5]), BAND)[0] == pytest.approx(np.exp(-(logit**2) / 2))
    assert fit(np.array([0.5]), Band(0.7, 0.85, logit))[0] == pytest.approx(np.exp(-0.5))
    assert distance(np.array([0.5, 0.75]), BAND).tolist() == [pytest.approx(logit), 0.0]


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (0.69, "stretch"),
        (0.7, "on_level"),
        (0.85, "on_level"),
        (0.86, "review"),
        (float("nan"), None),
    ],
)
def test_classify(p, word):
    assert classify(p, BAND) == word
