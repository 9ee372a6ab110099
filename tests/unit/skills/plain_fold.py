"""Features of an attempt, worked out from the whole history in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, isnan, log1p, nan, sqrt
from typing import Any

from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel import NEVER
from recommender.skills.memory import MemoryOutput
from recommender.skills.records import (
    FEATURES,
    MEMORY_DECAYS,
    MEMORY_RANK,
    N_SKILL_RATES,
    RATES,
    item_key,
)


@dataclass(frozen=True)
class Answer:
    """One attempt on an item and skills of the table, by position; `at` in seconds or NaN."""

    item: int
    skills: tuple[int, ...]
    passed: bool
    score: float
    at: float = nan


@dataclass(frozen=True)
class Lesson:
    """A finished module (`hours`) or a self-assessment (`level`)."""

    skills: tuple[int, ...]
    hours: float = 0.0
    level: float = nan
    at: float = nan


@dataclass
class _Practice:
    """What is kept of somebody, or of one of their skills."""

    passes: list[bool] = field(default_factory=list)
    ability: float = 0.0
    rating: float = 0.0
    share: list[float] = field(default_factory=lambda: [0.0] * len(RATES))
    residual: list[float] = field(default_factory=lambda: [0.0] * len(RATES))
    recent: float = 0.0
    last_at: float = nan
    passed_at: float = nan
    taught_at: float = nan
    level: float = nan
    hours: float = 0.0
    step: int = 0

    def answer(self, answer: Answer, surprise: float, beyond: float, residual: float, step: int) -> None:
        n, passed = len(self.passes), float(answer.passed)
        self.ability += 0.8 / (1 + 0.05 * n) * surprise
        # One over the information so far.
        self.rating += beyond / (2.0 + 0.2 * n)
        for q, rate in enumerate(RATES):
            # The first answers count evenly.
            self.share[q] += max(rate, 1 / (n + 1)) * (passed - self.share[q])
            self.residual[q] += rate * (residual - self.residual[q])
        self.recent = self.recent / 2 + (0.5 if answer.passed else -0.5)
        self.passes.append(answer.passed)
        self.last_at, self.step = answer.at, step
        if answer.passed:
            self.passed_at = answer.at


def features_before(
    history: Sequence[Answer | Lesson],
    answer: Answer,
    table: DifficultyTable,
    output: MemoryOutput | None = None,
) -> list[float]:
    """What is known before `answer`, in the order of `FEATURES`."""
    learner, skills = _Practice(), {s: _Practice() for s in range(len(table.skill_ids))}
    memory = [[0.0] * MEMORY_RANK for _ in MEMORY_DECAYS]
    answers: list[Answer] = []
    for event in history:
        if isinstance(event, Lesson):
            for s in event.skills:
                if event.hours > 0:
                    skills[s].hours += event.hours
                    skills[s].taught_at = event.at
                if not isnan(event.level):
                    skills[s].level = event.level
            continue
        offset = _mean([skills[s].ability for s in event.skills], 0.0)
        hard = float(table.item_difficulty[event.item])
        surprise = float(event.passed) - 1 / (1 + exp(hard - learner.ability - offset))
        rated = learner.rating + _mean([skills[s].rating for s in event.skills], 0.0)
        beyond = float(event.passed) - 1 / (1 + exp(hard - rated))
        residual = event.score - float(table.item_score[event.item])
        answers.append(event)
        for practice in (learner, *(skills[s] for s in event.skills)):
            practice.answer(event, surprise, beyond, residual, len(answers))
        _remember(memory, event, residual, table)
    told = _of_learner(learner, answers, answer) | _of_skills(skills, answers, answer, table)
    told |= _of_item(answers, answer, table)
    told["level_logit"] = told["level"] + told["skill_level"] - told["difficulty"]
    told["elo_logit"] = told["ability"] + told["skill_ability"] - told["difficulty"]
    told["memory_logit"] = 0.0 if output is None else _read(memory, answer, output)
    return [told[name] for name in FEATURES]


def _of_learner(learner: _Practice, answers: list[Answer], answer: Answer) -> dict[str, float]:
    n = len(answers)
    streak = 0
    for before in reversed(answers):
        if before.passed != answers[-1].passed:
            break
        streak += 1 if before.passed else -1
    return {
        "ability": learner.ability,
        "level": learner.rating,
        "log_attempts": log1p(n),
        "pass_mean": (sum(learner.passes) + 1) / (n + 2),
        **{f"share_{rate}": learner.share[q] for q, rate in enumerate(RATES)},
        **{f"residual_{rate}": learner.residual[q] for q, rate in enumerate(RATES)},
        "recent": learner.recent,
        "streak": streak,
        "log_seconds": _log_since(learner.last_at, answer.at),
    }


def _of_skills(
    skills: dict[int, _Practice], answers: list[Answer], answer: Answer, table: DifficultyTable
) -> dict[str, float]:
    known = [skills[s] for s in answer.skills]
    difficulty = _mean([float(table.skill_difficulty[s]) for s in answer.skills], table.overall)
    prior = 1 / (1 + exp(difficulty))
    means = [(sum(k.passes) + 2 * prior) / (len(k.passes) + 2) for k in known]
    now, n = answer.at, len(answers)
    levels = [k.level for k in known if not isnan(k.level)]
    refreshed = [[t for t in (k.passed_at, k.taught_at) if not isnan(t)] for k in known]
    steps = [log1p(n - k.step) if k.passes else NEVER for k in known]
    told: dict[str, float] = {
        "skill_ability": _mean([k.ability for k in known], 0.0),
        "skill_level": _mean([k.rating for k in known], 0.0),
        "skill_log_attempts": _mean([log1p(len(k.passes)) for k in known], 0.0),
        "skill_pass_mean": _mean(means, prior),
        "skill_min_pass_mean": min(means, default=prior),
        "skill_recent": _mean([k.recent for k in known], 0.0),
        "skill_log_steps": _mean(steps, NEVER),
        "skill_log_seconds": _mean_known([_log_since(k.last_at, now) for k in known]),
        "skill_self_level": _mean(levels, nan),
        "skill_log_taught_hours": _mean([log1p(k.hours) for k in known], 0.0),
        "skill_log_seconds_taught": _mean_known([_log_since(k.taught_at, now) for k in known]),
        "skill_log_seconds_refreshed": _mean_known([_log_since(max(t, default=nan), now) for t in refreshed]),
        "skill_difficulty": difficulty,
        "n_skills": len(known),
    }
    for q, rate in enumerate(RATES[:N_SKILL_RATES]):
        told[f"skill_share_{rate}"] = _mean([k.share[q] for k in known], 0.0)
        told[f"skill_residual_{rate}"] = _mean([k.residual[q] for k in known], 0.0)
    return told


def _of_item(answers: list[Answer], answer: Answer, table: DifficultyTable) -> dict[str, float]:
    slot = {i: item_key(item_id)[0] for i, item_id in enumerate(table.item_ids)}
    # Another item of the same slot makes this one forgotten.
    tries: list[tuple[int, bool]] = []
    for step, before in enumerate(answers, 1):
        if before.item == answer.item:
            tries.append((step, before.passed))
        elif slot[before.item] == slot[answer.item]:
            tries.clear()
    last = answers[-1] if answers else None
    return {
        "item_attempts": len(tries),
        "item_pass_mean": (sum(p for _, p in tries) + 1) / (len(tries) + 2),
        "item_last": float(tries[-1][1]) if tries else -1.0,
        "item_log_steps": log1p(len(answers) + 1 - tries[-1][0]) if tries else NEVER,
        "same_item": float(last is not None and last.item == answer.item),
        "same_skill": float(bool(last and answer.skills) and last.skills[:1] == answer.skills[:1]),
        "difficulty": float(table.item_difficulty[answer.item]),
        "expected_score": float(table.item_score[answer.item]),
        "item_log_count": log1p(float(table.item_count[answer.item])),
    }


def _remember(memory: list[list[float]], answer: Answer, residual: float, table: DifficultyTable) -> None:
    if len(table.memory.item) == 0:
        return
    for c in range(MEMORY_RANK):
        u = float(table.memory.item[answer.item, c])
        u += _mean([float(table.memory.skill[s, c]) for s in answer.skills], 0.0)
        for row, decay in zip(memory, MEMORY_DECAYS, strict=True):
            row[c] = decay * row[c] + sqrt(1 - decay * decay) * residual * u


def _read(memory: list[list[float]], answer: Answer, output: MemoryOutput) -> float:
    flat = [value for row in memory for value in row]

    def read(vector: Any) -> float:
        return sum(m * float(v) for m, v in zip(flat, vector, strict=True))

    of_skills = [float(output.skill_bias[s]) + read(output.skill[s]) for s in answer.skills]
    return float(output.item_bias[answer.item]) + read(output.item[answer.item]) + _mean(of_skills, 0.0)


def _log_since(then: float, now: float) -> float:
    return nan if isnan(now - then) else log1p(max(now - then, 0.0))


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _mean_known(values: list[float]) -> float:
    return _mean([v for v in values if not isnan(v)], nan)
