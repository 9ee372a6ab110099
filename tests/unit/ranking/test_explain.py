import string
from typing import get_args

import numpy as np
import pytest

from recommender.domain.recommendation import ReasonCode
from recommender.embeddings import VIEWS
from recommender.embeddings.neighbour_view import NeighbourView
from recommender.ranking.difficulty import Band
from recommender.ranking.explain import Facts, sentence
from recommender.ranking.kernel_arrays import MAX_REASONS, Codes
from recommender.ranking.messages import MESSAGES_EN, text
from recommender.ranking.value import ADDED
from tests.unit.ranking.compiled import told

BAND = Band(0.7, 0.85, 1.0)
CODES = get_args(ReasonCode)
EVERYTHING = Facts(
    after_title="Statistics",
    role_title="Analyst",
    popular_role_title="Engineer",
    skill_name="Python",
    required=0.8,
    mastery=0.42,
    faded_skill_name="SQL",
    faded=0.2,
    success_probability=0.78,
    band=BAND,
    n_unlocked=3,
)


def reasons(*, liked=0.0, **added):
    """Reasons where one view likes a module so much, with the terms beside it."""
    codes = ("popular_in_role", *ADDED)
    numbers = Codes(np.zeros(1, np.int64), np.arange(1, len(codes)), len(codes))
    terms = (liked, *(added.get(code, 0.0) for code in ADDED))
    return told(terms, np.ones(1), np.ones((1, 1), np.float32), 0, numbers, codes)


def test_largest_positive_terms_with_their_shares():
    found = reasons(unlocks=1.0, closes_gap=4.0, right_difficulty=-3.0, liked=2.0, review_due=1.0)
    assert found == [("closes_gap", 0.5), ("popular_in_role", 0.25), ("unlocks", 0.125)]
    assert len(found) == MAX_REASONS


def test_nothing_positive_gives_no_reason():
    assert reasons(unlocks=0.0, closes_gap=-1.0, right_difficulty=1e-15) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("closes_gap", "It builds Python, where the role «Analyst» asks 0.80 and you are at 0.42."),
        ("next_in_sequence", "People with your history often take this next after «Statistics»."),
        ("learners_like_you", "Learners with a history like yours chose it."),
        ("popular_in_role", "Many people in the role «Engineer» take it."),
        ("review_due", "Your SQL has faded by 0.20 since you last passed in it."),
        (
            "right_difficulty",
            "Your chance of passing is about 78%, inside the 70% to 85% that suits you now.",
        ),
        ("unlocks", "Finishing it opens 3 more modules."),
    ],
)
def test_what_is_known_is_said(code, said):
    assert sentence(code, EVERYTHING) == said


@pytest.mark.parametrize("code", CODES)
def test_what_is_not_known_is_not_claimed(code):
    said = sentence(code, Facts())
    assert "None" not in said
    assert "nan" not in said
    assert not any(character.isdigit() for character in said)


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        (
            "next_in_sequence",
            Facts(after_title="Statistics", leads="alike"),
            "It is like «Statistics», which you started.",
        ),
        (
            "next_in_sequence",
            Facts(after_title="Statistics", leads="builds_on"),
            "It builds on «Statistics», which you started.",
        ),
        ("next_in_sequence", Facts(leads="builds_on"), "It goes on from what you have started."),
        ("unlocks", Facts(n_unlocked=1), "Finishing it opens one more module."),
        ("unlocks", Facts(n_unlocked=0), "Other modules build on it."),
        (
            "right_difficulty",
            Facts(success_probability=0.9, band=BAND),
            "Your chance of passing is about 90%, a little above the 70% to 85% that suits you now.",
        ),
        (
            "right_difficulty",
            Facts(success_probability=0.66, band=BAND),
            "Your chance of passing is about 66%, a little below the 70% to 85% that suits you now.",
        ),
        (
            "closes_gap",
            Facts(skill_name="Python", role_title="Analyst", required=0.8, mastery=float("nan")),
            "It builds Python, where the role «Analyst» asks 0.80; nothing shows your level yet.",
        ),
        (
            "closes_gap",
            Facts(skill_name="Python", role_title="Analyst", required=0.8, mastery=0.799),
            "It builds skills that your target role asks for.",
        ),
    ],
)
def test_sentences_follow_the_facts(code, facts, said):
    assert sentence(code, facts) == said


def test_an_unknown_language_is_answered_in_english():
    assert sentence("unlocks", EVERYTHING, "tlh-Latn") == sentence("unlocks", EVERYTHING, "EN-gb")


def test_every_view_s_wording_has_a_sentence():
    worded = {view.wording for view in VIEWS.values() if issubclass(view, NeighbourView) and view.wording}
    assert worded == {"alike", "builds_on"}
    assert {f"next_in_sequence.{wording}" for wording in worded} <= set(MESSAGES_EN)


def test_braces_in_a_title_are_only_text():
    assert "«{0} {role}»" in text("next_in_sequence", "en", after="{0} {role}")


def test_an_unknown_code_is_an_error():
    with pytest.raises(KeyError, match="because"):
        text("because", "en")


def test_every_reason_has_a_sentence_and_every_sentence_ends():
    assert set(CODES) <= set(MESSAGES_EN)
    for message in MESSAGES_EN.values():
        assert message.endswith(".")
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(message))
