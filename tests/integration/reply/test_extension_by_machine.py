"""More time: asked of 12345 once, whatever breaks; its answer counts in any order; the resident is
told. The simulators' journal is the judge."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from services.reply.channels.channel import ExtendingChannel, TimeAsked
from services.reply.commands import AnswerExtension, AskExtension
from services.reply.context import transaction
from services.reply.extension_sender import ExtensionSender
from services.reply.handlers.deadline_extensions import (
    answer_extension,
    ask_for_extension,
    note_told,
)
from services.reply.models import ExtensionRequest
from services.reply.rules.deadlines import Stage
from services.reply.rules.extensions import ExtensionState, ResidentNews
from services.reply.rules.objections import CommandRejected, Objection
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.clock import SHANGHAI
from shared.events.replies import ExtensionChanged
from tests.integration.reply.crashes import Killed
from tests.integration.reply.events import COUNTY, DAY, HOUR, edited, received
from tests.integration.reply.postbox import PACE, Postbox
from waterdesk.simulators.failure_modes import FailureMode

CLERK = Person("zhao", Role.REVIEWER, COUNTY)
HOTLINE = "hotline_12345"


class Office:
    """Somebody who asks for more time on the complaint c1."""

    def __init__(self, postbox: Postbox) -> None:
        self.postbox = postbox
        self.number = ""

    async def has_complaint(self, platform: str = HOTLINE, limit: str | None = "5个工作日") -> None:
        self.number = self.postbox.asks("c1", platform)
        await self.postbox.harness.receives(
            received(
                platform=platform,
                external_id=self.number,
                sent_at=self.postbox.now,
                time_limit=limit,
            )
        )

    async def asks(self, stage: Stage = Stage.RESOLVE, more: timedelta = 3 * DAY) -> datetime:
        """Returns the limit asked for."""
        until = await self.due_at(stage) + more
        command = AskExtension(new_due_at=until, reason="需换主管，等材料")
        async with transaction(self.postbox.harness.database, self.postbox.config) as context:
            await ask_for_extension(context, "c1", stage, command, CLERK)
        return until

    async def due_at(self, stage: Stage) -> datetime:
        return (await self.postbox.harness.deadlines())[stage].due_at

    async def request(self) -> ExtensionRequest:
        async with self.postbox.harness.database.reading() as session:
            return (await session.exec(select(ExtensionRequest))).one()

    def sender(self, channel: ExtendingChannel | None = None) -> ExtensionSender:
        usual = self.postbox.extension_sender
        return replace(usual, extending={HOTLINE: channel}) if channel else usual

    async def until(self, *states: ExtensionState) -> None:
        """Time goes by and the sender goes on."""
        for _ in range(50):
            await self.sender().once()
            request = await self.request()
            if request.state in states and request.resident != ResidentNews.TO_TELL:
                return
            if request.next_at is not None:
                self.postbox.harness.clock.move_to(max(request.next_at, self.postbox.now))
        raise AssertionError(f"{request.state} for ever")

    async def learns_of_change(self) -> None:
        """Intake has read the ticket again."""
        ticket = self.postbox.simulators.hotline.page("", 50)["orders"][-1]
        await self.postbox.harness.receives(edited(time_limit=ticket["timeLimit"]))

    def asked(self) -> int:
        """How often the platform was asked."""
        return len(list(self.postbox.simulators.journal.entries(kind="extension_asked")))

    def decides(self, *, granted: bool, until: datetime | None = None) -> None:
        limit = f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if until else None
        self.postbox.simulators.hotline.decide_extension(self.number, granted=granted, until=limit)


@pytest.fixture
def office(postbox: Postbox) -> Office:
    return Office(postbox)


@pytest.mark.parametrize("order", ["asked again", "ticket read", "both", "both, the other way"])
@pytest.mark.parametrize("other_date", [None, timedelta(days=1)])
async def test_what_12345_grants_counts_whichever_way_it_is_learned(
    office: Office, order: str, other_date: timedelta | None
) -> None:
    await office.has_complaint()
    until = await office.asks()
    await office.until(ExtensionState.ASKED)
    assert await office.due_at(Stage.RESOLVE) < until
    granted = until - other_date if other_date else until
    office.decides(granted=True, until=granted)
    if order in ("ticket read", "both, the other way"):
        await office.learns_of_change()
        assert (await office.request()).next_at == office.postbox.now, "it looks at once"
    await office.until(ExtensionState.GRANTED)
    if order == "both":
        await office.learns_of_change()
    for stage in (Stage.RESOLVE, Stage.REPLY):
        assert await office.due_at(stage) == granted, stage
    resolve = (await office.postbox.harness.deadlines())[Stage.RESOLVE]
    assert (resolve.extensions_granted, resolve.extension_asked_until) == (1, None)
    request = await office.request()
    assert (request.resident, request.granted_until) == (ResidentNews.BY_HAND, granted)
    async with transaction(office.postbox.harness.database, office.postbox.config) as context:
        await note_told(context, request.id, CLERK)
    told = await office.request()
    assert (told.resident, told.told_by) == (ResidentNews.TOLD, "zhao")


async def test_what_12345_declines_leaves_the_old_limit_and_is_told(office: Office) -> None:
    await office.has_complaint()
    before = await office.due_at(Stage.REPLY)
    await office.asks(Stage.REPLY)
    await office.until(ExtensionState.ASKED)
    office.decides(granted=False)
    await office.learns_of_change()
    await office.until(ExtensionState.DECLINED)
    assert await office.due_at(Stage.REPLY) == before
    assert (await office.request()).resident == ResidentNews.NONE
    told = await office.postbox.recorded()
    assert told.count(ExtensionChanged.type) >= 3


@pytest.mark.parametrize(
    "mode",
    [
        FailureMode.TIMEOUT_AFTER_ACCEPTING,
        FailureMode.TIMEOUT_BEFORE_ACCEPTING,
        FailureMode.ERROR_500_AFTER_ACCEPTING,
        FailureMode.ERROR_503_AFTER_ACCEPTING,
        FailureMode.OUTAGE,
    ],
)
async def test_12345_is_asked_once_whatever_it_answers(office: Office, mode: FailureMode) -> None:
    await office.has_complaint()
    await office.asks()
    on = None if mode is FailureMode.OUTAGE else "extension"
    office.postbox.failures_of(HOTLINE).add(mode, on=on, amount=6 * 3600)
    await office.sender().once()
    waiting = await office.request()
    assert waiting.next_at is not None
    assert waiting.why in ("ambiguous", "unavailable")
    await office.until(ExtensionState.ASKED)
    assert office.asked() == 1


@pytest.mark.parametrize("after", [True, False])
async def test_a_kill_round_the_call_asks_once(office: Office, after: bool) -> None:
    await office.has_complaint()
    await office.asks()
    real = office.postbox.channels.extending[HOTLINE]

    class Dying:
        profile, appears_within = real.profile, real.appears_within

        async def ask_time(self, asked: TimeAsked) -> None:
            if after:
                await real.ask_time(asked)
            raise Killed

    with suppress(Killed):
        await office.sender(Dying()).once()  # type: ignore[arg-type]
    assert (await office.request()).state == ExtensionState.SENDING
    office.postbox.harness.clock.advance(PACE.lease)
    await office.until(ExtensionState.ASKED)
    assert office.asked() == 1


async def test_what_12345_refuses_waits_for_a_person_who_may_enter_the_answer(
    office: Office,
) -> None:
    await office.has_complaint()
    until = await office.asks()
    office.postbox.simulators.hotline.close_ticket(office.number)
    await office.until(ExtensionState.STUCK)
    command = AnswerExtension(granted=True, new_due_at=until - DAY)
    async with transaction(office.postbox.harness.database, office.postbox.config) as context:
        await answer_extension(context, "c1", Stage.RESOLVE, command, CLERK)
    request = await office.request()
    assert (request.state, request.answered_by) == (ExtensionState.GRANTED, "zhao")
    assert await office.due_at(Stage.RESOLVE) == until - DAY


@pytest.mark.parametrize(
    ("mode", "told", "messages"),
    [
        (None, ResidentNews.TOLD, 1),
        (FailureMode.WAF_403, ResidentNews.TOLD, 1),
        (FailureMode.TIMEOUT_AFTER_ACCEPTING, ResidentNews.BY_HAND, 1),
    ],
)
async def test_a_follower_is_told_on_wechat_once_or_phoned(
    office: Office, mode: FailureMode | None, told: ResidentNews, messages: int
) -> None:
    await office.has_complaint("wechat", limit=None)
    until = await office.asks(Stage.REPLY, HOUR)
    assert (await office.request()).state == ExtensionState.BY_HAND
    async with transaction(office.postbox.harness.database, office.postbox.config) as context:
        command = AnswerExtension(granted=True)
        await answer_extension(context, "c1", Stage.REPLY, command, CLERK)
    if mode:
        office.postbox.failures_of("wechat").add(mode, on="customer_message")
    await office.until(ExtensionState.GRANTED)
    assert (await office.request()).resident == told
    taken = office.postbox.taken()
    assert len(taken) == messages
    by = until.astimezone(SHANGHAI)
    assert f"{by.month}月{by.day}日{by:%H:%M}前" in str(taken[0]["content"])
    assert (await office.postbox.harness.deadlines())[Stage.REPLY].met_at is None


async def test_a_stage_is_not_asked_beyond_the_next_where_each_has_its_own_limit(
    office: Office,
) -> None:
    await office.has_complaint("wechat", limit=None)
    reply_due_at = await office.due_at(Stage.REPLY)
    resolve_due_at = await office.due_at(Stage.RESOLVE)
    beyond = reply_due_at - resolve_due_at + HOUR
    with pytest.raises(CommandRejected) as caught:
        await office.asks(Stage.RESOLVE, beyond)
    assert caught.value.objection is Objection.AFTER_NEXT_STAGE
