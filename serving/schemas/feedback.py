"""What a learner did with a recommendation, as sent and as answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recommender.domain.events import FeedbackKind
from serving.schemas.fields import Closed, Id, Time


class FeedbackRequest(Closed):
    """What a learner did with a recommendation, or with one module of it."""

    kind: FeedbackKind = Field(
        description="`dismissed`, `too_easy` and `too_hard` count against the module for a while; the last "
        "two also move the band of difficulty that suits the learner."
    )
    module_id: Id | None = Field(
        default=None, description="One of those recommended; absent means the answer as a whole."
    )
    occurred_at: Time | None = Field(
        default=None, description="ISO 8601; without a zone it is UTC; absent means the time of receipt."
    )


class FeedbackResponse(Closed):
    """What became of it."""

    status: Literal["stored", "duplicate"] = Field(
        description="`duplicate`: this was told already; nothing has changed."
    )
