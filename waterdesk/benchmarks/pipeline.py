"""Throughput and latency from a complaint stored at intake to crew assigned and deadlines set.

Three processes, as in the distributed form: intake here, dispatch and reply in one each.
"""

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles

from sqlalchemy import text

from services.dispatch.county_file import read_county
from services.dispatch.handlers.county_import import import_county
from services.intake.batching import Ingestion
from services.intake.context import Context
from services.intake.platforms.incoming import Incoming, Platform
from services.intake.settings import IntakeSettings
from shared.bus.protocol import Bus, Message
from shared.bus.relay import run_relay
from shared.bus.topics import ALL as ALL_TOPICS
from shared.clock import SystemClock
from shared.db import Database
from shared.progress import Progress
from waterdesk import composition
from waterdesk.benchmarks import baseline
from waterdesk.benchmarks.completion_times import CompletionTimes
from waterdesk.benchmarks.consumers import NAMES, running_consumers
from waterdesk.benchmarks.letters import decided_letters
from waterdesk.benchmarks.memory import peak_megabytes
from waterdesk.benchmarks.stored_batches import StoredBatches
from waterdesk.demo.composition import COUNTY
from waterdesk.demo.county import demo_villages
from waterdesk.installation import SERVICES, Installation

BATCH = 200
"""Complaints in one transaction of intake: a page of a platform's feed."""
MAX_IN_PROGRESS = 2_000
_TIMEOUT_SECONDS = 600


class PipelineStuckError(Exception):
    """Complaints were lost or make no progress; the text says how many were done."""


class BusInUseError(Exception):
    """The bus has events already: made-up complaints must not mix with real ones."""


@dataclass(frozen=True, slots=True)
class Measured:
    complaints: int
    complaints_per_s: float
    p50_ms: float
    p99_ms: float
    raw_per_s: float
    peak_mb: float
    """Of the three services' processes together, without PostgreSQL and Kafka."""


async def measure(
    installation: Installation, bus: Bus, baseline_bus: baseline.BaselineBus, complaints: int
) -> Measured:
    """Run `complaints` through the three services, then the same rows and messages as a baseline.

    Needs an empty, migrated installation. Raises PipelineStuckError, BusInUseError,
    ProcessFailedError.
    """
    if (await _all_messages(bus)).count:
        raise BusInUseError("the bus holds events already: a benchmark needs one of its own")
    times = CompletionTimes(len(NAMES))
    seconds, peak = await _run(installation, bus, times, complaints)
    urls = [_plain(installation.database_url(name)) for name in SERVICES]
    rows = await baseline.collect_rows(urls)
    messages = await _all_messages(bus)
    baseline_seconds = await baseline.seconds_of(rows, messages, urls[0], baseline_bus)
    took = [1000 * max(times.done[one] - at, 0) for one, at in times.accepted.items()]
    percentiles = quantiles(took, n=100)
    return Measured(
        complaints=complaints,
        complaints_per_s=round(complaints / seconds, 1),
        p50_ms=round(percentiles[49], 1),
        p99_ms=round(percentiles[98], 1),
        raw_per_s=round(complaints / baseline_seconds, 1),
        peak_mb=round(peak, 1),
    )


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:", 1)


async def _run(
    installation: Installation, bus: Bus, times: CompletionTimes, complaints: int
) -> tuple[float, float]:
    """Returns the seconds it took and the peak megabytes of the three processes."""
    clock = SystemClock()
    dispatch = composition.open_database(installation, "dispatch", clock)
    intake = composition.intake(installation, bus, clock, IntakeSettings(county=COUNTY))
    context = intake.app.state.context
    assert isinstance(context, Context)
    stopping = asyncio.Event()
    letters = decided_letters(complaints, BATCH, context.gazetteer, demo_villages(), clock.now())
    try:
        await load_county_with_unlimited_crews(dispatch)
        ingestion = Ingestion(Platform.HOTLINE_12345, COUNTY, intake.database, context)
        async with (
            running_consumers(installation, times) as consumers,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(run_relay(intake.database, bus, stopping, Progress("relay")))
            try:
                seconds = await _feed(ingestion, letters, times, dispatch)
            finally:
                stopping.set()
        return seconds, peak_megabytes() + consumers.peak_mb
    finally:
        await intake.close()
        await dispatch.close()


async def _feed(
    ingestion: Ingestion,
    letters: StoredBatches[Incoming],
    times: CompletionTimes,
    dispatch: Database,
) -> float:
    """Submit as fast as the consumers keep up. Returns the seconds until the last one was done and
    had a crew."""
    started = time.perf_counter()
    for batch in letters.batches():
        while len(times.accepted) - len(times.done) > MAX_IN_PROGRESS:
            await _tick(times, started)
        stored = await ingestion.ingest(batch)
        at = time.perf_counter()
        times.accepted |= {str(one.complaint_id): at for one in stored}
    while len(times.done) < len(times.accepted):
        await _tick(times, started)
    while not await _all_have_crew(dispatch, len(times.accepted)):
        await _tick(times, started)
    return time.perf_counter() - started


async def _tick(times: CompletionTimes, started: float) -> None:
    await asyncio.sleep(0.01)
    if time.perf_counter() - started > _TIMEOUT_SECONDS:
        raise PipelineStuckError(f"{len(times.done)} of {len(times.accepted)} accepted were done")


async def load_county_with_unlimited_crews(dispatch: Database) -> None:
    """The demo county with unlimited crews: the benchmark does not measure crew capacity."""
    async with dispatch.work() as (session, _):
        await import_county(session, read_county())
        await session.execute(
            text(
                "UPDATE crew SET capacity = 1000000, on_call = true, shifts ="
                " (SELECT jsonb_agg(jsonb_build_array(day, 0, 1440))"
                " FROM generate_series(0, 6) AS day),"
                " towns = (SELECT jsonb_agg(DISTINCT town) FROM scheme_village)"
            )
        )


async def _all_have_crew(dispatch: Database, complaints: int) -> bool:
    async with dispatch.reading() as session:
        assigned = await session.scalar(
            text(
                "SELECT count(*) FROM complaint JOIN work_order ON work_order.id = work_order_id"
                " WHERE crew_id IS NOT NULL"
            )
        )
    return bool(assigned == complaints)


async def _all_messages(bus: Bus) -> StoredBatches[Message]:
    messages: StoredBatches[Message] = StoredBatches()
    for topic in ALL_TOPICS:
        async with bus.read_from(topic, None) as reader:
            while received := await reader.poll(baseline.BATCH, 1.0):
                messages.add([item.message for item in received])
    return messages
