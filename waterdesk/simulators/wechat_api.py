"""WeChat's server API over HTTP: tokens, customer messages, subscribe and template messages."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from .failure_modes import answer
from .request_json import read_json
from .wechat import WeChat


def wechat_router(wechat: WeChat) -> APIRouter:
    """`/cgi-bin/...`; every answer is HTTP 200; an errcode marks an error."""
    router = APIRouter(prefix="/cgi-bin", tags=["WeChat"])

    async def send(
        request: Request,
        operation: str,
        act: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    ) -> Response:
        body = await request.body()
        token = request.query_params.get("access_token", "")
        return answer(wechat.failures, operation, lambda: act(token, read_json(body)), stores=True)

    @router.post("/stable_token")
    async def stable_token(request: Request) -> Response:
        body = await request.body()
        return answer(
            wechat.failures, "token", lambda: wechat.tokens.stable(read_json(body)), stores=False
        )

    @router.get("/token")
    async def token(request: Request) -> Response:
        query = dict(request.query_params)
        return answer(wechat.failures, "token", lambda: wechat.tokens.plain(query), stores=False)

    @router.get("/get_api_domain_ip")
    async def addresses(request: Request) -> Response:
        token = request.query_params.get("access_token", "")
        return answer(wechat.failures, "probe", lambda: wechat.addresses(token), stores=False)

    @router.post("/message/custom/send")
    async def customer_message(request: Request) -> Response:
        return await send(request, "customer_message", wechat.send_customer_message)

    @router.post("/message/subscribe/bizsend")
    @router.post("/message/template/send")
    async def template_message(request: Request) -> Response:
        return await send(request, "template_message", wechat.send_template)

    return router
