"""What a policy would have shown at each logged moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from training.evaluation.off_policy.log import Floats, Ints, Log

AS_LOGGED: Final = "as_logged"


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A policy: of answer `i` it would show the modules in rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    name : str
    start : int64 array, shape (n_answers + 1,)
    module : int64 array, shape (n_chosen,)
        Positions in the log's `module_ids`, each once per answer.
    share : float64 array, shape (n_chosen,)
        Chance that the policy shows it, in (0, 1].
    """

    name: str
    start: Ints
    module: Ints
    share: Floats

    @classmethod
    def of(cls, name: str, chosen: Sequence[Ints], shares: Sequence[Floats] | None = None) -> Self:
        """Make one of what it shows in each answer; without `shares`, for certain."""
        module = np.concatenate([np.zeros(0, np.int64), *chosen])
        share = np.ones(len(module)) if shares is None else np.concatenate([np.zeros(0), *shares])
        return cls(name, np.cumsum([0, *map(len, chosen)]).astype(np.int64), module, share)

    @property
    def answer(self) -> Ints:
        """Answer of each chosen module, (n_chosen,)."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def mass(self) -> Floats:
        """Modules shown in each answer on average, (n_answers,)."""
        return totals(self.answer, self.share, len(self.start) - 1)

    def share_of_shown(self, log: Log) -> Floats:
        """Chance that the policy shows what was shown, (n_shown,), 0 where it never would."""
        place, there = _lookup(self._keys(log), log.answer * len(log.module_ids) + log.module)
        return np.where(there, np.append(self.share, 0.0)[place], 0.0)

    def is_shown(self, log: Log) -> np.ndarray:
        """Whether each chosen module was shown in its answer, bool array of shape (n_chosen,)."""
        return _lookup(log.answer * len(log.module_ids) + log.module, self._keys(log))[1]

    def only(self, kept: np.ndarray) -> Target:
        """Answers of which `kept`, bool array of shape (n_answers,), is true."""
        lengths = np.diff(self.start)
        rows = np.repeat(kept, lengths)
        start = np.concatenate([[0], np.cumsum(lengths[kept])]).astype(np.int64)
        return Target(self.name, start, self.module[rows], self.share[rows])

    def _keys(self, log: Log) -> Ints:
        return self.answer * len(log.module_ids) + self.module


def totals(answer: Ints, values: Floats, n_answers: int) -> Floats:
    """Sum values by answer, (n_answers,); 0 for one without any."""
    return np.bincount(answer, values, n_answers).astype(np.float64)


def _lookup(keys: Ints, wanted: Ints) -> tuple[Ints, np.ndarray]:
    """Where each wanted key stands among others, `len(keys)` for one that is not there, and whether it is."""
    if len(keys) == 0:
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    there = keys[order][place] == wanted
    return np.where(there, order[place], len(keys)), there
