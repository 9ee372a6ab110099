"""Sentences for learners, by code and language. Codes never change; wording and languages may."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES_EN: Mapping[str, str] = {
    "closes_gap": "It builds {skill}, where the role «{role}» asks {required:.2f} "
    "and you are at {mastery:.2f}.",
    "closes_gap.level_unknown": "It builds {skill}, where the role «{role}» asks {required:.2f}; "
    "nothing shows your level yet.",
    "closes_gap.general": "It builds skills that your target role asks for.",
    "next_in_sequence": "People with your history often take this next after «{after}».",
    "next_in_sequence.alike": "It is like «{after}», which you started.",
    "next_in_sequence.builds_on": "It builds on «{after}», which you started.",
    "next_in_sequence.general": "It goes on from what you have started.",
    "learners_like_you": "Learners with a history like yours chose it.",
    "popular_in_role": "Many people in the role «{role}» take it.",
    "popular_in_role.general": "Many learners take it.",
    "review_due": "Your {skill} has faded by {faded:.2f} since you last passed in it.",
    "review_due.general": "What it teaches is due for review.",
    "right_difficulty": "Your chance of passing is about {success:.0%}, "
    "inside the {low:.0%} to {high:.0%} that suits you now.",
    "right_difficulty.history": "Your chance of passing is about {success:.0%}; what you have done puts that "
    "inside the {low:.0%} to {high:.0%} that suits you now.",
    "right_difficulty.near": "Your chance of passing is about {success:.0%}, "
    "a little {side} the {low:.0%} to {high:.0%} that suits you now.",
    "right_difficulty.general": "Its difficulty suits you now.",
    "unlocks": "Finishing it opens {n_unlocked} more modules.",
    "unlocks.one": "Finishing it opens one more module.",
    "unlocks.general": "Other modules build on it.",
    "variant_easier": "Your chance of passing «{title}» is about {before:.0%}; "
    "with this easier version of it, about {after:.0%}.",
    "leads_up.prerequisite": "Your chance of passing «{title}» is about {before:.0%}. This comes before it, "
    "and here it is about {after:.0%}.",
    "leads_up.skill": "Your chance of passing «{title}» is about {before:.0%}. This builds the same skills "
    "at an easier level, where it is about {after:.0%}.",
    "variant_harder": "Your chance of passing «{title}» is about {before:.0%}; "
    "with this harder version of it, about {after:.0%}.",
}


class Messages(dict[str, str]):
    """Messages in a language by code, told apart as objects, so that what is made of them can be kept."""

    __hash__ = object.__hash__  # type: ignore[assignment]


_OF_LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": MESSAGES_EN}
MESSAGES: Mapping[str, Messages] = {
    tag: Messages({**MESSAGES_EN, **its}) for tag, its in _OF_LANGUAGES.items()
}
"""All messages by language; English stands in for those that a language lacks."""


def messages_of(language: str) -> Messages:
    """All messages in a language, those in English for one that is not there.

    Parameters
    ----------
    language : str
        A language tag such as ``en`` or ``de-AT``.

    Returns
    -------
    Messages
        By the codes of `MESSAGES_EN`; placeholders name values for `str.format`.

    Examples
    --------
    >>> messages_of("en-GB")["next_in_sequence"].format(after="Statistics")
    'People with your history often take this next after «Statistics».'
    """
    return MESSAGES.get(language.lower().partition("-")[0], MESSAGES["en"])
