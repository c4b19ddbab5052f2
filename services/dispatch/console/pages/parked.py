"""Parked events of every service: read why, try them again, or give them up."""

from asyncio import gather
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Form, Query, Request, Response

from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.service_clients import client_of
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.bus.parked_api import PATH, ParkedPage, Released
from shared.routes import Route

router = APIRouter(prefix="/parked", route_class=Route)

Admin = Annotated[Person, allowed(Permission.PARKED_DECIDE)]
ServiceName = Literal["intake", "dispatch", "reply"]
Text = Annotated[str, Query(max_length=500)]
Key = Annotated[str, Form(min_length=1, max_length=500)]

_KEYS_SHOWN = 20
_RELEASE_SECONDS = 30.0
"""A hundred keys may be tried at once."""
_SERVICES = get_args(ServiceName)


@dataclass(frozen=True, slots=True)
class OfService:
    service: str
    parked: ParkedPage | None
    """None while the service is unavailable."""


@router.get("")
async def parked_page(
    request: Request,
    _person: Admin,
    service: ServiceName | Literal[""] = "",
    cause: Text = "",
    after: Text = "",
) -> Response:
    names = [service] if service else list(_SERVICES)
    services = await gather(*(_parked_of(request, name, cause, after) for name in names))
    return page(
        request,
        "parked.html",
        services=services,
        names=list(_SERVICES),
        service=service,
        cause=cause,
    )


async def _parked_of(request: Request, service: str, cause: str, after: str) -> OfService:
    client = client_of(request, service)
    answer = await client.read(request, PATH, cause=cause, after=after, limit=_KEYS_SHOWN)
    if answer is None:
        return OfService(service, None)
    found = ParkedPage.model_validate(answer)
    if keys := [one.key for one in found.keys if one.seen_at is None]:
        await client.change(request, "POST", f"{PATH}/seen", {"keys": keys})
    return OfService(service, found)


@router.post("/{service}/release")
async def release(request: Request, service: ServiceName, _person: Admin, key: Key) -> Response:
    return await _change(request, service, "release", {"key": key})


@router.post("/{service}/release-by-cause")
async def release_by_cause(
    request: Request, service: ServiceName, _person: Admin, cause: Key
) -> Response:
    return await _change(request, service, "release-by-cause", {"cause": cause})


@router.get("/{service}/drop")
async def confirm_drop(
    request: Request,
    service: ServiceName,
    _person: Admin,
    key: Annotated[str, Query(max_length=500)],
) -> Response:
    """Asks again: a dropped event cannot be brought back."""
    found = await client_of(request, service).read(request, PATH, key=key)
    if found is None:
        return go_to(request, f"/parked?service={service}")
    parked = ParkedPage.model_validate(found).keys
    return page(request, "parked_drop.html", service=service, parked=parked)


@router.post("/{service}/drop")
async def drop(request: Request, service: ServiceName, _person: Admin, key: Key) -> Response:
    return await _change(request, service, "drop", {"key": key})


async def _change(
    request: Request, service: ServiceName, action: str, body: dict[str, object]
) -> Response:
    answer = await client_of(request, service).change(
        request, "POST", f"{PATH}/{action}", body, timeout=_RELEASE_SECONDS
    )
    result = Released.model_validate(answer)
    if action == "drop":
        done = "dropped"
    elif result.still_parked:
        done = "fails_again"
    else:
        done = "released_some" if result.next else "released"
    return go_to(request, f"/parked?service={service}&done={done}")
