"""The learned ranker: how views are weighed, and boosted trees that correct their mix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.ranking.mixture import N_STAGES, mixture_weights
from recommender.trees.arrays import TreeArrays, fitting_settings

Floats = NDArray[np.float64]

# Standard errors above 0 from which on a mean gain counts.
_CLEARLY = 2.0
# Choices below which no gain counts.
_ENOUGH = 30


class RankerConfig(BaseModel):
    """How the ranker is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_candidates: int = Field(20, ge=1, description="modules that each view puts forward")
    max_candidates: int = Field(
        64, ge=1, description="candidates at most, of those put forward the likeliest in the mix"
    )
    learning_rate: float = Field(0.15, gt=0, description="shrinkage of each tree")
    max_rounds: int = Field(400, ge=0, description="trees at most; 0 leaves the mix as it is")
    patience: int = Field(20, ge=1, description="rounds without gain on held-out choices before stopping")
    max_leaves: int = Field(15, ge=2, description="leaves of a tree at most")
    min_leaf_candidates: int = Field(20, ge=1, description="candidates in a leaf at least")
    leaf_penalty: float = Field(10.0, ge=0, description="L2 penalty of a leaf's value")
    feature_share: float = Field(0.5, gt=0, le=1, description="features drawn for each tree")
    max_bins: int = Field(63, ge=2, le=255, description="distinct values of a feature that a split can tell")
    n_sure: int = Field(10, ge=0, description="strongest candidates of a choice that are always learned from")
    sampled_share: float = Field(
        0.25, gt=0, le=1, description="share of the other candidates that is learned from, drawn at random"
    )
    min_choices: int = Field(300, ge=1, description="choices below which no trees are fitted")
    new_odds: float = Field(
        3.0,
        ge=1,
        description="odds of a module that nobody has started yet, times what was learned of such modules",
    )
    prior_choices: float = Field(
        50.0, gt=0, description="choices that the declared weights of views count for"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """What learners chose among candidates, as retrieved: a choice that was no candidate is not in here.

    Parameters
    ----------
    start : int64 array, shape (n_choices + 1,)
        Candidates of choice `i` are rows ``start[i]:start[i + 1]``.
    chosen : int64 array, shape (n_choices,)
        Row of the module that was started next.
    held_out : bool array, shape (n_choices,)
        Whether a choice is not learned from but decides when boosting stops.
    stage : int64 array, shape (n_choices,)
        From `mixture.stage_of`.
    features : float32 array, shape (n_rows, n_features)
    log_mix : float64 array, shape (n_rows,)
        Log of the mix, which the trees are added to.
    """

    start: NDArray[np.int64]
    chosen: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    stage: NDArray[np.int64]
    features: NDArray[np.float32]
    log_mix: Floats

    def __len__(self) -> int:
        return len(self.chosen)

    def take(self, kept: NDArray[np.bool_]) -> Choices:
        """Only some of the choices, by a mask (n_choices,)."""
        lengths = np.diff(self.start)
        rows = np.repeat(kept, lengths)
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[kept])])
        chosen = (self.chosen - self.start[:-1])[kept] + start[:-1]
        return Choices(
            start, chosen, self.held_out[kept], self.stage[kept], self.features[rows], self.log_mix[rows]
        )

    def thinned(self, n_sure: int, share: float, rng: np.random.Generator) -> Choices:
        """Keep what was chosen, the `n_sure` strongest of each mix, and a share of the other rows at random.

        Those kept by chance count for those that were not: ``-log(share)`` is added to their `log_mix`, which
        leaves the expected sum over the candidates of a choice as it was.
        """
        lengths = np.diff(self.start)
        choice = np.repeat(np.arange(len(self)), lengths)
        rank = np.empty(len(choice), np.int64)
        order = np.lexsort((-self.log_mix, choice))
        rank[order] = np.arange(len(choice)) - np.repeat(self.start[:-1], lengths)
        sure = rank < n_sure
        sure[self.chosen] = True
        kept = sure | (rng.random(len(choice)) < share)
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.add.reduceat(kept, self.start[:-1]))])
        log_mix = np.where(sure, self.log_mix, self.log_mix - np.log(share))
        chosen = np.cumsum(kept)[self.chosen] - 1
        return Choices(start, chosen, self.held_out, self.stage, self.features[kept], log_mix[kept])


