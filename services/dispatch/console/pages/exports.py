"""Lists as files: short ones at once, long ones made beside the requests, with their progress."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy import select
from sqlmodel import col
from starlette.background import BackgroundTask

from services.dispatch.console.errors import not_found
from services.dispatch.console.exports import files
from services.dispatch.console.exports.jobs import KEPT_FOR, read_file
from services.dispatch.console.exports.listing import Asked, Listing
from services.dispatch.console.exports.lists import LISTS
from services.dispatch.console.exports.making import make_file
from services.dispatch.console.language import both
from services.dispatch.console.rendering import go_to, page, part, words_of
from services.dispatch.console.session import allowed
from services.dispatch.models import ExportJob
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.ids import new_id
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/exports", route_class=Route)

AT_ONCE = 2000
"""So many rows are made while somebody waits."""
_MOST_WAITING = 5
"""Of one person."""
_SHOWN = 20
Reader = Annotated[Person, allowed()]

log = structlog.get_logger(__name__)


@router.post("")
async def export(
    request: Request,
    person: Reader,
    database: DatabaseHere,
    of: Annotated[str, Form(max_length=30)],
    form: Annotated[files.Form, Form()],
) -> Response:
    """A POST: what a list is filtered by may be a telephone number (disclosures). The filters are
    the form's other fields."""
    listing = _listing_for(person, of)
    typed = await request.form()
    chosen = {
        name: value[:200]
        for name, value in typed.items()
        if isinstance(value, str) and name not in ("of", "form")
    }
    asked = Asked(database, person.county, chosen, database.clock.now(), request)
    rows = await listing.count(asked) if listing.count else 0
    if rows > AT_ONCE:
        job = await _queue(request, database, person, listing, form, chosen, rows)
        return go_to(request, f"/exports/{job.id}")
    return await _at_once(request, person, listing, asked, form)


def _listing_for(person: Person, name: str) -> Listing[Any]:
    """Raises Problem 404, or 403 where the person may not see the list."""
    listing = LISTS.get(name)
    if listing is None:
        raise not_found("export")
    if not any(map(person.may, listing.permissions)):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
    return listing


async def _at_once(
    request: Request, person: Person, listing: Listing[Any], asked: Asked, form: files.Form
) -> Response:
    async with AsyncExitStack() as stack:
        path = Path(stack.enter_context(TemporaryDirectory(prefix="waterdesk-export-"))) / "list"
        rows = await make_file(listing, asked, words_of(request), form, path)
        log.info("list_exported", listing=listing.name, form=form, rows=rows, by=person.name)
        sent = BackgroundTask(stack.pop_all().aclose)
    return FileResponse(path, headers=_headers(listing.name, form, asked), background=sent)


async def _queue(
    request: Request,
    database: Database,
    person: Person,
    listing: Listing[Any],
    form: files.Form,
    chosen: dict[str, str],
    rows: int,
) -> ExportJob:
    now = database.clock.now()
    async with database.work() as (session, _):
        waiting = select(col(ExportJob.id)).where(
            col(ExportJob.asked_by) == person.name,
            col(ExportJob.state).in_(("waiting", "running")),
        )
        if len((await session.execute(waiting)).all()) >= _MOST_WAITING:
            raise Problem(429, "too_many_exports", both("export.too_many", most=_MOST_WAITING))
        job = ExportJob(
            id=new_id("x", now),
            county=person.county,
            asked_by=person.name,
            asked_at=now,
            listing=listing.name,
            form=form,
            language=words_of(request).language,
            chosen=chosen,
            rows_in_all=rows,
        )
        session.add(job)
    return job


@router.get("")
async def mine(request: Request, person: Reader, database: DatabaseHere) -> Response:
    async with database.reading() as session:
        found = await session.execute(
            select(ExportJob)
            .where(col(ExportJob.asked_by) == person.name)
            .order_by(col(ExportJob.asked_at).desc())
            .limit(_SHOWN)
        )
        jobs = found.scalars().all()
    return page(request, "exports.html", jobs=jobs, lists=LISTS, kept_for=KEPT_FOR)


@router.get("/{job_id}")
async def progress(
    request: Request, job_id: str, person: Reader, database: DatabaseHere
) -> Response:
    job = await _job(database, person, job_id)
    return page(request, "exports.html", jobs=[job], lists=LISTS, kept_for=KEPT_FOR)


@router.get("/{job_id}/state")
async def state(request: Request, job_id: str, person: Reader, database: DatabaseHere) -> Response:
    """What a page asks for every second until the file is there."""
    job = await _job(database, person, job_id)
    return part(request, "_export_state.html", job=job, kept_for=KEPT_FOR)


@router.get("/{job_id}/file")
async def file(job_id: str, person: Reader, database: DatabaseHere) -> Response:
    job = await _job(database, person, job_id)
    listing = _listing_for(person, job.listing)
    if job.state != "done":
        raise not_found("export")
    asked = Asked(database, job.county, job.chosen, job.asked_at)
    content: AsyncIterator[bytes] = read_file(database, job.id)
    return StreamingResponse(content, headers=_headers(listing.name, job.form, asked))


async def _job(database: Database, person: Person, job_id: str) -> ExportJob:
    """One's own. Raises Problem 404."""
    async with database.reading() as session:
        job = await session.get(ExportJob, job_id)
    if job is None or (job.asked_by, job.county) != (person.name, person.county):
        raise not_found("export")
    return job


def _headers(name: str, form: str, asked: Asked) -> dict[str, str]:
    file_name = f"{name}-{asked.now:%Y%m%d-%H%M}.{form}"
    media_type = files.MEDIA_TYPES["csv" if form == "csv" else "xlsx"]
    return {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Content-Type": media_type,
    }
