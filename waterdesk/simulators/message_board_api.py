"""The message board over HTTP: an open list, signed reading, and the back office."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.platform_kit.message_board import signature
from shared.platform_kit.signatures import same_signature

from .failure_modes import Rejected, answer
from .message_board import MessageBoard, wrong_body
from .settings import SimulatorSettings

SEARCH, CONTENT = "/v2/threads/search", "/v1/threads/content"


class AnswerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tid: int | str
    requestId: str = Field(min_length=1)  # noqa: N815
    organization: str = Field(min_length=1)
    content: str = Field(min_length=1)


def board_router(board: MessageBoard, settings: SimulatorSettings) -> APIRouter:
    """The board's three reading endpoints and our invented back office."""
    router = APIRouter(tags=["message board"])

    def signed_param(path: str, body: bytes) -> Mapping[str, Any]:
        """The parameters of a rightly signed body. Raises Rejected, as the board does: HTTP 200."""
        try:
            sent = json.loads(body)
            app_code, token, param = sent["appCode"], sent["token"], sent["param"]
            expected = signature(path, param, settings.board_app_code, settings.board_token)
            rightly_signed = same_signature(sent["signature"], expected)
            read = json.loads(param)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise wrong_body() from error
        known = (app_code, token) == (settings.board_app_code, settings.board_token)
        if not (rightly_signed and known and isinstance(read, dict)):
            raise wrong_body()
        return read

    @router.post("/threads/queryThreadsList")
    async def threads_list(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))

        def field(name: str, otherwise: str) -> str:
            return form.get(name, [otherwise])[0]

        return answer(
            board.failures,
            "list",
            lambda: board.list_page(field("fid", ""), field("state", "1"), field("lastItem", "0")),
            stores=False,
        )

    @router.post(SEARCH)
    async def search(request: Request) -> Response:
        body = await request.body()
        return answer(
            board.failures,
            "search",
            lambda: board.search(signed_param(SEARCH, body)),
            stores=False,
        )

    @router.post(CONTENT)
    async def content(request: Request) -> Response:
        body = await request.body()
        return answer(
            board.failures,
            "content",
            lambda: board.content(signed_param(CONTENT, body).get("tid")),
            stores=False,
        )

    @router.post("/backoffice/replies")
    async def reply(request: Request) -> Response:
        body = await request.body()

        def taken() -> Mapping[str, Any]:
            authorization = request.headers.get("authorization", "")
            if not same_signature(authorization, f"Bearer {settings.board_backoffice_key}"):
                raise Rejected({"accepted": False, "message": "未授权"}, 401)
            try:
                sent = AnswerBody.model_validate_json(body)
            except ValidationError as error:
                raise Rejected({"accepted": False, "message": "请求内容有误"}, 400) from error
            return board.add_answer(sent.tid, sent.model_dump())

        return answer(board.failures, "answer", taken, stores=True, status=202)

    return router
