"""A county's own policies and calendar: saved as versions, and looked up."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.calendar_file import parse_calendars, with_notice
from services.reply.commands import RestoreRulebook, SaveRulebook
from services.reply.context import Context, ReplyConfig
from services.reply.models import RulebookEffect, RulebookVersion
from services.reply.rulebook import ANY_COUNTY, Kind, Rulebook, rulebook_of
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from shared.auth.tokens import Person


class NewVersion(NamedTuple):
    county: str
    """Or `any`."""
    number: int


async def save_version(
    context: Context, kind: Kind, command: SaveRulebook, person: Person
) -> NewVersion:
    """Raises CommandRejected, and FileInvalid where the text cannot be used."""
    newest = (await _locked_history(context, kind, person.county))[0]
    reject_if(Objection.RULEBOOK_CHANGED if newest.number != command.based_on else None)
    reject_if(Objection.RULEBOOK_SAME if newest.content == command.content else None)
    await proposed(context.session, context.config, kind, command.content, person.county)
    return await _add(context, newest, person.county, command.content, command.note, person.name)


async def load_notice(context: Context, notice: str, note: str, who: str) -> Sequence[NewVersion]:
    """Publish a year in every calendar: the one that most counties share, and those of counties
    that have their own. Raises FileInvalid. A calendar that says so already stays as it is."""
    await _locked_history(context, Kind.CALENDAR, ANY_COUNTY)
    found = await context.session.execute(
        select(col(RulebookVersion.county))
        .where(col(RulebookVersion.kind) == Kind.CALENDAR.value)
        .distinct()
        .order_by(col(RulebookVersion.county))
    )
    saved = []
    for county in found.scalars().all():
        newest = (await read_history(context.session, Kind.CALENDAR, county))[0]
        content = with_notice(newest.content, notice)
        if content != newest.content:
            parse_calendars(content)
            saved.append(await _add(context, newest, county, content, note, who))
    return saved


async def _locked_history(context: Context, kind: Kind, county: str) -> Sequence[RulebookVersion]:
    """Nobody else saves a version until the commit."""
    rulebooks = context.config.rulebooks
    await rulebooks.lock(context.session)
    await rulebooks.take_over_first(context.session, context.now)
    return await read_history(context.session, kind, county)


async def _add(
    context: Context, newest: RulebookVersion, county: str, content: str, note: str, who: str
) -> NewVersion:
    version = RulebookVersion(
        county=county,
        kind=newest.kind,
        number=newest.number + 1,
        content=content,
        saved_at=context.now,
        saved_by=who,
        note=note.strip(),
    )
    context.session.add(version)
    await context.session.flush()
    return NewVersion(county, version.number)


async def restore_version(
    context: Context, kind: Kind, number: int, command: RestoreRulebook, person: Person
) -> NewVersion:
    """Raises CommandRejected, and FileInvalid where a release has become stricter since."""
    old = await read_version(context.session, kind, person.county, number)
    save = SaveRulebook(based_on=command.based_on, content=old.content, note=command.note)
    return await save_version(context, kind, save, person)


async def proposed(
    session: AsyncSession, config: ReplyConfig, kind: Kind, content: str, county: str
) -> Rulebook:
    """The county's rulebook, were this its newest version. Raises FileInvalid."""
    await config.rulebooks.refresh(session, now=True)
    present = config.rulebooks.current.of(county)
    return rulebook_of({**present.texts, kind: content})


async def read_history(session: AsyncSession, kind: Kind, county: str) -> Sequence[RulebookVersion]:
    """What a county has been counted by, the newest first: its own, and before them those of all.
    Empty before the files are taken over."""
    found = await session.execute(
        select(RulebookVersion)
        .where(
            col(RulebookVersion.kind) == kind.value,
            col(RulebookVersion.county).in_([county, ANY_COUNTY]),
        )
        .order_by(col(RulebookVersion.number).desc())
    )
    versions = found.scalars().all()
    own = [each for each in versions if each.county == county]
    of_all = [each for each in versions if each.county != county]
    return [*own, *(each for each in of_all if not own or each.number < own[-1].number)]


async def read_version(
    session: AsyncSession, kind: Kind, county: str, number: int
) -> RulebookVersion:
    """Raises CommandRejected. Another county's is as unknown as one that does not exist."""
    for version in await read_history(session, kind, county):
        if version.number == number:
            return version
    raise CommandRejected(Objection.UNKNOWN_RULEBOOK_VERSION)


async def read_effects(session: AsyncSession, kind: Kind, county: str) -> dict[int, RulebookEffect]:
    """By version: what counting again by it did so far."""
    found = await session.execute(
        select(RulebookEffect).where(
            col(RulebookEffect.county) == county, col(RulebookEffect.kind) == kind.value
        )
    )
    return {each.number: each for each in found.scalars()}
