"""Kinds of field that several schemas use. A number in quotes is not a number here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_ID_LENGTH = 200
SIMULATED = (
    "True when the model was trained on simulated data: what it answers is for trying things out and says "
    "nothing of how real people learn."
)
"""What the field of that name means, wherever an answer has it."""
_MOST_UNKNOWN_FIELDS = 20
NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]+$"


class Closed(BaseModel):
    """A schema that refuses what it does not know, and numbers that are none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_unknown_fields(cls, value: Any) -> Any:
        """Complain once of very many unknown fields: a complaint of each takes seconds."""
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + _MOST_UNKNOWN_FIELDS:
            n_unknown = len(value.keys() - cls.model_fields.keys())
            raise PydanticCustomError("many_extra", "has unknown fields", {"n": n_unknown})
        return value


def parse_time(value: Any) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC.

    >>> parse_time("2026-03-01T09:30:00")
    datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.timezone.utc)
    """
    if isinstance(value, datetime):
        at = value
    else:
        try:
            # Numbers and digits alone could mean seconds, milliseconds or a year: ask rather than guess.
            if not isinstance(value, str) or value.strip().lstrip("+-").isdigit():
                raise ValueError
            at = datetime.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("iso_time", "is not an ISO 8601 time") from None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("iso_time", "is a time before year 1 or after year 9999") from None


Id: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=NO_CONTROL_CHARACTERS)
]
Fraction: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1)]
Positive: TypeAlias = Annotated[float, Field(strict=True, gt=0)]
NonNegative: TypeAlias = Annotated[float, Field(strict=True, ge=0)]
Language: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
Format: TypeAlias = Literal[
    "course", "video", "reading", "workshop", "mentoring", "project", "simulation", "assessment"
]
Segment: TypeAlias = Literal["user", "builder", "leader"]
Time: TypeAlias = Annotated[
    datetime,
    BeforeValidator(
        parse_time, json_schema_input_type=Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    ),
]
