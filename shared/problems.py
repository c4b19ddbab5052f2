"""What a request cannot get, as RFC 9457 problem+json in the reader's language."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class Text(NamedTuple):
    """One sentence in the two languages we speak."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Problem(Exception):
    """A request that cannot be carried out, with the sentence for the person who made it.

    `key` is stable and names the kind of problem; `text` never holds what a resident wrote;
    `members` are the problem's own (RFC 9457, 3.2), `headers` the response's.
    """

    def __init__(
        self,
        status: int,
        key: str,
        text: Text,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.text = text
        self.headers = headers
        self.members = members


INVALID = Text("提交的内容有误，见 errors 所列各项。", "The request is not valid; see `errors`.")
FAILED = Text("系统出错，已记录。请稍后再试。", "Something failed and was recorded; try later.")
_BY_STATUS = {
    400: ("malformed", Text("请求的格式有误，无法读取。", "The request cannot be read.")),
    404: ("not_found", Text("没有这个地址。", "There is nothing at this address.")),
    405: ("method_not_allowed", Text("此地址不支持该方法。", "This address has no such method.")),
}


def language_of(request: Request) -> str:
    """`en` where the reader asked for English (cookie `lang`, then Accept-Language), else `zh`."""
    chosen = request.cookies.get("lang") or request.headers.get("accept-language", "")
    return "en" if chosen.lower().startswith("en") else "zh"


def problem_response(request: Request, problem: Problem) -> JSONResponse:
    language = language_of(request)
    return JSONResponse(
        {
            "type": f"urn:waterdesk:problem:{problem.key}",
            "title": problem.text.in_language(language),
            "status": problem.status,
            "instance": quote(request.scope["path"]),
            **problem.members,
        },
        status_code=problem.status,
        headers={"Content-Language": language, **(problem.headers or {})},
        media_type=MEDIA_TYPE,
    )


def problem_of_http(error: HTTPException) -> Problem:
    """FastAPI's own refusals (no such route, no such method, a body that is no JSON) in words."""
    key, text = _BY_STATUS.get(error.status_code, _BY_STATUS[400])
    return Problem(error.status_code, key, text, headers=error.headers)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem_response(request, problem_of_http(error))


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Where and why, never what: the value itself may be personal.
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]), "why": item["type"]}
        for item in error.errors()
    ]
    return problem_response(request, Problem(422, "invalid_request", INVALID, errors=errors))


def answer_with_problems(app: FastAPI) -> None:
    """Make `app` answer every refusal and every invalid request as problem+json."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)


class AnswerFailures:
    """ASGI middleware: an error that nothing else handles is logged, once, and answered with 500.

    Where an inner app has already answered (the console, with a page), it is only logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            if scope["type"] != "http":
                raise
            route = getattr(scope.get("route"), "path", None)
            log.exception("request_failed", method=scope["method"], route=route)
            if not answered:
                answer = problem_response(Request(scope), Problem(500, "failed", FAILED))
                await answer(scope, receive, send)
