"""Problems as pages, in the reader's language; under /api as problem+json."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.dispatch.console.language import both
from services.dispatch.console.rendering import by_htmx, go_to, page, words_of
from services.dispatch.console.session import (
    ACCOUNT_PAGE,
    MustChangePassword,
    NotSignedIn,
    signed_in,
)
from shared.auth.tokens import Person
from shared.bus.transient_errors import is_transient
from shared.problems import FAILED, Problem, problem_of_http, problem_response


def answer_with_pages(app: FastAPI) -> None:
    for kind in (
        Problem,
        NotSignedIn,
        MustChangePassword,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(kind, _answer)


def not_found(what: str) -> Problem:
    return Problem(404, f"unknown_{what}", both("error.no_page"))


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


async def _answer(request: Request, error: Exception) -> Response:
    match error:
        case NotSignedIn():
            by_link = request.method == "GET" and not by_htmx(request)
            wanted = request.url.path if by_link else "/"
            return go_to(request, "/sign-in" if wanted == "/" else f"/sign-in?next={wanted}")
        case MustChangePassword():
            return go_to(request, ACCOUNT_PAGE)
        case Problem():
            problem = error
        case RequestValidationError():
            problem = Problem(422, "invalid_request", both("error.invalid"))
        case HTTPException(status_code=404):
            problem = not_found("page")
        case HTTPException():
            problem = problem_of_http(error)
        case _:  # the server above logs it
            problem = Problem(500, "failed", FAILED)
    return await error_page(request, problem)
