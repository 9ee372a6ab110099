"""What every call can answer, whatever it is for, is in the description of each."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from serving.errors import given_up, internal_error
from tests.contract.test_openapi_examples import operations
from tests.unit.serving.world import bundle, running_service

__all__ = ["bundle"]


def test_a_body_that_is_too_long_is_refused_by_every_call_as_it_says(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, max_body_bytes=1024) as service:
        for method, path, operation in operations():
            answer = service.client.request(method, path, content=b"x" * 1025)
            assert answer.status_code == 413, path
            assert "413" in operation["responses"], path


def test_calls_that_need_a_key_say_how_they_refuse_one_that_is_wrong_or_used_too_often(
    tmp_path: Path, bundle: Path
) -> None:
    with running_service(tmp_path, bundle, wrong_key_limit=1) as service:
        wrong = TestClient(
            service.client.app, headers={"X-API-Key": "alr_wrong_wrong", "X-Experience-API-Version": "1.0.3"}
        )
        seen = set()
        for method, path, operation in operations():
            # The first one only is looked up.
            if "security" in operation:
                seen.add(status := wrong.request(method, path).status_code)
                assert {"401", "429", str(status)} <= operation["responses"].keys(), path
        assert seen == {401, 429}


def test_every_call_says_that_it_can_fail_and_when_to_come_again() -> None:
    anywhere = {str(answer.status_code) for answer in (given_up(), internal_error())}
    for _, path, operation in operations():
        assert anywhere <= operation["responses"].keys(), path
        for status, response in operation["responses"].items():
            headers = response.get("headers", {})
            assert ("Retry-After" in headers) == (status in ("429", "503")), (path, status)
        assert list(operation["responses"]) == sorted(operation["responses"]), path
