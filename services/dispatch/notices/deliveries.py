"""Messages on their way: claim what is due, and write down what became of it.

Two transactions with the provider between them, as for replies: whatever dies in the middle leaves
a row that says so. Claims are judged by the database's clock alone.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import CardUpdate, Staff, StaffMessage
from services.dispatch.rules.staff_messages import (
    Attempt,
    Button,
    MessageState,
    Patience,
    Result,
    Step,
    Tried,
    Way,
    WayProfile,
    attempt_for,
    next_step,
    next_way,
    paused_until,
)
from shared.advisory_locks import AdvisoryLock
from shared.pace import Pace
from shared.platform_kit.wecom import CODE_USABLE_FOR
from shared.sql import any_of, table_of

from .queueing import ways_to
from .ways import Delivered, OutgoingMessage

log = structlog.get_logger(__name__)

_messages, _cards = table_of(StaffMessage), table_of(CardUpdate)
_DUE = (
    select(StaffMessage)
    .where(
        col(StaffMessage.state).in_([MessageState.QUEUED.value, MessageState.SENDING.value]),
        col(StaffMessage.next_attempt_at) <= bindparam("now"),
    )
    .order_by(col(StaffMessage.urgent).desc(), col(StaffMessage.next_attempt_at))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_PEOPLE = select(Staff).where(col(Staff.sign_in_name) == any_of("names"))
_LOCK_PERSON = select(
    func.pg_advisory_xact_lock(AdvisoryLock.MESSAGES_TO_PERSON, func.hashtext(bindparam("name")))
)
_SENT_LATELY = select(_messages.c.sign_in_name, _messages.c.way, _messages.c.sent_at).where(
    _messages.c.sign_in_name == any_of("names"), _messages.c.sent_at > bindparam("since")
)
_KEEP_CODE = insert(_cards).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class SendingRules:
    """What is fixed for the process."""

    profiles: Mapping[Way, WayProfile]
    pace: Pace = field(default_factory=lambda: Pace(longest_wait=timedelta(minutes=10)))
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One attempt that is ours until `until`, by the database's clock."""

    id: str
    way: Way
    number: int
    """The message's attempts with this one: a sender with an older number has lost the claim."""
    attempt: Attempt
    due_since: datetime
    """Since when the person was to be told by this way."""
    sent_at: datetime
    until: datetime
    outgoing: OutgoingMessage


async def claim(
    session: AsyncSession, rules: SendingRules, limit: int, now: datetime
) -> list[Claimed]:
    """Take what is due. Commit before acting on it."""
    due = await session.execute(_DUE, {"now": now, "limit": limit})
    messages = due.scalars().all()
    if not messages:
        return []
    names = sorted({message.sign_in_name for message in messages})
    people = await session.execute(_PEOPLE, {"names": names})
    person_of = {person.sign_in_name: person for person in people.scalars()}
    lately = await _sent_lately(session, names, now)
    found = (
        await _claim_one(session, rules, message, person_of[message.sign_in_name], lately, now)
        for message in messages
    )
    return [claimed async for claimed in found if claimed is not None]


async def _claim_one(
    session: AsyncSession,
    rules: SendingRules,
    message: StaffMessage,
    person: Staff,
    lately: Mapping[tuple[str, str], list[datetime]],
    now: datetime,
) -> Claimed | None:
    """None: it waits, or has ended."""
    way = Way(message.way)
    profile = rules.profiles.get(way)
    address = address_of(person, way)
    if profile is None or address is None or not person.active:
        gone = "way_off" if profile is None else "no_address" if person.active else "not_active"
        await _end(session, rules, message, person, Step(MessageState.FAILED, why=gone), now)
        return None
    state = MessageState(message.state)
    attempt = attempt_for(state, profile, message.sent_at, now, rules.pace)
    if attempt is Attempt.GIVE_UP:
        step = Step(MessageState.GAVE_UP, why="unconfirmed")
        await _end(session, rules, message, person, step, now)
        return None
    sent = lately[message.sign_in_name, message.way]
    if attempt is not Attempt.LOOK and profile.per_minute is not None:
        if (later := paused_until(sent, profile.per_minute, now)) is not None:
            message.wait_until(later)
            return None
        sent.append(now)
    until = now + rules.pace.lease
    message.claim(attempt, now, until)
    assert message.sent_at is not None
    outgoing = outgoing_of(message, address)
    due_since = max(message.queued_at, message.not_before)
    return Claimed(
        message.id,
        way,
        message.attempts,
        attempt,
        due_since,
        message.sent_at,
        until,
        outgoing,
    )


