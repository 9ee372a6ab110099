from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.api import make_api
from serving.security.limits import Limits, Rate, client_of
from serving.security.scopes import Scope
from tests.unit.serving.world import Service, running_service


class Seconds:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_allows_its_number_at_once_and_then_one_at_a_time() -> None:
    clock = Seconds()
    rate = Rate(10, 1.0, clock)
    assert [rate.take("a") for _ in range(10)] == [0.0] * 10
    assert rate.take("a") == pytest.approx(0.1)
    assert rate.take("b") == 0.0
    clock.now += 0.1
    assert rate.take("a") == 0.0
    assert rate.take("a") == pytest.approx(0.1)
    clock.now += 3600
    assert [rate.take("a") for _ in range(11)][:10] == [0.0] * 10


@pytest.mark.parametrize("calls", [1, 3, 7, 60, 1000])
def test_over_any_time_no_more_than_the_rate_and_what_it_allows_at_once(calls: int) -> None:
    clock = Seconds()
    rate, allowed = Rate(calls, 1.0, clock), 0
    for _ in range(20 * calls):
        allowed += rate.take("a") == 0.0
        clock.now += 0.25 / calls
    assert 5 * calls <= allowed <= 6 * calls + 1


def test_who_waits_as_long_as_is_said_is_let_through() -> None:
    clock = Seconds()
    rate = Rate(3, 60.0, clock)
    waits = 0
    for _ in range(20):
        if wait := rate.take("a"):
            waits += 1
            clock.now += wait
            assert rate.take("a") == 0.0
    assert waits == 17


def test_what_is_given_back_was_not_used() -> None:
    rate = Rate(2, 60.0, Seconds())
    for _ in range(10):
        assert rate.take("a") == 0.0
        rate.give_back("a")
    assert [rate.take("a") for _ in range(3)][:2] == [0.0, 0.0]
    rate.give_back("nobody")


def test_memory_of_callers_ends_somewhere() -> None:
    clock = Seconds()
    rate = Rate(1, 60.0, clock)
    for number in range(10_000):
        assert rate.take(f"caller-{number}") == 0.0
    assert rate.take("caller-1") > 0
    clock.now += 61
    assert rate.take("one more") == 0.0
    assert len(rate._made_good) == 1
    for number in range(30_000):
        rate.take(f"caller-{number}")
    assert len(rate._made_good) <= 10_000


def test_no_limit_is_none() -> None:
    limits = Limits(0, 0)
    scope = {"client": ("192.0.2.1", 1)}
    for _ in range(5000):
        limits.call_with("key")
        limits.call_without_key(scope)
        limits.look_up_key(scope)


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("no:address", "no:address"),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_its_address_or_its_network(host: str, who: str) -> None:
    assert client_of({"client": (host, 5)}) == who


def model(service: Service, key: str | None = None, client: TestClient | None = None) -> Any:
    headers = {} if key is None else {"X-API-Key": key}
    return (client or service.client).get("/v1/model", headers=headers)


def is_429(answer: Any) -> bool:
    if answer.status_code != 429:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/docs#too-many-requests"
    assert int(answer.headers["retry-after"]) >= 1
    assert f"try again in {answer.headers['retry-after']} s" in answer.json()["detail"]
    return True


def test_a_key_that_calls_too_often_is_429_and_others_are_not(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, rate_limit=2) as service:
        answers = [model(service) for _ in range(20)]
        assert {answer.status_code for answer in answers[:2]} == {200}
        assert sum(map(is_429, answers)) > 10
        assert model(service, service.key_for(Scope.RECOMMEND)).status_code == 200
        # Probes are nobody's call.
        assert {service.client.get("/health/ready").status_code for _ in range(20)} == {200}


def test_wrong_keys_of_an_address_are_not_looked_up_for_ever(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=3) as service:
        assert model(service).status_code == 200
        wrong = [model(service, f"alr_{number:012x}_{'0' * 64}") for number in range(10)]
        assert [answer.status_code for answer in wrong] == [401] * 3 + [429] * 7
        assert all(map(is_429, wrong[3:]))
        # Whoever was known before goes on from the same address; whoever was not must wait as well.
        assert model(service).status_code == 200
        fresh = service.key_for(Scope.RECOMMEND)
        assert model(service, fresh).status_code == 429
        elsewhere = TestClient(service.client.app, client=("198.51.100.7", 5))
        assert model(service, fresh, elsewhere).status_code == 200
        assert model(service, fresh).status_code == 200


def test_good_keys_do_not_count_as_wrong_ones(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=3) as service:
        for _ in range(10):
            assert model(service, service.key_for(Scope.RECOMMEND)).status_code == 200


def test_a_revoked_key_is_a_wrong_one(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=3, key_cache_seconds=0) as service:
        key = service.key_for(Scope.RECOMMEND)
        assert model(service, key).status_code == 200
        with service.database.write() as connection:
            connection.exec_driver_sql("UPDATE api_keys SET revoked_at = 1 WHERE name = 'test'")
        statuses = [model(service, key).status_code for _ in range(10)]
        assert statuses == [401] * 4 + [429] * 6


def test_calls_without_a_key_are_limited_apart_from_those_with_a_wrong_one(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=3) as service:
        service.client.headers.pop("X-API-Key")
        without = [model(service) for _ in range(6)]
        assert [answer.status_code for answer in without] == [401] * 3 + [429] * 3
        assert all(map(is_429, without[3:]))
        assert model(service, "alr_1_2").status_code == 401
        assert model(service, service.key).status_code == 200


def test_metrics_that_need_a_key_are_a_call_like_any_other(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, metrics="key", wrong_key_limit=2) as service:
        answers = [service.client.get("/metrics", headers={"X-API-Key": ""}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert service.client.get("/metrics").status_code == 200
        assert service.client.get("/health/live", headers={"X-API-Key": ""}).status_code == 200


def test_every_call_with_a_key_documents_the_limit() -> None:
    for path, methods in make_api().openapi()["paths"].items():
        for operation in methods.values():
            limited = operation["responses"].get("429")
            # Tokens are given for keys, and keys are guessed.
            assert (limited is not None) == ("security" in operation or path == "/oauth2/token"), path
            assert limited is None or "Retry-After" in limited["headers"]
