"""Long lists: made into files by a periodic task of any replica, kept in the database for a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import structlog
from sqlalchemy import delete, or_, select
from sqlmodel import col

from services.dispatch.console.exports.files import Form
from services.dispatch.console.exports.listing import Asked
from services.dispatch.console.exports.lists import LISTS
from services.dispatch.console.exports.making import make_file
from services.dispatch.console.language import Words
from services.dispatch.models import ExportJob, ExportPart
from shared.bus.transient_errors import is_systemic, is_transient
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.service import PeriodicTask

KEPT_FOR = timedelta(days=1)
_PART_BYTES = 256 * 1024
_LOOKED_FOR_SECONDS = 1.0
_FORGOTTEN_EVERY_SECONDS = 600.0

log = structlog.get_logger(__name__)


def export_tasks(database: Database) -> tuple[PeriodicTask, ...]:
    return (
        PeriodicTask("make_exports", lambda: run_next(database), _LOOKED_FOR_SECONDS),
        PeriodicTask("forget_exports", lambda: forget_old(database), _FORGOTTEN_EVERY_SECONDS),
    )


async def run_next(database: Database) -> int:
    """Make the file that has waited longest; one that an ended process has left is made anew.
    Returns how many there were: 0 or 1."""
    job = await _claim(database)
    if job is None:
        return 0
    if job.is_over:
        return 1
    try:
        await _make(database, job)
    except Exception as error:
        if is_transient(error) or is_systemic(error):
            raise  # waited out by the task; the claim ends by itself
        log.exception("export_failed", export_id=job.id, listing=job.listing)
        async with database.work() as (session, _):
            (await session.get_one(ExportJob, job.id)).fail(database.clock.now())
    return 1


async def _claim(database: Database) -> ExportJob | None:
    async with database.work() as (session, _):
        now = await DatabaseTime(database.clock).now(session)
        is_left = (col(ExportJob.state) == "running") & (col(ExportJob.claimed_until) < now)
        found = await session.execute(
            select(ExportJob)
            .where(or_(col(ExportJob.state) == "waiting", is_left))
            .order_by(col(ExportJob.asked_at))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job: ExportJob | None = found.scalar_one_or_none()
        if job is not None:
            job.claim(now)
    return job


async def _make(database: Database, job: ExportJob) -> None:
    async def tell(rows: int) -> None:
        async with database.work() as (session, _):
            now = await DatabaseTime(database.clock).now(session)
            (await session.get_one(ExportJob, job.id)).note(rows, now)

    asked = Asked(database, job.county, job.chosen, job.asked_at)
    with TemporaryDirectory(prefix="waterdesk-export-") as folder:
        path = Path(folder) / "list"
        rows = await make_file(
            LISTS[job.listing], asked, Words(job.language), cast(Form, job.form), path, tell
        )
        async with database.work() as (session, _):
            # Of an attempt whose process was taken for ended.
            await session.execute(delete(ExportPart).where(col(ExportPart.job_id) == job.id))
            async for number, content in _parts(path):
                session.add(ExportPart(job_id=job.id, number=number, content=content))
                await session.flush()
                session.expunge_all()
            (await session.get_one(ExportJob, job.id)).finish(rows, database.clock.now())
    log.info("list_exported", listing=job.listing, form=job.form, rows=rows, by=job.asked_by)


async def _parts(path: Path) -> AsyncIterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while content := await asyncio.to_thread(file.read, _PART_BYTES):
            yield number, content
            number += 1


async def read_file(database: Database, job_id: str) -> AsyncIterator[bytes]:
    """A finished file, part by part."""
    number = 0
    while True:
        async with database.reading() as session:
            part = await session.get(ExportPart, (job_id, number))
        if part is None:
            return
        yield part.content
        number += 1


async def forget_old(database: Database) -> int:
    """Returns 0: nothing of it is left to do at once."""
    async with database.work() as (session, _):
        before = database.clock.now() - KEPT_FOR
        old = select(col(ExportJob.id)).where(col(ExportJob.asked_at) < before)
        await session.execute(delete(ExportPart).where(col(ExportPart.job_id).in_(old)))
        await session.execute(delete(ExportJob).where(col(ExportJob.asked_at) < before))
    return 0
