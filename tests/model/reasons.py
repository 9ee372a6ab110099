"""Are reasons true? What a reason names is taken away from the learner, and the score must fall.

What each code names, and what it means to take it away:

- ``next_in_sequence``: the started module in the sentence. Every event of starting, finishing or leaving
  it is removed. Where none is named ("It goes on from what you have started.") that is every started
  module.
- ``learners_like_you``: "a history like yours" is every started module.
- ``popular_in_role``: the role in the sentence. The learner has none, but wants it as the target, so that the
  same gaps count. Without a role in it ("Many learners take it.") it names nothing of the learner.
- ``closes_gap``: the role that asks for the skill. The learner is left without a role, present or wanted.
  The level in the sentence is no evidence for the module: were nothing known of the skill, more might be
  missing.
- ``review_due``: what the learner could do before it faded. Passes on the skill in the sentence, or on all
  that the module teaches where it has none, are removed, and so are finished modules and credentials on it.
- ``right_difficulty``: "what you have done" is every event, since the chance and the band rest on them all.
  Where the sentence does not say that it put the module in the band, anybody in the same place would have
  it there, and it names nothing of the learner.
- ``unlocks``: names facts of the catalogue, nothing of the learner.

A case is a module of an answer whose first reason names something. Both scores are those of answers to the
same question at the same time, and the learner is the same but for what was taken away. A module that is no
longer listed (a prerequisite went with the evidence) has fallen. Scores are relative to what else is allowed,
of which what was taken away is now a part: that is so for everybody who has not started it.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from recommender.domain.events import Attempt, Completion, CredentialEarned, Event
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query, Reason, ReasonCode
from recommender.engine import Engine
from recommender.ranking.messages import MESSAGES_EN

# Less is rounding.
LEAST_FALL = 1e-9


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks what."""

    events: Sequence[Event]
    profile: LearnerProfile
    query: Query
    now: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A module, its first reason, and by how much its score fell: infinity where it is no longer listed."""

    learner_id: str
    module_id: str
    code: ReasonCode
    text: str
    fall: float

    @property
    def fell(self) -> bool:
        """Whether the score is lower than it was."""
        return self.fall > LEAST_FALL


def said(text: str) -> tuple[str, dict[str, str]]:
    """Which message a sentence is, and what stands in its places.

    >>> said("It builds on «Sums», which you started.")
    ('next_in_sequence.builds_on', {'after': 'Sums'})
    """
    for name, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return name, found.groupdict()
    raise ValueError(f"no message says {text!r}")


def _pattern(message: str) -> re.Pattern[str]:
    parts = string.Formatter().parse(message)
    return re.compile(
        "".join(re.escape(plain) + (f"(?P<{name}>.+)" if name else "") for plain, name, *_ in parts)
    )


# Those with more places first: two titles look like one with something between them.
_PATTERNS = [
    (name, _pattern(message))
    for name, message in sorted(MESSAGES_EN.items(), key=lambda item: -item[1].count("{"))
]


class Evidence:
    """Takes away what reasons name, by the ids and titles that an engine knows."""

    def __init__(self, engine: Engine) -> None:
        self.catalog, self._table = engine.catalog, engine.bundle.difficulty

    def without(self, reason: Reason, module_id: str, asked: Question) -> Question | None:
        """The same question without what a reason names; None where it names nothing of the learner."""
        message, named = said(reason.text)
        match reason.code:
            case "next_in_sequence" | "learners_like_you":
                titles = {named["after"]} if "after" in named else set()
                return _left(asked, lambda event: not self._starts(event, titles))
            case "popular_in_role" if message == "popular_in_role":
                target = asked.query.target_role_id or asked.profile.target_role_id or asked.profile.role_id
                query = replace(asked.query, target_role_id=target)
                return replace(asked, profile=replace(asked.profile, role_id=None), query=query)
            case "closes_gap":
                nobody = replace(asked.profile, role_id=None, target_role_id=None)
                return replace(asked, profile=nobody, query=replace(asked.query, target_role_id=None))
            case "review_due":
                skills = self._skills(named["skill"]) if "skill" in named else self._taught(module_id)
                return _left(asked, lambda event: not self._shows(event, skills))
            case "right_difficulty" if message == "right_difficulty.history":
                return replace(asked, events=[])
        return None

    def _starts(self, event: Event, titles: set[str]) -> bool:
        """Whether an event starts, finishes or leaves one of some modules; of any, if there are no titles."""
        if not isinstance(event, Completion) or event.module_id not in self.catalog.module_index:
            return False
        return not titles or self.catalog.titles[self.catalog.module_index[event.module_id]] in titles

    def _shows(self, event: Event, skills: set[str]) -> bool:
        """Whether an event shows that a learner could do one of some skills."""
        match event:
            case Attempt(passed=True):
                return bool(
                    skills & set(self._table.skills_of(event.item_id, event.skill_ids, event.module_id))
                )
            case Completion():
                return bool(skills & self._taught(event.module_id))
            case CredentialEarned():
                return bool(skills & set(self._table.skills_of_credential(event.credential_id)))
        return False

    def _taught(self, module_id: str) -> set[str]:
        """Ids of the skills that a module teaches."""
        module, catalog = self.catalog.module_index.get(module_id), self.catalog
        return set() if module is None else {catalog.skill_ids[s] for s in catalog.module_skills[module]}

    def _skills(self, name: str) -> set[str]:
        """Ids of the skills of a name."""
        names = zip(self.catalog.skill_ids, self.catalog.skill_names, strict=True)
        return {skill_id for skill_id, its in names if its == name}


def _left(asked: Question, keeps: Callable[[Event], bool]) -> Question:
    """What is left may be everything: then a reason named what was never done, and no score falls."""
    return replace(asked, events=[event for event in asked.events if keeps(event)])


def judge(engine: Engine, evidence: Evidence, asked: Question, module_id: str, reason: Reason) -> Case | None:
    """Take away what a reason names and ask again; None where it names nothing of the learner."""
    without = evidence.without(reason, module_id, asked)
    if without is None:
        return None
    before, after = (score_of(engine, question, module_id) for question in (asked, without))
    return Case(asked.profile.learner_id, module_id, reason.code, reason.text, before - after)


def score_of(engine: Engine, asked: Question, module_id: str) -> float:
    """Score of a module among all that are allowed; minus infinity where it is not."""
    query = replace(asked.query, k=engine.catalog.n_modules)
    answer = engine.recommend(asked.events, asked.profile, query, now=asked.now)
    found = [module.score for module in answer.modules if module.module_id == module_id]
    return found[0] if found else -math.inf
