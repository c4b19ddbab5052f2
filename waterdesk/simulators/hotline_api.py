"""The 12345 hotline over HTTP: signed requests, its own codes for what it refuses."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.clock import Clock
from shared.platform_kit.request_signing import BadSignature, StaleTimestamp, verify

from .failure_modes import Rejected, answer
from .hotline_12345 import Hotline, bad_field
from .settings import SimulatorSettings

MOST_PER_PAGE = 200


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class AcceptBody(_Body):
    acceptTime: str = Field(min_length=1)  # noqa: N815
    officer: str = Field(min_length=1)


class ReplyBody(_Body):
    requestId: str = Field(min_length=1)  # noqa: N815
    handleSituation: str = Field(min_length=1)  # noqa: N815
    isTrue: bool  # noqa: N815
    contacted: bool
    contactTime: str | None = None  # noqa: N815
    solved: bool
    publicAnswer: str = Field(min_length=1)  # noqa: N815
    unsolvedReason: str | None = None  # noqa: N815


class ExtensionBody(_Body):
    requestId: str = Field(min_length=1)  # noqa: N815
    requestKind: Literal["extension"]  # noqa: N815
    timeLimit: str = Field(min_length=1)  # noqa: N815
    reason: str = Field(min_length=1)


class ReturnBody(_Body):
    requestId: str = Field(min_length=1)  # noqa: N815
    reason: str = Field(min_length=1)
    responsible: str | None = None


def hotline_router(hotline: Hotline, settings: SimulatorSettings, clock: Clock) -> APIRouter:
    """`/api/orders` and what can be done with one order."""
    router = APIRouter(tags=["12345"])

    def check_signature(request: Request, body: bytes) -> None:
        if request.headers.get("x-app-id") != settings.hotline_app_id:
            raise Rejected({"code": 40101, "message": "应用不存在"}, 401)
        try:
            verify(
                request.headers,
                request.method,
                path_on_the_wire(request),
                body,
                settings.hotline_secret,
                clock.now(),
            )
        except BadSignature as error:
            raise Rejected({"code": 40102, "message": "签名错误"}, 401) from error
        except StaleTimestamp as error:
            raise Rejected({"code": 40103, "message": "时间戳超出范围"}, 401) from error

    async def take(
        request: Request,
        operation: str,
        model: type[_Body],
        act: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> Response:
        body = await request.body()

        def accepted() -> Mapping[str, Any]:
            check_signature(request, body)
            return act(_read(model, body))

        return answer(hotline.failures, operation, accepted, stores=True)

    @router.get("/api/orders")
    async def tickets(request: Request) -> Response:
        def page() -> Mapping[str, Any]:
            check_signature(request, b"")
            limit = request.query_params.get("limit", "50")
            if not (limit.isascii() and limit.isdigit() and 0 < int(limit) <= MOST_PER_PAGE):
                raise bad_field("limit")
            return hotline.page(request.query_params.get("cursor", ""), int(limit))

        return answer(hotline.failures, "tickets", page, stores=False)

    @router.get("/api/orders/{number}/replies")
    async def replies(request: Request, number: str) -> Response:
        def found() -> Mapping[str, Any]:
            check_signature(request, b"")
            return hotline.replies(number)

        return answer(hotline.failures, "look", found, stores=False)

    @router.post("/api/orders/{number}/accept")
    async def accept(request: Request, number: str) -> Response:
        return await take(request, "accept", AcceptBody, lambda body: hotline.accept(number, body))

    @router.post("/api/orders/{number}/replies")
    async def reply(request: Request, number: str) -> Response:
        return await take(request, "reply", ReplyBody, lambda body: hotline.add_reply(number, body))

    @router.get("/api/orders/{number}/requests")
    async def extensions(request: Request, number: str) -> Response:
        def found() -> Mapping[str, Any]:
            check_signature(request, b"")
            return hotline.extensions(number)

        return answer(hotline.failures, "look_extension", found, stores=False)

    @router.post("/api/orders/{number}/requests")
    async def ask_extension(request: Request, number: str) -> Response:
        return await take(
            request, "extension", ExtensionBody, lambda body: hotline.ask_extension(number, body)
        )

    @router.post("/api/orders/{number}/return")
    async def give_back(request: Request, number: str) -> Response:
        return await take(
            request, "return", ReturnBody, lambda body: hotline.add_return(number, body)
        )

    return router


def path_on_the_wire(request: Request) -> str:
    """Path and query as the client sent them, percent-encoded: this is what it has signed."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("ascii")


def _read(model: type[_Body], body: bytes) -> Mapping[str, Any]:
    try:
        return model.model_validate(json.loads(body)).model_dump()
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise bad_field(".".join(map(str, place)) or "body") from error
    except ValueError as error:
        raise bad_field("body") from error
