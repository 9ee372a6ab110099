"""Routes that check the key before they read anything else of a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from serving.dependencies import Guard, requires
from serving.security.scopes import Scope

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """Route whose guards come first; FastAPI would read and parse the body, and only then ask them.

    The guards are those that it depends on; without one it is open to everybody.
    """

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        return self.guarded(super().get_route_handler())

    def guarded(self, answer: Handler) -> Handler:
        """Return what asks the guards, and then answers."""
        guards = [d.dependency for d in self.dependencies if isinstance(d.dependency, Guard)]

        async def handle(request: Request) -> Response:
            for guard in guards:
                await guard(request)
            return await answer(request)

        return handle


def guarded_router(scope: Scope | None = None, *, of_one: bool = False, **options: Any) -> APIRouter:
    """Return a router of such routes that all need a scope, or each its own; `options` go to FastAPI.

    Parameters
    ----------
    of_one : bool
        Whether a token for one learner suffices, see `Guard`.
    """
    guards = None if scope is None else [requires(scope, of_one=of_one)]
    return APIRouter(route_class=GuardedRoute, dependencies=guards, **options)
