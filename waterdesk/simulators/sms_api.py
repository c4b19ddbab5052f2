"""The simulated provider of text messages over HTTP."""

from fastapi import APIRouter, Request, Response

from .failure_modes import answer
from .request_json import read_json
from .sms import Sms


def sms_router(sms: Sms) -> APIRouter:
    router = APIRouter(tags=["SMS"])

    @router.post("/send")
    async def send(request: Request) -> Response:
        body, who = await request.body(), request.headers.get("authorization", "")
        return answer(sms.failures, "send", lambda: sms.send(who, read_json(body)), stores=True)

    @router.get("/status")
    async def status(request: Request) -> Response:
        who, number = request.headers.get("authorization", ""), request.query_params["outId"]
        return answer(sms.failures, "status", lambda: sms.status(who, number), stores=False)

    return router
