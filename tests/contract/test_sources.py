"""What intake may rely on with every platform, pulled or pushed, shown against the simulators."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from services.intake.platforms.hotline_12345 import HotlineFeed, read_push
from services.intake.platforms.incoming import Incoming, PulledSource, Unreadable
from services.intake.platforms.message_board import BoardFeed
from services.intake.platforms.wechat import WeChatCallback
from shared.clock import ManualClock
from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy
from shared.platform_kit.message_board_reader import BoardAccess
from shared.platform_kit.signatures import BadSignature
from waterdesk.simulators.app import build_app
from waterdesk.simulators.failure_modes import FailureMode, FailureQueue
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

NOW = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
COUNTY = "610122"
OURS = SimulatorSettings()
RETRY_POLICY = RetryPolicy(attempts=2, first_wait=0)
PAGE = 5
PULLED, PUSHED = ("12345 feed", "board feed"), ("12345 push", "wechat plain", "wechat safe")


@dataclass
class Intake:
    """Stands in for intake's HTTP API: what it received, and whether it is available."""

    received: list[Incoming | Unreadable] = field(default_factory=list)
    unavailable: bool = False
    rejected: int = 0
    token: str = OURS.wechat_token
    secret: str = OURS.hotline_secret
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def app(self) -> FastAPI:
        app = FastAPI()

        def accepted(one: Incoming | Unreadable | None) -> Response:
            if self.unavailable:
                return Response(status_code=503)
            if one is not None:
                self.received.append(one)
            return Response()

        @app.post("/platforms/12345/webhook")
        async def hotline(request: Request) -> Response:
            try:
                one = read_push(
                    request.headers,
                    request.url.path,
                    await request.body(),
                    secret=self.secret,
                    county=COUNTY,
                    now=self.clock.now(),
                )
            except BadSignature:
                self.rejected += 1
                return Response(status_code=401)
            answer = accepted(one)
            return answer if self.unavailable else Response('{"code":0}')

        @app.post("/platforms/wechat/callback")
        async def wechat(request: Request) -> Response:
            encrypted = "encrypt_type" in request.query_params
            callback = WeChatCallback(
                county=COUNTY,
                token=self.token,
                app_id=OURS.wechat_app_id,
                aes_key=OURS.wechat_aes_key if encrypted else None,
            )
            try:
                callback.check_query(request.query_params, self.clock.now())
                return accepted(callback.parse(request.query_params, await request.body()))
            except BadSignature:
                self.rejected += 1
                return Response(status_code=403)

        return app


@dataclass
class Bench:
    """One platform, and how its complaints reach us."""

    simulators: Simulators
    failures: FailureQueue
    operation: str
    """The simulator's name for the delivery."""
    submit: Callable[[str], str]
    """A resident submits this text there; returns the platform's number."""
    intake: Intake
    source: PulledSource | None
    with_wrong_key: PulledSource | None
    cursor: str | None = None

    async def collect(self, source: PulledSource | None = None) -> Sequence[Incoming | Unreadable]:
        """Everything the platform has now, all pages."""
        if self.source is None:
            before = len(self.intake.received)
            await self.simulators.deliver_pushes(everything=True)
            return self.intake.received[before:]
        came: list[Incoming | Unreadable] = []
        for _ in range(1000):
            page = await (source or self.source).fetch(self.cursor)
            came += page.incoming
            self.cursor = page.next_cursor
            if not page.has_more:
                return came
        raise AssertionError("the feed has no end")


def complaints(came: Sequence[Incoming | Unreadable]) -> dict[str, str]:
    """Delivery id → words, of messages that must all be readable."""
    assert all(isinstance(one, Incoming) for one in came)
    return {one.delivery_id: one.text for one in came if isinstance(one, Incoming)}


