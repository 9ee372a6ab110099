"""How an adaptive test picks its items and when it stops."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AdaptiveConfig(BaseModel):
    """Settings of `ItemSelector`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_error: float = Field(
        0.15, gt=0, lt=0.5, description="standard error of mastery, a probability, at which enough is known"
    )
    min_items: int = Field(5, ge=0, description="items before which precision alone does not stop a test")
    max_items: int = Field(60, ge=1, description="items after which a test stops")
    min_share: float = Field(
        0.005, ge=0, lt=1, description="least share of its skills' variance that an item is expected to take"
    )
    balance: float = Field(
        0.5, gt=0, le=1, description="share of the largest weighted variance from which a skill may be next"
    )
    n_best: int = Field(5, ge=1, description="items among which chance decides, best first")
    tolerance: float = Field(
        0.05, ge=0, lt=1, description="share of the best item's information that the others may lack"
    )
    max_exposure_rate: float = Field(
        1.0, gt=0, le=1, description="share of tests above which an item waits while others are there"
    )
    n_nodes: int = Field(9, ge=3, le=64, description="nodes of the Gauss-Hermite rule over mastery")

    @model_validator(mode="after")
    def _ordered(self) -> AdaptiveConfig:
        if self.min_items > self.max_items:
            raise ValueError(
                f"expected min_items <= max_items, got {self.min_items} and {self.max_items}; "
                "lower the first or raise the second"
            )
        return self
