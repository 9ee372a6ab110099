"""What the service says of itself, and how it says that something is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from serving.schemas.events import EventResult
from serving.schemas.fields import SIMULATED, Closed


class UnusedRows(Closed):
    """Rows put into the catalogue that have no place in that of this model; they stay stored."""

    rows: int = Field(description="How many they are.")
    table: str = Field(description="Table of the first of them.")
    key: list[str] = Field(
        description="What names the first of them there; empty for a column it leaves empty."
    )
    reason: str = Field(description="Why the first of them is not used.")


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
    catalog: dict[str, int] | None = Field(description="Sizes of the catalogue that it serves.")
    catalog_revision: int | None = Field(
        description="Number of the last change of the catalogue that it serves; 0 when none was put."
    )
    catalog_rows_unused: UnusedRows | None = Field(
        description="Rows put into the catalogue that it cannot use; null when it uses all."
    )
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