@pytest.fixture(params=[*PULLED, *PUSHED])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    intake = Intake()
    clock = intake.clock
    kind: str = request.param
    settings = SimulatorSettings(
        push_to="http://intake", wechat_safe_mode=kind != "wechat plain", hotline_push=True
    )
    app = build_app(settings, clock, httpx.ASGITransport(intake.app()))
    simulators: Simulators = app.state.simulators
    transport = httpx.ASGITransport(app)
    source: HotlineFeed | BoardFeed | None = None
    with_wrong_key: HotlineFeed | BoardFeed | None = None

    def ticket(words: str) -> str:
        return simulators.hotline.add_ticket({"issueDesc": words})

    if kind == "12345 feed":
        base = "http://platforms/12345"
        source, with_wrong_key = (
            HotlineFeed(
                base,
                OURS.hotline_app_id,
                secret,
                clock,
                county=COUNTY,
                page_size=PAGE,
                retry_policy=RETRY_POLICY,
                transport=transport,
            )
            for secret in (OURS.hotline_secret, "wrong")
        )
        failures, operation, submit = simulators.hotline.failures, "tickets", ticket
    elif kind == "board feed":
        source, with_wrong_key = (
            BoardFeed(
                BoardAccess("http://platforms/board", app_code),
                OURS.board_fid,
                county=COUNTY,
                page_size=PAGE,
                retry_policy=RETRY_POLICY,
                transport=transport,
            )
            for app_code in (OURS.board_app_code, "wrong")
        )

        def submit(words: str) -> str:
            return str(simulators.board.post_thread({"subject": "水", "content": words}))

        failures, operation = simulators.board.failures, "search"
    elif kind == "12345 push":
        failures, operation, submit = simulators.hotline.failures, "push", ticket
    else:

        def submit(words: str) -> str:
            return simulators.wechat.write_message("o-resident", words)

        failures, operation = simulators.wechat.failures, "push"
    yield Bench(simulators, failures, operation, submit, intake, source, with_wrong_key)
    for one in (source, with_wrong_key):
        if one:
            await one.close()
    await simulators.close()


pulled = pytest.mark.parametrize("bench", PULLED, indirect=True)
pushed = pytest.mark.parametrize("bench", PUSHED, indirect=True)


async def test_a_text_arrives_unchanged(bench: Bench) -> None:
    number = bench.submit("三组停水两天了。\n请来修")
    (came,) = await bench.collect()
    assert isinstance(came, Incoming)
    assert (came.external_id, came.county) == (number, COUNTY)
    assert came.text == "三组停水两天了。\n请来修"
    assert came.sent_at == NOW
    assert came.raw
    assert came.title


async def test_nothing_is_missed_over_many_pages(bench: Bench) -> None:
    submitted = {bench.submit(f"第{n}户没水") for n in range(3 * PAGE + 2)}
    assert {one.external_id for one in await bench.collect()} == submitted


async def test_nothing_new_brings_no_new_delivery(bench: Bench) -> None:
    for n in range(2 * PAGE):
        bench.submit(f"第{n}户没水")
    first = complaints(await bench.collect())
    assert complaints(await bench.collect()).keys() <= first.keys()


async def test_a_submission_between_two_polls_arrives(bench: Bench) -> None:
    arrived: dict[str, str] = {}
    for round_ in range(4):
        for n in range(PAGE + 1):
            bench.submit(f"{round_}/{n}")
        arrived |= complaints(await bench.collect())
    assert len(arrived) == len(set(arrived.values())) == 4 * (PAGE + 1)


async def test_a_delivery_made_twice_carries_the_same_id(bench: Bench) -> None:
    bench.submit("没水")
    bench.failures.add(FailureMode.DUPLICATE, on=bench.operation)
    came = await bench.collect()
    assert len(came) == 2
    assert len(complaints(came)) == 1


async def test_disorder_loses_nothing(bench: Bench) -> None:
    submitted = [f"第{n}户没水" for n in range(3 * PAGE)]
    for words in submitted:
        bench.submit(words)
    bench.failures.add(FailureMode.DISORDER, times=2, on=bench.operation)
    arrived = [*complaints(await bench.collect()).values()]
    assert sorted(arrived) == sorted(submitted)


@pulled
@pytest.mark.parametrize(
    "kind", [FailureMode.ERROR_5XX, FailureMode.TIMEOUT_BEFORE_ACCEPTING, FailureMode.WAF_403]
)
async def test_an_unavailable_platform_delays_and_loses_nothing(
    bench: Bench, kind: FailureMode
) -> None:
    submitted = {bench.submit(f"第{n}户没水") for n in range(2 * PAGE)}
    bench.failures.add(kind, times=RETRY_POLICY.attempts, on=bench.operation)
    with pytest.raises(PlatformUnavailable) as caught:
        await bench.collect()
    assert "没水" not in str(caught.value)
    bench.failures.clear()
    assert {one.external_id for one in await bench.collect()} == submitted


@pulled
async def test_one_transient_error_is_retried_at_once(bench: Bench) -> None:
    bench.submit("没水")
    bench.failures.add(FailureMode.ERROR_5XX, on=bench.operation)
    assert len(await bench.collect()) == 1


@pulled
async def test_a_firewall_is_not_asked_again_at_once(bench: Bench) -> None:
    bench.failures.add(FailureMode.WAF_403, times=2, on=bench.operation)
    with pytest.raises(PlatformUnavailable) as caught:
        await bench.collect()
    assert len(bench.failures.waiting()) == 1, "asked only once"
    assert isinstance(caught.value, PlatformRejected) or caught.value.retry_after


