"""The same clients over real connections: what a cut, closed or missing server looks like there."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import uvicorn

from services.intake.platforms.hotline_12345 import HotlineFeed
from services.reply.channels.channel import Ambiguous, OutgoingReply, PlatformUnavailable
from services.reply.channels.hotline_12345 import HotlineChannel, HotlineSettings
from shared.clock import ManualClock
from shared.http import RetryPolicy
from waterdesk.simulators.app import build_app
from waterdesk.simulators.failure_modes import FailureMode
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

RETRY_POLICY = RetryPolicy(attempts=2, first_wait=0)


@dataclass(frozen=True)
class Served:
    base_url: str
    simulators: Simulators


@pytest.fixture
async def served(clock: ManualClock, ours: SimulatorSettings) -> AsyncIterator[Served]:
    app = build_app(ours, clock)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        port = listening.getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", app.state.simulators)
        server.should_exit = True
        await serving


@pytest.fixture
async def channel(
    served: Served, clock: ManualClock, ours: SimulatorSettings
) -> AsyncIterator[HotlineChannel]:
    channel = HotlineChannel(
        HotlineSettings(f"{served.base_url}/12345", ours.hotline_app_id, ours.hotline_secret),
        clock,
        retry_policy=RETRY_POLICY,
    )
    yield channel
    await channel.close()


def reply_to(number: str) -> OutgoingReply:
    return OutgoingReply("r-1", number, "已修复", solved=True)


async def test_orders_with_chinese_numbers_are_pulled_and_answered(
    served: Served, channel: HotlineChannel, clock: ManualClock, ours: SimulatorSettings
) -> None:
    number = served.simulators.hotline.add_ticket({"issueNumber": "蓝2026/17", "issueDesc": "没水"})
    feed = HotlineFeed(
        f"{served.base_url}/12345",
        ours.hotline_app_id,
        ours.hotline_secret,
        clock,
        county="610122",
    )
    page = await feed.fetch(None)
    await feed.close()
    assert [one.external_id for one in page.incoming] == [number]
    assert page.has_more is False


@pytest.mark.parametrize(
    ("kind", "taken"),
    [(FailureMode.TIMEOUT_AFTER_ACCEPTING, 1), (FailureMode.TIMEOUT_BEFORE_ACCEPTING, 0)],
)
async def test_a_connection_cut_in_the_answer_is_ambiguous(
    served: Served, channel: HotlineChannel, kind: FailureMode, taken: int
) -> None:
    reply = reply_to(served.simulators.hotline.add_ticket({"issueDesc": "没水"}))
    served.simulators.hotline.failures.add(kind, on="reply")
    with pytest.raises(Ambiguous):
        await channel.send(reply)
    assert len(list(served.simulators.journal.entries(kind="replied"))) == taken
    assert (await channel.look(reply) is not None) is bool(taken)


async def test_nobody_listening_is_away(clock: ManualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    channel = HotlineChannel(
        HotlineSettings(f"http://127.0.0.1:{port}", "a", "s"), clock, retry_policy=RETRY_POLICY
    )
    with pytest.raises(PlatformUnavailable):
        await channel.send(reply_to("1"))
    with pytest.raises(PlatformUnavailable):
        await channel.look(reply_to("1"))
    await channel.close()


async def test_a_server_that_hangs_up_unread_is_ambiguous(clock: ManualClock) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = HotlineChannel(
        HotlineSettings(f"http://127.0.0.1:{port}", "a", "s"), clock, retry_policy=RETRY_POLICY
    )
    with pytest.raises(Ambiguous):
        await channel.send(reply_to("1"))
    await channel.close()
    server.close()
    await server.wait_closed()
