"""The simulators as a process of their own: cut connections, background pushes, kill -9."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shared.clock import SystemClock
from shared.platform_kit.request_signing import SignedRequests
from waterdesk.simulators.app import build_app
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings

SERVE = """
import sys
from pathlib import Path
import uvicorn
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
app = build_app(SimulatorSettings(journal_path=Path(sys.argv[2])))
uvicorn.run(app, fd=int(sys.argv[1]), log_level="error")
"""
TICKET = {"issueSubject": "停水", "issueDesc": "三组停水"}
RESPONSE_MAY_BE_LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def served(app: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(FailureMode.TIMEOUT_BEFORE_ACCEPTING, 0), (FailureMode.TIMEOUT_AFTER_ACCEPTING, 1)],
)
async def test_a_cut_connection_is_seen_as_one(
    listening: socket.socket, caplog: pytest.LogCaptureFixture, kind: FailureMode, stored: int
) -> None:
    settings = SimulatorSettings()
    app = build_app(settings)
    auth = SignedRequests(settings.hotline_app_id, settings.hotline_secret, SystemClock().now)
    async with served(app, listening), httpx.AsyncClient(base_url=url_of(listening)) as client:
        number = app.state.simulators.hotline.add_ticket(TICKET)
        failure = {"simulator": "hotline", "kind": kind, "on": "return"}
        assert (await client.post("/_control/failures", json=failure)).status_code == 204
        path = f"/12345/api/orders/{number}/return"
        body = {"requestId": "r1", "reason": "属排水"}
        with pytest.raises(RESPONSE_MAY_BE_LOST):
            await client.post(path, json=body, auth=auth)
        found = await client.get(f"/12345/api/orders/{number}/replies", auth=auth)
        assert len(found.json()["replies"]) == stored
    assert "Exception in ASGI application" not in caplog.text


async def test_pushes_go_out_in_the_background(listening: socket.socket) -> None:
    arrived = asyncio.Queue[bytes]()

    async def receive(request: Request) -> Response:
        await arrived.put(await request.body())
        return Response('{"code":0}')

    intake = FastAPI()
    intake.add_route("/platforms/12345/webhook", receive, methods=["POST"])
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        settings = SimulatorSettings(push_to=url_of(theirs), push_every=timedelta(milliseconds=20))
        simulators = build_app(settings)
        async with served(intake, theirs), served(simulators, listening):
            async with httpx.AsyncClient(base_url=url_of(listening)) as driver:
                ticket = {"fields": TICKET | {"issueNumber": "LT001"}}
                added = await driver.post("/_control/hotline/tickets", json=ticket)
                assert added.json() == {"issueNumber": "LT001"}
            assert b"LT001" in await asyncio.wait_for(arrived.get(), timeout=30)


def test_kill_9_loses_nothing_that_was_answered(listening: socket.socket, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    answered: list[str] = []
    for run in range(3):
        command = [sys.executable, "-c", SERVE, str(listening.fileno()), str(journal)]
        process = subprocess.Popen(
            command, pass_fds=[listening.fileno()], cwd=Path(__file__).parents[3]
        )
        try:
            with httpx.Client(base_url=url_of(listening), timeout=60) as driver:
                found = driver.get("/_control/journal", params={"kind": "changed"}).json()
                numbers = [entry["data"]["issueNumber"] for entry in found["entries"]]
                assert numbers == answered
                for index in range(20):
                    number = f"LT{run}{index:03d}"
                    driver.post(
                        "/_control/hotline/tickets",
                        json={"fields": TICKET | {"issueNumber": number}},
                    ).raise_for_status()
                    answered.append(number)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        with journal.open("ab") as torn:
            torn.write(b'{"number": 9')
