"""Fit and judge the models of one training; nothing here writes or prints."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.embeddings import Interactions, Scores, View
from recommender.embeddings.histories import Histories, History
from recommender.embeddings.popularity import BASELINES, Popularity
from recommender.ranking.config import RankingConfig
from recommender.ranking.mix import mix_views
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.config import TrainConfig
from training.evaluation.best_lr import BestLR
from training.evaluation.module_report import ENGINE, ModuleReport
from training.evaluation.modules import Fit, Scorer, TimedScorer, evaluate_modules
from training.evaluation.skills import SkillReport, evaluate_skills
from training.evaluation.splits import split_learners


def fit_views(interactions: Interactions, catalog: Catalog, config: TrainConfig) -> dict[str, View]:
    """Fit every configured view on the same first starts."""
    return {name: _fit_view(name, interactions, catalog, config) for name in sorted(config.views)}


def _fit_view(name: str, interactions: Interactions, catalog: Catalog, config: TrainConfig) -> View:
    return config.view_class(name)(config.view_config(name)).fit(interactions, catalog, seed=config.seed)


def module_fit(catalog: Catalog, config: TrainConfig) -> Fit:
    """Return what fits the mix that would be shipped, each of its views and two kinds of popularity."""

    def fit(train: Interactions) -> Mapping[str, Scorer]:
        scorers: dict[str, Scorer] = {}
        views: dict[str, View] = {}
        started = time.perf_counter()
        for name in sorted(config.views):
            fit_start = time.perf_counter()
            views[name] = _fit_view(name, train, catalog, config)
            if name not in BASELINES:
                scorers[name] = TimedScorer(partial(scored, views[name]), time.perf_counter() - fit_start)
        scorers[ENGINE] = TimedScorer(
            partial(mixed, views, config.ranking, catalog.n_modules), time.perf_counter() - started
        )
        for name, settings in BASELINES.items():
            fit_start = time.perf_counter()
            baseline = Popularity(settings).fit(train, catalog, seed=config.seed)
            scorers[name] = TimedScorer(partial(scored, baseline), time.perf_counter() - fit_start)
        return scorers

    return fit


def judge_modules(
    interactions: Interactions,
    catalog: Catalog,
    config: TrainConfig,
    protocol: str,
    known: Mapping[str, NDArray[np.int64]] | None = None,
) -> ModuleReport:
    """Evaluate the mix that would be shipped beside each of its views and two kinds of popularity.

    Every model is fitted anew on the training part of each split; `known` are ranks from elsewhere to
    stand beside them, see `evaluate_modules`.
    """
    settings = config.evaluation
    return evaluate_modules(
        module_fit(catalog, config),
        interactions,
        protocol=protocol,
        cuts=settings.cuts,
        seed=config.seed,
        max_learners=settings.max_learners,
        known=known,
        catalog=catalog,
    )


def scored(view: View, history: History) -> Scores:
    """Score modules by one view, (n_modules,), as an evaluation asks: one learner at a time."""
    scores: Scores = view.score(Histories.of(history))[0]
    return scores


def mixed(
    views: Mapping[str, View], ranking: RankingConfig, n_modules: int, history: History
) -> NDArray[np.float64]:
    """Score modules by the mix of views, as the engine does before terms, over those not yet started."""
    allowed = np.ones(n_modules, np.bool_)
    allowed[history.modules] = False
    return mix_views(views, ranking, history, allowed).mix


def judge_skills(
    attempts: AttemptColumns,
    catalog: Catalog,
    config: TrainConfig,
    known: Mapping[str, NDArray[np.float64]] | None = None,
) -> SkillReport | None:
    """Evaluate the learner-skill model on learners it has never seen; None with fewer than two learners.

    Beside it stand the mean of each item, Best-LR, and what is `known` from elsewhere:
    by name, one probability for each row of `attempts`.
    """
    active = np.unique(attempts.learner)
    fraction = config.evaluation.test_fraction
    rng = np.random.default_rng(config.seed)
    _, tested = split_learners(len(active), (1 - fraction, fraction), rng)
    if not len(tested) or len(tested) == len(active):
        return None
    mask = np.zeros(attempts.n_learners, np.bool_)
    mask[active[tested]] = True
    rows = mask[attempts.learner]
    train, test = attempts.take(~rows), attempts.take(rows)
    started = time.perf_counter()
    model = SkillModel(config.skills).fit(train, catalog, seed=config.seed)
    fitted = time.perf_counter()
    probability = model.predict(test, catalog)
    seconds = {"skill_model": (fitted - started, time.perf_counter() - fitted)}
    started = time.perf_counter()
    baseline = BestLR().fit(train, catalog)
    fitted = time.perf_counter()
    by_counts = baseline.predict(test, catalog)
    seconds["best_lr"] = (fitted - started, time.perf_counter() - fitted)
    predictions = {
        "skill_model": probability,
        "best_lr": by_counts,
        "item_mean": expit(-model.difficulty_.item_difficulty[test.item]),
    }
    predictions |= {name: p[rows] for name, p in (known or {}).items()}
    n = {
        "attempts": len(test),
        "learners": len(tested),
        "items": len(np.unique(test.item)),
        "skills": len(np.unique(test.skills.values)),
    }
    return evaluate_skills(test.passed, test.learner, predictions, n, seconds)
