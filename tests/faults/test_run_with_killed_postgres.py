"""`waterdesk run` whose embedded PostgreSQL is killed: it comes back by itself. Ctrl-C then stops
it in order."""

import asyncio
import os
import signal
from pathlib import Path

import httpx

from tests.journey.process_group import WATERDESK, comes_true, ports_of_services, started

_STARTS_WITHIN = 90.0
_BACK_WITHIN = 60.0


async def test_pages_answer_503_meanwhile_and_work_again(tmp_path: Path) -> None:
    ports = ports_of_services()
    root = f"http://127.0.0.1:{ports['WATERDESK_DISPATCH_PORT']}"
    statuses: set[int] = set()
    async with (
        started([WATERDESK, "run"], tmp_path / "home", ports) as group,
        httpx.AsyncClient(base_url=root, timeout=10) as client,
    ):

        async def ready() -> bool:
            try:
                return (await client.get("/readyz")).is_success
            except httpx.TransportError:
                return False  # not listening yet

        async def signs_in() -> None:
            """An attempt at it, which asks the database."""
            form = {"name": "nobody", "password": "wrong"}
            answer = await client.post("/sign-in", data=form, headers={"Origin": root})
            statuses.add(answer.status_code)
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                assert answer.headers["content-type"].startswith("text/html")

        await comes_true(ready, _STARTS_WITHIN, [group])
        killed = group.postmaster()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)

        async def another_serves() -> bool:
            await signs_in()
            return group.postmaster() not in (None, killed) and await ready()

        await comes_true(another_serves, _BACK_WITHIN, [group])
        os.killpg(group.process.pid, signal.SIGINT)  # as Ctrl-C does
        async with asyncio.timeout(10):
            assert await group.process.wait() == 0
    log = (tmp_path / "home.log").read_text()
    assert log.count("postgres_ended") == 1, "it ended once, when it was killed"
    assert "administrator command" not in (tmp_path / "home" / "postgres.log").read_text()
    assert 503 in statuses
    assert not {status for status in statuses if status >= 500} - {503}, statuses
