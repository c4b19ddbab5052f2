"""OpenAPI documents that say every answer: what a route may refuse follows from what it takes."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from shared.problems import MEDIA_TYPE


class InvalidField(BaseModel):
    field: str
    why: str


class ProblemBody(BaseModel):
    """RFC 9457, with the kinds of problem as `urn:waterdesk:problem:<key>`."""

    type: str
    title: str
    status: int
    instance: str
    errors: list[InvalidField] = Field(default_factory=list)


_SCHEMA = "Problem"
_MEANINGS = {
    400: "The request cannot be read: malformed, or with a NUL in its address.",
    401: "Nobody is signed in, or the signature is wrong.",
    403: "This person, or this signature, is not allowed here.",
    404: "There is no such thing in this person's county.",
    405: "The address has no such method.",
    408: "The body did not arrive in time.",
    409: "What stands stored contradicts the request.",
    413: "The body is too large.",
    422: "The request contradicts itself or its schema; see `errors`.",
    500: "The service failed; it was recorded.",
    503: "Not now: the database or another service is unavailable. Nothing was done.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: what it answers beside what every route of its kind does."""
    return {status: _answer(status) for status in statuses}


def _answer(status: int) -> dict[str, Any]:
    return {
        "description": _MEANINGS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{_SCHEMA}"}}},
    }


def describe_answers(app: FastAPI) -> None:
    """Complete what FastAPI writes with the answers of guards, limits and missing things."""
    made_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made_by_fastapi()
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    operation["responses"] |= {
                        str(status): _answer(status)
                        for status in _answers_of(method, path, operation)
                    }
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas |= _problem_schemas()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _answers_of(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    yield from (400, 500)
    if "security" in operation:
        yield from (401, 403, 503)
    if "{" in path:
        yield 404
        if method != "get":
            yield 409
    if "requestBody" in operation:
        yield from (408, 413)
    if "security" in operation and ("requestBody" in operation or operation.get("parameters")):
        yield 422  # what a platform signs, its callback judges by itself


def _problem_schemas() -> dict[str, Any]:
    made = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs"), _SCHEMA: made}
