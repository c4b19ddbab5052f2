"""From accepted at intake to crew assigned and deadlines armed: how many, and how long each."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from sqlalchemy import text

from services import assembly
from services.benchmark import raw
from services.benchmark.letters import decided_letters
from services.benchmark.tracking import Track, TrackedBus
from services.demo.county import demo_villages, load_demo_county
from services.demo.world import COUNTY
from services.dispatch.settings import DispatchSettings
from services.intake.accepting import Acceptance
from services.intake.handlers.taking import Desk
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.settings import IntakeSettings
from services.place import SERVICES, Place
from services.reply.settings import ReplySettings
from shared.bus.protocol import Bus, Message
from shared.bus.relay import run_relay
from shared.bus.topics import ALL as ALL_TOPICS
from shared.clock import SystemClock
from shared.service import Service

BATCH = 200
"""Complaints in one transaction of intake: a page of a platform's feed."""
MOST_UNDER_WAY = 2_000
_LISTENERS = 2
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
    """Of this process; PostgreSQL and Kafka are others."""


async def measure(place: Place, bus: Bus, carrier: raw.Carrier, complaints: int) -> Measured:
    """Run `complaints` through all three services in this process, then the same rows and messages
    without rules. Needs an empty, migrated place. Raises PipelineStuckError, BusInUseError."""
    if await _all_messages(bus):
        raise BusInUseError("the bus holds events already: a benchmark needs one of its own")
    track = Track(_LISTENERS)
    seconds = await _run(place, TrackedBus(bus, track), track, complaints)
    peak = peak_megabytes()
    load = raw.RawLoad(
        rows=await raw.collect_rows([_plain(place.database_url(name)) for name in SERVICES]),
        messages=await _all_messages(bus),
    )
    raw_seconds = await raw.seconds_of(load, _plain(place.database_url("intake")), carrier)
    took = [1000 * max(track.done[one] - at, 0) for one, at in track.accepted.items()]
    percentiles = quantiles(took, n=100)
    return Measured(
        complaints=complaints,
        complaints_per_s=round(complaints / seconds, 1),
        p50_ms=round(percentiles[49], 1),
        p99_ms=round(percentiles[98], 1),
        raw_per_s=round(complaints / raw_seconds, 1),
        peak_mb=peak,
    )


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:", 1)


async def _run(place: Place, bus: Bus, track: Track, complaints: int) -> float:
    clock = SystemClock()
    intake = assembly.intake(place, bus, clock, IntakeSettings(county=COUNTY))
    dispatch = assembly.dispatch(place, bus, clock, DispatchSettings())
    reply = assembly.reply(place, bus, clock, ReplySettings())
    services = [intake, dispatch, reply]
    desk = intake.app.state.desk
    assert isinstance(desk, Desk)
    await load_demo_county(dispatch.database)
    await _give_every_crew_room(dispatch)
    letters = decided_letters(complaints, desk.gazetteer, demo_villages(), clock.now())
    acceptance = Acceptance(Platform.HOTLINE_12345, COUNTY, intake.database, desk)
    stopping = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            for service in services:
                tasks.create_task(run_relay(service.database, bus, stopping))
                if service.consumer:
                    tasks.create_task(service.consumer.run(stopping))
            try:
                seconds = await _feed(acceptance, letters, track)
            finally:
                stopping.set()
        await _all_have_crew(dispatch, complaints)
        return seconds
    finally:
        for service in services:
            await service.close()


async def _feed(acceptance: Acceptance, letters: Sequence[Incoming], track: Track) -> float:
    """Accept as fast as the rest keeps up. Returns the seconds until the last one was done."""
    started = time.perf_counter()
    for start in range(0, len(letters), BATCH):
        while len(track.accepted) - len(track.done) > MOST_UNDER_WAY:
            await _tick(track, started)
        taken = await acceptance.accept(letters[start : start + BATCH])
        at = time.perf_counter()
        track.accepted |= {str(one.complaint_id): at for one in taken}
    while len(track.done) < len(letters):
        await _tick(track, started)
    return max(track.done.values()) - started


async def _tick(track: Track, started: float) -> None:
    await asyncio.sleep(0.002)
    if time.perf_counter() - started > _PATIENCE_SECONDS:
        raise PipelineStuckError(f"{len(track.done)} of {len(track.accepted)} accepted were done")


async def _give_every_crew_room(dispatch: Service) -> None:
    """A burst of 20,000 is not what eight crews are for; here it is not they who are measured."""
    async with dispatch.database.work() as (session, _):
        await session.execute(
            text(
                "UPDATE crew SET capacity = 1000000, on_call = true, shifts ="
                " (SELECT jsonb_agg(jsonb_build_array(day, 0, 1440))"
                " FROM generate_series(0, 6) AS day),"
                " towns = (SELECT jsonb_agg(DISTINCT town) FROM scheme_village)"
            )
        )


async def _all_have_crew(dispatch: Service, complaints: int) -> None:
    async with dispatch.database.reading() as session:
        assigned = await session.scalar(
            text(
                "SELECT count(*) FROM complaint JOIN work_order ON work_order.id = work_order_id"
                " WHERE crew_id IS NOT NULL"
            )
        )
    if assigned != complaints:
        raise PipelineStuckError(f"{assigned} of {complaints} have a crew")


async def _all_messages(bus: Bus) -> list[Message]:
    messages: list[Message] = []
    for topic in ALL_TOPICS:
        async with bus.read_from(topic, None) as reader:
            while received := await reader.poll(5_000, 1.0):
                messages += [item.message for item in received]
    return messages


def peak_megabytes() -> float:
    """The most memory this process has had resident so far; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return 0.0
