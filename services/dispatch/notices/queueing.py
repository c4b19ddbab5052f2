"""Queue what staff are to be told. The sender does the rest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.models import Staff, StaffMessage
from services.dispatch.rules.staff_messages import Button, Way, ways_of
from shared.sql import any_of, table_of

_messages = table_of(StaffMessage)
_INSERT = insert(_messages).on_conflict_do_nothing().returning(_messages.c.id)
_STAFF = select(Staff).where(col(Staff.sign_in_name) == any_of("names"), col(Staff.active))


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is to be told of one alert.

    `alert_id`: a person is told of it once, however often it is queued. `title` (26 characters) and
    `body` (100) are cut by the provider where they are longer; neither holds a resident's name,
    phone or address line. `not_before`: the end of quiet hours, or now. `buttons` other than
    ACKNOWLEDGE act on the work order.
    """

    alert_id: str
    sign_in_name: str
    title: str
    body: str
    not_before: datetime
    urgent: bool = False
    work_order_id: str | None = None
    buttons: Sequence[Button] = ()


async def queue(
    session: AsyncSession, notices: Sequence[Notice], configured: Collection[Way], now: datetime
) -> Mapping[tuple[str, str], Way]:
    """Queue one message a person and alert, by the best of their ways. Returns the way chosen, by
    alert and sign-in name, of those that were not queued before. People who are not active, or
    unknown, are told nothing, and nobody where no way is `configured`."""
    if not notices or not configured:
        return {}
    names = sorted({notice.sign_in_name for notice in notices})
    found = await session.execute(_STAFF, {"names": names})
    people = {person.sign_in_name: person for person in found.scalars()}
    chosen = {}
    for notice in notices:
        if person := people.get(notice.sign_in_name):
            message = _message(notice, person, ways_to(person, configured)[0], now)
            if (await session.execute(_INSERT, message.model_dump())).scalar_one_or_none():
                chosen[notice.alert_id, notice.sign_in_name] = Way(message.way)
    return chosen


def ways_to(person: Staff, configured: Collection[Way]) -> tuple[Way, ...]:
    """The best first; the console is always the last."""
    return ways_of(
        configured,
        has_wecom=bool(person.wecom_userid),
        has_phone=bool(person.phone),
        declined=person.declined_ways,
    )


def _message(notice: Notice, person: Staff, way: Way, now: datetime) -> StaffMessage:
    return StaffMessage.queued(
        county=person.county,
        alert_id=notice.alert_id,
        sign_in_name=notice.sign_in_name,
        way=way,
        title=notice.title,
        body=notice.body,
        urgent=notice.urgent,
        not_before=notice.not_before,
        now=now,
        work_order_id=notice.work_order_id,
        buttons=[button.value for button in notice.buttons],
    )
