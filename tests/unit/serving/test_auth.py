"""Every route against every way of not being allowed, from the routes themselves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.api import make_api
from serving.security.scopes import Scope
from serving.store import api_keys
from tests.unit.serving.world import Service, running_service

PUBLIC = {("GET", "/health/live"), ("GET", "/health/ready")}


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = make_api().openapi()["paths"]
    return [(m.upper(), path, op) for path, methods in paths.items() for m, op in methods.items()]


GUARDED = [
    (method, path, next(iter(operation["security"][0].values()))[0])
    for method, path, operation in _operations()
    if "security" in operation
]


@pytest.fixture(scope="module")
def guarded(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("auth"), bundle) as service:
        service.client.headers.pop("X-API-Key")
        yield service


def call(service: Service, method: str, path: str, **headers: str) -> Any:
    return service.client.request(method, re.sub(r"{\w+}", "ann", path), json={}, headers=headers)


def test_only_probes_need_no_key() -> None:
    assert {(m, p) for m, p, operation in _operations() if "security" not in operation} == PUBLIC
    assert len(GUARDED) >= 4


def test_every_guarded_route_offers_both_ways_to_send_a_key() -> None:
    for _, path, operation in _operations():
        names = [name for way in operation.get("security", []) for name in way]
        assert names in ([], ["bearer", "api_key"]), path


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
def test_without_a_working_key_it_is_401(guarded: Service, method: str, path: str, scope: str) -> None:
    revoked = guarded.key_for(Scope(scope))
    with guarded.database.write() as connection:
        api_keys.revoke(connection, revoked.split("_")[1], at=0.0)
    for headers in (
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": guarded.key[:-4] + "0000"},
        {"Authorization": f"Bearer {revoked}"},
        {"Authorization": f"Basic {guarded.key}"},
    ):
        answer = call(guarded, method, path, **headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "scope"), GUARDED)
def test_without_the_scope_it_is_403_and_with_it_the_call_goes_through(
    guarded: Service, method: str, path: str, scope: str
) -> None:
    others = guarded.key_for(*(s for s in Scope if s != scope))
    answer = call(guarded, method, path, **{"X-API-Key": others})
    assert answer.status_code == 403
    assert f"lacks the scope {scope}" in answer.json()["detail"]
    key = guarded.key_for(Scope(scope))
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert call(guarded, method, path, **headers).status_code not in (401, 403)
