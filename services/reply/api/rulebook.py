"""A county's policies and calendar over HTTP: read, checked, previewed, saved, restored."""

from difflib import unified_diff
from typing import Annotated

from fastapi import APIRouter, Path, Request

from services.reply.calendar_file import with_notice
from services.reply.commands import (
    CheckRulebook,
    ComposeNotice,
    ComposePolicy,
    ComposeRulebook,
    RestoreRulebook,
    SaveRulebook,
)
from services.reply.context import in_transaction
from services.reply.handlers.deadline_recount import outdated
from services.reply.handlers.rulebook_preview import preview
from services.reply.handlers.rulebook_versions import (
    proposed,
    read_effects,
    read_history,
    read_version,
    restore_version,
    save_version,
)
from services.reply.models import RulebookVersion
from services.reply.rulebook import Kind, Rulebook
from services.reply.rulebook_edit import with_changes, with_policy
from services.reply.rules.calendar import FIRST_YEAR, LAST_YEAR
from services.reply.rules.calendar_days import kinds_of
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.db import DatabaseHere
from shared.openapi import problems
from shared.problems import Problem, Text, language_of
from shared.routes import Route
from shared.yaml_file import FileInvalid, content_of

from .rulebook_views import (
    Composed,
    Day,
    PreviewView,
    RulebookPart,
    Saved,
    Version,
    VersionSummary,
    Year,
    summary_of,
    view_of,
)
from .work import Config

router = APIRouter(prefix="/rulebook", tags=["rulebook"], route_class=Route)

Reader = Annotated[Person, requires(Permission.POLICY_SEE)]
Editor = Annotated[Person, requires(Permission.POLICY_EDIT)]
_INVALID = Text("内容有误，没有保存：", "It cannot be used, and nothing was saved:")
_LONGEST_DIFFERENCE = 400


@router.get("/calendar/years/{year}", responses=problems(422))
async def get_year(
    year: Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)],
    database: DatabaseHere,
    config: Config,
    person: Reader,
) -> Year:
    """Every day of it, as the county works."""
    async with database.reading() as session:
        await config.rulebooks.refresh(session)
    calendars = config.rulebooks.current.of(person.county).calendars
    calendar = calendars.of(person.county)
    days = kinds_of(year, calendars.years.values(), calendars.closures.get(person.county, ()))
    return Year(
        year=year,
        published=calendar.is_published(year),
        notice=calendars.notices.get(year, ""),
        office_hours=[
            f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in calendar.office_hours.sittings
        ],
        days=[
            Day(
                date=each.day,
                kind=each.kind,
                part=each.closure.part.value if each.closure else None,
                reason=each.closure.reason if each.closure else None,
            )
            for each in days
        ],
    )


@router.post("/calendar/notice", responses=problems(422))
async def post_notice(
    request: Request, command: ComposeNotice, database: DatabaseHere, config: Config, person: Editor
) -> Composed:
    """The newest calendar with this year's notice in it; nothing is saved."""
    newest = await _newest(database, config, Kind.CALENDAR, person)
    try:
        content = with_notice(newest.content, command.notice)
    except FileInvalid as invalid:
        raise _invalid(request, invalid) from None
    return Composed(based_on=newest.number, content=content)


@router.post("/policies/compose/{policy_id}", responses=problems(404))
async def post_compose_policy(
    policy_id: str, command: ComposePolicy, database: DatabaseHere, config: Config, person: Editor
) -> Composed:
    """The newest policies with one of them changed; nothing is saved."""
    newest = await _newest(database, config, Kind.POLICIES, person)
    content = with_policy(newest.content, policy_id, command.changes, command.counts_from)
    return Composed(based_on=newest.number, content=content)


@router.get("/{kind}")
async def get_newest(
    kind: Kind, database: DatabaseHere, config: Config, person: Reader
) -> RulebookPart:
    """What is in force, and all versions, the newest first."""
    await _newest(database, config, kind, person)
    async with database.reading() as session:
        history = await read_history(session, kind, person.county)
        effects = await read_effects(session, kind, person.county)
        await config.rulebooks.refresh(session, now=True)
        waiting = await outdated(session, config.rulebooks.current)
    shipped = config.rulebooks.shipped.texts[kind]
    return RulebookPart(
        **summary_of(history[0], effects),
        content=history[0].content,
        parsed=content_of(history[0].content),
        shipped_differs=all(each.content != shipped for each in history),
        being_counted=any(each.county == person.county for each in waiting),
        versions=[VersionSummary(**summary_of(each, effects)) for each in history],
    )


