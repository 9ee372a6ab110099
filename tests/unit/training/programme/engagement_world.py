"""Small organisations whose masteries can be worked out by hand, for tests of reports on engagement.

Mastery of a skill is the logistic function of ``log(1 + passes) 2^(-days / half-life) - log(1 + failures)``,
with the days since the last pass or finished module of the skill.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from recommender.bundle import ModelBundle
from recommender.domain.events import Attempt, Completion, Event
from recommender.domain.learner import LearnerProfile
from tests.unit.training.scoring.world import dataset_of
from tests.unit.worlds import make_engine, plain_skills
from training.datasets import Dataset
from training.programme.ledger import Bools
from training.programme.programme import Programme

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SKILLS = {
    "code": ("technical", 60.0),
    "data": ("technical", 400.0),
    "talk": ("human", 100.0),
    "care": ("human", None),
}
"""Domain and half-life in days."""
MODULES = {
    "m-code": ["code"],
    "m-data": ["data"],
    "m-talk": ["talk"],
    "m-care": ["care"],
    "m-two": ["code", "talk"],
}
ROLES = {
    "clerk": ("user", {"talk": (0.6, 1.0), "care": (0.5, 0.5)}),
    "analyst": ("builder", {"code": (0.6, 0.5), "data": (0.75, 1.0), "talk": (0.5, 0.25)}),
    "chief": ("leader", {"talk": (0.7, 1.0), "data": (0.4, 0.0)}),
}
"""Segment, and required mastery and importance by skill."""


@dataclass
class Person:
    """Somebody, and what they did: marks and days ago by skill, statuses and days ago by module."""

    role: str | None = None
    target: str | None = None
    answers: list[tuple[str, bool, float]] = field(default_factory=list)
    modules: list[tuple[str, str, float]] = field(default_factory=list)
    uses: list[tuple[str, int, int]] = field(default_factory=list)
    """Skill, quarters ago that the quarter began, and uses."""
    can_mentor: bool = False
    hired_days: float | None = None
    _fresh: dict[tuple[str, float, int, int], float] = field(default_factory=dict, repr=False)

    def events(self) -> list[Event]:
        """Return answers and modules as events."""
        found: list[Event] = [
            Attempt(
                event_id=f"a{i:03d}",
                learner_id="x",
                item_id=f"on {skill}",
                score=float(passed),
                passed=passed,
                occurred_at=ago(days),
            )
            for i, (skill, passed, days) in enumerate(self.answers)
        ]
        found += [
            Completion(
                event_id=f"c{i:03d}", learner_id="x", module_id=module, status=status, occurred_at=ago(days)
            )
            for i, (module, status, days) in enumerate(self.modules)
        ]
        return found

    @property
    def aim(self) -> str | None:
        """Return the role that counts."""
        return self.target or self.role

    def required(self, skill: str) -> float | None:
        """Return the mastery that the role requires."""
        return None if self.aim is None else ROLES[self.aim][1].get(skill, (None, 0.0))[0]

    def importance(self, skill: str) -> float:
        """Return what the skill weighs in the role."""
        return 0.0 if self.aim is None else ROLES[self.aim][1].get(skill, (None, 0.0))[1]

    def finished(self, skill: str, at: float = 0.0) -> bool:
        """Tell whether a module of the skill was finished `at` days ago or earlier."""
        return any(s == "completed" and skill in MODULES[m] and d >= at for m, s, d in self.modules)

    def started(self, skill: str) -> bool:
        """Tell whether any module of the skill was started."""
        return any(skill in MODULES[m] for m, _, d in self.modules if d >= 0.0)

    @property
    def completed(self) -> set[str]:
        """Return the modules that were ever finished."""
        return {m for m, status, _ in self.modules if status == "completed"}

    def used(self, skill: str, at: float = 0.0) -> float:
        """Return mastery `at` days ago, half where there were no answers."""
        n_passed = sum(s == skill and passed and d >= at for s, passed, d in self.answers)
        n_failed = sum(s == skill and not passed and d >= at for s, passed, d in self.answers)
        return 1.0 / (1.0 + math.exp(math.log1p(n_failed) - math.log1p(n_passed) * self.fresh(skill, at)))

    def fresh(self, skill: str, at: float = 0.0) -> float:
        """Return the share that is kept of what speaks for the person `at` days ago."""
        key = (skill, at, len(self.answers), len(self.modules))
        if key not in self._fresh:
            self._fresh[key] = self._fresh_by_hand(skill, at)
        return self._fresh[key]

    def _fresh_by_hand(self, skill: str, at: float) -> float:
        passes = [d for s, passed, d in self.answers if s == skill and passed and d >= at]
        half = SKILLS[skill][1]
        first = {m: max(d for n, s, d in self.modules if n == m and s == "completed") for m in self.completed}
        # Finishing a module once more refreshes nothing.
        fresh = [*passes, *(d for m, d in first.items() if skill in MODULES[m] and d >= at)]
        return 1.0 if half is None or not fresh else 2.0 ** (-(min(fresh) - at) / half)

    def low(self, skill: str) -> float:
        """Return the lower end of the 80% interval of mastery now."""
        n = sum(s == skill and d >= 0.0 for s, _, d in self.answers)
        mastery, logit = self.used(skill), math.log(self.used(skill) / (1.0 - self.used(skill)))
        kept = self.fresh(skill)
        error = math.sqrt(0.25 + 0.75 / (1.0 + n * kept / 4.0))
        return min(mastery, 1.0 / (1.0 + math.exp(1.2815515655446004 * error - logit)))

    def missing(self, at: float = 0.0) -> float:
        """Return one minus readiness for the role; 0 where nothing is asked."""
        profile = {} if self.aim is None else ROLES[self.aim][1]
        asked = sum(required * weight for required, weight in profile.values())
        short = sum(w * max(0.0, r - self.used(s, at)) for s, (r, w) in profile.items())
        return short / asked if asked else 0.0

    @property
    def days(self) -> list[float]:
        """Return how many days ago anything was done."""
        return [d for _, _, d in [*self.answers, *self.modules] if d >= 0.0]

    def known(self, skill: str, at: float = 0.0) -> bool:
        """Tell whether anything was answered on the skill by then."""
        return any(s == skill and d >= at for s, _, d in self.answers)

    def mastered(self, skill: str, at: float = 0.0) -> bool:
        """Tell whether mastery is known and at what is asked, else at .7."""
        level = self.required(skill)
        return self.known(skill, at) and self.used(skill, at) >= (0.7 if level is None else level)

    def practised_since(self, skill: str, at: float) -> bool:
        """Tell whether there was an answer or a finished module less than `at` days ago."""
        answered = any(s == skill and 0.0 <= d < at for s, _, d in self.answers)
        return answered or any(
            s == "completed" and skill in MODULES[m] and 0.0 <= d < at for m, s, d in self.modules
        )


def ago(days: float) -> datetime:
    """Return a moment some days before now."""
    return NOW - timedelta(days=days)


def bundle(*, known: bool = True) -> ModelBundle:
    """Make the bundle; unless `known` without a skill model."""
    n_items = len(SKILLS)
    return make_engine(
        {m: {"skill_ids": skills} for m, skills in MODULES.items()},
        model=plain_skills([0.0] * n_items, len(SKILLS), len(ROLES)) if known else None,
        skills=[
            {"skill_id": s, "name": s.capitalize(), "half_life_days": half} for s, (_, half) in SKILLS.items()
        ],
        items=[{"item_id": f"on {s}", "skill_ids": [s]} for s in SKILLS],
        roles=[
            {"role_id": r, "title": r.upper(), "segment": s, "priority": 0.5} for r, (s, _) in ROLES.items()
        ],
        role_skills=[
            {"role_id": r, "skill_id": s, "required_mastery": required, "importance": importance}
            for r, (_, profile) in ROLES.items()
            for s, (required, importance) in profile.items()
        ],
    ).bundle


BUNDLE = bundle()


def profiles(people: Sequence[Person]) -> list[LearnerProfile]:
    """Return a profile of each person, with ids in order."""
    return [
        LearnerProfile(
            learner_id=f"p{i:03d}", role_id=p.role, target_role_id=p.target, can_mentor=p.can_mentor
        )
        for i, p in enumerate(people)
    ]


def dataset(people: Sequence[Person]) -> Dataset:
    """Tables of an organisation."""
    theirs = profiles(people)
    made = dataset_of({p.learner_id: q.events() for p, q in zip(theirs, people, strict=True)}, theirs)
    tables: dict[str, pd.DataFrame] = dict(made.tables)
    hired = [None if p.hired_days is None else ago(p.hired_days) for p in people]
    tables["learners"] = tables["learners"].assign(
        can_mentor=pd.array([p.can_mentor for p in people], "boolean"),
        hired_at=pd.Series(hired, dtype="object").astype("datetime64[us, UTC]"),
    )
    tables["skills"] = pd.DataFrame(
        {
            "skill_id": list(SKILLS),
            "name": [s.capitalize() for s in SKILLS],
            "domain": [domain for domain, _ in SKILLS.values()],
            "parent_skill_id": pd.Series([None] * len(SKILLS), dtype="str"),
        }
    )
    tables["modules"] = pd.DataFrame({"module_id": list(MODULES), "skill_ids": list(MODULES.values())})
    tables["roles"] = pd.DataFrame(
        [{"role_id": r, "title": r.upper(), "segment": segment} for r, (segment, _) in ROLES.items()]
    )
    uses = [
        {"learner_id": p.learner_id, "skill_id": s, "uses": n, "period_start": ago(91 * quarter)}
        for p, q in zip(theirs, people, strict=True)
        for s, quarter, n in q.uses
    ]
    if uses:
        tables["adoption"] = pd.DataFrame(uses)
    return replace(made, tables=tables, has_clock=True)


def programme(people: Sequence[Person], with_bundle: ModelBundle | None = BUNDLE) -> Programme:
    """Return a programme of an organisation."""
    return Programme(dataset(people), NOW, with_bundle)


def random_people(rng: np.random.Generator, n: int) -> list[Person]:
    """People who did this and that."""
    people = []
    skills, modules = list(SKILLS), list(MODULES)
    roles = [*ROLES, None]
    for _ in range(n):
        role, target = rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]), rng.choice(4, p=[0.1, 0.15, 0.05, 0.7])
        person = Person(roles[role], roles[target], can_mentor=bool(rng.random() < 0.5))
        able = rng.choice([0.2, 0.7, 0.95])
        for _ in range(rng.integers(0, 8)):
            skill, days = skills[rng.integers(4)], float(rng.choice([5.5, 40.5, 100.5, 190.5, 300.5]))
            person.answers += [
                (skill, bool(rng.random() < able), days + 0.01 * k) for k in range(int(rng.integers(1, 9)))
            ]
        for _ in range(rng.integers(0, 4)):
            module, days = modules[rng.integers(5)], float(rng.choice([10.25, 70.25, 250.25]))
            person.modules.append((module, "started", days + 0.1))
            ended = rng.choice(["completed", "abandoned", "started"], p=[0.7, 0.2, 0.1])
            person.modules.append((module, str(ended), days))
        for skill in rng.permutation(skills)[: rng.integers(0, 3)]:
            for quarter in (4, 3, 2, 1):
                if rng.random() < 0.8:
                    person.uses.append((str(skill), quarter, int(rng.integers(0, 30))))
        person.hired_days = float(rng.choice([30.0, 500.0])) if rng.random() < 0.8 else None
        people.append(person)
    return people


def busy(people: Sequence[Person]) -> list[Person]:
    """Let two thirds of some people master and use what they may have finished, some of them little."""
    for i, p in enumerate(people):
        if i % 3:
            p.answers += [(s, True, 4.0 + 0.01 * k) for s in ("code", "talk", "data") for k in range(9)]
            p.uses = [(s, q, (5 if i % 9 < 3 else 20) + q) for s in ("code", "talk", "data") for q in (2, 1)]
    return list(people)


def group(people: Sequence[Any], test: Any) -> Bools:
    """Return who passes a test."""
    return np.array([bool(test(p)) for p in people], np.bool_)


def combinations_are_safe(groups: Iterable[Bools]) -> bool:
    """Tell whether no way to put groups together leaves one to four people of those in any of them."""
    told = [np.asarray(g) for g in groups]
    if not told:
        return True
    whole = np.any(told, axis=0)
    keys = np.array(told).T[whole]
    counts = np.unique(keys, axis=0, return_counts=True)[1] if len(keys) else np.zeros(0)
    return bool((counts >= 5).all())
