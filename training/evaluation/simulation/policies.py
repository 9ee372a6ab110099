"""Who decides what a learner takes next: the engine, and what it is compared with.

Every policy chooses among what the platform's rules allow, which are the same for all, and those that look at
skills look at the same estimates. A policy that likes nothing any more takes what is most popular.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import RecommendedModule
from recommender.embeddings.histories import Histories
from recommender.embeddings.view import View
from recommender.engine import Engine
from recommender.ranking.config import RankingConfig
from recommender.ranking.rank import rank_ids
from training.evaluation.off_policy.engine_policy import without_chance
from training.evaluation.simulation.learner import Situation

Floats = NDArray[np.float64]

ENGINE: Final = "engine"
ORACLE: Final = "oracle"
# Of `out_of_band`: more than all other terms of a score together.
_FORBIDS: Final = 1e6
_LEVELS: Final = {"beginner": 0.0, "": 1.0, "intermediate": 1.0, "advanced": 2.0}


class Choice(NamedTuple):
    """A module's position, -1 for none; of the engine what it said of it, and whether any module fits."""

    module: int
    said: RecommendedModule | None = None
    any_fits: bool = False


class Truth(NamedTuple):
    """What only the oracle sees.

    Parameters
    ----------
    mastery : float64 array, shape (n_skills,)
    closes, minutes : float64 arrays, shape (n_modules,)
        What each module would close of the weighted gap, and its minutes for this learner.
    """

    mastery: Floats
    closes: Floats
    minutes: Floats


See = Callable[[], Truth]
Choose = Callable[[Situation, See, np.random.Generator], Choice]
Ask = Callable[[Situation, Sequence[str], np.random.Generator], str | None]
Score = Callable[[Situation], Floats]


@dataclass(frozen=True, eq=False)
class Facts:
    """What policies know of a catalogue and of the past.

    Parameters
    ----------
    catalog : Catalog
    starts : float64 array, shape (n_modules,)
        How many people started each module.
    als : View
    """

    catalog: Catalog
    starts: Floats
    als: View

    @classmethod
    def of(cls, bundle: ModelBundle, als: View) -> Facts:
        """Gather them."""
        n = bundle.catalog.n_modules
        starts = np.zeros(n) if bundle.use is None else bundle.use.learned[:, 0].astype(np.float64)
        return cls(bundle.catalog, starts, als)


@dataclass(frozen=True, eq=False)
class Policy:
    """Who decides.

    Parameters
    ----------
    choose : callable
        Of a learner's situation, of what only the oracle may look at, and of luck, the next module.
    ask : callable, optional
        Before the first module, of the situation, of the items asked so far, and of luck, the item to ask
        next; None for enough.
    """

    choose: Choose
    ask: Ask | None = None


def baselines(facts: Facts) -> dict[str, Policy]:
    """Return every policy but the engine, by name; the oracle is last."""
    scores: dict[str, Score] = {
        "popularity": lambda _: facts.starts,
        "static_curriculum": _static_curriculum(facts),
        "als": lambda at: np.nan_to_num(facts.als.score(Histories.of(at.history))[0].astype(np.float64)),
        "largest_gap": _largest_gap(facts),
        "weighted_rule": _weighted_rule(facts),
    }
    id_rank = rank_ids(facts.catalog.module_ids)
    found: dict[str, Choose] = {"random": _random}
    found |= {name: _best(score, facts.starts, id_rank) for name, score in scores.items()}
    found[ORACLE] = _oracle(facts, id_rank)
    return {name: Policy(choose) for name, choose in found.items()}


def engine_policy(engine: Engine, *, most_items: int) -> Policy:
    """Ask what the engine wants to know, `most_items` items at most, then take its first recommendation."""
    only_fit = Engine(_with(without_chance(engine).bundle, {"value": {"out_of_band": _FORBIDS}}))

    def choose(at: Situation, _: See, __: np.random.Generator) -> Choice:
        answer = engine.recommend(at.state, at.profile, at.query, now=at.now)
        if not answer.modules:
            return Choice(-1)
        first, any_fits = answer.modules[0], True
        if first.difficulty_fit != "on_level":
            fitting = only_fit.recommend(at.state, at.profile, at.query, now=at.now)
            any_fits = fitting.modules[0].difficulty_fit == "on_level"
        return Choice(engine.catalog.module_index[first.module_id], first, any_fits)

    def ask(at: Situation, given: Sequence[str], rng: np.random.Generator) -> str | None:
        if len(given) >= most_items:
            return None
        item = engine.next_item(at.state, at.profile, given=given, now=at.now, rng=rng)
        return None if item.stop else item.item_id

    return Policy(choose, ask if most_items > 0 else None)


def ablations(bundle: ModelBundle) -> dict[str, ModelBundle]:
    """Return bundles that lack a part of the engine, by the name of the policy."""
    without: Mapping[str, Mapping[str, Mapping[str, float]]] = {
        "engine_without_difficulty": {
            "difficulty": {"floor": 0.001, "low": 0.001, "high": 0.999, "ceiling": 0.999, "caution": 0.0},
            "value": {"difficulty": 0.0, "out_of_band": 0.0},
        },
        "engine_without_gap": {"value": {"gap": 0.0}},
        "engine_without_views": {"value": {"uniform_floor": 1.0 - 1e-9}},
    }
    return {name: _with(bundle, changes) for name, changes in without.items()}


def _with(bundle: ModelBundle, changes: Mapping[str, Mapping[str, float]]) -> ModelBundle:
    """Return a bundle with other settings of ranking, by section and name."""
    settings = bundle.ranking.model_dump()
    for section, its in changes.items():
        settings[section] |= its
    return replace(bundle, ranking=RankingConfig.model_validate(settings))


