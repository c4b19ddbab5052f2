"""From accepted at intake to crew assigned and deadlines armed: how many, and how long each.

Three processes, as the distributed form has them on whatever bus: intake here, dispatch and reply
each in its own.
"""

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles

from sqlalchemy import text

from services.dispatch.county_file import read_county
from services.dispatch.handlers.loading import load_county
from services.intake.accepting import Acceptance
from services.intake.handlers.taking import Desk
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.settings import IntakeSettings
from shared.bus.protocol import Bus, Message
from shared.bus.relay import run_relay
from shared.bus.topics import ALL as ALL_TOPICS
from shared.clock import SystemClock
from shared.db import Database
from shared.progress import Progress
from waterdesk import composition
from waterdesk.benchmarks import raw
from waterdesk.benchmarks.letters import decided_letters
from waterdesk.benchmarks.listeners import NAMES, listening
from waterdesk.benchmarks.memory import peak_megabytes
from waterdesk.benchmarks.spool import Spool
from waterdesk.benchmarks.tracking import Track
from waterdesk.demo.county import demo_villages
from waterdesk.demo.world import COUNTY
from waterdesk.installation import SERVICES, Installation

BATCH = 200
"""Complaints in one transaction of intake: a page of a platform's feed."""
MOST_UNDER_WAY = 2_000
_PATIENCE_SECONDS = 600


class PipelineStuckError(Exception):
    """Complaints were lost or stand still; the text says how many were done."""


class BusInUseError(Exception):
    """Made-up complaints must not get among real ones."""


@dataclass(frozen=True, slots=True)
class Measured:
    complaints: int
    complaints_per_s: float
    p50_ms: float
    p99_ms: float
    raw_per_s: float
    peak_mb: float
    """Of the three services' processes together; PostgreSQL and Kafka are others."""


async def measure(
    installation: Installation, bus: Bus, carrier: raw.Carrier, complaints: int
) -> Measured:
    """Run `complaints` through the three services, then the same rows and messages without rules.
    Needs an empty, migrated installation. Raises PipelineStuckError, BusInUseError,
    ListenerFailedError.
    """
    if (await _all_messages(bus)).count:
        raise BusInUseError("the bus holds events already: a benchmark needs one of its own")
    track = Track(len(NAMES))
    seconds, peak = await _run(installation, bus, track, complaints)
    load = raw.RawLoad(
        rows=await raw.collect_rows([_plain(installation.database_url(name)) for name in SERVICES]),
        messages=await _all_messages(bus),
    )
    raw_seconds = await raw.seconds_of(load, _plain(installation.database_url("intake")), carrier)
    took = [1000 * max(track.done[one] - at, 0) for one, at in track.accepted.items()]
    percentiles = quantiles(took, n=100)
    return Measured(
        complaints=complaints,
        complaints_per_s=round(complaints / seconds, 1),
        p50_ms=round(percentiles[49], 1),
        p99_ms=round(percentiles[98], 1),
        raw_per_s=round(complaints / raw_seconds, 1),
        peak_mb=round(peak, 1),
    )


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:", 1)


async def _run(
    installation: Installation, bus: Bus, track: Track, complaints: int
) -> tuple[float, float]:
    """Returns the seconds it took, and the most memory the three processes had."""
    clock = SystemClock()
    dispatch = composition.open_database(installation, "dispatch", clock)
    intake = composition.intake(installation, bus, clock, IntakeSettings(county=COUNTY))
    desk = intake.app.state.desk
    assert isinstance(desk, Desk)
    stopping = asyncio.Event()
    letters = decided_letters(complaints, BATCH, desk.gazetteer, demo_villages(), clock.now())
    try:
        await _load_county(dispatch)
        acceptance = Acceptance(Platform.HOTLINE_12345, COUNTY, intake.database, desk)
        async with listening(installation, track) as listeners, asyncio.TaskGroup() as tasks:
            tasks.create_task(run_relay(intake.database, bus, stopping, Progress("relay")))
            try:
                seconds = await _feed(acceptance, letters, track)
            finally:
                stopping.set()
        await _all_have_crew(dispatch, complaints)
        return seconds, peak_megabytes() + listeners.peak_mb
    finally:
        await intake.close()
        await dispatch.close()


async def _feed(acceptance: Acceptance, letters: Spool[Incoming], track: Track) -> float:
    """Accept as fast as the rest keeps up. Returns the seconds until the last one was done."""
    started = time.perf_counter()
    for batch in letters.batches():
        while len(track.accepted) - len(track.done) > MOST_UNDER_WAY:
            await _tick(track, started)
        taken = await acceptance.accept(batch)
        at = time.perf_counter()
        track.accepted |= {str(one.complaint_id): at for one in taken}
    while len(track.done) < len(track.accepted):
        await _tick(track, started)
    return max(track.done.values()) - started


async def _tick(track: Track, started: float) -> None:
    await asyncio.sleep(0.01)
    if time.perf_counter() - started > _PATIENCE_SECONDS:
        raise PipelineStuckError(f"{len(track.done)} of {len(track.accepted)} accepted were done")


async def _load_county(dispatch: Database) -> None:
    """The demo county, with room in every crew: a burst of 20,000 is not what eight crews are for,
    and here it is not they who are measured."""
    async with dispatch.work() as (session, _):
        await load_county(session, read_county())
        await session.execute(
            text(
                "UPDATE crew SET capacity = 1000000, on_call = true, shifts ="
                " (SELECT jsonb_agg(jsonb_build_array(day, 0, 1440))"
                " FROM generate_series(0, 6) AS day),"
                " towns = (SELECT jsonb_agg(DISTINCT town) FROM scheme_village)"
            )
        )


async def _all_have_crew(dispatch: Database, complaints: int) -> None:
    async with dispatch.reading() as session:
        assigned = await session.scalar(
            text(
                "SELECT count(*) FROM complaint JOIN work_order ON work_order.id = work_order_id"
                " WHERE crew_id IS NOT NULL"
            )
        )
    if assigned != complaints:
        raise PipelineStuckError(f"{assigned} of {complaints} have a crew")


async def _all_messages(bus: Bus) -> Spool[Message]:
    messages: Spool[Message] = Spool()
    for topic in ALL_TOPICS:
        async with bus.read_from(topic, None) as reader:
            while received := await reader.poll(raw.BATCH, 1.0):
                messages.add([item.message for item in received])
    return messages