class Ranker(TreeArrays):
    r"""Weights of the views at each stage of a history, and a conditional logit over candidates on top.

    Attributes
    ----------
    weights_ : float64 array, shape (N_STAGES, n_views)
        From `mixture.mixture_weights`, views in the order of their names.
    corrected_ : bool array, shape (N_STAGES,)
        Stages of a history at which the trees clearly make choices that were held out more likely.

    Notes
    -----
    The probability that candidate :math:`c` of a choice is the one started next is
    :math:`p_c = m_c e^{f(x_c)} / \sum_{c'} m_{c'} e^{f(x_{c'})}` with the mix :math:`m` and the sum of
    trees :math:`f` (McFadden 1974, equation 12, with :math:`\log m` as an offset; as a loss over lists the
    top-one likelihood of Cao et al. 2007, "Learning to rank", section 4.2). Trees are fitted by LightGBM
    (Ke et al. 2017) to the gradient :math:`p_c - y_c` and the diagonal :math:`p_c (1 - p_c)` of the Hessian.
    """

    weights_: Floats
    corrected_: NDArray[np.bool_]

    def __init__(self, config: RankerConfig | None = None) -> None:
        self.config = config or RankerConfig()

    @classmethod
    def declared(cls, config: RankerConfig, weights: Floats) -> Self:
        """Return a ranker that has learned nothing: the documented mix, weights of shape (n_views,)."""
        ranker = cls(config).none()
        ranker.weights_ = np.tile(weights, (N_STAGES, 1))
        ranker.corrected_ = np.zeros(N_STAGES, np.bool_)
        return ranker

    @classmethod
    def from_arrays(
        cls, config: RankerConfig, arrays: Mapping[str, NDArray[Any]], *, n_views: int, n_features: int
    ) -> Self:
        """Rebuild a fitted ranker from `arrays`.

        Raises
        ------
        ValueError
            An array holds no trees over so many features, or no weights of so many views.
        """
        ranker = cls(config)
        for name in cls.ARRAYS:
            setattr(ranker, name, np.array(arrays[name.rstrip("_")]))  # copied: compiled code reads them
        ranker.weights_ = np.array(arrays["weights"])
        ranker.corrected_ = np.array(arrays["corrected"])
        ranker.check(n_features)
        if ranker.weights_.shape != (N_STAGES, n_views) or not (ranker.weights_ >= 0).all():
            raise ValueError("array weights does not weigh the views")
        if ranker.corrected_.shape != (N_STAGES,) or ranker.corrected_.dtype != np.bool_:
            raise ValueError("array corrected does not tell the stages")
        return ranker

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything learned, by file name."""
        return {name.rstrip("_"): getattr(self, name) for name in (*self.ARRAYS, "weights_", "corrected_")}

    def fit_weights(self, shares: NDArray[np.float32], stage: NDArray[np.int64], declared: Floats) -> Self:
        """Learn the weights of views; the parameters are those of `mixture.mixture_weights`."""
        self.weights_ = mixture_weights(shares, stage, declared, self.config.prior_choices)
        self.corrected_ = np.zeros(N_STAGES, np.bool_)
        return self.none()

    def fit_trees(self, choices: Choices, *, seed: int) -> Self:
        """Fit until the likelihood of held-out choices rises no more.

        With fewer choices than `min_choices`, or where no tree helps those held out, there is no tree.
        """
        held = choices.held_out
        few = len(choices) < self.config.min_choices
        if few or not held.any() or held.all() or self.config.max_rounds == 0:
            return self.none()
        import lightgbm

        train, valid = choices.take(~held), choices.take(held)
        config = self.config
        train = train.thinned(config.n_sure, config.sampled_share, np.random.default_rng(seed))
        settings = self._settings(len(train.log_mix), seed)
        settings["objective"] = _Softmax(train).objective
        data = lightgbm.Dataset(train.features, _labels(train), init_score=train.log_mix, params=settings)
        checked = data.create_valid(valid.features, _labels(valid), init_score=valid.log_mix)
        seen = _Watched(_Softmax(valid))
        booster = lightgbm.train(
            settings,
            data,
            self.config.max_rounds,
            valid_sets=[checked],
            feval=seen.loss,
            callbacks=[lightgbm.early_stopping(self.config.patience, verbose=False)],
        )
        self.corrected_ = _clearly_better(valid, seen.best)
        return self.take_over(booster) if self.corrected_.any() else self.none()

    def _settings(self, n_rows: int, seed: int) -> dict[str, Any]:
        config = self.config
        return {
            "learning_rate": config.learning_rate,
            "num_leaves": config.max_leaves,
            "min_data_in_leaf": config.min_leaf_candidates,
            "feature_fraction": config.feature_share,
            "lambda_l2": config.leaf_penalty,
            "max_bin": config.max_bins,
            **fitting_settings(n_rows, seed),
        }


def _clearly_better(valid: Choices, losses: Floats) -> NDArray[np.bool_]:
    """Stages at which `losses` (n_choices,) of held-out choices are clearly below the mix's, (N_STAGES,)."""
    gain = _Softmax(valid).losses(valid.log_mix) - losses
    better = np.zeros(N_STAGES, np.bool_)
    for stage in range(N_STAGES):
        of_stage = gain[valid.stage == stage]
        if len(of_stage) >= _ENOUGH:
            error = of_stage.std(ddof=1) / np.sqrt(len(of_stage))
            better[stage] = of_stage.mean() > _CLEARLY * error
    return better


def _labels(choices: Choices) -> Floats:
    label = np.zeros(len(choices.log_mix))
    label[choices.chosen] = 1.0
    return label


class _Softmax:
    """Loss over lists and its derivatives, for LightGBM."""

    def __init__(self, choices: Choices) -> None:
        self.first, self.chosen = choices.start[:-1], choices.chosen
        self.choice = np.repeat(np.arange(len(choices)), np.diff(choices.start))
        self.label = _labels(choices)

    def objective(self, value: Floats, _: Any) -> tuple[Floats, Floats]:
        """Gradient and diagonal of the Hessian of each row."""
        raised = np.exp(value - np.maximum.reduceat(value, self.first)[self.choice])
        p = raised / np.add.reduceat(raised, self.first)[self.choice]
        return p - self.label, np.maximum(p * (1.0 - p), 1e-6)

    def losses(self, value: Floats) -> Floats:
        """Negative log likelihood of each choice, (n_choices,)."""
        highest = np.maximum.reduceat(value, self.first)
        total = np.add.reduceat(np.exp(value - highest[self.choice]), self.first)
        return np.log(total) + highest - value[self.chosen]


class _Watched:
    """Mean loss of every round, for LightGBM; `best` are the losses (n_choices,) of the best round so far."""

    def __init__(self, softmax: _Softmax) -> None:
        self.softmax = softmax
        self.best = np.full(len(softmax.chosen), np.inf)

    def loss(self, value: Floats, _: Any) -> tuple[str, float, bool]:
        """Name, mean negative log likelihood of the choices, and that less is better."""
        losses = self.softmax.losses(value)
        if losses.mean() < self.best.mean():
            self.best = losses
        return "loss", float(losses.mean()), False
