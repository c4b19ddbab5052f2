"""Cards at WeCom show what has become of them. The step itself has been taken whatever the card
says: a code that WeCom does not take (used, or older than 72 hours) loses only the picture."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import bindparam, select
from sqlmodel import col

from services.dispatch.models import CardUpdate, Staff, StaffMessage
from services.dispatch.rules.staff_messages import Button, Way
from shared.database_time import DatabaseTime
from shared.http import PlatformUnavailable
from shared.send_once import Ambiguous, Refused

from .by_wecom import WeComWay
from .deliveries import address_of, outgoing_of
from .sender import MessageSender
from .ways import OutgoingMessage

_AT_ONCE = 8

log = structlog.get_logger(__name__)

_DUE = (
    select(CardUpdate)
    .where(col(CardUpdate.state) == "queued", col(CardUpdate.next_attempt_at) <= bindparam("now"))
    .order_by(col(CardUpdate.next_attempt_at))
    .limit(_AT_ONCE)
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True, slots=True)
class _Claimed:
    message: OutgoingMessage
    response_code: str = field(repr=False)
    words: str
    buttons: tuple[Button, ...]
    attempts: int


async def update_cards(sender: MessageSender) -> int:
    """Change the cards that are due. Returns how many."""
    way = sender.ways.get(Way.WECOM)
    if not isinstance(way, WeComWay):
        return 0
    claims = await _claim(sender)
    for claimed in claims:
        await _show(sender, way, claimed)
    return len(claims)


async def _claim(sender: MessageSender) -> list[_Claimed]:
    claims = []
    async with sender.database.work() as (session, _):
        now = await DatabaseTime(sender.database.clock).now(session)
        due = await session.execute(_DUE, {"now": now})
        for update in due.scalars():
            message = await session.get_one(StaffMessage, update.message_id)
            person = await session.get_one(Staff, message.sign_in_name)
            address = address_of(person, Way.WECOM)
            if address is None or not update.claim(now, now + sender.rules.pace.lease):
                update.end("lost")
                continue
            claims.append(
                _Claimed(
                    outgoing_of(message, address),
                    update.response_code,
                    update.shown or "",
                    tuple(map(Button, update.buttons)),
                    update.attempts,
                )
            )
    return claims


async def _show(sender: MessageSender, way: WeComWay, claimed: _Claimed) -> None:
    pause = None
    state = "shown"
    try:
        await way.show(claimed.message, claimed.response_code, claimed.words, claimed.buttons)
    except PlatformUnavailable as unavailable:
        pause = sender.rules.pace.wait_after(claimed.attempts, unavailable.retry_after)
    except Ambiguous as ambiguous:
        pause = sender.rules.pace.wait_after(claimed.attempts, ambiguous.retry_after)
    except Refused as refused:
        state = "lost"
        log.warning("card_not_changed", message_id=claimed.message.id, code=str(refused))
    async with sender.database.work() as (session, _):
        now: datetime = await DatabaseTime(sender.database.clock).now(session)
        update = await session.get_one(CardUpdate, claimed.response_code)
        if pause is None:
            update.end(state)
        else:
            update.next_attempt_at = now + pause
