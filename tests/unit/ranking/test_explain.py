import math
import string
from typing import get_args

import numpy as np
import pytest

from recommender.domain.recommendation import ReasonCode
from recommender.embeddings import VIEWS
from recommender.embeddings.neighbour_view import NeighbourView
from recommender.ranking import explain
from recommender.ranking.difficulty import Band
from recommender.ranking.kernel_arrays import MAX_REASONS, Codes
from recommender.ranking.messages import MESSAGES, MESSAGES_EN, messages_of
from recommender.ranking.value import ADDED
from tests.unit.ranking.compiled import told

BAND = Band(0.7, 0.85, 1.0)
CODES = get_args(ReasonCode)
EN = messages_of("en")
NAN = math.nan
# What each code is said by, with nothing known.
UNKNOWN = {
    "closes_gap": lambda: explain.closes_gap(EN, "", "", NAN, NAN),
    "next_in_sequence": lambda: explain.next_in_sequence(EN, "", ""),
    "learners_like_you": lambda: EN["learners_like_you"],
    "popular_in_role": lambda: explain.popular_in_role(EN, ""),
    "review_due": lambda: explain.review_due(EN, "", NAN),
    "right_difficulty": lambda: explain.right_difficulty(EN, NAN, BAND),
    "unlocks": lambda: explain.unlocks(EN, 0),
}


def reasons(*, liked=0.0, **added):
    """Reasons where one view likes a module so much, with the terms beside it."""
    codes = ("popular_in_role", *ADDED)
    numbers = Codes(np.zeros(1, np.int64), np.arange(1, len(codes)), len(codes), 0)
    terms = (liked, *(added.get(code, 0.0) for code in ADDED))
    return told(terms, np.ones(1), np.ones((1, 1), np.float32), 0, numbers, codes)


def test_largest_positive_terms_with_their_shares():
    found = reasons(unlocks=1.0, closes_gap=4.0, right_difficulty=-3.0, liked=2.0, review_due=1.0)
    assert found == [("closes_gap", 0.5), ("popular_in_role", 0.25), ("unlocks", 0.125)]
    assert len(found) == MAX_REASONS


def test_nothing_positive_gives_no_reason():
    assert reasons(unlocks=0.0, closes_gap=-1.0, right_difficulty=1e-15) == []


# What the history leads to, and what anybody likes.
VIEWS_ASKED = ("next_in_sequence", "learners_like_you", "popular_in_role")


@pytest.mark.parametrize(
    ("liked", "anyway", "shares", "expected"),
    [
        # Anybody likes it twice as much as the average module, and the history makes that eight times.
        (8, 2, (0.5, 0.0, 0.5), {"next_in_sequence": 2 / 3, "popular_in_role": 1 / 3}),
        (
            8,
            2,
            (0.3, 0.1, 0.5),
            {"next_in_sequence": 1 / 2, "popular_in_role": 1 / 3, "learners_like_you": 1 / 6},
        ),
        # It would be liked more without the history, however much of it leads there.
        (8, 9, (0.9, 0.0, 0.1), {"popular_in_role": 1}),
        # What anybody likes is no reason where no view says of this learner that people like it.
        (8, 9, (1.0, 0.0, 0.0), {}),
        # Anybody would like it less than the average module.
        (8, 0.5, (0.1, 0.0, 0.9), {"next_in_sequence": 1}),
        # Nothing of the history leads there.
        (8, 0.5, (0.0, 0.0, 0.9), {"popular_in_role": 1}),
        # It is liked less than the average, which is no reason.
        (0.5, 0.1, (0.9, 0.0, 0.1), {}),
    ],
)
def test_what_anybody_likes_is_not_owed_to_the_history(liked, anyway, shares, expected):
    codes = (*VIEWS_ASKED, *(code for code in ADDED if code not in VIEWS_ASKED))
    added = np.array([codes.index(code) for code in ADDED])
    numbers = Codes(np.arange(3), added, len(codes), codes.index("popular_in_role"))
    terms, views = (math.log(liked), *[0.0] * len(ADDED)), np.array(shares, np.float32)[:, None]
    found = told(terms, np.ones(3), views, 0, numbers, codes, anyway=math.log(anyway))
    assert dict(found) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (
            explain.closes_gap(EN, "Analyst", "Python", 0.8, 0.42),
            "It builds Python, where the role «Analyst» asks 0.80 and you are at 0.42.",
        ),
        (
            explain.next_in_sequence(EN, "Statistics", ""),
            "People with your history often take this next after «Statistics».",
        ),
        (explain.popular_in_role(EN, "Engineer"), "Many people in the role «Engineer» take it."),
        (explain.review_due(EN, "SQL", 0.2), "Your SQL has faded by 0.20 since you last passed in it."),
        (
            explain.right_difficulty(EN, 0.78, BAND),
            "Your chance of passing is about 78%, inside the 70% to 85% that suits you now.",
        ),
        (
            explain.right_difficulty(EN, 0.78, BAND, by_history=True),
            "Your chance of passing is about 78%; what you have done puts that "
            "inside the 70% to 85% that suits you now.",
        ),
        (explain.unlocks(EN, 3), "Finishing it opens 3 more modules."),
        (
            explain.variant(EN, "easier", "Sums", 0.4, 0.75),
            "Your chance of passing «Sums» is about 40%; with this easier version of it, about 75%.",
        ),
        (
            explain.variant(EN, "harder", "Sums", 0.95, 0.8),
            "Your chance of passing «Sums» is about 95%; with this harder version of it, about 80%.",
        ),
    ],
)
def test_what_is_known_is_said(got, said):
    assert got == said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("closes_gap", "It builds skills that your target role asks for."),
        ("next_in_sequence", "It goes on from what you have started."),
        ("learners_like_you", "Learners with a history like yours chose it."),
        ("popular_in_role", "Many learners take it."),
        ("review_due", "What it teaches is due for review."),
        ("right_difficulty", "Its difficulty suits you now."),
        ("unlocks", "Other modules build on it."),
    ],
)
def test_what_is_not_known_is_not_claimed(code, said):
    assert UNKNOWN[code]() == said
    assert not any(character.isdigit() for character in said)


