"""Every route against every way of not being allowed, from the table of routes itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from serving.api import make_api
from serving.dependencies import Guard
from serving.quick_route import QuickWay
from serving.security.scopes import Scope
from serving.store import api_keys
from tests.unit.serving.world import Service, running_service

# What needs no key: the probes, the API's own documentation, and the files of page and widget, which hold
# nothing of anybody. Nothing else may get in here lightly.
PUBLIC = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/xapi/about"),
    ("HEAD", "/xapi/about"),
    # Whoever calls it has to have a key, and gets a token for it.
    ("POST", "/oauth2/token"),
}
DOCUMENTATION = {("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/widget.js")}
PAGE = {("GET", "/"), ("GET", "/page/{name}")}


def _routes() -> set[tuple[str, str]]:
    """Every method of every route there is, whether OpenAPI lists it or not."""
    routes = iter_route_contexts(make_api().routes)
    every = {
        (m, str(route.path), len(route.methods or ())) for route in routes for m in route.methods or {"*"}
    }
    # Starlette answers HEAD by what answers GET; where a route is for it alone, somebody wrote it.
    return {(method, path) for method, path, n in every if method != "HEAD" or n == 1}


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = make_api().openapi()["paths"]
    return [(m.upper(), path, op) for path, methods in paths.items() for m, op in methods.items()]


GUARDED = [
    (method, path, next(iter(operation["security"][0].values()))[0])
    for method, path, operation in _operations()
    if "security" in operation
]
MATRIX = [(*route, scope) for route in GUARDED for scope in Scope]


@pytest.fixture(scope="module")
def guarded(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("auth"), bundle, wrong_key_limit=0) as service:
        service.client.headers.pop("X-API-Key")
        yield service


@pytest.fixture(scope="module")
def keys(guarded: Service) -> dict[tuple[Scope, bool], str]:
    """A key for each scope alone, one that works and one that was revoked."""
    made = {(scope, works): guarded.key_for(scope) for scope in Scope for works in (True, False)}
    with guarded.database.write() as connection:
        for (_, works), key in made.items():
            if not works:
                assert api_keys.revoke(connection, key.split("_")[1], at=0.0)
    return made


def call(service: Service, method: str, path: str, **headers: str) -> Any:
    sent = {"X-Experience-API-Version": "1.0.3"} | headers
    return service.client.request(method, re.sub(r"{\w+}", "ann", path), json={}, headers=sent)


@pytest.mark.parametrize(("method", "path", "needed"), GUARDED)
def test_the_key_is_asked_for_before_the_body_is_read(
    guarded: Service, keys: dict[tuple[Scope, bool], str], method: str, path: str, needed: str
) -> None:
    address = re.sub(r"{\w+}", "ann", path)
    other = next(scope for scope in Scope if scope != needed)
    for key, status in (("wrong", 401), (keys[Scope(needed), False], 401), (keys[other, True], 403)):
        headers = {"X-API-Key": key, "Content-Type": "application/json", "X-Experience-API-Version": "1.0.3"}
        assert guarded.client.request(method, address, content="{", headers=headers).status_code == status


def test_every_route_is_guarded_or_known_to_be_public() -> None:
    spelled = {(method, re.sub(":text", "", path)) for method, path in _routes()}
    assert spelled == {(m, p) for m, p, _ in GUARDED} | PUBLIC | DOCUMENTATION | PAGE
    assert {(m, p) for m, p, operation in _operations() if "security" not in operation} == PUBLIC
    assert len(GUARDED) >= 4


def test_a_short_way_leads_to_routes_that_are_guarded_as_they_are_documented() -> None:
    ways = [way for way in make_api().routes if isinstance(way, QuickWay)]
    assert [way.path for way in ways] == ["/v1/recommendations", "/v1/events", "/xapi/statements"]
    for way in ways:
        assert way.methods == {"POST"}
        guards = [d.dependency.scope for d in way.route.dependencies if isinstance(d.dependency, Guard)]
        assert guards == [scope for method, path, scope in GUARDED if (method, path) == ("POST", way.path)]
        assert len(guards) == 1


def test_routes_are_found_by_their_names_behind_the_short_ways() -> None:
    assert make_api().url_path_for("mastery", learner_id="ann") == "/v1/learners/ann/mastery"


def test_every_guarded_route_offers_both_ways_to_send_a_key() -> None:
    for _, path, operation in _operations():
        names = [name for way in operation.get("security", []) for name in way]
        every = ["bearer", "api_key", "basic"] if path.startswith("/xapi/") else ["bearer", "api_key"]
        assert names in ([], every), path


@pytest.mark.parametrize(("method", "path", "needed", "scope"), MATRIX)
def test_a_key_opens_what_its_scope_names_and_nothing_else(
    guarded: Service,
    keys: dict[tuple[Scope, bool], str],
    method: str,
    path: str,
    needed: str,
    scope: Scope,
) -> None:
    key = keys[scope, True]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        answer = call(guarded, method, path, **headers)
        if scope == needed:
            assert answer.status_code not in (401, 403)
        else:
            assert answer.status_code == 403
            assert method == "HEAD" or f"lacks the scope {needed}" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "needed", "scope"), MATRIX)
def test_without_a_working_key_it_is_401(
    guarded: Service,
    keys: dict[tuple[Scope, bool], str],
    method: str,
    path: str,
    needed: str,
    scope: Scope,
) -> None:
    works, revoked = keys[scope, True], keys[scope, False]
    for headers in (
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": works[:-4] + "0000"},
        {"X-API-Key": revoked},
        {"Authorization": f"Bearer {revoked}"},
        {"Authorization": f"Basic {works}"},
    ):
        answer = call(guarded, method, path, **headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
