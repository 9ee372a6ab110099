"""What is known of a learner besides evidence. No demographic attribute has a place here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerProfile:
    """A learner's place in the organisation and wishes.

    Parameters
    ----------
    weekly_minutes : float or None
        Time for learning per week; None when unknown, never 0 for unknown.
    """

    learner_id: str
    role_id: str | None = None
    target_role_id: str | None = None
    team_id: str | None = None
    segment: str | None = None
    language: str | None = None
    weekly_minutes: float | None = None
    can_mentor: bool = False
