"""The API as such: routes, errors and description, without anything that runs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic.json_schema import models_json_schema

from serving import docs_page, errors
from serving.dependencies import BEARER
from serving.examples import RESPONSES
from serving.problems import INTERNAL, TOO_LARGE, TOO_MANY_REQUESTS, UNAVAILABLE
from serving.quick_route import quick_ways
from serving.routers import (
    accounts,
    batch,
    catalog,
    erasure,
    events,
    feedback,
    health,
    learners,
    model,
    next_item,
    oauth2,
    page,
    people,
    recommendations,
    roles,
    teams,
    widget,
    xapi,
)
from serving.schemas.service import EventsProblemResponse, ProblemResponse

_TITLE = "Adaptive learning recommender"
_DESCRIPTION = (
    "Record evidence of what learners can do; ask what they should learn next, and why. "
    "Errors are RFC 9457 problems. Times are ISO 8601; a time without a zone is UTC. "
    "Numbers that are fractions lie in [0, 1]. Every answer carries an X-Request-ID, yours if you sent one. "
    "An answer whose model is `simulated` comes from a model that was trained on simulated data: it is for "
    "trying things out and says nothing of how real people learn."
)
_API_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "`X-API-Key: <API key>`",
}
_BASIC = {"type": "http", "scheme": "basic", "description": "Any user, and an API key as the password."}
_ROUTERS = (
    recommendations.router,
    batch.router,
    feedback.router,
    events.router,
    learners.router,
    roles.router,
    next_item.router,
    accounts.router,
    people.router,
    erasure.router,
    teams.router,
    catalog.router,
    model.router,
    oauth2.router,
    xapi.router,
    xapi.about,
    health.router,
    page.router,
    widget.router,
)

# What is around every call answers these.
_OF_ALL = errors.documented(TOO_LARGE, INTERNAL, UNAVAILABLE)
_OF_KEYS = _OF_ALL | errors.documented(TOO_MANY_REQUESTS)
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to call again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


class Api(FastAPI):
    """FastAPI, with problems and examples of answers in its description."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI description, in which a failed validation is a problem like all others."""
        if not self.openapi_schema:
            _complete(super().openapi())
        return super().openapi()


def _complete(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, problems = models_json_schema(
        [(ProblemResponse, "serialization"), (EventsProblemResponse, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schemas.update(problems["$defs"])
    description["components"]["securitySchemes"] |= {"api_key": _API_KEY, "basic": _BASIC}
    for path, methods in description["paths"].items():
        if "head" in methods:
            # No answer to it has a body.
            for response in methods["head"]["responses"].values():
                response.pop("content", None)
        for operation in methods.values():
            ways = operation.get("security", [])
            others = ("api_key", "basic") if path.startswith("/xapi/") else ("api_key",)
            ways += [{other: way[BEARER]} for other in others for way in ways[:1]]
            operation["responses"] = _with_those_of_all(operation["responses"], needs_key=bool(ways))
            for parameter in operation.get("parameters", ()):
                _without_null(parameter["schema"])
    # Not by way of the routes: what goes through them loses every null.
    for (method, path), example in RESPONSES.items():
        content = description["paths"][path][method]["responses"]["200"]["content"]
        content["application/json"]["example"] = example


def _with_those_of_all(responses: dict[str, Any], *, needs_key: bool) -> dict[str, Any]:
    more = {str(status): response for status, response in (_OF_KEYS if needs_key else _OF_ALL).items()}
    return {
        status: response | {"headers": _RETRY_AFTER} if status in ("429", "503") else response
        for status, response in sorted((more | responses).items())
    }


def _without_null(schema: dict[str, Any]) -> None:
    """Mend what a parameter is that may be left out: in an address or a header there is no null to send."""
    ways = [way for way in schema.pop("anyOf", ()) if way != {"type": "null"}]
    if len(ways) == 1:
        schema |= ways[0]
    elif ways:
        schema["anyOf"] = ways


def make_api(**options: Any) -> Api:
    """Return the API; `options` go to FastAPI."""
    api = Api(
        title=_TITLE,
        description=_DESCRIPTION,
        version=version("adaptive-learning-recommender"),
        docs_url=None,
        redoc_url=None,
        # A body is read as JSON whatever it is called: keys travel in headers, so no form can forge a call.
        strict_content_type=False,
        # An address has one spelling; a redirect would drop the key or send the body twice.
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        **options,
    )
    for router in _ROUTERS:
        api.include_router(router)
    api.router.routes[:0] = quick_ways(_ROUTERS)
    errors.install(api)

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        headers = {"Content-Security-Policy": docs_page.CONTENT_SECURITY_POLICY}
        return HTMLResponse(docs_page.render(api.openapi()), headers=headers)

    return api
