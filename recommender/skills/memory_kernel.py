"""Gradient descent for the memory of answers, compiled; see `recommender.skills.memory`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.skills.records import MEMORY_DECAYS, MEMORY_RANK, MEMORY_WIDTH

_DECAYS = np.array(MEMORY_DECAYS, np.float32)
_SCALES = np.sqrt(np.float32(1.0) - _DECAYS * _DECAYS)
_N_DECAYS = len(MEMORY_DECAYS)


class Rows(NamedTuple):
    """Attempts, learner by learner; `skill_start` and `n_skills` (n_attempts,) point into `skill`."""

    skill_start: Any
    n_skills: Any
    skill: Any
    item: Any
    residual: Any
    passed: Any
    base: Any


class Vectors(NamedTuple):
    """What is fitted, float32; and, one number a vector, the sums of squared gradients."""

    item_input: Any
    skill_input: Any
    item_output: Any
    skill_output: Any
    item_bias: Any
    skill_bias: Any


@numba.njit(cache=True, nogil=True, fastmath=True, inline="never")
def _forward(rows: Any, v: Any, first: int, n: int, memory: Any, error: Any) -> None:
    """Fill `memory` (n + 1, MEMORY_WIDTH) and `error` (n,), probability minus answer."""
    for t in range(n):
        i = first + t
        item, s0, m = rows.item[i], rows.skill_start[i], rows.n_skills[i]
        part = np.float32(1.0) / np.float32(max(m, 1))
        z = rows.base[i] + v.item_bias[item]
        for c in range(MEMORY_WIDTH):
            z += memory[t, c] * v.item_output[item, c]
        for j in range(s0, s0 + m):
            s = rows.skill[j]
            read = v.skill_bias[s]
            for c in range(MEMORY_WIDTH):
                read += memory[t, c] * v.skill_output[s, c]
            z += part * read
        error[t] = np.float32(1.0) / (np.float32(1.0) + np.exp(-z)) - rows.passed[i]
        for c in range(MEMORY_RANK):
            u = v.item_input[item, c]
            for j in range(s0, s0 + m):
                u += part * v.skill_input[rows.skill[j], c]
            push = rows.residual[i] * u
            for d in range(_N_DECAYS):
                at = d * MEMORY_RANK + c
                memory[t + 1, at] = _DECAYS[d] * memory[t, at] + _SCALES[d] * push


@numba.njit(cache=True, nogil=True, fastmath=True, inline="never")
def _step(vectors: Any, sums: Any, row: int, scale: Any, gradient: Any, lr: Any, decay: Any) -> None:
    """One AdaGrad step of one vector along ``scale * gradient``."""
    total = np.float32(0.0)
    width = vectors.shape[1]
    for c in range(width):
        total += gradient[c] * gradient[c]
    sums[row] += scale * scale * total / width
    rate = lr / np.sqrt(sums[row])
    for c in range(width):
        vectors[row, c] -= rate * (scale * gradient[c] + decay * vectors[row, c])


@numba.njit(cache=True, nogil=True, fastmath=True)
def descend(
    order: Any,
    start: Any,
    rows: Any,
    v: Any,
    sums: Any,
    lr: Any,
    vector_decay: Any,
    bias_decay: Any,
    skill_decay: Any,
) -> None:
    """One pass over the learners in `order`; learner `u` has rows ``start[u]:start[u + 1]``."""
    one = np.float32(1.0)
    back = np.zeros(MEMORY_WIDTH, np.float32)
    gradient = np.zeros(MEMORY_RANK, np.float32)
    for u in order:
        first = start[u]
        n = start[u + 1] - first
        memory = np.zeros((n + 1, MEMORY_WIDTH), np.float32)
        error = np.zeros(n, np.float32)
        _forward(rows, v, first, n, memory, error)
        back[:] = 0.0
        for t in range(n - 1, -1, -1):
            i = first + t
            item, s0, m = rows.item[i], rows.skill_start[i], rows.n_skills[i]
            part = one / np.float32(max(m, 1))
            e = error[t]
            for c in range(MEMORY_RANK):
                total = np.float32(0.0)
                for d in range(_N_DECAYS):
                    at = d * MEMORY_RANK + c
                    total += _SCALES[d] * back[at]
                    read = v.item_output[item, at]
                    for j in range(s0, s0 + m):
                        read += part * v.skill_output[rows.skill[j], at]
                    back[at] = _DECAYS[d] * back[at] + e * read
                gradient[c] = rows.residual[i] * total
            _step(v.item_input, sums.item_input, item, one, gradient, lr, vector_decay[item])
            _step(v.item_output, sums.item_output, item, e, memory[t], lr, vector_decay[item])
            sums.item_bias[item] += e * e
            rate = lr / np.sqrt(sums.item_bias[item])
            v.item_bias[item] -= rate * (e + bias_decay[item] * v.item_bias[item])
            for j in range(s0, s0 + m):
                s = rows.skill[j]
                _step(v.skill_input, sums.skill_input, s, part, gradient, lr, skill_decay)
                _step(v.skill_output, sums.skill_output, s, part * e, memory[t], lr, skill_decay)
                sums.skill_bias[s] += part * part * e * e
                rate = lr / np.sqrt(sums.skill_bias[s])
                v.skill_bias[s] -= rate * (part * e + skill_decay * v.skill_bias[s])
