"""What becomes of deliveries, whatever the platform makes of their order and number."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from services.intake.handlers.taking import Desk, Taken, take
from services.intake.models import Complaint, Outcome, RawMessage, ResidentData, Words
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.platforms.source import Unreadable
from shared.bus.tables import outbox as outbox_table
from shared.db import Database
from shared.events.event import Event
from tests.conftest import NOW
from tests.integration.intake.letters import COUNTY, chase, message, order


async def taken(
    database: Database,
    desk: Desk,
    *arrivals: Incoming | Unreadable,
    platform: Platform = Platform.HOTLINE_12345,
) -> tuple[list[Taken], list[Event]]:
    """Take `arrivals` in one transaction: what became of each, and the events told."""
    async with database.work() as (session, outbox):
        outcomes = await take(
            session,
            outbox,
            arrivals,
            database.clock.now(),
            platform=platform,
            county=COUNTY,
            desk=desk,
        )
        events = list(outbox.events)
    return outcomes, events


def outcomes_of(taken: Sequence[Taken]) -> list[Outcome]:
    return [one.outcome for one in taken]


def told(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def complaints(database: Database) -> Sequence[Complaint]:
    async with database.reading() as session:
        return (await session.exec(select(Complaint).order_by(Complaint.external_id))).all()


async def count(database: Database, table: Any) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_new_order_is_stored_whole_and_told_once(database: Database, desk: Desk) -> None:
    outcomes, events = await taken(database, desk, order())

    (complaint,) = await complaints(database)
    assert outcomes == [Taken(Outcome.RECEIVED, complaint.id)]
    assert told(events) == ["ComplaintReceived"]
    assert (complaint.category, complaint.village, complaint.town, complaint.group) == (
        "outage",
        "樊家村委会",
        "三里镇",
        "三组",
    )
    assert not complaint.needs_human
    assert await count(database, RawMessage) == 1
    assert await count(database, Words) == 1
    assert await count(database, ResidentData) == 1
    assert await count(database, outbox_table) == 1


async def test_the_same_delivery_again_changes_nothing(database: Database, desk: Desk) -> None:
    await taken(database, desk, order())
    outcomes, events = await taken(database, desk, order(), order())

    assert outcomes_of(outcomes) == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert events == []
    assert await count(database, RawMessage) == 1


async def test_the_same_delivery_twice_in_one_page_is_taken_once(
    database: Database, desk: Desk
) -> None:
    outcomes, events = await taken(database, desk, order(), order())

    assert outcomes_of(outcomes) == [Outcome.RECEIVED, Outcome.DUPLICATE]
    assert told(events) == ["ComplaintReceived"]
