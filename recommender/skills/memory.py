"""The memory of answers: what a learner's answers to other items and skills say of this one.

A learner's answers leave a trace at several decays l, and an item reads it (a linear recurrent network of
low rank, trained; the linear relative of deep knowledge tracing, Piech et al. 2015, section 3):

    m_l(t + 1) = l m_l(t) + sqrt(1 - l^2) r_t (u_item + mean_s u_s),
    logit_t = base_t + b_item + mean_s b_s + sum_l m_l(t) . (v_item,l + mean_s v_s,l),

with r the score minus the score to be expected of anybody on the item, and `base` the logit of what is known
without it. The vectors u and v and the biases b are fitted by stochastic gradient descent on the log loss,
one learner a step, back through time, with one AdaGrad rate a vector (Duchi, Hazan and Singer 2011, section
1) and weight decay that is weaker for items with many answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.skills.columns import AttemptColumns
from recommender.skills.records import MEMORY_RANK, MEMORY_WIDTH

Vectors = NDArray[np.float32]

# Spread of the vectors u before the first step, and what AdaGrad's sums start from.
_START = 0.3
_FIRST_SUM = 0.01


class MemoryConfig(BaseModel):
    """How the memory of answers is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(5, ge=0, description="passes over the learners; 0 fits no memory")
    learning_rate: float = Field(0.04, gt=0, description="step size of AdaGrad")
    item_decay: float = Field(5.0, ge=0, description="weight decay of an item's vectors, over its answers")
    skill_decay: float = Field(0.05, ge=0, description="weight decay of a skill's vectors and of its bias")
    bias_decay: float = Field(1.0, ge=0, description="weight decay of an item's bias, over its answers")
    most_decay: float = Field(0.06, gt=0, description="weight decay of an item at most")


@dataclass(frozen=True, slots=True, eq=False)
class MemoryInput:
    """What an answer adds: `item` (n_items, MEMORY_RANK) and `skill` (n_skills, MEMORY_RANK).

    Both have no rows where no memory was fitted.
    """

    item: Vectors
    skill: Vectors

    @classmethod
    def none(cls) -> Self:
        """No memory."""
        return cls(np.zeros((0, MEMORY_RANK), np.float32), np.zeros((0, MEMORY_RANK), np.float32))

    @classmethod
    def of(cls, item: Sequence[Sequence[float] | None], skill: Sequence[Sequence[float] | None]) -> Self:
        """From lists, None where there is no memory."""
        if any(v is None for v in (*item, *skill)):
            return cls.none()
        rows = (np.array(v, np.float32).reshape(-1, MEMORY_RANK) for v in (item, skill))
        return cls(*rows)


@dataclass(frozen=True, slots=True, eq=False)
class MemoryOutput:
    """What an item reads: float32 arrays, by items and by skills, of no rows where no memory was fitted.

    `item` (n_items, MEMORY_WIDTH), `skill` (n_skills, MEMORY_WIDTH), `item_bias` (n_items,) and
    `skill_bias` (n_skills,), logits.
    """

    item: Vectors
    skill: Vectors
    item_bias: Vectors
    skill_bias: Vectors

    @classmethod
    def none(cls) -> Self:
        """No memory."""
        vectors, biases = np.zeros((0, MEMORY_WIDTH), np.float32), np.zeros(0, np.float32)
        return cls(vectors, vectors, biases, biases)

    def arrays(self) -> dict[str, Vectors]:
        """By the names that the compiled fold knows them by."""
        return {
            "item_output": self.item,
            "skill_output": self.skill,
            "item_bias": self.item_bias,
            "skill_bias": self.skill_bias,
        }


def fit_memory(
    attempts: AttemptColumns,
    residual: NDArray[np.float64],
    base: NDArray[np.float64],
    *,
    n_items: int,
    n_skills: int,
    config: MemoryConfig,
    seed: int,
) -> tuple[MemoryInput, MemoryOutput]:
    """Fit the memory on top of another model.

    Parameters
    ----------
    attempts : AttemptColumns
    residual : float64 array, shape (n_attempts,)
        Score minus the score to be expected, by other learners' answers.
    base : float64 array, shape (n_attempts,)
        Logits of the other model.
    n_items, n_skills : int
    config : MemoryConfig
    seed : int
        Of the first vectors and of the order of learners.
    """
    if config.epochs == 0 or len(np.unique(attempts.passed)) < 2:
        return MemoryInput.none(), MemoryOutput.none()
    from recommender.skills.memory_kernel import Rows, Vectors, descend  # they bring the compiler

    rng = np.random.default_rng(seed)
    order = np.argsort(attempts.learner, kind="stable")
    learner = attempts.learner[order]
    start = np.concatenate([np.flatnonzero(np.r_[True, learner[1:] != learner[:-1]]), [len(learner)]])
    counts = np.diff(attempts.skills.start)
    rows = Rows(
        attempts.skills.start[order],
        counts[order],
        attempts.skills.values.astype(np.int64),
        attempts.item[order].astype(np.int64),
        residual[order].astype(np.float32),
        attempts.passed[order].astype(np.float32),
        base[order].astype(np.float32),
    )
    vectors = Vectors(
        *(_START * rng.standard_normal((n, MEMORY_RANK), np.float32) for n in (n_items, n_skills)),
        *(np.zeros((n, MEMORY_WIDTH), np.float32) for n in (n_items, n_skills)),
        *(np.zeros(n, np.float32) for n in (n_items, n_skills)),
    )
    sums = Vectors(*(np.full(len(v), _FIRST_SUM, np.float32) for v in vectors))
    answers = np.maximum(np.bincount(attempts.item, minlength=n_items), 1)
    vector_decay, bias_decay = (
        np.minimum(decay / answers, config.most_decay).astype(np.float32)
        for decay in (config.item_decay, config.bias_decay)
    )
    for _ in range(config.epochs):
        descend(
            rng.permutation(len(start) - 1),
            start.astype(np.int64),
            rows,
            vectors,
            sums,
            np.float32(config.learning_rate),
            vector_decay,
            bias_decay,
            np.float32(config.skill_decay),
        )
    return (
        MemoryInput(vectors.item_input, vectors.skill_input),
        MemoryOutput(vectors.item_output, vectors.skill_output, vectors.item_bias, vectors.skill_bias),
    )
