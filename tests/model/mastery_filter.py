"""The oracle filter: what can be known of somebody's mastery by who knows every law but not the learner.

Under `GROWTH` nothing of a learner moves by chance. General ability, what is added per domain and skill, the
level of each skill at the start and the pace are drawn once; with them, study and answers lead to one
ability in each skill at each time. So filtering is Bayesian inference of those constants xi (standard normal
a priori) from answers so far, by Laplace's method on linearised laws (Tierney & Kadane 1986): Fisher scoring
to the mode, where the laws are lived through with xi, and with each kind of constant moved, to see what it
does to the ability at every answer. Samples of that normal posterior live through the true laws, and are
weighted towards the true posterior (importance sampling, Geweke 1989), with weights held within bounds
(Ionides 2008).

Choosing a module, its duration, and how a graded answer is graded beyond pass and fail also tell something of
the learner. The filter does not look at that, so it stays a little below what could be known.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from scipy.linalg import cholesky, solve, solve_triangular

from tests.model.irt import Floats
from tests.model.mastery_history import ANSWER, FINISH, STUDY, Steps
from tests.model.mastery_laws import Z_GRID, Laws
from training.datasets.sample.learner_models import level_on, start
from training.datasets.sample.parameters import GROWTH
from training.datasets.sample.responses import mean_ability, pass_probability
from training.datasets.sample.state import PERSON, Block, Scene, empty_desk, empty_record

# the simulator's own compiled laws of study, so that filter and simulator cannot part
from training.datasets.sample.studying import _practise_all, study

N_SAMPLES: Final = 200
_STEPS: Final = 12
# how far constants are moved to see what they do, in prior deviations
_MOVED: Final = 0.5
# of the log posterior, below which the mode is found; and how a step is cut that led down
_NO_GAIN: Final = 0.01
_SHORTER: Final = 0.4


class Prior(NamedTuple):
    """Of a learner's constants: mean and deviation of ability; deviations by domain, skill, of log pace."""

    mean: float
    ability: float
    domain: float
    skill: float
    pace: float


@numba.njit
def _look(scene: Any, skills: Any, day: float, rng: Any) -> None:
    for s in skills:
        if s < 0:
            break
        hidden = scene.skills[s]
        scene.level[0, s] = level_on(
            GROWTH, scene.states[0, s], hidden.decay, hidden.half_life, day, rng, scene.learning[0]
        )
        scene.theta[0, s] = scene.offset[0, s] + scene.response[0].spread * (scene.level[0, s] - 0.5)


@numba.njit
def _begin(scene: Any, xi: Any, shift: Any, levels: Any, prior: Any, rng: Any) -> None:
    """Set somebody's constants; `shift` is added to offsets, to ranks of levels, and to pace."""
    n_skills, last = len(scene.skills), levels.shape[1] - 1
    per_unit = last / (Z_GRID[-1] - Z_GRID[0])
    for s in range(n_skills):
        own = prior.domain * xi[1 + scene.skills[s].domain] + prior.skill * xi[5 + s]
        scene.offset[0, s] = prior.mean + prior.ability * xi[0] + own + shift[0]
        at = min(max((xi[5 + n_skills + s] + shift[1] - Z_GRID[0]) * per_unit, 0.0), last - 1e-9)
        k = int(at)
        level = levels[s, k] + (at - k) * (levels[s, k + 1] - levels[s, k])
        start(GROWTH, scene.states[0, s], level, rng, scene.learning[0])
    scene.people[0].pace = np.exp(prior.pace * (xi[len(xi) - 1] + shift[2]))
    scene.finished_day[0, :] = -1.0


@numba.njit
def _live(scene: Any, steps: Any, theta: Any, rng: Any) -> None:
    """Live through steps and note the ability that each answer had."""
    n = 0
    for step in steps:
        if step.kind == FINISH:
            scene.finished_day[0, step.module] = step.day
            continue
        scene.desk[0].module = step.module
        if step.kind == STUDY:
            _look(scene, scene.module_skills[step.module], step.day, rng)
            _look(scene, scene.skill_needs[step.module], step.day, rng)
            study(scene, 0, step.day, step.hours, rng)
            continue
        skills = scene.item_skills[step.item]
        _look(scene, skills, step.day, rng)
        theta[n] = mean_ability(scene.theta[0], skills) + step.boost
        n += 1
        if step.module >= 0 and step.boost == 0.0:
            _practise_all(scene, 0, skills, step.day, scene.learning[0].testing_hours, 1.0, rng)


@numba.njit
def _log_likelihood(scene: Any, answers: Any, theta: Any) -> float:
    total = 0.0
    for k in range(len(answers)):
        p = pass_probability(scene.items, answers[k].item, theta[k])
        total += np.log(p if answers[k].passed else 1.0 - p)
    return total


