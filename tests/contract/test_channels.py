"""What reply may rely on with every channel, shown against the platforms' simulators."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.reply.channels.channel import (
    Ambiguous,
    Channel,
    OutgoingReply,
    PlatformUnavailable,
    Receipt,
    Refused,
)
from services.reply.channels.hotline_12345 import HotlineChannel, HotlineSettings
from services.reply.channels.message_board import BoardChannel, BoardSettings
from services.reply.channels.wechat import WeChatChannel, WeChatSettings
from shared.clock import ManualClock
from shared.http import PlatformRejected, RetryPolicy
from shared.platform_kit.message_board_reader import BoardAccess
from waterdesk.simulators.app import build_app
from waterdesk.simulators.failure_modes import FailureMode, FailureQueue
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
WORDS = "水管已于今日修复，\n三组恢复供水。"
UNKNOWN = {"external_id": "99999999", "handle": "o-nobody"}
OURS = SimulatorSettings()
RETRY_POLICY = RetryPolicy(attempts=3, first_wait=0)


@dataclass(frozen=True)
class Bench:
    """One channel with its platform, which knows one complaint."""

    channel: Channel
    stranger: Channel
    """The same channel with a wrong key."""
    reply: OutgoingReply
    failures: FailureQueue
    sending: str
    """The simulator's names of the two operations."""
    looking: str
    taken: Callable[[], list[str]]
    """The words of every reply the platform took, each time it took it."""


