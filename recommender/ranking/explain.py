"""Reasons: the largest terms of a module's score, in words that claim only what is known.

Which terms these are tells `recommender.ranking.explain_kernel`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeGuard

from recommender.domain.recommendation import ReasonCode
from recommender.embeddings.neighbour_view import Wording
from recommender.ranking.difficulty import Band
from recommender.ranking.messages import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about one module and learner; what is None is not claimed.

    Parameters
    ----------
    after_title : str or None
        Title of the module whose start leads to this one.
    leads : str
        How it does: "" as others went on, "alike" in what it is about, "builds_on" as a prerequisite.
    role_title : str or None
        Role whose gaps count.
    popular_role_title : str or None
        Role in which the module is popular; None when it is popular in general.
    skill_name, required, mastery : str, float, float or None
        Skill of which the module closes most of the role's gap; probabilities.
    faded_skill_name, faded : str, float or None
        Taught skill that faded most, and by how much mastery.
    success_probability : float or None
    band : Band or None
        Band of difficulty that suits the learner.
    n_unlocked : int or None
        Modules that finishing this one makes reachable.
    """

    after_title: str | None = None
    leads: Wording = ""
    role_title: str | None = None
    popular_role_title: str | None = None
    skill_name: str | None = None
    required: float | None = None
    mastery: float | None = None
    faded_skill_name: str | None = None
    faded: float | None = None
    success_probability: float | None = None
    band: Band | None = None
    n_unlocked: int | None = None


def sentence(code: ReasonCode, facts: Facts, language: str = "en") -> str:
    """Sentence for a reason, as specific as the facts allow.

    >>> sentence("unlocks", Facts(n_unlocked=3))
    'Finishing it opens 3 more modules.'
    """
    match code:
        case "closes_gap":
            values: dict[str, object] = {
                "role": facts.role_title,
                "skill": facts.skill_name,
                "required": facts.required,
                "mastery": facts.mastery,
            }
        case "right_difficulty" if facts.band is not None:
            low, high = facts.band.low, facts.band.high
            values = {"success": facts.success_probability, "side": _side(facts), "low": low, "high": high}
        case "next_in_sequence":
            values = {"after": facts.after_title}
        case "popular_in_role":
            values = {"role": facts.popular_role_title}
        case "review_due":
            values = {"skill": facts.faded_skill_name, "faded": facts.faded}
        case _:
            values = {"n_unlocked": facts.n_unlocked}
    return text(_message(code, facts), language, **values)


def _message(code: ReasonCode, facts: Facts) -> str:
    """Code of the most specific message whose values are all known."""
    match code:
        case "closes_gap":
            return f"{code}{_gap_form(facts)}"
        case "right_difficulty":
            return f"{code}{_difficulty_form(facts)}"
        case "unlocks":
            return {None: "unlocks.general", 0: "unlocks.general", 1: "unlocks.one"}.get(
                facts.n_unlocked, code
            )
        case "next_in_sequence":
            if not facts.after_title:
                return f"{code}.general"
            return f"{code}.{facts.leads}" if facts.leads else code
        case "popular_in_role":
            return code if facts.popular_role_title else f"{code}.general"
        case "review_due":
            return code if facts.faded_skill_name and _known(facts.faded) else f"{code}.general"
        case _:
            return code


def _gap_form(facts: Facts) -> str:
    if not (facts.skill_name and facts.role_title and _known(facts.required)):
        return ".general"
    if not _known(facts.mastery):
        return ".level_unknown"
    # "asks 0.80 and you are at 0.80" would read as a mistake.
    return "" if round(facts.mastery, 2) < round(facts.required, 2) else ".general"


def _difficulty_form(facts: Facts) -> str:
    if facts.band is None or not _known(facts.success_probability):
        return ".general"
    return "" if facts.band.low <= facts.success_probability <= facts.band.high else ".near"


def _side(facts: Facts) -> str:
    """Where the chance of passing lies as seen from the band."""
    above = facts.band and _known(facts.success_probability) and facts.success_probability > facts.band.high
    return "above" if above else "below"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)
