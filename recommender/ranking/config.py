"""How candidates become a ranked list: every weight of the decision in one place."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recommender.ranking.difficulty import BandConfig
from recommender.ranking.pathway_config import PathwayConfig
from recommender.ranking.ranker import RankerConfig
from recommender.ranking.value import ValueWeights


class RankingConfig(BaseModel):
    """How views become a ranked list.

    The weights of views are the documented mix, and a prior of what is learned: sequences lead, neighbours
    count half as much, for they hold where the order of starts tells nothing, and popularity supports them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    view_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {
            "transitions": 0.3,
            "last_transition": 0.05,
            "ease": 0.5,
            "cosine": 0.15,
            "last_cosine": 0.02,
            "content": 0.1,
            "new_modules": 0.02,
            "prerequisites": 0.02,
            "als": 0.0,
            "first_modules": 0.2,
            "popularity": 0.02,
            "recent_popularity": 0.08,
            "lasting_popularity": 0.08,
            "role_popularity": 0.04,
            "segment_popularity": 0.01,
        },
        description="weight of each view in the preference; a view without an opinion drops out",
    )
    ranker: RankerConfig = Field(RankerConfig(), description="the learned correction of the mix")
    difficulty: BandConfig = Field(BandConfig(), description="the band of success")
    value: ValueWeights = Field(ValueWeights(), description="the terms beside the preference")
    diversity: float = Field(
        0.0, ge=0, description="taken off the score of a module, times how like it is to one placed above it"
    )
    exploration: float = Field(
        0.0, ge=0, le=0.5, description="chance that one place of an answer goes to a module drawn at random"
    )
    pathway: PathwayConfig = Field(PathwayConfig(), description="how pathways are planned")
