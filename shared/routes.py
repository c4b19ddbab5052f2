"""How every route of every service answers: first who asks, then what they send, then the work."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.bus.transient_errors import is_systemic, is_transient
from shared.problems import Problem, Text
from shared.request_bodies import refuse_address, refuse_body

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5
_UNAVAILABLE = Text(
    "系统暂时无法处理，没有保存。请稍后再试。",
    "The service cannot do this right now; nothing was saved. Try again shortly.",
)


class Guard(ABC):
    """A dependency that says who asks, or that they may not. It does not need the body."""

    @abstractmethod
    async def __call__(self, request: Request) -> Any:
        """Raises what is answered instead of the route."""


class Route(APIRoute):
    """For `APIRouter(route_class=Route)`. FastAPI reads a body before it asks the dependencies;
    here the guards come first, so that a stranger's body is never read. Text that cannot be stored
    is refused in every body.

    Raises Problem 503 where the database or what else is needed is unavailable, or its schema is
    not the one of this code: asking again later may help, and nobody's request is at fault.
    """

    raw = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        guards = tuple(_guards(self.dependant))
        checks_body = not self.raw

        async def guarded(request: Request) -> Response:
            refuse_address(request)
            try:
                for guard in guards:
                    await guard(request)
                if checks_body and request.method not in ("GET", "HEAD"):
                    await refuse_body(request)
                return await handle(request)
            except Exception as error:
                if is_systemic(error):
                    log.exception("schema_does_not_fit", route=self.path)
                elif is_transient(error):
                    log.warning("request_unavailable", route=self.path, why=type(error).__name__)
                else:
                    raise
                raise _unavailable() from error

        return guarded


class RawRoute(Route):
    """The route judges the body by itself: a platform's message, signed over its very bytes."""

    raw = True


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for needed in dependant.dependencies:
        if isinstance(needed.call, Guard):
            yield needed.call
        yield from _guards(needed)


def _unavailable() -> Problem:
    return Problem(
        503, "unavailable", _UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
    )
