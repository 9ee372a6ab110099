"""Results: score, success, completion, response and duration."""

from typing import Any

from .case import Case, accepts, rejects, statement, without
from .places import RESULTS

RESULT = "Data 2.4.5"
SCORE = "Data 2.4.5.1"
DURATION = "Data 4.6"

GOOD_DURATIONS = (
    "PT1H0M0.1S",
    "PT4H35M59.14S",
    "PT16559.14S",
    "P3Y1M29DT4H35M59.14S",
    "P3Y",
    "P4W",
    "PT1234S",
    "PT0S",
    "P1M",
    "PT1M",
    "P1Y2D",
    "P36W",
    "PT1.5H",
    "P1DT12H36M0.12567S",
)

BAD_DURATIONS = (
    "should fail",
    "PA1H0M0S",
    "P4W1D",
    "P1Y2W",
    "",
    "P",
    "PT",
    "P1DT",
    "1H",
    "T1H",
    "P1H",
    "P1S",
    "PT1D",
    "PT1Y",
    "PT30",
    "PT1H30",
    "PT1S1H",
    "P1D1M",
    "PT1.5H30M",
    "PT.5S",
    "PT1M1M",
    "pt1h",
    "-PT1H",
    "P-1D",
    "PT1H ",
    "PT 1H",
    "00:35:59",
    "3600",
    "P0003-06-04T12:30:05",
    "P00030604T123005",
    "2026-01-01T00:00:00Z/PT1H",
)


def full_result() -> dict[str, Any]:
    """A result with all that it may have."""
    return {
        "score": {"scaled": 0.8, "raw": 8, "min": 0, "max": 10},
        "success": True,
        "completion": True,
        "response": "half[,]third",
        "duration": "PT1H0M0S",
        "extensions": {"https://example.org/extensions/hints": 2},
    }


def good_scores() -> dict[str, Any]:
    """Scores that are right, by what they show."""
    return {
        "in full": {"scaled": 0.8, "raw": 8, "min": 0, "max": 10},
        "a scaled value of many digits": {"scaled": 0.6767676},
        "a scaled value of 1": {"scaled": 1.0},
        "a scaled value of 1 written as an integer": {"scaled": 1},
        "a scaled value of -1": {"scaled": -1.0},
        "a scaled value of 0": {"scaled": 0},
        "a scaled value that raw does not confirm": {"scaled": -0.5, "raw": 10, "min": 0, "max": 10},
        "a raw value alone": {"raw": 0.6767676},
        "a large raw value alone": {"raw": 123456789.5},
        "a negative raw value alone": {"raw": -40},
        "a raw value equal to min": {"raw": 1, "min": 1, "max": 2},
        "a raw value equal to max": {"raw": 2, "min": 1, "max": 2},
        "a raw value under max alone": {"raw": -3, "max": 2.5},
        "a raw value over min alone": {"raw": 3, "min": -2.5},
        "a min alone": {"min": 0.6767676},
        "a max alone": {"max": 100.6767676},
        "a negative range": {"raw": -7, "min": -10, "max": -5},
        "a min and a max of digits that 32 bits hold": {"raw": 12.125, "min": 0.12123434, "max": 45.45},
    }


def bad_scores() -> dict[str, Any]:
    """Scores that are wrong, by what is wrong."""
    return {
        "a scaled value a little over 1": {"scaled": 1.01},
        "a scaled value a little under -1": {"scaled": -1.00001},
        "a scaled value of a percentage": {"scaled": 80},
        "a scaled value as a string": {"scaled": "0.8"},
        "a scaled value as a boolean": {"scaled": True},
        "a scaled value as a list": {"scaled": [0.8]},
        "a raw value as a string": {"raw": "8"},
        "a raw value that no float holds": {"raw": 10**400},
        "a raw value as a boolean": {"raw": False},
        "a min as a string": {"min": "0"},
        "a max as a word": {"max": "one hundred"},
        "a max as a string of digits": {"max": "100"},
        "a max as a boolean": {"max": True},
        "a raw value over max": {"raw": 0.6767676, "max": 0.6567676},
        "a raw value under min": {"raw": 0.6767676, "min": 1.4067676},
        "a raw value over max with a min": {"raw": 11, "min": 0, "max": 10},
        "a raw value under min with a max": {"raw": -1, "min": 0, "max": 10},
        "a min over max": {"min": 0.6767676, "max": 0.6767355},
        "a min far over max": {"min": 104.6767676, "max": 100.6767676, "raw": 101.6767676},
        "a min equal to max": {"min": 5, "max": 5},
        "an unknown property": {"scaled": 0.8, "percent": 80},
        "scaled in another letter case": {"Scaled": 0.8},
    }


CASES: tuple[Case, ...] = (
    *(
        case
        for place in RESULTS
        for case in (
            accepts(RESULT, f"The result of {place.name} may be given in full.", place.put(full_result())),
            *(
                accepts(
                    RESULT,
                    f"The result of {place.name} may have only its {name}.",
                    place.put({name: full_result()[name]}),
                )
                for name in full_result()
                if name not in {"score", "extensions"}
            ),
            accepts(
                RESULT,
                f"The result of {place.name} may say that something failed.",
                place.put({"success": False, "completion": False}),
            ),
            accepts(RESULT, f"The response of {place.name} may be empty.", place.put({"response": ""})),
            *(
                accepts(SCORE, f"The score of {place.name} may have {what}.", place.put({"score": score}))
                for what, score in good_scores().items()
            ),
            *(
                rejects(SCORE, f"The score of {place.name} may not have {what}.", place.put({"score": score}))
                for what, score in bad_scores().items()
            ),
            *(
                accepts(DURATION, f"{value} is a duration in {place.name}.", place.put({"duration": value}))
                for value in GOOD_DURATIONS
            ),
            *(
                rejects(
                    DURATION, f"{value!r} is not a duration in {place.name}.", place.put({"duration": value})
                )
                for value in (*BAD_DURATIONS, 12345, {"key": "invalid"}, ["PT1H"], True)
            ),
        )
    ),
    *(
        rejects(
            RESULT, f"The {name} of {place.name} is not {what}.", place.put({**full_result(), name: value})
        )
        for place in RESULTS
        for name, what, value in (
            ("score", "a number", 12345),
            ("score", "a string", "should fail"),
            ("score", "a list", [0.8]),
            ("success", "the string true", "true"),
            ("success", "the string false", "false"),
            ("success", "a sentence", "We regret to inform you that it was not enough."),
            ("success", "the number 1", 1),
            ("success", "the number 0", 0),
            ("completion", "the string true", "true"),
            ("completion", "the string false", "false"),
            ("completion", "the number 1", 1),
            ("response", "a number", 12345),
            ("response", "an object", {"key": "invalid"}),
            ("response", "a list", ["half", "third"]),
            ("response", "a boolean", True),
        )
    ),
    *(
        rejects(RESULT, f"The result of {place.name} has no unknown property.", place.put({"grade": "A"}))
        for place in RESULTS
    ),
    *(
        rejects(
            RESULT,
            f"The score of {place.name} stands inside score.",
            place.put({**without(full_result(), "score"), "scaled": 0.8}),
        )
        for place in RESULTS
    ),
    *(
        rejects(RESULT, f"A result is not {what}.", statement(result=value))
        for what, value in (("a string", "passed"), ("a list", [{"success": True}]), ("a boolean", True))
    ),
)
