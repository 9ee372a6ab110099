"""What the service says of itself, and how it says that something is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from serving.schemas.events import EventResult
from serving.schemas.fields import SIMULATED, Closed


class ModelResponse(Closed):
    """What serves. All but `refused` is null while no model is loaded."""

    bundle_id: str | None
    alias: str | None
    simulated: bool | None = Field(description=SIMULATED)
    version: int | None = Field(description="Version in the registry.")
    loaded_at: datetime | None
    created_at: str | None = Field(description="When the bundle was trained.")
    dataset: Any = Field(description="What it was trained on, as its manifest says.")
    metrics: dict[str, Any] | None = Field(description="How it did in evaluation, as its manifest says.")
    catalog: dict[str, int] | None = Field(description="Sizes of its catalogue.")
    refused: str | None = Field(
        description="Why the bundle the pointer names now is not the one that serves."
    )


class Health(Closed):
    """An answer to a probe."""

    status: Literal["live", "ready"]


class ErrorItem(BaseModel):
    """One thing that is wrong."""

    field: str = Field(description="Where, such as `events[3].score`.")
    value: Any = Field(description="What came, where it is short.")
    message: str
    remedy: str


class ProblemResponse(BaseModel):
    """An error, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorItem]


class EventsProblemResponse(ProblemResponse):
    """Some events were rejected; all others were stored."""

    results: list[EventResult] | None = None
    stored: int | None = None
    duplicates: int | None = None
    rejected: int | None = None