async def record_attempt(
    session: AsyncSession,
    rules: SendingRules,
    claimed: Claimed,
    tried: Tried,
    delivered: Delivered | None,
    now: datetime,
    *,
    code: str | None = None,
) -> str:
    """Write down the result; returns the state the message has now. An attempt that lost its claim
    may only bring the news that it has arrived. `code`: the provider's, of a refusal."""
    found = await session.execute(
        select(StaffMessage).where(col(StaffMessage.id) == claimed.id).with_for_update()
    )
    message = found.scalar_one()
    if tried.result is Result.SENT:
        if message.state != MessageState.SENT:
            message.arrive(delivered.provider_id if delivered else None, now)
        if delivered and delivered.response_code:
            await _keep_code(session, message, delivered.response_code, now)
    elif message.is_claimed_by(claimed.number):
        person = await session.get_one(Staff, message.sign_in_name)
        another = _another_way(await _ways_tried(session, message), person, rules)
        patience = rules.patience.of(
            urgent=message.urgent, has_another_way=another not in (None, Way.CONSOLE)
        )
        step = next_step(tried, rules.profiles[claimed.way], rules.pace, patience, now)
        await _end(session, rules, message, person, step, now, code=code)
    return message.state


async def _end(
    session: AsyncSession,
    rules: SendingRules,
    message: StaffMessage,
    person: Staff,
    step: Step,
    now: datetime,
    *,
    code: str | None = None,
) -> None:
    """Follow the step; where the way has failed, the person is told by the next one. What may have
    arrived is never told by another."""
    message.follow(step, now, code)
    if step.state is not MessageState.FAILED or not person.active:
        return
    another = _another_way(await _ways_tried(session, message), person, rules)
    if another is not None:
        following = message.by(another, now)
        await session.execute(insert(_messages).on_conflict_do_nothing(), following.model_dump())
    log.warning(
        "staff_message_failed",
        message_id=message.id,
        way=message.way,
        why=step.why,
        code=code,
        next_way=another,
    )


def address_of(person: Staff, way: Way) -> str | None:
    return {Way.WECOM: person.wecom_userid, Way.SMS: person.phone}.get(way)


def outgoing_of(message: StaffMessage, address: str) -> OutgoingMessage:
    return OutgoingMessage(
        message.id,
        address,
        message.title,
        message.body,
        [Button(button) for button in message.buttons],
    )


def _another_way(tried: Collection[str], person: Staff, rules: SendingRules) -> Way | None:
    return next_way(ways_to(person, tuple(rules.profiles)), tried)


async def _ways_tried(session: AsyncSession, message: StaffMessage) -> Sequence[str]:
    found = await session.execute(
        select(_messages.c.way).where(
            _messages.c.alert_id == message.alert_id,
            _messages.c.sign_in_name == message.sign_in_name,
        )
    )
    return found.scalars().all()


async def _sent_lately(
    session: AsyncSession, names: Sequence[str], now: datetime
) -> dict[tuple[str, str], list[datetime]]:
    """When messages to these people left within the last minute. Until the commit no other sender
    claims any for them: names are sorted, so two senders do not lock each other out."""
    for name in names:
        await session.execute(_LOCK_PERSON, {"name": name})
    found = await session.execute(
        _SENT_LATELY, {"names": names, "since": now - timedelta(minutes=1)}
    )
    lately: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for name, way, sent_at in found:
        lately[name, way].append(sent_at)
    return lately


async def _keep_code(
    session: AsyncSession, message: StaffMessage, code: str, now: datetime
) -> None:
    kept = CardUpdate(
        response_code=code,
        message_id=message.id,
        usable_until=now + CODE_USABLE_FOR,
        buttons=[],
        state="kept",
    )
    await session.execute(_KEEP_CODE, kept.model_dump())
