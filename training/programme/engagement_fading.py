"""What is fading: skills that lose mastery because nobody practises them, and who is due for review.

By skill it is a mean over all people whose role asks for the skill, for these groups depend on nothing but
roles. Those who did not practise each skill would be groups of their own; of them only some can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from recommender.domain.disclosure import LEAST
from training.programme.engagement_figures import Share
from training.programme.engagement_skills import Floats, Skills, by_skill
from training.programme.figures import Mean
from training.programme.ledger import Bools, Ledger, may_tell
from training.programme.people import Asked, groups_by
from training.programme.programme import Programme

BACK_DAYS: Final = 182
"""Days that are looked back."""


@dataclass(frozen=True, slots=True, eq=False)
class Fade:
    """Mastery then and now of who did not practise in between, arrays of shape (n_learners, n_skills).

    By the bundle's catalogue.

    Parameters
    ----------
    then, now : float64 arrays
        Mastery; NaN where it was not known, and of who is not hired yet.
    is_idle : bool array
        Mastery was known then, and since then there was no answer on the skill and no module of it finished.
    is_due : bool array
        Idle, at what is asked then and below it now.
    is_asked : bool array
        The role of the person asks for the skill, and they are hired by now.
    """

    then: Floats
    now: Floats
    is_idle: Bools
    is_due: Bools
    is_asked: Bools

    @classmethod
    def of(cls, programme: Programme) -> Fade:
        """Read how people stood and stand; there is a bundle with a skill model."""
        asked, at = Asked.of(programme), programme.now - timedelta(days=BACK_DAYS)
        here = programme.is_here[:, None]
        then, now = (
            np.where(here, standing.mastery, np.nan)
            for standing in (programme.standing(at), programme.standing())
        )
        is_idle = ~np.isnan(then) & ~np.isnan(now) & ~_practised_since(programme, at)
        required = asked.level
        return cls(
            then=then,
            now=now,
            is_idle=is_idle,
            is_due=is_idle & (then >= required) & (now < required),
            is_asked=np.asarray(here & (asked.required > 0.0), np.bool_),
        )

    @property
    def lost(self) -> Floats:
        """Mastery lost by who did not practise; 0 for everybody else; (n_learners, n_skills)."""
        return np.where(self.is_idle, self.then - self.now, 0.0)

    @property
    def people(self) -> Bools:
        """Of whom mastery of some skill was known then or whose role asks for one; shape (n_learners,)."""
        return np.asarray((~np.isnan(self.then) | self.is_asked).any(axis=1), np.bool_)


def _practised_since(programme: Programme, at: datetime) -> Bools:
    """Whether there was an answer on each skill of the catalogue, or a module of it finished, after a moment.

    Finishing a module once more counts, though the model takes no notice of it.
    """
    assert programme.bundle is not None  # noqa: S101
    block, catalog = programme.block(), programme.bundle.catalog
    since = np.zeros((len(block), catalog.n_skills), np.bool_)
    row = np.repeat(np.arange(len(block)), np.diff(block.start))
    since[row, block.skill] = block.met["last_at"] > at.timestamp()
    completions = programme.table("completions")
    if completions is not None:
        is_since = completions["occurred_at"] > pd.Timestamp(at)
        rows = completions[(completions["status"] == "completed") & is_since]
        skills = Skills.of(programme)
        column = np.array([catalog.skill_index.get(skill_id, -1) for skill_id in skills.ids], np.int64)
        known = column >= 0
        since[:, column[known]] |= by_skill(programme, rows, skills)[:, known]
    return since


@dataclass(frozen=True, slots=True)
class Unpractised:
    """Mastery of people who did not practise a skill, means over them."""

    n: int
    then: float
    now: float


@dataclass(frozen=True, slots=True)
class FadingSkill:
    """A skill over everybody whose role asks for it.

    Parameters
    ----------
    name : str
    n_asked : int
    lost : Mean
        Mastery lost since then for want of practice; 0 counts for who practised or was not known then.
    unpractised : Unpractised or None
        Of these people, those who did not practise it; None where it may not be told.
    """

    name: str
    n_asked: int
    lost: Mean
    unpractised: Unpractised | None


@dataclass(frozen=True, slots=True)
class Fading:
    """What fades.

    Parameters
    ----------
    due : Share or None
        Of people whose role asks for a skill, or whose mastery of one was known then, those due for review of
        some skill.
    by_segment : mapping of str to Share
        The same by segment.
    skills : tuple of FadingSkill
        That lost most first, by the sum over people.
    n_few : int
        Skills left out: few people's role asks for them, or few lost anything, or something else than most.
    """

    due: Share | None
    by_segment: Mapping[str, Share]
    skills: tuple[FadingSkill, ...]
    n_few: int


def fading(programme: Programme, fade: Fade, ledger: Ledger) -> Fading:
    """Work out what fades, as far as it may be told."""
    assert programme.bundle is not None  # noqa: S101
    people, is_due = fade.people, np.asarray(fade.is_due.any(axis=1), np.bool_)
    due = Share.told(ledger, people, is_due)
    asked = _asked(fade, ledger)
    by_segment = _shares({n: g & people for n, g in groups_by(programme, "segment").items()}, is_due, ledger)
    names = programme.bundle.catalog.skill_names
    found = tuple(_skill(names[s], s, fade, ledger) for s in asked)
    n_few = int(fade.is_asked.any(axis=0).sum()) - len(found)
    return Fading(due, by_segment, found, n_few)


def _asked(fade: Fade, ledger: Ledger) -> list[int]:
    """Skills that may be told of, what lost most first: nobody or at least five lost anything of them.

    Of who lost what nobody or at least five are alone with it too; see `may_tell`.
    """
    lost = np.where(fade.is_asked, fade.lost, 0.0)
    n_lost = np.count_nonzero(lost, axis=0)
    groups = {
        s: fade.is_asked[:, s]
        for s in np.argsort(-lost.sum(axis=0), kind="stable").tolist()
        if (n_lost[s] == 0 or n_lost[s] >= LEAST) and may_tell(lost[fade.is_asked[:, s], s])
    }
    return list(ledger.split(groups))


def _skill(name: str, skill: int, fade: Fade, ledger: Ledger) -> FadingSkill:
    people = fade.is_asked[:, skill]
    idle = people & fade.is_idle[:, skill]
    then, now = fade.then[idle, skill], fade.now[idle, skill]
    told = idle.any() and may_tell(then) and may_tell(now) and ledger.tell(idle)
    return FadingSkill(
        name=name,
        n_asked=int(people.sum()),
        lost=Mean.of(fade.lost[people, skill]),
        unpractised=Unpractised(len(then), float(then.mean()), float(now.mean())) if told else None,
    )


def _shares(groups: Mapping[str, Bools], has: Bools, ledger: Ledger) -> dict[str, Share]:
    by_size = sorted(groups, key=lambda name: -int(groups[name].sum()))
    found = {name: Share.told(ledger, groups[name], has) for name in by_size}
    return {name: share for name in groups if (share := found[name]) is not None}
