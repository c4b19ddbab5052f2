"""Where WeCom (企业微信) calls us: a member has pressed a button of a card."""

import asyncio
from typing import Any, NoReturn

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from services.dispatch.api.steps import StepTaker
from services.dispatch.notices.callback import press
from services.dispatch.policy import Policy
from shared.db import Database
from shared.openapi import problems
from shared.platform_kit.signatures import BadSignature, StaleTimestamp
from shared.platform_kit.wecom_callback import WeComCallback
from shared.problems import Problem, Text
from shared.routes import RawRoute

log = structlog.get_logger(__name__)

_DONE_WITHIN = 4.0
"""Seconds. WeCom waits five for our answer, then delivers again."""
_OFF = Text("未启用企业微信。", "WeCom is not switched on.")
_NOT_SIGNED = Text("签名错误。", "The signature is wrong.")
_STALE = Text("时间戳超出范围。", "The timestamp is too far from our clock.")


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "in": "query",
        "name": name,
        "required": True,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_STAMP = [
    _parameter(
        "msg_signature",
        "SHA-1 over token, timestamp, nonce and what is encrypted.",
        pattern="^[0-9a-f]{40}$",
    ),
    _parameter("timestamp", "Unix seconds.", pattern="^[0-9]{1,12}$"),
    _parameter("nonce", "Any text; a part of what is signed."),
]
_CHECK = {"parameters": [*_STAMP, _parameter("echostr", "What to decrypt and answer.")]}
_EVENT = {
    "parameters": _STAMP,
    "requestBody": {
        "required": True,
        "description": "`Encrypt` holds an event; only a pressed button is looked at.",
        "content": {
            "text/xml": {
                "schema": {
                    "type": "object",
                    "xml": {"name": "xml"},
                    "properties": {
                        "ToUserName": {"type": "string"},
                        "Encrypt": {"type": "string"},
                    },
                }
            }
        },
    },
}


def callback_router(
    callback: WeComCallback | None, database: Database, policy: Policy
) -> APIRouter:
    """`callback` None: WeCom is off, and answered 404."""
    router = APIRouter(prefix="/platforms/wecom", tags=["platforms"], route_class=RawRoute)
    taker = StepTaker(database, policy)

    @router.get(
        "/callback",
        response_class=PlainTextResponse,
        responses=problems(403, 404),
        openapi_extra=_CHECK,
    )
    async def check(request: Request) -> PlainTextResponse:
        """WeCom asks whether this address is ours, when the application's settings are saved."""
        if callback is None:
            raise Problem(404, "platform_off", _OFF)
        try:
            return PlainTextResponse(
                callback.verify_url(request.query_params, database.clock.now())
            )
        except (BadSignature, StaleTimestamp) as error:
            _refuse(error)

    @router.post(
        "/callback",
        response_class=PlainTextResponse,
        responses=problems(403, 404, 503),
        openapi_extra=_EVENT,
    )
    async def event(request: Request) -> PlainTextResponse:
        """One event. 200: done, or not for us; 403: not theirs; 503: deliver it again."""
        if callback is None:
            raise Problem(404, "platform_off", _OFF)
        try:
            callback.check_window(request.query_params, database.clock.now())
            pressed = callback.pressed(request.query_params, await request.body())
        except (BadSignature, StaleTimestamp) as error:
            _refuse(error)
        if pressed is not None:
            async with asyncio.timeout(_DONE_WITHIN):
                await press(taker, pressed)
        return PlainTextResponse("")

    return router


def _refuse(error: BadSignature | StaleTimestamp) -> NoReturn:
    is_stale = isinstance(error, StaleTimestamp)
    key = "stale_timestamp" if is_stale else "bad_signature"
    log.warning("callback_refused", platform="wecom", why=key)
    raise Problem(403, key, _STALE if is_stale else _NOT_SIGNED) from None
