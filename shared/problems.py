"""Refusals over HTTP: RFC 9457 problem+json in the reader's language."""

from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class Text(NamedTuple):
    """One sentence in the two languages we speak."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Problem(Exception):
    """A request that cannot be carried out, with the sentence for the person who made it.

    `key` is stable and names the kind of problem; `text` never holds what a resident wrote.
    """

    def __init__(self, status: int, key: str, text: Text, **members: Any) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.text = text
        self.members = members


INVALID = Text("提交的内容有误，见 errors 所列各项。", "The request is not valid; see `errors`.")


def language_of(request: Request) -> str:
    """`en` where the reader asked for English (cookie `lang`, then Accept-Language), else `zh`."""
    chosen = request.cookies.get("lang") or request.headers.get("accept-language", "")
    return "en" if chosen.lower().startswith("en") else "zh"


def problem_response(request: Request, problem: Problem) -> JSONResponse:
    return JSONResponse(
        {
            "type": f"urn:waterdesk:problem:{problem.key}",
            "title": problem.text.in_language(language_of(request)),
            "status": problem.status,
            "instance": request.url.path,
            **problem.members,
        },
        status_code=problem.status,
        media_type="application/problem+json",
    )


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Where and why, never what: the value itself may be personal.
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]), "why": item["type"]}
        for item in error.errors()
    ]
    return problem_response(request, Problem(422, "invalid_request", INVALID, errors=errors))


def speak_problem_json(app: FastAPI) -> None:
    """Make `app` answer every Problem and every invalid request as problem+json."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
