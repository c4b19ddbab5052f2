"""Official codes of our categories: read by everybody, changed by admins, loaded and given out as
CSV."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from services.dispatch.console.exports.files import MEDIA_TYPES, harmless
from services.dispatch.console.language import both
from services.dispatch.console.queries.staff import read_display_names
from services.dispatch.console.rendering import go_to, page
from services.dispatch.console.session import allowed
from services.dispatch.handlers.official_codes import (
    Codes,
    StaleCodes,
    read_codes,
    read_systems,
    read_versions,
    save_codes,
)
from services.dispatch.rules.official_codes import (
    LONGEST,
    STANDARD,
    BadCodes,
    OfficialCode,
    as_rows,
    empty_table,
    read_csv,
)
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.db import Database, DatabaseHere
from shared.problems import Problem
from shared.routes import Route

router = APIRouter(prefix="/codes", route_class=Route)

Reader = Annotated[Person, allowed(Permission.POLICY_SEE)]
Editor = Annotated[Person, allowed(Permission.POLICY_EDIT)]
System = Annotated[str, Query(min_length=1, max_length=LONGEST)]
SystemTyped = Annotated[str, Form(min_length=1, max_length=LONGEST)]
_LARGEST = 200_000
"""Bytes of a file."""


@router.get("")
async def codes_page(
    request: Request, person: Reader, database: DatabaseHere, system: System = STANDARD
) -> Response:
    async with database.reading() as session:
        codes = await read_codes(session, person.county, system)
        systems = await read_systems(session, person.county)
        versions = await read_versions(session, person.county, system)
        names = await read_display_names(session, person.county)
    return page(
        request,
        "codes.html",
        codes=codes,
        systems=systems,
        versions=versions,
        names=names,
        longest=LONGEST,
    )


@router.post("")
async def save(
    request: Request,
    person: Editor,
    database: DatabaseHere,
    system: SystemTyped,
    version: Annotated[int, Form(ge=0)],
) -> Response:
    typed = await request.form()

    def field(name: str, category: str) -> str:
        return str(typed.get(f"{name}-{category}", "")).strip()

    lines = [
        OfficialCode(
            category=each.category,
            code=field("code", each.category),
            name=field("name", each.category),
            source=field("source", each.category),
            verified=bool(field("verified", each.category)),
        )
        for each in empty_table()
    ]
    await _save(database, person, Codes(system, version, lines))
    return _saved(request, system)


@router.post("/file")
async def load(
    request: Request,
    person: Editor,
    database: DatabaseHere,
    system: SystemTyped,
    file: Annotated[UploadFile, File()],
) -> Response:
    """A whole table, of a standard of any name."""
    content = await file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise _refused(BadCodes("too_long"))
    try:
        lines = read_csv(_text(content))
    except BadCodes as error:
        raise _refused(error) from None
    async with database.reading() as session:
        version = (await read_codes(session, person.county, system)).version
    await _save(database, person, Codes(system, version, lines))
    return _saved(request, system)


@router.get("/file")
async def give_out(person: Reader, database: DatabaseHere, system: System = STANDARD) -> Response:
    async with database.reading() as session:
        rows = as_rows((await read_codes(session, person.county, system)).lines)
    lines = [",".join(rows[0]), *(",".join(map(_quoted, row.values())) for row in rows)]
    return Response(
        "\ufeff" + "".join(f"{line}\r\n" for line in lines),
        media_type=MEDIA_TYPES["csv"],
        headers={"Content-Disposition": 'attachment; filename="codes.csv"'},
    )


def _quoted(cell: str) -> str:
    doubled = harmless(cell).replace('"', '""')
    return f'"{doubled}"'


def _text(content: bytes) -> str:
    """UTF-8, or what Excel writes on a Chinese Windows."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


async def _save(database: Database, person: Person, codes: Codes) -> None:
    try:
        async with database.work() as (session, _):
            await save_codes(session, person.county, codes, person.name, database.clock.now())
    except BadCodes as error:
        raise _refused(error) from None
    except StaleCodes:
        raise Problem(409, "stale_codes", both("codes.stale")) from None


def _refused(error: BadCodes) -> Problem:
    return Problem(422, "bad_codes", both(f"codes.{error.why}", category=error.category))


def _saved(request: Request, system: str) -> Response:
    return go_to(request, f"/codes?{urlencode({'system': system, 'done': 'codes_saved'})}")