def _clients(
    simulators: Simulators, clock: ManualClock, transport: httpx.ASGITransport, platform: str
) -> Bench:
    base = f"http://platforms/{platform}"

    def journal(kind: str) -> list[dict[str, object]]:
        return [dict(entry.data) for entry in simulators.journal.entries(kind=kind)]

    def outgoing(external_id: str) -> OutgoingReply:
        return OutgoingReply(
            request_id="reply-1.v1",
            external_id=external_id,
            text=WORDS,
            solved=True,
            handle="o-resident",
        )

    if platform == "12345":

        def hotline(secret: str) -> HotlineChannel:
            settings = HotlineSettings(base, OURS.hotline_app_id, secret)
            return HotlineChannel(settings, clock, retry_policy=RETRY_POLICY, transport=transport)

        number = simulators.hotline.add_ticket({"issueDesc": "没水"})
        return Bench(
            hotline(OURS.hotline_secret),
            hotline("wrong"),
            outgoing(number),
            simulators.hotline.failures,
            "reply",
            "look",
            lambda: [entry["body"]["publicAnswer"] for entry in journal("replied")],  # type: ignore[index]
        )
    if platform == "board":

        def board(app_code: str, key: str) -> BoardChannel:
            settings = BoardSettings(
                access=BoardAccess(base, app_code),
                organization="某县水利局",
                back_office_url=base,
                back_office_key=key,
                appears_within=timedelta(hours=1),
            )
            return BoardChannel(settings, clock, retry_policy=RETRY_POLICY, transport=transport)

        tid = simulators.board.post_thread({"subject": "没水", "content": "没水"})
        return Bench(
            board(OURS.board_app_code, OURS.board_backoffice_key),
            board("wrong", "wrong"),
            outgoing(str(tid)),
            simulators.board.failures,
            "answer",
            "content",
            lambda: [str(entry["content"]) for entry in journal("answered")],
        )

    def wechat(secret: str) -> WeChatChannel:
        settings = WeChatSettings(base, OURS.wechat_app_id, secret)
        return WeChatChannel(settings, clock, transport=transport)

    return Bench(
        wechat(OURS.wechat_app_secret),
        wechat("wrong"),
        outgoing(simulators.wechat.write_message("o-resident", "没水")),
        simulators.wechat.failures,
        "customer_message",
        "",
        lambda: [str(entry["content"]) for entry in journal("customer_message")],
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(params=["12345", "board", "wechat"])
async def bench(request: pytest.FixtureRequest, clock: ManualClock) -> AsyncIterator[Bench]:
    app = build_app(OURS, clock)
    bench = _clients(app.state.simulators, clock, httpx.ASGITransport(app), platform=request.param)
    yield bench
    for channel in (bench.channel, bench.stranger):
        assert isinstance(channel, HotlineChannel | BoardChannel | WeChatChannel)
        await channel.close()
    await app.state.simulators.close()


where_one_can_look = pytest.mark.parametrize("bench", ["12345", "board"], indirect=True)


async def test_a_reply_arrives_once_in_its_own_words_with_a_receipt(bench: Bench) -> None:
    receipt = await bench.channel.send(bench.reply)
    assert bench.taken() == [WORDS]
    if receipt is None:
        receipt = await bench.channel.look(bench.reply)
    assert isinstance(receipt, Receipt)
    assert receipt.number
    assert receipt.received_at == NOW


@where_one_can_look
async def test_looking_finds_the_receipt_that_sending_gave(bench: Bench) -> None:
    given = await bench.channel.send(bench.reply)
    assert await bench.channel.look(bench.reply) == (given or await bench.channel.look(bench.reply))


async def test_looking_finds_nothing_before_and_no_other_version(bench: Bench) -> None:
    assert await bench.channel.look(bench.reply) is None
    await bench.channel.send(bench.reply)
    later = replace(bench.reply, request_id="reply-1.v2", text="已换新管。")
    assert await bench.channel.look(later) is None


async def test_an_unavailable_platform_takes_nothing_and_takes_it_later(bench: Bench) -> None:
    bench.failures.add(FailureMode.WAF_403, on=bench.sending)
    with pytest.raises(PlatformUnavailable):
        await bench.channel.send(bench.reply)
    assert bench.taken() == []
    await bench.channel.send(bench.reply)
    assert bench.taken() == [WORDS]


@pytest.mark.parametrize(
    "kind",
    [
        FailureMode.TIMEOUT_AFTER_ACCEPTING,
        FailureMode.RESET_AFTER_ACCEPTING,
        FailureMode.ERROR_500_AFTER_ACCEPTING,
        FailureMode.ERROR_503_AFTER_ACCEPTING,
    ],
)
async def test_an_error_after_taking_is_ambiguous_and_looking_finds_it(
    bench: Bench, kind: FailureMode
) -> None:
    bench.failures.add(kind, on=bench.sending)
    with pytest.raises(Ambiguous) as caught:
        await bench.channel.send(bench.reply)
    assert WORDS not in str(caught.value)
    assert bench.taken() == [WORDS]
    if bench.channel.profile.can_look:
        assert await bench.channel.look(bench.reply) is not None


@pytest.mark.parametrize("kind", [FailureMode.TIMEOUT_BEFORE_ACCEPTING, FailureMode.ERROR_5XX])
async def test_an_error_before_taking_is_ambiguous_and_looking_finds_nothing(
    bench: Bench, kind: FailureMode
) -> None:
    bench.failures.add(kind, on=bench.sending)
    with pytest.raises(Ambiguous):
        await bench.channel.send(bench.reply)
    assert await bench.channel.look(bench.reply) is None
    await bench.channel.send(bench.reply)
    assert bench.taken() == [WORDS]


async def test_a_probe_writes_nothing_and_fails_in_an_outage_until_it_ends(
    bench: Bench, clock: ManualClock
) -> None:
    await bench.channel.probe()
    bench.failures.add(FailureMode.OUTAGE, amount=3600)
    with pytest.raises(PlatformUnavailable):
        await bench.channel.probe()
    clock.advance(timedelta(hours=1))
    await bench.channel.probe()
    assert bench.taken() == []
    with pytest.raises(PlatformRejected):
        await bench.stranger.probe()


async def test_a_complaint_the_platform_does_not_know_is_refused(bench: Bench) -> None:
    lost = replace(bench.reply, **UNKNOWN)  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        await bench.channel.send(lost)
    assert "o-nobody" not in str(caught.value)
    assert bench.taken() == []
    assert await bench.channel.look(lost) is None


async def test_a_wrong_key_is_a_matter_of_settings_and_not_of_the_reply(bench: Bench) -> None:
    with pytest.raises(PlatformRejected):
        await bench.stranger.send(bench.reply)
    assert bench.taken() == []
    if bench.channel.profile.can_look:
        with pytest.raises(PlatformRejected):
            await bench.stranger.look(bench.reply)


@where_one_can_look
async def test_looking_survives_transient_errors(bench: Bench) -> None:
    await bench.channel.send(bench.reply)
    bench.failures.add(FailureMode.ERROR_5XX, on=bench.looking)
    bench.failures.add(FailureMode.TIMEOUT_BEFORE_ACCEPTING, on=bench.looking)
    assert await bench.channel.look(bench.reply) is not None


@where_one_can_look
async def test_not_being_able_to_look_is_not_the_same_as_finding_nothing(bench: Bench) -> None:
    bench.failures.add(FailureMode.ERROR_5XX, times=RETRY_POLICY.attempts, on=bench.looking)
    with pytest.raises(PlatformUnavailable):
        await bench.channel.look(bench.reply)


@where_one_can_look
async def test_what_may_appear_later_says_how_much_later(bench: Bench) -> None:
    bench.failures.add(FailureMode.LATE, on=bench.sending, amount=1)
    given = await bench.channel.send(bench.reply)
    if given is None and await bench.channel.look(bench.reply) is None:
        assert bench.channel.appears_within > timedelta(0)
        given = await bench.channel.look(bench.reply)
    assert given is not None
