"""What holds for every route of the three services, and of the console: held to their documents."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from shared.db import Database
from tests.contract.http.conftest import County

_ORIGIN = "http://desk.test"
_OPEN_TO_ALL = {"/sign-in", "/sign-out", "/language"}
"""Pages of the console whose forms somebody sends who is not signed in."""


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def console_of(county: County) -> FastAPI:
    (mounted,) = [
        route.app for route in county.services["dispatch"].app.routes if isinstance(route, Mount)
    ]
    assert isinstance(mounted, FastAPI)
    return mounted


def filled(path: str, value: str) -> str:
    """The path with `value` for every parameter."""
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


async def answer_without_reading(app: FastAPI, method: str, path: str) -> int:
    """The status of a request whose body is not there to be read, and who sends it is unknown."""

    async def receive() -> Any:
        raise AssertionError(f"{method} {path} reads the body of somebody unknown")

    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"200000000"),
        (b"origin", _ORIGIN.encode()),
        (b"host", b"desk.test"),
    ]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("desk.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return statuses[0]


async def test_nobody_unknown_has_a_body_read(county: County) -> None:
    for service in county.services.values():
        for method, path, operation in operations(service.app):
            if "security" in operation:
                address = filled(path, "seen" if "{component}" in path else "x")
                assert await answer_without_reading(service.app, method, address) == 401


async def test_nor_at_the_console(county: County) -> None:
    console = console_of(county)
    changes = [(method, path) for method, path, _ in operations(console) if method != "GET"]
    assert len(changes) > 10
    for method, path in changes:
        if path not in _OPEN_TO_ALL:
            address = filled(path.replace("{deed}", "accept"), "x")
            assert await answer_without_reading(console, method, address) == 303, path


@pytest.mark.parametrize("service", ["intake", "dispatch", "reply"])
async def test_every_operation_names_its_scheme_and_its_refusals(
    county: County, service: str
) -> None:
    document = county.services[service].app.openapi()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for _, path, operation in operations(county.services[service].app):
        public = path.startswith(("/platforms/", "/livez", "/readyz"))
        assert public != ("security" in operation), path
        refusals = {s: a for s, a in operation["responses"].items() if s >= "400"}
        wanted = {"400", "500"} if public else {"400", "401", "403", "500", "503"}
        assert refusals.keys() >= wanted, path
        for status, answer in refusals.items():
            if not (path == "/readyz" and status == "503"):
                (reference,) = answer["content"]["application/problem+json"]["schema"].values()
                assert reference == "#/components/schemas/Problem"


@pytest.mark.parametrize("service", ["intake", "dispatch", "reply"])
async def test_a_nul_is_refused_by_every_route_in_words(county: County, service: str) -> None:
    app = county.services[service].app
    schema = app.openapi()["components"]["schemas"]["Problem"]
    schema = {**schema, "properties": {**schema["properties"], "errors": {}}}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=_ORIGIN, headers=county.authorization
    ) as client:
        for method, path, operation in operations(app):
            answers = [await client.request(method, filled(path, "x") + "?x=%00", json={})]
            if "{" in path:
                answers.append(await client.request(method, filled(path, "%00"), json={}))
            if "requestBody" in operation and "security" in operation:
                body = {"text": "a\0", "found": ["\0"]}
                address = filled(path, "pump" if "{component}" in path else "x")
                answers.append(await client.request(method, address, json=body))
                raw = b'{"text": "\\ud800"}'
                json = {"Content-Type": "application/json"}
                answers.append(await client.request(method, address, content=raw, headers=json))
            for answer in answers:
                if "/livez" in path or "/readyz" in path:
                    continue
                assert answer.status_code in (400, 422), (method, path)
                jsonschema.validate(answer.json(), schema)
                assert answer.json()["type"] == "urn:waterdesk:problem:text_not_storable"


@pytest.mark.parametrize("service", ["intake", "dispatch", "reply"])
async def test_without_its_database_a_service_says_when_to_ask_again(
    county: County, service: str
) -> None:
    """In words, for every route that reads or writes; never a 500."""
    app = county.services[service].app
    living = app.state.database
    app.state.database = Database("postgresql://nobody@127.0.0.1:1/none", service, living.clock)
    seen = set()
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=_ORIGIN, headers=county.authorization
        ) as client:
            for method, path, operation in operations(app):
                if "security" not in operation:
                    continue
                answer = await client.request(method, filled(path, "x"), json={})
                seen.add(answer.status_code)
                if answer.status_code == 503:
                    assert answer.headers["retry-after"] == "5"
                    assert answer.json()["title"].startswith("系统暂时无法处理")
        assert 503 in seen
        assert not seen - {200, 422, 503}  # villages come from a file
    finally:
        await app.state.database.close()
        app.state.database = living
