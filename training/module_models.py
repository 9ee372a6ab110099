"""Fit and judge what recommends modules; nothing here writes or prints."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings import Interactions, Scores, View
from recommender.embeddings.content import content_of
from recommender.embeddings.histories import Histories, History
from recommender.embeddings.interactions import id_order
from recommender.embeddings.popularity import BASELINES, Popularity
from recommender.ranking.features import feature_names
from recommender.ranking.module_facts import ModuleUse
from recommender.ranking.preferences import Preferences
from recommender.ranking.ranker import Ranker
from training.config import TrainConfig
from training.evaluation.module_report import ENGINE, ModuleReport
from training.evaluation.modules import Fit, Scorer, TimedScorer, evaluate_modules
from training.ranking_choices import FittedSlice, chosen_shares, describe_choices
from training.ranking_slices import ranking_slices


def fit_views(
    interactions: Interactions, catalog: Catalog, config: TrainConfig, known: Mapping[str, View] | None = None
) -> dict[str, View]:
    """Fit every configured view on the same first starts.

    Of `known` views, fitted on the same catalogue, those that learn nothing from starts are taken over.
    """
    kept = {name: view for name, view in (known or {}).items() if view.of_catalog_only}
    return {
        name: kept[name] if name in kept else _fit_view(name, interactions, catalog, config)
        for name in sorted(config.views)
    }


def _fit_view(name: str, interactions: Interactions, catalog: Catalog, config: TrainConfig) -> View:
    return config.view_class(name)(config.view_config(name)).fit(interactions, catalog, seed=config.seed)


def fit_ranker(
    interactions: Interactions, catalog: Catalog, config: TrainConfig, views: Mapping[str, View]
) -> Ranker:
    """Fit the ranker on choices that views fitted on other learners, or on earlier times, are asked for.

    `views` are those that will be ranked; what they learned from starts is not looked at.
    """
    settings, floor = config.ranking.ranker, config.ranking.value.uniform_floor
    names = sorted(config.views)
    declared = np.array([config.ranking.view_weights[name] for name in names])
    ranker = Ranker.declared(settings, declared)
    slices = [
        FittedSlice(
            asked,
            Preferences.of(
                catalog, fit_views(asked.known, catalog, config, views), ranker, ModuleUse.fit(asked.known)
            ),
        )
        for asked in ranking_slices(
            interactions, _tellable(views, catalog), config.slices, np.random.default_rng(config.seed)
        )
    ]
    if not slices:
        return ranker
    # The slices hold this very ranker: their mixes are weighed by what it learns here.
    ranker.fit_weights(*chosen_shares(slices, floor), declared)
    choices = describe_choices(slices, floor, len(feature_names(names)))
    return ranker.fit_trees(choices, seed=config.seed)


def _tellable(views: Mapping[str, View], catalog: Catalog) -> NDArray[np.int64]:
    """Modules whose content is like that of some other, in the order of their ids."""
    order: NDArray[np.int64] = id_order(catalog)
    content = content_of(views)
    if content is None:
        return order[:0]
    told: NDArray[np.int64] = order[np.diff(content.fitted().start)[order] > 0]
    return told


def module_fit(
    catalog: Catalog, config: TrainConfig, beside: Mapping[str, Mapping[str, Any]] | None = None
) -> Fit:
    """Return what fits the engine that would be shipped, each of its views and two kinds of popularity.

    Parameters
    ----------
    catalog : Catalog
    config : TrainConfig
    beside : mapping of str to mapping, optional
        Views to fit too where the engine has none of that name, with settings as in `TrainConfig.views`.
    """
    others_config = config.model_copy(update={"views": beside or {}})

    def fit(train: Interactions) -> Mapping[str, Scorer]:
        models = {name: config.view_class(name)(config.view_config(name)) for name in sorted(config.views)}
        others: dict[str, View] = {
            name: others_config.view_class(name)(others_config.view_config(name))
            for name in others_config.views
            if name not in models
        }
        others |= {
            name: Popularity(settings)
            for name, settings in BASELINES.items()
            if name not in models or models[name].config != settings
        }
        seconds = {}
        for view in (*models.values(), *others.values()):
            started = time.perf_counter()
            view.fit(train, catalog, seed=config.seed)
            seconds[view] = time.perf_counter() - started
        started = time.perf_counter()
        ranker = fit_ranker(train, catalog, config, models)
        preferences = Preferences.of(catalog, models, ranker, ModuleUse.fit(train))
        shipped = sum(seconds[view] for view in models.values()) + time.perf_counter() - started
        # A baseline takes the name from a view that was configured otherwise.
        scorers: dict[str, Scorer] = {
            name: TimedScorer(partial(scored, view), seconds[view])
            for name, view in (models | others).items()
        }
        engine = partial(preferred, preferences, config.ranking.value.uniform_floor)
        return scorers | {ENGINE: TimedScorer(engine, shipped)}

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


def preferred(preferences: Preferences, floor: float, history: History) -> NDArray[np.float64]:
    """Score modules as the engine does before terms, (n_modules,), over those not yet started."""
    allowed = np.ones(len(preferences.id_rank), np.bool_)
    allowed[history.modules] = False
    return preferences.prefer(history, allowed, floor).mix