def test_every_code_can_be_said_with_nothing_known():
    assert set(UNKNOWN) == set(CODES)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (
            explain.next_in_sequence(EN, "Statistics", "alike"),
            "It is like «Statistics», which you started.",
        ),
        (
            explain.next_in_sequence(EN, "Statistics", "builds_on"),
            "It builds on «Statistics», which you started.",
        ),
        (explain.next_in_sequence(EN, "", "builds_on"), "It goes on from what you have started."),
        (explain.unlocks(EN, 1), "Finishing it opens one more module."),
        (
            explain.right_difficulty(EN, 0.9, BAND),
            "Your chance of passing is about 90%, a little above the 70% to 85% that suits you now.",
        ),
        (
            explain.right_difficulty(EN, 0.66, BAND),
            "Your chance of passing is about 66%, a little below the 70% to 85% that suits you now.",
        ),
        (
            explain.closes_gap(EN, "Analyst", "Python", 0.8, NAN),
            "It builds Python, where the role «Analyst» asks 0.80; nothing shows your level yet.",
        ),
        (
            explain.closes_gap(EN, "Analyst", "Python", 0.8, 0.799),
            "It builds skills that your target role asks for.",
        ),
        (
            explain.closes_gap(EN, "", "Python", 0.8, 0.42),
            "It builds skills that your target role asks for.",
        ),
        (
            explain.closes_gap(EN, "Analyst", "", 0.8, 0.42),
            "It builds skills that your target role asks for.",
        ),
        (
            explain.closes_gap(EN, "Analyst", "Python", NAN, 0.42),
            "It builds skills that your target role asks for.",
        ),
        (explain.review_due(EN, "", 0.2), "What it teaches is due for review."),
        (explain.review_due(EN, "SQL", NAN), "What it teaches is due for review."),
    ],
)
def test_sentences_follow_what_is_known(got, said):
    assert got == said


def test_an_unknown_language_is_answered_in_english():
    assert messages_of("tlh-Latn") == messages_of("EN-gb") == MESSAGES_EN


def test_every_language_has_every_message():
    for messages in MESSAGES.values():
        assert messages.keys() == MESSAGES_EN.keys()


def test_every_view_s_wording_has_a_sentence():
    worded = {view.wording for view in VIEWS.values() if issubclass(view, NeighbourView) and view.wording}
    assert worded == {"alike", "builds_on"}
    assert {f"next_in_sequence.{wording}" for wording in worded} <= set(MESSAGES_EN)


def test_braces_in_a_title_are_only_text():
    assert "«{0} {role}»" in explain.next_in_sequence(EN, "{0} {role}", "")


def test_an_unknown_code_is_an_error():
    with pytest.raises(KeyError, match="because"):
        messages_of("en")["because"]


def test_every_reason_has_a_sentence_and_every_sentence_ends():
    assert set(CODES) <= set(MESSAGES_EN)
    for message in MESSAGES_EN.values():
        assert message.endswith(".")
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(message))
