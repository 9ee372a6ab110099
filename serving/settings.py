"""Settings of the service, read from the environment (prefix ``SERVING_``) and from a `.env` file.

There is no global instance: whoever starts the service makes one and passes it on.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from recommender.errors import ConfigurationError

MIN_SECRET_LENGTH = 32
_MIN_DISTINCT_CHARACTERS = 8
_OBVIOUS = ("changeme", "change-me", "change_me", "password", "secret", "example", "default", "12345678")
# As browsers spell one: in small letters, without a path (RFC 6454, section 6.2).
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_HTTP = re.compile(r"https?://[^\s/]+(/\S*)?")
_PREFIX = "SERVING_"


class Settings(BaseSettings):
    """What can be set, each as ``SERVING_`` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    key_secret: SecretStr = Field(
        description="Secret under which API keys, and learners in the audit log, are hashed: at least 32 "
        "random characters. Changing it makes every key invalid, and what was audited of learners is found "
        "no more. It has no default."
    )
    database_url: str = Field(
        default="sqlite:///serving.db",
        description="Where events, states, profiles and keys live, as a SQLAlchemy address.",
    )
    pointer: Path = Field(
        default=Path("mlruns/champion.json"),
        description="The pointer file that names the bundle to serve; it is watched for changes.",
    )
    pointer_poll_seconds: float = Field(
        default=1.0, gt=0, le=3600, description="How often the pointer file is looked at, seconds."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    future_tolerance_seconds: float = Field(
        default=300.0,
        ge=0,
        description="How far ahead of this machine's clock an event's time may be, seconds.",
    )
    max_body_bytes: int = Field(
        default=4_000_000, ge=1024, description="Largest request body that is read, bytes."
    )

    key_cache_seconds: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="How long a good API key is not looked up again, seconds. A revoked key works that long.",
    )
    recommendation_log_seconds: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="How often the log of recommendations is written, seconds. A crash can lose that much.",
    )

    token_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="How long a token of /oauth2/token is good, seconds."
    )
    learner_token_seconds: int = Field(
        default=900,
        ge=60,
        le=86_400,
        description="How long a token for one learner's browser is good, seconds.",
    )
    public_url: str = Field(
        default="http://localhost:8000",
        description="Address at which others reach the service, such as https://learning.example.org. "
        "Statements name it as the home of the key that sent them.",
    )
    xapi_mode: Literal["strict", "lenient"] = Field(
        default="strict",
        description="What becomes of an xAPI statement that breaks a rule of the specification: the request "
        "is refused (`strict`), or the statement is kept and used as far as it can be read (`lenient`).",
    )
    xapi_home_pages: str | None = Field(
        default=None,
        description="Home pages of xAPI accounts whose names are learner ids as they are, such as "
        "https://lms.example.org, separated by commas. Other accounts become learners with new ids.",
    )

    rate_limit: int = Field(
        default=1000,
        ge=0,
        description="Most calls per second with one API key, in each process; 0 for no limit.",
    )
    wrong_key_limit: int = Field(
        default=60,
        ge=0,
        description="Most calls per minute with a wrong API key from one client address, in each process, "
        "and as many with none; 0 for no limit.",
    )
    cors_origins: str | None = Field(
        default=None,
        description="Origins whose pages may call the API from a browser, such as "
        "https://lms.example.org, separated by commas. Without it, none may.",
    )
    metrics: Literal["off", "public", "key"] = Field(
        default="off",
        description="Who may read /metrics: nobody (`off`), everybody who reaches the service (`public`), or "
        "who has a key with the scope admin (`key`).",
    )
    otel_endpoint: str | None = Field(
        default=None,
        description="Address that traces are sent to by OTLP over HTTP, such as "
        "http://localhost:4318/v1/traces. Without it, there are none.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="How long calls are still taken after SIGTERM, while /health/ready is 503 already, "
        "seconds.",
    )
    shutdown_seconds: int = Field(
        default=8,
        ge=0,
        le=600,
        description="How long requests may take to end after that, seconds; then they are given up.",
    )

    people_refresh_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="How often the table of mentors is read from the store again, seconds. Consent is looked "
        "up at every call.",
    )
    team_report_seconds: float = Field(
        default=86_400.0,
        gt=0,
        description="How often the report on teams is made anew, seconds. Two reports can be compared, so "
        "make it long.",
    )

    @property
    def origins(self) -> list[str]:
        """The origins of `cors_origins`."""
        return [origin.strip() for origin in (self.cors_origins or "").split(",") if origin.strip()]

    @property
    def home_pages(self) -> frozenset[str]:
        """The home pages of `xapi_home_pages`."""
        return frozenset(page.strip() for page in (self.xapi_home_pages or "").split(",") if page.strip())

    @field_validator("cors_origins")
    @classmethod
    def _are_exact_origins(cls, text: str | None) -> str | None:
        for origin in (part.strip() for part in (text or "").split(",")):
            if origin == "*":
                raise ValueError("is '*', which would let every page of the web call the API")
            if origin and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(f"holds {origin!r}, which is no origin (scheme and host, no path)")
        return text

    @field_validator("otel_endpoint", "public_url")
    @classmethod
    def _is_http_address(cls, text: str | None) -> str | None:
        if text is not None and _HTTP.fullmatch(text) is None:
            raise ValueError("is no address that begins with http:// or https://")
        return text

    @field_validator("key_secret")
    @classmethod
    def _is_hard_to_guess(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if len(text) < MIN_SECRET_LENGTH:
            raise ValueError(f"is shorter than {MIN_SECRET_LENGTH} characters")
        if len(set(text)) < _MIN_DISTINCT_CHARACTERS or any(word in text.lower() for word in _OBVIOUS):
            raise ValueError("is easy to guess")
        return secret


_KEY_REMEDY = (
    "set SERVING_KEY_SECRET, in the environment or in a file .env, to 32 or more random characters, such as "
    'the output of: python -c "import secrets; print(secrets.token_hex(32))"'
)


def read_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises
    ------
    ConfigurationError
        If one is missing, cannot be used or is none of these; the sentence names it and the remedy, never its
        value.
    """
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        what = "is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        remedy = _KEY_REMEDY if name == "key_secret" else str(Settings.model_fields[name].description)
        raise ConfigurationError(f"setting {_PREFIX}{name.upper()} {what}; {remedy}") from None


def _refuse_unknown() -> None:
    """Refuse a name that nobody reads: most likely it is misspelled, and the default would hold silently."""
    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    sources = EnvSettingsSource(Settings), DotEnvSettingsSource(Settings)
    found = {name.upper() for source in sources for name in source.env_vars}
    for name in sorted(found.difference(known)):
        if name.startswith(_PREFIX):
            meant = get_close_matches(name, known, n=1)
            remedy = f"spell it {meant[0]}, or take it out" if meant else "take it out"
            raise ConfigurationError(
                f"{name}, in the environment or in .env, is no setting of the service; {remedy}"
            )
