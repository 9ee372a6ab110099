"""Every example of the documentation is sent, and every documented answer looks like a real one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.api import make_api
from serving.examples.common import ACCOUNT, LEARNER_ID, MODULE_ID, ROLE_ID, TEAM_ID
from tests.unit.serving.world import Service, bundle, completion, running_service

__all__ = ["bundle"]

Operation = tuple[str, str, dict[str, Any]]
# Filters that nobody sends all at once.
OPEN = {"/xapi/statements"}


def operations() -> list[Operation]:
    paths = make_api().openapi()["paths"]
    return [(m.upper(), path, op) for path, methods in paths.items() for m, op in methods.items()]


def examples(operation: dict[str, Any]) -> dict[str, Any]:
    kinds = operation.get("requestBody", {}).get("content", {}).values()
    return {name: one["value"] for content in kinds for name, one in content.get("examples", {}).items()}


def answered(operation: dict[str, Any]) -> dict[str, Any] | None:
    """What is documented of the good answer, None where it has no body."""
    (response,) = (r for status, r in operation["responses"].items() if status.startswith("2"))
    content: dict[str, Any] | None = response.get("content", {}).get("application/json")
    return content


REQUESTS = [
    pytest.param(method, path, operation, name, value, id=f"{path} {name}")
    for method, path, operation in operations()
    for name, value in (examples(operation) or {"-": None}).items()
]


@pytest.fixture
def running(tmp_path: Path, bundle: Path) -> Iterator[Service]:
    with running_service(tmp_path, bundle) as service:
        service.post_events(completion("start", MODULE_ID, learner_id=LEARNER_ID, status="started"))
        assert service.client.put(f"/v1/learners/{LEARNER_ID}", json={"aliases": [ACCOUNT]}).is_success
        for i in range(6):
            place = {"role_id": ROLE_ID, "team_id": TEAM_ID}
            assert service.client.put(f"/v1/learners/colleague-{i}", json=place).is_success
        asked = {"learner_id": LEARNER_ID, "k": 12, "scenario": "review"}
        answer = service.client.post("/v1/recommendations", json=asked).json()
        service.client.recommendation_id = answer["recommendation_id"]  # type: ignore[attr-defined]
        yield service


def shape(value: Any) -> Any:
    """Names and kinds of what JSON holds; a list is as its first entry, any number is a number."""
    match value:
        case dict():
            return {name: shape(v) for name, v in value.items()}
        case list():
            return [shape(v) for v in value[:1]]
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case _:
            return type(value).__name__


def agrees(documented: Any, real: Any) -> bool:
    """Whether an example could be an answer: the same names, and kinds where neither is null or empty."""
    if isinstance(documented, dict) and isinstance(real, dict):
        return set(documented) == set(real) and all(agrees(documented[n], real[n]) for n in documented)
    if isinstance(documented, list) and isinstance(real, list):
        return not documented or not real or agrees(documented[0], real[0])
    return "NoneType" in (documented, real) or documented == real


def ask(service: Service, method: str, path: str, named: str, operation: dict[str, Any], value: Any) -> Any:
    """Send an example to an address, with the first example of each parameter."""
    parameters = operation.get("parameters", ())
    needed = [p for p in parameters if p["required"] or path not in OPEN]
    asked = {p["name"]: p["schema"]["examples"][0] for p in needed if p["in"] == "query"}
    headers = {p["name"]: p["example"] for p in needed if p["in"] == "header" and p["required"]}
    if "application/x-www-form-urlencoded" in operation.get("requestBody", {}).get("content", {}):
        credentials = (service.key.split("_")[1], service.key)
        return service.client.request(method, named, data=value, auth=credentials)
    return service.client.request(method, named, params=asked, json=value, headers=headers)


@pytest.mark.parametrize(("method", "path", "operation", "name", "value"), REQUESTS)
def test_examples_are_answered_as_documented(
    running: Service, method: str, path: str, operation: dict[str, Any], name: str, value: Any
) -> None:
    named = path.format(
        learner_id=LEARNER_ID,
        team_id=TEAM_ID,
        recommendation_id=running.client.recommendation_id,  # type: ignore[attr-defined]
    )
    answer = ask(running, method, path, named, operation, value)
    assert answer.is_success, answer.text
    documented = answered(operation)
    assert (documented is None) == (not answer.content)
    assert documented is None or agrees(shape(documented["example"]), shape(answer.json())), answer.json()


def test_every_call_with_a_body_has_an_example_and_every_answer_too() -> None:
    for _, path, operation in operations():
        assert ("requestBody" not in operation) or examples(operation), path
        assert "example" in (answered(operation) or {"example": None}), path
        assert operation.get("summary"), path
        assert operation.get("description"), path


def test_every_reference_of_the_description_leads_somewhere() -> None:
    description = make_api().openapi()
    known = set(description["components"]["schemas"])

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for child in value.values():
                yield from references(child)
        elif isinstance(value, list):
            for child in value:
                yield from references(child)

    assert {r.removeprefix("#/components/schemas/") for r in references(description)} <= known
    assert "HTTPValidationError" not in known


def test_errors_are_documented_as_problems() -> None:
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            # What RFC 6749 says of its errors goes before.
            of_oauth = path == "/oauth2/token" and status in ("400", "401")
            if int(status) >= 400 and not of_oauth and method != "HEAD":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
