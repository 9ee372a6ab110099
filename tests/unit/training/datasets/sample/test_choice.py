"""What is chosen: what is on offer, with the probabilities and ranks that the utilities give."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.training.datasets.sample.interpreted import scene_of
from training.datasets.dataset import Dataset
from training.datasets.sample import Parameters, choice
from training.datasets.sample.learner_models import NEVER
from training.datasets.sample.parameters import GROWTH, ChoiceParameters
from training.datasets.sample.people import draw_people, roles_of
from training.datasets.sample.state import empty_desk, empty_record
from training.datasets.sample.world import World

pytestmark = pytest.mark.usefixtures("interpreted")

EVEN = Parameters(choice=ChoiceParameters(noise=8.0))
"""With which every module is chosen now and then."""
SHARP = Parameters(choice=ChoiceParameters(noise=1e-3))
"""With which the best is chosen."""


@pytest.fixture
def at(full_dataset: Dataset) -> dict[str, int]:
    """Positions of modules."""
    return {module: i for i, module in enumerate(full_dataset.tables["modules"]["module_id"])}


def make_scene(dataset: Dataset, world: World, parameters: Parameters) -> SimpleNamespace:
    world = World(*(array.copy() for array in world))
    rng = np.random.default_rng(3)
    people = draw_people(GROWTH, 12, 104, world, roles_of(dataset), parameters, rng)
    desk = empty_desk(12, len(world.skills), len(world.modules))
    desk.theta[:] = people.block.offset
    desk.level[:] = 0.3
    record = empty_record(12, len(world.skills), 24, (1, 1, 1))
    return scene_of(GROWTH, world, people.block, desk, record, parameters)


@pytest.fixture
def scene(full_dataset: Dataset, full_world: World) -> SimpleNamespace:
    return make_scene(full_dataset, full_world, EVEN)


def chosen(scene: SimpleNamespace, *, day: float = 300.0, n: int = 1) -> list[tuple[int, float, int]]:
    rng, lately = np.random.default_rng(0), np.zeros(len(scene.modules))
    return [choice.choose(scene, 0, lately, day, rng) for _ in range(n)]


def offered(scene: SimpleNamespace, day: float) -> set[int]:
    return {m for m in range(len(scene.modules)) if choice._is_on_offer(scene, 0, m, day)}


def test_probabilities_are_those_of_the_draws_and_sum_to_one(scene: SimpleNamespace) -> None:
    n = 2000
    draws = chosen(scene, n=n)
    probability = {module: p for module, p, _ in draws}
    assert set(probability) == offered(scene, 300.0)
    assert sum(probability.values()) == pytest.approx(1, abs=1e-12)
    for module, p in probability.items():
        share = sum(m == module for m, _, _ in draws) / n
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / n)


def test_ranks_order_what_was_never_started_by_probability(
    scene: SimpleNamespace, at: dict[str, int]
) -> None:
    repeated = at["b1"]
    scene.begun_day[0, repeated], scene.finished_day[0, repeated] = 1.0, 2.0
    found = {module: (p, rank) for module, p, rank in chosen(scene, n=2000)}
    assert found.pop(repeated)[1] == 0
    ranks = [rank for _, rank in sorted(found.values(), key=lambda pair: -pair[0])]
    assert ranks == list(range(1, len(found) + 1))


def test_without_noise_the_best_is_chosen(full_dataset: Dataset, full_world: World) -> None:
    draws = set(chosen(make_scene(full_dataset, full_world, SHARP), n=20))
    assert len(draws) == 1
    ((_, probability, rank),) = draws
    assert (probability, rank) == (pytest.approx(1), 1)


def test_only_what_is_published_not_retired_and_not_locked_is_on_offer(
    scene: SimpleNamespace, at: dict[str, int]
) -> None:
    def named(day: float) -> set[str]:
        return {name for name, m in at.items() if m in offered(scene, day)}

    # a2, b2 and b3 wait for what they need; a3 needs a2 softly and a skill; c2 is not there yet
    assert named(0.0) == {"a1", "a2-easy", "a3", "b1", "b2-hard", "c1", "d1"}
    assert named(90.0) - named(0.0) == set()
    assert named(0.0) - named(90.0) == {"c1"}
    assert named(151.0) - named(90.0) == {"c2"}
    scene.begun_day[0, at["a1"]] = 9.0
    # what was given up is not: it may be begun again
    assert not {"a1", "a2"} & named(69.0)
    assert "a1" in named(69.1)
    assert "a2" not in named(1000.0)
    scene.finished_day[0, at["a1"]] = 10.0
    assert "a2" in named(20.0)
    assert "a1" not in named(279.0)
    assert "a1" in named(279.1)


def test_a_skill_that_is_insisted_on_locks_until_it_is_nearly_there(
    scene: SimpleNamespace, at: dict[str, int]
) -> None:
    sql, module = 1, at["a3"]
    # a3 asks for .4, and .6 of that is enough
    for mastery, is_enough in ((0.01, False), (0.235, False), (0.245, True), (0.9, True)):
        scene.theta[0, sql] = scene.skills[sql].difficulty + np.log(mastery / (1 - mastery))
        scene.skill_is_hard[module, 0] = True
        assert choice._is_on_offer(scene, 0, module, 9.0) == is_enough
        scene.skill_is_hard[module, 0] = False
        assert choice._is_on_offer(scene, 0, module, 9.0)


def test_nothing_on_offer_is_told(scene: SimpleNamespace) -> None:
    scene.begun_day[0] = 250.0
    assert chosen(scene) == [(-1, 0.0, 0)]


def test_what_is_lacking_is_a_share_of_what_is_needed(scene: SimpleNamespace, at: dict[str, int]) -> None:
    sql = 1
    assert choice.lacks(scene, 0, at["a1"]) == 0.0
    assert choice.lacks(scene, 0, at["b2"]) == 1.0
    # a3 needs a2 and a mastery of .4: half of the one is half of a half
    scene.theta[0, sql] = scene.skills[sql].difficulty + np.log(0.2 / 0.8)
    assert choice.mastery_of(scene, 0, sql) == pytest.approx(0.2)
    assert choice.lacks(scene, 0, at["a3"]) == pytest.approx(0.75)
    scene.finished_day[0, at["a2"]] = 3.0
    assert choice.lacks(scene, 0, at["a3"]) == pytest.approx(0.25)
    scene.theta[0, sql] = 10.0
    assert choice.lacks(scene, 0, at["a3"]) == 0.0


@pytest.mark.parametrize(
    ("last", "score", "module", "expected"),
    [
        ("a2", 0.3, "a2-easy", 1.0),
        ("a2", 0.7, "a2-easy", -1.0),
        ("a2", 0.95, "a2-easy", -1.0),
        ("b2", 0.95, "b2-hard", 1.0),
        ("b2", 0.3, "b2-hard", -1.0),
        ("b2-hard", 0.3, "b2", 1.0),
        ("b1", 0.3, "a2-easy", 0.0),
    ],
)
def test_the_variant_that_fits_the_last_result_is_wanted(
    scene: SimpleNamespace, at: dict[str, int], last: str, score: float, module: str, expected: float
) -> None:
    scene.modules.difficulty[[at["a2"], at["a2-easy"], at["b2"], at["b2-hard"]]] = [0.5, -0.5, 0.5, 1.5]
    scene.desk[0].last, scene.desk[0].last_score = at[last], score
    assert choice._variant(scene, 0, at[module]) == expected


def test_another_form_of_what_was_begun_is_not_wanted(scene: SimpleNamespace, at: dict[str, int]) -> None:
    assert choice._variant(scene, 0, at["a2-easy"]) == 0.0
    scene.begun_day[0, at["a2"]] = 1.0
    assert choice._variant(scene, 0, at["a2-easy"]) == -1.0


def utility(scene: SimpleNamespace, module: int, *, day: float = 300.0, finished_by: float = 0.0) -> float:
    need, lately = np.zeros(len(scene.skills)), np.zeros(len(scene.modules))
    choice._needs(scene, 0, need)
    lately[module] = finished_by
    return choice._utility(scene, 0, lately, module, day, need)


def test_each_term_adds_what_its_parameter_says(scene: SimpleNamespace, at: dict[str, int]) -> None:
    weights, module = scene.choice[0], at["a2"]
    scene.spotlight[:] = 0.0
    scene.people[0].joins = 0
    plain = utility(scene, module)
    assert utility(scene, module, finished_by=3.0) - plain == pytest.approx(weights.peers * np.log(4))
    scene.spotlight[300 // 28, module] = 1.0
    assert utility(scene, module) - plain == pytest.approx(weights.spotlight)
    scene.spotlight[:] = 0.0
    scene.desk[0].last = at["a1"]
    assert utility(scene, module) - plain == pytest.approx(weights.follows)
    scene.desk[0].last = -1
    scene.modules.published[module] = 290.0
    assert utility(scene, module) - plain == pytest.approx(weights.fresh)
    scene.modules.published[module] = -1e9
    scene.begun_day[0, module] = 1.0
    assert utility(scene, module) - plain == pytest.approx(weights.repeat)
    scene.begun_day[0, module] = NEVER
    scene.modules.is_core[module] = True
    assert utility(scene, module) == plain
    scene.people[0].joins = 30
    assert utility(scene, module) - plain == pytest.approx(weights.core)
    scene.modules.is_core[module] = False
    assert choice.lacks(scene, 0, module) == 1.0
    scene.finished_day[0, at["a1"]] = 1.0
    assert utility(scene, module) - plain == pytest.approx(weights.unready)
    scene.finished_day[0, at["a1"]] = NEVER
    minutes = scene.modules[module].minutes
    scene.people[0].minutes = 1e9
    short = utility(scene, module)
    scene.people[0].minutes = minutes / 2
    assert utility(scene, module) == short
    scene.people[0].minutes = minutes / 4
    assert utility(scene, module) - short == pytest.approx(-weights.minutes * np.log(2))


def test_needs_are_gaps_by_importance_the_target_before_the_present(scene: SimpleNamespace) -> None:
    scene.theta[:] = -30.0
    person, need = scene.people[0], np.zeros(len(scene.skills))
    person.role, person.target = 0, -1
    choice._needs(scene, 0, need)
    weight = scene.role_importance * scene.role_required
    np.testing.assert_allclose(need, weight[0], atol=1e-9)
    person.target = 1
    choice._needs(scene, 0, need)
    np.testing.assert_allclose(need, 0.5 * weight[0] + 0.9 * weight[1], atol=1e-9)
    scene.theta[:] = 30.0
    choice._needs(scene, 0, need)
    assert not need.any()


def test_a_module_closes_nothing_that_is_above_its_ceiling(
    scene: SimpleNamespace, at: dict[str, int]
) -> None:
    need = np.array([0.4, 0.2, 0.1])
    assert choice._closes(scene, 0, at["a3"], need) == pytest.approx(0.3)
    scene.level[0, 0] = scene.learning[0].ceilings[2]
    assert choice._closes(scene, 0, at["a3"], need) == pytest.approx(0.1)
