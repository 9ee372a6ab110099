"""Headers of every answer, and which pages of other origins may read it."""

from pathlib import Path
from typing import Any

import pytest

from serving.settings import Settings
from tests.unit.serving.world import KEY_SECRET, Service, running_service

LMS, OTHER = "https://lms.example.org", "https://elsewhere.example.org"


def preflight(service: Service, origin: str, method: str = "POST", headers: str = "X-API-Key") -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
        "X-API-Key": "",
    }
    return service.client.options("/v1/recommendations", headers=asked)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/model", {}, 200),
        ("GET", "/health/live", {}, 200),
        ("GET", "/docs", {}, 200),
        ("GET", "/openapi.json", {}, 200),
        ("GET", "/", {"X-API-Key": ""}, 200),
        ("GET", "/page/page.js", {"X-API-Key": ""}, 200),
        ("GET", "/page/nothing.js", {}, 404),
        ("GET", "/widget.js", {}, 200),
        ("GET", "/nowhere", {}, 404),
        ("PUT", "/health/live", {}, 405),
        ("GET", "/v1/model", {"X-API-Key": ""}, 401),
        ("GET", "/v1/model", {"X-API-Key": "wrong"}, 401),
        ("POST", "/v1/events", {"Content-Length": "999999999"}, 413),
        ("POST", "/v1/events", {}, 422),
        ("GET", "/broken", {}, 500),
    ],
)
def test_every_answer_is_hardened(
    service: Service, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    def broken() -> None:
        raise RuntimeError

    service.client.app.add_api_route("/broken", broken)  # type: ignore[attr-defined]
    answer = service.client.request(method, path, headers=headers, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    policy = answer.headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "default-src 'none'" in policy[0]
    assert "frame-ancestors 'none'" in policy[0]
    assert ("style-src" in policy[0]) == (path in ("/docs", "/", "/page/page.js"))
    kept = {"/docs": [], "/openapi.json": [], "/": ["no-cache"], "/page/page.js": ["no-cache"]}
    kept["/widget.js"] = ["public, max-age=3600"]
    assert answer.headers.get_list("cache-control") == kept.get(path, ["no-store"])
    assert "server" not in answer.headers


def test_without_origins_no_page_may_call(service: Service) -> None:
    assert preflight(service, LMS).status_code == 401
    answer = service.client.get("/v1/model", headers={"Origin": LMS})
    assert "access-control-allow-origin" not in answer.headers


def test_pages_of_named_origins_may_call_and_others_not(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, cors_origins=f"{LMS}, http://localhost:3000") as service:
        for origin in (LMS, "http://localhost:3000"):
            allowed = preflight(service, origin, headers="Authorization, Content-Type")
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in allowed.headers
            assert allowed.headers["x-content-type-options"] == "nosniff"
        for refused in (preflight(service, OTHER), preflight(service, LMS, headers="X-Other")):
            assert refused.status_code == 400
        assert "access-control-allow-origin" not in preflight(service, OTHER).headers
        for path in ("/v1/model", "/nowhere"):
            answer = service.client.get(path, headers={"Origin": LMS})
            assert answer.headers["access-control-allow-origin"] == LMS
            assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
        # A page must be able to read why it was refused.
        without = service.client.get("/v1/model", headers={"Origin": LMS, "X-API-Key": ""})
        assert (without.status_code, without.headers["access-control-allow-origin"]) == (401, LMS)
        assert (
            "access-control-allow-origin"
            not in service.client.get("/v1/model", headers={"Origin": OTHER}).headers
        )


def test_a_page_reads_that_the_service_failed(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, cors_origins=LMS) as service:
        with service.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE learner_states")
        wish, page = {"learner_id": "ann"}, {"Origin": LMS}
        answer = service.client.post("/v1/recommendations", json=wish, headers=page)
        assert (answer.status_code, answer.json()["type"]) == (500, "/docs#internal-error")
        assert answer.headers["access-control-allow-origin"] == LMS
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("origins", "why"),
    [
        ("*", "which would let every page of the web call the API"),
        (f"{LMS}, *", "which would let every page of the web call the API"),
        ("lms.example.org", "holds 'lms.example.org', which is no origin"),
        (f"{LMS}/", "which is no origin"),
        ("https://*.example.org", "which is no origin"),
        ("null", "which is no origin"),
        ("HTTPS://LMS.example.org", "which is no origin"),
    ],
)
def test_what_is_no_exact_origin_is_refused(origins: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("*", r"\*")):
        Settings(_env_file=None, key_secret=KEY_SECRET, cors_origins=origins)


def test_an_empty_list_of_origins_is_none() -> None:
    assert Settings(_env_file=None, key_secret=KEY_SECRET, cors_origins="").origins == []