@numba.njit
def _curvature(scene: Any, answers: Any, at: Any, xi: Any, prior: Any) -> Any:
    """Gradient and expected curvature of the log posterior; `at` (4, n) are abilities as are and moved."""
    n_skills = len(scene.skills)
    gradient, curve = -xi, np.eye(len(xi))
    row = np.zeros(len(xi))
    for k in range(len(answers)):
        item = scene.items[answers[k].item]
        skills = scene.item_skills[answers[k].item]
        n = 0
        for s in skills:
            n += s >= 0
        by_offset, by_level, by_pace = (at[1:, k] - at[0, k]) / _MOVED
        row[:] = 0.0
        row[0], row[len(xi) - 1] = prior.ability * by_offset, by_pace
        for s in skills[:n]:
            row[1 + scene.skills[s].domain] += prior.domain * by_offset / n
            row[5 + s] = prior.skill * by_offset / n
            row[5 + n_skills + s] = by_level / n
        sigma = 1.0 / (1.0 + np.exp(-item.discrimination * (at[0, k] - item.difficulty)))
        p = item.guess + (1.0 - item.guess - item.slip) * sigma
        slope = (1.0 - item.guess - item.slip) * item.discrimination * sigma * (1.0 - sigma)
        used = np.flatnonzero(row)
        for i in used:
            gradient[i] += row[i] * slope * (answers[k].passed - p) / (p * (1.0 - p))
            for j in used:
                curve[i, j] += row[i] * row[j] * slope * slope / (p * (1.0 - p))
    return gradient, curve


@numba.njit
def _moved(scene: Any, steps: Any, xi: Any, shifts: Any, levels: Any, prior: Any, at: Any, rng: Any) -> None:
    """Note the abilities at every answer with constants xi and each shift of them, in the rows of `at`."""
    for kind in range(len(shifts)):
        _begin(scene, xi, shifts[kind], levels, prior, rng)
        _live(scene, steps, at[kind], rng)


@numba.njit
def _sample(
    scene: Any, steps: Any, answers: Any, xi: Any, levels: Any, prior: Any, day: float, out: Any, rng: Any
) -> None:
    """Let samples xi (n_samples, n) live; `out` gets log likelihood, then ability in every skill on a day."""
    theta, shift, every = np.empty(len(answers)), np.zeros(3), np.arange(len(scene.skills))
    for i in range(len(xi)):
        _begin(scene, xi[i], shift, levels, prior, rng)
        _live(scene, steps, theta, rng)
        out[i, 0] = _log_likelihood(scene, answers, theta)
        _look(scene, every, day, rng)
        out[i, 1:] = scene.theta[0]


class OracleFilter:
    """Filters learners of one simulated organisation.

    Parameters
    ----------
    laws : Laws
        Of the learner model `GROWTH`.
    rng : numpy Generator
        Draws the samples, the same for everybody.
    n_samples : int
        An even number.
    """

    def __init__(self, laws: Laws, rng: np.random.Generator, n_samples: int = N_SAMPLES) -> None:
        if laws.model != GROWTH:
            raise ValueError(
                "the oracle filter knows the laws of growth only; simulate with --learner-model growth"
            )
        people, world = laws.parameters.people, laws.world
        mean, ability = laws.ability_prior()
        self._laws, self._rng = laws, rng
        self._prior = Prior(
            mean, ability, people.domain_deviation, people.skill_deviation, people.pace_deviation
        )
        n_skills, n_modules = len(world.skills), len(world.modules)
        half = rng.standard_normal((n_samples // 2, 6 + 2 * n_skills))
        # the same samples serve everybody, so their variance must be right, not only right on average
        half /= np.sqrt((half**2).mean(axis=0))
        self._noise = np.concatenate([half, -half])
        block = Block(
            team_start=np.array([0, 1], np.int32),
            people=np.zeros(1, PERSON),
            offset=np.zeros((1, n_skills)),
            liking=np.zeros((1, 1)),
            states=np.zeros((1, n_skills, 7)),
        )
        desk, record = empty_desk(1, n_skills, n_modules), empty_record(1, n_skills, 1, (1, 1, 1))
        self._scene = Scene(GROWTH, world, block, desk, record, laws.parameters)

    def abilities(self, steps: Steps, role: int, day: float) -> tuple[Floats, Floats]:
        """Return samples of the abilities on a day from what is known by then.

        Returns
        -------
        tuple of float arrays, shapes (n_samples, n_skills) and (n_samples,)
            Abilities in logits, and log weights.
        """
        known = steps[steps["known"] < day]
        answers = known[known["kind"] == ANSWER]
        levels = self._laws.start_level[role]
        mode, curve = self._mode(known, answers, levels)
        samples = mode + solve_triangular(cholesky(curve), self._noise.T).T
        out = np.empty((len(samples), 1 + len(levels)))
        _sample(self._scene, known, answers, samples, levels, self._prior, day, out, self._rng)
        log_weight = out[:, 0] + ((self._noise**2).sum(axis=1) - (samples**2).sum(axis=1)) / 2
        return out[:, 1:], log_weight

    def _mode(self, steps: Steps, answers: Steps, levels: Floats) -> tuple[Floats, Floats]:
        """Return the mode of somebody's constants and the expected curvature there, by Fisher scoring."""
        n = self._noise.shape[1]
        mode, curve, step = np.zeros(n), np.eye(n), np.zeros(n)
        if not len(answers):
            return mode, curve
        shifts = np.concatenate([np.zeros((1, 3)), _MOVED * np.eye(3)])
        best, size, at = -np.inf, 1.0, np.empty((4, len(answers)))
        for _ in range(_STEPS):
            trial = mode + size * step
            _moved(self._scene, steps, trial, shifts, levels, self._prior, at, self._rng)
            value = _log_likelihood(self._scene, answers, at[0]) - (trial @ trial) / 2
            if value < best - _NO_GAIN / 10:
                size *= _SHORTER
                continue
            gain, best, mode, size = value - best, value, trial, 1.0
            gradient, curve = _curvature(self._scene, answers, at, mode, self._prior)
            step = solve(curve, gradient, assume_a="pos")
            if gain < _NO_GAIN:
                break
        return mode, curve
