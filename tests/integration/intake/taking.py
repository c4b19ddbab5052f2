"""Short ways to take deliveries and to look at what is stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import select

from services.intake.handlers.taking import Desk, Taken, take
from services.intake.models import Complaint, Outcome
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.platforms.source import Unreadable
from shared.db import Database
from shared.events.event import Event
from tests.integration.intake.letters import COUNTY


async def take_in_one_transaction(
    database: Database,
    desk: Desk,
    *arrivals: Incoming | Unreadable,
    platform: Platform = Platform.HOTLINE_12345,
) -> tuple[list[Outcome], list[Event]]:
    """What became of each, and the events told."""
    taken, events = await take_fully(database, desk, arrivals, platform)
    return [one.outcome for one in taken], events


async def take_fully(
    database: Database,
    desk: Desk,
    arrivals: Sequence[Incoming | Unreadable],
    platform: Platform = Platform.HOTLINE_12345,
) -> tuple[list[Taken], list[Event]]:
    async with database.work() as (session, outbox):
        now = database.clock.now()
        taken = await take(
            session, outbox, arrivals, now, platform=platform, county=COUNTY, desk=desk
        )
        events = list(outbox.events)
    return taken, events


def told(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def complaints(database: Database) -> Sequence[Complaint]:
    async with database.reading() as session:
        return (await session.exec(select(Complaint).order_by(Complaint.external_id))).all()


async def the_complaint(database: Database) -> Complaint:
    (complaint,) = await complaints(database)
    return complaint


async def count(database: Database, table: Any) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
