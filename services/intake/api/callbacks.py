"""Where platforms call us: 12345 pushes tickets, WeChat sends messages.

A platform is told that its message arrived only when it is committed; else it sends it again. What
the platform has not signed is refused and not stored.
"""

import asyncio
from dataclasses import dataclass
from typing import NoReturn

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from services.intake.api.callback_documents import HOTLINE_PUSH, WECHAT_MESSAGE, WECHAT_SERVER_CHECK
from services.intake.batching import PushBatching
from services.intake.platforms.hotline_12345 import read_push
from services.intake.platforms.incoming import Incoming, Unreadable
from services.intake.platforms.wechat import WeChatCallback
from shared.bus.transient_errors import is_systemic
from shared.openapi import problems
from shared.platform_kit.request_signing import check_window
from shared.platform_kit.signatures import BadSignature, StaleTimestamp
from shared.problems import Problem, Text
from shared.progress import Progress
from shared.routes import RETRY_AFTER_SECONDS, RawRoute

log = structlog.get_logger(__name__)

_COMMIT_WITHIN = 4.0
"""Seconds. WeChat waits five for our answer, then delivers again."""

_OFF = Text("此平台未启用。", "This platform is not switched on.")
_NOT_SIGNED = Text("签名错误。", "The signature is wrong.")
_STALE = Text("时间戳超出范围。", "The timestamp is too far from our clock.")
_AGAIN = Text("暂时无法处理，请稍后重发。", "Cannot be taken right now; please send it again.")


@dataclass(frozen=True, slots=True)
class HotlinePushes:
    """How 12345 pushes tickets to us; `secret` signs them."""

    secret: str
    pushes: PushBatching


@dataclass(frozen=True, slots=True)
class WeChatMessages:
    callback: WeChatCallback
    pushes: PushBatching


def callbacks_router(
    hotline: HotlinePushes | None, wechat: WeChatMessages | None, progress: Progress
) -> APIRouter:
    """None: that platform is off, and answered 404. `progress` is stopped only while pushes meet a
    systemic error."""
    router = APIRouter(prefix="/platforms", tags=["platforms"], route_class=RawRoute)

    @router.post("/12345/webhook", responses=problems(401, 404, 503), openapi_extra=HOTLINE_PUSH)
    async def hotline_webhook(request: Request) -> dict[str, int]:
        """One changed ticket. 200 `{"code":0}`: committed; 401: not theirs; 503: send it again."""
        if hotline is None:
            raise Problem(404, "platform_off", _OFF)
        ingestion = hotline.pushes.ingestion
        now = ingestion.database.clock.now()
        try:
            check_window(request.headers, now)  # before the body is read
            delivery = read_push(
                request.headers,
                _path_on_the_wire(request),
                await request.body(),
                secret=hotline.secret,
                county=ingestion.county,
                now=now,
            )
        except (BadSignature, StaleTimestamp) as error:
            _refuse(401, ingestion.platform, error)
        await _commit(hotline.pushes, delivery, progress)
        return {"code": 0}

    @router.get(
        "/wechat/callback",
        response_class=PlainTextResponse,
        responses=problems(403, 404),
        openapi_extra=WECHAT_SERVER_CHECK,
    )
    async def wechat_server_check(request: Request) -> PlainTextResponse:
        """WeChat asks whether this address is ours, when the account's settings are saved."""
        if wechat is None:
            raise Problem(404, "platform_off", _OFF)
        ingestion = wechat.pushes.ingestion
        try:
            echo = wechat.callback.verify_url(request.query_params, ingestion.database.clock.now())
        except (BadSignature, StaleTimestamp) as error:
            _refuse(403, ingestion.platform, error)
        return PlainTextResponse(echo)

    @router.post(
        "/wechat/callback",
        response_class=PlainTextResponse,
        responses=problems(403, 404, 503),
        openapi_extra=WECHAT_MESSAGE,
    )
    async def wechat_message(request: Request) -> PlainTextResponse:
        """One message or event. 200 `success`: committed; 403: not theirs; 503: send it again."""
        if wechat is None:
            raise Problem(404, "platform_off", _OFF)
        ingestion = wechat.pushes.ingestion
        try:
            wechat.callback.check_query(request.query_params, ingestion.database.clock.now())
            delivery = wechat.callback.parse(request.query_params, await request.body())
        except (BadSignature, StaleTimestamp) as error:
            _refuse(403, ingestion.platform, error)
        if delivery is not None:
            await _commit(wechat.pushes, delivery, progress)
        return PlainTextResponse("success")

    return router


def _refuse(status: int, platform: str, error: BadSignature | StaleTimestamp) -> NoReturn:
    is_stale = isinstance(error, StaleTimestamp)
    key = "stale_timestamp" if is_stale else "bad_signature"
    log.warning("callback_refused", platform=platform, why=key)
    raise Problem(status, key, _STALE if is_stale else _NOT_SIGNED) from None


async def _commit(
    pushes: PushBatching, delivery: Incoming | Unreadable, progress: Progress
) -> None:
    """Raises Problem 503 for a systemic error, and what Route answers with 503: TimeoutError where
    it could not be committed in time, and transient errors."""
    try:
        async with asyncio.timeout(_COMMIT_WITHIN):
            ingested = await pushes.ingest(delivery)
    except Exception as error:
        if not is_systemic(error):
            raise
        progress.stopped(error)
        again = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        raise Problem(503, "send_again", _AGAIN, headers=again) from None
    progress.succeeded()
    log.info(
        "ingested",
        platform=pushes.ingestion.platform,
        result=ingested.result,
        complaint_id=ingested.complaint_id,
    )


def _path_on_the_wire(request: Request) -> str:
    """Path and query as they were sent, percent-encoded: that is what was signed."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("ascii", "replace")
