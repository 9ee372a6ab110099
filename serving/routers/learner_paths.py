"""Addresses of learners. Ids may hold slashes: an xAPI account's name space is an address."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path
from starlette.routing import Match
from starlette.types import Scope

from serving.examples.common import LEARNER_ID
from serving.guarded_route import GuardedRoute
from serving.routers.any_text import ANY_TEXT
from serving.schemas.fields import Id

LEARNER = f"/v1/learners/{{learner_id:{ANY_TEXT}}}"
PARTS: Final = frozenset(("mastery", "gaps", "pathway", "next-item", "mentors", "export"))
"""What there is of a learner, each at an address below theirs."""
LearnerPath = Annotated[Id, Path(examples=[LEARNER_ID])]


class WholeLearner(GuardedRoute):
    """Route to a learner, and to none of their parts: of the latter's name no id is made up.

    An id that ends like a part, such as ``a/export``, is meant where its slash is percent-encoded.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does, but for an address of a part."""
        spelled = (scope.get("raw_path") or scope["path"].encode()).rstrip(b"/")
        *before, last = spelled.split(b"/")
        if len(before) > LEARNER.count("/") and last.decode("latin-1") in PARTS:
            return Match.NONE, {}
        return super().matches(scope)
