"""Bodies over a real socket: how much, how slowly, and never a stranger's."""

import asyncio
import json
import resource
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

import pytest
import uvicorn
from fastapi import APIRouter, Form, Request
from pydantic import BaseModel

from shared.auth.permissions import Permission, Role
from shared.auth.requires import requires
from shared.auth.tokens import Person, issue_token
from shared.clock import ManualClock
from shared.db import Database
from shared.request_bodies import BodyLimits
from shared.routes import RawRoute, Route
from shared.web import service_app

SECRET = "a secret of the tests, long enough"
LIMITS = BodyLimits(size=100_000, seconds=0.5)
MEGABYTE = b"x" * 1_000_000

router = APIRouter(route_class=Route)
Writer = Annotated[Person, requires(Permission.REPLY_WRITE)]


class Note(BaseModel):
    text: str


@router.post("/json")
async def post_json(note: Note, person: Writer) -> int:
    return len(note.text)


@router.post("/form")
async def post_form(text: Annotated[str, Form()], person: Writer) -> int:
    return len(text)


raw = APIRouter(route_class=RawRoute)


@raw.post("/raw")
async def post_raw(request: Request) -> int:
    """As a platform calls us: the signature is over the body."""
    return len(await request.body())


@router.get("/unread")
async def get_unread() -> int:
    return 0


@dataclass
class Wire:
    """Speaks HTTP/1.1 by hand, so that a body can come slowly, or never end."""

    port: int
    clock: ManualClock

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def head(self, path: str, *headers: str, role: Role | None = Role.DISPATCHER) -> bytes:
        lines = [f"{'GET' if path == '/unread' else 'POST'} {path} HTTP/1.1", "Host: here"]
        if role:
            person = Person("chen", role, "610122")
            token = issue_token(person, SECRET, self.clock.now(), audience="service")
            lines.append(f"Authorization: Bearer {token}")
        return "\r\n".join([*lines, *headers, "", ""]).encode()


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, str, dict[str, str]]:
    """Status, key of the problem, headers."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
    key = body["type"].rpartition(":")[2] if isinstance(body, dict) else ""
    return int(head[0].split()[1]), key, headers


async def pour(writer: asyncio.StreamWriter, size: int) -> int:
    """Send `size` bytes in chunks as fast as they are taken; returns how many were."""
    sent = 0
    try:
        while sent < size:
            writer.write(b"%x\r\n%b\r\n" % (len(MEGABYTE), MEGABYTE))
            async with asyncio.timeout(1):
                await writer.drain()
            sent += len(MEGABYTE)
    except (TimeoutError, ConnectionError):
        pass
    return sent


@pytest.fixture
async def wire(clock: ManualClock) -> AsyncIterator[Wire]:
    app = service_app("here", Database("postgresql:///none", "here", clock), SECRET, limits=LIMITS)
    app.include_router(router)
    app.include_router(raw)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield Wire(listening.getsockname()[1], clock)
        server.should_exit = True
        await serving


@pytest.mark.parametrize("path", ["/json", "/form", "/raw"])
async def test_a_body_that_announces_too_much_is_refused_at_once(wire: Wire, path: str) -> None:
    reader, writer = await wire.connect()
    writer.write(wire.head(path, "Content-Type: application/json", "Content-Length: 200000000"))
    status, key, headers = await answer_of(reader)
    assert (status, key) == (413, "too_large")
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    writer.close()


@pytest.mark.parametrize("path", ["/json", "/form", "/raw"])
async def test_a_body_that_never_ends_is_cut_off_and_never_held(wire: Wire, path: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader, writer = await wire.connect()
    writer.write(wire.head(path, "Content-Type: application/json", "Transfer-Encoding: chunked"))
    pouring = asyncio.create_task(pour(writer, 200 * len(MEGABYTE)))
    assert (await answer_of(reader))[:2] == (413, "too_large")
    assert await pouring < 100 * len(MEGABYTE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
    writer.close()


@pytest.mark.parametrize("path", ["/json", "/form", "/raw"])
async def test_a_body_byte_by_byte_ends_with_408(wire: Wire, path: str) -> None:
    reader, writer = await wire.connect()
    writer.write(wire.head(path, "Content-Type: application/json", "Content-Length: 1000"))

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    status, key, headers = await answer_of(reader)
    dripping.cancel()
    assert (status, key, headers["connection"]) == (408, "too_slow", "close")
    writer.close()


@pytest.mark.parametrize(
    ("role", "status", "key"),
    [(None, 401, "not_signed_in"), (Role.CREW, 403, "not_allowed")],
    ids=["nobody", "a crew"],
)
@pytest.mark.parametrize("path", ["/json", "/form"])
async def test_who_may_not_is_told_before_the_body_is_read(
    wire: Wire, path: str, role: Role | None, status: int, key: str
) -> None:
    reader, writer = await wire.connect()
    length = "Content-Length: 200000000"
    writer.write(wire.head(path, "Content-Type: application/json", length, role=role))
    got, why, headers = await answer_of(reader)
    assert (got, why, headers["connection"]) == (status, key, "close")
    writer.close()


async def test_a_body_that_nobody_asks_for_is_not_read(wire: Wire) -> None:
    reader, writer = await wire.connect()
    writer.write(wire.head("/unread", "Content-Length: 200000000"))
    status, _, headers = await answer_of(reader)
    assert (status, headers["connection"]) == (200, "close")
    writer.close()


async def test_a_connection_is_kept_where_the_body_was_read(wire: Wire) -> None:
    reader, writer = await wire.connect()
    for _ in range(2):
        body = b'{"text": "abc"}'
        length = f"Content-Length: {len(body)}"
        writer.write(wire.head("/json", "Content-Type: application/json", length) + body)
        status, _, headers = await answer_of(reader)
        assert (status, headers.get("connection")) == (200, None)
    writer.close()
