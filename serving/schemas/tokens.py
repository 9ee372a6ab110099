"""Tokens: what is asked for, and what is answered (RFC 6749, sections 4.4 and 5)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from serving.schemas.fields import Id


class TokenRequest(BaseModel):
    """A form."""

    grant_type: Literal["client_credentials"]
    scope: str | None = Field(
        default=None, description="Scopes with spaces between them; all that the key has, where it is absent."
    )
    learner_id: Id | None = Field(
        default=None, description="The only learner of whom the token may ask; absent means all."
    )
    client_id: str | None = Field(default=None, description="Id of the key, unless Basic credentials say it.")
    client_secret: str | None = Field(default=None, description="The key, unless Basic credentials say it.")


class TokenResponse(BaseModel):
    """A token."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    scope: str


class TokenProblem(BaseModel):
    """Why there is none."""

    error: str = Field(description="A code of RFC 6749, section 5.2.")
    error_description: str
