"""Complaints a second through fault matching: `python -m waterdesk.benchmarks.fault_matching`.

Batches of 500 received events go through the handler and the outbox into an embedded PostgreSQL,
one after the other, on the demo county. All but one in fifty (`--opens-every`) join an open work
order. Prints one JSON line. `--history N` adds N complaints on N/5 closed work orders beforehand;
`--profile` also prints where this process spends its time.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from sqlalchemy import text

from services.dispatch.county_file import read_county
from services.dispatch.handlers.context import Context
from services.dispatch.handlers.county_import import import_county
from services.dispatch.handlers.on_complaints import on_complaints_received
from services.dispatch.policy import Policy
from shared.clock import ManualClock
from shared.events.complaints import ComplaintReceived
from shared.events.event import from_message
from waterdesk import composition
from waterdesk.benchmarks.sample_events import NOW, message_of, received_complaints
from waterdesk.benchmarks.temporary_installation import temporary_installation
from waterdesk.installation import Installation

_HISTORY = """
INSERT INTO work_order (id, county, scheme_id, village_code, village, town, category, component,
    component_named, for_office, urgent, state, version, first_sent_at, opened_at, complaints,
    chases, given_back_by, found, done, reworks, closed_at, outcome)
SELECT 'old' || n, '610122', v.scheme_id, v.village_code, v.village, v.town, 'outage', 'pump',
    true, false, false, 'closed', 6, now(), now(), 5, 0, '[]', '', '', 0, now(), 'repaired'
FROM generate_series(1, :orders) AS n
JOIN (SELECT *, row_number() OVER () AS place FROM scheme_village) AS v ON v.place = n % 352 + 1;
INSERT INTO complaint (id, county, platform, external_id, sent_at, received_at, is_ours, category,
    urgent, says_repeated, village_code, category_confidence, place_confidence, needs_human, state,
    work_order_id, chases)
SELECT 'old' || n, '610122', 'hotline_12345', 'H-' || n, now(), now(), true, 'outage', false, false,
    '610122001001', 0.9, 0.9, false, 'linked', 'old' || (n % :orders + 1), 0
FROM generate_series(1, :orders * 5) AS n;
"""

BATCH = 500


async def _measure(
    installation: Installation,
    batches: int,
    history: int,
    opens_every: int,
    profile: cProfile.Profile | None,
) -> dict[str, object]:
    await installation.migrate(("dispatch",))
    clock = ManualClock(NOW)
    database = composition.open_database(installation, "dispatch", clock)
    county = read_county()
    events = received_complaints(county.code, county.villages, opens_every=opens_every)
    async with database.work() as (session, _):
        await import_county(session, county)
        for statement in _HISTORY.split(";")[:2]:
            await session.execute(text(statement), {"orders": history // 5})
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as plain:
        await plain.execute(text("ANALYZE"))
        await plain.execute(text("CHECKPOINT"))
    took = []
    policy = Policy()
    for number in range(batches + 2):
        messages = [message_of(event) for event in islice(events, BATCH)]
        if profile and number == 2:
            profile.enable()
        clock.advance(timedelta(seconds=1))
        start = time.perf_counter()
        envelopes = [from_message(message, ComplaintReceived) for message in messages]
        async with database.work() as (session, outbox):
            context = Context(session, outbox, clock.now(), policy)
            await on_complaints_received(context, envelopes)
        took.append(time.perf_counter() - start)
    if profile:
        profile.disable()
    await database.close()
    return _figures(took[2:])  # the first two fill caches and open the orders


def _figures(took: Sequence[float]) -> dict[str, object]:
    in_order = sorted(took)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "complaints_per_s": round(BATCH * len(took) / sum(took)),
        "batch_p50_ms": round(in_order[len(took) // 2] * 1000),
        "batch_p99_ms": round(in_order[int(len(took) * 0.99)] * 1000),
        "first_batches_ms": round(sum(took[:5]) / 5 * 1000),
        "last_batches_ms": round(sum(took[-5:]) / 5 * 1000),
        "own_cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "wall_s": round(sum(took), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--history", type=int, default=0)
    parser.add_argument("--opens-every", type=int, default=50)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    profile = cProfile.Profile() if chosen.profile else None
    with temporary_installation() as installation:
        figures = asyncio.run(
            _measure(installation, chosen.batches, chosen.history, chosen.opens_every, profile)
        )
    print(json.dumps(figures))
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
