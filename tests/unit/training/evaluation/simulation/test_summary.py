"""Figures of a simulation, from programmes made by hand."""

import numpy as np
import pytest

from recommender.errors import ConfigurationError
from training.evaluation.simulation.config import Rules, SimulationConfig, Variation
from training.evaluation.simulation.kernel import OUT_OF_TIME, READY
from training.evaluation.simulation.run import PROGRAMME, SAID, Cell
from training.evaluation.simulation.summary import summarise

CONFIG = SimulationConfig(learners=5, seeds=2, learner_models=("growth",), rules=Rules(most_minutes=1000.0))
N = 10


def cell(
    policy: str, minutes: float, *, never: int = 0, said: list | None = None, followed: list | None = None
) -> Cell:
    rows = np.zeros(N, PROGRAMME)
    rows["learner"], rows["minutes"], rows["end"] = np.arange(N), minutes, READY
    rows["modules"], rows["n_asked"], rows["n_failed"], rows["leaves"] = 4, 10, 3, np.nan
    rows["readiness_before"], rows["readiness_after"] = 0.5, 0.8
    if never:
        rows["end"][-never:], rows["minutes"][-never:] = OUT_OF_TIME, 1000.0
    groups = {"site": np.array(["north"] * 6 + ["south"] * 4)}
    told = np.array(said or [], SAID)
    return Cell(Variation("growth"), policy, rows, told, np.array(followed or [], SAID), groups)


def report(*cells: Cell):
    (found,) = summarise(cells, CONFIG)
    return found


def test_minutes_are_those_of_whom_the_oracle_gets_ready() -> None:
    found = report(cell("engine", 300.0), cell("popularity", 400.0), cell("oracle", 200.0, never=2))
    assert found.n == {"learners": 10, "not_ready": 10, "counted": 8}
    assert found.policies["engine"]["minutes_to_ready"] == pytest.approx(300.0)
    assert found.ratios["popularity"] == pytest.approx((0.75, 0.75, 0.75))
    assert found.everybody["oracle"] == pytest.approx((8 * 200 + 2 * 1000) / 10)


def test_who_never_gets_ready_counts_with_all_the_time_there_is() -> None:
    found = report(cell("engine", 300.0, never=5), cell("popularity", 400.0), cell("oracle", 200.0))
    assert found.policies["engine"]["minutes_to_ready"] == pytest.approx(650.0)
    assert found.policies["engine"]["ready"] == 0.5
    ratio, low, high = found.ratios["popularity"]
    assert ratio == pytest.approx(650 / 400)
    assert low < ratio < high


def test_the_best_other_is_neither_the_engine_nor_what_sees_the_truth() -> None:
    found = report(
        cell("engine", 300.0), cell("engine_without_gap", 100.0), cell("als", 400.0), cell("oracle", 200.0)
    )
    assert found.best_other == "als"


def test_groups_of_fewer_than_five_are_not_told() -> None:
    found = report(cell("engine", 300.0), cell("als", 400.0), cell("oracle", 200.0))
    assert found.groups["site"] == {"north": {"n": 6.0, "engine": 300.0, "als": 400.0, "oracle": 200.0}}


def test_shares_weigh_by_what_they_are_shares_of() -> None:
    mixed = cell("engine", 300.0)
    mixed.programmes["n_asked"][:5], mixed.programmes["n_failed"][:5] = 90, 0
    found = report(mixed, cell("als", 400.0), cell("oracle", 200.0))
    assert found.policies["engine"]["failed"] == pytest.approx(15 / 500)
    assert found.policies["engine"]["readiness_per_hour"] == pytest.approx(0.3 / 5.0)


def test_what_is_told_of_success_is_held_against_answers() -> None:
    """Of everybody: who is ready leaves a programme, and with that what was told of them."""
    followed = [(0.8, 1, True, 10, 2)] * 10 + [(0.6, 0, True, 10, 6)] * 10 + [(np.nan, -1, True, 10, 5)]
    said = [(0.8, 1, True, 10, 2)] * 10 + [(0.6, 0, True, 10, 10)] * 9 + [(np.nan, -1, True, 10, 5)]
    # Where nothing that is allowed lies in the band, nothing can be asked of what was taken.
    said += [(0.4, 0, False, 0, 0)] * 7
    found = report(
        cell("engine", 300.0, said=said, followed=followed), cell("als", 400.0), cell("oracle", 200.0)
    )
    told = found.calibration["engine"]
    assert told["success_told"] == pytest.approx(0.7)
    assert told["success_seen"] == pytest.approx(0.6)
    assert told["calibration_error"] == pytest.approx(0.1)
    assert told["in_band"] == 0.5
    assert "als" not in found.calibration


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"learners": 4}, "--learners 4"),
        ({"seeds": 1}, "--seeds 1"),
        ({"factors": (0.0,)}, "--factor 0"),
        ({"learner_models": ("magic",)}, "--learner-model 'magic'"),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(wrong: dict, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        SimulationConfig(**wrong)


def test_worlds_are_varied_one_thing_at_a_time() -> None:
    names = [v.name for v in SimulationConfig(factors=(0.5, 2.0)).variations]
    assert names[:2] == ["growth", "states"]
    assert "growth, learning x0.5" in names
    assert "states, forgetting x2" in names
    assert len(names) == 10
