"""Events as they are sent: the columns of the dataset format, told apart by `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, TypeAdapter, ValidatorFunctionWrapHandler, WrapValidator

from serving.schemas.fields import Closed, Fraction, Id, NonNegative, Time

MAX_EVENTS = 1000


class _Event(Closed):
    event_id: Id = Field(
        description="Names the event, once and for all senders: sent again with the same content it is a "
        "duplicate and changes nothing, with other content it is rejected."
    )
    learner_id: Id
    occurred_at: Time | None = Field(
        default=None, description="ISO 8601; without a zone it is UTC; absent means the time of receipt."
    )


class AttemptIn(_Event):
    """A learner answered an item."""

    kind: Literal["attempt"]
    item_id: Id = Field(description="May be new to the service.")
    score: Fraction = Field(description="Share of the marks.")
    passed: bool | None = Field(
        default=None, strict=True, description="Absent means: the score reaches the pass mark."
    )
    skill_ids: list[Id] = Field(
        default=[],
        max_length=100,
        fail_fast=True,
        description="Absent means: those the catalogue has for the item.",
    )
    module_id: Id | None = None
    duration_seconds: NonNegative | None = None


class CompletionIn(_Event):
    """A learner started, finished or left a module."""

    kind: Literal["completion"]
    module_id: Id
    status: Literal["started", "completed", "abandoned"] = "completed"
    progress: Fraction | None = None
    score: Fraction | None = None
    rating: Annotated[float, Field(strict=True, ge=1, le=5)] | None = None
    duration_seconds: NonNegative | None = None


class SelfAssessmentIn(_Event):
    """A learner's own estimate of a skill."""

    kind: Literal["self_assessment"]
    skill_id: Id
    level: Fraction


class CredentialIn(_Event):
    """A learner earned a credential."""

    kind: Literal["credential"]
    credential_id: Id
    expires_at: Time | None = None


EventIn: TypeAlias = Annotated[
    AttemptIn | CompletionIn | SelfAssessmentIn | CredentialIn, Field(discriminator="kind")
]
EVENT_MODELS: Mapping[str, type[Closed]] = {
    str(get_args(model.model_fields["kind"].annotation)[0]): model
    for model in (AttemptIn, CompletionIn, SelfAssessmentIn, CredentialIn)
}
EVENT_KINDS = tuple(EVENT_MODELS)
EVENT_ADAPTER: TypeAdapter[EventIn] = TypeAdapter(EventIn)


def _left_to_the_row(value: Any, _handler: ValidatorFunctionWrapHandler) -> Any:
    return value


class EventsRequest(Closed):
    """Up to 1,000 events.

    Each event is judged on its own, so that one bad row does not cost the others; here only the frame is.
    """

    events: Annotated[
        list[Annotated[EventIn, WrapValidator(_left_to_the_row)]],
        Field(min_length=1, max_length=MAX_EVENTS),
    ]


class EventResult(Closed):
    """What became of one event, in the order of the request."""

    event_id: str | None = Field(description="As sent; null where it could not be read.")
    status: Literal["stored", "duplicate", "rejected"]


class EventsResponse(Closed):
    """What became of every event."""

    results: list[EventResult]
    stored: int
    duplicates: int
    rejected: int
