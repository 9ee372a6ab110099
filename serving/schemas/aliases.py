"""Who a learner is elsewhere, as it is sent and told."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from serving.schemas.fields import NO_CONTROL_CHARACTERS, Closed, Id
from serving.xapi.agents import Identity, identity

MOST_ALIASES: Final = 100
ISSUER = "The home page of an account on a learning platform, or mailto, mbox_sha1sum or openid."
NAME = "The name of the account there; a mail address, the SHA-1 hash of one with mailto:, or an address."
AliasText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_CONTROL_CHARACTERS)]


class AliasIn(Closed):
    """An account, mail address or the like that is the learner's."""

    issuer: AliasText = Field(description=ISSUER)
    name: AliasText = Field(description=NAME)

    def identity(self) -> Identity:
        """As statements name it."""
        return identity(self.issuer, self.name)


class AliasRow(AliasIn):
    """A row of the table of that name."""

    learner_id: Id


class AliasOut(Closed):
    """An alias as it is kept. A mail address is known by its hash too."""

    issuer: str
    name: str


class LearnerFound(Closed):
    """Whose an account is."""

    learner_id: str
