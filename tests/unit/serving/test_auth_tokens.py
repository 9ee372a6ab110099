"""Every route against every token that is not good for it, from the table of routes itself."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from serving.security import tokens
from serving.security.scopes import Scope
from serving.security.tokens import AUDIENCE, Tokens
from serving.store import api_keys
from tests.unit.serving.test_auth import GUARDED, MATRIX
from tests.unit.serving.world import KEY_SECRET, NOW, Service, running_service

OF_ONE = {
    ("POST", "/v1/recommendations"),
    ("POST", "/v1/recommendations/{recommendation_id}/feedback"),
    ("GET", "/v1/learners/{learner_id}/mastery"),
    ("GET", "/v1/learners/{learner_id}/gaps"),
    ("GET", "/v1/learners/{learner_id}/pathway"),
}
AT = NOW.timestamp()


@pytest.fixture(scope="module")
def guarded(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("tokens"), bundle, wrong_key_limit=0) as service:
        service.client.headers.pop("X-API-Key")
        yield service


@pytest.fixture(scope="module")
def key_ids(guarded: Service) -> dict[Any, str]:
    """Ids of a key that may do everything, of one for each scope, and of one that was revoked."""
    made: dict[Any, str] = {scope: guarded.key_for(scope).split("_")[1] for scope in Scope}
    made |= {name: guarded.key_for(*Scope).split("_")[1] for name in ("all", "revoked")}
    with guarded.database.write() as connection:
        assert api_keys.revoke(connection, made["revoked"], at=0.0)
    return made


def issued(key_id: str, *scopes: Scope, seconds: int = 600, learner_id: str | None = None) -> str:
    # One of the calls erases a learner: tokens of before would be refused.
    now = AT if learner_id is None else AT + 1
    return Tokens(KEY_SECRET).issue(key_id, scopes, now=now, seconds=seconds, learner_id=learner_id)


def resigned(
    key_id: str, *scopes: Scope, secret: bytes | None = None, header: Any = None, **claims: Any
) -> str:
    """A token with other claims, or signed by somebody else."""
    ours = Tokens(KEY_SECRET)
    said = {"iss": AUDIENCE, "aud": AUDIENCE, "sub": key_id, "scope": " ".join(scopes), "exp": int(AT) + 600}
    key = ours._key if secret is None else OctKey.import_key(secret)
    return jwt.encode({"alg": "HS256", "typ": "at+jwt"} | (header or {}), said | claims, key)


ODD_HEADERS: list[Any] = [
    {"alg": "HS256", "crit": 5},
    {"alg": "HS256", "crit": [[]]},
    {"alg": []},
    [],
    5,
    None,
]


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def call(service: Service, method: str, path: str, token: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "X-Experience-API-Version": "1.0.3"}
    address = re.sub(r"{recommendation_id}", "0b0c5f0e-5d5c-4b51-9d42-0f6a0c1b2d3e", path)
    return service.client.request(
        method, re.sub(r"{\w+}", "ann", address), json={} if body is None else body, headers=headers
    )


@pytest.mark.parametrize(("method", "path", "needed", "scope"), MATRIX)
def test_a_token_opens_what_its_scope_names_and_nothing_else(
    guarded: Service, key_ids: dict[Any, str], method: str, path: str, needed: str, scope: Scope
) -> None:
    answer = call(guarded, method, path, issued(key_ids["all"], scope))
    assert (answer.status_code in (401, 403)) == (scope != needed)


@pytest.mark.parametrize(("method", "path", "needed"), GUARDED)
def test_a_token_that_is_not_good_is_401(
    guarded: Service, key_ids: dict[Any, str], method: str, path: str, needed: str
) -> None:
    key_id, scope = key_ids["all"], Scope(needed)
    good = issued(key_id, scope)
    head, said, signature = good.split(".")
    wider = jwt.encode(
        {"alg": "HS256", "typ": "at+jwt"}, {"scope": "admin"}, OctKey.import_key(b"x" * 32)
    ).split(".")[1]
    for bad in (
        issued(key_id, scope, seconds=0),
        issued(key_id, scope, seconds=-1),
        issued(key_ids["revoked"], scope),
        issued("0123456789ab", scope),
        resigned(key_id, scope, aud="another-service"),
        resigned(key_id, scope, aud=[AUDIENCE, "another-service"]),
        resigned(key_id, scope, iss="another-service"),
        resigned(key_id, scope, exp=None),
        resigned(key_id, scope, exp="9999999999"),
        resigned(key_id, scope, secret=b"y" * 32),
        resigned(key_id, scope, header={"typ": "JWT"}),
        resigned(key_id, scope, learner_id=5),
        f"{head}.{wider}.{signature}",
        f"{head}.{said}.",
        f"{head}.{said}.{signature[:-4]}AAAA",
        "a.b.c",
        *(f"{encoded(odd)}.{encoded({})}.x" for odd in ODD_HEADERS),
    ):
        answer = call(guarded, method, path, bad)
        assert answer.status_code == 401, bad
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert call(guarded, method, path, good).status_code not in (401, 403)


@pytest.mark.parametrize(("method", "path", "needed"), GUARDED)
def test_a_token_does_not_do_what_its_key_may_not(
    guarded: Service, key_ids: dict[Any, str], method: str, path: str, needed: str
) -> None:
    other = next(scope for scope in Scope if scope != needed)
    assert call(guarded, method, path, issued(key_ids[other], *Scope)).status_code == 403


@pytest.mark.parametrize(("method", "path", "needed"), GUARDED)
def test_a_token_for_one_learner_is_for_that_learner_alone(
    guarded: Service, key_ids: dict[Any, str], method: str, path: str, needed: str
) -> None:
    for learner_id in ("ann", "bob"):
        token = issued(key_ids["all"], *Scope, learner_id=learner_id)
        answer = call(
            guarded, method, path, token, {"learner_id": "ann"} if path == "/v1/recommendations" else None
        )
        may = (method, path) in OF_ONE and learner_id == "ann"
        # Feedback is of whoever was answered: it does not say whose until that is looked up.
        if path.endswith("/feedback"):
            assert answer.status_code in (404, 422)
        else:
            assert (answer.status_code == 403) == (not may), answer.text


def test_feedback_is_given_by_the_token_of_who_was_answered(
    guarded: Service, key_ids: dict[Any, str]
) -> None:
    # Neither is one whom other calls erase.
    cleos, dans = (issued(key_ids["all"], Scope.RECOMMEND, learner_id=i) for i in ("cleo", "dan"))
    answered = call(guarded, "POST", "/v1/recommendations", cleos, {"learner_id": "cleo"}).json()
    path = f"/v1/recommendations/{answered['recommendation_id']}/feedback"
    module_id = answered["recommendations"][0]["module_id"]
    for token, status in ((dans, 403), (cleos, 200)):
        answer = call(guarded, "POST", path, token, {"module_id": module_id, "kind": "shown"})
        assert answer.status_code == status, answer.text


def test_a_token_ends_while_it_is_remembered(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, key_cache_seconds=60) as service:
        key_id = service.key.split("_")[1]
        token = Tokens(KEY_SECRET).issue(key_id, [Scope.RECOMMEND], now=AT, seconds=60)
        service.client.headers.pop("X-API-Key")
        body = {"learner_id": "ann"}
        assert call(service, "POST", "/v1/recommendations", token, body).status_code == 200
        service.clock.advance(seconds=61)
        assert call(service, "POST", "/v1/recommendations", token, body).status_code == 401


def test_a_token_for_a_learner_who_was_erased_since_opens_nothing(tmp_path: Path, bundle: Path) -> None:
    """Another one, asked for afterwards, does: whoever comes then is somebody new."""
    with running_service(tmp_path, bundle, key_cache_seconds=0) as service:
        key = service.key_for(Scope.RECOMMEND, Scope.ADMIN)
        credentials = {"client_id": key.split("_")[1], "client_secret": key}
        before = {i: token_of(service, **credentials, learner_id=i).json() for i in ("ann", "bob")}
        service.client.headers.pop("X-API-Key")
        for learner_id, said in before.items():
            body = {"learner_id": learner_id}
            assert call(service, "POST", "/v1/recommendations", said["access_token"], body).is_success
        service.clock.advance(seconds=5)
        assert call(service, "DELETE", "/v1/learners/ann", key).is_success
        service.clock.advance(seconds=5)
        after = token_of(service, **credentials, learner_id="ann").json()
        for learner_id, said, status in (
            ("ann", before["ann"], 401),
            ("ann", after, 200),
            ("bob", before["bob"], 200),
        ):
            body = {"learner_id": learner_id}
            answer = call(service, "POST", "/v1/recommendations", said["access_token"], body)
            assert answer.status_code == status, answer.text


def token_of(service: Service, **form: str) -> Any:
    return service.client.post("/oauth2/token", data={"grant_type": "client_credentials"} | form)


def test_a_key_is_exchanged_for_a_token(service: Service) -> None:
    key = service.key_for(Scope.RECOMMEND, Scope.EVENTS)
    credentials = (key.split("_")[1], key)
    basic = service.client.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=credentials)
    form = token_of(service, client_id=key.split("_")[1], client_secret=key)
    bare = token_of(service, client_id=key.split("_")[1], client_secret=key.split("_")[2])
    for answer in (basic, form, bare):
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        said = answer.json()
        assert (said["token_type"], said["scope"]) == ("Bearer", "events recommend")
        assert said["expires_in"] == service.settings.token_seconds
        assert call(
            service, "POST", "/v1/recommendations", said["access_token"], {"learner_id": "a"}
        ).is_success


def test_a_token_may_be_for_less(service: Service) -> None:
    key = service.key_for(Scope.RECOMMEND, Scope.EVENTS)
    credentials = {"client_id": key.split("_")[1], "client_secret": key}
    less = token_of(service, **credentials, scope="recommend").json()
    assert less["scope"] == "recommend"
    one = token_of(service, **credentials, learner_id="ann").json()
    assert (one["scope"], one["expires_in"]) == ("recommend", service.settings.learner_token_seconds)
    service.client.headers.pop("X-API-Key")
    assert call(service, "POST", "/v1/recommendations", one["access_token"], {"learner_id": "ann"}).is_success
    assert (
        call(service, "POST", "/v1/recommendations", one["access_token"], {"learner_id": "bob"}).status_code
        == 403
    )
    assert call(service, "POST", "/v1/events", less["access_token"]).status_code == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "recommend admin"}, 400, "invalid_scope"),
        ({"scope": ""}, 200, None),
        ({"scope": "events", "learner_id": "ann"}, 400, "invalid_scope"),
        ({"learner_id": "a" * 201}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "000000000000"}, 401, "invalid_client"),
    ],
)
def test_what_is_asked_in_vain(
    service: Service, form: dict[str, str], status: int, error: str | None
) -> None:
    key = service.key_for(Scope.RECOMMEND, Scope.EVENTS)
    answer = token_of(service, **({"client_id": key.split("_")[1], "client_secret": key} | form))
    assert answer.status_code == status, answer.text
    assert answer.json().get("error") == error


def test_a_token_is_no_key_to_another_token(service: Service) -> None:
    key = service.key_for(*Scope)
    first = token_of(service, client_id=key.split("_")[1], client_secret=key).json()["access_token"]
    assert token_of(service, client_id=key.split("_")[1], client_secret=first).status_code == 401


def test_a_secret_is_not_tried_without_end(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=3) as service:
        answers = [token_of(service, client_id="0123456789ab", client_secret="wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]


def test_tokens_of_another_secret_are_none_of_ours() -> None:
    token = Tokens("another secret, quite as long as it has to be").issue(
        "0123", ["admin"], now=AT, seconds=60
    )
    assert Tokens(KEY_SECRET).read(token, now=AT) is None
    assert tokens.is_token(token)
    assert (
        Tokens(KEY_SECRET).read(issued("0123", Scope.EVENTS), now=AT + timedelta(hours=1).total_seconds())
        is None
    )
