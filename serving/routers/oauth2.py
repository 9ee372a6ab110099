"""Tokens for a key (RFC 6749, section 4.4: client credentials)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from serving.dependencies import basic_credentials, get_services, look_up
from serving.errors import documented
from serving.examples.xapi import TOKENS
from serving.problems import TOO_LARGE, TOO_MANY_REQUESTS, UNAVAILABLE
from serving.request_head import sent_header
from serving.schemas.fields import MAX_ID_LENGTH, NO_CONTROL_CHARACTERS
from serving.schemas.tokens import TokenProblem, TokenRequest, TokenResponse
from serving.security.keys import PREFIX, Caller
from serving.security.scopes import Scope
from serving.services import Services

router = APIRouter(prefix="/oauth2", tags=["tokens"])
# What a learner's browser may do.
_OF_ONE = frozenset((Scope.RECOMMEND.value,))
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": TokenRequest.model_json_schema(),
                "examples": TOKENS,
            }
        },
    }
}


class _RefusedError(Exception):
    """A request for a token that gets none: an error code of RFC 6749, section 5.2, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


@router.post(
    "/token",
    summary="A short-lived token for a key",
    response_model=TokenResponse,
    responses={
        400: {"model": TokenProblem},
        401: {"model": TokenProblem},
        **documented(TOO_LARGE, TOO_MANY_REQUESTS, UNAVAILABLE),
    },
    openapi_extra=_FORM,
)
async def token(request: Request) -> Response:
    """Exchange an API key for a token that ends by itself.

    The client id is the key's id (the part between the underscores), the client secret the key; send them as
    HTTP Basic credentials or in the form. With `learner_id` the token is for that learner's browser: it may
    ask for their recommendations, mastery, gaps and pathway, and tell what they did, and nothing of anybody
    else.
    """
    services = await get_services(request)
    try:
        form = _form(await request.body())
        caller = await _client(request, services, form)
        if caller is None:
            raise _RefusedError("invalid_client", "the key is unknown, wrong or revoked, or was not sent")
        scopes, learner_id = _wanted(form, caller)
    except _RefusedError as refused:
        return _refusal(refused)
    seconds = services.settings.token_seconds
    if learner_id is not None:
        seconds = services.settings.learner_token_seconds
    issued = services.keys.issue(caller, scopes, seconds=seconds, learner_id=learner_id)
    answer = {
        "access_token": issued,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": " ".join(sorted(scopes)),
    }
    return JSONResponse(answer, headers={"Pragma": "no-cache"})


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=False, max_num_fields=20, strict_parsing=bool(body)
        )
    except ValueError:
        raise _RefusedError("invalid_request", "the body is no form; send it URL-encoded") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _RefusedError("invalid_request", "a field is there twice; send each once")
    return form


async def _client(request: Request, services: Services, form: dict[str, str]) -> Caller | None:
    kind, _, rest = sent_header(request.scope, b"authorization").partition(" ")
    if kind.lower() == "basic":
        if "client_secret" in form:
            raise _RefusedError("invalid_request", "credentials are there twice; send them in one way")
        client_id, secret = map(unquote_plus, basic_credentials(rest))
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    key = secret if secret.startswith(f"{PREFIX}_") else f"{PREFIX}_{client_id}_{secret}"
    if not client_id or not secret:
        services.limits.call_without_key(request.scope)
        return None
    caller = await look_up(services, request.scope, key, guessed=True)
    if caller is None or caller.key_id != client_id:
        return None
    services.limits.call_with(caller.key_id)
    return caller


def _wanted(form: dict[str, str], caller: Caller) -> tuple[frozenset[str], str | None]:
    """Scopes and learner of the token that is asked for."""
    grant, learner_id = form.get("grant_type", ""), form.get("learner_id")
    if grant != "client_credentials":
        code = "unsupported_grant_type" if grant else "invalid_request"
        raise _RefusedError(code, "grant_type is not client_credentials; send that")
    may = caller.scopes if learner_id is None else caller.scopes & _OF_ONE
    scopes = frozenset(form["scope"].split()) if "scope" in form else may
    if not scopes or not scopes <= may:
        raise _RefusedError("invalid_scope", f"the scope is not among {' '.join(sorted(may)) or 'none'}")
    if learner_id is not None and (
        len(learner_id) > MAX_ID_LENGTH or re.fullmatch(NO_CONTROL_CHARACTERS, learner_id) is None
    ):
        raise _RefusedError("invalid_request", "learner_id is no id of a learner; send up to 200 characters")
    return scopes, learner_id


def _refusal(refused: _RefusedError) -> Response:
    body: dict[str, Any] = {"error": refused.code, "error_description": refused.why}
    unknown = refused.code == "invalid_client"
    challenge = {"WWW-Authenticate": 'Basic realm="adaptive-learning-recommender"'} if unknown else None
    return JSONResponse(body, 401 if unknown else 400, headers=challenge)
