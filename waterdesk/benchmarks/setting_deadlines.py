"""How fast reply sets deadlines, and meets them and drafts replies after the repairs: one
connection, batches of 500, real PostgreSQL.

    .venv/bin/python -m waterdesk.benchmarks.setting_deadlines [COMPLAINTS]
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from services.reply.channel_registry import known_profiles
from services.reply.context import DatabaseTime, Office, ReplyConfig
from services.reply.rulebook import read_rulebook
from services.reply.subscriptions import handlers
from shared.clock import ManualClock
from shared.db import Database
from shared.embedded_postgres import embedded_postgres
from shared.events.complaints import ComplaintReceived, Decision
from shared.events.event import Envelope
from shared.events.work_orders import ComplaintsLinked, WorkOrderRepaired
from shared.migrations import make_database, migrate

BATCH = 500
START = datetime(2026, 10, 12, 1, 30, tzinfo=UTC)
_LIMITS = (None, "5个工作日", "24小时", "3个工作日")


def _complaint(number: int) -> Envelope[ComplaintReceived]:
    at = START + timedelta(seconds=number)
    data = ComplaintReceived(
        complaint_id=f"c{number:08d}",
        county="610122",
        platform="hotline_12345",
        external_id=str(number),
        sent_at=at,
        received_at=at,
        time_limit=_LIMITS[number % len(_LIMITS)],
        decision=Decision(
            is_ours=True,
            category="outage",
            urgent=number % 10 == 0,
            category_confidence=0.9,
            place_confidence=0.9,
            needs_human=False,
        ),
    )
    return Envelope(id=str(number), time=at, sequence=number, data=data)


def _linked(number: int) -> Envelope[ComplaintsLinked]:
    data = ComplaintsLinked(
        work_order_id=f"w{number:08d}",
        county="610122",
        complaint_ids=(f"c{number:08d}",),
        linked_at=START + timedelta(seconds=number, minutes=1),
        reason="same_fault",
    )
    return Envelope(id=f"l{number}", time=data.linked_at, sequence=number, data=data)


def _repaired(number: int) -> Envelope[WorkOrderRepaired]:
    data = WorkOrderRepaired(
        work_order_id=f"w{number:08d}",
        county="610122",
        crew_id="k1",
        component="pump",
        found="水泵电机烧毁",
        done="更换电机",
        repaired_at=START + timedelta(seconds=number, hours=4),
    )
    return Envelope(id=f"r{number}", time=data.repaired_at, sequence=number, data=data)


async def measure(url: str, complaints: int) -> dict[str, float]:
    await make_database(url)
    await migrate(url, Path("services/reply/migrations"))
    clock = ManualClock(START)
    database = Database(url, "reply", clock)
    handle = handlers(
        ReplyConfig(Office("bench"), read_rulebook(), DatabaseTime(clock), known_profiles())
    )

    async def seconds_for(events: Sequence[Envelope[Any]]) -> float:
        started = perf_counter()
        for first in range(0, len(events), BATCH):
            batch = events[first : first + BATCH]
            async with database.work() as (session, outbox):
                await handle[type(batch[0].data)](session, outbox, batch, START)
        return perf_counter() - started

    numbers = range(complaints)
    deadlines_set = await seconds_for([_complaint(number) for number in numbers])
    linked = await seconds_for([_linked(number) for number in numbers])
    repaired = await seconds_for([_repaired(number) for number in numbers])
    await database.close()
    return {
        "complaints": complaints,
        "set_per_s": round(complaints / deadlines_set),
        "linked_per_s": round(complaints / linked),
        "repaired_and_drafted_per_s": round(complaints / repaired),
    }


def main() -> None:
    complaints = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_postgres(Path(folder) / "data") as url,
    ):
        print(json.dumps(asyncio.run(measure(url.format("bench"), complaints))))


if __name__ == "__main__":
    main()