def _best(score: Score, starts: Floats, id_rank: NDArray[np.int32]) -> Choose:
    """Take the allowed module of the highest score; where none is above 0, the most popular one."""

    def choose(at: Situation, _: See, __: np.random.Generator) -> Choice:
        allowed = np.flatnonzero(at.allowed)
        if not len(allowed):
            return Choice(-1)
        values = score(at)[allowed]
        if not (values > 0.0).any():
            values = starts[allowed]
        return Choice(int(allowed[np.lexsort((id_rank[allowed], -values))[0]]))

    return choose


def _random(at: Situation, _: See, rng: np.random.Generator) -> Choice:
    """Take any allowed module."""
    allowed = np.flatnonzero(at.allowed)
    return Choice(int(rng.choice(allowed)) if len(allowed) else -1)


def _static_curriculum(facts: Facts) -> Score:
    """Everybody in a role takes the same list: what its skills need, from introductory to advanced.

    On the list are the modules that teach a skill of the role and those that must come before them. Lower
    levels come first, then what others need, then what teaches more of what is important.
    """
    lists: dict[int, Floats] = {}

    def score(at: Situation) -> Floats:
        if at.role not in lists:
            lists[at.role] = _curriculum(facts.catalog, at.need.importance)
        return lists[at.role]

    return score


def _curriculum(catalog: Catalog, importance: Floats) -> Floats:
    """Place of every module on the list, the first highest; 0 for those that are not on it."""
    taught, rules = catalog.module_skills, catalog.prerequisites
    worth = np.bincount(taught.row_of_value(), importance[taught.values], catalog.n_modules)
    hard = rules.hard & (rules.needed_module >= 0)
    needed, module = rules.needed_module[hard], rules.module[hard]
    on_list, before = worth > 0.0, np.zeros(catalog.n_modules, np.bool_)
    while (on_list != before).any():
        before = on_list.copy()
        on_list[needed[on_list[module]]] = True
    depth, last = np.zeros(catalog.n_modules), np.full(catalog.n_modules, -1.0)
    while (depth != last).any():
        last = depth.copy()
        np.maximum.at(depth, module, depth[needed] + 1.0)
    level = np.array([_LEVELS[name] for name in catalog.levels.tolist()])
    order = np.lexsort((rank_ids(catalog.module_ids), -worth, depth, level))
    place = np.empty(catalog.n_modules)
    place[order] = np.arange(catalog.n_modules, 0, -1)
    return np.where(on_list, place, 0.0)


def _largest_gap(facts: Facts) -> Score:
    """Take what teaches the skill with the largest weighted gap, of several the most popular."""
    taught = facts.catalog.module_skills
    row, popular = taught.row_of_value(), facts.starts / max(facts.starts.max(initial=0.0), 1.0)

    def score(at: Situation) -> Floats:
        largest = np.zeros(facts.catalog.n_modules)
        np.maximum.at(largest, row, at.gap[taught.values])
        # The gap decides; popularity only among modules of the same skill.
        return np.where(largest > 0.0, largest + 1e-9 * popular, 0.0)

    return score


def _weighted_rule(facts: Facts) -> Score:
    """Follow the rule of Harvard's adaptive engine: readiness, demand, difficulty and continuity.

    After Rosen et al. (2018, "The effects of adaptive learning in a massive open online course on learners'
    skill development", Learning at Scale): readiness is what is missing of prerequisites, demand what is
    missing of mastery in the skills taught, here of the role's, difficulty how far the module is from what
    the learner can do, and continuity how like it is to the last one. All four are scaled to [0, 1] and count
    alike: the weights of its source are two of them swapped and tuned for another course.
    """
    catalog = facts.catalog
    taught = catalog.module_skills
    row, counts = taught.row_of_value(), np.maximum(np.diff(taught.start), 1)
    teaches = np.zeros((catalog.n_modules, catalog.n_skills))
    teaches[row, taught.values] = 1.0 / np.sqrt(counts)[row]
    like = teaches @ teaches.T
    difficulty = np.nan_to_num(catalog.difficulty, nan=0.5)

    def score(at: Situation) -> Floats:
        demand = np.bincount(row, at.gap[taught.values], catalog.n_modules) / counts
        demand /= max(demand.max(), 1e-9)
        able = np.bincount(row, at.assumed[taught.values], catalog.n_modules) / counts
        fit = 1.0 - np.abs(able - difficulty)
        again = like[at.last] if at.last >= 0 else np.zeros(catalog.n_modules)
        total: Floats = at.eligibility.readiness + demand + fit + again
        return total

    return score


def _oracle(facts: Facts, id_rank: NDArray[np.int32]) -> Choose:
    """Take what really closes most of the weighted gap a minute, or leads to what does.

    It sees skills, pace and the laws of learning, so that it also knows which prerequisites are met, and
    looks one module ahead.
    """
    rules = facts.catalog.prerequisites
    on_modules = rules.needed_module >= 0
    module, needed = rules.module[on_modules], rules.needed_module[on_modules]

    def choose(at: Situation, see: See, _: np.random.Generator) -> Choice:
        truth = see()
        open_now = at.eligible(truth.mastery).allowed
        allowed = np.flatnonzero(open_now)
        if not len(allowed):
            return Choice(-1)
        rate = truth.closes / truth.minutes
        locked = ~open_now[module] & open_now[needed]
        first, then = needed[locked], module[locked]
        both = (truth.closes[first] + truth.closes[then]) / (truth.minutes[first] + truth.minutes[then])
        np.maximum.at(rate, first, both)
        return Choice(int(allowed[np.lexsort((id_rank[allowed], -rate[allowed]))[0]]))

    return choose
