"""Short ways to ingest deliveries and to look at what is stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import select

from services.intake.context import Context
from services.intake.handlers.ingest import ingest
from services.intake.models import Complaint, DeliveryResult, Ingested
from services.intake.platforms.incoming import Incoming, Platform, Unreadable
from shared.db import Database
from shared.events.event import Event
from tests.integration.intake.deliveries import COUNTY


async def ingest_together(
    database: Database,
    context: Context,
    *deliveries: Incoming | Unreadable,
    platform: Platform = Platform.HOTLINE_12345,
) -> tuple[list[DeliveryResult], list[Event]]:
    """The result of each, and the events."""
    ingested, events = await ingest_fully(database, context, deliveries, platform)
    return [one.result for one in ingested], events


async def ingest_fully(
    database: Database,
    context: Context,
    deliveries: Sequence[Incoming | Unreadable],
    platform: Platform = Platform.HOTLINE_12345,
) -> tuple[list[Ingested], list[Event]]:
    async with database.work() as (session, outbox):
        now = database.clock.now()
        ingested = await ingest(
            session, outbox, deliveries, now, platform=platform, county=COUNTY, context=context
        )
        events = list(outbox.events)
    return ingested, events


def names_of(events: Sequence[Event]) -> list[str]:
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