@router.get("/{kind}/shipped", responses=problems(404))
async def get_shipped(kind: Kind, config: Config, _: Reader) -> Composed:
    """What the files say, whatever the county has saved. `based_on` is 0: it is no version."""
    return Composed(based_on=0, content=config.rulebooks.shipped.texts[kind])


@router.get("/{kind}/versions/{number}", responses=problems(404))
async def get_version(kind: Kind, number: int, database: DatabaseHere, person: Reader) -> Version:
    """One version, and what it changed."""
    async with database.reading() as session:
        version = await read_version(session, kind, person.county, number)
        history = await read_history(session, kind, person.county)
        effects = await read_effects(session, kind, person.county)
    before = next((each.content for each in history if each.number < number), "")
    lines = unified_diff(before.splitlines(), version.content.splitlines(), lineterm="", n=1)
    return Version(
        **summary_of(version, effects),
        content=version.content,
        differences=list(lines)[2 : _LONGEST_DIFFERENCE + 2] if before else [],
    )


@router.post("/{kind}/compose", responses=problems(404))
async def post_compose(
    kind: Kind, command: ComposeRulebook, database: DatabaseHere, config: Config, person: Editor
) -> Composed:
    """The newest version with some places changed; nothing is saved."""
    newest = await _newest(database, config, kind, person)
    return Composed(based_on=newest.number, content=with_changes(newest.content, command.changes))


@router.post("/{kind}/preview", responses=problems(422))
async def post_preview(
    request: Request,
    kind: Kind,
    command: CheckRulebook,
    database: DatabaseHere,
    config: Config,
    person: Editor,
) -> PreviewView:
    """Which open deadlines the text would move. 422: it cannot be used; `errors` says where."""
    rulebook = await _proposed(request, database, config, kind, command.content, person)
    return view_of(await preview(database, config, person.county, rulebook))


@router.put("/{kind}", responses=problems(409, 422))
async def put_version(
    request: Request,
    kind: Kind,
    command: SaveRulebook,
    database: DatabaseHere,
    config: Config,
    person: Editor,
) -> Saved:
    """Save the next version: the county is counted by it. 409: another was saved meanwhile."""
    try:
        version = await in_transaction(
            database, config, lambda context: save_version(context, kind, command, person)
        )
    except FileInvalid as invalid:
        raise _invalid(request, invalid) from None
    config.rulebooks.look_again()
    return Saved(number=version.number)


@router.post("/{kind}/versions/{number}/restore", responses=problems(404, 409, 422))
async def post_restore(
    request: Request,
    kind: Kind,
    number: int,
    command: RestoreRulebook,
    database: DatabaseHere,
    config: Config,
    person: Editor,
) -> Saved:
    """An old version is saved again as the newest."""
    try:
        version = await in_transaction(
            database,
            config,
            lambda context: restore_version(context, kind, number, command, person),
        )
    except FileInvalid as invalid:  # a release has become stricter since
        raise _invalid(request, invalid) from None
    config.rulebooks.look_again()
    return Saved(number=version.number)


async def _newest(
    database: DatabaseHere, config: Config, kind: Kind, person: Person
) -> RulebookVersion:
    async with database.reading() as session:
        history = await read_history(session, kind, person.county)
    if history:
        return history[0]
    await in_transaction(
        database,
        config,
        lambda context: config.rulebooks.take_over_files(context.session, context.now),
    )
    return await _newest(database, config, kind, person)


async def _proposed(
    request: Request,
    database: DatabaseHere,
    config: Config,
    kind: Kind,
    content: str,
    person: Person,
) -> Rulebook:
    async with database.reading() as session:
        try:
            return await proposed(session, config, kind, content, person.county)
        except FileInvalid as invalid:
            raise _invalid(request, invalid) from None


def _invalid(request: Request, invalid: FileInvalid) -> Problem:
    language = language_of(request)
    errors = []
    for each in invalid.problems:
        where = f"第 {each.line} 行" if language == "zh" else f"line {each.line}"
        parts = [where] if each.line else []
        why = " ".join([*parts, *filter(None, [each.field])])
        said = each.text.in_language(language)
        errors.append(
            {"line": each.line, "field": each.field, "why": f"{why}: {said}" if why else said}
        )
    return Problem(422, "rulebook_invalid", _INVALID, errors=errors)
