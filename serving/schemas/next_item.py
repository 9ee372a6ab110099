"""The next item of an adaptive test as asked for and as answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from serving.schemas.fields import Closed, Id
from serving.schemas.recommendations import ModelRef

StopReason: TypeAlias = Literal["precise", "max_items", "exhausted"]


def _unique(ids: list[str]) -> list[str]:
    seen: set[str] = set()
    for position, one in enumerate(ids):
        if one in seen:
            raise PydanticCustomError("repeated_id", "has an id twice", {"id": one, "position": position})
        seen.add(one)
    return ids


_UNIQUE = (AfterValidator(_unique), Field(json_schema_extra={"uniqueItems": True}))


class NextItemRequest(Closed):
    """A wish for the next item of a test; an empty object asks for a test of everything that matters."""

    skill_ids: Annotated[list[Id], Field(min_length=1, max_length=500, fail_fast=True), *_UNIQUE] | None = (
        Field(
            default=None,
            description="Skills to assess; absent means those of the target role, or else of the role, by "
            "importance; without a role, all.",
        )
    )
    given: Annotated[list[Id], Field(max_length=1000, fail_fast=True), *_UNIQUE] = Field(
        default=[],
        description="Items given in this test so far. Send their answers as events first.",
    )


class NextItemResponse(Closed):
    """The most informative item now, and whether enough is known to stop."""

    learner_id: str
    generated_at: datetime
    model: ModelRef
    item_id: str | None = Field(
        description="Null when no item would tell more. May be there with `stop`, for who wants to go on."
    )
    skill_id: str | None = Field(description="Skill that the item is given for.")
    success_probability: float | None = Field(description="Chance of passing the item now.")
    expected_information: float = Field(
        description="By how much the answer is expected to lower the variance of mastery, a probability, "
        "summed over the skills to assess and weighed by importance where a role asks for them."
    )
    n_given: int = Field(description="Items given in this test so far.")
    stop: bool = Field(description="Whether the test should end before this item.")
    stop_reason: StopReason | None = Field(
        description="`precise`: enough is known of every skill. `max_items`: the test is as long as it may "
        "be. `exhausted`: no item would tell enough. Null when it goes on."
    )
