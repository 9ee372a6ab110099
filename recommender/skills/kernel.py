"""The fold over evidence: the one definition of every feature of a learner's state.

Compiled over arrays. One row is an online update; all rows of all learners in the order of time are
training. Both run the same machine code over the same float32 records, so a state is equal bit for bit.

The ability is an Elo rating (Elo 1978; for learners Pelánek 2016, section 3: K falls with the number of
attempts as a / (1 + b n)): with theta the ability, theta_s the offset of a skill and d the item's difficulty,

    p = 1 / (1 + exp(-(theta + mean_s theta_s - d))),
    theta += K(n) (passed - p),   theta_s += K(n_s) (passed - p).

The level is a second rating, whose steps are one over the information so far: Newton's method for the ability
of somebody who does not change, one answer a step. The running shares are exponential averages whose first
answers count as a plain mean: share += max(rate, 1 / (n + 1)) (passed - share). The memory of answers is, at
each decay l,

    m_l = l m_l + sqrt(1 - l^2) (score - expected score of the item) (u_item + mean_s u_s),

which `recommender.skills.memory` explains.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recommender.skills.records import (
    FAILURES_A_STEP,
    FEATURE,
    HELD_RATE,
    HELD_WITHIN,
    MEMORY_DECAYS,
    MEMORY_RANK,
    MOST_PUSH,
    N_DECLINED,
    N_SKILL_RATES,
    PRIOR_ANSWERS,
    PUSH_KEPT,
    QUICK_PASSES_A_STEP,
    QUICK_SHARE,
    RATES,
    SECONDS_A_DAY,
)

ELO_START = 0.8
ELO_DECAY = 0.05
# Information, logits^-2, before the first answer and of each answer, for the level.
LEVEL_START = 2.0
LEVEL_INFORMATION = 0.2
# The logarithm that stands for "never": longer ago than any step seen.
NEVER = 12.0

_RATES = np.array(RATES)
_DECAYS = np.array(MEMORY_DECAYS, np.float32)
_SCALES = np.sqrt(np.float32(1.0) - _DECAYS * _DECAYS)
_N_RATES = len(RATES)

# Positions of the columns, as constants that the compiler folds.
_ABILITY = FEATURE["ability"]
_ELO_LOGIT = FEATURE["elo_logit"]
_LEVEL = FEATURE["level"]
_LEVEL_LOGIT = FEATURE["level_logit"]
_LOG_ATTEMPTS = FEATURE["log_attempts"]
_PASS_MEAN = FEATURE["pass_mean"]
_SHARE = FEATURE[f"share_{RATES[0]}"]
_RESIDUAL = FEATURE[f"residual_{RATES[0]}"]
_RECENT = FEATURE["recent"]
_STREAK = FEATURE["streak"]
_LOG_SECONDS = FEATURE["log_seconds"]
_SKILL_ABILITY = FEATURE["skill_ability"]
_SKILL_LEVEL = FEATURE["skill_level"]
_SKILL_LOG_ATTEMPTS = FEATURE["skill_log_attempts"]
_SKILL_PASS_MEAN = FEATURE["skill_pass_mean"]
_SKILL_MIN_PASS_MEAN = FEATURE["skill_min_pass_mean"]
_SKILL_SHARE = FEATURE[f"skill_share_{RATES[0]}"]
_SKILL_RESIDUAL = FEATURE[f"skill_residual_{RATES[0]}"]
_SKILL_RECENT = FEATURE["skill_recent"]
_SKILL_LOG_STEPS = FEATURE["skill_log_steps"]
_SKILL_LOG_SECONDS = FEATURE["skill_log_seconds"]
_SKILL_SELF_LEVEL = FEATURE["skill_self_level"]
_SKILL_LOG_TAUGHT_HOURS = FEATURE["skill_log_taught_hours"]
_SKILL_LOG_SECONDS_TAUGHT = FEATURE["skill_log_seconds_taught"]
_SKILL_LOG_SECONDS_REFRESHED = FEATURE["skill_log_seconds_refreshed"]
_ITEM_ATTEMPTS = FEATURE["item_attempts"]
_ITEM_PASS_MEAN = FEATURE["item_pass_mean"]
_ITEM_LAST = FEATURE["item_last"]
_ITEM_LOG_STEPS = FEATURE["item_log_steps"]
_SAME_ITEM = FEATURE["same_item"]
_SAME_SKILL = FEATURE["same_skill"]
_DIFFICULTY = FEATURE["difficulty"]
_SKILL_DIFFICULTY = FEATURE["skill_difficulty"]
_EXPECTED_SCORE = FEATURE["expected_score"]
_ITEM_LOG_COUNT = FEATURE["item_log_count"]
_N_SKILLS = FEATURE["n_skills"]
_MEMORY_LOGIT = FEATURE["memory_logit"]


@numba.njit(cache=True, nogil=True, inline="never")
def _expected(rows: Any, known: Any, i: int) -> tuple[float, float, float]:
    """Difficulty of the item, of its skills, and the score to be expected of anybody."""
    difficulty, score, n = 0.0, 0.0, 0
    for j in range(rows.skill_start[i], rows.skill_start[i + 1]):
        s = rows.skill[j]
        if s >= 0:
            difficulty += known.skill_difficulty[s]
            score += known.skill_score[s]
            n += 1
    if n > 0:
        difficulty /= n
        score /= n
    else:
        difficulty, score = known.overall[0], known.overall_score[0]
    if rows.item[i] >= 0:
        return known.item_difficulty[rows.item[i]], difficulty, known.item_score[rows.item[i]]
    return difficulty, difficulty, score


@numba.njit(cache=True, nogil=True, inline="never")
def _memory_logit(memory: Any, rows: Any, known: Any, i: int) -> float:
    """Return what the memory of answers, and the biases fitted with it, add to the logit."""
    total = 0.0
    if len(known.item_bias) + len(known.skill_bias) == 0:
        return total
    item = rows.item[i]
    if item >= 0:
        total += known.item_bias[item]
        for c in range(len(memory)):
            total += memory[c] * known.item_output[item, c]
    first, last = rows.skill_start[i], rows.skill_start[i + 1]
    for j in range(first, last):
        s = rows.skill[j]
        if s >= 0:
            part = 0.0 + known.skill_bias[s]
            for c in range(len(memory)):
                part += memory[c] * known.skill_output[s, c]
            total += part / (last - first)
    return total


@numba.njit(cache=True, nogil=True, inline="never")
def describe(records: Any, rows: Any, known: Any, i: int, x: Any) -> None:
    """Write into `x` (N_FEATURES,) what is known just before attempt `i`; changes nothing else."""
    learner = records.learner[rows.learner_row[i]]
    item = records.item[rows.item_row[i]]
    difficulty, skill_difficulty, expected_score = _expected(rows, known, i)
    first, last = rows.skill_start[i], rows.skill_start[i + 1]
    n_skills = last - first
    n = learner["n_attempts"]
    now = rows.at[i]
    x[:] = 0.0
    prior = 1.0 / (1.0 + np.exp(skill_difficulty))
    lowest = prior if n_skills == 0 else 1.0
    x[_SKILL_PASS_MEAN] = prior if n_skills == 0 else 0.0
    x[_SKILL_LOG_STEPS] = NEVER if n_skills == 0 else 0.0
    seconds, taught, refreshed, level = 0.0, 0.0, 0.0, 0.0
    n_seconds, n_taught, n_refreshed, n_level = 0, 0, 0, 0
    for j in range(first, last):
        skill = records.skill[rows.skill_row[j]]
        n_s = skill["n_attempts"]
        mean = (skill["n_passed"] + PRIOR_ANSWERS * prior) / (n_s + PRIOR_ANSWERS)
        lowest = min(lowest, mean)
        x[_SKILL_ABILITY] += skill["ability"] / n_skills
        x[_SKILL_LEVEL] += skill["level"] / n_skills
        x[_SKILL_LOG_ATTEMPTS] += np.log1p(n_s) / n_skills
        x[_SKILL_PASS_MEAN] += mean / n_skills
        for q in range(N_SKILL_RATES):
            x[_SKILL_SHARE + q] += skill["share"][q] / n_skills
            x[_SKILL_RESIDUAL + q] += skill["residual"][q] / n_skills
        x[_SKILL_RECENT] += skill["recent"] / n_skills
        x[_SKILL_LOG_STEPS] += (np.log1p(n - skill["position"]) if n_s > 0 else NEVER) / n_skills
        x[_SKILL_LOG_TAUGHT_HOURS] += np.log1p(skill["taught_hours"]) / n_skills
        if not np.isnan(now - skill["last_at"]):
            seconds += np.log1p(max(now - skill["last_at"], 0.0))
            n_seconds += 1
        if not np.isnan(now - skill["taught_at"]):
            taught += np.log1p(max(now - skill["taught_at"], 0.0))
            n_taught += 1
        since = now - np.fmax(skill["passed_at"], skill["taught_at"])
        if not np.isnan(since):
            refreshed += np.log1p(max(since, 0.0))
            n_refreshed += 1
        if not np.isnan(skill["self_level"]):
            level += skill["self_level"]
            n_level += 1
    x[_SKILL_MIN_PASS_MEAN] = lowest
    x[_SKILL_LOG_SECONDS] = seconds / n_seconds if n_seconds > 0 else np.nan
    x[_SKILL_LOG_SECONDS_TAUGHT] = taught / n_taught if n_taught > 0 else np.nan
    x[_SKILL_LOG_SECONDS_REFRESHED] = refreshed / n_refreshed if n_refreshed > 0 else np.nan
    x[_SKILL_SELF_LEVEL] = level / n_level if n_level > 0 else np.nan
    x[_ABILITY] = learner["ability"]
    x[_ELO_LOGIT] = learner["ability"] + x[_SKILL_ABILITY] - difficulty
    x[_LEVEL] = learner["level"]
    x[_LEVEL_LOGIT] = learner["level"] + x[_SKILL_LEVEL] - difficulty
    x[_LOG_ATTEMPTS] = np.log1p(n)
    x[_PASS_MEAN] = (learner["n_passed"] + 1.0) / (n + 2.0)
    for q in range(_N_RATES):
        x[_SHARE + q] = learner["share"][q]
        x[_RESIDUAL + q] = learner["residual"][q]
    x[_RECENT] = learner["recent"]
    x[_STREAK] = learner["streak"]
    x[_LOG_SECONDS] = np.log1p(max(now - learner["last_at"], 0.0))
    if np.isnan(now - learner["last_at"]):
        x[_LOG_SECONDS] = np.nan
    met = item["tag"] == rows.item_tag[i]
    x[_ITEM_ATTEMPTS] = item["n_attempts"] if met else 0.0
    x[_ITEM_PASS_MEAN] = (item["n_passed"] + 1.0) / (item["n_attempts"] + 2.0) if met else 0.5
    x[_ITEM_LAST] = (1.0 if item["position"] > 0 else 0.0) if met else -1.0
    x[_ITEM_LOG_STEPS] = np.log1p(n + 1 - abs(item["position"])) if met else NEVER
    x[_SAME_ITEM] = 1.0 if learner["last_item"] == rows.item_tag[i] else 0.0
    x[_SAME_SKILL] = 1.0 if n_skills > 0 and learner["last_skill"] == rows.skill_row[first] else 0.0
    x[_DIFFICULTY] = difficulty
    x[_SKILL_DIFFICULTY] = skill_difficulty
    x[_EXPECTED_SCORE] = expected_score
    x[_ITEM_LOG_COUNT] = known.item_log_count[rows.item[i]] if rows.item[i] >= 0 else 0.0
    x[_N_SKILLS] = n_skills
    x[_MEMORY_LOGIT] = _memory_logit(learner["memory"], rows, known, i)


@numba.njit(cache=True, nogil=True, inline="never")
def absorb(records: Any, rows: Any, known: Any, i: int) -> None:
    """Fold attempt `i` into the records it touches."""
    learner = records.learner[rows.learner_row[i]]
    item = records.item[rows.item_row[i]]
    difficulty, _, expected_score = _expected(rows, known, i)
    first, last = rows.skill_start[i], rows.skill_start[i + 1]
    answer, at = rows.passed[i], rows.at[i]
    step = 0.5 if answer > 0.0 else -0.5
    residual = rows.score[i] - expected_score
    offset, level = 0.0, 0.0
    for j in range(first, last):
        offset += records.skill[rows.skill_row[j]]["ability"]
        level += records.skill[rows.skill_row[j]]["level"]
    if last > first:
        offset /= last - first
        level /= last - first
    beyond = answer - 1.0 / (1.0 + np.exp(difficulty - learner["level"] - level))
    surprise = answer - 1.0 / (1.0 + np.exp(difficulty - learner["ability"] - offset))
    n = learner["n_attempts"]
    for j in range(first, last):
        skill = records.skill[rows.skill_row[j]]
        n_s = skill["n_attempts"]
        skill["ability"] += ELO_START / (1.0 + ELO_DECAY * n_s) * surprise
        skill["level"] += beyond / (LEVEL_START + LEVEL_INFORMATION * n_s)
        for q in range(N_SKILL_RATES):
            skill["share"][q] += max(_RATES[q], 1.0 / (n_s + 1)) * (answer - skill["share"][q])
            skill["residual"][q] += _RATES[q] * (residual - skill["residual"][q])
        skill["recent"] = 0.5 * skill["recent"] + step
        skill["n_attempts"] = n_s + 1
        skill["n_passed"] += int(answer)
        skill["position"] = n + 1
        skill["last_at"] = at
        if answer > 0.0:
            skill["passed_at"] = at
    learner["ability"] += ELO_START / (1.0 + ELO_DECAY * n) * surprise
    learner["level"] += beyond / (LEVEL_START + LEVEL_INFORMATION * n)
    for q in range(_N_RATES):
        learner["share"][q] += max(_RATES[q], 1.0 / (n + 1)) * (answer - learner["share"][q])
        learner["residual"][q] += _RATES[q] * (residual - learner["residual"][q])
    # The first answer is followed at once.
    play = HELD_WITHIN if n > 0 else 0.0
    share = learner["share"][HELD_RATE]
    learner["held"] = min(max(learner["held"], share - play), share + play)
    learner["recent"] = 0.5 * learner["recent"] + step
    if answer > 0.0:
        learner["streak"] = max(learner["streak"], 0) + 1
    else:
        learner["streak"] = min(learner["streak"], 0) - 1
    _push_by_answer(learner, answer > 0.0, rows, known, i)
    learner["n_attempts"] = n + 1
    learner["n_passed"] += int(answer)
    learner["last_at"] = at
    learner["last_item"] = rows.item_tag[i]
    learner["last_skill"] = rows.skill_row[first] if last > first else -1
    if item["tag"] != rows.item_tag[i]:
        item["tag"] = rows.item_tag[i]
        item["n_attempts"] = 0
        item["n_passed"] = 0
    item["n_attempts"] += 1
    item["n_passed"] += int(answer)
    item["position"] = n + 1 if answer > 0.0 else -(n + 1)
    if len(known.item_input) + len(known.skill_input) > 0:
        _remember(learner["memory"], rows, known, i, residual)


@numba.njit(cache=True, nogil=True, inline="never")
def _push_by_answer(learner: Any, passed: bool, rows: Any, known: Any, i: int) -> None:
    """Count quick passes, take some of the push back, and push at runs of failures and of quick passes."""
    learner["push"] *= PUSH_KEPT
    if not passed:
        learner["quick"] = 0
        if -learner["streak"] % FAILURES_A_STEP == 0:
            _push(learner, 1.0)
        return
    limit = QUICK_SHARE * known.item_seconds[rows.item[i]] if rows.item[i] >= 0 else np.nan
    # Neither holds where a time is not known.
    if rows.seconds[i] <= limit:
        learner["quick"] += 1
        if learner["quick"] % QUICK_PASSES_A_STEP == 0:
            _push(learner, -1.0)
    elif rows.seconds[i] > limit:
        learner["quick"] = 0


@numba.njit(cache=True, nogil=True, inline="never")
def _push(learner: Any, steps: float) -> None:
    learner["push"] = min(max(learner["push"] + steps, -MOST_PUSH), MOST_PUSH)


@numba.njit(cache=True, nogil=True, inline="never")
def _decline(learner: Any, tag: Any) -> None:
    """Put a module first among those declined; if it is there already, it moves."""
    last = N_DECLINED - 1
    for k in range(N_DECLINED):
        if learner["declined"][k] == tag:
            last = k
            break
    for k in range(last, 0, -1):
        learner["declined"][k] = learner["declined"][k - 1]
        learner["declined_after"][k] = learner["declined_after"][k - 1]
    learner["declined"][0] = tag
    learner["declined_after"][0] = learner["n_attempts"]


@numba.njit(cache=True, nogil=True, inline="never")
def _remember(memory: Any, rows: Any, known: Any, i: int, residual: float) -> None:
    first, last = rows.skill_start[i], rows.skill_start[i + 1]
    for c in range(MEMORY_RANK):
        vector = np.float32(0.0)
        if rows.item[i] >= 0:
            vector += known.item_input[rows.item[i], c]
        for j in range(first, last):
            if rows.skill[j] >= 0:
                vector += known.skill_input[rows.skill[j], c] / np.float32(last - first)
        push = np.float32(residual) * vector
        for d in range(len(_DECAYS)):
            at = d * MEMORY_RANK + c
            memory[at] = _DECAYS[d] * memory[at] + _SCALES[d] * push


@numba.njit(cache=True, nogil=True, inline="never")
def learn(records: Any, lessons: Any, i: int) -> None:
    """Fold what tells of skills between attempts into those it touches, and feedback into its learner."""
    if lessons.push[i] != 0.0:
        _push(records.learner[lessons.learner_row[i]], lessons.push[i])
    if lessons.declined[i] != 0:
        _decline(records.learner[lessons.learner_row[i]], lessons.declined[i])
    for j in range(lessons.skill_start[i], lessons.skill_start[i + 1]):
        skill = records.skill[lessons.skill_row[j]]
        if lessons.hours[i] > 0.0:
            skill["taught_hours"] += lessons.hours[i]
            skill["taught_at"] = lessons.at[i]
        if not np.isnan(lessons.level[i]):
            skill["self_level"] = lessons.level[i]
        if not np.isnan(lessons.expires[i]):
            if np.isnan(skill["expires_at"]):
                skill["expires_at"] = lessons.expires[i]
                skill["certified_day"] = lessons.at[i] / SECONDS_A_DAY
            else:
                skill["expires_at"] = max(skill["expires_at"], lessons.expires[i])
                if not np.isnan(skill["certified_day"]):
                    skill["certified_day"] = lessons.at[i] / SECONDS_A_DAY


@numba.njit(cache=True, nogil=True)
def fold_rows(records: Any, rows: Any, lessons: Any, known: Any, features: Any) -> None:
    """Fold attempts into records, in the order given, and write what was known before each.

    A row whose `passed` is NaN only asks what is known at its place: it is described, not folded in.

    Parameters
    ----------
    records : Records
    rows : Rows
    lessons : LessonRows
    known : Known
    features : float32 array, shape (n_attempts, N_FEATURES) or (0, N_FEATURES)
        Filled unless it has no rows.
    """
    lesson = 0
    for i in range(len(rows.learner_row)):
        while lesson < len(lessons.before) and lessons.before[lesson] <= i:
            learn(records, lessons, lesson)
            lesson += 1
        if len(features) > 0:
            describe(records, rows, known, i, features[i])
        if not np.isnan(rows.passed[i]):
            absorb(records, rows, known, i)
    while lesson < len(lessons.before):
        learn(records, lessons, lesson)
        lesson += 1


@numba.njit(cache=True, nogil=True)
def describe_rows(records: Any, rows: Any, known: Any, features: Any) -> None:
    """Write what is known before each row, had it come next; nothing is folded in."""
    for i in range(len(rows.learner_row)):
        describe(records, rows, known, i, features[i])
