"""What verbs say of learning; what is not listed says nothing."""

from __future__ import annotations

from enum import Enum


class Meaning(Enum):
    """What a verb says."""

    STARTED = "started"
    COMPLETED = "completed"
    LEFT = "left"
    JUDGED = "judged"
    EARNED = "earned"
    # Known, and no evidence by itself: what its result says may be.
    NOTHING = "nothing"


_ADL = "http://adlnet.gov/expapi/verbs/"
_ADL_NEW = "https://w3id.org/xapi/adl/verbs/"
_VIDEO = "https://w3id.org/xapi/video/verbs/"
_TIN_CAN = "http://id.tincanapi.com/verb/"
_STREAMS = "http://activitystrea.ms/schema/1.0/"
_STREAMS_BARE = "http://activitystrea.ms/"

# Registries: ADL verbs 1.0; cmi5 (https://github.com/AICC/CMI-5_Spec_Current, section 9.3); the video profile
# (https://w3id.org/xapi/video); the Tin Can registry; activity streams; Open Badges.
MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(
        (
            f"{_ADL}initialized",
            f"{_ADL}launched",
            f"{_ADL}attempted",
            f"{_ADL}experienced",
            f"{_ADL}progressed",
            f"{_ADL}resumed",
            f"{_VIDEO}played",
            f"{_TIN_CAN}viewed",
            f"{_STREAMS}start",
            f"{_STREAMS}watch",
            f"{_STREAMS}listen",
            f"{_STREAMS}read",
            f"{_STREAMS_BARE}start",
            f"{_STREAMS_BARE}watch",
        ),
        Meaning.STARTED,
    ),
    **dict.fromkeys(
        (
            f"{_ADL}completed",
            f"{_ADL_NEW}satisfied",
            f"{_ADL_NEW}waived",
            f"{_STREAMS}complete",
            f"{_STREAMS_BARE}complete",
        ),
        Meaning.COMPLETED,
    ),
    **dict.fromkeys((f"{_ADL_NEW}abandoned", f"{_ADL}abandoned", f"{_TIN_CAN}abandoned"), Meaning.LEFT),
    **dict.fromkeys(
        (
            f"{_ADL}answered",
            f"{_ADL}passed",
            f"{_ADL}failed",
            f"{_ADL}mastered",
            f"{_ADL}scored",
            f"{_ADL}responded",
            "https://w3id.org/xapi/acrossx/verbs/evaluated",
        ),
        Meaning.JUDGED,
    ),
    **dict.fromkeys(
        (
            f"{_TIN_CAN}earned",
            "http://specification.openbadges.org/xapi/verbs/earned",
            "http://specification.openbadges.org/xapi/verbs/earned.json",
        ),
        Meaning.EARNED,
    ),
    **dict.fromkeys(
        (
            f"{_ADL}asked",
            f"{_ADL}commented",
            f"{_ADL}exited",
            f"{_ADL}imported",
            f"{_ADL}interacted",
            f"{_ADL}logged-in",
            f"{_ADL}logged-out",
            f"{_ADL}preferred",
            f"{_ADL}registered",
            f"{_ADL}shared",
            f"{_ADL}suspended",
            f"{_ADL}terminated",
            f"{_VIDEO}paused",
            f"{_VIDEO}seeked",
            f"{_TIN_CAN}downloaded",
            f"{_TIN_CAN}rated",
        ),
        Meaning.NOTHING,
    ),
}
PASSED = frozenset((f"{_ADL}passed", f"{_ADL}mastered", f"{_ADL_NEW}satisfied"))
FAILED = frozenset((f"{_ADL}failed",))
PROGRESSED = f"{_ADL}progressed"
