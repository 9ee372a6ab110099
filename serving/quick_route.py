"""A way through FastAPI for the calls that are made most often.

FastAPI goes through its routers, and resolves every parameter and dependency anew for each request, which
takes a fourth of the time of a recommendation. A route of `quick_route` is documented by FastAPI like any
other; its requests go to the endpoint directly, and `QuickWay` lets them pass the routers by.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from serving.guarded_route import GuardedRoute, Handler
from serving.request_head import sent_header

Body = TypeVar("Body", bound=BaseModel)


class QuickRoute(GuardedRoute):
    """Route that checks the key, reads the body, and answers; made by `quick_route`."""


def quick(answer: Handler) -> type[QuickRoute]:
    """Return a class of such routes, which hand over the request as it is."""

    class Quick(QuickRoute):
        def get_route_handler(self) -> Handler:
            return self.guarded(answer)

    return Quick


def quick_route(body: type[Body], answer: Callable[[Body, Request], Awaitable[Response]]) -> type[QuickRoute]:
    """Return a class of such routes.

    Parameters
    ----------
    body : type of pydantic model
    answer : callable
        What the endpoint does, given body and request.
    """

    async def handle(request: Request) -> Response:
        return await answer(await read_body(request, body), request)

    return quick(handle)


class QuickWay(BaseRoute):
    """Stands before all routers, and takes the requests of a quick route to it.

    A request whose address is spelled in another way, such as behind a prefix, finds the same route by way of
    the routers.

    Parameters
    ----------
    route : QuickRoute
        Without parameters in its address.
    """

    def __init__(self, route: QuickRoute) -> None:
        self.path, self.methods, self.route = route.path, route.methods or set(), route
        self._answer = route.get_route_handler()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for that route."""
        if scope["type"] == "http" and scope["path"] == self.path and scope["method"] in self.methods:
            found = {"route": self.route, "endpoint": self.route.endpoint, "path_params": {}}
            return Match.FULL, found
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Leave it to the routers, which know the route too."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matched."""
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)


def quick_ways(routers: Iterable[APIRouter]) -> list[QuickWay]:
    """Return the ways to all quick routes of some routers."""
    routes = (route for router in routers for route in router.routes)
    return [QuickWay(route) for route in routes if isinstance(route, QuickRoute)]


async def read_body(request: Request, model: type[Body]) -> Body:
    """Read a body as FastAPI does.

    Raises
    ------
    RequestValidationError
        It is no JSON, or breaks a rule of the model.
    """
    sent = await request.body()
    try:
        content = json.loads(sent) if sent and _is_json(sent_header(request.scope, b"content-type")) else sent
    except json.JSONDecodeError as error:
        complaint = {"type": "json_invalid", "loc": ("body", error.pos), "ctx": {"error": error.msg}}
        raise RequestValidationError([complaint]) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise HTTPException(400) from error
    if not sent:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "", "input": None}])
    try:
        return model.model_validate(content, from_attributes=True)
    except ValidationError as error:
        complaints = error.errors(include_url=False)
        raise RequestValidationError(
            [complaint | {"loc": ("body", *complaint["loc"])} for complaint in complaints]
        ) from error


def _is_json(content_type: str) -> bool:
    name = content_type.partition(";")[0].strip().lower()
    kind, _, subtype = name.partition("/")
    return not name or (kind == "application" and (subtype == "json" or subtype.endswith("+json")))
