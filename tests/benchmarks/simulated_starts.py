"""Simulated histories of any size, for measuring time and memory; they say nothing of quality.

Modules belong to courses of `COURSE` modules in a fixed order, courses to topics. Popularity of courses falls
by a power law. A learner likes one topic, walks through courses, skips and leaves, and starts over elsewhere.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings import build_interactions
from recommender.embeddings.histories import Interactions

COURSE, TOPIC = 10, 10
"""Modules of a course, courses of a topic."""
POPULARITY_POWER = 0.8
MEAN_STARTS = 10
GO_ON, SKIP_ONE, STAY_IN_TOPIC = 0.7, 0.15, 0.6
N_ROLES = 20
YEARS_SECONDS = 3 * 365 * 86_400.0
N_WORDS = 30_000


def simulated_catalog(n_modules: int) -> Catalog:
    """Modules with words, the skill of a course, the tag of a topic, and the one before as a soft need."""
    rng = np.random.default_rng(n_modules)
    course = np.arange(n_modules) // COURSE
    ids = [f"m{i:06d}" for i in range(n_modules)]
    word = _power_law(N_WORDS, 1.0)
    own = np.searchsorted(word, rng.random((n_modules, 12)))
    topical = (own + (course // TOPIC * 7919)[:, None]) % N_WORDS
    words = np.where(rng.random(own.shape) < 0.5, topical, own)
    later = np.flatnonzero(np.arange(n_modules) % COURSE)
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": ids,
                    "title": [f"Course {c} part {i % COURSE}" for i, c in enumerate(course.tolist())],
                    "description": [" ".join(f"w{w}" for w in row) for row in words.tolist()],
                    "skill_ids": [[f"s{c}"] for c in course.tolist()],
                    "tags": [[f"t{c // TOPIC}"] for c in course.tolist()],
                    "duration_minutes": rng.integers(10, 90, n_modules).astype(np.float64),
                }
            ),
            "skills": pa.table({"skill_id": [f"s{c}" for c in range(int(course[-1]) + 1)]}),
            "roles": pa.table({"role_id": [f"r{i}" for i in range(N_ROLES)]}),
            "prerequisites": pa.table(
                {
                    "module_id": [ids[i] for i in later.tolist()],
                    "prerequisite_module_id": [ids[i - 1] for i in later.tolist()],
                    "strength": ["soft"] * len(later),
                }
            ),
        }
    )


def simulated_starts(n_completions: int, n_modules: int, *, seed: int = 0) -> Interactions:
    """Starts of about `n_completions` modules; a module met again is no further start."""
    rng = np.random.default_rng(seed)
    n_learners = max(n_completions // MEAN_STARTS, 1)
    n_courses = -(-n_modules // COURSE)
    popular = _power_law(n_courses, POPULARITY_POWER)
    # Popularity has nothing to do with the place in the catalogue.
    place = rng.permutation(n_courses)
    course = place[np.searchsorted(popular, rng.random(n_learners))]
    step = rng.integers(0, COURSE // 2, n_learners)
    left = rng.geometric(1 / MEAN_STARTS, n_learners)
    at = rng.random(n_learners) * YEARS_SECONDS
    who, what, when = [], [], []
    active = np.arange(n_learners)
    while len(active):
        who.append(active)
        what.append(np.minimum(course[active] * COURSE + step[active], n_modules - 1))
        when.append(at[active])
        left[active] -= 1
        active = active[left[active] > 0]
        at[active] += rng.exponential(5 * 86_400.0, len(active))
        step[active] += 1 + (rng.random(len(active)) < SKIP_ONE)
        moves = active[(rng.random(len(active)) > GO_ON) | (step[active] >= COURSE)]
        topic = course[moves] // TOPIC * TOPIC
        near = np.minimum(topic + rng.integers(0, TOPIC, len(moves)), n_courses - 1)
        far = place[np.searchsorted(popular, rng.random(len(moves)))]
        course[moves] = np.where(rng.random(len(moves)) < STAY_IN_TOPIC, near, far)
        step[moves] = 0
    role = rng.integers(0, N_ROLES, n_learners)
    time = np.concatenate(when)
    return build_interactions(
        np.concatenate(who),
        np.concatenate(what),
        time,
        np.argsort(np.argsort(time, kind="stable"), kind="stable"),
        n_learners=n_learners,
        role=role,
        segment=role % 3,
        n_modules=n_modules,
    )


def _power_law(n: int, power: float) -> NDArray[np.float64]:
    """Cumulative shares of `n` ranks whose shares fall by a power of the rank."""
    shares = np.arange(1, n + 1) ** -power
    return np.cumsum(shares / shares.sum())
