"""Short-lived tokens in the place of a key (RFC 6749, section 4.4; RFC 9068): signed, and not stored.

A token says who it was given to, what it may do, and until when; one for a learner's browser also of whom
alone it may speak. It is good as long as its key is, and may never do what that may not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

AUDIENCE = "adaptive-learning-recommender"
_ISSUER = AUDIENCE
_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_DOTS = 2
_LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Parameters
    ----------
    key_id : str
        Of the key that it stands for.
    scopes : frozenset of str
    issued_at, expires_at : int
        Seconds since 1970 UTC.
    learner_id : str or None
        The only learner of whom it may ask; None for all.
    """

    key_id: str
    scopes: frozenset[str]
    issued_at: int
    expires_at: int
    learner_id: str | None = None


class Tokens:
    """Issues tokens and reads them.

    Parameters
    ----------
    key_secret : str
        The service's secret; tokens are signed under another that follows from it.
    """

    def __init__(self, key_secret: str) -> None:
        signing = hmac.new(key_secret.encode(), b"tokens", hashlib.sha256).digest()
        self._key = OctKey.import_key(signing)

    def issue(
        self, key_id: str, scopes: Iterable[str], *, now: float, seconds: int, learner_id: str | None = None
    ) -> str:
        """Return a token that is good for some seconds from now.

        Parameters
        ----------
        now : float
            Seconds since 1970 UTC.
        """
        claims: dict[str, object] = {
            "iss": _ISSUER,
            "aud": AUDIENCE,
            "sub": key_id,
            "client_id": key_id,
            "scope": " ".join(sorted(scopes)),
            "iat": int(now),
            "exp": int(now) + seconds,
            "jti": uuid4().hex,
        }
        if learner_id is not None:
            claims["learner_id"] = learner_id
        return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, self._key)

    def read(self, token: str, *, now: float) -> Claims | None:
        """Return what a token says; None where it is none of ours, was changed, or is over."""
        if not is_token(token):
            return None
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError):
            # The last one is what the library raises at odd headers.
            return None
        said = decoded.claims
        issued, expires, learner = said.get("iat"), said.get("exp"), said.get("learner_id")
        texts = [said.get(name) for name in ("sub", "scope")]
        is_ours = (
            decoded.header.get("typ") == _TYPE and said.get("iss") == _ISSUER and said.get("aud") == AUDIENCE
        )
        if not is_ours or not isinstance(issued, int) or not isinstance(expires, int) or expires <= now:
            return None
        if not all(isinstance(text, str) for text in texts) or not isinstance(learner, str | None):
            return None
        key_id, scope = map(str, texts)
        return Claims(key_id, frozenset(scope.split()), issued, expires, learner)


def is_token(presented: str) -> bool:
    """Whether this has the form of a token, and not that of a key.

    >>> is_token("a.b.c"), is_token("alr_0123_4567")
    (True, False)
    """
    return presented.count(".") == _DOTS and len(presented) <= _LONGEST and presented.isascii()
