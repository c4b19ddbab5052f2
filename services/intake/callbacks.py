"""Where platforms speak to us: 12345's pushed orders, and WeChat's messages.

A platform is answered that its message arrived only when it is committed; else it sends it again.
What is not signed by the platform is refused and not stored.
"""

import asyncio
from dataclasses import dataclass

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from services.intake.gathering import Gathering
from services.intake.platforms.hotline_12345 import read_push
from services.intake.platforms.incoming import Incoming
from services.intake.platforms.source import Unreadable
from services.intake.platforms.wechat import WeChatCallback
from shared.bus.transient_errors import is_transient
from shared.openapi import problems
from shared.platform_kit.signatures import BadSignature, StaleTimestamp
from shared.problems import Problem, Text
from shared.routes import RawRoute

log = structlog.get_logger(__name__)

LARGEST_BODY = 1_000_000
"""Bytes. Orders and messages are a few thousand."""
_COMMIT_WITHIN = 4.0
"""Seconds. WeChat waits five for our answer, then delivers again."""

_OFF = Text("此平台未启用。", "This platform is not switched on.")
_NOT_SIGNED = Text("签名错误。", "The signature is wrong.")
_STALE = Text("时间戳超出范围。", "The timestamp is too far from our clock.")
_TOO_LARGE = Text("消息过大。", "The message is too large.")
_AGAIN = Text("暂时无法处理，请稍后重发。", "Cannot be taken right now; please send it again.")


@dataclass(frozen=True, slots=True)
class HotlinePushes:
    """How 12345 pushes orders to us; `secret` signs them."""

    secret: str
    pushes: Gathering


@dataclass(frozen=True, slots=True)
class WeChatMessages:
    callback: WeChatCallback
    pushes: Gathering


def callbacks_router(hotline: HotlinePushes | None, wechat: WeChatMessages | None) -> APIRouter:
    """None: that platform is off, and answered 404."""
    router = APIRouter(prefix="/platforms", tags=["platforms"], route_class=RawRoute)

    @router.post("/12345/webhook", responses=problems(401, 404, 408, 413, 503))
    async def hotline_webhook(request: Request) -> JSONResponse:
        """One changed order. 200 `{"code":0}`: committed; 401: not theirs; 503: send it again."""
        if hotline is None:
            raise Problem(404, "platform_off", _OFF)
        body = await _body(request)
        try:
            arrival = read_push(
                request.headers,
                _path_on_the_wire(request),
                body,
                secret=hotline.secret,
                county=hotline.pushes.acceptance.county,
                now=hotline.pushes.acceptance.database.clock.now(),
            )
        except StaleTimestamp:
            raise Problem(401, "stale_timestamp", _STALE) from None
        except BadSignature:
            raise Problem(401, "bad_signature", _NOT_SIGNED) from None
        await _accepted(hotline.pushes, arrival)
        return JSONResponse({"code": 0})

    @router.get("/wechat/callback", responses=problems(403, 404))
    async def wechat_server_check(request: Request) -> PlainTextResponse:
        """WeChat asks whether this address is ours, when the account's settings are saved."""
        if wechat is None:
            raise Problem(404, "platform_off", _OFF)
        try:
            return PlainTextResponse(wechat.callback.verify_url(request.query_params))
        except BadSignature:
            raise Problem(403, "bad_signature", _NOT_SIGNED) from None

    @router.post("/wechat/callback", responses=problems(403, 404, 408, 413, 503))
    async def wechat_message(request: Request) -> PlainTextResponse:
        """One message or event. 200 `success`: committed; 403: not theirs; 503: send it again."""
        if wechat is None:
            raise Problem(404, "platform_off", _OFF)
        body = await _body(request)
        try:
            arrival = wechat.callback.parse_callback(request.query_params, body)
        except BadSignature:
            raise Problem(403, "bad_signature", _NOT_SIGNED) from None
        if arrival is not None:
            await _accepted(wechat.pushes, arrival)
        return PlainTextResponse("success")

    return router


async def _accepted(pushes: Gathering, arrival: Incoming | Unreadable) -> None:
    """Raises Problem 503 where it could not be committed in time."""
    platform = pushes.acceptance.platform
    try:
        async with asyncio.timeout(_COMMIT_WITHIN):
            taken = await pushes.accept(arrival)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("push_waits", platform=platform, why=type(error).__name__)
        raise Problem(503, "send_again", _AGAIN) from None
    log.info("taken", platform=platform, outcome=taken.outcome, complaint_id=taken.complaint_id)


async def _body(request: Request) -> bytes:
    """Raises Problem 413 as soon as it grows too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise Problem(413, "too_large", _TOO_LARGE)
    return bytes(body)


def _path_on_the_wire(request: Request) -> str:
    """Path and query as they were sent, percent-encoded: that is what was signed."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("ascii", "replace")
