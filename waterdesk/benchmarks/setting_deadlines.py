"""How fast reply sets deadlines, and meets them and drafts replies after the repairs: one
connection, batches of 500, real PostgreSQL.

    .venv/bin/python -m waterdesk.benchmarks.setting_deadlines [COMPLAINTS]
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from time import perf_counter
from typing import Any

from services.dispatch.county_file import read_county
from services.reply.channel_registry import known_profiles
from services.reply.context import Office, ReplyConfig
from services.reply.rulebook import read_rulebook
from services.reply.rulebooks import Rulebooks
from services.reply.subscriptions import handlers
from shared.clock import ManualClock
from shared.database_time import DatabaseTime
from shared.events.event import Event
from shared.events.work_orders import ComplaintsLinked, WorkOrderRepaired
from waterdesk import composition
from waterdesk.benchmarks.sample_events import NOW, envelope_of, received_complaints
from waterdesk.benchmarks.temporary_installation import temporary_installation
from waterdesk.installation import Installation

BATCH = 500


async def measure(installation: Installation, complaints: int) -> dict[str, int]:
    await installation.migrate(("reply",))
    clock = ManualClock(NOW)
    database = composition.open_database(installation, "reply", clock)
    handle = handlers(
        ReplyConfig(
            Office("bench"), Rulebooks(read_rulebook()), DatabaseTime(clock), known_profiles()
        )
    )

    async def per_second(events: Sequence[Event]) -> int:
        envelopes = [envelope_of(event, number) for number, event in enumerate(events)]
        started = perf_counter()
        for first in range(0, len(envelopes), BATCH):
            batch: Sequence[Any] = envelopes[first : first + BATCH]
            async with database.work() as (session, outbox):
                await handle[type(batch[0].data)](session, outbox, batch, NOW)
        return round(len(events) / (perf_counter() - started))

    county = read_county()
    received = list(islice(received_complaints(county.code, county.villages), complaints))
    linked = [
        ComplaintsLinked(
            work_order_id=f"w{number:08d}",
            county=county.code,
            complaint_ids=(complaint.complaint_id,),
            linked_at=NOW + timedelta(minutes=1),
            reason="same_fault",
        )
        for number, complaint in enumerate(received)
    ]
    repaired = [
        WorkOrderRepaired(
            work_order_id=link.work_order_id,
            county=county.code,
            crew_id="k1",
            component="pump",
            found="水泵电机烧毁",
            done="更换电机",
            repaired_at=NOW + timedelta(hours=4),
        )
        for link in linked
    ]
    figures = {
        "complaints": complaints,
        "set_per_s": await per_second(received),
        "linked_per_s": await per_second(linked),
        "repaired_and_drafted_per_s": await per_second(repaired),
    }
    await database.close()
    return figures


def main(complaints: int = 10_000) -> None:
    with temporary_installation() as installation:
        print(json.dumps(asyncio.run(measure(installation, complaints))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