@pulled
async def test_a_wrong_key_is_reported_as_such(bench: Bench) -> None:
    bench.submit("没水")
    with pytest.raises(PlatformRejected):
        await bench.collect(bench.with_wrong_key)


@pulled
async def test_a_page_whose_cursor_was_not_stored_comes_again(bench: Bench) -> None:
    assert bench.source
    submitted = {bench.submit(f"第{n}户没水") for n in range(3 * PAGE)}
    arrived = set()
    for _ in range(1000):
        lost = await bench.source.fetch(bench.cursor)
        again = await bench.source.fetch(bench.cursor)
        assert complaints(lost.incoming).keys() <= complaints(again.incoming).keys()
        arrived |= {one.external_id for one in again.incoming}
        bench.cursor = again.next_cursor
        if not again.has_more:
            break
    assert arrived == submitted


@pulled
async def test_a_submission_while_pages_are_read_arrives(bench: Bench) -> None:
    assert bench.source
    submitted = {bench.submit(f"第{n}户没水") for n in range(2 * PAGE + 1)}
    page = await bench.source.fetch(None)
    bench.cursor = page.next_cursor
    submitted |= {bench.submit(f"又有第{n}户没水") for n in range(PAGE + 2)}
    arrived = {one.external_id for one in page.incoming}
    arrived |= {one.external_id for one in await bench.collect()}
    arrived |= {one.external_id for one in await bench.collect()}
    assert arrived == submitted


@pushed
async def test_a_push_we_did_not_accept_comes_again_as_the_same_delivery(bench: Bench) -> None:
    bench.submit("没水")
    bench.intake.unavailable = True
    assert await bench.collect() == []
    bench.intake.unavailable = False
    assert len(complaints(await bench.collect())) == 1
    assert await bench.collect() == []


@pushed
async def test_a_forged_push_is_rejected(bench: Bench) -> None:
    bench.intake.token = bench.intake.secret = "another"
    bench.submit("没水")
    assert await bench.collect() == []
    assert bench.intake.rejected == 1


@pushed
async def test_a_late_push_arrives(bench: Bench) -> None:
    bench.submit("没水")
    bench.failures.add(FailureMode.LATE, on="push")
    assert await bench.collect() == []
    bench.intake.clock.advance(timedelta(minutes=2))
    assert len(await bench.collect()) == 1


@pytest.mark.parametrize("bench", ["12345 feed", "12345 push"], indirect=True)
async def test_edits_and_chases_keep_the_number_and_are_new_deliveries(bench: Bench) -> None:
    number = bench.submit("没水")
    bench.intake.clock.advance(timedelta(hours=1))
    bench.simulators.hotline.edit_ticket(number, {"issueDesc": "没水，水表也坏了"})
    bench.intake.clock.advance(timedelta(hours=2))
    bench.simulators.hotline.chase_ticket(number, "怎么还没人来")
    came = await bench.collect()
    assert [one.external_id for one in came] == [number] * 3
    assert list(complaints(came).values()) == ["没水", "没水，水表也坏了", "怎么还没人来"]
    assert all(isinstance(one, Incoming) and one.sent_at == NOW for one in came)
    assert [(one.kind, one.stated_at) for one in came if isinstance(one, Incoming)] == [
        ("complaint", NOW),
        ("complaint", NOW + timedelta(hours=1)),
        ("chase", NOW + timedelta(hours=3)),
    ]


@pytest.mark.parametrize("bench", ["12345 feed"], indirect=True)
async def test_feed_and_push_bring_the_same_deliveries(bench: Bench) -> None:
    bench.submit("没水")
    pulled_one = complaints(await bench.collect())
    await bench.simulators.deliver_pushes()
    assert complaints(bench.intake.received) == pulled_one


@pytest.mark.parametrize("bench", ["board feed"], indirect=True)
async def test_a_thread_is_read_again_for_edits(bench: Bench) -> None:
    assert isinstance(bench.source, BoardFeed)
    number = bench.submit("没水")
    first = complaints(await bench.collect())
    assert complaints(await bench.source.reread([number])) == first
    bench.simulators.board.edit_thread(int(number), {"content": "来水了"})
    again = complaints(await bench.source.reread([number, "404"]))
    assert [*again.values()] == ["来水了"]
    assert not again.keys() & first.keys()


@pytest.mark.parametrize("bench", ["board feed"], indirect=True)
async def test_a_thread_held_back_for_review_arrives(bench: Bench) -> None:
    for tid in range(101, 101 + 2 * PAGE):
        bench.simulators.board.post_thread({"content": "没水"}, tid=tid * 2)
    await bench.collect()
    bench.simulators.board.post_thread({"content": "刚通过审核"}, tid=(100 + 2 * PAGE) * 2 - 1)
    assert "刚通过审核" in complaints(await bench.collect()).values()
