"""Problems as pages, in the reader's language; under /api as problem+json."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.dispatch.console.rendering import by_htmx, go_to, page, words_of
from services.dispatch.console.session import (
    ACCOUNT_PAGE,
    MustChangePassword,
    NotSignedIn,
    signed_in,
)
from shared.auth.tokens import Person
from shared.bus.transient_errors import is_transient
from shared.problems import Problem, Text, problem_response

NOT_FOUND = Text("没有这个页面。", "There is no such page.")
INVALID = Text(
    "填写的内容不完整或有误，请检查后再提交。",
    "Something is missing or wrong; check and send again.",
)
FAILED = Text(
    "系统出错，已记录。请稍后再试。", "Something failed here; it was recorded. Try again later."
)


def answer_with_pages(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(NotSignedIn, _on_not_signed_in)
    app.add_exception_handler(MustChangePassword, _on_one_time_password)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_failure)


async def error_page(request: Request, problem: Problem) -> Response:
    """Says what is wrong, and keeps what was typed: htmx leaves the form as it is and shows the
    sentence in it; without JavaScript the page carries all fields, to send them again."""
    if request.url.path.startswith("/api/"):
        return problem_response(request, problem)
    message = problem.text.in_language(words_of(request).language)
    if by_htmx(request):
        return page(
            request,
            "_message.html",
            status=problem.status,
            headers=problem.headers,
            message=message,
            tone="bad",
        )
    typed = getattr(request, "_form", None)
    fields = [(k, v) for k, v in typed.multi_items() if isinstance(v, str)] if typed else []
    if not hasattr(request.state, "person"):
        request.state.person = None if problem.status == 503 else await _reader(request)
    return page(
        request,
        "error.html",
        status=problem.status,
        headers=problem.headers,
        problem=problem,
        message=message,
        fields=[(k, v) for k, v in fields if "password" not in k],
    )


async def _reader(request: Request) -> Person | None:
    """Who reads the page, for its menu."""
    try:
        return await signed_in(request)
    except (NotSignedIn, MustChangePassword):
        return None
    except Exception as error:
        if not is_transient(error):
            raise
        return None


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return await error_page(request, error)


async def _on_not_signed_in(request: Request, _error: Exception) -> Response:
    wanted = request.url.path if request.method == "GET" and not by_htmx(request) else "/"
    return go_to(request, "/sign-in" if wanted == "/" else f"/sign-in?next={wanted}")


async def _on_one_time_password(request: Request, _error: Exception) -> Response:
    return go_to(request, ACCOUNT_PAGE)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await error_page(request, Problem(422, "invalid_request", INVALID))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = NOT_FOUND if error.status_code == 404 else Text(str(error.detail), str(error.detail))
    return await error_page(request, Problem(error.status_code, "http", text))


async def _on_failure(request: Request, _error: Exception) -> Response:
    """The server above logs it."""
    return await error_page(request, Problem(500, "failed", FAILED))
