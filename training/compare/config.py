"""What a challenger has to pass to serve."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class GatesConfig(BaseModel):
    """How much worse a challenger may be, and how much slower and larger.

    Margins are what is not worth keeping a champion for. A gate is passed only where data rule out that the
    challenger is worse by more: with few learners to compare on it is not passed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="of every interval by which a gate is judged, and of being better"
    )
    auc_margin: float = Field(0.01, ge=0, lt=0.5, description="AUC that a challenger may lose")
    calibration_margin: float = Field(
        0.01, ge=0, lt=1, description="calibration error (ece) that a challenger may add"
    )
    ranking_margin: float = Field(
        0.05, ge=0, lt=1, description="share of the champion's ndcg@10 that a challenger may lose"
    )
    group_margin: float = Field(
        0.005, ge=0, lt=1, description="Brier score that a challenger may add for a group of learners"
    )
    claim_margin: float = Field(
        0.02, ge=0, lt=0.5, description="AUC by which a model's own figure may differ from what is found"
    )
    latency_ratio: float = Field(
        1.5, ge=1, description="how many times as long as the champion a recommendation may take"
    )
    most_milliseconds: float = Field(50.0, gt=0, description="milliseconds that a recommendation may take")
    size_ratio: float = Field(
        1.5, ge=1, description="how many times as large as the champion a bundle may be"
    )
    most_megabytes: float = Field(200.0, gt=0, description="megabytes that a bundle may be large")
