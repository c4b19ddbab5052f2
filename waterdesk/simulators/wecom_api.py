"""WeCom's server API over HTTP: the token, messages and changes of cards."""

from fastapi import APIRouter, Request, Response

from .failure_modes import answer
from .request_json import read_json
from .wecom import WeCom


def wecom_router(wecom: WeCom) -> APIRouter:
    """`/cgi-bin/...`; every answer is HTTP 200; an errcode marks an error."""
    router = APIRouter(prefix="/cgi-bin", tags=["WeCom"])

    def token_of(request: Request) -> str:
        return request.query_params.get("access_token", "")

    @router.get("/gettoken")
    async def token(request: Request) -> Response:
        query = dict(request.query_params)
        return answer(wecom.failures, "token", lambda: wecom.get_token(query), stores=False)

    @router.get("/get_api_domain_ip")
    async def addresses(request: Request) -> Response:
        token = token_of(request)
        return answer(wecom.failures, "probe", lambda: wecom.addresses(token), stores=False)

    @router.post("/message/send")
    async def send(request: Request) -> Response:
        body, token = await request.body(), token_of(request)
        return answer(
            wecom.failures, "send", lambda: wecom.send(token, read_json(body)), stores=True
        )

    @router.post("/message/update_template_card")
    async def update(request: Request) -> Response:
        body, token = await request.body(), token_of(request)
        return answer(
            wecom.failures, "update", lambda: wecom.update_card(token, read_json(body)), stores=True
        )

    return router
